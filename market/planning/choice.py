"""Which creators to take: the best set under all limits, proven best or with the gap to it. No database, no words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

import numpy as np

SECONDS = 5.0
"""Some hundred candidates take milliseconds; beyond this the best set so far is given, with its gap."""
A_LITTLE = 1e-6
PROVEN = 1e-5


@dataclass(frozen=True)
class Candidate:
    """Someone who could be taken. `value` is what the goal counts, 0 or more."""

    id: UUID
    price_fen: int
    value: float
    agency_id: UUID | None = None


@dataclass(frozen=True)
class Limits:
    budget_fen: int
    least: int = 1
    most: int = 10
    of_an_agency: int | None = 3
    must: frozenset[UUID] = field(default_factory=frozenset)
    never: frozenset[UUID] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Chosen:
    """A set that keeps all limits, the best value first. `bound` is what no set can exceed."""

    picks: tuple[Candidate, ...]
    bound: float

    @property
    def value(self) -> float:
        return sum(each.value for each in self.picks)

    @property
    def price_fen(self) -> int:
        return sum(each.price_fen for each in self.picks)

    @property
    def ids(self) -> frozenset[UUID]:
        return frozenset(each.id for each in self.picks)

    @property
    def gap(self) -> float:
        """How far below the bound the set may lie: 0 when it is proven best."""
        return max(0.0, 1 - self.value / self.bound) if self.bound > 0 else 0.0


def choose(
    candidates: Sequence[Candidate],
    limits: Limits,
    *,
    other_than: frozenset[UUID] = frozenset(),
    swaps: int = 0,
) -> Chosen | None:
    """The set of the highest value; None when no set keeps the limits.

    With `other_than`, at least `swaps` of those are left out: a plan that is really another one.
    """
    usable = [each for each in candidates if each.id not in limits.never]
    must = np.array([each.id in limits.must for each in usable])
    if not limits.must <= {each.id for each in usable} or not usable:
        return None
    value = np.array([each.value for each in usable])
    top = float(value.max()) or 1.0
    # A little for each person, so that of two sets of the same worth the larger is taken.
    worth = value / top + A_LITTLE
    rows = [np.array([each.price_fen for each in usable], dtype=float), np.ones(len(usable))]
    low, high = [0.0, float(limits.least)], [float(limits.budget_fen), float(max(limits.least, limits.most))]
    if limits.of_an_agency is not None:
        for agency_id in sorted({each.agency_id for each in usable if each.agency_id}):
            rows.append(np.array([float(each.agency_id == agency_id) for each in usable]))
            low.append(0.0)
            high.append(float(limits.of_an_agency))
    if other_than:
        rows.append(np.array([float(each.id in other_than) for each in usable]))
        low.append(0.0)
        high.append(float(len(other_than) - swaps))
    from scipy.optimize import Bounds, LinearConstraint, milp  # here: no process needs it to start
    from scipy.sparse import csr_matrix

    found = milp(
        -worth,
        integrality=np.ones(len(usable)),
        bounds=Bounds(must.astype(float), 1.0),
        constraints=LinearConstraint(csr_matrix(np.array(rows)), low, high),
        options={"time_limit": SECONDS, "mip_rel_gap": 0.0},
    )
    if found.x is None:
        return None
    picks = [each for each, x in zip(usable, found.x, strict=True) if x > 0.5]
    reached = sum(each.value for each in picks)
    short = max(0.0, float(found.fun - found.mip_dual_bound)) * top
    return Chosen(
        tuple(sorted(picks, key=lambda each: (-each.value, each.id))),
        reached + short if short > PROVEN * top else reached,
    )


def replacements(chosen: Chosen, candidates: Sequence[Candidate], limits: Limits) -> Mapping[UUID, Candidate]:
    """For each chosen, the best other who could step in without breaking a limit; everybody stands by for one only."""
    left = limits.budget_fen - chosen.price_fen
    others = sorted(
        (each for each in candidates if each.id not in chosen.ids | limits.never),
        key=lambda each: (-each.value, each.id),
    )
    counts: dict[UUID, int] = {}
    for each in chosen.picks:
        if each.agency_id:
            counts[each.agency_id] = counts.get(each.agency_id, 0) + 1
    found: dict[UUID, Candidate] = {}
    taken: set[UUID] = set()
    for pick in chosen.picks:
        for other in others:
            full = (
                limits.of_an_agency is not None
                and other.agency_id is not None
                and other.agency_id != pick.agency_id
                and counts.get(other.agency_id, 0) >= limits.of_an_agency
            )
            if other.id not in taken and not full and other.price_fen <= pick.price_fen + left:
                found[pick.id] = other
                taken.add(other.id)
                break
    return found


@dataclass(frozen=True)
class Lever:
    """One limit moved: what the best set becomes."""

    code: str
    limits: Limits
    candidates: Sequence[Candidate]


def levers(candidates: Sequence[Candidate], limits: Limits) -> list[Lever]:
    """Each limit a little looser, and the budget a tenth tighter."""
    moved = [
        Lever("budget_up", replace(limits, budget_fen=limits.budget_fen * 110 // 100), candidates),
        Lever("budget_down", replace(limits, budget_fen=limits.budget_fen * 90 // 100), candidates),
        Lever("most", replace(limits, most=limits.most + 2), candidates),
    ]
    if limits.of_an_agency is not None:
        moved.append(Lever("agency", replace(limits, of_an_agency=None), candidates))
    if limits.must:
        moved.append(Lever("must", replace(limits, must=frozenset()), candidates))
    if limits.never:
        moved.append(Lever("never", replace(limits, never=frozenset()), candidates))
    if limits.least > 1:
        moved.append(Lever("least", replace(limits, least=1), candidates))
    return moved
