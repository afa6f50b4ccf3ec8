"""Whose turn it is: over a ranking, that the same few do not stand first everywhere, and that everybody stands somewhere.

No points change. Places do, and a changed place says so. Pure; the figures come from outside:
docs/decisions/0021-turns.md.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from uuid import UUID

FIRST = 10
"""The first places, which the cap is about."""
PAGE = 22
"""What a page shows: twenty by score, and behind them the marked places. Shorter lists have none."""
GIVES_WAY = 0.1
"""Before the cap is reached places are given up where they matter least: in order, a score counts less by this part of
what is used up of the limit. A cap alone goes to whoever asks first (`./vtask bench exposure`: `cap5_hard`)."""
KEEP = 0.6
"""Who waits is only passed by those with at least so much of his score: all that one place of a list can lose."""
LOT = 5
"""Of so many unseen ones drawn the best one comes: the best of all would always be of the market's middle, and who suits
nobody well would never be seen."""
ABOVE_FAIR = 2.5
"""Where creators are scarce everybody stands in many lists; so many times the mean is still nobody's surplus."""


class Turn(StrEnum):
    WAITS = "waits"  # leads other lists
    NEW = "new"  # came lately and has done nothing yet
    UNSEEN = "unseen"  # was in no list of the category for a while


@dataclass(frozen=True)
class Standing:
    """One of a ranking. `rivals`: other merchants who had him among the first, or wait for his answer; from `limit` on he
    waits. `lists`: those of the category he was in within the window, this brief's own apart."""

    id: UUID
    score: float
    rivals: int = 0
    limit: float = inf
    lists: int = 0
    new: bool = False
    draw: int = 0
    """A number of chance, the same whenever this list is asked for."""

    @property
    def waits(self) -> bool:
        return self.rivals >= self.limit

    def counts(self, gives_way: float) -> float:
        """The score as far as the order is concerned."""
        return self.score * (1 - gives_way * min(1.0, self.rivals / self.limit))


@dataclass(frozen=True)
class Place:
    id: UUID
    rank: int
    """By score alone; 1 is the first."""
    turn: Turn | None = None


def limit(cap: int, free: int, merchants: int, supply: int, first: int = FIRST) -> float:
    """How many merchants at once may have a creator among the first: `cap` for each of his free slots, or what is fair
    where `merchants` in all share `supply` creators. No cap: no limit."""
    if not cap:
        return inf
    return max(cap * max(1, free), int(ABOVE_FAIR * merchants * first / max(1, supply)))


def arrange(
    ranked: Sequence[Standing],
    *,
    marked: int = 0,
    floor: int = 0,
    first: int = FIRST,
    page: int = PAGE,
    keep: float = KEEP,
    gives_way: float = GIVES_WAY,
) -> list[Place]:
    """The places, of a ranking with the best first: who leads other lists gives way a little, who leads enough stands
    behind the first where somebody comes near him; the last `marked` places of the page go to the least seen new ones and
    to those in fewer than `floor` lists, in turns."""
    ordered = sorted(ranked, key=lambda each: -each.counts(gives_way))  # equals keep their order
    best = _wait(ordered, first, keep, gives_way)
    guests: list[Standing] = []
    if marked and len(best) > page:
        head, rest = best[: page - marked], best[page - marked :]
        guests = _guests(rest, marked, floor)
        others = [each for each in rest if each not in guests]
        spare = marked - len(guests)
        best = [*head, *others[:spare], *guests, *others[spare:]]
    ranks = {each.id: at for at, each in enumerate(ranked, start=1)}
    turns = {each.id: Turn.NEW if each.new else Turn.UNSEEN for each in guests}
    places = []
    for at, each in enumerate(best, start=1):
        rank = ranks[each.id]
        turn = turns.get(each.id) if at < rank else Turn.WAITS if at > rank and each.rivals else None
        places.append(Place(each.id, rank, turn))
    return places


def _wait(ordered: Sequence[Standing], first: int, keep: float, gives_way: float) -> list[Standing]:
    waiting = deque(each for each in ordered if each.waits)
    others = deque(each for each in ordered if not each.waits)
    best: list[Standing] = []
    while len(best) < first and waiting and others:
        passes = others[0].score >= keep * waiting[0].score
        best.append(others.popleft() if passes else waiting.popleft())
    return best + sorted([*waiting, *others], key=lambda each: -each.counts(gives_way))


def _guests(rest: Iterable[Standing], most: int, floor: int) -> list[Standing]:
    """New ones, the least seen first, and unseen ones in turns; a new one whom lists have shown comes after those."""
    able = sorted((each for each in rest if not each.waits), key=lambda each: (each.lists, -each.score))
    new = deque(each for each in able if each.new)
    missed = sorted(
        (each for each in able if not each.new and each.lists < floor), key=lambda each: each.draw
    )
    unseen = deque(sorted(missed[: LOT * most], key=lambda each: -each.score))
    guests: list[Standing] = []
    while len(guests) < most and (new or unseen):
        fresh = new and (not unseen or (new[0].lists < floor and len(guests) % 2 == 0))
        guests.append(new.popleft() if fresh else unseen.popleft())
    return guests
