"""Who stands in lists at all: coverage, Gini, recall and score with the product's rule of turns, against no rule.

Brands ask for creators one after another. The set is drawn: creators' popularity is Zipf's, one in twelve is new, and
who really took a brand's brief (nobody more than three) is known; everybody would stand in two lists if all stood in as
many. With `cap5` who is in five lists waits, `hard` is the cap without giving way before it, `floor` that the last two
places of a page belong to new and unseen creators; `product` is the rule as it is set: its cap is about the first ten
places only. With VTASK_MATCHING_DATA the same on the product's own lists for dated tasks (bench/matching.py), caps in the
same proportion.
Reference: the same lists without the rule. A round is a seed.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from statistics import fmean
from typing import Any
from uuid import UUID

import numpy as np

from bench.rounds import Result
from market.kit.figures import figures
from market.matching.turns import ABOVE_FAIR, FIRST, GIVES_WAY, Standing, Turn, arrange, limit

BRANDS, CREATORS, TOPICS = 300, 3_000, 24
TAKERS, TAKES = 6, 3
LIST = 20
NEW = 1 / 12
CANDIDATES, UNSEEN = 400, 40
MARKED = LIST * figures.turns_marked_percent // 100
FAIR = BRANDS * LIST / CREATORS


@dataclass(frozen=True)
class Rule:
    name: str
    cap: float = inf
    """In lists where FAIR is the mean."""
    marked: int = 0
    floor: int = 0
    gives_way: float = GIVES_WAY
    first: int = LIST
    """The places the cap is about."""


RULES = (
    Rule("none"),
    Rule("cap5_hard", 5, gives_way=0),
    Rule("cap5", 5),
    Rule("cap3", 3),
    Rule("cap2", 2),
    Rule("floor", inf, 2, 1),
    Rule("cap5_floor", 5, 2, 1),
    Rule("cap3_floor", 3, 2, 1),
    Rule("product", figures.turns_cap, MARKED, figures.turns_floor, first=FIRST),
)


@dataclass(frozen=True)
class World:
    """`scores` brands × creators, NaN for who is no candidate; `takers` are who really took each brand's brief."""

    scores: np.ndarray
    takers: list[set[int]]
    new: np.ndarray
    together: np.ndarray
    """Brands × creators: who worked for the brand before, and never waits."""


@dataclass(frozen=True)
class Outcome:
    coverage: float
    gini: float
    r20: float
    score: float
    marked: float
    """Share of the places that were marked for new or unseen ones."""


METRICS = ("coverage", "gini", "r20", "score")


def drawn(seed: int) -> World:
    """What the score knows is a noisy half of the truth; of new creators it does not know how popular they will be."""
    draw = np.random.default_rng(seed)
    taste = draw.standard_normal((CREATORS, TOPICS))
    asks = draw.standard_normal((BRANDS, TOPICS))
    fame = draw.permutation(-np.log(1 + np.arange(CREATORS)))
    fame = (fame - fame.mean()) / fame.std()
    new = draw.random(CREATORS) < NEW
    suits = asks @ taste.T / TOPICS**0.5
    wish = 2.2 * suits + 0.5 * fame + draw.gumbel(size=suits.shape)
    room = np.full(CREATORS, TAKES)
    takers: list[set[int]] = [set() for _brand in range(BRANDS)]
    for brand in draw.permutation(BRANDS).tolist():
        best = np.argpartition(-np.where(room > 0, wish[brand], -np.inf), TAKERS)[:TAKERS]
        room[best] -= 1
        takers[brand] = set(best.tolist())
    seen = suits + draw.normal(0, 0.6, suits.shape) + 0.2 * np.where(new, 0.0, fame)
    points = 12 * np.exp(0.6 * seen)
    return World(points / (points + 12), takers, new, np.zeros(points.shape, dtype=bool))


def told(path: str) -> World:
    """The product's own lists for the test part of dated tasks."""
    from bench import matching, tasks

    known = tasks.read(path)
    lists = matching.scored_lists(known)
    asked = tasks.asked(known)
    names = {
        name: at for at, name in enumerate(sorted({name for row in lists.values() for name, _score in row}))
    }
    scores = np.full((len(asked), len(names)), np.nan)
    for at, task in enumerate(asked):
        for name, score in lists[task.number]:
            scores[at, names[name]] = score
    takers = [{names[name] for name in task.experts if name in names} for task in asked]
    pairs = {(task.merchant, expert) for task in known[: tasks.cut(known)] for expert in task.experts}
    together = np.array([[(task.merchant, name) in pairs for name in names] for task in asked])
    return World(scores, takers, np.zeros(len(names), dtype=bool), together)


def shown(world: World, rule: Rule, seed: int) -> Outcome:
    """Brands in an order of chance, each with the turns as they then stand."""
    draw = np.random.default_rng(seed)
    brands, creators = world.scores.shape
    most = rule.cap / FAIR * brands * LIST / creators
    if rule.first < LIST:
        most = limit(figures.turns_cap, 1, brands, creators)
    lists, led = np.zeros(creators, dtype=int), np.zeros(creators, dtype=int)
    found, kept, marked = [], 0.0, 0
    for brand in draw.permutation(brands).tolist():
        scores = world.scores[brand]
        best = np.argsort(-scores, kind="stable")[: int(np.isfinite(scores).sum())]
        unseen = np.flatnonzero((lists < rule.floor) & np.isfinite(scores))
        chance = draw.permutation(unseen)[:UNSEEN]
        use = {*best[:CANDIDATES].tolist(), *chance.tolist()}
        lots = draw.integers(2**31, size=creators).tolist()
        ranked = [
            Standing(
                UUID(int=at),
                float(scores[at]),
                int(led[at]),
                inf if world.together[brand, at] else most,
                int(lists[at]),
                bool(world.new[at]),
                lots[at],
            )
            for at in best.tolist()
            if at in use
        ]
        places = arrange(
            ranked,
            marked=rule.marked,
            floor=rule.floor,
            first=rule.first,
            page=LIST,
            gives_way=rule.gives_way,
        )[:LIST]
        here = [place.id.int for place in places]
        lists[here] += 1
        led[here[: rule.first]] += 1
        marked += sum(place.turn in (Turn.NEW, Turn.UNSEEN) for place in places)
        kept += float(scores[here].sum())
        if world.takers[brand]:
            found.append(len(world.takers[brand] & set(here)) / len(world.takers[brand]))
    return Outcome(
        coverage=float((lists > 0).mean()),
        gini=gini(lists),
        r20=fmean(found),
        score=kept / lists.sum(),
        marked=marked / int(lists.sum()),
    )


def gini(lists: np.ndarray) -> float:
    """0: all stand in as many lists; 1: one stands in all."""
    held = np.sort(lists)
    n = len(held)
    return float((2 * np.arange(1, n + 1) - n - 1) @ held / (n * held.sum()))


def run(rounds: int) -> list[Result]:
    results = compared("exposure", drawn, rounds)
    path = os.environ.get("VTASK_MATCHING_DATA", "")
    if Path(path).is_file():
        world = told(path)
        results += compared("exposure_tasks", lambda _seed: world, rounds)
    return results


def compared(name: str, make: Callable[[int], World], rounds: int) -> list[Result]:
    outcomes: dict[str, list[Outcome]] = {rule.name: [] for rule in RULES}
    for seed in range(1, rounds + 1):
        world = make(seed)
        for rule in RULES:
            outcomes[rule.name].append(shown(world, rule, seed))
    plain = outcomes[RULES[0].name]
    return [
        Result(
            f"{name}_{rule}_{metric}",
            "the same lists without the rule",
            metric,
            _of(seeds, metric),
            _of(plain, metric),
            _said(seeds),
        )
        for rule, seeds in outcomes.items()
        if seeds is not plain
        for metric in METRICS
    ]


def _of(seeds: Sequence[Outcome], metric: str) -> list[float]:
    return [float(getattr(each, metric)) for each in seeds]


def _said(seeds: Sequence[Outcome]) -> dict[str, Any]:
    return {"marked": round(fmean(each.marked for each in seeds), 4)}


assert ABOVE_FAIR * FAIR == 5, "cap5 is what the product allows where creators are scarce"
