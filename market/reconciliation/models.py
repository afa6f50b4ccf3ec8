"""A run of the comparison, and the differences it finds."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from market.kit.db import Base, Row, belongs_to


class Scope(StrEnum):
    MONEY = "money"  # our book against Stripe's: each hour
    WHOLE = "whole"  # and the orders against our book: each night, and on demand


class RunState(StrEnum):
    ASKED = "asked"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Run(Row, Base):
    """One comparison. `slot` makes the one of an hour happen once, however many schedulers there are."""

    __tablename__ = "reconciliation_runs"

    slot: Mapped[str | None] = mapped_column(Text, unique=True)
    scope: Mapped[Scope]
    asked_by: Mapped[UUID | None]
    state: Mapped[RunState] = mapped_column(default=RunState.ASKED)
    step: Mapped[str] = mapped_column(default="")
    steps_done: Mapped[int] = mapped_column(default=0)
    beat_at: Mapped[datetime | None]
    """When it last gave a sign of life; one that is silent is taken over."""
    entries: Mapped[int] = mapped_column(default=0)
    opened: Mapped[int] = mapped_column(default=0)
    resolved: Mapped[int] = mapped_column(default=0)
    still_open: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_reconciliation_runs_open", "id", postgresql_where=text("state IN ('asked', 'running')")),
    )


class Kind(StrEnum):
    ENTRY_ALONE = "entry_alone"  # Stripe has booked it, we have not
    POSTING_ALONE = "posting_alone"  # we have posted it, Stripe has not
    AMOUNT = "amount"  # both have, with different amounts
    SUSPENSE = "suspense"  # both have; nobody knows what it is
    SUM = "sum"  # our Stripe account does not come to Stripe's entries, and no single one says why
    BALANCE = "balance"  # Stripe's balance is not the sum of Stripe's entries
    COVER = "cover"  # what we owe is more than what is at Stripe
    ORDER = "order"  # an order says something else than the ledger
    LEDGER = "ledger"  # the ledger breaks a rule of its own


ONE_SIDED = (Kind.ENTRY_ALONE, Kind.POSTING_ALONE)
"""May just be on its way: nothing is done about it in the first hour."""
HOLDING = (*ONE_SIDED, Kind.AMOUNT, Kind.SUM, Kind.BALANCE, Kind.LEDGER)
"""Payouts stop when one of these is a day old."""


class Difference(Row, Base):
    """Something that does not agree. Found again it is the same row; gone, it is resolved."""

    __tablename__ = "reconciliation_differences"

    kind: Mapped[Kind]
    ref: Mapped[str] = mapped_column(Text)
    """With the kind, what differs: Stripe's id, an order's check, a rule."""
    order_id: Mapped[UUID | None] = belongs_to("orders")
    entry_id: Mapped[str | None] = mapped_column(Text)
    posting_id: Mapped[UUID | None]
    ours_fen: Mapped[int | None] = mapped_column(BigInteger)
    theirs_fen: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3), default="CNY")
    what: Mapped[str] = mapped_column(Text, default="")
    since: Mapped[datetime]
    """When the money moved, where that is known; else when it was first found."""
    seen_at: Mapped[datetime]
    seen: Mapped[int] = mapped_column(default=1)
    alarmed_at: Mapped[datetime | None]
    frozen_at: Mapped[datetime | None]
    waived_at: Mapped[datetime | None]
    """Two persons know of it: it stops nothing any more."""
    resolved_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "uq_reconciliation_differences_open",
            "kind",
            "ref",
            unique=True,
            postgresql_where=text("resolved_at IS NULL"),
        ),
        Index("ix_reconciliation_differences_resolved_at", "resolved_at", "id"),
    )

    @property
    def off_fen(self) -> int:
        """By how much: ours less theirs."""
        return (self.ours_fen or 0) - (self.theirs_fen or 0)
