"""Finding signals, always from who may see them: the creator and the operators."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import Select, false, func, select

from market.accounts.actor import Actor, Role
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


def days(party_id: UUID) -> list[Day]:
    """The newest days that are told of this account, oldest first."""
    newest = select(func.max(AccountDay.day)).where(AccountDay.party_id == party_id)
    last: date | None = db.session.scalar(newest)
    if last is None:
        return []
    rows = select(AccountDay).where(
        AccountDay.party_id == party_id, AccountDay.day > last - timedelta(days=READ_DAYS)
    )
    return [
        Day(row.day, row.fans, row.plays, row.interactions, row.hours, row.comments_read, row.phrases)
        for row in db.session.scalars(rows.order_by(AccountDay.day))
    ]


def known_days(party_id: UUID) -> tuple[int, date | None]:
    """How many days of this account are known, and the newest."""
    n, last = db.session.execute(
        select(func.count(), func.max(AccountDay.day)).where(AccountDay.party_id == party_id)
    ).one()
    return n, last


def told_since(day: date) -> Sequence[UUID]:
    """Accounts of which a day since then is known."""
    rows = select(AccountDay.party_id).where(AccountDay.day >= day).distinct()
    return db.session.scalars(rows.order_by(AccountDay.party_id)).all()
