"""From sums of views to a score. Pure: no database, no clock.

A film is compared with what is usual in its brief's category on the very surfaces where it was seen: a film that mostly
starts by itself on a grid is not measured by one that people opened. Small numbers are drawn towards the usual: it is
as if STRENGTH usual plays stood in every film's sums. 50 is what is usual.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

STRENGTH = 100
"""Plays at the usual rate that every film is given."""
ENOUGH = 500
"""Plays a category needs on a surface to have a usual of its own; below, all categories together are taken."""
WEIGHTS = {"finish": 5, "play5": 3, "fit": 2}
RED_PLAYS, RED_SCORE = 100, 65
LOW_PLAYS, LOW_SCORE = 300, 25
"""From so many plays on a film may stand on a list: nobody is warned about a few unlucky viewers."""


class Mark(StrEnum):
    """Where a film stands."""

    RED = "red"
    PLAIN = "plain"
    LOW = "low"


@dataclass(frozen=True)
class Seen:
    """Sums of one film on one surface."""

    surface: str
    plays: int
    plays5: int
    finishes: int


@dataclass(frozen=True)
class Score:
    """0…100 and what it is made of; `…_pct` is percent of the usual, 100 is usual. None: nothing to say."""

    plays: int
    plays5: int
    finishes: int
    finish_pct: int
    play5_pct: int
    fit_pct: int | None
    score: int

    @property
    def mark(self) -> Mark:
        if self.plays >= RED_PLAYS and self.score >= RED_SCORE:
            return Mark.RED
        return Mark.LOW if self.plays >= LOW_PLAYS and self.score <= LOW_SCORE else Mark.PLAIN


class Usual:
    """The share of plays that reach five seconds, and the end, by category and surface."""

    def __init__(self, films: Iterable[tuple[str, Seen]]) -> None:
        self._sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
        for category, seen in films:
            for key in ((category, seen.surface), ("", seen.surface)):
                for at, number in enumerate((seen.plays, seen.plays5, seen.finishes)):
                    self._sums[key][at] += number

    def rates(self, category: str, surface: str) -> tuple[float, float]:
        """Of five seconds and of the end; 0 where nobody played anything."""
        sums = self._sums.get((category, surface), [0, 0, 0])
        if sums[0] < ENOUGH:
            sums = self._sums.get(("", surface), sums)
        plays, plays5, finishes = sums
        return (plays5 / plays, finishes / plays) if plays else (0.0, 0.0)


def score(category: str, seen: Iterable[Seen], usual: Usual, fit_pct: int | None) -> Score | None:
    """`fit_pct`: how many of a hundred of the film's products are of its brief's category. None without a play."""
    rows = list(seen)
    plays = sum(row.plays for row in rows)
    if not plays:
        return None
    plays5, finishes = sum(row.plays5 for row in rows), sum(row.finishes for row in rows)
    rates = [(row.plays, *usual.rates(category, row.surface)) for row in rows]
    parts = {
        "play5": _beside(plays5, sum(n * rate for n, rate, _ in rates) / plays, plays),
        "finish": _beside(finishes, sum(n * rate for n, _, rate in rates) / plays, plays),
        "fit": fit_pct,
    }
    return Score(plays, plays5, finishes, parts["finish"] or 0, parts["play5"] or 0, fit_pct, _weigh(parts))


def _beside(number: int, usual: float, plays: int) -> int:
    """Percent of the usual rate, smoothed; what nowhere happens at all is as usual everywhere."""
    if not usual:
        return 100
    return round(100 * (number + STRENGTH * usual) / ((plays + STRENGTH) * usual))


def _weigh(parts: Mapping[str, int | None]) -> int:
    """What cannot be said has no weight. Twice the usual is the most that counts."""
    said = {name: min(pct, 200) / 2 for name, pct in parts.items() if pct is not None}
    return round(
        sum(WEIGHTS[name] * part for name, part in said.items()) / sum(WEIGHTS[name] for name in said)
    )
