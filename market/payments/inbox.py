"""Events from Stripe: stored once by their id, handled later. An event is only news that something changed:
what changed is fetched, so their order does not matter and a forged body could move nothing."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import structlog
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from market.kit.clock import now
from market.kit.db import db, transaction
from market.payments import (
    calls,
    cards,
    chargebacks,
    config,
    connect,
    entries,
    gateway,
    receipts,
    refunds,
    withdrawals,
)
from market.payments.alarms import alarm
from market.payments.errors import AccountGone, StripeAway, StripeRefused
from market.payments.models import StripeEvent
from market.payments.states import InboxState
from market.payments.views import moment

log = structlog.get_logger()

GIVE_UP_TRIES = 12
STRIPE = UUID("6f0c3f0e-3c0c-5a0e-9d52-5f5f6d1d6a51")
"""Namespace for what Stripe names and we do not."""

Step = Callable[[], None]
Fetch = Callable[[str | None, str], Step]
"""Takes (account, object id), asks Stripe, and returns what to do in the transaction."""


def _session(account: str | None, object_id: str) -> Step:
    view = gateway.session(object_id)
    return lambda: receipts.apply(view)


def _intent(account: str | None, object_id: str) -> Step:
    view = gateway.intent(object_id)
    return lambda: receipts.apply_intent(view)


def _method(account: str | None, object_id: str) -> Step:
    view = gateway.method(object_id)
    return lambda: cards.apply(view)


def _account(account: str | None, object_id: str) -> Step:
    view = gateway.account(object_id)
    return lambda: connect.apply(view)


def _payout(account: str | None, object_id: str) -> Step:
    view = gateway.payout(account or "", object_id)
    return lambda: withdrawals.apply(view)


def _refund(account: str | None, object_id: str) -> Step:
    view = gateway.refund(object_id)
    return lambda: refunds.apply(view)


def _dispute(account: str | None, object_id: str) -> Step:
    view = gateway.dispute(object_id)
    return lambda: chargebacks.apply(view)


HANDLERS: dict[str, Fetch] = {
    "checkout.session.completed": _session,
    "checkout.session.async_payment_succeeded": _session,
    "checkout.session.async_payment_failed": _session,
    "checkout.session.expired": _session,
    "payment_intent.succeeded": _intent,
    "payment_intent.payment_failed": _intent,
    "payment_intent.requires_action": _intent,
    "payment_intent.canceled": _intent,
    "payment_method.attached": _method,
    "payment_method.automatically_updated": _method,
    "payment_method.updated": _method,
    "payment_method.detached": _method,
    "account.updated": _account,
    "refund.created": _refund,
    "refund.updated": _refund,
    "refund.failed": _refund,
    "payout.updated": _payout,
    "payout.paid": _payout,
    "payout.failed": _payout,
    "payout.canceled": _payout,
    "charge.dispute.created": _dispute,
    "charge.dispute.updated": _dispute,
    "charge.dispute.closed": _dispute,
    "charge.dispute.funds_withdrawn": _dispute,
    "charge.dispute.funds_reinstated": _dispute,
}

ALARMING = ("radar.early_fraud_warning.created",)
"""Facts that a person must see: their movements have no automatic handling here."""


def receive(event: dict[str, Any]) -> str:
    """Store a verified event, once: "stored", "known" when it was here before, or why it is put aside unread.

    One statement for the platform's own events, so storms cost little.
    """
    aside = _not_for_us(event)
    stored = db.session.execute(
        insert(StripeEvent)
        .values(
            id=event["id"],
            type=event["type"],
            account=event.get("account"),
            object_id=str(event["data"]["object"].get("id", "")),
            body=event,
            happened_at=moment(event["created"]),
            received_at=now(),
            state=InboxState.IGNORED if aside else InboxState.WAITING,
            tries=0,
            error=aside,
            due_at=now(),
        )
        .on_conflict_do_nothing(index_elements=["id"])
        .returning(StripeEvent.id)
    ).first()
    if stored is None:
        return "known"
    if aside:
        log.warning("webhook.put_aside", event_id=event["id"], reason=aside)
        return aside
    calls.ring()
    return "stored"


def _not_for_us(event: dict[str, Any]) -> str:
    """Why an event with our signature is none of ours: a payee's account we do not know, live news for a test key."""
    if event.get("livemode") is True and not config.read().is_live:
        return "other mode"
    account = event.get("account")
    # News of an account may be here before the answer that made it: it is fetched again when looked at.
    if account and not event["type"].startswith("account.") and connect.of_stripe(account) is None:
        return "another account"
    return ""


def replay(*, since: datetime | None = None, type: str = "", event_id: str = "") -> int:
    """Have stored events handled once more; the number. What they bring is fetched anew, so nothing moves twice.

    Events that were put aside unread stay so unless named by `event_id`.
    """
    again = update(StripeEvent).where(StripeEvent.state != InboxState.WAITING)
    if event_id:
        again = again.where(StripeEvent.id == event_id)
    else:
        again = again.where(
            StripeEvent.type.in_(HANDLERS), StripeEvent.error.not_in(("other mode", "another account"))
        )
    if since:
        again = again.where(StripeEvent.happened_at >= since)
    if type:
        again = again.where(StripeEvent.type == type)
    again = again.values(state=InboxState.WAITING, tries=0, due_at=now(), error="", done_at=None)
    done = db.session.execute(again.returning(StripeEvent.id)).all()
    calls.ring()
    return len(done)


MISSED_OVERLAP = timedelta(hours=1)


ACCOUNTS_AT_ONCE = 100


def fetch_missed() -> int:
    """Walk Stripe's own lists of events, the platform's and those of the payees' accounts that are due for it, and
    store what never came; the number of new ones."""
    new = _walk("events", None)
    for account in connect.due_for_a_walk(ACCOUNTS_AT_ONCE):
        try:
            new += _walk(f"events:{account}", account)
        except (AccountGone, StripeRefused) as gone:
            log.warning("webhooks.account_closed_to_us", account=account, error=str(gone))
        with transaction():
            connect.walked(account)
    if new:
        log.warning("webhooks.missed", count=new)
    return new


def _walk(cursor: str, account: str | None) -> int:
    """One list, from an hour behind its cursor on; the cursor moves when the end was reached."""
    since = entries.cursor(cursor)
    newest, new, after = since, 0, None
    while True:
        page, more = gateway.events(
            since=int((since - MISSED_OVERLAP).timestamp()) if since else None,
            after=after,
            limit=100,
            account=account,
        )
        with transaction():
            for event in page:
                if event["type"] in HANDLERS or event["type"] in ALARMING:
                    new += receive(event | ({"account": account} if account else {})) == "stored"
                newest = max(newest or moment(event["created"]), moment(event["created"]))
        if not more or not page:
            break
        after = page[-1]["id"]
    if newest:
        with transaction():
            entries.advance(cursor, newest)
    return new


def waiting(*, waited_s: float = 0) -> bool:
    event = select(StripeEvent.id).where(calls.is_free(StripeEvent, waited_s)).limit(1)
    return db.session.scalar(event) is not None


def handle_next() -> bool:
    row = calls.lease(StripeEvent)
    if row is None:
        return False
    event_id, fetch = row.id, HANDLERS.get(row.type)
    try:
        step = fetch(row.account, row.object_id) if fetch else None
        _finish(event_id, step, InboxState.DONE if step else InboxState.IGNORED)
    except StripeRefused as refusal:
        # Not an object of ours: an event of another environment with the same secret.
        _finish(event_id, None, InboxState.IGNORED, str(refusal))
    except Exception as failure:
        if not isinstance(failure, StripeAway):
            log.exception("stripe.event_failed", event_id=event_id)
        _postpone(event_id, failure)
    return True


def _finish(event_id: str, step: Step | None, state: InboxState, error: str = "") -> None:
    with transaction():
        row = _find(event_id)
        if row.state is not InboxState.WAITING:
            return
        if step:
            step()
        if row.type in ALARMING or error:
            alarm(
                "stripe_event",
                uuid5(STRIPE, row.object_id),
                event_id=row.id,
                type=row.type,
                object=row.object_id,
            )
        row.state, row.error, row.done_at, row.leased_until = state, error[:2000], now(), None


def _postpone(event_id: str, failure: Exception) -> None:
    with transaction():
        row = _find(event_id)
        if row.state is not InboxState.WAITING:
            return
        calls.postpone(row, f"{type(failure).__name__}: {failure.__cause__ or failure}")
        if row.tries >= GIVE_UP_TRIES:
            row.state, row.done_at = InboxState.IGNORED, now()
            alarm(
                "stripe_event_stuck",
                uuid5(STRIPE, row.object_id),
                event_id=row.id,
                type=row.type,
                error=row.error,
            )


def _find(event_id: str) -> StripeEvent:
    return db.session.scalars(
        select(StripeEvent)
        .where(StripeEvent.id == event_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
