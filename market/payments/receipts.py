"""What Stripe says about a payment page, and the money it brings: taken once, whoever sees it first.

The event, the return page and the poll all end in `apply`.
"""

from uuid import UUID, uuid5

from sqlalchemy import select

from market.accounts.actor import SYSTEM
from market.kit.clock import now
from market.kit.db import db
from market.kit.events import record
from market.ledger import service as ledger
from market.ledger.accounts import Account, AccountKind
from market.ledger.movements import Leg, PostingKind
from market.payments import calls
from market.payments.alarms import alarm
from market.payments.checkouts import close, find, tell_failed
from market.payments.models import Checkout
from market.payments.states import CheckoutState, Means, Purpose
from market.payments.views import ChargeView, IntentView, SessionView
from market.subsidies import service as subsidies

K = AccountKind
CHARGES = UUID("1d8a9b52-1c7e-5f0b-8a53-0f4ce2f8a6d1")
"""Namespace for payments that belong to nothing of ours."""


def apply(view: SessionView) -> None:
    """Bring the checkout to what the session says; in a transaction, as often as you like."""
    found = _of(view)
    if found is None:
        if view.charge:
            _take_unknown(view.charge, view.id)
        return
    found.looked_at = now()
    if found.session_id is None:
        found.session_id, found.url, found.expires_at = view.id, view.url, view.expires_at
    if view.charge:
        _take(found, view.charge)
    elif view.status == "expired" and found.is_live:
        found.expire()
        record("checkout.expired", found.subject_id, by=SYSTEM)
    elif (
        view.status == "complete"
        and found.is_live
        and view.intent_status in ("requires_payment_method", "canceled")
    ):
        found.fail("payment_failed")
        tell_failed(found, "payment_failed")


def apply_intent(view: IntentView) -> None:
    """Bring a payment with a saved card to what Stripe says of it; in a transaction, as often as you like.

    Payments made on a page have intents too: theirs is told by the page's session.
    """
    checkout_id = _uuid(view.reference)
    known = db.session.get(Checkout, checkout_id) if checkout_id else None
    if known is None or known.means is not Means.CARD:
        return
    found = find(known.id, lock=True)
    if found.intent_id not in (None, view.id):
        return
    found.looked_at = now()
    found.intent_id = view.id
    if view.charge:
        _take(found, view.charge)
    elif view.status == "canceled":
        if found.is_live:
            found.expire()
            record("checkout.expired", found.subject_id, by=SYSTEM)
    elif view.status == "requires_payment_method" and found.is_live:
        found.fail(view.failure or "payment_failed")
        tell_failed(found, found.failure)
        calls.put("cancel_intent", found.id, {}, target=view.id)
    elif view.status == "requires_action" and found.state is CheckoutState.OPEN:
        found.url = view.url or found.url
        if found.expires_at is not None and found.expires_at < now():
            close(found)


def _of(view: SessionView) -> Checkout | None:
    by_session = select(Checkout.id).where(Checkout.session_id == view.id)
    checkout_id = db.session.scalar(by_session) or _uuid(view.reference)
    if checkout_id is None or db.session.get(Checkout, checkout_id) is None:
        return None
    found = find(checkout_id, lock=True)
    return found if found.session_id in (None, view.id) else None


def _uuid(reference: str) -> UUID | None:
    try:
        return UUID(reference)
    except ValueError:
        return None


def _take(found: Checkout, charge: ChargeView) -> None:
    """SC→EU or SC→MW and the fee SFE→SC, once: the webhook, the return page and the poll race to the same key."""
    if found.charge_id == charge.id:
        return
    if found.charge_id is not None or charge.currency != "CNY":
        _take_unknown(charge, found.session_id or "")
        return
    if found.purpose is Purpose.TOP_UP:
        wallet = Account(K.MERCHANT_WALLET, found.payer_id)
        _post(charge, wallet, ("checkout", found.id), PostingKind.TOP_UP)
    else:
        _post(charge, Account(K.ESCROW_UNALLOCATED, found.subject_id), ("checkout", found.id))
        if found.subsidy_fen:
            subsidies.use(found.subject_id, found.subsidy_fen)
    found.pay(charge.id, charge.amount, charge.method)
    if charge.amount != found.amount_fen:
        alarm(
            "amount_differs",
            found.subject_id,
            checkout=str(found.id),
            asked=found.amount_fen,
            came=charge.amount,
        )
    record(
        "wallet.topped_up" if found.purpose is Purpose.TOP_UP else "payments.received",
        found.subject_id,
        by=SYSTEM,
        audience=[found.payer_id],
        checkout_id=str(found.id),
        amount_fen=charge.amount,
        title=found.title,
        method=charge.method,
    )


def _take_unknown(charge: ChargeView, session_id: str) -> None:
    """Money that belongs to nothing we know: kept in suspense, and somebody is told."""
    source = uuid5(CHARGES, charge.id)
    _post(charge, Account(K.SUSPENSE, currency=charge.currency), ("charge", source))
    alarm(
        "unknown_payment",
        source,
        charge=charge.id,
        session=session_id,
        amount=charge.amount,
        currency=charge.currency,
    )


def _post(
    charge: ChargeView, into: Account, source: tuple[str, UUID], kind: PostingKind = PostingKind.CHARGE
) -> None:
    """What the payer paid, and what reached us: one posting, or two with the exchange between currencies."""
    key, here, there = f"charge:{charge.id}", charge.currency, charge.settled_currency
    clearing = Account(K.STRIPE_CLEARING, currency=there)
    fee = [Leg(Account(K.STRIPE_FEES, currency=there), clearing, charge.fee)] if charge.fee else []
    if here == there:
        ledger.post(
            kind,
            key,
            [Leg(clearing, into, charge.amount), *fee],
            source=source,
            by=SYSTEM,
            external_ref=charge.id,
        )
        return
    ledger.post(
        kind,
        key,
        [Leg(Account(K.EXCHANGE, currency=here), into, charge.amount)],
        source=source,
        by=SYSTEM,
        external_ref=charge.id,
    )
    settled = Leg(clearing, Account(K.EXCHANGE, currency=there), charge.settled_amount)
    ledger.post(
        kind,
        f"{key}:{there}",
        [settled, *fee],
        source=source,
        by=SYSTEM,
        external_ref=charge.id,
    )
