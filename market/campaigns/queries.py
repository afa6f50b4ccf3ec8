"""Finding seasons, venues, modules and what stands in them."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, select

from market.accounts.actor import Actor, Right
from market.campaigns.models import Season, Venue, VenueEntry, VenueModule, VenueState
from market.kit.db import db
from market.kit.errors import NotFound


def season(code: str) -> Season:
    """Raises NotFound."""
    found = db.session.scalar(select(Season).where(Season.code == code))
    if found is None:
        raise NotFound
    return found


_SEASONS = select(Season).order_by(Season.id.desc())


def seasons() -> Sequence[Season]:
    """All seasons, the one that begins last first."""
    return db.session.scalars(_SEASONS).all()


def visible_to(actor: Actor | None) -> Select[Venue]:
    """Operators who compose see drafts; everybody else what is published."""
    if actor is not None and actor.is_operator and actor.may(Right.COMPOSE):
        return select(Venue)
    return select(Venue).where(Venue.state == VenueState.PUBLISHED)


def find_public(slug: str, actor: Actor | None) -> Venue:
    """Raises NotFound."""
    venue = db.session.scalar(visible_to(actor).where(Venue.slug == slug))
    if venue is None:
        raise NotFound
    return venue


def find(venue_id: UUID, *, lock: bool = False) -> Venue:
    """For the composer; with `lock`, the row is locked (its modules are changed under it). Raises NotFound."""
    venue = db.session.get(
        Venue, venue_id, with_for_update={"of": Venue} if lock else None, populate_existing=lock
    )
    if venue is None:
        raise NotFound
    return venue


def find_offerable(venue_id: UUID, *, lock: bool = True) -> Venue:
    """A published venue, locked unless told otherwise: merchants see no drafts. Raises NotFound."""
    venue = find(venue_id, lock=lock)
    if not venue.is_public:
        raise NotFound
    return venue


def venues_of(code: str, *, lock: bool = False) -> Sequence[Venue]:
    """The venues of a season, in one order, so that two listeners never wait for each other."""
    rows = (
        select(Venue).join(Season, Season.id == Venue.season_id).where(Season.code == code).order_by(Venue.id)
    )
    return db.session.scalars(rows.with_for_update(of=Venue) if lock else rows).unique().all()


def of_season(season_id: UUID) -> Venue | None:
    """The published venue that leads a season: the one published first."""
    rows = select(Venue).where(Venue.season_id == season_id, Venue.state == VenueState.PUBLISHED)
    return db.session.scalar(rows.order_by(Venue.id).limit(1))


def modules(venue_id: UUID) -> list[VenueModule]:
    """The draft's modules in order."""
    rows = select(VenueModule).where(VenueModule.venue_id == venue_id, VenueModule.removed_at.is_(None))
    return list(db.session.scalars(rows.order_by(VenueModule.position, VenueModule.id)))


def find_module(venue_id: UUID, module_id: UUID) -> VenueModule:
    """A module of the draft. Raises NotFound."""
    module = db.session.get(VenueModule, module_id)
    if module is None or module.venue_id != venue_id or module.removed_at is not None:
        raise NotFound
    return module


def entries(module_id: UUID, limit: int, *, left_out: bool = False) -> Sequence[VenueEntry]:
    """What stands in a module, in the order shown."""
    rows = select(VenueEntry).where(VenueEntry.module_id == module_id, VenueEntry.left_out.is_(left_out))
    order = (VenueEntry.pinned.desc(), VenueEntry.rank.desc(), VenueEntry.id.desc())
    return db.session.scalars(rows.order_by(*order).limit(limit)).all()
