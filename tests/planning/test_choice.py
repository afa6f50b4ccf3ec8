"""The set that is chosen is the best there is: compared with every set, on small markets, with all limits at once."""

import random
from itertools import combinations
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from market.planning.choice import Candidate, Limits, choose, replacements


def keeps(some, limits: Limits) -> bool:
    ids = {each.id for each in some}
    agencies = [each.agency_id for each in some if each.agency_id]
    return (
        sum(each.price_fen for each in some) <= limits.budget_fen
        and limits.least <= len(some) <= limits.most
        and limits.must <= ids
        and not limits.never & ids
        and (limits.of_an_agency is None or all(agencies.count(a) <= limits.of_an_agency for a in agencies))
    )


@st.composite
def markets(draw):
    n = draw(st.integers(1, 9))
    seed = draw(st.integers(0, 10_000))
    chance = random.Random(seed)
    everybody = [
        Candidate(
            UUID(int=at + 1),
            chance.randint(1, 100) * 1000,
            float(chance.randint(0, 500)),
            UUID(int=100 + chance.randint(0, 2)) if chance.random() < 0.6 else None,
        )
        for at in range(n)
    ]
    least = chance.randint(1, 3)
    pool = [each.id for each in everybody]
    must = frozenset(chance.sample(pool, chance.randint(0, min(2, n))))
    never = frozenset(id for id in chance.sample(pool, chance.randint(0, min(2, n))) if id not in must)
    return everybody, Limits(
        chance.randint(1, 300) * 1000,
        least,
        least + chance.randint(0, 4),
        chance.choice([None, 1, 2]),
        must,
        never,
    )


@settings(max_examples=150, deadline=None)
@given(markets())
def test_no_set_that_keeps_the_limits_is_worth_more(market):
    everybody, limits = market
    every = [
        some
        for size in range(1, len(everybody) + 1)
        for some in combinations(everybody, size)
        if keeps(some, limits)
    ]

    chosen = choose(everybody, limits)

    if not every:
        assert chosen is None
        return
    assert chosen is not None and keeps(chosen.picks, limits)
    assert chosen.value >= max(sum(each.value for each in some) for some in every) - 0.01
    assert chosen.gap < 1e-4


@settings(max_examples=100, deadline=None)
@given(markets())
def test_a_standby_can_step_in_without_breaking_a_limit_and_stands_by_for_one_only(market):
    everybody, limits = market
    chosen = choose(everybody, limits)
    if chosen is None:
        return

    found = replacements(chosen, everybody, limits)

    assert len({each.id for each in found.values()}) == len(found)
    for pick in chosen.picks:
        if pick.id in found and pick.id not in limits.must:
            assert keeps([*(each for each in chosen.picks if each != pick), found[pick.id]], limits)


def test_two_thousand_candidates_are_proven_within_a_percent():
    chance = random.Random(3)
    everybody = [
        Candidate(UUID(int=at + 1), chance.randint(50, 2000) * 1000, chance.lognormvariate(9, 1), None)
        for at in range(2000)
    ]

    chosen = choose(everybody, Limits(20_000_000, most=15))

    assert chosen is not None and chosen.gap < 0.01
