"""One gate for every state machine: a table of moves, and a refusal for the rest."""

from collections.abc import Mapping, Set
from enum import StrEnum
from typing import TypeVar

from market.kit.errors import Conflict
from market.kit.words import N_

S = TypeVar("S", bound=StrEnum)


class IllegalMove(Conflict):
    """The thing is no longer in a state from which this can be done."""

    title = N_("状态已改变")
    text = N_("现在的状态（%(old)s）不能变为“%(new)s”，请刷新后再看。")


def move(old: S, new: S, moves: Mapping[S, Set[S]]) -> S:
    """`new`, if the table lets `old` go there. Raises IllegalMove."""
    if new not in moves.get(old, frozenset()):
        raise IllegalMove(old=old.value, new=new.value)
    return new
