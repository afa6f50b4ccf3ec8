"""Ten thousand briefs × fifty thousand creators at once: what the offers are worth against a bound nobody can exceed.

The market is drawn: agencies hold seven creators of ten and may fill an eighth of their slots, three thousand merchants
have budgets (35 % of what their briefs could cost; "tight": 12 %). `flow` is what a run "again" does: min-cost flow at
the budget prices of another market's programme (a fifth of the pairs were not there), made better for a moment;
`flow_fresh` the same at this one's; `lp` is the
programme itself, rounded, `thorough` the same made better neighbourhood by neighbourhood, which is what a run of the rush
does. Reference: the bound.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from bench.rounds import Result
from market.planning.batch import Flags, Market, fill, solve_flow, solve_prices, solve_rounded
from market.planning.polishing import polish, solve_again

BRIEFS, CREATORS, AGENCIES, MERCHANTS, CATEGORIES, NEAREST = 10_000, 50_000, 500, 3_000, 40, 50
BUDGETS = {"": 0.35, "_tight": 0.12}
DECLINED = 0.2
TOLERANCE = 3e-4


def market(budget_share: float, seed: int = 1, size: float = 1.0) -> Market:
    """Each brief's NEAREST creators of its category by fit; prices follow fans, ceilings follow the merchant."""
    draw = np.random.default_rng(seed)
    briefs, creators = int(BRIEFS * size), int(CREATORS * size)
    agencies, merchants = max(2, int(AGENCIES * size)), max(2, int(MERCHANTS * size))
    home = draw.integers(CATEGORIES, size=creators)
    taste = draw.standard_normal((creators, 12)).astype(np.float32)
    fame = draw.standard_normal(creators)
    price = np.rint(np.exp(12 + 0.9 * fame + draw.normal(0, 0.4, creators))).astype(np.int64)
    slots = draw.choice([1, 2, 3, 4], size=creators, p=[0.3, 0.35, 0.2, 0.15])
    agency = np.where(draw.random(creators) < 0.7, draw.integers(agencies, size=creators), -1)
    member = agency >= 0
    cap = np.maximum(1, np.rint(0.12 * np.bincount(agency[member], slots[member], agencies))).astype(np.int64)
    wanted = draw.integers(CATEGORIES, size=briefs)
    asks = draw.standard_normal((briefs, 12)).astype(np.float32)
    # A few merchants post much and most post little.
    weightier = (1 + np.arange(merchants)) ** -0.7
    merchant = draw.choice(merchants, size=briefs, p=weightier / weightier.sum())
    ceiling = np.exp(12.9 + draw.normal(0, 0.5, merchants))[merchant] * np.exp(draw.normal(0, 0.2, briefs))
    weight = np.exp(draw.normal(0, 0.4, briefs))
    need = draw.choice([1, 2, 3, 4, 6], size=briefs, p=[0.25, 0.25, 0.2, 0.15, 0.15])
    rows: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for category in range(CATEGORIES):
        here, there = np.flatnonzero(wanted == category), np.flatnonzero(home == category)
        fit = asks[here] @ taste[there].T / 3.5 + 0.3 * fame[there]
        fit[price[there][None, :] > ceiling[here][:, None]] = -np.inf
        best = np.argpartition(-fit, min(NEAREST, len(there) - 1), axis=1)[:, :NEAREST]
        score = np.take_along_axis(fit, best, axis=1)
        at = np.repeat(here, best.shape[1])
        keep = np.isfinite(score.ravel())
        rows.append((at[keep], there[best.ravel()][keep], score.ravel()[keep]))
    brief, creator, score = (np.concatenate([row[at] for row in rows]) for at in range(3))
    could_cost = np.bincount(merchant, ceiling * need, merchants)
    return Market(
        brief=brief.astype(np.int64),
        creator=creator.astype(np.int64),
        value=weight[brief] / (1 + np.exp(-(score - 1.0))),
        price=price[creator],
        need=need.astype(np.int64),
        slots=slots.astype(np.int64),
        agency=agency.astype(np.int64),
        cap=cap,
        merchant=merchant.astype(np.int64),
        budget=np.rint(budget_share * could_cost).astype(np.int64),
    )


def run(rounds: int) -> list[Result]:
    results = []
    for name, share in BUDGETS.items():
        drawn = market(share)
        begin = time.process_time()
        shares, prices = solve_prices(drawn, tolerance=TOLERANCE)
        programme_s = time.process_time() - begin
        bound = prices.bound(drawn)
        rounded, round_s = timed(solve_rounded, drawn, shares)
        thorough, polish_s = timed(polish, drawn, rounded, prices)
        # What the rush uses between two programmes: the prices of a fifth of the market that is no longer there.
        gone = np.random.default_rng(2).random(len(drawn.brief)) < DECLINED
        _old_shares, old = solve_prices(drawn.without(gone), tolerance=1e-3)
        priced, flow_s = timed(solve_again, drawn, old)
        fresh, fresh_s = timed(solve_again, drawn, prices)
        plain, plain_s = timed(solve_flow, drawn)
        greedy, greedy_s = timed(fill, drawn, np.zeros(len(drawn.brief), dtype=bool))
        later = drawn.without(rounded & gone)
        again, again_s = timed(solve_again, later, prices)
        for label, taken, seconds in (
            ("greedy", greedy, greedy_s),
            ("flow_no_prices", plain, plain_s),
            ("flow", priced, flow_s),
            ("flow_fresh", fresh, fresh_s),
            ("lp", rounded, programme_s + round_s),
            ("thorough", thorough, programme_s + round_s + polish_s),
        ):
            results.append(result(f"planner{name}_{label}", drawn, taken, bound, seconds))
        results.append(result(f"planner{name}_after_declines", later, again, prices.bound(later), again_s))
    return results


def result(name: str, drawn: Market, taken: Flags, bound: float, seconds: float) -> Result:
    if not drawn.feasible(taken):
        raise RuntimeError(f"{name}: a limit is broken")
    value = float(drawn.value[taken].sum())
    filled = taken.sum() / drawn.need.sum()
    nobody = 1 - len(np.unique(drawn.brief[taken])) / len(drawn.need)
    said = f"value; {seconds:.1f} s of processor time, {filled:.1%} of the places filled, {nobody:.1%} of the briefs with nobody"
    return Result(name, "the bound of the linear programme", said, [value], [bound], {"seconds": seconds})


def timed(solve: Callable[..., Flags], *given: Any) -> tuple[Flags, float]:
    begin = time.process_time()
    return solve(*given), time.process_time() - begin
