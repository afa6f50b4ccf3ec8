"""Small trees over the points of a score (scoring.TERMS): which of a list a merchant would rather choose. Pure; fitted in a
job by challenger.py, read here without a library.

What the trees say is told term by term: at every split the expected answer moves, and the move belongs to the term that
split (Saabas 2014, "Interpreting random forests"). The moves add up to the answer, so reasons stay the score itself.
"""

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

LEAF = -1


class Tree(NamedTuple):
    """By node, the root first: the term it splits by (LEAF: by none), below what one goes left, where to, and the answer
    that is expected there."""

    term: tuple[int, ...]
    below: tuple[float, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    expected: tuple[float, ...]


@dataclass(frozen=True)
class Forest:
    """`shift` moves the answers to where fits are read: fit = 1 / (1 + e^-(shift + answer))."""

    trees: tuple[Tree, ...]
    shift: float

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> "Forest":
        trees = (Tree(*(tuple(column) for column in columns)) for columns in told["trees"])
        return cls(tuple(trees), told["shift"])

    def as_json(self) -> dict[str, Any]:
        return {"trees": [[list(column) for column in tree] for tree in self.trees], "shift": self.shift}

    @cached_property
    def start(self) -> float:
        """The answer for somebody of whom nothing is known yet."""
        return math.fsum(tree.expected[0] for tree in self.trees)

    def answer(self, points: Sequence[float]) -> float:
        row = array("f", points)  # thresholds lie between numbers of this size
        total = 0.0
        for term, below, left, right, expected in self.trees:
            at = 0
            while (split := term[at]) != LEAF:
                at = left[at] if row[split] < below[at] else right[at]
            total += expected[at]
        return total

    def fit(self, points: Sequence[float]) -> float:
        """0..1."""
        return 1 / (1 + math.exp(-(self.shift + self.answer(points))))

    def effects(self, points: Sequence[float]) -> list[float]:
        """How far each term moved the answer from `start`; start + the sum of these is `answer`."""
        row = array("f", points)
        moved = [0.0] * len(row)
        for term, below, left, right, expected in self.trees:
            at = 0
            while (split := term[at]) != LEAF:
                to = left[at] if row[split] < below[at] else right[at]
                moved[split] += expected[to] - expected[at]
                at = to
        return moved
