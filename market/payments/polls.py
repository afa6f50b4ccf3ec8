"""Looking after what should have been heard of: an event may be lost, so open things are fetched now and then.
A payee's account is fetched when its owner looks at the income page.

The pauses grow with the age of the thing: about twenty looks over the day a payment page lives.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Select, TextClause, select, text

from market.kit.clock import now
from market.kit.db import db, transaction
from market.payments import (
    cards,
    chargebacks,
    connect,
    customers,
    gateway,
    receipts,
    refunds,
    withdrawals,
)
from market.payments.chargebacks import Chargeback, ChargebackState
from market.payments.errors import StripeAway, StripeRefused
from market.payments.models import Checkout, ConnectAccount, Withdrawal
from market.payments.refunds import Refund, RefundState
from market.payments.states import CheckoutState, WithdrawalState

log = structlog.get_logger()

PAUSE_IS_OVER = "looked_at + greatest(interval '1 minute', (looked_at - created_at) / 2) < :present"


def _is_due() -> TextClause:
    return text(PAUSE_IS_OVER).bindparams(present=now())


def _open_checkouts() -> Select[Checkout]:
    return select(Checkout).where(Checkout.state == CheckoutState.OPEN, _is_due())


def _under_way() -> Select[Withdrawal]:
    return select(Withdrawal).where(
        Withdrawal.state == WithdrawalState.TRANSFERRED, Withdrawal.payout_id.is_not(None), _is_due()
    )


def _pending_refunds() -> Select[Refund]:
    return select(Refund).where(Refund.state == RefundState.PENDING, _is_due())


def _open_chargebacks() -> Select[Chargeback]:
    open_ = Chargeback.state.in_((ChargebackState.INQUIRY, ChargebackState.OPEN))
    return select(Chargeback).where(open_, _is_due())


def waiting() -> bool:
    return any(
        db.session.scalars(rows.limit(1)).first() is not None
        for rows in (_open_checkouts(), _under_way(), _pending_refunds(), _open_chargebacks())
    )


def look_next() -> bool:
    """Fetch one thing that is due for a look; False when none is."""
    for rows, look in (
        (_open_checkouts(), look_at_checkout),
        (_under_way(), look_at_withdrawal),
        (_pending_refunds(), look_at_refund),
        (_open_chargebacks(), look_at_chargeback),
    ):
        taken = _take(rows)
        if taken is not None:
            try:
                look(taken)
            except StripeAway as away:
                log.warning("stripe.look_failed", error=str(away.__cause__ or away))
            return True
    return False


def _take(rows: Select[Any]) -> UUID | None:
    """Note the look before it happens: others then leave the row alone."""
    with transaction():
        row = db.session.scalars(
            rows.order_by("looked_at")
            .limit(1)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        ).first()
        if row is None:
            return None
        row.looked_at = now()
        key: UUID = row.id
        return key


def look_at_checkout(checkout_id: UUID) -> None:
    """Fetch the session, or the payment with a saved card, and act on what it says. Network first, then one
    transaction."""
    known = db.session.execute(
        select(Checkout.session_id, Checkout.intent_id).where(Checkout.id == checkout_id)
    ).one()
    if known.session_id:
        _apply(known.session_id, lambda: gateway.session(known.session_id), receipts.apply)
    else:
        _apply(known.intent_id, lambda: gateway.intent(known.intent_id), receipts.apply_intent)


def look_at_cards(party_id: UUID) -> None:
    """Fetch the merchant's saved cards: an event about one may have been lost."""
    customer_id = customers.stripe_id_of(party_id)
    _apply(
        customer_id,
        lambda: gateway.cards(str(customer_id)),
        lambda views: cards.apply_all(party_id, views),
    )


def look_at_withdrawal(withdrawal_id: UUID) -> None:
    row = db.session.execute(
        select(Withdrawal.account, Withdrawal.payout_id).where(Withdrawal.id == withdrawal_id)
    ).one()
    _apply(row.payout_id, lambda: gateway.payout(row.account, row.payout_id), withdrawals.apply)


def look_at_refund(refund_id: UUID) -> None:
    stripe_id = db.session.scalar(select(Refund.stripe_id).where(Refund.id == refund_id))
    _apply(stripe_id, lambda: gateway.refund(str(stripe_id)), refunds.apply)


def look_at_chargeback(chargeback_id: UUID) -> None:
    dispute_id = db.session.scalar(select(Chargeback.dispute_id).where(Chargeback.id == chargeback_id))
    _apply(dispute_id, lambda: gateway.dispute(str(dispute_id)), chargebacks.apply)


def look_at_account(account_row_id: UUID) -> None:
    stripe_id = db.session.scalar(select(ConnectAccount.stripe_id).where(ConnectAccount.id == account_row_id))
    _apply(stripe_id, lambda: gateway.account(str(stripe_id)), connect.apply)


def _apply(known: str | None, fetch: Callable[[], Any], act: Callable[[Any], None]) -> None:
    if not known:
        return
    try:
        view = fetch()
    except StripeRefused as gone:
        log.error("stripe.object_gone", object=known, error=str(gone))
        return
    with transaction():
        act(view)
