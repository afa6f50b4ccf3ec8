"""All briefs and creators at once: no limit is ever broken, the bound holds, and the solutions come near it."""

from dataclasses import replace

import numpy as np
import pytest

from bench.planner import market
from market.planning.batch import Prices, fill, improve, solve_flow, solve_prices, solve_rounded
from market.planning.polishing import polish, solve_again


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_solution_keeps_all_limits_and_stays_below_the_bound(seed):
    drawn = market(0.2, seed=seed, size=0.02)

    shares, prices = solve_prices(drawn)
    bound = prices.bound(drawn)
    nothing = np.zeros(len(drawn.brief), dtype=bool)
    greedy = fill(drawn, nothing)
    found = [greedy, improve(drawn, greedy), solve_flow(drawn), solve_flow(drawn, prices.budget)]
    rounded = solve_rounded(drawn, shares)

    assert all(drawn.feasible(taken) for taken in [*found, rounded])
    assert all(drawn.value[taken].sum() <= bound * (1 + 1e-9) for taken in [*found, rounded])
    assert drawn.value[rounded].sum() > 0.95 * bound
    assert drawn.value[rounded].sum() > drawn.value[greedy].sum()


def test_polishing_keeps_all_limits_and_ends_nearer_to_the_bound():
    drawn = market(0.2, seed=1, size=0.02)
    prices = solve_prices(drawn)[1]
    start = fill(drawn, np.zeros(len(drawn.brief), dtype=bool))
    given, heard = start.copy(), list[float]()

    found = polish(drawn, start, prices, seconds=2, progress=heard.append)

    assert drawn.feasible(found)
    assert 1.01 * drawn.value[start].sum() < drawn.value[found].sum() <= prices.bound(drawn) * (1 + 1e-9)
    assert np.array_equal(start, given), "what was given stays as it was"
    assert heard == sorted(heard) and all(0 <= each <= 1 for each in heard)


def test_a_brief_that_nobody_can_do_stays_with_nobody():
    drawn = market(0.2, seed=1, size=0.004)
    alone = drawn.without(drawn.brief == 0)
    alone = replace(
        alone, merchant=np.where(np.arange(len(alone.need)) == 0, len(alone.budget), alone.merchant)
    )
    alone = replace(alone, budget=np.append(alone.budget, 10_000))
    prices = solve_prices(alone)[1]

    found = polish(alone, fill(alone, np.zeros(len(alone.brief), dtype=bool)), prices)

    assert alone.feasible(found) and not (alone.brief[found] == 0).any()


def test_again_is_within_all_limits_and_no_worse_than_the_flow_it_begins_with():
    drawn = market(0.2, seed=4, size=0.02)
    gone = np.random.default_rng(4).random(len(drawn.brief)) < 0.2
    old = solve_prices(drawn)[1]
    later = drawn.without(gone)

    found = solve_again(later, old)

    assert later.feasible(found)
    assert (
        later.value[solve_flow(later, old.budget)].sum()
        <= later.value[found].sum()
        <= old.bound(later) * (1 + 1e-9)
    )


def test_what_cannot_be_better_stays_as_it_is():
    drawn = market(1000.0, seed=7, size=0.02)
    prices = solve_prices(drawn, tolerance=1e-6)[1]
    best = solve_flow(drawn)

    assert drawn.value[polish(drawn, best, prices)].sum() == pytest.approx(drawn.value[best].sum(), rel=1e-4)


def test_the_bound_holds_at_whatever_prices():
    drawn = market(0.3, seed=5, size=0.02)
    chance = np.random.default_rng(5)
    sizes = [len(drawn.need), len(drawn.slots), len(drawn.cap), len(drawn.budget)]
    best = drawn.value[solve_rounded(drawn, solve_prices(drawn)[0])].sum()

    for _each in range(20):
        need, slots, cap, budget = (chance.random(size) * chance.random() for size in sizes)
        assert Prices(need, slots, cap, budget * 1e-6).bound(drawn) >= best


def test_without_budgets_the_flow_is_the_optimum():
    drawn = market(1000.0, seed=7, size=0.02)

    _shares, prices = solve_prices(drawn, tolerance=1e-6)

    assert drawn.value[solve_flow(drawn)].sum() >= prices.bound(drawn) * (1 - 1e-3)
