"""The rush: all open briefs and all creators at once. Arrays in, arrays out; no database and no words.

Needs, slots and agency caps alone are a flow, so that part is solved exactly and fast (min-cost flow). Budgets are not:
they enter as prices on money, and what still exceeds one is repaired. The linear programme (PDLP) gives better sets, the
prices for the flow, and a bound nobody can exceed; it takes longer and runs now and then.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

SCALE = 10_000
"""Values become the flow's integers."""
MOST_SWAPS = 12
"""Swaps made for one merchant in one pass."""
LOOKED_AT = 80
"""Of what a merchant has, and could have instead, so many are looked at."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Market:
    """Briefs × creators as edges. `brief`, `creator`, `value` (0 or more), `price` are one entry per edge."""

    brief: Ints
    creator: Ints
    value: Floats
    price: Ints
    need: Ints
    """Per brief: how many creators it wants."""
    slots: Ints
    """Per creator: how many briefs fit in."""
    agency: Ints
    """Per creator: the agency's number, -1 without one."""
    cap: Ints
    """Per agency: how many places its creators may take together."""
    merchant: Ints
    """Per brief."""
    budget: Ints
    """Per merchant."""

    def __post_init__(self) -> None:
        if not len(self.cap):  # so that -1 always points somewhere
            object.__setattr__(self, "cap", np.zeros(1, dtype=np.int64))

    @property
    def payer(self) -> Ints:
        """Per edge: the merchant who pays."""
        return np.asarray(self.merchant[self.brief])

    @property
    def house(self) -> Ints:
        """Per edge: the creator's agency, -1 without one."""
        return np.asarray(self.agency[self.creator])

    def without(self, declined: Flags) -> "Market":
        """The same without these edges: what was declined is not offered again."""
        keep = ~declined
        return replace(
            self,
            brief=self.brief[keep],
            creator=self.creator[keep],
            value=self.value[keep],
            price=self.price[keep],
        )

    def feasible(self, taken: Flags) -> bool:
        at = np.flatnonzero(taken)
        spent = np.bincount(self.payer[at], self.price[at], len(self.budget))
        housed = self.house[at]
        return bool(
            (np.bincount(self.brief[at], minlength=len(self.need)) <= self.need).all()
            and (np.bincount(self.creator[at], minlength=len(self.slots)) <= self.slots).all()
            and (np.bincount(housed[housed >= 0], minlength=len(self.cap)) <= self.cap).all()
            and (spent <= self.budget).all()
        )


@dataclass(frozen=True)
class Prices:
    """What one more of each is worth: a place of a brief, a slot, a place of an agency, a fen of a budget.

    A creator's price is the honest "so contested is this one"; all are 0 or more.
    """

    need: Floats
    slots: Floats
    cap: Floats
    budget: Floats

    def bound(self, market: Market) -> float:
        """The linear programme's dual value at these prices: no set of offers is worth more, whatever the prices."""
        return float(
            self.need @ market.need
            + self.slots @ market.slots
            + self.cap @ market.cap
            + self.budget @ market.budget
            + np.maximum(self.left(market), 0.0).sum()
        )

    def left(self, market: Market) -> Floats:
        """Per edge: what is left of its value when all it takes up is paid for."""
        left = market.value - self.need[market.brief] - self.slots[market.creator]
        left = left - self.budget[market.payer] * market.price
        return np.asarray(left - np.where(market.house >= 0, self.cap[market.house], 0.0))


def solve_flow(market: Market, budget_prices: Floats | None = None, rounds: int = 3) -> Flags:
    """Exact but for the budgets; those enter by their prices, and what exceeds one is repaired. About half a second a round.

    After each round money becomes dearer where it was overspent and cheaper where it was left; the best round counts.
    """
    prices = np.zeros(len(market.budget)) if budget_prices is None else budget_prices
    priced = prices[prices > 0]
    least = (
        0.05 * float(np.median(priced)) if len(priced) else 0.05 * float((market.value / market.price).mean())
    )
    best = np.zeros(len(market.brief), dtype=bool)
    for _round in range(rounds):
        flowing = _flow(market, market.value - prices[market.payer] * market.price)
        found = fill(market, _within_budgets(market, flowing))
        if market.value[found].sum() > market.value[best].sum():
            best = found
        at = np.flatnonzero(flowing)
        spent = np.bincount(market.payer[at], market.price[at], len(market.budget))
        share = spent / np.maximum(1, market.budget)
        dearer = np.maximum(prices, least) * np.minimum(1.5, np.sqrt(share))
        prices = np.where(share > 1, dearer, prices * np.maximum(0.7, share**0.25))
    return improve(market, best, passes=1)


def _flow(market: Market, worth: Floats) -> Flags:
    from ortools.graph.python import min_cost_flow

    briefs, creators, agencies = len(market.need), len(market.slots), len(market.cap)
    source, first_creator, first_agency = 0, 1 + briefs, 1 + briefs + creators
    sink = first_agency + agencies
    use = np.flatnonzero(worth > 0)
    total = int(market.need.sum())
    parts = [
        # tail, head, capacity, cost
        (np.zeros(briefs, np.int64), 1 + np.arange(briefs), market.need, np.zeros(briefs, np.int64)),
        (
            1 + market.brief[use],
            first_creator + market.creator[use],
            np.ones(len(use), np.int64),
            -np.rint(worth[use] * SCALE).astype(np.int64),
        ),
        (
            first_creator + np.arange(creators),
            np.where(market.agency >= 0, first_agency + market.agency, sink),
            market.slots,
            np.zeros(creators, np.int64),
        ),
        (
            first_agency + np.arange(agencies),
            np.full(agencies, sink),
            market.cap,
            np.zeros(agencies, np.int64),
        ),
        # Places that stay empty cost nothing.
        (np.array([source]), np.array([sink]), np.array([total]), np.array([0])),
    ]
    tail, head, room, cost = (np.concatenate([part[at] for part in parts]) for at in range(4))
    solver = min_cost_flow.SimpleMinCostFlow()
    arcs = solver.add_arcs_with_capacity_and_unit_cost(tail, head, room, cost)
    solver.set_node_supply(source, total)
    solver.set_node_supply(sink, -total)
    if solver.solve() != solver.OPTIMAL:
        raise RuntimeError("the flow has no solution although nothing has to be taken")
    flows = solver.flows(arcs)[briefs : briefs + len(use)]
    taken = np.zeros(len(market.brief), dtype=bool)
    taken[use[flows > 0]] = True
    return taken


def _within_budgets(market: Market, taken: Flags) -> Flags:
    """Per merchant: keep the most value per fen while the budget lasts."""
    at = np.flatnonzero(taken)
    payer = market.payer[at]
    spent = np.bincount(payer, market.price[at], len(market.budget))
    over = spent[payer] > market.budget[payer]
    kept = taken.copy()
    for edge in at[over][np.argsort(market.value[at[over]] / market.price[at[over]], kind="stable")].tolist():
        who = market.merchant[market.brief[edge]]
        if spent[who] > market.budget[who]:
            kept[edge] = False
            spent[who] -= market.price[edge]
    return kept


def fill(market: Market, taken: Flags, order: Floats | None = None) -> Flags:
    """Add what still fits, the most valuable first (or by `order`, the highest first)."""
    at = np.flatnonzero(taken)
    housed = market.house[at]
    need = market.need - np.bincount(market.brief[at], minlength=len(market.need))
    slots = market.slots - np.bincount(market.creator[at], minlength=len(market.slots))
    cap = market.cap - np.bincount(housed[housed >= 0], minlength=len(market.cap))
    money = market.budget - np.bincount(market.payer[at], market.price[at], len(market.budget)).astype(
        np.int64
    )
    payer, house = market.payer, market.house
    open_ = (
        ~taken
        & (need[market.brief] > 0)
        & (slots[market.creator] > 0)
        & (market.price <= money[payer])
        & ((house < 0) | (cap[house] > 0))
        & (market.value > 0)
    )
    use = np.flatnonzero(open_)
    rank = market.value if order is None else order
    use = use[np.argsort(-rank[use], kind="stable")]
    found = taken.copy()
    rows = zip(
        use.tolist(),
        market.brief[use].tolist(),
        market.creator[use].tolist(),
        house[use].tolist(),
        payer[use].tolist(),
        market.price[use].tolist(),
        strict=True,
    )
    needs, free, caps, left = need.tolist(), slots.tolist(), cap.tolist(), money.tolist()
    for edge, brief, creator, agency, who, price in rows:
        if needs[brief] and free[creator] and price <= left[who] and (agency < 0 or caps[agency]):
            found[edge] = True
            needs[brief] -= 1
            free[creator] -= 1
            left[who] -= price
            if agency >= 0:
                caps[agency] -= 1
    return found


def improve(market: Market, taken: Flags, passes: int = 3) -> Flags:
    """Merchant by merchant, change some of the chosen for better ones that the money left allows, then fill again.

    What rounding loses is money too little for one more place; a dearer and better creator often takes it up.
    """
    found = taken.copy()
    by_merchant = np.argsort(market.payer, kind="stable")
    ends = np.cumsum(np.bincount(market.payer, minlength=len(market.budget)))
    groups = np.split(by_merchant, ends[:-1])
    house = market.house
    for _pass in range(passes):
        at = np.flatnonzero(found)
        housed = house[at]
        need = market.need - np.bincount(market.brief[at], minlength=len(market.need))
        slots = market.slots - np.bincount(market.creator[at], minlength=len(market.slots))
        cap = market.cap - np.bincount(housed[housed >= 0], minlength=len(market.cap))
        left = market.budget - np.bincount(market.payer[at], market.price[at], len(market.budget))
        gained = 0.0
        for who, edges in enumerate(groups):
            for _swap in range(MOST_SWAPS):
                ours, others = edges[found[edges]], edges[~found[edges]]
                if not len(ours) or not len(others):
                    break
                # Only what could come in at all, the best of it, against the least of ours: small tables.
                ours = ours[np.argsort(market.value[ours], kind="stable")[:LOOKED_AT]]
                could = (
                    (market.value[others] > market.value[ours[0]])
                    & (market.price[others] <= market.price[ours].max() + left[who])
                    & (slots[market.creator[others]] > 0)
                )
                others = others[could]
                others = others[np.argsort(-market.value[others], kind="stable")[:LOOKED_AT]]
                if not len(others):
                    break
                brief, agency = market.brief[others], house[others]
                room = need[brief][:, None] + (brief[:, None] == market.brief[ours][None, :]) > 0
                spare = np.where(agency >= 0, cap[agency], 1)[:, None]
                same = (agency[:, None] == house[ours][None, :]) & (agency >= 0)[:, None]
                gain = market.value[others][:, None] - market.value[ours][None, :]
                dearer = market.price[others][:, None] - market.price[ours][None, :]
                gain = np.where(room & (spare + same > 0) & (dearer <= left[who]), gain, 0.0)
                into, out = divmod(int(gain.argmax()), len(ours))
                if gain[into, out] <= 1e-12:
                    break
                enter, leave = int(others[into]), int(ours[out])
                gained += float(gain[into, out])
                found[enter], found[leave] = True, False
                left[who] -= dearer[into, out]
                for edge, step in ((enter, -1), (leave, 1)):
                    need[market.brief[edge]] += step
                    slots[market.creator[edge]] += step
                    if house[edge] >= 0:
                        cap[house[edge]] += step
        found = fill(market, found)
        if gained == 0.0:
            break
    return found


def solve_prices(market: Market, *, tolerance: float = 1e-4, seconds: float = 60.0) -> tuple[Floats, Prices]:
    """The linear programme: how much of each edge (0..1), and what one more of everything is worth."""
    from ortools.pdlp import solve_log_pb2, solvers_pb2
    from ortools.pdlp.python import pdlp
    from scipy.sparse import csr_matrix

    edges = len(market.brief)
    sizes = [len(market.need), len(market.slots), len(market.cap), len(market.budget)]
    starts = np.cumsum([0, *sizes])
    column = np.arange(edges)
    housed = np.flatnonzero(market.house >= 0)
    # Budgets in units of their merchant's, so that all rows are of one size.
    unit = np.maximum(1, market.budget)
    rows = np.concatenate(
        [market.brief, starts[1] + market.creator, starts[2] + market.house[housed], starts[3] + market.payer]
    )
    columns = np.concatenate([column, column, housed, column])
    entries = np.concatenate(
        [np.ones(edges), np.ones(edges), np.ones(len(housed)), market.price / unit[market.payer]]
    )
    programme = pdlp.QuadraticProgram()
    programme.objective_vector = -market.value
    programme.constraint_matrix = csr_matrix((entries, (rows, columns)), shape=(int(starts[-1]), edges))
    programme.constraint_lower_bounds = np.full(int(starts[-1]), -np.inf)
    programme.constraint_upper_bounds = np.concatenate(
        [market.need, market.slots, market.cap, np.where(market.budget > 0, 1.0, 0.0)]
    ).astype(float)
    programme.variable_lower_bounds = np.zeros(edges)
    programme.variable_upper_bounds = np.ones(edges)
    how = solvers_pb2.PrimalDualHybridGradientParams()
    criteria = how.termination_criteria
    criteria.simple_optimality_criteria.eps_optimal_relative = tolerance
    criteria.simple_optimality_criteria.eps_optimal_absolute = tolerance
    criteria.time_sec_limit = seconds
    how.num_threads = 2
    found: Any = pdlp.primal_dual_hybrid_gradient(programme, how)
    assert solve_log_pb2  # registers the message the answer holds
    dual = np.maximum(0.0, -np.asarray(found.dual_solution))
    need, slots, cap, budget = np.split(dual, starts[1:-1])
    return np.clip(np.asarray(found.primal_solution), 0, 1), Prices(need, slots, cap, budget / unit)


def solve_rounded(market: Market, share: Floats) -> Flags:
    """Whole offers from the programme's shares: the largest shares first, then whatever still fits."""
    nothing = np.zeros(len(market.brief), dtype=bool)
    top = float(market.value.max()) or 1.0
    first = fill(
        replace(market, value=np.where(share > 1e-6, market.value, 0.0)),
        nothing,
        share + market.value / top * 1e-3,
    )
    return improve(market, fill(market, first))
