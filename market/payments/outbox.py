"""The one road to Stripe: calls wait in a table, are leased, sent outside any transaction, and answered in one.

A kill at any moment leaves a row that is sent again under the same key: Stripe then repeats its answer. Keys are
kept for a day; what is older is looked up before it is repeated. `drain` also works off the inbox and looks after
what should have been heard of by now, because all three need the network.
"""

from collections.abc import Callable
from datetime import timedelta
from time import monotonic, sleep
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select, update

from market.kit.clock import now
from market.kit.db import db, transaction
from market.payments import (
    calls,
    cards,
    checkouts,
    connect,
    customers,
    evidence,
    gateway,
    inbox,
    polls,
    recovering,
    refunds,
    withdrawals,
)
from market.payments.alarms import alarm
from market.payments.calls import Sending
from market.payments.errors import StripeAway, StripeRefused
from market.payments.models import StripeCall
from market.payments.states import CallState

log = structlog.get_logger()

KEY_LIFE = timedelta(hours=23)
ALARM_AFTER_TRIES = 8

Answer = Callable[[UUID, dict[str, Any]], None]
Refused = Callable[[UUID, StripeRefused], None]

ANSWERS: dict[str, tuple[Answer, Refused]] = {
    "checkout": (checkouts.opened, checkouts.refused),
    "expire": (checkouts.closed, checkouts.not_closed),
    "intent": (checkouts.intent_made, checkouts.intent_refused),
    "cancel_intent": (checkouts.closed, checkouts.not_closed),
    "customer": (customers.made, customers.refused),
    "detach": (cards.detached, cards.not_detached),
    "account": (connect.made, connect.refused),
    "transfer": (withdrawals.transferred, withdrawals.transfer_refused),
    "payout": (withdrawals.payout_made, withdrawals.payout_refused),
    "refund": (refunds.made, refunds.refused),
    "reversal": (withdrawals.reversed_, withdrawals.reversal_refused),
    "recover": (recovering.reversed_, recovering.reversal_refused),
    "evidence_file": (evidence.file_taken, evidence.file_refused),
    "evidence": (evidence.taken, evidence.refused),
}
"""What an answer changes, and what a refusal; both take the call's subject and run in one transaction with it."""


def waiting(*, waited_s: float = 0) -> bool:
    """Whether `drain` would find something to do now; with `waited_s`, something nobody took for so long."""
    call = select(StripeCall.id).where(calls.is_free(StripeCall, waited_s)).limit(1)
    if db.session.scalar(call) is not None or inbox.waiting(waited_s=waited_s):
        return True
    return polls.waiting() and not waited_s


def drain(*, seconds: float = 30) -> int:
    """Send, receive and look until nothing is left or the time is over; the number of things done."""
    end, done = monotonic() + seconds, 0
    while monotonic() < end and (inbox.handle_next() or send_next() or polls.look_next()):
        done += 1
        db.session.remove()
    return done


def send_next() -> bool:
    return _send(calls.lease(StripeCall))


def send(call_id: UUID) -> None:
    """Send this call now, from the edge, after the commit; or wait for the worker who was quicker to take it.

    When Stripe does not answer nothing is raised: the row waits for the worker, and the edge says so.
    """
    end = monotonic() + gateway.BUDGET_S
    while not _send(calls.lease(StripeCall, StripeCall.id == call_id)):
        if monotonic() > end or not calls.is_in_hand(call_id):
            return
        sleep(0.05)


def _send(row: StripeCall | None) -> bool:
    if row is None:
        return False
    call = Sending(
        row.id, row.purpose, row.subject_id, row.target, row.account, row.params, row.tries, row.first_sent_at
    )
    try:
        answer = _ask(call)
    except StripeRefused as refusal:
        _settle(call, refusal)
    except gateway.Indeterminate:
        _begin_again(call)
    except StripeAway as away:
        _postpone(call, away)
    except Exception as broken:
        log.exception("stripe.call_failed", purpose=call.purpose, call=str(call.id))
        _postpone(call, broken)
    else:
        try:
            _settle(call, answer)
        except Exception as broken:
            log.exception("stripe.answer_failed", purpose=call.purpose, call=str(call.id))
            _postpone(call, broken)
    return True


def _ask(call: Sending) -> dict[str, Any]:
    if call.first_sent_at is None:
        with transaction():
            db.session.execute(update(StripeCall).where(StripeCall.id == call.id).values(first_sent_at=now()))
    elif call.first_sent_at < now() - KEY_LIFE:
        found = gateway.look_up(call)
        if found is not None:
            return found
    try:
        return gateway.send(call)
    except gateway.Indeterminate:
        found = gateway.look_up(call)
        if found is None:
            raise
        return found


def _settle(call: Sending, answer: "dict[str, Any] | StripeRefused") -> None:
    """The answer and what it changes, together; a second answer to the same call changes nothing."""
    on_answer, on_refusal = ANSWERS[call.purpose]
    with transaction():
        row = calls.find(call.id)
        if row.state is not CallState.WAITING:
            return
        row.done_at, row.leased_until = now(), None
        if isinstance(answer, StripeRefused):
            row.state, row.error = CallState.REFUSED, f"{answer.code}: {answer.message}"[:2000]
            log.warning("stripe.refused", purpose=row.purpose, call=str(row.id), error=row.error)
            on_refusal(row.subject_id, answer)
        else:
            row.state, row.object_id, row.error = CallState.DONE, answer.get("id"), ""
            on_answer(row.subject_id, answer)


def _begin_again(call: Sending) -> None:
    """Stripe keeps answering this key with its own old fault and made nothing: a new key is safe."""
    with transaction():
        row = calls.find(call.id)
        if row.state is CallState.WAITING:
            row.state, row.error, row.done_at = CallState.REFUSED, "indeterminate: nothing was made", now()
            calls.put(
                row.purpose, row.subject_id, row.params, target=row.target, account=row.account, again=True
            )


def _postpone(call: Sending, reason: Exception) -> None:
    with transaction():
        row = calls.find(call.id)
        if row.state is CallState.WAITING:
            calls.postpone(row, f"{type(reason).__name__}: {reason.__cause__ or reason}")
            if row.tries == ALARM_AFTER_TRIES:
                alarm(
                    "stripe_call_stuck",
                    row.subject_id,
                    call=str(row.id),
                    purpose=row.purpose,
                    error=row.error,
                )
