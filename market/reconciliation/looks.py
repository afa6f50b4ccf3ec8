"""The looks beside the pairing: sums, Stripe's balance, cover, the ledger's own rules, orders against the ledger."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from market.kit.db import db
from market.ledger import queries as books
from market.ledger.accounts import AccountKind as K
from market.ledger.checks import check as check_ledger
from market.ledger.checks import registered
from market.payments import entries
from market.reconciliation.checks import PACKAGE
from market.reconciliation.found import Found
from market.reconciliation.models import Kind
from market.reconciliation.whose import order_of_id

OWED = (K.MERCHANT_WALLET, K.ESCROW_UNALLOCATED, K.ESCROW_MILESTONE, K.ESCROW_HELD, K.PAYEE_PENDING,
        K.PAYEE_AVAILABLE, K.PAYOUT_IN_TRANSIT, K.REFUND_IN_TRANSIT, K.CPS_BUDGET, K.CPS_PENDING)  # fmt: skip
"""Other people's money: it must be at Stripe."""
COMING_BACK = (K.CHARGEBACK_RECEIVABLE, K.MERCHANT_RECEIVABLE, K.PAYEE_RECEIVABLE)
"""Debts to us: the only reason for which it may be less."""
ON_ITS_OWN = ("nothing is in suspense", "nothing is on its way for more than a week")
"""Rules of the ledger that these looks tell in more detail, or that are no breach of the books."""


def _held() -> dict[tuple[K, str], int]:
    held: dict[tuple[K, str], int] = defaultdict(int)
    for total in books.totals():
        held[total.kind, total.currency] += total.amount
    return held


def sums(unpaired: Sequence[Found]) -> list[Found]:
    """(a) Our account at Stripe is the sum of Stripe's entries, but for what is listed one by one as unpaired."""
    theirs, held = entries.sums(), _held()
    currencies = set(theirs) | {currency for kind, currency in held if kind is K.STRIPE_CLEARING}
    found = []
    for currency in sorted(currencies):
        ours = held[K.STRIPE_CLEARING, currency]
        told = sum((u.ours_fen or 0) - (u.theirs_fen or 0) for u in unpaired if u.currency == currency)
        if ours - theirs.get(currency, 0) != told:
            found.append(
                Found(
                    Kind.SUM,
                    currency,
                    ours_fen=ours - told,
                    theirs_fen=theirs.get(currency, 0),
                    currency=currency,
                    what="SC",
                )
            )
    return found


def stripes_balance(balance: dict[str, int]) -> list[Found]:
    """(c) What Stripe says it holds is the sum of its entries."""
    theirs = entries.sums()
    return [
        Found(
            Kind.BALANCE,
            currency,
            ours_fen=theirs.get(currency, 0),
            theirs_fen=balance.get(currency, 0),
            currency=currency,
            what="Balance",
        )
        for currency in sorted(set(theirs) | set(balance))
        if theirs.get(currency, 0) != balance.get(currency, 0)
    ]


def cover() -> list[Found]:
    """(d) What we owe to others is at Stripe, but for what others owe to us. Our own fees are not theirs to bear."""
    held = _held()
    found = []
    for currency in sorted({currency for _, currency in held}):
        owed = sum(held[kind, currency] for kind in OWED)
        coming = sum(held[kind, currency] for kind in COMING_BACK)
        # What was settled in another currency is there at the value it was booked with.
        there = held[K.STRIPE_CLEARING, currency] + held[K.EXCHANGE, currency]
        if owed and there + coming < owed:
            found.append(
                Found(
                    Kind.COVER,
                    currency,
                    ours_fen=owed - coming,
                    theirs_fen=there,
                    currency=currency,
                    what="SC",
                )
            )
    return found


def ledger() -> list[Found]:
    return [
        Found(Kind.LEDGER, f"{breach.rule}: {breach.what}"[:500], what=f"{breach.rule}: {breach.what}")
        for breach in check_ledger()
        if breach.rule not in ON_ITS_OWN
    ]


def orders() -> list[Found]:
    """(e) Every order, stage, earning and withdrawal says what the ledger says: all offenders, not the first few."""
    found = []
    for rule, statement in registered().items():
        if rule.startswith(f"{PACKAGE}:"):
            continue  # those repeat what a run has found
        for row in db.session.execute(text(statement)).all():
            about, what = str(row[0]), ": ".join(str(part) for part in row)
            try:
                order_id = order_of_id(UUID(about))
            except ValueError:
                order_id = None
            found.append(Found(Kind.ORDER, f"{rule} {about}"[:500], order_id=order_id, what=f"{rule} {what}"))
    return found
