"""The one interface of matching; pages, API and alerts all ask here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zlib import crc32

from market.creators import calendar
from market.creators.models import Profile
from market.creators.queries import Offering, profiles
from market.creators.queries import profile as find_profile
from market.creators.words import listed
from market.effect.service import Expected, expect_for
from market.kit.clock import now
from market.kit.figures import figures
from market.matching import learning, queries, retrieval, turns
from market.matching.learned_models import Side
from market.matching.loosening import Way, ways
from market.matching.moving import Moved, moved
from market.matching.scoring import NOBODY, NOTHING, Portraits, Reason, Record, Score, against, score, value
from market.orders import capacity
from market.orders.capacity import OPEN, Room, rooms
from market.portraits.models import Whose
from market.portraits.queries import of_parties
from market.portraits.shown import Comparison, Shown, compare
from market.tasks.models import Task
from market.traffic.queries import counting

NEW_DAYS = 30
"""Who came within so many days and has no work yet is new here."""
AT_MOST_OF_AN_AGENCY = 3
AMONG_THE_FIRST = 10


@dataclass(frozen=True)
class Match:
    """A creator for a brief, or a brief for a creator, with what speaks for it and, strongest, against it."""

    creator: Profile
    task: Task
    made: Score
    against: Reason | None = None
    room: Room = OPEN
    """What the creator can still take on until the brief's deadline."""
    expected: Expected | None = None
    """What the work may bring at the listed price; None while too little is known."""
    moved: Moved | None = None
    """Why it stands elsewhere than its score says; None where it does not."""

    @property
    def creator_id(self) -> UUID:
        return self.creator.party_id

    @property
    def price_fen(self) -> int | None:
        """What the creator asks for such a piece (Profile.price). None: not offered."""
        return self.creator.price(*self.task.piece)

    @property
    def listed(self) -> str:
        """The same in words; "" where there is none."""
        return listed(self.creator, *self.task.piece)

    @property
    def score(self) -> float:
        """0..1; lists are ordered by it."""
        return self.made.value

    @property
    def fit(self) -> float:
        return self.made.fit

    @property
    def acceptance(self) -> float:
        return self.made.acceptance

    @property
    def odds(self) -> str:
        return self.made.odds

    @property
    def reasons(self) -> tuple[Reason, ...]:
        return self.made.reasons

    @property
    def likeness(self) -> Reason | None:
        """The term of buyers and fans, when they could be compared."""
        return next((term for term in self.terms if term.code == "portrait" and term.numbers), None)

    @property
    def terms(self) -> tuple[Reason, ...]:
        return self.made.terms


def rank(task: Task, limit: int = 20, *, for_merchant: bool = True, full_too: bool = False) -> list[Match]:
    """Creators for the brief, best first, but that others get a turn (turns.py); at most three of one agency among the
    first ten. Who is not the brief's merchant reads nothing of his buyers. Creators who are full until the deadline are
    left out, unless `full_too`.

    Ties go to the older profile, so that a list is always the same.
    """
    asked = retrieval.question(task)
    found = retrieval.candidates(asked, limit)
    ids = list(found)
    seen = retrieval.where_seen(task, ids)
    sums = retrieval.sums(asked, found)
    records = queries.records(ids, task.category)
    signals, learned = counting(ids), learning.in_use()
    buyers = of_parties([task.merchant_id], Whose.BUYERS).get(task.merchant_id)
    fans = of_parties(ids, Whose.FANS) if buyers else {}
    free = rooms(found, task.deadline)

    def given(id: UUID) -> tuple[Any, ...]:
        return (
            task,
            found[id],
            sums[id],
            records.get(id, NOTHING),
            signals.get(id, ()),
            learned,
            Portraits(buyers, fans.get(id), for_merchant) if buyers else NOBODY,
            free[id],
        )

    values = {id: value(*given(id)) for id in found if full_too or not free[id].full}
    best = sorted(values, key=lambda id: (-values[id], id))
    merchants = retrieval.merchants(task) if figures.turns_cap else 1
    since = now() - timedelta(days=NEW_DAYS)
    standings = [
        _standing(
            task,
            found[id],
            seen.get(id, retrieval.NOWHERE),
            free[id],
            sums[id],
            records.get(id, NOTHING),
            values[id],
            merchants,
            len(ids),
            since,
        )
        for id in best
    ]
    marked = turns.PAGE * figures.turns_marked_percent // 100 if limit >= turns.PAGE else 0
    places = {each.id: each for each in turns.arrange(standings, marked=marked, floor=figures.turns_floor)}
    best = _spread(list(places), queries.agencies(list(places)[: limit + 5 * AMONG_THE_FIRST]))[:limit]
    scores = {id: score(*given(id)) for id in best}
    top = list(scores.values())
    shown = profiles(best)
    expected = expect_for(shown, task)
    return [
        Match(
            shown[id],
            task,
            scores[id],
            against(scores[id], top),
            free[id],
            expected.get(id),
            moved(places[id], seen.get(id, retrieval.NOWHERE).rivals, free[id].at_once),
        )
        for id in best
        if id in shown
    ]


MOST_FULL = 100


def loosenings(task: Task, listed: int = 0) -> list[Way]:
    """For a brief whose list is empty or has only a few `listed`: what to change, and how many more that brings."""
    return ways(task, len(rank(task, MOST_FULL, full_too=True)) - listed)


def _standing(
    task: Task,
    profile: Offering,
    seen: retrieval.Seen,
    room: Room,
    sums: retrieval.Sums,
    record: Record,
    score: float,
    merchants: int,
    supply: int,
    since: datetime,
) -> turns.Standing:
    """Whom the merchant worked with never waits: they know each other."""
    cap = 0 if sums.pair > 0 else figures.turns_cap
    return turns.Standing(
        profile.party_id,
        score,
        seen.rivals,
        turns.limit(cap, room.at_once, merchants, supply),
        seen.lists,
        new=not sums.works and not record.n and profile.created_at > since,
        draw=crc32(task.id.bytes + profile.party_id.bytes),
    )


def _spread(best: list[UUID], agencies: dict[UUID, UUID]) -> list[UUID]:
    """Move members of an agency that has its places among the first back behind them, in their order."""
    first: list[UUID] = []
    later: list[UUID] = []
    taken: dict[UUID, int] = {}
    for id in best:
        agency = agencies.get(id)
        full = len(first) >= AMONG_THE_FIRST
        if not full and agency and taken.get(agency, 0) >= AT_MOST_OF_AN_AGENCY:
            later.append(id)
            continue
        if full and later:
            first += later
            later = []
        if agency:
            taken[agency] = taken.get(agency, 0) + 1
        first.append(id)
    return first + later


def fits(creator_id: UUID, tasks: Iterable[Task]) -> list[Match]:
    """How well each of these briefs suits the creator, in the given order."""
    profile = find_profile(creator_id)
    return _fits(profile, list(tasks)) if profile else []


def briefs_for(creator_id: UUID, limit: int = 20) -> list[Match]:
    """Open briefs for the creator, best first, by the same score."""
    profile = find_profile(creator_id)
    matches = _fits(profile, queries.open_briefs(profile)) if profile else []
    return sorted(matches, key=lambda match: (-match.score, match.task.id))[:limit]


def _fits(profile: Profile, tasks: Sequence[Task]) -> list[Match]:
    if not tasks:
        return []
    sums = retrieval.sums_of(profile, tasks)
    records = queries.records_by_category(profile.party_id)
    signals, learned = counting([profile.party_id]).get(profile.party_id, []), learning.in_use()
    fans = of_parties([profile.party_id], Whose.FANS).get(profile.party_id)
    buyers = of_parties({task.merchant_id for task in tasks}, Whose.BUYERS)
    mine = capacity.calendar_of(profile.party_id, calendar.this_week(), capacity.WINDOW)
    every = [
        score(
            task,
            profile,
            sums[task.id],
            records(task.category),
            signals,
            learned,
            Portraits(buyers.get(task.merchant_id), fans, for_merchant=False),
            capacity.room_of(mine[: capacity.weeks_until(task.deadline)]),
        )
        for task in tasks
    ]
    return [Match(profile, task, made, against(made, every)) for task, made in zip(tasks, every, strict=True)]


def portraits(task: Task, creator_id: UUID) -> tuple[Shown | None, Shown | None, Comparison | None]:
    """The brief's merchant's buyers, the creator's fans, and how alike they are. Whoever asks is the merchant."""
    buyers = of_parties([task.merchant_id], Whose.BUYERS).get(task.merchant_id)
    fans = of_parties([creator_id], Whose.FANS).get(creator_id)
    return buyers, fans, compare(buyers, fans) if buyers and fans else None


def note_shown(side: Side, matches: Sequence[Match], *, on_page: bool = False) -> None:
    """These were put before somebody, in this order; what became of them is learned from. What a person saw `on_page`
    counts for whose turn it is next."""
    shown = [(match.task, match.creator_id, match.made) for match in matches]
    learning.note(side, shown, on_page=on_page)
