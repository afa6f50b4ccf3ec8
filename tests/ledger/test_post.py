"""Posting: all legs or none, once, and never more than is there."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from market.accounts.actor import SYSTEM
from market.kit import clock
from market.kit.db import db, transaction
from market.ledger import queries
from market.ledger.accounts import Account
from market.ledger.errors import InsufficientFunds, KeyReused
from market.ledger.movements import Leg, PostingKind
from prove.acts import (
    FEE,
    SC,
    SFE,
    TAX,
    K,
    award,
    charge,
    escrow,
    funded,
    holds,
    pending,
    put,
    stage,
    uid,
)

RELEASE = PostingKind.RELEASE
NOBODY = UUID(int=0)


def test_a_release_splits_to_the_fen():
    milestone, lin, ada = funded(100_01), uid(), uid()

    put(
        RELEASE,
        f"release:{milestone}",
        Leg(stage(milestone), pending(lin), 81_01),
        Leg(stage(milestone), pending(ada), 9_00),
        Leg(stage(milestone), FEE, 10_00),
    )

    assert [holds(account) for account in (stage(milestone), pending(lin), pending(ada), FEE, SC)] == [
        0,
        81_01,
        9_00,
        10_00,
        100_01,
    ]


def test_an_account_nobody_used_holds_nothing():
    assert holds(pending(uid())) == 0


def test_the_side_that_makes_an_account_grow_is_its_kinds():
    order = uid()

    put(PostingKind.CHARGE, f"charge:{order}", Leg(SC, escrow(order), 100_00), Leg(SFE, SC, 2_90))

    assert (holds(escrow(order)), holds(SC), holds(SFE)) == (100_00, 97_10, 2_90)


def test_the_same_movement_again_is_the_same_posting():
    order = uid()

    first = charge(order, 500_00, key="charge:ch_1")
    again = charge(order, 500_00, key="charge:ch_1")

    assert first == again
    assert holds(escrow(order)) == 500_00


def test_who_posts_and_how_it_was_noticed_do_not_make_it_another_movement():
    milestone, lin = funded(10_00), uid()
    leg = Leg(stage(milestone), pending(lin), 10_00)

    by_mei = put(RELEASE, "release:x", leg, external_ref="evt_1")
    by_timer = put(RELEASE, "release:x", leg, by=SYSTEM)

    assert by_mei == by_timer


@pytest.mark.parametrize("other", ["amount", "account", "kind", "source", "legs"])
def test_a_key_used_for_other_content_is_refused(other: str):
    order, lin = uid(), uid()
    charge(order, 100_00)
    put(PostingKind.AWARD, "award:1", Leg(escrow(order), stage(lin), 10_00))
    legs = [
        Leg(escrow(order), stage(uid() if other == "account" else lin), 11_00 if other == "amount" else 10_00)
    ]
    if other == "legs":
        legs.append(Leg(escrow(order), FEE, 1))

    with pytest.raises(KeyReused):
        put(
            PostingKind.REFUND if other == "kind" else PostingKind.AWARD,
            "award:1",
            *legs,
            source=("test", uid()) if other == "source" else None,
        )

    assert holds(escrow(order)) == 90_00


def test_nobody_pays_more_than_there_is():
    milestone, lin = funded(10_00), uid()

    with pytest.raises(InsufficientFunds):
        put(RELEASE, "release:x", Leg(stage(milestone), pending(lin), 10_01))

    assert (holds(stage(milestone)), holds(pending(lin))) == (10_00, 0)


def test_legs_are_summed_per_account_before_they_are_checked():
    milestone, lin, ada = funded(500), uid(), uid()

    with pytest.raises(InsufficientFunds):
        put(
            RELEASE,
            "release:x",
            Leg(stage(milestone), pending(lin), 300),
            Leg(stage(milestone), pending(ada), 300),
        )

    assert holds(stage(milestone)) == 500


def test_money_may_pass_through_an_empty_account_within_one_posting():
    milestone, lin, passing = funded(500), uid(), uid()

    put(
        RELEASE,
        "release:x",
        Leg(stage(passing), pending(lin), 500),
        Leg(stage(milestone), stage(passing), 500),
    )

    assert (holds(pending(lin)), holds(stage(passing))) == (500, 0)


def test_a_refused_posting_leaves_its_key_free():
    milestone, lin = funded(500), uid()
    with pytest.raises(InsufficientFunds):
        put(RELEASE, "release:x", Leg(stage(milestone), pending(lin), 501))

    put(RELEASE, "release:x", Leg(stage(milestone), pending(lin), 500))

    assert holds(pending(lin)) == 500


def test_a_platform_account_may_go_below_zero():
    order = uid()

    put(PostingKind.STRIPE_ENTRY, "bt:1", Leg(FEE, Account(K.PLATFORM_FUNDS), 5_00))

    assert holds(FEE) == -5_00
    assert holds(escrow(order)) == 0


def test_shares_of_nothing_are_left_out():
    milestone, lin = funded(7), uid()

    posting = put(
        RELEASE, f"release:{milestone}", Leg(stage(milestone), pending(lin), 7), Leg(stage(milestone), TAX, 0)
    )

    (entry,) = (e for e in queries.postings_of("test", UUID(int=7)) if e.posting_id == posting)
    assert entry.legs == (Leg(stage(milestone), pending(lin), 7),)


@pytest.mark.parametrize(
    "legs",
    [[], [Leg(SC, FEE, 0)], [Leg(SC, FEE, 1), Leg(Account(K.STRIPE_CLEARING, currency="USD"), FEE, 1)]],
    ids=["no legs", "only zeros", "two currencies"],
)
def test_a_posting_without_sense_is_a_programming_error(legs: list[Leg]):
    with pytest.raises(ValueError):
        put(RELEASE, "release:x", *legs)


@pytest.mark.parametrize(
    "longer", ["debit_kinds", "debit_owners", "credit_kinds", "credit_owners", "amounts"]
)
def test_a_posting_of_uneven_legs_is_refused(longer: str):
    """Nobody of ours sends one; who calls the function by hand might, and another's account would stand in its place."""
    lists = {
        "debit_kinds": ["SC"], "debit_owners": [str(NOBODY)], "credit_kinds": ["FEE"],
        "credit_owners": [str(NOBODY)], "amounts": [1],
    }  # fmt: skip
    lists[longer] = lists[longer] * 2
    with pytest.raises(DBAPIError, match="whole legs"), transaction():
        db.session.execute(
            text(
                "SELECT ledger_post('release', 'release:uneven', 'CNY', 'test', uuidv7(), :debit_kinds,"
                " CAST(:debit_owners AS uuid[]), :credit_kinds, CAST(:credit_owners AS uuid[]),"
                " CAST(:amounts AS bigint[]))"
            ),
            lists,
        )


def test_a_leg_goes_forward_between_two_accounts():
    with pytest.raises(ValueError, match="negative"):
        Leg(SC, FEE, -1)
    with pytest.raises(ValueError, match="itself"):
        Leg(SC, SC, 1)


def test_accounts_have_an_owner_where_their_kind_has():
    with pytest.raises(ValueError):
        Account(K.FEE_REVENUE, uid())
    with pytest.raises(ValueError):
        Account(K.PAYEE_PENDING)


def test_currencies_do_not_mix():
    yuan, dollars = uid(), uid()

    charge(yuan, 100)
    usd = Account(K.ESCROW_UNALLOCATED, dollars, "USD")
    put(PostingKind.CHARGE, "charge:usd", Leg(Account(K.STRIPE_CLEARING, currency="USD"), usd, 300))

    assert (holds(SC), holds(Account(K.STRIPE_CLEARING, currency="USD"))) == (100, 300)


def test_a_posting_stands_at_the_time_the_money_moved():
    order = uid()
    clock.shift(timedelta(days=-60))
    long_ago = charge(order, 1_00)
    clock.shift(timedelta())
    today = charge(order, 2_00)

    page = queries.statement([escrow(order)])

    assert [entry.posting_id for entry in page.data] == [today, long_ago]
    assert page.data[0].at - page.data[1].at > timedelta(days=59)


def test_an_award_of_more_than_was_paid_is_refused():
    order = uid()
    charge(order, 100_00)

    with pytest.raises(InsufficientFunds):
        award(order, uid(), 100_01)
