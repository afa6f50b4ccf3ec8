"""Events from Stripe: stored once by their id, handled later. An event is only news that something changed:
what changed is fetched, so their order does not matter and a forged body could move nothing."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid5

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from market.kit.clock import now
from market.kit.db import db, transaction
from market.payments import calls, connect, gateway, receipts, withdrawals
from market.payments.alarms import alarm
from market.payments.errors import StripeAway, StripeRefused
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


def _account(account: str | None, object_id: str) -> Step:
    view = gateway.account(object_id)
    return lambda: connect.apply(view)


def _payout(account: str | None, object_id: str) -> Step:
    view = gateway.payout(account or "", object_id)
    return lambda: withdrawals.apply(view)


HANDLERS: dict[str, Fetch] = {
    "checkout.session.completed": _session,
    "checkout.session.async_payment_succeeded": _session,
    "checkout.session.async_payment_failed": _session,
    "checkout.session.expired": _session,
    "account.updated": _account,
    "payout.updated": _payout,
    "payout.paid": _payout,
    "payout.failed": _payout,
    "payout.canceled": _payout,
}

ALARMING = ("charge.dispute.created", "charge.refunded", "radar.early_fraud_warning.created")
"""Facts that a person must see: their movements have no automatic handling here."""


def receive(event: dict[str, Any]) -> bool:
    """Store a verified event; False when it was here before. One statement, so storms cost little."""
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
            state=InboxState.WAITING,
            tries=0,
            error="",
            due_at=now(),
        )
        .on_conflict_do_nothing(index_elements=["id"])
        .returning(StripeEvent.id)
    ).first()
    if stored:
        calls.ring()
    return stored is not None


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
