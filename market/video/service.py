"""Putting videos on the shelf and taking them down."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from market.accounts.actor import Actor
from market.audience import service as footprints
from market.kit.clock import now
from market.kit.db import db
from market.kit.events import Event, record
from market.video.errors import AuthorDidNotAgree, NotAtTheHead, ShowsNoProduct
from market.video.kinds import KINDS, FilmKind, Place
from market.video.labels import HeadLabel
from market.video.models import Video


def add(
    *,
    source_id: UUID,
    kind: FilmKind,
    creator_id: UUID,
    merchant_id: UUID | None,
    order_id: UUID | None,
    asset_id: UUID,
    title: str,
    category: str,
    caption: str = "",
    product_ids: Sequence[UUID] = (),
    campaign_code: str | None = None,
    author_agrees: bool = False,
) -> Video:
    """The video of this source: put on the shelf now, or already there. Safe to run twice and at once."""
    db.session.execute(
        insert(Video)
        .values(
            source_id=source_id,
            kind=kind,
            creator_id=creator_id,
            merchant_id=merchant_id,
            order_id=order_id,
            asset_id=asset_id,
            title=title,
            caption=caption,
            category=category,
            product_ids=list(product_ids),
            campaign_code=campaign_code,
            author_agrees=author_agrees,
            published_at=now(),
        )
        .on_conflict_do_nothing(index_elements=["source_id"])
    )
    return db.session.scalars(select(Video).where(Video.source_id == source_id)).one()


def withdraw(video_id: UUID) -> None:
    """Off every page that shows it; a second call changes nothing."""
    video = db.session.get(Video, video_id, with_for_update=True, populate_existing=True)
    if video is not None:
        video.withdraw()


def forget_footprints(event: Event) -> None:
    """Listener of publication.withdrawn. Safe to run twice."""
    if event.data["shelf"] == "video":
        footprints.forget(UUID(event.data["entry_id"]))


def label(video: Video, label: HeadLabel | None, *, by: Actor) -> None:
    """What the (locked) film is at its product's head; None takes the label off.

    Raises ShowsNoProduct, NotAtTheHead.
    """
    if Place.HEAD not in KINDS[video.kind].places:
        raise NotAtTheHead
    if not video.product_ids:
        raise ShowsNoProduct
    if video.label is not label:
        video.label = label
        record("video.labelled", video.id, by=by, label=label.value if label else None)


def pick(video: Video) -> None:
    """The merchant shows a (locked) viewer's film on his product's page. Raises AuthorDidNotAgree."""
    if not video.author_agrees:
        raise AuthorDidNotAgree
    video.picked_at = video.picked_at or now()


def put_back(video: Video) -> None:
    """Off the product's page again; the film is locked."""
    video.picked_at = None


def reword(video: Video, title: str, caption: str, *, by: Actor) -> None:
    """Other words for a (locked) film."""
    video.title, video.caption = title, caption
    record("video.reworded", video.id, by=by, title=title)


def hold_back(video: Video) -> None:
    """Out of the home and the venues, and only there; the film is locked."""
    video.held_back_at = video.held_back_at or now()


def show_again(video: Video) -> None:
    """The film is locked."""
    video.held_back_at = None
