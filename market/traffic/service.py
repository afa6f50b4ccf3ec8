"""The verbs: note a day, look at an account, appeal, rule."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from market.accounts.actor import SYSTEM, Actor
from market.accounts.queries import find_party
from market.kit.clock import now
from market.kit.db import db
from market.kit.events import record
from market.kit.figures import figures
from market.kit.states import IllegalMove
from market.traffic import counts, queries
from market.traffic.comments import compare
from market.traffic.counted import look_at_counted
from market.traffic.counts import Yardstick
from market.traffic.errors import AlreadyRuled, NotAppealed
from market.traffic.models import COUNTED, RULED, AccountDay, SignalKind, SignalState, TrafficSignal
from market.traffic.signals import WINDOWS, Finding, look

LASTS_DAYS = 90
"""So long after its last day a signal costs points; an honest quarter ends it."""
KEPT_DAYS = 400


def note_day(
    party_id: UUID,
    day: date,
    *,
    fans: int | None,
    plays: int,
    interactions: int,
    hours: Sequence[int],
    comments: Iterable[str],
) -> None:
    """Keep what one day of a creator's account looked like; told again, the figures are corrected."""
    read, phrases = compare(comments)
    figures_of_the_day: dict[str, Any] = {
        "fans": fans,
        "plays": plays,
        "interactions": interactions,
        "hours": list(hours),
        "comments_read": read,
        "phrases": phrases,
    }
    row = insert(AccountDay).values(party_id=party_id, day=day, **figures_of_the_day)
    db.session.execute(row.on_conflict_do_update(index_elements=["party_id", "day"], set_=figures_of_the_day))


def examine(party_ids: Iterable[UUID], by: Yardstick | None = None) -> int:
    """Look at these accounts anew; how many new signals were found. Only with `by` at what we counted ourselves, too."""
    return sum(_examine(party_id, by) for party_id in sorted(set(party_ids)))


def _examine(party_id: UUID, by: Yardstick | None) -> int:
    """A new finding is told to the creator. What stands is brought up to date or withdrawn, what was ruled on stays."""
    find_party(party_id, lock=True)  # one look at a time
    days = queries.days([party_id]).get(party_id, [])
    known = db.session.scalars(
        select(TrafficSignal)
        .where(TrafficSignal.party_id == party_id, TrafficSignal.state != SignalState.WITHDRAWN)
        .order_by(TrafficSignal.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    standing = {signal.kind: signal for signal in known if signal.state is SignalState.STANDING}
    settled: dict[SignalKind, date] = {}
    for signal in known:
        if signal.state is SignalState.APPEALED or signal.state in RULED:
            settled[signal.kind] = max(signal.until_day, settled.get(signal.kind, signal.until_day))
    found = {finding.kind: finding for finding in look(days, settled)}
    if by:
        found |= _counted(party_id, settled, by)
    new = 0
    for kind in SignalKind:
        old, seen = standing.get(kind), found.get(kind)
        if old and seen and old.is_over:
            old.lapse()
            db.session.flush()
            old = None
        if seen and old:
            _see(old, seen)
        elif seen:
            new += _raise(party_id, seen)
        elif old and days and _was_corrected(old, days[-1].day):
            old.withdraw()
            record("traffic.withdrawn", old.id, by=SYSTEM, audience=[party_id])
    db.session.flush()
    return new


def _was_corrected(signal: TrafficSignal, last: date) -> bool:
    """Its days are still looked at, and show it no more: they were told anew. What we counted ourselves is not told anew."""
    return signal.kind not in COUNTED and signal.from_day > last - timedelta(days=WINDOWS[signal.kind])


def _counted(party_id: UUID, settled: dict[SignalKind, date], by: Yardstick) -> dict[SignalKind, Finding]:
    """What is to be seen in our own counts, with the films it is about."""
    days = counts.days([party_id], by).get(party_id, [])
    found = {}
    for seen in look_at_counted(days, settled):
        films = counts.films(party_id, map(date.fromisoformat, seen.evidence["days"]))
        found[seen.kind] = replace(seen, evidence=seen.evidence | {"films": films})
    return found


def _see(signal: TrafficSignal, seen: Finding) -> None:
    signal.strength, signal.evidence = seen.strength, seen.evidence
    signal.from_day, signal.until_day = seen.from_day, seen.until_day
    signal.ends_at = end_of(seen)


def _raise(party_id: UUID, seen: Finding) -> int:
    if (ends_at := end_of(seen)) <= now():
        return 0  # an old archive: nobody is charged for what ended long ago
    signal = TrafficSignal(
        party_id=party_id, kind=seen.kind, counts_from=now() + timedelta(hours=figures.signal_warning_h)
    )
    _see(signal, seen)
    signal.ends_at = ends_at
    db.session.add(signal)
    db.session.flush()
    record(
        "traffic.signalled",
        signal.id,
        by=SYSTEM,
        audience=[party_id],
        kind=seen.kind.value,
        counts_from=signal.counts_from.isoformat(),
        hours=figures.signal_warning_h,
    )
    return 1


def end_of(seen: Finding) -> datetime:
    """When it ceases to cost anything."""
    return datetime.combine(seen.until_day, time(), UTC) + timedelta(days=LASTS_DAYS)


def appeal(signal: TrafficSignal, words: str, *, by: Actor) -> TrafficSignal:
    """Once: the creator says how it was. It goes on counting until an operator has ruled. Raises AlreadyRuled."""
    if signal.is_over:
        raise AlreadyRuled
    try:
        signal.take_appeal(words)
    except IllegalMove as moved:
        raise AlreadyRuled from moved
    record("traffic.appealed", signal.id, by=by)
    db.session.flush()
    return signal


def rule(signal: TrafficSignal, *, lifted: bool, reason: str, by: Actor) -> TrafficSignal:
    """An operator's word on it, with its reason; it stands. Raises AlreadyRuled; NotAppealed: then it may be lifted only."""
    if signal.state is SignalState.STANDING and not lifted:
        raise NotAppealed
    try:
        signal.rule(SignalState.LIFTED if lifted else SignalState.UPHELD, reason, by.person_id)
    except IllegalMove as moved:
        raise AlreadyRuled from moved
    record(
        "traffic.lifted" if lifted else "traffic.upheld",
        signal.id,
        by=by,
        audience=[signal.party_id],
        reason=reason,
    )
    db.session.flush()
    return signal


def forget() -> None:
    """Days nobody looks at any more."""
    db.session.execute(delete(AccountDay).where(AccountDay.day < now().date() - timedelta(days=KEPT_DAYS)))
