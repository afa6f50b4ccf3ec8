"""Made-up creators as our own counting sees them, for the traffic signals: whose plays are honest, and whose were bought.

Among the honest: small ones, films that went round with fewer watchers than usual, a shop's day in the venue, loud titles,
films that are always left early, viewers who swipe on within a second, links posted every evening, and a film that went
round and stalled for most, which little here tells from a bought one. Among the bought: starts without a view, browsers that
open and leave, drips, scripts that play five seconds, in bursts or around the clock, and scripts that do all a viewer does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

import numpy as np
from numpy.typing import NDArray

from market.traffic.counted import COUNTED_DAYS, CountedDay, Sums, counted_days
from market.traffic.models import SignalKind

LAST = date(2026, 11, 20)
EACH = 16
BASES = {"player": 0.6, "discover": 0.4, "venue": 0.3}
"""Share of plays that is watched."""
CATEGORIES = ("outdoor", "beauty", "food")
LEAST_PLAYS = 30
Draw = np.random.Generator


@dataclass(frozen=True)
class Told:
    """`bought`: the kinds that should be found."""

    story: str
    sums: list[Sums]
    hours: dict[date, list[int]]
    bought: frozenset[SignalKind]


class Counter:
    """An ordinary creator's films, and what a story changes in them."""

    def __init__(self, draw: Draw, category: str) -> None:
        self.draw, self.category = draw, category
        self.size = float(np.exp(draw.normal(4.5, 1.3)))
        self.appeal = draw.normal(0, 0.45)
        # A film is new every few days, and is played less and less.
        since = (np.arange(COUNTED_DAYS) + draw.integers(0, 9)) % int(draw.integers(4, 10))
        self.amount = (
            self.size * (0.5 + 1.2 * np.exp(-since / 2.5)) * np.exp(draw.normal(0, 0.35, COUNTED_DAYS))
        )
        self.swiped = draw.uniform(0.02, 0.12)
        self.rows: list[Sums] = []
        self.hours = np.zeros((COUNTED_DAYS, 24), dtype=int)
        self.clock = np.array([0.5, 0.3, 0.2, 0.15, 0.15, 0.2, 0.5, 1, 1.4, 1.5, 1.5, 1.8] * 2, dtype=float)
        self.clock[12:] = [2.2, 1.8, 1.5, 1.4, 1.5, 1.7, 2.1, 2.6, 3.0, 3.2, 2.6, 1.4]
        self.clock *= np.exp(draw.normal(0, 0.25, 24))

    def recent(self, n: int) -> NDArray[np.int64]:
        return COUNTED_DAYS - 1 - self.draw.choice(20, size=n, replace=False)

    def share(self, surface: str, times: float = 1.0) -> float:
        base = BASES[surface]
        logit = np.log(base / (1 - base)) + self.appeal + self.draw.normal(0, 0.2)
        return float(min(0.97, times / (1 + np.exp(-logit))))

    def play(
        self, at: int, n: float, surface: str, *, times: float = 1.0, swiped: float | None = None
    ) -> None:
        """`times`: of the usual share that watches. `swiped`: of the plays, without an exposure."""
        plays = int(self.draw.poisson(max(0.0, n)))
        watched = int(self.draw.binomial(plays, self.share(surface, times)))
        # A film stands in other people's grids too: what was shown and not played hides some of what was not shown.
        shown = int(self.draw.binomial(plays, 1 - (self.swiped if swiped is None else swiped)))
        shown += int(self.draw.poisson(plays * (1.5 if surface == "discover" and swiped is None else 0.02)))
        self.add(at, surface, plays, watched, max(0, plays - shown))

    def add(self, at: int, surface: str, plays: int, watched: int, unseen: int) -> None:
        day = LAST - timedelta(days=COUNTED_DAYS - 1 - at)
        self.rows.append(Sums(day, self.category, surface, plays, watched, unseen))

    def usual_days(self) -> None:
        for at, n in enumerate(self.amount):
            self.play(at, n * 0.6, "player")
            self.play(at, n * 0.4, "discover")
            self.spread(at, n)

    def spread(self, at: int, n: float, fades: float | None = None) -> None:
        since = (np.arange(24) - self.draw.integers(7, 21)) % 24
        tail = np.exp(-since / (fades or self.draw.uniform(3, 8)))
        shape = tail if fades else self.clock * (1 + self.draw.uniform(0, 4) * tail)
        self.hours[at] += self.draw.multinomial(int(n), shape / shape.sum())

    def told(self, story: str, *bought: SignalKind) -> Told:
        first = LAST - timedelta(days=COUNTED_DAYS - 1)
        hours = {first + timedelta(days=at): [int(n) for n in row] for at, row in enumerate(self.hours)}
        return Told(story, self.rows, hours, frozenset(bought))


def steady(it: Counter) -> Told:
    it.usual_days()
    return it.told("honest here: steady")


def small(it: Counter) -> Told:
    it.amount *= it.draw.uniform(2, 20) / it.size
    it.usual_days()
    return it.told("honest here: small")


def _round(it: Counter, low: float, high: float) -> None:
    it.usual_days()
    at = int(it.recent(1)[0])
    most = max(400.0, it.size * it.draw.uniform(4, 40))
    for step, part in enumerate((1, 0.5, 0.25, 0.1)):
        if at + step < COUNTED_DAYS:
            it.play(at + step, most * part, "player", times=it.draw.uniform(low, high))
            it.spread(at + step, most * part)


def went_round(it: Counter) -> Told:
    _round(it, 0.6, 1.1)
    return it.told("honest here: a film went round")


def loud_title(it: Counter) -> Told:
    _round(it, 0.4, 0.65)
    return it.told("honest here: a loud title went round")


def small_hit(it: Counter) -> Told:
    it.amount *= it.draw.uniform(2, 20) / it.size
    it.size = float(it.draw.uniform(50, 200))
    _round(it, 0.6, 1.1)
    return it.told("honest here: small, one film went round")


def left_early(it: Counter) -> Told:
    it.appeal -= 2.2
    _round(it, 0.7, 1.1)
    return it.told("honest here: films always left early")


def campaign(it: Counter) -> Told:
    it.usual_days()
    at = int(it.recent(1)[0])
    came = max(500.0, it.size * it.draw.uniform(5, 30))
    it.play(at, came, "venue", swiped=it.draw.uniform(0.05, 0.2))
    it.play(at, came * 0.3, "player", times=it.draw.uniform(0.5, 0.9))
    it.spread(at, came, fades=1.0)
    return it.told("honest here: a shop's campaign day")


def swiping(it: Counter) -> Told:
    it.swiped = it.draw.uniform(0.2, 0.35)
    _round(it, 0.6, 1.0)
    return it.told("honest here: viewers who swipe on")


def evening_links(it: Counter) -> Told:
    it.usual_days()
    for at in it.recent(6):
        n = max(200.0, it.size * it.draw.uniform(2, 4))
        it.play(int(at), n, "player", times=it.draw.uniform(0.6, 1.0))
        it.spread(int(at), n, fades=it.draw.uniform(1.5, 4))
    return it.told("honest here: links in the evening")


def stalled(it: Counter) -> Told:
    """A film that does not load at all is not counted as played; one that stops after a second is, and half to nine in ten
    viewers had that."""
    _round(it, 0.1, 0.5)
    return it.told("honest here: went round and stalled")


def bought_starts(it: Counter) -> Told:
    it.usual_days()
    for at in it.recent(int(it.draw.integers(1, 4))):
        n = int(max(500.0, it.size * it.draw.uniform(4, 20)))
        it.add(int(at), "player", n, 0, n)
        it.spread(int(at), n)
    return it.told("bought here: starts without a view", SignalKind.UNWATCHED, SignalKind.UNSEEN)


def bought_visits(it: Counter) -> Told:
    it.usual_days()
    for at in it.recent(int(it.draw.integers(1, 4))):
        n = max(400.0, it.size * it.draw.uniform(3, 15))
        it.play(int(at), n, "player", times=it.draw.uniform(0, 0.25))
        it.spread(int(at), n)
    return it.told("bought here: browsers that open and leave", SignalKind.UNWATCHED)


def bought_drip(it: Counter) -> Told:
    it.usual_days()
    for at in range(COUNTED_DAYS - 15, COUNTED_DAYS - 1):
        n = max(150.0, it.size * it.draw.uniform(1, 5))
        it.play(at, n, "player", times=it.draw.uniform(0, 0.15))
        it.spread(at, n)
    return it.told("bought here: browsers, by the day", SignalKind.UNWATCHED)


def bought_five_seconds(it: Counter) -> Told:
    it.usual_days()
    for at in it.recent(int(it.draw.integers(2, 6))):
        n = int(max(300.0, it.size * it.draw.uniform(1, 10)))
        it.add(int(at), "player", n, int(n * it.draw.uniform(0.5, 1)), n)
        it.spread(int(at), n)
    return it.told("bought here: five seconds without a view", SignalKind.UNSEEN)


def bought_bursts(it: Counter) -> Told:
    it.usual_days()
    for at in it.recent(int(it.draw.integers(3, 8))):
        n = max(200.0, it.size * it.draw.uniform(1.5, 10))
        it.play(int(at), n, "player")
        it.spread(int(at), n, fades=0.6)
    return it.told("bought here: whole views in bursts", SignalKind.PACE)


def bought_around_the_clock(it: Counter) -> Told:
    it.usual_days()
    for at in range(COUNTED_DAYS - 28, COUNTED_DAYS):
        n = max(800.0, it.size * it.draw.uniform(3, 8))
        it.play(at, n, "player")
        it.hours[at] += it.draw.poisson(n / 24, 24)
    return it.told("bought here: whole views around the clock", SignalKind.PACE)


def bought_like_viewers(it: Counter) -> Told:
    """All that a viewer does, at a viewer's hours: nothing that is counted tells them apart."""
    it.usual_days()
    for at in it.recent(4):
        n = max(300.0, it.size * it.draw.uniform(2, 6))
        it.play(int(at), n, "player")
        it.spread(int(at), n)
    return it.told("bought here: like viewers in everything", SignalKind.PACE)


STORIES: list[Callable[[Counter], Told]] = [
    steady, steady, small, small, went_round, loud_title, small_hit, left_early, campaign, swiping, evening_links, stalled,
    bought_starts, bought_visits, bought_drip, bought_five_seconds, bought_bursts, bought_around_the_clock,
    bought_like_viewers,
]  # fmt: skip


def usual_shares(told: Sequence[Told]) -> dict[tuple[str, str], float]:
    """As `queries.usual_shares` has it of the tables: the median of the creators' shares."""
    found: dict[tuple[str, str], list[float]] = {}
    for each in told:
        of: dict[tuple[str, str], list[int]] = {}
        for row in each.sums:
            for key in ((row.category, row.surface), ("", row.surface)):
                own = of.setdefault(key, [0, 0])
                own[0] += row.plays
                own[1] += row.watched
        for key, (plays, watched) in of.items():
            if plays >= LEAST_PLAYS:
                found.setdefault(key, []).append(watched / plays)
    return {key: median(each) for key, each in found.items() if len(each) >= 8}


def days_of(each: Told, shares: Mapping[tuple[str, str], float]) -> list[CountedDay]:
    return counted_days(each.sums, each.hours, shares, until=LAST)


def world(seed: int, each: int = EACH) -> list[tuple[Told, list[CountedDay]]]:
    draw = np.random.default_rng(seed)
    told = [story(Counter(draw, CATEGORIES[at % 3])) for story in STORIES for at in range(each)]
    shares = usual_shares(told)
    return [(one, days_of(one, shares)) for one in told]
