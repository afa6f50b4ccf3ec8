"""From an accepted draft to its shelf, once; and off it again.

`publish` hears `delivery.accepted` and `delivery.scheduled`, `land` hears our own `publication.published` and pays the last milestone.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from market.accounts.actor import SYSTEM, Actor
from market.accounts.vocabulary import Format
from market.delivery import queries as deliveries
from market.delivery import service as delivery
from market.delivery.models import Submission
from market.feed import queries as feed_shelf
from market.feed import service as feed
from market.kit.clock import now
from market.kit.db import db
from market.kit.events import Event, record
from market.kit.ids import decode, encode
from market.kit.work import cancel_timers, set_timer
from market.live import queries as live_shelf
from market.live import service as live
from market.media import service as media
from market.orders import queries as orders
from market.orders.models import Order
from market.orders.states import Stage
from market.publication import queries
from market.publication.models import Publication, Shelf
from market.publication.rights import months_later
from market.shops import queries as shop_shelf
from market.video import queries as video_shelf
from market.video import service as video
from market.video.kinds import FilmKind

PUBLISHED = "publication.published"
WITHDRAWN = "publication.withdrawn"
PUBLISH = "publication.put_on_shelf"
EXPIRE = "publication.expire"
SHOW_MINUTES = 60
"""How long a show stands in the programme when the brief did not say."""


@dataclass(frozen=True)
class Placed:
    """Where a work went."""

    shelf: Shelf
    entry_id: UUID
    title: str
    url: str
    product_ids: list[UUID]
    asset_ids: list[UUID]


def publish(event: Event) -> None:
    """Hears that a draft was accepted, or was given another hour. Safe to run twice and at once."""
    if event.data.get("stage") == Stage.DRAFT:
        put_on_shelf(decode("sub", event.data["submission_id"]))


def put_on_shelf(submission_id: UUID, data: dict[str, Any] | None = None) -> None:
    """Put an accepted draft on the shelf of its format, now or by a timer at the hour agreed for it.

    Under the order's lock, so that the hour cannot be changed while the work is being published.
    """
    submission = deliveries.find(submission_id)
    order = orders.find(submission.order_id, lock=True)
    if order.waits_for_its_hour and order.publish_at:
        # A timer for each hour ever agreed: one that comes too early finds the later hour and does nothing.
        key = f"{PUBLISH}:{submission.id}:{order.publish_at.timestamp()}"
        set_timer(PUBLISH, submission.id, order.publish_at, key=key)
        return
    placed = SHELVES[order.format](order, submission)
    publication = _register(order, submission, placed)
    if publication is None:
        return
    for asset_id in sorted(placed.asset_ids):
        media.publish(asset_id)
    if publication.rights_until:
        set_timer(EXPIRE, publication.id, publication.rights_until)
    record(
        PUBLISHED,
        order.id,
        by=SYSTEM,
        audience=order.parties,
        publication_id=encode("pub", publication.id),
        shelf=placed.shelf.value,
        kind=order.format.value,
        entry_id=str(placed.entry_id),
        title=placed.title,
        number=order.number,
        url=placed.url,
        category=order.category,
        campaign_code=order.campaign_code,
        product_ids=[str(key) for key in placed.product_ids],
        published_at=publication.published_at.isoformat(),
    )


def land(event: Event) -> None:
    """Listener of publication.published: the receipt of the landing releases the last milestone. Safe to run twice."""
    names = ("publication_id", "shelf", "url", "published_at")
    delivery.land(event.subject_id, {name: event.data[name] for name in names})


def withdraw(publication: Publication, *, reason: str, by: Actor) -> None:
    """Off the shelf and thereby off every page, the files with it; a second call changes nothing.

    `publication` is locked. `reason`: asked | rights.
    """
    if not publication.is_up:
        return
    publication.withdraw(reason)
    REMOVERS[publication.shelf](publication.entry_id, by)
    _close_files(publication)
    cancel_timers(publication.id, EXPIRE)
    order = orders.find(publication.order_id)
    record(
        WITHDRAWN,
        order.id,
        by=by,
        audience=publication.parties,
        entry_id=str(publication.entry_id),
        shelf=publication.shelf.value,
        title=publication.title,
        number=order.number,
        reason=reason,
        url=f"/orders/{encode('ord', order.id)}",
    )


def expire(publication_id: UUID, data: dict[str, Any]) -> None:
    """Timer `publication.expire`: the rights bought with the order end."""
    withdraw(queries.lock(publication_id), reason="rights", by=SYSTEM)


def _close_files(publication: Publication) -> None:
    submission = deliveries.find(publication.submission_id)
    close_files({submission.asset_id, *_keys("ast", submission.content.get("image_ids"))})


def close_files(asset_ids: Iterable[UUID | None]) -> None:
    """These files are no longer for everybody, unless something on a shelf shows them."""
    shelves = (video_shelf, feed_shelf, live_shelf, shop_shelf)
    for asset_id in sorted(key for key in asset_ids if key):
        if not any(shelf.shows(asset_id) for shelf in shelves):
            media.unpublish(asset_id)


def _register(order: Order, submission: Submission, placed: Placed) -> Publication | None:
    """The publication's row, when this call is the one that makes it."""
    published_at = now()
    months = order.terms["rights"]["months"]
    fresh = db.session.scalar(
        insert(Publication)
        .values(
            order_id=order.id,
            submission_id=submission.id,
            merchant_id=order.merchant_id,
            creator_id=order.creator_id,
            agency_id=order.agency_id,
            shelf=placed.shelf,
            entry_id=placed.entry_id,
            title=placed.title,
            published_at=published_at,
            rights_until=months_later(published_at, months) if months else None,
        )
        .on_conflict_do_nothing(index_elements=["submission_id"])
        .returning(Publication.id)
    )
    return db.session.scalars(select(Publication).where(Publication.id == fresh)).one() if fresh else None


def _facts(order: Order, submission: Submission) -> dict[str, Any]:
    """What every shelf is told."""
    return {
        "source_id": submission.id,
        "merchant_id": order.merchant_id,
        "order_id": order.id,
        "title": submission.content["title"],
        "category": order.category,
        "product_ids": _keys("prd", submission.content.get("product_ids")),
        "campaign_code": order.campaign_code,
    }


def _keys(prefix: str, written: list[str] | None) -> list[UUID]:
    return [decode(prefix, text) for text in written or []]


def _to_feed(order: Order, submission: Submission) -> Placed:
    facts = _facts(order, submission)
    images = _keys("ast", submission.content.get("image_ids"))
    post = feed.add(author_id=order.creator_id, body=submission.content["body"], image_ids=images, **facts)
    return Placed(
        Shelf.FEED, post.id, post.title, f"/posts/{encode('pst', post.id)}", post.product_ids, images
    )


def _to_video(order: Order, submission: Submission) -> Placed:
    assert submission.asset_id is not None, "a video submission has its film"
    entry = video.add(
        kind=FilmKind.CONTENT,
        creator_id=order.creator_id,
        asset_id=submission.asset_id,
        caption=submission.content.get("text", ""),
        **_facts(order, submission),
    )
    url = f"/v/{encode('vid', entry.id)}"
    return Placed(Shelf.VIDEO, entry.id, entry.title, url, entry.product_ids, [entry.asset_id])


def _to_live(order: Order, submission: Submission) -> Placed:
    show = live.add(
        creator_id=order.creator_id,
        starts_at=datetime.fromisoformat(submission.content["starts_at"]),
        minutes=order.piece.minutes or SHOW_MINUTES,
        rundown=submission.content.get("rundown", ""),
        cover_id=submission.asset_id,
        **_facts(order, submission),
    )
    covers = [show.cover_id] if show.cover_id else []
    return Placed(
        Shelf.LIVE, show.id, show.title, f"/live/{encode('liv', show.id)}", show.product_ids, covers
    )


SHELVES: dict[Format, Callable[[Order, Submission], Placed]] = {
    Format.ARTICLE: _to_feed,
    Format.VIDEO: _to_video,
    Format.LIVE: _to_live,
}

REMOVERS: dict[Shelf, Callable[[UUID, Actor], None]] = {
    Shelf.FEED: lambda entry_id, by: feed.withdraw(entry_id, by=by),
    Shelf.VIDEO: lambda entry_id, by: video.withdraw(entry_id),
    Shelf.LIVE: lambda entry_id, by: live.withdraw(entry_id),
}
