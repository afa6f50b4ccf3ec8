"""Paying by way of Stripe: one live payment per subject, and money that is taken once, whoever sees it first."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from market.accounts.actor import SYSTEM, Actor
from market.kit import ids
from market.kit.clock import now
from market.kit.db import db
from market.kit.errors import NotFound
from market.kit.events import record
from market.payments import calls, customers
from market.payments.errors import CardExpired, KeyOfAnother, PageStillOpen, StripeRefused
from market.payments.models import Checkout, SavedCard
from market.payments.params import intent_params, session_params
from market.payments.states import LIVE, CheckoutState, Means, Purpose
from market.payments.views import Json, next_url, session_view

CARD_LIFE = timedelta(hours=1)
"""How long a payer may take at his bank's page before a payment with a saved card is ended."""


def checkout(
    *,
    subject_id: UUID,
    payer_id: UUID,
    amount_fen: int,
    title: str,
    by: Actor,
    key: str,
    return_url: str,
    locale: str = "zh",
    purpose: Purpose = Purpose.ORDER,
    wallet_fen: int = 0,
    subsidy_fen: int = 0,
    card: SavedCard | None = None,
) -> Checkout:
    """The one way to pay for `subject_id` now: a new one, or the one that is open already.

    `return_url` may hold `{checkout}`, replaced by the new id. Send the call after the commit
    (`outbox.send(call_id_of(checkout))`). Whether so much is due is the caller's to ask, and to ask again after this:
    a payment that ended while this one was written is seen only then. With a saved `card` there is no page, unless
    the bank wants to see its holder. Raises KeyOfAnother, PageStillOpen, CardExpired.
    """
    before = of_key(payer_id, key)
    if before is not None:
        if before.subject_id != subject_id or (purpose is Purpose.TOP_UP and before.amount_fen != amount_fen):
            raise KeyOfAnother
        return before
    if card is not None and card.is_expired:
        raise CardExpired(field="card_id")
    made = db.session.scalar(
        insert(Checkout)
        .values(
            subject_id=subject_id,
            payer_id=payer_id,
            purpose=purpose,
            means=Means.CARD if card else Means.PAGE,
            card_id=card.id if card else None,
            amount_fen=amount_fen,
            wallet_fen=wallet_fen,
            subsidy_fen=subsidy_fen,
            title=title,
            key=key,
            state=CheckoutState.CREATED,
            method="",
            failure="",
        )
        .on_conflict_do_nothing()
        .returning(Checkout.id)
    )
    if made is None:
        # A twin was quicker; it is the one to pay at.
        twin = db.session.scalar(
            select(Checkout).where(Checkout.subject_id == subject_id, Checkout.state.in_(LIVE))
        )
        if twin is None:
            raise PageStillOpen
        return twin
    back, customer = (
        return_url.replace("{checkout}", ids.encode("chk", made)),
        customers.stripe_id_of(payer_id),
    )
    if card is None:
        session = session_params(
            checkout_id=made,
            amount_fen=amount_fen,
            title=title,
            return_url=back,
            locale=locale,
            customer=customer,
        )
        calls.put("checkout", made, session)
    else:
        intent = intent_params(
            checkout_id=made,
            amount_fen=amount_fen,
            title=title,
            return_url=back,
            customer=str(customer),
            method=card.method_id,
        )
        calls.put("intent", made, intent)
    record("checkout.created", subject_id, by=by, checkout_id=str(made), amount_fen=amount_fen)
    return find(made)


def of_key(payer_id: UUID, key: str) -> Checkout | None:
    """What the payer made under this key before."""
    return db.session.scalar(select(Checkout).where(Checkout.payer_id == payer_id, Checkout.key == key))


def find(checkout_id: UUID, *, lock: bool = False) -> Checkout:
    """Raises NotFound. With `lock`, the row is locked and read afresh."""
    found = db.session.get(Checkout, checkout_id, with_for_update=lock or None, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def live(subject_id: UUID) -> Checkout | None:
    """The payment that is open for this subject, if one is."""
    return db.session.scalar(
        select(Checkout).where(Checkout.subject_id == subject_id, Checkout.state.in_(LIVE))
    )


def owing_wallet_part(subject_id: UUID) -> Checkout | None:
    """A payment that came, and to which the wallet still has to add its part."""
    return db.session.scalar(
        select(Checkout)
        .where(
            Checkout.subject_id == subject_id, Checkout.state == CheckoutState.PAID, Checkout.wallet_fen > 0
        )
        .order_by(Checkout.id.desc())
        .limit(1)
    )


def close(found: Checkout) -> bool:
    """Ask that nobody can pay any more; True when that is so already. Stripe's word arrives later: one that Stripe has
    yet to open is closed when it has."""
    if not found.is_live:
        return True
    found = find(found.id, lock=True)
    found.unwanted_at = found.unwanted_at or now()
    _close_unwanted(found)
    return not found.is_live


def _close_unwanted(found: Checkout) -> None:
    target = found.session_id or found.intent_id
    if found.unwanted_at is not None and found.state is CheckoutState.OPEN and target:
        calls.put(closing_call(found), found.id, {}, target=target)


def opening_call(found: Checkout) -> str:
    """The purpose of the call that begins this payment."""
    return "intent" if found.means is Means.CARD else "checkout"


def closing_call(found: Checkout) -> str:
    """The purpose of the call that ends this payment."""
    return "cancel_intent" if found.means is Means.CARD else "expire"


def tell_failed(found: Checkout, code: str) -> None:
    record(
        "checkout.failed",
        found.subject_id,
        by=SYSTEM,
        audience=[found.payer_id],
        code=code,
        purpose=found.purpose.value,
    )


# Answers of Stripe to our calls, each in the transaction of the call's row.


def opened(checkout_id: UUID, body: Json) -> None:
    found = find(checkout_id, lock=True)
    if found.state is CheckoutState.CREATED:
        view = session_view(body)
        found.open(view.id, view.url, view.expires_at)
        found.looked_at = now()
        _close_unwanted(found)


def refused(checkout_id: UUID, refusal: StripeRefused) -> None:
    found = find(checkout_id, lock=True)
    if found.state is CheckoutState.CREATED:
        found.fail(refusal.code)
        tell_failed(found, refusal.code)


def intent_made(checkout_id: UUID, body: Json) -> None:
    """The payment with the saved card has begun; whether it is paid is asked for, not read here."""
    found = find(checkout_id, lock=True)
    found.intent_id = body["id"]
    if found.state is CheckoutState.CREATED:
        found.begin(body["id"], next_url(body), now() + CARD_LIFE)
        # Unless the holder is asked, it is decided: the next look is due at once.
        found.looked_at = now() if found.url else found.created_at
        _close_unwanted(found)


def intent_refused(checkout_id: UUID, refusal: StripeRefused) -> None:
    """The bank said no. The payment is ended at Stripe too, so that nothing of it stays open."""
    found = find(checkout_id, lock=True)
    if found.state is CheckoutState.CREATED:
        found.fail(refusal.decline or refusal.code)
        tell_failed(found, found.failure)
    if refusal.intent_id and found.intent_id is None:
        found.intent_id = refusal.intent_id
        calls.put("cancel_intent", found.id, {}, target=refusal.intent_id)


def closed(checkout_id: UUID, body: Json) -> None:
    found = find(checkout_id, lock=True)
    if found.state is CheckoutState.OPEN:
        found.expire()
        record("checkout.closed", found.subject_id, by=SYSTEM, purpose=found.purpose.value)


def not_closed(checkout_id: UUID, refusal: StripeRefused) -> None:
    """It was paid or had expired at that moment: the next look says which."""
    find(checkout_id, lock=True).looked_at = find(checkout_id).created_at
