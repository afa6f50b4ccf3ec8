"""The thorough way: better sets near a good one, neighbourhood by neighbourhood, each solved to the end. Arrays only.

Rounding loses what does not come out even: a place left empty because the one who could fill it is at work elsewhere, money
too little for one more. Around such a loss some hundred candidates are let go at once, together with the other briefs of
their creators and merchants, and the little integer programme of them is solved exactly while all else stays as it is.
"""

from collections.abc import Callable, Iterator
from time import process_time

import numpy as np

from market.planning.batch import Flags, Floats, Ints, Market, Prices, solve_flow

NEIGHBOURS = 400
"""Candidates let go at once: with more of them the programmes take longer than they gain."""
REACH = 0.03
"""Who is worth less than the prices by more than this part of a mean value is not looked at."""
EXACT = 1e-4
AT_MOST_S = 1.0
"""For one neighbourhood."""
SECONDS = 15.0
SHORTLY_S = 0.6


def polish(
    market: Market,
    taken: Flags,
    prices: Prices,
    *,
    seconds: float = SECONDS,
    progress: Callable[[float], None] = lambda done: None,
) -> Flags:
    """A set worth at least as much within all limits, in about `seconds` of processor time. `progress` hears 0..1."""
    found = taken.copy()
    around, left = _Around(market, prices, found), _Left(market, found)
    begin, turn = process_time(), 0
    while True:
        gained = False
        for briefs in around.losses(found, turn):
            spent = process_time() - begin
            if spent >= seconds:
                return found
            progress(spent / seconds)
            gained |= _solve(market, found, left, around.edges(briefs))
        turn += 1
        if not gained:
            return found


def solve_again(market: Market, prices: Prices) -> Flags:
    """A good set in some two seconds, at the prices of a programme that was solved for about this market."""
    return polish(market, solve_flow(market, prices.budget), prices, seconds=SHORTLY_S)


class _Groups:
    """Rows by a key: `of(key)` are their numbers."""

    def __init__(self, key: Ints, many: int) -> None:
        self.order = np.argsort(key, kind="stable")
        self.ends = np.concatenate([[0], np.cumsum(np.bincount(key, minlength=many))])

    def of(self, key: int) -> Ints:
        return np.asarray(self.order[self.ends[key] : self.ends[key + 1]])


class _Around:
    """Who stands near whom, of the candidates that the prices do not rule out."""

    def __init__(self, market: Market, prices: Prices, taken: Flags) -> None:
        self.market, self.prices = market, prices
        self.worth = prices.left(market)
        self.core = np.flatnonzero((self.worth > -REACH * market.value.mean()) | taken)
        self.brief, self.creator = market.brief[self.core], market.creator[self.core]
        self.of_brief = _Groups(self.brief, len(market.need))
        self.of_creator = _Groups(self.creator, len(market.slots))
        self.of_merchant = _Groups(market.merchant, len(market.budget))

    def losses(self, taken: Flags, turn: int) -> Iterator[list[int]]:
        """Neighbourhoods that cover all briefs, around the greatest losses first; drawn anew each turn."""
        draw = np.random.default_rng(turn)
        done = np.zeros(len(self.market.need), dtype=bool)
        for brief in np.argsort(-self._loss(taken) * draw.uniform(0.5, 1.0, len(done)), kind="stable"):
            if not done[brief]:
                ball = self._ball(int(brief), draw)
                done[ball] = True
                yield ball

    def _loss(self, taken: Flags) -> Floats:
        """Per brief: by how much what it has falls short of the prices."""
        market, prices = self.market, self.prices
        many = len(market.need)
        short = market.need - np.bincount(market.brief[taken], minlength=many)
        missed = np.where(taken, -np.minimum(self.worth, 0), np.maximum(self.worth, 0))
        spent = np.bincount(market.payer[taken], market.price[taken], len(market.budget))
        of_merchant = np.maximum(1, np.bincount(market.merchant, minlength=len(market.budget)))
        money = (prices.budget * (market.budget - spent) / of_merchant)[market.merchant]
        return np.asarray(short * prices.need + np.bincount(market.brief, missed, many) + money)

    def _ball(self, brief: int, draw: np.random.Generator) -> list[int]:
        seen, waiting, ball, edges = {brief}, [brief], [], 0
        for each in waiting:
            if edges >= NEIGHBOURS:
                break
            ball.append(each)
            mine = self.of_brief.of(each)
            edges += len(mine)
            near = [self.brief[self.of_creator.of(who)] for who in set(self.creator[mine].tolist())]
            near.append(self.of_merchant.of(int(self.market.merchant[each])))
            new = [other for other in np.unique(np.concatenate(near)).tolist() if other not in seen]
            draw.shuffle(new)
            seen.update(new)
            waiting += new
        return ball

    def edges(self, briefs: list[int]) -> Ints:
        return np.asarray(self.core[np.concatenate([self.of_brief.of(each) for each in briefs])])


class _Left:
    """What a set leaves of every limit, kept up to date: adding it up anew for each neighbourhood takes as long as solving one."""

    def __init__(self, market: Market, taken: Flags) -> None:
        one = np.ones(len(market.brief), dtype=np.int64)
        self.uses = (
            (market.brief, market.need.copy(), one),
            (market.creator, market.slots.copy(), one),
            (market.house, market.cap.copy(), one),
            (market.payer, market.budget.copy(), market.price),
        )
        self.limits = (market.need, market.slots, market.cap, market.budget)
        self.change(np.flatnonzero(taken), -1)

    def change(self, edges: Ints, sign: int) -> None:
        """Give back (+1) or take up (-1) what these candidates use."""
        for key, left, weight in self.uses:
            mine = edges[key[edges] >= 0]
            np.add.at(left, key[mine], sign * weight[mine])

    def holds(self) -> bool:
        return all(bool((left >= 0).all()) for _key, left, _weight in self.uses)


def _solve(market: Market, taken: Flags, left: _Left, edges: Ints) -> bool:
    """Choose among these anew, all others as they are; whether something better was found."""
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_matrix

    if not len(edges):  # briefs that nobody can do
        return False
    before = edges[taken[edges]]
    left.change(before, +1)
    rows, columns, entries, limits, at = [], [], [], [], 0
    for (key, free, weight), limit in zip(left.uses, left.limits, strict=True):
        mine = np.flatnonzero(key[edges] >= 0)
        named, row = np.unique(key[edges[mine]], return_inverse=True)
        # Budgets in parts of themselves, so that all rows are of one size.
        unit = np.maximum(1.0, limit[named]) if weight is market.price else np.ones(len(named))
        rows.append(at + row)
        columns.append(mine)
        entries.append(weight[edges[mine]] / unit[row])
        limits.append(free[named] / unit)
        at += len(named)
    table = csr_matrix(
        (np.concatenate(entries), (np.concatenate(rows), np.concatenate(columns))), shape=(at, len(edges))
    )
    found = milp(
        -market.value[edges],
        constraints=LinearConstraint(table, -np.inf, np.concatenate(limits)),
        integrality=np.ones(len(edges)),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": EXACT, "time_limit": AT_MOST_S},
    )
    chosen = before if found.x is None else edges[found.x > 0.5]
    left.change(chosen, -1)
    better = float(market.value[chosen].sum()) > float(market.value[before].sum()) + 1e-9
    # The solver keeps limits to a millionth; money is whole.
    if not better or not left.holds():
        left.change(chosen, +1)
        left.change(before, -1)
        return False
    taken[before] = False
    taken[chosen] = True
    return True
