"""Finding videos."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, Uuid, and_, cast, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, array

from market.kit.db import db
from market.kit.errors import NotFound
from market.kit.paging import Page, page_of
from market.video import kinds
from market.video.kinds import FilmKind, Place
from market.video.labels import HeadLabel
from market.video.models import Video


def on_shelf() -> Select[Video]:
    """What everybody may see."""
    return select(Video).where(Video.withdrawn_at.is_(None))


def at(place: Place) -> ColumnElement[bool]:
    """Films of the kinds that may stand there."""
    return Video.kind.in_(kinds.at(place))


def shelf(
    *,
    limit: int = 20,
    cursor: str | None = None,
    category: str | None = None,
    creator_id: UUID | None = None,
    merchant_id: UUID | None = None,
    label: HeadLabel | None = None,
    kind: FilmKind | None = None,
    product_id: UUID | None = None,
) -> Page[Video]:
    """The shelf, newest first. What is held back only under its creator, merchant or product; kinds that do not stand in
    the home only under those or when asked for."""
    rows = on_shelf()
    if category:
        rows = rows.where(Video.category == category)
    if not (creator_id or merchant_id or product_id):
        rows = rows.where(Video.held_back_at.is_(None))
        if kind is None:
            rows = rows.where(at(Place.HOME))
    if kind:
        rows = rows.where(Video.kind == kind)
    if product_id:
        rows = rows.where(_shows([product_id]), or_(at(Place.HEAD), _picked()))
    if creator_id:
        rows = rows.where(Video.creator_id == creator_id)
    if merchant_id:
        rows = rows.where(Video.merchant_id == merchant_id)
    if label:
        rows = rows.where(Video.label == label)
    return page_of(rows, Video.id, limit=limit, cursor=cursor)


def find(video_id: UUID, *, lock: bool = False) -> Video:
    """A video on the shelf; with `lock`, locked and read afresh. Raises NotFound, also for one that was withdrawn."""
    rows = on_shelf().where(Video.id == video_id)
    if lock:
        rows = rows.with_for_update().execution_options(populate_existing=True)
    video = db.session.scalar(rows)
    if video is None:
        raise NotFound
    return video


def videos(ids: Iterable[UUID]) -> list[Video]:
    """Those of the ids that are on the shelf, in the order asked for."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return []
    found = {video.id: video for video in db.session.scalars(on_shelf().where(Video.id.in_(wanted)))}
    return [found[key] for key in wanted if key in found]


def for_products(ids: Iterable[UUID]) -> dict[UUID, Video]:
    """The newest video at the head of each of these products that has one: the badge, and the head video."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return {}
    rows = on_shelf().where(Video.product_ids.overlap(_uuids(wanted)), at(Place.HEAD))
    heads: dict[UUID, Video] = {}
    for video in db.session.scalars(rows.order_by(Video.id.desc())):
        for product_id in video.product_ids:
            heads.setdefault(product_id, video)
    return {key: heads[key] for key in wanted if key in heads}


def of_product(product_id: UUID, limit: int = 12) -> Sequence[Video]:
    """The videos of a product's head and below it, newest first."""
    rows = on_shelf().where(_shows([product_id]), at(Place.HEAD))
    return db.session.scalars(rows.order_by(Video.id.desc()).limit(limit)).all()


def viewers_of(product_id: UUID, *, picked: bool, limit: int = 12) -> Sequence[Video]:
    """Viewers' films whose authors agree: those the merchant shows beside the product, or those he may."""
    rows = on_shelf().where(_shows([product_id]), _offered(), Video.picked_at.is_not(None) == picked)
    return db.session.scalars(rows.order_by(Video.id.desc()).limit(limit)).all()


def _offered() -> ColumnElement[bool]:
    return and_(at(Place.VIEWERS), Video.author_agrees)


def _picked() -> ColumnElement[bool]:
    return and_(_offered(), Video.picked_at.is_not(None))


def head_label(product_id: ColumnElement[UUID]) -> ScalarSelect[Any]:
    """Of the film at a product's head, for the product in this column of the statement around it."""
    rows = select(Video.label).where(Video.withdrawn_at.is_(None), at(Place.HEAD), _shows([product_id]))
    return rows.order_by(Video.id.desc()).limit(1).scalar_subquery()


def shows(asset_id: UUID) -> bool:
    """Whether a video on the shelf needs this file."""
    return db.session.scalar(select(on_shelf().where(Video.asset_id == asset_id).exists())) or False


def next_after(video: Video, limit: int = 8) -> list[Video]:
    """What to watch next: the same category first, then the rest, newest first."""
    rest = (
        on_shelf()
        .where(Video.id != video.id, Video.held_back_at.is_(None), at(Place.HOME))
        .order_by(Video.id.desc())
        .limit(limit)
    )
    near = db.session.scalars(rest.where(Video.category == video.category)).all()
    far = db.session.scalars(rest.where(Video.category != video.category)).all() if len(near) < limit else []
    return [*near, *far][:limit]


def _shows(ids: list[Any]) -> ColumnElement[bool]:
    return Video.product_ids.contains(_uuids(ids))


def _uuids(ids: list[Any]) -> ColumnElement[Any]:
    return cast(array(ids), ARRAY(Uuid()))
