"""What of a portrait may be shown, so that no small group of persons can be read out of it. Pure.

A cell under `least` persons is not shown by itself, nor can it be worked out: it is joined with its neighbours until the
group holds two cells and twice `least` at the least, so that whatever the hidden cell holds, from nobody to `least` − 1,
the rest of its group can make up for it. Neighbours are joined by their place and never by their size: a group's make-up
says nothing about the cells in it. Who is in no cell (`UNKNOWN`) is a cell like the others, for a total minus the rest
would tell it. Shares are whole percent and the total is rounded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Group:
    """Cells that are shown as one, and how many persons are in it."""

    keys: tuple[str, ...]
    persons: int


def groups(counts: Mapping[str, int], keys: Sequence[str], persons: int, least: int) -> list[Group]:
    """The cells of `keys`, in this order, joined where one is small; a part that ends as one group says nothing and is
    left out."""
    cells = [((key,), counts.get(key, 0)) for key in keys]
    unknown = persons - sum(n for _key, n in cells)
    if unknown > 0:
        cells.append(((UNKNOWN,), unknown))
    found = [_Open(keys, n, n < least) for keys, n in cells]
    while (
        len(found) > 1
        and (at := next((i for i, each in enumerate(found) if each.is_open(least)), None)) is not None
    ):
        first = at if at + 1 < len(found) else at - 1
        found[first : first + 2] = [found[first] + found[first + 1]]
    return [Group(each.keys, each.persons) for each in found] if len(found) > 1 else []


@dataclass(frozen=True)
class _Open:
    keys: tuple[str, ...]
    persons: int
    has_small: bool

    def __add__(self, other: "_Open") -> "_Open":
        return _Open(self.keys + other.keys, self.persons + other.persons, self.has_small or other.has_small)

    def is_open(self, least: int) -> bool:
        """Whether it still has to be joined with a neighbour."""
        return self.has_small and self.persons < 2 * least


def interests(counts: Mapping[str, int], keys: Sequence[str], persons: int, least: int) -> dict[str, int]:
    """Of cells that overlap, those that may be shown: neither who is in it nor who is not may be few."""
    return {key: counts[key] for key in keys if least <= counts.get(key, 0) <= persons - least}


def percents(persons: Sequence[int]) -> list[int]:
    """Whole percent that add up to 100: the largest remainders are rounded up."""
    total = sum(persons)
    if not total:
        return [0 for _ in persons]
    down = [100 * n // total for n in persons]
    by_rest = sorted(range(len(persons)), key=lambda i: (-(100 * persons[i] % total), i))
    for i in by_rest[: 100 - sum(down)]:
        down[i] += 1
    return down


def rounded(persons: int) -> int:
    """Two figures that count, rounded down: 12,345 → 12,000."""
    step = int(10 ** max(1, len(str(persons)) - 2))
    return persons // step * step
