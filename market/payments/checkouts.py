"""Paying for an order: one live payment page per order, and money that is taken once, whoever sees it first."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from market.accounts.actor import SYSTEM, Actor
from market.kit import ids
from market.kit.clock import now
from market.kit.db import db
from market.kit.errors import NotFound
from market.kit.events import record
from market.payments import calls
from market.payments.errors import AlreadyPaid, KeyOfAnother, StripeRefused
from market.payments.models import Checkout
from market.payments.params import session_params
from market.payments.states import LIVE, CheckoutState
from market.payments.views import Json, session_view


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
) -> Checkout:
    """The one way to pay for `subject_id` now: a new one, or the one that is open already.

    `return_url` may hold `{checkout}`, replaced by the new id. Send the call after the commit
    (`outbox.send(call_id_of(checkout))`). Raises AlreadyPaid, KeyOfAnother.
    """
    before = db.session.scalar(select(Checkout).where(Checkout.payer_id == payer_id, Checkout.key == key))
    if before is not None:
        if before.subject_id != subject_id:
            raise KeyOfAnother
        return before
    if db.session.scalar(
        select(Checkout.id).where(Checkout.subject_id == subject_id, Checkout.state == CheckoutState.PAID)
    ):
        raise AlreadyPaid
    made = db.session.scalar(
        insert(Checkout)
        .values(
            subject_id=subject_id,
            payer_id=payer_id,
            amount_fen=amount_fen,
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
            raise KeyOfAnother
        return twin
    calls.put(
        "checkout",
        made,
        session_params(
            checkout_id=made,
            amount_fen=amount_fen,
            title=title,
            return_url=return_url.replace("{checkout}", ids.encode("chk", made)),
            locale=locale,
        ),
    )
    record("checkout.created", subject_id, by=by, checkout_id=str(made), amount_fen=amount_fen)
    return find(made)


def find(checkout_id: UUID, *, lock: bool = False) -> Checkout:
    """Raises NotFound. With `lock`, the row is locked and read afresh."""
    found = db.session.get(Checkout, checkout_id, with_for_update=lock or None, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def close(found: Checkout) -> bool:
    """Ask that nobody can pay any more; True when that is so already. Stripe's word arrives later."""
    if found.state is CheckoutState.OPEN and found.session_id:
        calls.put("expire", found.id, {}, target=found.session_id)
    return not found.is_live


# Answers of Stripe to our calls, each in the transaction of the call's row.


def opened(checkout_id: UUID, body: Json) -> None:
    found = find(checkout_id, lock=True)
    if found.state is CheckoutState.CREATED:
        view = session_view(body)
        found.open(view.id, view.url, view.expires_at)
        found.looked_at = now()


def refused(checkout_id: UUID, refusal: StripeRefused) -> None:
    found = find(checkout_id, lock=True)
    if found.state is CheckoutState.CREATED:
        found.fail(refusal.code)
        record("checkout.failed", found.subject_id, by=SYSTEM, audience=[found.payer_id], code=refusal.code)


def closed(checkout_id: UUID, body: Json) -> None:
    found = find(checkout_id, lock=True)
    if found.state is CheckoutState.OPEN:
        found.expire()


def not_closed(checkout_id: UUID, refusal: StripeRefused) -> None:
    """It was paid or had expired at that moment: the next look says which."""
    find(checkout_id, lock=True).looked_at = find(checkout_id).created_at
