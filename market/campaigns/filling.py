"""Placing published works into the modules whose theme they match: by event, once, and for a new module at once."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from market.campaigns import queries
from market.campaigns.models import ModuleKind, OfferState, Venue, VenueEntry, VenueModule, VenueOffer
from market.feed import queries as feed
from market.feed.models import Post
from market.kit.db import db
from market.kit.events import Event
from market.live import queries as live
from market.live.models import Programme
from market.shops import queries as shops
from market.video import queries as video
from market.video.kinds import Place
from market.video.models import Video

MOST_LOOKED_AT = 200


@dataclass(frozen=True)
class Work:
    """A published work as filling sees it."""

    id: UUID
    category: str | None
    text: str
    product_ids: list[UUID]


def from_video(entry: Video) -> Work:
    return Work(entry.id, entry.category, f"{entry.title} {entry.caption}", entry.product_ids)


def from_post(entry: Post) -> Work:
    return Work(entry.id, entry.category, f"{entry.title} {entry.body}", entry.product_ids)


def from_programme(entry: Programme) -> Work:
    return Work(entry.id, entry.category, f"{entry.title} {entry.rundown}", entry.product_ids)


def _films(rows: Select[Video]) -> Sequence[Video]:
    """Of the kinds that a venue shows."""
    return db.session.scalars(rows.where(video.at(Place.VENUE))).all()


FINDERS: dict[ModuleKind, Callable[[UUID], Iterable[Work]]] = {
    ModuleKind.VIDEO: lambda key: map(from_video, _films(video.on_shelf().where(Video.id == key))),
    ModuleKind.FEED: lambda key: map(from_post, feed.posts([key])),
    ModuleKind.LIVE: lambda key: map(from_programme, live.programmes([key])),
}

SHELVES: dict[ModuleKind, Callable[[str], list[Work]]] = {
    ModuleKind.VIDEO: lambda code: [
        from_video(row) for row in _of_season(video.on_shelf().where(video.at(Place.VENUE)), Video, code)
    ],
    ModuleKind.FEED: lambda code: [from_post(row) for row in _of_season(feed.live_posts(), Post, code)],
    ModuleKind.LIVE: lambda code: [from_programme(row) for row in _of_season(live.listed(), Programme, code)],
}


def fill_venue(event: Event) -> None:
    """Listener of publication.published: the work goes to the modules of its season that it fits. Safe to run twice."""
    code, shelf = event.data.get("campaign_code"), event.data["shelf"]
    if not code:
        return
    works = list(FINDERS[ModuleKind(shelf)](UUID(event.data["entry_id"])))
    for venue in queries.venues_of(code, lock=True):
        modules = [module for module in queries.modules(venue.id) if module.is_filled]
        placed = [_place(module, works, ModuleKind(shelf)) for module in modules]
        if any(placed):
            venue.version += 1


def fill_module(module: VenueModule, season_code: str) -> None:
    """Everything on the shelves for this season that fits the module, the newest first."""
    if not module.is_filled:
        return
    kinds = [module.kind] if module.kind in SHELVES else list(SHELVES)
    for kind in kinds:
        _place(module, list(reversed(SHELVES[kind](season_code))), kind)


def renew_venues(event: Event) -> None:
    """Listener of what happens to a work or a product: the venues that show it are rendered afresh, and those with a
    module of the film's merchant."""
    changed = UUID(event.data["entry_id"]) if "entry_id" in event.data else event.subject_id
    showing = (
        select(VenueModule.venue_id)
        .join(VenueEntry, VenueEntry.module_id == VenueModule.id)
        .where(VenueEntry.entry_id == changed)
    )
    merchant = select(Video.merchant_id).where(Video.id == changed).scalar_subquery()
    offering = select(VenueOffer.venue_id).where(
        VenueOffer.merchant_id == merchant, VenueOffer.state == OfferState.ADMITTED
    )
    shows = or_(Venue.id.in_(showing), Venue.id.in_(offering))
    db.session.execute(update(Venue).where(shows).values(version=Venue.version + 1))


def _place(module: VenueModule, works: Sequence[Work], kind: ModuleKind) -> int:
    """How many entries are new in the module; `works` come oldest first, so that the newest ranks highest."""
    wanted: list[UUID] = []
    for work in works:
        products = shops.shown(work.product_ids)
        text = " ".join([work.text, *(product.title for product in products)])
        if module.kind is kind and module.fits(category=work.category, text_=text):
            wanted.append(work.id)
        elif module.kind is ModuleKind.PRODUCTS:
            wanted += [
                p.id for p in products if module.fits(category=p.category, text_=f"{p.title} {work.text}")
            ]
    placed = 0
    top = db.session.scalar(select(func.max(VenueEntry.rank)).where(VenueEntry.module_id == module.id)) or 0
    for rank, entry_id in enumerate(dict.fromkeys(wanted), start=top + 1):
        fresh = insert(VenueEntry).values(
            module_id=module.id, entry_id=entry_id, rank=rank, pinned=False, left_out=False
        )
        placed += len(
            db.session.execute(fresh.on_conflict_do_nothing().returning(VenueEntry.id)).scalars().all()
        )
    return placed


def _of_season(rows: Any, model: Any, code: str) -> Sequence[Any]:
    """The season's newest on a shelf, newest first."""
    wanted = rows.where(model.campaign_code == code).order_by(model.id.desc()).limit(MOST_LOOKED_AT)
    return db.session.scalars(wanted).all()
