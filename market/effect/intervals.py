"""A regression of log counts whose 80 % interval holds in 80 % of later cases: split conformal prediction, scaled.

Three steps on works in the order of their dates: ridge regression of what is known of creator and work; how far this
creator's earlier works lay above or below it, drawn towards zero when they are few; and a spread that shrinks with what
is known of the creator. The bounds are the spread times quantiles of the errors on works the regression has not seen.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from market.accounts.vocabulary import CATEGORIES, Format

INSIDE = 0.8
"""The share of later works that shall lie between the bounds."""
FITTED, CALIBRATED = 0.6, 0.8
"""The oldest 60 % fit, the next 20 % calibrate, the newest 20 % say how well it held."""
FEW = 2.0
"""A creator's own level counts n / (n + FEW)."""
RIDGE = 1.0

Vector = NDArray[np.float64]


class Known(Protocol):
    """A work as the model sees it; price_fen None when unknown."""

    @property
    def creator_id(self) -> Any: ...
    @property
    def category(self) -> str: ...
    @property
    def format(self) -> Format: ...
    @property
    def price_fen(self) -> int | None: ...
    @property
    def fans(self) -> int: ...
    @property
    def level(self) -> int: ...


class Seen(Known, Protocol):
    """A work whose outcome is known."""

    @property
    def at(self) -> datetime: ...
    @property
    def plays(self) -> int: ...
    @property
    def interactions(self) -> int: ...


@dataclass(frozen=True)
class Range:
    """Low and high bound INSIDE of all cases lie between, and the middle."""

    low: float
    mid: float
    high: float

    def per(self, amount: float, units: int = 1) -> "Range":
        """What `units` of this cost when the whole costs `amount`: many are cheap, so the bounds change places."""
        return Range(*(amount * units / max(1.0, each) for each in (self.high, self.mid, self.low)))


def features(work: Known) -> list[float]:
    price = work.price_fen
    return [
        1.0,
        math.log1p(work.fans) - 10,
        work.level / 6,
        math.log(price / 100) - 7 if price else 0.0,
        0.0 if price else 1.0,
        *(float(work.format == each) for each in Format),
        *(float(work.category == each) for each in CATEGORIES),
    ]


def table(works: Sequence[Known]) -> Vector:
    return np.array([features(work) for work in works], dtype=float)


def log_counts(works: Sequence[Seen], what: str) -> Vector:
    return np.asarray(np.log1p(np.array([getattr(work, what) for work in works], dtype=float)))


@dataclass(frozen=True)
class Fitted:
    """One target's numbers. `lower` and `upper` are in units of the spread."""

    base: Vector
    own: float
    shift: float
    spread: Vector
    lower: float
    upper: float

    @classmethod
    def of(cls, saved: Mapping[str, Any]) -> "Fitted":
        return cls(
            np.array(saved["base"]),
            saved["own"],
            saved["shift"],
            np.array(saved["spread"]),
            saved["lower"],
            saved["upper"],
        )

    def saved(self) -> dict[str, Any]:
        return {
            "base": [round(float(x), 6) for x in self.base],
            "own": self.own,
            "shift": self.shift,
            "spread": [round(float(x), 6) for x in self.spread],
            "lower": self.lower,
            "upper": self.upper,
        }

    def middle(self, x: Vector, own: Vector) -> Vector:
        return np.asarray(x @ self.base + self.own * own + self.shift)

    def scale(self, n: Vector) -> Vector:
        return np.asarray(np.exp(np.stack([np.ones_like(n), 1 / (1 + n)], axis=1) @ self.spread))

    def ranges(self, x: Vector, own: Vector, n: Vector) -> list[Range]:
        mid, scale = self.middle(x, own), self.scale(n)
        rows = np.expm1(np.stack([mid - self.lower * scale, mid, mid + self.upper * scale], axis=1))
        return [Range(*(max(0.0, float(each)) for each in row)) for row in rows]


def own_levels(works: Sequence[Known], residuals: Vector) -> tuple[Vector, Vector]:
    """For each work, from the creator's works before it: the drawn-in mean of their residuals, and how many they were."""
    sums: dict[Any, float] = {}
    counts: dict[Any, int] = {}
    level, n = np.zeros(len(works)), np.zeros(len(works))
    for at, work in enumerate(works):
        n[at] = counts.get(work.creator_id, 0)
        level[at] = drawn_in(sums.get(work.creator_id, 0.0), int(n[at]))
        sums[work.creator_id] = sums.get(work.creator_id, 0.0) + float(residuals[at])
        counts[work.creator_id] = counts.get(work.creator_id, 0) + 1
    return level, n


def drawn_in(total: float, n: int) -> float:
    return total / (n + FEW)


def fit(works: Sequence[Seen], what: str, fitted: int) -> Fitted:
    """Fit on the first `fitted` works, calibrate on the rest. `works` are in the order of their dates."""
    x, y = table(works), log_counts(works, what)
    head = x[:fitted]
    penalty = RIDGE * np.eye(x.shape[1])
    penalty[0, 0] = 1e-6
    base = np.asarray(np.linalg.solve(head.T @ head + penalty, head.T @ y[:fitted]), dtype=np.float64)
    residual = y - x @ base
    level, n = own_levels(works, residual)
    squares = float(level[:fitted] @ level[:fitted])
    own = min(1.5, max(0.0, float(level[:fitted] @ residual[:fitted]) / max(1e-9, squares)))
    left = residual - own * level
    shift = float(np.median(left[:fitted]))
    left = left - shift
    known = np.stack([np.ones(fitted), 1 / (1 + n[:fitted])], axis=1)
    size = np.log(np.abs(left[:fitted]) + 0.05)
    spread = np.asarray(np.linalg.lstsq(known, size, rcond=None)[0], dtype=np.float64)
    made = Fitted(base, own, shift, spread, 0.0, 0.0)
    errors = left[fitted:] / made.scale(n[fitted:])
    tail = (1 - INSIDE) / 2
    return Fitted(base, own, shift, spread, _bound(-errors, tail), _bound(errors, tail))


def _bound(errors: Vector, tail: float) -> float:
    """The quantile that all but `tail` of new errors stay below, for so many calibrating cases."""
    ordered = np.sort(errors)
    rank = min(len(ordered), math.ceil((1 - tail) * (len(ordered) + 1)))
    return float(ordered[rank - 1])


def inside(made: Fitted, works: Sequence[Seen], what: str, start: int) -> tuple[float, float]:
    """Of the works from `start` on: the share that lay between the bounds, and the mean ratio of high to low bound."""
    x, y = table(works), log_counts(works, what)
    level, n = own_levels(works, y - x @ made.base)
    error = (y - made.middle(x, level))[start:]
    scale = made.scale(n[start:])
    held = (error >= -made.lower * scale) & (error <= made.upper * scale)
    return float(held.mean()), float(np.exp((made.lower + made.upper) * scale).mean())
