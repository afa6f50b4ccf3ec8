"""Composing venues: modules in order, a draft, a publication."""

from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from market.accounts.actor import Actor
from market.campaigns import filling, queries
from market.campaigns.calendar import SEASONS
from market.campaigns.errors import MerchantFills, NothingToShow, ScheduleReversed, SlugTaken, TooManyModules
from market.campaigns.models import (
    MOST_MODULES,
    ModuleKind,
    OfferState,
    Season,
    Venue,
    VenueEntry,
    VenueModule,
    VenueOffer,
    VenueState,
)
from market.kit.clock import now
from market.kit.db import db
from market.kit.errors import NotFound
from market.kit.events import record
from market.kit.words import N_

STANDARD = (
    (ModuleKind.COUNTDOWN, N_("倒计时"), 1),
    (ModuleKind.VIDEO, N_("热播短视频"), 9),
    (ModuleKind.LIVE, N_("直播预告"), 6),
    (ModuleKind.PRODUCTS, N_("会场好物"), 12),
    (ModuleKind.FEED, N_("达人种草"), 6),
)
"""What a new venue starts with."""
OFFER_REMOVED = N_("运营已把这个模块移出会场。")


def write_calendar() -> None:
    """The planned seasons as rows; what is there already stays as it is."""
    rows = [
        {"code": season.code, "name_zh": season.name_zh, "name_en": season.name_en, "plan": season.plan()}
        for season in SEASONS
    ]
    db.session.execute(insert(Season).values(rows).on_conflict_do_nothing(index_elements=["code"]))


def compose(data: dict[str, Any], *, by: Actor) -> Venue:
    """A new venue with the standard modules, filled from what is already on the shelves. Raises SlugTaken."""
    season = queries.season(data.pop("season"))
    if db.session.scalar(select(Venue.id).where(Venue.slug == data["slug"])):
        raise SlugTaken(field="slug")
    _check_schedule(data.get("opens_at"), data.get("closes_at"))
    venue = Venue(season_id=season.id, season=season, **data)
    db.session.add(venue)
    db.session.flush()
    for position, (kind, title, size) in enumerate(STANDARD):
        _put(venue, {"kind": kind, "title": title, "size": size}, position)
    record("venue.composed", venue.id, by=by, title=venue.title)
    return venue


def change(venue: Venue, data: dict[str, Any], *, by: Actor) -> None:
    """Title, subtitle, schedule: they show at once. Raises ScheduleReversed."""
    _check_schedule(data.get("opens_at", venue.opens_at), data.get("closes_at", venue.closes_at))
    for name, value in data.items():
        setattr(venue, name, value)
    venue.version += 1
    record("venue.changed", venue.id, by=by, fields=sorted(data))


def add_module(venue: Venue, data: dict[str, Any]) -> VenueModule:
    """At the end of the draft, filled by its theme. Raises TooManyModules."""
    modules = queries.modules(venue.id)
    if len(modules) >= MOST_MODULES:
        raise TooManyModules(most=MOST_MODULES)
    return _put(venue, data, modules[-1].position + 1 if modules else 0)


def change_module(module: VenueModule, data: dict[str, Any], venue: Venue) -> None:
    """A new theme fills the module anew; what the operator pinned or left out stays so. Raises MerchantFills."""
    if module.offer_id:
        raise MerchantFills
    before = (module.theme, module.category)
    for name, value in data.items():
        setattr(module, name, value)
    if (module.theme, module.category) != before:
        db.session.execute(
            delete(VenueEntry).where(
                VenueEntry.module_id == module.id, ~VenueEntry.pinned, ~VenueEntry.left_out
            )
        )
        filling.fill_module(module, venue.season.code)
        venue.version += 1


def remove_module(module: VenueModule) -> None:
    """Out of the draft; the public page keeps it until the next publication, but a merchant's goes at once."""
    if module.offer_id:
        queries.find(module.venue_id, lock=True).version += 1
        offer = db.session.get_one(VenueOffer, module.offer_id)
        if offer.state is OfferState.ADMITTED:
            offer.go(OfferState.REFUSED, OFFER_REMOVED)
    module.removed_at = module.removed_at or now()


def move_module(module: VenueModule, venue: Venue, *, up: bool) -> None:
    """One place up or down; at the edge nothing happens."""
    modules = queries.modules(venue.id)
    at = modules.index(module)
    to = at - 1 if up else at + 1
    if 0 <= to < len(modules):
        modules[at], modules[to] = modules[to], modules[at]
        _number(modules)


def order_modules(venue: Venue, ids: list[UUID]) -> None:
    """The whole order at once; modules that are not named keep their order behind the named ones."""
    by_id = {module.id: module for module in queries.modules(venue.id)}
    if not set(ids) <= set(by_id):
        raise NotFound
    named = list(dict.fromkeys(ids))
    _number([by_id[key] for key in named] + [module for key, module in by_id.items() if key not in named])


def pin(module: VenueModule, entry_id: UUID, venue: Venue, *, pinned: bool) -> None:
    """To the front, or back into the row."""
    _entry(module, entry_id).pinned = pinned
    venue.version += 1


def leave_out(module: VenueModule, entry_id: UUID, venue: Venue, *, left_out: bool) -> None:
    """Not in this module, also when it is filled again; or in again."""
    entry = _entry(module, entry_id)
    entry.left_out = left_out
    entry.pinned = entry.pinned and not left_out
    venue.version += 1


def publish(venue: Venue, *, by: Actor) -> None:
    """The draft becomes the public page. Raises NothingToShow."""
    modules = queries.modules(venue.id)
    if not modules:
        raise NothingToShow
    for module in modules:
        # What was published while the venue was being made, and therefore heard of no module.
        filling.fill_module(module, venue.season.code)
    venue.layout = [module.frozen() for module in modules]
    venue.publish()
    venue.version += 1
    db.session.execute(
        delete(VenueModule).where(VenueModule.venue_id == venue.id, VenueModule.removed_at.is_not(None))
    )
    record("venue.published", venue.id, by=by, title=venue.title, slug=venue.slug)


def withdraw(venue: Venue, *, by: Actor) -> None:
    """Off the public; the draft stays. A second click changes nothing."""
    if venue.state is VenueState.PUBLISHED:
        venue.withdraw()
        venue.version += 1
        record("venue.withdrawn", venue.id, by=by, title=venue.title)


def _put(venue: Venue, data: dict[str, Any], position: int) -> VenueModule:
    module = VenueModule(venue_id=venue.id, position=position, **data)
    db.session.add(module)
    db.session.flush()
    filling.fill_module(module, venue.season.code)
    return module


def _number(modules: list[VenueModule]) -> None:
    for position, module in enumerate(modules):
        module.position = position


def _entry(module: VenueModule, entry_id: UUID) -> VenueEntry:
    entry = db.session.scalar(
        select(VenueEntry).where(VenueEntry.module_id == module.id, VenueEntry.entry_id == entry_id)
    )
    if entry is None:
        raise NotFound
    return entry


def _check_schedule(opens_at: Any, closes_at: Any) -> None:
    if opens_at and closes_at and closes_at <= opens_at:
        raise ScheduleReversed(field="closes_at")
