"""Finding signals, always from who may see them: the creator and the operators."""

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import Select, false, func, select

from market.accounts.actor import Actor, Role
from market.accounts.models import Party
from market.kit.clock import now
from market.kit.db import among, db
from market.kit.errors import NotFound
from market.traffic.models import COUNTING, AccountDay, SignalState, TrafficSignal
from market.traffic.signals import READ_DAYS, Day


def visible_to(actor: Actor) -> Select[TrafficSignal]:
    rows = select(TrafficSignal)
    if actor.is_operator:
        return rows
    own = actor.party_id if actor.role is Role.CREATOR else None
    return rows.where(TrafficSignal.party_id == own) if own else rows.where(false())


def find_visible(signal_id: UUID, actor: Actor, *, lock: bool = False) -> TrafficSignal:
    """Raises NotFound. With `lock`, the row is locked and read afresh."""
    rows = visible_to(actor).where(TrafficSignal.id == signal_id)
    found = db.session.scalar(
        (rows.with_for_update() if lock else rows).execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound
    return found


def waiting() -> int:
    """How many appeals wait for a ruling."""
    rows = select(func.count()).where(TrafficSignal.state == SignalState.APPEALED)
    return db.session.scalar(rows) or 0


def counting(party_ids: Iterable[UUID]) -> dict[UUID, list[TrafficSignal]]:
    """What costs these creators points now, the oldest first."""
    at = now()
    rows = (
        select(TrafficSignal)
        .where(
            among(TrafficSignal.party_id, party_ids),
            TrafficSignal.state.in_(COUNTING),
            TrafficSignal.counts_from <= at,
            TrafficSignal.ends_at > at,
        )
        .order_by(TrafficSignal.id)
    )
    found: dict[UUID, list[TrafficSignal]] = {}
    for signal in db.session.scalars(rows):
        found.setdefault(signal.party_id, []).append(signal)
    return found


def of_party(party_id: UUID) -> Sequence[TrafficSignal]:
    return db.session.scalars(
        select(TrafficSignal).where(TrafficSignal.party_id == party_id).order_by(TrafficSignal.id.desc())
    ).all()


def days(party_ids: Iterable[UUID]) -> dict[UUID, list[Day]]:
    """The newest days that are told of these accounts, oldest first; of whom nothing is told has no entry."""
    asked = list(party_ids)
    last = (
        select(AccountDay.party_id, func.max(AccountDay.day).label("day"))
        .where(among(AccountDay.party_id, asked))
        .group_by(AccountDay.party_id)
        .subquery()
    )
    rows = (
        select(AccountDay)
        .join(last, AccountDay.party_id == last.c.party_id)
        .where(among(AccountDay.party_id, asked), AccountDay.day > last.c.day - READ_DAYS)
        .order_by(AccountDay.party_id, AccountDay.day)
    )
    found: dict[UUID, list[Day]] = {}
    for row in db.session.scalars(rows):
        told = Day(row.day, row.fans, row.plays, row.interactions, row.hours, row.comments_read, row.phrases)
        found.setdefault(row.party_id, []).append(told)
    return found


def known_days(party_id: UUID) -> tuple[int, date | None]:
    """How many days of this account are known, and the newest."""
    n, last = db.session.execute(
        select(func.count(), func.max(AccountDay.day)).where(AccountDay.party_id == party_id)
    ).one()
    return n, last


def creators(after: UUID | None, limit: int) -> Sequence[UUID]:
    """The next of all creators, by id."""
    rows = select(Party.id).where(Party.role == Role.CREATOR).order_by(Party.id).limit(limit)
    return db.session.scalars(rows.where(Party.id > after) if after else rows).all()


def standing(party_ids: Iterable[UUID]) -> set[UUID]:
    """Of whom something stands: it may have to be brought up to date, or withdrawn."""
    rows = select(TrafficSignal.party_id).where(
        among(TrafficSignal.party_id, party_ids),
        TrafficSignal.state == SignalState.STANDING,
        TrafficSignal.ends_at > now(),
    )
    return set(db.session.scalars(rows))
