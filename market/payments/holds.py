"""Stopping all payouts at once: while our books and Stripe's differ for too long, no more money leaves."""

from datetime import datetime

from sqlalchemy import Index, Text, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from market.kit.clock import now
from market.kit.db import Base, Row, db
from market.payments.errors import PayoutsPaused


class PayoutHold(Row, Base):
    """At most one is on."""

    __tablename__ = "payout_holds"

    reason: Mapped[str] = mapped_column(Text)
    lifted_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "uq_payout_holds_on",
            text("(lifted_at IS NULL)"),
            unique=True,
            postgresql_where=text("lifted_at IS NULL"),
        ),
    )


def hold(reason: str) -> bool:
    """Stop new withdrawals; False when they were stopped before."""
    made = db.session.execute(
        insert(PayoutHold).values(reason=reason).on_conflict_do_nothing().returning(PayoutHold.id)
    )
    return made.first() is not None


def lift() -> bool:
    """Let them go on; False when nothing was stopped."""
    found = current()
    if found is not None:
        found.lifted_at = now()
    return found is not None


def current() -> PayoutHold | None:
    return db.session.scalar(select(PayoutHold).where(PayoutHold.lifted_at.is_(None)))


def require_open() -> None:
    """Raises PayoutsPaused."""
    if current() is not None:
        raise PayoutsPaused
