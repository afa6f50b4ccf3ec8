"""LambdaRank on what merchants chose from their lists: fitted on the older lists, judged on the newer beside the order that
is in use. Pure.

A merchant's choice is learned from the same points that are added up to the fit (scoring.TERMS). More points may never put
anybody further back; the acceptance is multiplied as ever, for a list is for both sides.
"""

import json
import math
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from market.matching.forest import LEAF, Forest, Tree
from market.matching.scoring import TERMS

FITTED = 0.8
"""The older part of the lists, by time, is fitted on; what is shown was measured on the rest."""
TREES, DEPTH, PACE = 60, 3, 0.1
FIRST = 10
"""NDCG looks at so many places, the new merchants' recall too."""
CHOSEN = 2
"""From this grade on a creator was chosen: 1 opened, 2 invited, 3 awarded."""
LEAST_BRIEFS = 30
"""With fewer later lists nothing is called clear."""

Fit = Callable[[Sequence[float]], float]
Points = Sequence[Sequence[float]]


class Shown(NamedTuple):
    """A brief's list as its merchant saw it: for each creator the points by term, the acceptance, and what came of it."""

    merchant_id: UUID
    points: Points
    acceptance: Sequence[float]
    grades: Sequence[int]


@dataclass(frozen=True)
class Compared:
    """Mean NDCG@10 over the same later lists, and the paired gain with its standard error; the share of a new merchant's
    chosen among the first ten, None where no later list is a new merchant's."""

    on: int
    present: float
    candidate: float
    gain: float
    error: float
    new: int
    new_present: float | None
    new_candidate: float | None

    @property
    def is_clear(self) -> bool:
        """New merchants, of whom trees know least, must not be worse off."""
        falls = self.new_present is not None and (self.new_candidate or 0.0) < self.new_present
        return self.on >= LEAST_BRIEFS and self.gain >= 2 * self.error > 0 and not falls


def fit(lists: Sequence[Shown], as_before: Fit) -> Forest:
    """Trees by LambdaRank (Burges 2010), moved so that fits are on the whole as high as they were."""
    trees = trees_of(trained(lists))
    rows = [row for each in lists for row in each.points]
    answers = np.asarray([Forest(trees, 0.0).answer(row) for row in rows])
    return Forest(trees, _shift(answers, fmean(map(as_before, rows))))


def trained(lists: Sequence[Shown]) -> Any:
    """The library's own model."""
    import xgboost  # takes half a second to load, and only this job needs it

    x = np.asarray([row for each in lists for row in each.points], dtype=np.float32)
    grades = [grade for each in lists for grade in each.grades]
    data = xgboost.DMatrix(x, label=grades)
    data.set_group([len(each.grades) for each in lists])
    settings = {
        "objective": "rank:ndcg",
        "lambdarank_pair_method": "topk",
        "lambdarank_num_pair_per_sample": FIRST,
        "max_depth": DEPTH,
        "eta": PACE,
        "min_child_weight": 1.0,
        "monotone_constraints": "(" + ",".join("1" for _term in TERMS) + ")",
        "tree_method": "hist",
        "base_score": 0.0,
        "seed": 1,
        "nthread": 1,
        "verbosity": 0,
    }
    return xgboost.train(settings, data, num_boost_round=TREES)


def trees_of(model: Any) -> tuple[Tree, ...]:
    told = json.loads(model.save_raw("json"))
    return tuple(_tree(each) for each in told["learner"]["gradient_booster"]["model"]["trees"])


def _tree(told: dict[str, Any]) -> Tree:
    """A tree of the library's file."""
    ends = told["left_children"]
    term = [LEAF if end == -1 else split for end, split in zip(ends, told["split_indices"], strict=True)]
    value = array("f", told["split_conditions"])  # written with fewer digits than a double would have
    return Tree(tuple(term), tuple(value), tuple(ends), tuple(told["right_children"]))


def _shift(answers: NDArray[np.float64], mean: float) -> float:
    low, high = -30.0, 30.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        too_low = float((1 / (1 + np.exp(-(answers + middle)))).mean()) < mean
        low, high = (middle, high) if too_low else (low, middle)
    return round(high, 4)


def judge(later: Sequence[Shown], known: set[UUID], present: Fit, candidate: Fit) -> Compared:
    """Both on the same lists. `known` are the merchants whose lists were fitted on."""
    before, after = ([ndcg(each, way) for each in later] for way in (present, candidate))
    gains = [mine - other for mine, other in zip(after, before, strict=True)]
    new = [each for each in later if each.merchant_id not in known and max(each.grades) >= CHOSEN]
    return Compared(
        on=len(later),
        present=fmean(before),
        candidate=fmean(after),
        gain=fmean(gains),
        error=stdev(gains) / math.sqrt(len(gains)) if len(gains) > 1 else 0.0,
        new=len(new),
        new_present=fmean(recall(each, present) for each in new) if new else None,
        new_candidate=fmean(recall(each, candidate) for each in new) if new else None,
    )


def order(shown: Shown, way: Fit) -> list[int]:
    """Places of the list in the order that `way` gives it; what is equal stays as it was."""
    values = [way(row) * yes for row, yes in zip(shown.points, shown.acceptance, strict=True)]
    return sorted(range(len(values)), key=lambda at: -values[at])


def ndcg(shown: Shown, way: Fit) -> float:
    """NDCG@10 with gains of 2^grade - 1 (Järvelin and Kekäläinen 2002)."""

    def sum_of(grades: Sequence[int]) -> float:
        return math.fsum((2**grade - 1) / math.log2(at + 2) for at, grade in enumerate(grades[:FIRST]))

    return sum_of([shown.grades[at] for at in order(shown, way)]) / sum_of(sorted(shown.grades, reverse=True))


def recall(shown: Shown, way: Fit) -> float:
    chosen = {at for at, grade in enumerate(shown.grades) if grade >= CHOSEN}
    return len(chosen & set(order(shown, way)[:FIRST])) / len(chosen)
