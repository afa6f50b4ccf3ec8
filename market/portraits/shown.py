"""The portrait as it may be shown, and how alike two of them are. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from market.kit.words import _, say
from market.portraits import protection
from market.portraits.models import INTEREST_NAMES, INTERESTS, PART_NAMES, PARTS, Whose
from market.portraits.protection import UNKNOWN

FEWEST = 5
"""A portrait of fewer than FEWEST times the smallest group is not shown at all."""
WEIGHTS = {"age": 1.0, "gender": 1.0, "price": 1.0, INTERESTS: 1.0, "city": 0.5}
LEAST_PARTS = 2
"""Two portraits are compared when so many parts can be, at the least."""


@dataclass(frozen=True)
class Slice:
    """Cells shown as one and their share in whole percent."""

    keys: tuple[str, ...]
    percent: int
    part: str

    @property
    def name(self) -> str:
        """In the reader's language."""
        return name_of(self.part, self.keys)


@dataclass(frozen=True)
class Part:
    """The slices of one part. Those of interests overlap; the others add up to 100."""

    code: str
    slices: tuple[Slice, ...]

    @property
    def name(self) -> str:
        return say(PART_NAMES[self.code])


@dataclass(frozen=True)
class Shown:
    """What everybody who may see it may read. `parts` leaves out those in which too few persons are."""

    whose: Whose
    day: date
    persons: int
    """Rounded down to two figures."""
    parts: tuple[Part, ...]

    def part(self, code: str) -> Part | None:
        return next((each for each in self.parts if each.code == code), None)


@dataclass(frozen=True)
class Likeness:
    """Of one part: 0 (nothing in common) to 1, over cells that both show alike: (keys, here, there) in percent."""

    part: str
    score: float
    rows: tuple[tuple[tuple[str, ...], int, int], ...]

    @property
    def name(self) -> str:
        return say(PART_NAMES[self.part])


@dataclass(frozen=True)
class Comparison:
    """`score` 0..1 over all parts that can be compared."""

    score: float
    parts: tuple[Likeness, ...]


def name_of(part: str, keys: Sequence[str]) -> str:
    names: Mapping[str, str] = INTEREST_NAMES if part == INTERESTS else PARTS[part]
    return _("、").join(_("不详") if key == UNKNOWN else say(names[key]) for key in keys)


def show(whose: Whose, day: date, persons: int, cells: Mapping[str, Any], least: int) -> Shown | None:
    """None when the portrait is of so few persons that nothing is shown."""
    if persons < FEWEST * least:
        return None
    parts = []
    for code, names in PARTS.items():
        counts = cells.get(code) or {}
        if not any(counts.values()):
            continue
        found = protection.groups(counts, list(names), persons, least)
        shares = protection.percents([each.persons for each in found])
        if found:
            slices = [Slice(each.keys, share, code) for each, share in zip(found, shares, strict=True)]
            parts.append(Part(code, tuple(slices)))
    liked = protection.interests(cells.get(INTERESTS) or {}, list(INTEREST_NAMES), persons, least)
    if liked:
        slices = [Slice((key,), round(100 * n / persons), INTERESTS) for key, n in liked.items()]
        parts.append(Part(INTERESTS, tuple(sorted(slices, key=lambda each: -each.percent))))
    return Shown(whose, day, protection.rounded(persons), tuple(parts))


def compare(here: Shown, there: Shown) -> Comparison | None:
    """How alike two portraits are, from what is shown of them only. None when too little can be compared."""
    parts = [
        found
        for code in PART_NAMES
        if (mine := here.part(code)) and (other := there.part(code)) and (found := _alike(mine, other))
    ]
    if len(parts) < LEAST_PARTS:
        return None
    weight = sum(WEIGHTS[each.part] for each in parts)
    return Comparison(round(sum(WEIGHTS[each.part] * each.score for each in parts) / weight, 4), tuple(parts))


def _alike(here: Part, there: Part) -> Likeness | None:
    if here.code == INTERESTS:
        mine, other = ({s.keys: s.percent for s in part.slices} for part in (here, there))
        rows = [(keys, mine[keys], other[keys]) for keys in mine if keys in other]
        most = sum(max(a, b) for _keys, a, b in rows)
        if len(rows) < 2 or not most:
            return None
        return Likeness(here.code, round(sum(min(a, b) for _keys, a, b in rows) / most, 4), tuple(rows))
    rows = _joined(here, there)
    mine_all, other_all = sum(a for _k, a, _b in rows), sum(b for _k, _a, b in rows)
    if len(rows) < 2 or not mine_all or not other_all:
        return None
    apart = sum(abs(a / mine_all - b / other_all) for _keys, a, b in rows) / 2
    return Likeness(here.code, round(1 - apart, 4), tuple(rows))


def _joined(here: Part, there: Part) -> list[tuple[tuple[str, ...], int, int]]:
    """The finest cells that both show: where one joins cells the other keeps apart, they are joined. Who is only known to
    be in no cell is left out."""
    order = [*PARTS[here.code], UNKNOWN]
    sets = [set(each.keys) for each in (*here.slices, *there.slices)]
    merged: list[set[str]] = []
    for one in sets:
        touching = [each for each in merged if each & one]
        merged = [each for each in merged if not each & one]
        merged.append(one.union(*touching))
    rows = []
    for keys in sorted(
        (sorted(each, key=order.index) for each in merged), key=lambda each: order.index(each[0])
    ):
        if keys != [UNKNOWN]:
            mine, other = (
                sum(s.percent for s in part.slices if set(s.keys) <= set(keys)) for part in (here, there)
            )
            rows.append((tuple(keys), mine, other))
    return rows


def telling(found: Comparison) -> tuple[str, tuple[str, ...], int, int]:
    """The one row that says most: of those alike the largest in common, of those unalike the widest apart. (part, keys,
    here, there)"""
    rows = [(each.part, *row) for each in found.parts for row in each.rows]
    fine = [row for row in rows if row[0] not in ("gender", INTERESTS)] or rows
    if found.score >= 0.7:
        return max(fine, key=lambda row: min(row[2], row[3]))
    return max(rows, key=lambda row: row[2] - row[3])
