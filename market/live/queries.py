"""Finding shows."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, func, select

from market.accounts.actor import Actor
from market.kit.clock import now
from market.kit.db import db
from market.kit.errors import NotFound
from market.live.models import Programme, ProgrammeState, Reminder


def listed() -> Select[Programme]:
    """What everybody may see."""
    return select(Programme).where(Programme.state != ProgrammeState.WITHDRAWN)


def find(programme_id: UUID) -> Programme:
    """Raises NotFound, also for what was withdrawn."""
    programme = db.session.scalar(listed().where(Programme.id == programme_id))
    if programme is None:
        raise NotFound
    return programme


def lock(programme_id: UUID) -> Programme:
    """The row locked and read afresh, whatever its state. Raises NotFound."""
    programme = db.session.get(Programme, programme_id, with_for_update=True, populate_existing=True)
    if programme is None:
        raise NotFound
    return programme


def between(start: datetime, end: datetime) -> Sequence[Programme]:
    """Shows that start in [start, end), in the order they come on."""
    rows = listed().where(Programme.starts_at >= start, Programme.starts_at < end)
    return db.session.scalars(rows.order_by(Programme.starts_at, Programme.id).limit(200)).all()


def on_now() -> Sequence[Programme]:
    """Shows whose time it is."""
    started = listed().where(
        Programme.state == ProgrammeState.SCHEDULED,
        Programme.starts_at <= now(),
        Programme.starts_at > now() - timedelta(days=1),
    )
    return [show for show in db.session.scalars(started.order_by(Programme.starts_at)) if show.is_now]


def coming(limit: int = 6) -> Sequence[Programme]:
    """What comes next."""
    rows = listed().where(Programme.state == ProgrammeState.SCHEDULED, Programme.starts_at > now())
    return db.session.scalars(rows.order_by(Programme.starts_at, Programme.id).limit(limit)).all()


def programmes(ids: Iterable[UUID]) -> list[Programme]:
    """Those of the ids that are listed, in the order asked for."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return []
    found = {show.id: show for show in db.session.scalars(listed().where(Programme.id.in_(wanted)))}
    return [found[key] for key in wanted if key in found]


def shows(asset_id: UUID) -> bool:
    """Whether a listed show needs this cover."""
    return db.session.scalar(select(listed().where(Programme.cover_id == asset_id).exists())) or False


def reminded(actor: Actor | None, ids: Iterable[UUID]) -> set[UUID]:
    """For which of these shows the actor has asked for a reminder."""
    wanted = list(ids)
    if actor is None or actor.party_id is None or not wanted:
        return set()
    rows = select(Reminder.programme_id).where(
        Reminder.party_id == actor.party_id, Reminder.programme_id.in_(wanted)
    )
    return set(db.session.scalars(rows))


def waiting(programme_id: UUID) -> int:
    """How many want to be reminded."""
    return db.session.scalar(select(func.count()).where(Reminder.programme_id == programme_id)) or 0
