"""Asking for a call to Stripe, and taking the next one in hand."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from market.kit import wire
from market.kit.clock import now
from market.kit.db import db, transaction
from market.kit.events import CHANNEL
from market.payments.models import StripeCall, StripeEvent
from market.payments.states import CallState

Leased = TypeVar("Leased", StripeCall, StripeEvent)

LEASE_S = 90
"""Longer than the SDK's patience with all its retries: two senders of one row are possible only after a crash."""
LONGEST_PAUSE_S = 600


@dataclass(frozen=True)
class Sending:
    """What is needed to send a StripeCall, apart from the session that loaded it."""

    id: UUID
    purpose: str
    subject_id: UUID
    target: str
    account: str | None
    params: dict[str, Any]
    tries: int
    first_sent_at: datetime | None


def put(
    purpose: str,
    subject_id: UUID,
    params: Any,
    *,
    target: str = "",
    account: str | None = None,
    again: bool = False,
) -> UUID:
    """Write the wish for a call, in the transaction of its cause; asking twice for the same changes nothing.

    `again` begins a new attempt, under a new key, after Stripe refused the last one.
    """
    mine = (StripeCall.subject_id == subject_id, StripeCall.purpose == purpose)
    last = db.session.scalar(select(func.max(StripeCall.attempt)).where(*mine)) or 0
    attempt = last + 1 if again or not last else last
    db.session.execute(
        insert(StripeCall)
        .values(
            purpose=purpose,
            subject_id=subject_id,
            attempt=attempt,
            target=target,
            account=account,
            params=dict(params),
            state=CallState.WAITING,
            tries=0,
            error="",
            due_at=now(),
        )
        .on_conflict_do_nothing(index_elements=["subject_id", "purpose", "attempt"])
    )
    ring()
    return cast(UUID, db.session.scalar(select(StripeCall.id).where(*mine, StripeCall.attempt == attempt)))


def last_of(purpose: str, subject_id: UUID) -> StripeCall | None:
    """The latest attempt."""
    mine = select(StripeCall).where(StripeCall.subject_id == subject_id, StripeCall.purpose == purpose)
    return db.session.scalars(mine.order_by(StripeCall.attempt.desc()).limit(1)).first()


def ring() -> None:
    """Wake the relay at commit."""
    wire.ring(CHANNEL)


def find(call_id: UUID) -> StripeCall:
    """The row, locked and fresh."""
    return db.session.scalars(
        select(StripeCall)
        .where(StripeCall.id == call_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def is_free(kind: type[Leased], waited_s: float = 0) -> ColumnElement[bool]:
    """Due (for `waited_s` already), and in nobody's hands."""
    due = kind.due_at <= now() - timedelta(seconds=waited_s)
    free = or_(kind.leased_until.is_(None), kind.leased_until < now())
    return (kind.state == "waiting") & due & free


def lease(kind: type[Leased], *only: ColumnElement[bool]) -> Leased | None:
    """Take the oldest free row in hand for LEASE_S, in a transaction of its own."""
    with transaction():
        row = db.session.scalars(
            select(kind)
            .where(is_free(kind), *only)
            .order_by(kind.due_at)
            .limit(1)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        ).first()
        if row is not None:
            row.leased_until = now() + timedelta(seconds=LEASE_S)
            row.tries += 1
    return row


def is_in_hand(call_id: UUID) -> bool:
    """Whether somebody is sending it at this moment; asked in a transaction of its own."""
    asked = select(StripeCall.leased_until > now()).where(
        StripeCall.id == call_id, StripeCall.state == CallState.WAITING
    )
    with transaction():
        return bool(db.session.scalar(asked))


def postpone(row: StripeCall | StripeEvent, error: str) -> None:
    """Put the row back, with a growing pause."""
    row.error = error[:2000]
    row.leased_until = None
    row.due_at = now() + timedelta(seconds=min(2**row.tries, LONGEST_PAUSE_S))
