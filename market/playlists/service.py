"""Making, ordering and removing collections, and filling the automatic ones."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from market.accounts.actor import Actor
from market.kit.clock import now
from market.kit.db import db
from market.kit.events import Event
from market.playlists import queries
from market.playlists.errors import FillsItself, ForeignFilm, TooManyCollections, TooManyFilms
from market.playlists.models import (
    AUTOMATIC,
    MOST_AUTOMATIC,
    MOST_COLLECTIONS,
    MOST_FILMS,
    Collection,
    CollectionFilm,
    CollectionKind,
)
from market.shops import queries as shops
from market.shops.models import Product
from market.video import queries as video
from market.video.kinds import KINDS, Place
from market.video.models import Video

ARRIVAL_DAYS = 30


def create(title: str, *, by: Actor) -> Collection:
    """Raises TooManyCollections."""
    assert by.party_id is not None, "a merchant acts for a shop"
    standing = select(func.count()).select_from(
        queries.standing().where(Collection.merchant_id == by.party_id).subquery()
    )
    if (db.session.scalar(standing) or 0) >= MOST_COLLECTIONS:
        raise TooManyCollections(most=MOST_COLLECTIONS)
    collection = Collection(merchant_id=by.party_id, kind=CollectionKind.OWN, title=title)
    db.session.add(collection)
    db.session.flush()
    return collection


def change(collection: Collection, data: dict[str, Any]) -> None:
    """`title`, `video_ids` (all of them, in their order) and `cover_id`, each when given; `collection` is locked.

    Raises FillsItself, ForeignFilm, TooManyFilms.
    """
    if collection.is_automatic:
        raise FillsItself
    if "title" in data:
        collection.title = data["title"]
    if "video_ids" in data:
        _arrange(collection, list(dict.fromkeys(data["video_ids"])))
    if "cover_id" in data:
        cover = data["cover_id"]
        if cover is not None and cover not in _held(collection):
            raise ForeignFilm(field="cover_id")
        collection.cover_id = cover


def add(collection: Collection, video_id: UUID) -> None:
    """At the end; nothing happens when it is there. `collection` is locked. Raises as `change`."""
    change(collection, {"video_ids": [*_held(collection), video_id]})


def take_out(collection: Collection, video_id: UUID) -> None:
    """`collection` is locked. Raises FillsItself."""
    change(collection, {"video_ids": [key for key in _held(collection) if key != video_id]})
    if collection.cover_id == video_id:
        collection.cover_id = None


def shift(collection: Collection, video_id: UUID, step: int) -> None:
    """One place up (-1) or down (1). `collection` is locked. Raises FillsItself."""
    order = _held(collection)
    if video_id in order:
        at = order.index(video_id)
        order.insert(max(0, at + step), order.pop(at))
        change(collection, {"video_ids": order})


def remove(collection: Collection) -> None:
    """`collection` is locked. Raises FillsItself."""
    if collection.is_automatic:
        raise FillsItself
    collection.remove()


def mark(collection: Collection, video_id: UUID, *, pinned: bool, left_out: bool) -> None:
    """What a merchant says of a film in an automatic collection. `collection` is locked. Raises ForeignFilm."""
    row = db.session.scalar(
        select(CollectionFilm).where(
            CollectionFilm.collection_id == collection.id, CollectionFilm.video_id == video_id
        )
    )
    if row is None:
        raise ForeignFilm
    row.pinned, row.left_out = pinned and not left_out, left_out


def _held(collection: Collection) -> list[UUID]:
    return [row.video_id for row in queries.entries([collection.id])[collection.id]]


def _arrange(collection: Collection, wanted: list[UUID]) -> None:
    """Put exactly these in, in this order. What is in already stays even when it was withdrawn since."""
    if len(wanted) > MOST_FILMS:
        raise TooManyFilms(field="video_ids", most=MOST_FILMS)
    held = set(_held(collection))
    fresh = [key for key in wanted if key not in held]
    mine = [
        film.id
        for film in video.videos(fresh)
        if film.merchant_id == collection.merchant_id and Place.COLLECTION in KINDS[film.kind].places
    ]
    if len(mine) != len(fresh):
        raise ForeignFilm(field="video_ids")
    _write(collection.id, wanted)
    db.session.execute(
        delete(CollectionFilm).where(
            CollectionFilm.collection_id == collection.id, CollectionFilm.video_id.not_in(wanted)
        )
    )
    if collection.cover_id not in wanted:
        collection.cover_id = None


def _write(collection_id: UUID, order: Sequence[UUID]) -> None:
    rows = [
        {"collection_id": collection_id, "video_id": key, "position": at, "pinned": False, "left_out": False}
        for at, key in enumerate(order)
    ]
    if rows:
        fresh = insert(CollectionFilm)
        db.session.execute(
            fresh.on_conflict_do_update(
                index_elements=["collection_id", "video_id"], set_={"position": fresh.excluded.position}
            ),
            rows,
        )
    db.session.expire_all()


def fill(merchant_id: UUID) -> None:
    """Bring a store's automatic collections up to date; what the merchant pinned or left out stays so."""
    for kind in AUTOMATIC:
        wanted = _wanted(kind, merchant_id)
        made = insert(Collection).values(merchant_id=merchant_id, kind=kind, title="")
        db.session.execute(made.on_conflict_do_nothing())
        collection = db.session.scalars(
            select(Collection)
            .where(Collection.merchant_id == merchant_id, Collection.kind == kind)
            .with_for_update()
        ).one()
        _write(collection.id, wanted)
        over = (
            CollectionFilm.collection_id == collection.id,
            CollectionFilm.video_id.not_in(wanted),
            CollectionFilm.pinned.is_(False),
            CollectionFilm.left_out.is_(False),
        )
        db.session.execute(delete(CollectionFilm).where(*over))


def _wanted(kind: CollectionKind, merchant_id: UUID) -> list[UUID]:
    if kind is CollectionKind.ARRIVALS:
        young = now() - timedelta(days=ARRIVAL_DAYS)
        rows = video.on_shelf().where(
            Video.merchant_id == merchant_id, Video.published_at >= young, video.at(Place.COLLECTION)
        )
        return [film.id for film in db.session.scalars(rows.order_by(Video.id.desc()).limit(MOST_AUTOMATIC))]
    products = db.session.scalars(shops.on_shelf().where(Product.merchant_id == merchant_id)).all()
    heads = video.for_products(product.id for product in products)
    newest = sorted({film.id for film in heads.values()}, reverse=True)
    return newest[:MOST_AUTOMATIC]


def fill_published(event: Event) -> None:
    """Listener of publication.published and .withdrawn. Safe to run twice."""
    if event.data["shelf"] == "video":
        film = db.session.get(Video, UUID(event.data["entry_id"]))
        if film is not None and film.merchant_id is not None:
            fill(film.merchant_id)


def merchants() -> Sequence[UUID]:
    """Whose collections the night looks after: every store with a film."""
    return db.session.scalars(
        select(Video.merchant_id).where(Video.merchant_id.is_not(None)).distinct()
    ).all()  # type: ignore[return-value]
