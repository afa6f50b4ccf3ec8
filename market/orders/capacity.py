"""K23: how much of a creator's weeks is taken, and the one place that says whether there is room.

An order takes a slot in the week its work is due, from the award until the draft is accepted; what is overdue is work
of the present week. Who stated no number is never full.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from market.accounts.models import Party
from market.creators import calendar
from market.creators.models import DayOff, Profile, StatedWeek
from market.creators.queries import Offering, profile, profiles
from market.kit.db import among, db
from market.kit.words import _
from market.orders.errors import CreatorFull
from market.orders.models import Milestone, Order
from market.orders.states import OrderState, Stage

TAKING = (OrderState.AWAITING_FUNDS, OrderState.SCRIPTING, OrderState.DRAFTING)
LOOKED_AHEAD = 26
"""So many weeks an award that is refused looks for room."""
WINDOW = 8
"""Of a brief with a far deadline so many weeks are looked at; without one, four."""


@dataclass(frozen=True)
class Week:
    """One week of one creator. `bound`: its number was stated, so that an award beyond it is refused."""

    monday: date
    slots: int
    taken: int
    bound: bool
    own: bool
    """Stated for this very week."""
    days_off: frozenset[date]

    @property
    def sunday(self) -> date:
        return self.monday + timedelta(days=6)

    @property
    def free(self) -> int:
        return max(0, self.slots - self.taken)

    @property
    def is_full(self) -> bool:
        return self.bound and not self.free


@dataclass(frozen=True)
class Room:
    """Some weeks together."""

    slots: int = 2
    taken: int = 0
    free: int = 2
    at_once: int = 2
    """The most that is free in one of these weeks."""
    full: bool = False
    """In each of these weeks an award would be refused."""

    @property
    def load(self) -> float:
        """0..1: how much of it is taken."""
        return min(1.0, self.taken / (self.slots or 1))


OPEN = Room()


def weeks(found: Mapping[UUID, Offering], first: date, n: int) -> dict[UUID, list[Week]]:
    """`n` weeks of these creators, from the Monday `first` on. Three statements for all."""
    return _weeks(found, first, n, calendar.stated(found, first, n), _taken(found))


def _weeks(
    found: Mapping[UUID, Offering],
    first: date,
    n: int,
    said: calendar.Stated,
    taken: Mapping[UUID, Mapping[date, int]],
) -> dict[UUID, list[Week]]:
    present = calendar.this_week()
    rows: dict[UUID, list[Week]] = {}
    for id, mine in found.items():
        rows[id] = []
        for at in range(n):
            monday = first + at * calendar.WEEK
            # What is overdue is done now.
            due = sum(
                number
                for week, number in taken.get(id, {}).items()
                if week == monday or (monday == present and week < present)
            )
            own = (id, monday) in said.weeks
            rows[id].append(
                Week(
                    monday,
                    said.slots(id, monday, mine.slots),
                    due,
                    own or mine.slots_per_week is not None,
                    own,
                    frozenset(day for day in calendar.days_of(monday) if day in said.days_off.get(id, ())),
                )
            )
    return rows


def _taken(creator_ids: Iterable[UUID]) -> dict[UUID, dict[date, int]]:
    """Open orders by creator and the Monday of the week their work is due."""
    rows = (
        select(Order.creator_id, Milestone.due_at)
        .join(Milestone, (Milestone.order_id == Order.id) & (Milestone.kind == Stage.PUBLISHED))
        .where(among(Order.creator_id, creator_ids), Order.state.in_(TAKING))
    )
    found: dict[UUID, dict[date, int]] = {}
    for creator_id, due_at in db.session.execute(rows):
        of_weeks = found.setdefault(creator_id, {})
        monday = calendar.week_of(due_at)
        of_weeks[monday] = of_weeks.get(monday, 0) + 1
    return found


def rooms(found: Mapping[UUID, Offering], deadline: datetime | None = None) -> dict[UUID, Room]:
    """What each of these creators can still take on from now to the deadline (four weeks without one)."""
    first, n = calendar.this_week(), weeks_until(deadline)
    said, taken = calendar.stated(found, first, n), _taken(found)
    busy = taken.keys() | said.days_off.keys() | {id for id, _monday in said.weeks}
    free = {id: _usual(mine, n) for id, mine in found.items() if id not in busy}
    others = _weeks({id: found[id] for id in busy}, first, n, said, taken)
    return free | {id: room_of(each) for id, each in others.items()}


def _usual(mine: Offering, n: int) -> Room:
    """Of `n` weeks of which nothing is stated and nothing is taken: most creators, in a list of hundreds."""
    return Room(n * mine.slots, 0, n * mine.slots, mine.slots, mine.slots_per_week == 0)


def weeks_until(deadline: datetime | None) -> int:
    """How many weeks of a calendar a brief with this deadline looks at."""
    if deadline is None:
        return 4
    return min(WINDOW, max(1, (calendar.week_of(deadline) - calendar.this_week()).days // 7 + 1))


def room_of(some: Sequence[Week]) -> Room:
    return Room(
        sum(week.slots for week in some),
        sum(week.taken for week in some),
        sum(week.free for week in some),
        max((week.free for week in some), default=0),
        all(week.is_full for week in some),
    )


def calendar_of(creator_id: UUID, first: date, n: int) -> list[Week]:
    """One creator's weeks; those of who has no profile yet are as usual."""
    mine = profiles([creator_id]).get(creator_id) or Profile(party_id=creator_id, categories=[])
    return weeks({creator_id: mine}, first, n)[creator_id]


def hold_slot(creator: Party, due_at: datetime) -> None:
    """Before an award: there must be a slot left in the week the work is due. Holds the profile's lock until the end of the
    transaction, so that of two awards at once one sees the other. Raises CreatorFull."""
    mine = profile(creator.id, lock=True)
    if mine is None:
        return
    first = max(calendar.week_of(due_at), calendar.this_week())
    ahead = weeks({creator.id: mine}, first, LOOKED_AHEAD)[creator.id]
    if not ahead[0].is_full:
        return
    free = next((week for week in ahead if not week.is_full), None)
    until = (free.monday - timedelta(days=1)) if free else ahead[-1].sunday
    advice = (
        _(
            "最近有空的一周从 %(day)s 开始：可以请对方把交付日改到那一周，或者另选一份报价。",
            day=free.monday.isoformat(),
        )
        if free
        else _("半年内没有空档，请另选一份报价。")
    )
    raise CreatorFull(field="bid_id", creator=creator.name, until=until.isoformat(), advice=advice)


def whose(order_id: UUID) -> UUID | None:
    """Whose room the order takes; None when there is no such order."""
    found: UUID | None = db.session.scalar(select(Order.creator_id).where(Order.id == order_id))
    return found


def moving() -> list[UUID]:
    """Whose room changes as weeks go by, without an event: who has orders in hand or stated weeks or days."""
    since = calendar.this_week() - WINDOW * calendar.WEEK
    told = (
        select(Order.creator_id).where(Order.ended_at.is_(None), Order.state.in_(TAKING)),
        select(StatedWeek.creator_id).where(StatedWeek.monday >= since),
        select(DayOff.creator_id).where(DayOff.day >= since),
    )
    return sorted({id for rows in told for id in db.session.scalars(rows.distinct())})
