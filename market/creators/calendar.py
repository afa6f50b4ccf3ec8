"""What creators state of their weeks: how many pieces, and which days they do not work. What is taken, orders know."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from market.accounts.actor import Actor
from market.creators.models import DayOff, StatedWeek
from market.creators.service import own
from market.kit.clock import now
from market.kit.db import among, db
from market.kit.events import record

ZONE = ZoneInfo("Asia/Shanghai")
"""A week is Monday to Sunday here."""
WEEK = timedelta(days=7)
AHEAD = 53
"""So many weeks from the present one on can be stated and looked at."""


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def week_of(moment: datetime) -> date:
    """The Monday of its week."""
    return monday_of(moment.astimezone(ZONE).date())


def this_week() -> date:
    return week_of(now())


def days_of(monday: date) -> list[date]:
    return [monday + timedelta(days=n) for n in range(7)]


@dataclass(frozen=True)
class Stated:
    """Of some creators: slots by (creator, monday) and days off by creator."""

    weeks: Mapping[tuple[UUID, date], int] = field(default_factory=dict)
    days_off: Mapping[UUID, frozenset[date]] = field(default_factory=dict)

    def slots(self, creator_id: UUID, monday: date, usual: int) -> int:
        """A stated week is as stated. Else days off take their part of the usual number, rounded up, so that one slot
        stays until no day is left."""
        off = sum(day in self.days_off.get(creator_id, ()) for day in days_of(monday))
        stated = self.weeks.get((creator_id, monday))
        if off == 7:
            return 0
        return -(-usual * (7 - off) // 7) if stated is None else stated


def stated(creator_ids: Iterable[UUID], first: date, weeks: int) -> Stated:
    """Of these creators, for so many weeks from the Monday `first` on. Two statements."""
    ids, until = list(creator_ids), first + weeks * WEEK
    found = db.session.execute(
        select(StatedWeek.creator_id, StatedWeek.monday, StatedWeek.slots).where(
            among(StatedWeek.creator_id, ids), StatedWeek.monday >= first, StatedWeek.monday < until
        )
    )
    off: dict[UUID, set[date]] = {}
    rows = select(DayOff.creator_id, DayOff.day).where(
        among(DayOff.creator_id, ids), DayOff.day >= first, DayOff.day < until
    )
    for creator_id, day in db.session.execute(rows):
        off.setdefault(creator_id, set()).add(day)
    return Stated(
        {(creator_id, monday): slots for creator_id, monday, slots in found},
        {creator_id: frozenset(days) for creator_id, days in off.items()},
    )


def state(creator_id: UUID, monday: date, said: Mapping[str, Any], *, by: Actor) -> None:
    """Write what is said of one week and leave the rest: `slots` (None: as usual), `days_off` (all of the week), or `off` and
    `work`, a single day. Under the profile's lock, which an award takes as well."""
    own(creator_id)
    if "slots" in said:
        _write_slots(creator_id, monday, said["slots"])
    if "days_off" in said:
        of_week = (DayOff.creator_id == creator_id, DayOff.day >= monday, DayOff.day < monday + WEEK)
        db.session.execute(delete(DayOff).where(*of_week))
        _take_off(creator_id, said["days_off"])
    if said.get("off"):
        _take_off(creator_id, [said["off"]])
    if said.get("work"):
        db.session.execute(delete(DayOff).where(DayOff.creator_id == creator_id, DayOff.day == said["work"]))
    record("calendar.stated", creator_id, by=by, monday=monday.isoformat())


def _write_slots(creator_id: UUID, monday: date, slots: int | None) -> None:
    if slots is None:
        week = (StatedWeek.creator_id == creator_id, StatedWeek.monday == monday)
        db.session.execute(delete(StatedWeek).where(*week))
        return
    row = insert(StatedWeek).values(creator_id=creator_id, monday=monday, slots=slots)
    db.session.execute(
        row.on_conflict_do_update(index_elements=["creator_id", "monday"], set_={"slots": slots})
    )


def _take_off(creator_id: UUID, days: Sequence[date]) -> None:
    if days:
        rows = [{"creator_id": creator_id, "day": day} for day in sorted(set(days))]
        db.session.execute(insert(DayOff).on_conflict_do_nothing(), rows)
