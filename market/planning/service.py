"""The verbs: make a plan, and invite the chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import numpy as np

from market.accounts.actor import Actor
from market.accounts.models import Party
from market.accounts.vocabulary import HOUR
from market.bids import invitations
from market.bids.service import ZONE, today
from market.effect.service import Expected
from market.kit.clock import now
from market.kit.db import db
from market.kit.events import record
from market.matching import service as matching
from market.matching.queries import agencies, records
from market.matching.scoring import Record
from market.planning import queries
from market.planning.calendar import Calendar, backwards
from market.planning.choice import Candidate, Chosen, Limits, choose, levers, replacements
from market.planning.errors import NotPlanned, TooLate
from market.planning.models import PlanPick
from market.planning.wishes import MOVABLE, Goal, Person, Wish, candidates
from market.tasks import service as tasks
from market.tasks.models import Task

LOOKED_AT = 300
"""Of the ranked creators the first so many are considered."""
DRAWS = 4000
ANSWER_DAYS = 3
D_DAYS = 21
"""Without a day of the merchant's: so many days from now."""


@dataclass(frozen=True)
class Gain:
    """One limit moved, all others kept: what the best set becomes. `value`, `people` and `price_fen` are differences."""

    code: str
    wish: Wish
    value: float
    people: int
    price_fen: int
    brings: int = 0
    """How many more candidates there are."""


@dataclass(frozen=True)
class Cure:
    """Why there is no set at all, and one way out: what to relax and how many could then be taken."""

    code: str
    wish: Wish | None
    people: int
    fen: int = 0


@dataclass(frozen=True)
class Pick:
    person: Person
    value: float
    price_fen: int
    standby: Person | None


@dataclass(frozen=True)
class Total:
    """What the whole set brings if all say yes; 80 % of the draws lie between low and high."""

    low: float
    mid: float
    high: float


@dataclass(frozen=True)
class Plan:
    wish: Wish
    goal: Goal
    """What was counted: `fit` when too little is known to expect plays."""
    people: Mapping[UUID, Person]
    candidates: int
    kept_out: Mapping[str, int]
    chosen: Chosen | None
    picks: tuple[Pick, ...]
    plays: Total | None
    interactions: Total | None
    second: Chosen | None
    larger: Chosen | None
    gains: tuple[Gain, ...]
    cures: tuple[Cure, ...]
    calendar: Calendar

    @property
    def late_any(self) -> float:
        """How likely at least one of the set is late."""
        return 1 - float(np.prod([1 - pick.person.late for pick in self.picks]))

    @property
    def unsure(self) -> float:
        """How many of the set will, on average, decline or be late: so many standbys are worth having."""
        return sum(1 - pick.person.match.acceptance * (1 - pick.person.late) for pick in self.picks)


def plan(task: Task, wish: Wish) -> Plan:
    """The best set for the wish, what moving each limit would change, and the calendar."""
    people = look(task)
    known = any(each.match.expected for each in people)
    goal = wish.goal if known else Goal.FIT
    found = candidates(people, wish, goal)
    chosen = choose(found, wish.limits)
    by_id = {each.id: each for each in people}
    kept_out: dict[str, int] = {}
    for each in people:
        for name in each.obstacles(wish):
            kept_out[name] = kept_out.get(name, 0) + 1
    picks: tuple[Pick, ...] = ()
    second = larger = None
    gains: tuple[Gain, ...] = ()
    cures: tuple[Cure, ...] = ()
    if chosen:
        stand_by = replacements(chosen, found, wish.limits)
        picks = tuple(
            Pick(
                by_id[each.id],
                each.value,
                each.price_fen,
                by_id[stand_by[each.id].id] if each.id in stand_by else None,
            )
            for each in chosen.picks
        )
        movable = chosen.ids - wish.must
        if movable:
            second = choose(
                found, wish.limits, other_than=chosen.ids, swaps=min(len(movable), max(1, len(movable) // 3))
            )
            second = second if second and second.ids - chosen.ids else None
        larger = _larger(found, wish, chosen)
        gains = _gains(people, found, wish, goal, chosen)
    else:
        cures = _cures(task, people, found, wish, goal)
    d_day = wish.d_day or today() + timedelta(days=D_DAYS)
    return Plan(
        wish,
        goal,
        by_id,
        len(found),
        kept_out,
        chosen,
        picks,
        _total([pick.person.match.expected for pick in picks], "plays"),
        _total([pick.person.match.expected for pick in picks], "interactions"),
        second,
        larger,
        gains,
        cures,
        backwards(d_day, today(), queries.usual_days(task.category)),
    )


def look(task: Task) -> list[Person]:
    """The ranked creators, best first, with what the plan asks about."""
    matches = matching.rank(task, LOOKED_AT, full_too=True)
    ids = [match.creator_id for match in matches]
    kept, houses, rivals = records(ids, task.category), agencies(ids), queries.working_for_rivals(ids, task)
    return [
        Person(
            match,
            kept.get(match.creator_id, Record()),
            houses.get(match.creator_id),
            match.creator_id in rivals,
        )
        for match in matches
    ]


def _larger(found: Sequence[Candidate], wish: Wish, chosen: Chosen) -> Chosen | None:
    """As many people as the budget allows, the most valuable among sets of that size; None when it has no more."""
    if len(chosen.picks) >= wish.most:
        return None
    most = choose([replace(each, value=1.0) for each in found], wish.limits)
    if most is None or len(most.picks) <= len(chosen.picks):
        return None
    return choose(found, replace(wish.limits, least=len(most.picks)))


def _gains(
    people: Sequence[Person], found: Sequence[Candidate], wish: Wish, goal: Goal, chosen: Chosen
) -> tuple[Gain, ...]:
    gains = []
    for lever in levers(found, wish.limits):
        moved = choose(lever.candidates, lever.limits)
        if moved is None:
            continue
        gains.append(_gain(lever.code, _with(wish, lever.limits), moved, chosen))
    for name in MOVABLE:
        more = candidates(people, wish, goal, frozenset({name}))
        if len(more) > len(found) and (moved := choose(more, wish.limits)):
            gain = _gain(name, _without(wish, name), moved, chosen)
            gains.append(replace(gain, brings=len(more) - len(found)))
    changed = [gain for gain in gains if gain.people or gain.price_fen or abs(gain.value) > 1e-9]
    return tuple(sorted(changed, key=lambda gain: -gain.value))


def _gain(code: str, wish: Wish, moved: Chosen, chosen: Chosen) -> Gain:
    return Gain(
        code,
        wish,
        moved.value - chosen.value,
        len(moved.picks) - len(chosen.picks),
        moved.price_fen - chosen.price_fen,
    )


def _with(wish: Wish, limits: Limits) -> Wish:
    return replace(
        wish,
        budget_fen=limits.budget_fen,
        least=limits.least,
        most=limits.most,
        of_an_agency=limits.of_an_agency,
        must=limits.must,
        never=limits.never,
    )


def _without(wish: Wish, name: str) -> Wish:
    if name == "level":
        return replace(wish, level_min=0)
    if name == "late":
        return replace(wish, late_percent=None)
    return replace(wish, exclusive=False)


def _cures(
    task: Task, people: Sequence[Person], found: Sequence[Candidate], wish: Wish, goal: Goal
) -> tuple[Cure, ...]:
    """Each way that leads to a set, with how many it has; when none alone does, what is known of the reason."""
    cures = []
    for lever in levers(found, wish.limits):
        moved = choose(lever.candidates, lever.limits)
        if moved:
            cures.append(Cure(lever.code, _with(wish, lever.limits), len(moved.picks)))
    for name in MOVABLE:
        more = candidates(people, wish, goal, frozenset({name}))
        if len(more) > len(found) and (moved := choose(more, wish.limits)):
            cures.append(Cure(name, _without(wish, name), len(moved.picks)))
    if not any(cure.code == "budget_up" for cure in cures) and (least := cheapest(found, wish.limits)):
        enough = replace(wish, budget_fen=least.price_fen)
        cures.append(Cure("budget", enough, len(least.picks), least.price_fen))
    if not people:
        offered, near = queries.offered(task)
        cures.append(Cure("nobody_near" if offered > near else "nobody_at_all", None, offered - near))
    if not cures:
        cures = _pairs(people, found, wish, goal)
    if not cures:
        free = candidates(people, replace(wish, level_min=0, late_percent=None, exclusive=False), goal)
        open_ = replace(wish.limits, budget_fen=sum(each.price_fen for each in free) or 1, of_an_agency=None)
        loosest = choose(free, replace(open_, least=1, must=frozenset(), never=frozenset()))
        cures.append(Cure("several", None, len(loosest.picks) if loosest else 0))
    return tuple(cures)


def _pairs(people: Sequence[Person], found: Sequence[Candidate], wish: Wish, goal: Goal) -> list[Cure]:
    """Ways out that take two steps: one of the merchant's own filters dropped, and the budget that is then needed."""
    pairs = []
    for name in MOVABLE:
        more = candidates(people, wish, goal, frozenset({name}))
        if len(more) > len(found) and (least := cheapest(more, wish.limits)):
            enough = replace(_without(wish, name), budget_fen=max(wish.budget_fen, least.price_fen))
            pairs.append(Cure(f"{name}+budget", enough, len(least.picks), enough.budget_fen))
    return pairs


def cheapest(found: Sequence[Candidate], limits: Limits) -> Chosen | None:
    """The smallest set that keeps all limits but the budget, at the least price; None when none does at any price."""
    top = max((each.price_fen for each in found), default=0) + 1
    size = max(limits.least, len(limits.must), 1)
    cheap = [replace(each, value=float(top - each.price_fen)) for each in found]
    unbound = replace(limits, budget_fen=top * max(1, len(found)), least=size, most=size)
    return choose(cheap, unbound)


def _total(expected: Sequence[Expected | None], what: str) -> Total | None:
    """The sum of what each brings, by draws from each one's own interval; None when somebody's is not known."""
    ranges = [getattr(each, what) for each in expected if each]
    if not ranges or len(ranges) < len(expected):
        return None
    draw = np.random.default_rng(7).standard_normal((DRAWS, len(ranges))) / 1.2816
    low, mid, high = (
        np.log1p(np.array([getattr(each, name) for each in ranges])) for name in ("low", "mid", "high")
    )
    logs = mid + np.where(draw < 0, (mid - low) * draw, (high - mid) * draw)
    sums = np.expm1(logs).sum(axis=1)
    return Total(*(float(x) for x in np.quantile(sums, [0.1, 0.5, 0.9])))


def invite(task: Task, creator_ids: Sequence[UUID], d_day: date | None, *, by: Actor) -> list[PlanPick]:
    """Give each of these a brief of their own, at their listed price and due on the plan's day, and invite them to it.

    Whom the plan invited before is passed over. `task` is locked. All or none: raises NotPlanned, TooLate, what
    `tasks.open_` says of an incomplete brief, and the invitations' own limits.
    """
    d_day = d_day or today() + timedelta(days=D_DAYS)
    calendar = backwards(d_day, today(), queries.usual_days(task.category))
    if calendar.slack < 0:
        raise TooLate(field="d_day", day=d_day.isoformat(), earliest=calendar.earliest.isoformat())
    known = {each.creator_id for each in queries.picks(task.id, by)}
    people = {each.id: each for each in look(task)}
    made = []
    for creator_id in dict.fromkeys(creator_ids):
        if creator_id in known:
            continue
        person = people.get(creator_id)
        price = person.price_fen if person else None
        if person is None or price is None or person.match.room.full:
            named = db.session.get(Party, creator_id)
            raise NotPlanned(name=named.name if named else "—")
        due = datetime.combine(d_day, time(23, 59), ZONE)
        brief = tasks.copy(task, by=by)
        closes = min(now() + timedelta(days=ANSWER_DAYS), due)
        change: dict[str, Any] = {"budget_fen": price, "deadline": due, "bids_close_at": closes}
        if task.piece.is_hour:
            change["live_minutes"] = HOUR  # the price is that of one hour, so the brief says so
        tasks.change(brief, change, by=by)
        tasks.open_(brief, by=by)
        sent = invitations.invite(brief.id, creator_id, by=by)
        pick = PlanPick(
            task_id=task.id,
            creator_id=creator_id,
            brief_id=brief.id,
            invitation_id=sent.id,
            price_fen=price,
        )
        db.session.add(pick)
        made.append(pick)
    db.session.flush()
    if made:
        record("plan.invited", task.id, by=by, n=len(made), fen=sum(each.price_fen for each in made))
    return made
