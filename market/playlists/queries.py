"""Finding collections and what is in them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, select

from market.kit.db import db
from market.kit.errors import NotFound
from market.playlists.models import Collection, CollectionFilm
from market.video import queries as video
from market.video.models import Video


def standing() -> Select[Collection]:
    """What everybody may see."""
    return select(Collection).where(Collection.removed_at.is_(None))


def of_merchant(merchant_id: UUID) -> Sequence[Collection]:
    rows = standing().where(Collection.merchant_id == merchant_id)
    return db.session.scalars(rows.order_by(Collection.id.desc())).all()


def find(collection_id: UUID) -> Collection:
    """Raises NotFound, also for a removed one."""
    found = db.session.scalar(standing().where(Collection.id == collection_id))
    if found is None:
        raise NotFound
    return found


def find_own(collection_id: UUID, merchant_id: UUID | None, *, lock: bool = False) -> Collection:
    """A collection of this merchant; with `lock`, locked and read afresh. Raises NotFound."""
    rows = standing().where(Collection.id == collection_id, Collection.merchant_id == merchant_id)
    if lock:
        rows = rows.with_for_update().execution_options(populate_existing=True)
    found = db.session.scalar(rows)
    if found is None:
        raise NotFound
    return found


def entries(ids: Iterable[UUID]) -> dict[UUID, list[CollectionFilm]]:
    """The rows of these collections, those left out too: pinned first, then in their order."""
    wanted = list(ids)
    found: dict[UUID, list[CollectionFilm]] = {key: [] for key in wanted}
    rows = select(CollectionFilm).where(CollectionFilm.collection_id.in_(wanted))
    order = (CollectionFilm.pinned.desc(), CollectionFilm.position, CollectionFilm.id)
    for row in db.session.scalars(rows.order_by(*order)):
        found[row.collection_id].append(row)
    return found


def films(collections: Iterable[Collection]) -> dict[UUID, list[Video]]:
    """What each of them shows, in its order; what was withdrawn is not there."""
    rows = entries(collection.id for collection in collections)
    held = {each.id: each for each in video.videos(row.video_id for part in rows.values() for row in part)}
    return {
        key: [held[row.video_id] for row in part if row.video_id in held and not row.left_out]
        for key, part in rows.items()
    }


@dataclass(frozen=True)
class Related:
    """A collection beside a product: `showing` of its films show the product itself."""

    collection: Collection
    films: list[Video]
    showing: int


def related(product_id: UUID, merchant_id: UUID, category: str, limit: int = 3) -> list[Related]:
    """The store's collections that have to do with a product: those that show it first, then those of its category."""
    own = of_merchant(merchant_id)
    held = films(own)
    found = []
    for collection in own:
        shown = held[collection.id]
        showing = sum(product_id in film.product_ids for film in shown)
        if showing or any(film.category == category for film in shown):
            found.append(Related(collection, shown, showing))
    return sorted(found, key=lambda each: -each.showing)[:limit]
