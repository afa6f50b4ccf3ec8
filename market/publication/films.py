"""Films that no order brought: a merchant's own, a creator's own about somebody's product; put up, shown, taken down.

There is no review before the shelf: a product film shows only its merchant's own products, and a viewer's film stands
on a product page only when its author agreed and the merchant chose it. What they do afterwards: docs/video.md.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from market.accounts.actor import Actor
from market.delivery.models import Submission
from market.kit.db import db
from market.kit.errors import NotFound
from market.kit.events import record
from market.kit.ids import encode
from market.media import queries as media_queries
from market.media import service as media
from market.media.models import Asset, AssetState, Kind
from market.publication import policy, service
from market.publication.errors import (
    ForeignProduct,
    NoSuchFilm,
    NoSuchProduct,
    PaidWork,
    PublishedBefore,
    TooManyProducts,
    WrongLength,
)
from market.shops import queries as shops
from market.shops.models import Product
from market.video import service as video
from market.video.kinds import KINDS, FilmKind, Terms
from market.video.models import Video

PUBLISHED = "film.published"
WITHDRAWN = "film.withdrawn"


def offered(party_id: UUID, limit: int = 60) -> Sequence[Asset]:
    """The party's finished films that were neither published nor delivered, newest first."""
    rows = select(Asset).where(
        Asset.owner_id == party_id,
        Asset.kind == Kind.VIDEO,
        Asset.state == AssetState.READY,
        ~select(Video.id).where(Video.asset_id == Asset.id).exists(),
        ~_delivered(Asset.id.expression).exists(),
    )
    return db.session.scalars(rows.order_by(Asset.id.desc()).limit(limit)).all()


def publish(data: dict[str, Any], *, by: Actor) -> Video:
    """One's own film on the shelf; who publishes decides the kind.

    The file's row is locked, so of two at once one is refused. Raises NoSuchFilm, PaidWork, PublishedBefore, WrongLength,
    NoSuchProduct, ForeignProduct, TooManyProducts.
    """
    kind = policy.kind_made_by(by)
    assert kind is not None and by.party_id is not None, "asked by policy.may_publish"
    asset = _file(data["asset_id"], by)
    _check_length(asset, KINDS[kind])
    products = _products(data["product_ids"], kind, by)
    is_product = kind is FilmKind.PRODUCT
    film = video.add(
        # The file itself is where it comes from: it is shown once.
        source_id=asset.id,
        kind=kind,
        creator_id=by.party_id,
        merchant_id=by.party_id if is_product else None,
        order_id=None,
        asset_id=asset.id,
        title=data["title"],
        caption=data["caption"],
        category=products[0].category,
        product_ids=[each.id for each in products],
        author_agrees=data["author_agrees"] and not is_product,
    )
    media.publish(asset.id)
    record(PUBLISHED, film.id, by=by, **_facts(film))
    if film.author_agrees:
        page = f"/p/{encode('prd', products[0].id)}#viewers"
        record(
            "film.offered",
            film.id,
            by=by,
            audience=[products[0].merchant_id],
            title=film.title,
            product=products[0].title,
            url=page,
        )
    return film


def take_down(film: Video, *, by: Actor) -> None:
    """Off every page for good, the file with it; `film` is locked and not work of an order."""
    video.withdraw(film.id)
    service.close_files([film.asset_id])
    told = [film.creator_id] if by.is_operator else []
    record(WITHDRAWN, film.id, by=by, audience=told, url="/uploads", **_facts(film))


def show_beside(film: Video, *, by: Actor) -> None:
    """The merchant shows a (locked) viewer's film on his product's page. Raises AuthorDidNotAgree."""
    if not film.is_picked:
        video.pick(film)
        url = f"/p/{encode('prd', film.product_ids[0])}"
        record("film.picked", film.id, by=by, audience=[film.creator_id], title=film.title, url=url)


def hide_beside(film: Video, *, by: Actor) -> None:
    """Off the product's page again; `film` is locked and stays where else it stands."""
    if film.is_picked:
        video.put_back(film)
        record("film.put_back", film.id, by=by, title=film.title)


def merchant_beside(film: Video) -> UUID | None:
    """Whose product a viewer's film shows."""
    if film.kind is not FilmKind.UGC:
        return None
    return next((each.merchant_id for each in shops.products(film.product_ids)), None)


def _file(asset_id: UUID, by: Actor) -> Asset:
    try:
        asset = media_queries.own(asset_id, by, lock=True)
    except NotFound as missing:
        raise NoSuchFilm(field="asset_id") from missing
    if asset.kind is not Kind.VIDEO or not asset.is_ready:
        raise NoSuchFilm(field="asset_id")
    if db.session.scalar(_delivered(asset.id).limit(1)):
        raise PaidWork
    if db.session.scalar(select(Video.id).where(Video.asset_id == asset.id).limit(1)):
        raise PublishedBefore
    return asset


def _delivered(asset_id: Any) -> Any:
    return select(Submission.id).where(Submission.asset_id == asset_id)


def _check_length(asset: Asset, terms: Terms) -> None:
    length = asset.duration_ms or 0
    least, most = terms.least_ms or 0, terms.most_ms
    if length < least or (most is not None and length > most):
        raise WrongLength(
            field="asset_id", length=round(length / 1000, 1), least=least // 1000, most=(most or 0) // 1000
        )


def _products(ids: list[UUID], kind: FilmKind, by: Actor) -> list[Product]:
    wanted = list(dict.fromkeys(ids))
    most = KINDS[kind].most_products
    if most is not None and len(wanted) > most:
        raise TooManyProducts(field="product_ids", most=most)
    found = shops.shown(wanted)
    if len(found) != len(wanted):
        raise NoSuchProduct(field="product_ids")
    if kind is FilmKind.PRODUCT and any(each.merchant_id != by.party_id for each in found):
        raise ForeignProduct(field="product_ids")
    return found


def _facts(film: Video) -> dict[str, Any]:
    """What the listeners of both ends read."""
    return {"shelf": "video", "entry_id": str(film.id), "title": film.title, "kind": film.kind.value}
