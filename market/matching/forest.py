"""Small trees over the points of a score (scoring.TERMS): which of a list a merchant would rather choose. Pure; fitted in a
job by challenger.py, read here without a library.

What the trees say is divided among the terms by Shapley values against nobody's points: all zero (Sundararajan and Najmi
2020; by walking each tree for both at once, Lundberg and others 2020). The parts add up to the answer, and since more points
never put anybody back, a term with points never has a part below nought. So reasons stay the score itself.
"""

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

LEAF = -1


class Tree(NamedTuple):
    """By node, the root first: the term it splits by (LEAF: by none), what one goes left below or what a leaf answers, and
    where to."""

    term: tuple[int, ...]
    value: tuple[float, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]


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
        """The answer for somebody without a point."""
        terms = 1 + max((max(tree.term) for tree in self.trees), default=LEAF)
        return self.answer([0.0] * terms)

    def answer(self, points: Sequence[float]) -> float:
        row = array("f", points)  # thresholds lie between numbers of this size
        total = 0.0
        for term, value, left, right in self.trees:
            at = 0
            while (split := term[at]) != LEAF:
                at = left[at] if row[split] < value[at] else right[at]
            total += value[at]
        return total

    def fit(self, points: Sequence[float]) -> float:
        """0..1."""
        return 1 / (1 + math.exp(-(self.shift + self.answer(points))))

    def effects(self, points: Sequence[float]) -> list[float]:
        """Each term's part of what sets the answer off from `start`; start + the sum of these is `answer`."""
        row = array("f", points)
        parts = [0.0] * len(row)
        for tree in self.trees:
            _divide(tree, 0, row, (), (), parts)
        return parts


def _divide(
    tree: Tree,
    at: int,
    row: Sequence[float],
    mine: tuple[int, ...],
    nobodys: tuple[int, ...],
    parts: list[float],
) -> None:
    """Walk as the row goes and as nobody goes. Where they part, the term was decided by the row (`mine`) on one way and by
    nobody on the other; a leaf is met by the subsets of terms that hold all of `mine` and none of `nobodys`."""
    split = tree.term[at]
    if split == LEAF:
        here, there = len(mine), len(nobodys)
        if here:
            share = tree.value[at] / (here * math.comb(here + there, here))
            for each in mine:
                parts[each] += share
        if there:
            share = tree.value[at] / (there * math.comb(here + there, there))
            for each in nobodys:
                parts[each] -= share
        return
    left, right = tree.left[at], tree.right[at]
    so = left if row[split] < tree.value[at] else right
    otherwise = left if tree.value[at] > 0 else right
    if so == otherwise or split in mine:
        _divide(tree, so, row, mine, nobodys, parts)
    elif split in nobodys:
        _divide(tree, otherwise, row, mine, nobodys, parts)
    else:
        _divide(tree, so, row, (*mine, split), nobodys, parts)
        _divide(tree, otherwise, row, mine, (*nobodys, split), parts)
