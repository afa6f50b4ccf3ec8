"""What a run chose from comes back as it was, and is held to what may be promised now."""

from uuid import UUID

import numpy as np

from market.planning.batch import Prices
from market.planning.candidates import Candidates, Now, Pair

B, C, M, A = ([UUID(int=n * 10 + at) for at in range(3)] for n in (1, 2, 3, 4))
PAIRS = [Pair(B[0], C[0], 0.75, 100), Pair(B[0], C[1], 0.5, 200), Pair(B[1], C[1], 0.25, 300)]
HERE = Now({B[0]: (M[0], 1000), B[1]: (M[1], 2000)}, {C[0]: 1, C[1]: 2}, {C[1]: A[0]})


def test_what_is_kept_comes_back_with_its_prices():
    found = Candidates.of(PAIRS, HERE)
    prices = Prices(np.array([0.1, 0.2]), np.array([0.3, 0.4]), np.array([0.5]), np.array([0.6, 0.7]))

    again, theirs = Candidates.unpacked(found.packed(prices))

    assert again.pairs(np.ones(3, dtype=bool)) == PAIRS
    assert (again.briefs, again.creators, again.merchants, again.agencies) == (B[:2], C[:2], M[:2], A[:1])
    for name in ("need", "slots", "cap", "budget"):
        assert getattr(theirs, name).tolist() == getattr(prices, name).tolist()


def test_a_closed_brief_wants_nobody_and_who_is_busy_has_no_slot():
    found = Candidates.of(PAIRS, HERE)

    market = found.market(Now({B[1]: (M[1], 500)}, {C[1]: 3}, {C[0]: A[1], C[1]: A[0]}), agency_bps=5_000)

    assert market.need.tolist() == [0, 1]
    assert market.slots.tolist() == [0, 3]
    assert market.budget.tolist() == [0, 500]
    assert market.agency.tolist() == [-1, 0], "an agency that was not known then has no row"
    assert market.cap.tolist() == [2], "half of three, rounded up"


def test_pairs_are_found_by_their_ids():
    found = Candidates.of(PAIRS, HERE)

    assert found.among([(B[0], C[1]), (B[2], C[0]), (B[1], C[0])]).tolist() == [False, True, False]
    assert found.among([]).tolist() == [False] * 3
