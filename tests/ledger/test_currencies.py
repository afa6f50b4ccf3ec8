"""Money paid in one currency and settled in another: one clearing account each, and what lies between them is in FX."""

import pytest

from market.ledger import queries
from market.ledger.accounts import Account
from market.ledger.errors import InsufficientFunds
from market.ledger.movements import Leg, PostingKind
from prove.acts import SC, K, escrow, holds, pending, put, stage, uid

FX, FX_USD = Account(K.EXCHANGE), Account(K.EXCHANGE, currency="USD")
SC_USD, SFE_USD = Account(K.STRIPE_CLEARING, currency="USD"), Account(K.STRIPE_FEES, currency="USD")


def pay(order, fen: int, cents: int, fee: int) -> None:
    """As payments.receipts writes it: a posting in each currency."""
    put(PostingKind.CHARGE, f"charge:{order}", Leg(FX, escrow(order), fen))
    put(PostingKind.CHARGE, f"charge:{order}:USD", Leg(SC_USD, FX_USD, cents), Leg(SFE_USD, SC_USD, fee))


def test_each_currency_balances_by_itself():
    order = uid()

    pay(order, 700_00, 98_00, 3_14)

    assert (holds(escrow(order)), holds(FX), holds(SC)) == (700_00, 700_00, 0)
    assert (holds(SC_USD), holds(SFE_USD), holds(FX_USD)) == (94_86, 3_14, -98_00)
    totals = {(total.kind.value, total.currency): total.amount for total in queries.totals()}
    assert totals == {
        ("EU", "CNY"): 700_00,
        ("FX", "CNY"): 700_00,
        ("SC", "USD"): 94_86,
        ("SFE", "USD"): 3_14,
        ("FX", "USD"): -98_00,
    }


def test_what_was_settled_in_dollars_is_awarded_and_released_in_yuan():
    order, milestone, lin = uid(), uid(), uid()
    pay(order, 700_00, 98_00, 0)

    put(PostingKind.AWARD, "award", Leg(escrow(order), stage(milestone), 700_00))
    put(PostingKind.RELEASE, "release", Leg(stage(milestone), pending(lin), 700_00))

    assert holds(pending(lin)) == 700_00
    with pytest.raises(InsufficientFunds):
        put(
            PostingKind.WITHDRAW,
            "wd",
            Leg(Account(K.PAYEE_AVAILABLE, lin, "USD"), Account(K.PAYOUT_IN_TRANSIT, uid(), "USD"), 1),
        )


def test_no_leg_crosses_currencies():
    with pytest.raises(ValueError, match="one currency"):
        put(PostingKind.CHARGE, "charge", Leg(SC_USD, escrow(uid()), 1))
