"""A logistic model of who says yes to an invitation: fitted on the older answers, judged on the newer. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from market.matching.scoring import HAND

FITTED = 0.8
"""The older part, by time, is fitted on; what is shown was measured on the rest."""
PRIOR = 2.0
"""How strongly weights are held to those the code began with: as by this many answers. With few answers little moves."""
ROUNDS = 50

LEAST_BRIEFS = 10
"""With answers to fewer briefs their error is not known well enough to call anything clear."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Judged:
    """Mean loss (nats per invitation) of both on the same later answers, and the paired gain with its standard error,
    answers to one brief taken together."""

    on: int
    briefs: int
    present: float
    candidate: float
    gain: float
    error: float

    @property
    def is_clear(self) -> bool:
        return self.briefs >= LEAST_BRIEFS and self.gain >= 2 * self.error > 0


def table(signs: Sequence[Sequence[float]]) -> Numbers:
    """A constant before each row of signs."""
    rows = np.asarray(signs, dtype=float).reshape(len(signs), -1)
    return np.column_stack([np.ones(len(rows)), rows])


def fit(x: Numbers, said_yes: Numbers) -> Numbers:
    """The weights of the highest posterior, by Newton's method with halved steps."""
    start = np.asarray(HAND, dtype=float)
    weights = start.copy()

    def cost(at: Numbers) -> float:
        return float(losses(x, said_yes, at).sum() + PRIOR / 2 * ((at - start) ** 2).sum())

    for _ in range(ROUNDS):
        p = chances(x, weights)
        slope = x.T @ (p - said_yes) + PRIOR * (weights - start)
        bend = (x * (p * (1 - p))[:, None]).T @ x + PRIOR * np.eye(len(weights))
        step, length, here = np.linalg.solve(bend, slope), 1.0, cost(weights)
        while cost(weights - length * step) > here and length > 1e-6:
            length /= 2
        weights = weights - length * step
        if np.abs(step).max() < 1e-8:
            break
    return weights


def chances(x: Numbers, weights: Numbers) -> Numbers:
    return np.asarray(1 / (1 + np.exp(-np.clip(x @ weights, -30, 30))))


def losses(x: Numbers, said_yes: Numbers, weights: Numbers) -> Numbers:
    p = chances(x, weights)
    return np.asarray(-(said_yes * np.log(p) + (1 - said_yes) * np.log1p(-p)))


def judge(
    x: Numbers, said_yes: Numbers, briefs: Sequence[object], present: Numbers, candidate: Numbers
) -> Judged:
    """Both on the same answers. Two answers to one brief are not two witnesses: the error is that of whole briefs."""
    mine, other = losses(x, said_yes, candidate), losses(x, said_yes, present)
    better = other - mine
    gain = float(better.mean())
    sums: dict[object, float] = {}
    for brief, each in zip(briefs, better, strict=True):
        sums[brief] = sums.get(brief, 0.0) + float(each) - gain
    n = len(sums)
    within = sum(each * each for each in sums.values()) * n / max(1, n - 1)
    alone = float(
        ((better - gain) ** 2).sum()
    )  # of a single brief: as if its answers knew nothing of each other
    error = float(np.sqrt(within if n > 1 else alone) / len(better))
    return Judged(len(better), len(sums), float(other.mean()), float(mine.mean()), gain, error)
