"""The agreement between a merchant and a creator, and its milestones."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.accounts.vocabulary import Format
from market.kit.clock import now
from market.kit.db import Base, Row, belongs_to
from market.kit.states import move
from market.orders.shares import Shares
from market.orders.states import (
    ENDED,
    MILESTONE_MOVES,
    ORDER_MOVES,
    MilestoneState,
    OrderState,
    Stage,
)

BOOKKEEPING_ZONE = ZoneInfo("Asia/Shanghai")
"""The zone whose date stands in an order's number."""


class Order(Row, Base):
    """What was agreed at the award. `terms` never change; their hash proves it."""

    __tablename__ = "orders"

    task_id: Mapped[UUID] = belongs_to("tasks", unique=True)
    bid_id: Mapped[UUID] = belongs_to("bids", unique=True)
    merchant_id: Mapped[UUID] = belongs_to("parties", index=False)
    creator_id: Mapped[UUID] = belongs_to("parties", index=False)
    agency_id: Mapped[UUID | None] = belongs_to("parties", index=False)
    serial: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    title: Mapped[str]
    format: Mapped[Format]
    category: Mapped[str]
    campaign_code: Mapped[str | None]
    price_fen: Mapped[int] = mapped_column(BigInteger)
    fee_bps: Mapped[int]
    commission_bps: Mapped[int]
    tax_bps: Mapped[int]
    terms: Mapped[dict[str, Any]]
    terms_hash: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[OrderState] = mapped_column(default=OrderState.AWAITING_FUNDS)
    awarded_at: Mapped[datetime]
    funded_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    frozen_at: Mapped[datetime | None]
    """Set while a freeze is on (freezes.py): none of the order's money leaves it."""
    publish_at: Mapped[datetime | None]
    """The hour agreed for publishing the accepted draft; None: as soon as it is accepted."""

    milestones: Mapped[list["Milestone"]] = relationship(
        back_populates="order", order_by="Milestone.position", lazy="selectin"
    )

    __table_args__ = (
        CheckConstraint("price_fen > 0", name="price"),
        CheckConstraint("fee_bps BETWEEN 0 AND 10000", name="fee"),
        CheckConstraint("commission_bps BETWEEN 0 AND 10000", name="commission"),
        CheckConstraint("tax_bps BETWEEN 0 AND 10000", name="tax"),
        Index("ix_orders_merchant_id_id", "merchant_id", "id"),
        Index("ix_orders_creator_id_id", "creator_id", "id"),
        Index("ix_orders_agency_id_id", "agency_id", "id"),
        Index("ix_orders_state_id", "state", "id"),
    )

    @property
    def number(self) -> str:
        """For phone calls and invoices: VT20261123-000042."""
        return f"VT{self.awarded_at.astimezone(BOOKKEEPING_ZONE):%Y%m%d}-{self.serial:06}"

    @property
    def parties(self) -> tuple[UUID, UUID, UUID | None]:
        return self.merchant_id, self.creator_id, self.agency_id

    @property
    def current(self) -> "Milestone | None":
        """The milestone somebody works on or looks at now."""
        return next(
            (m for m in self.milestones if m.state in (MilestoneState.ACTIVE, MilestoneState.SUBMITTED)), None
        )

    @property
    def is_over(self) -> bool:
        return self.state in ENDED

    @property
    def waits_for_its_hour(self) -> bool:
        """The draft is accepted and its publication lies ahead."""
        return self.state is OrderState.PUBLISHING and self.publish_at is not None and self.publish_at > now()

    def milestone(self, stage: Stage) -> "Milestone":
        return next(m for m in self.milestones if m.kind is stage)

    def go(self, state: OrderState) -> None:
        self.state = move(self.state, state, ORDER_MOVES)
        if state in ENDED:
            self.ended_at = now()

    def fund(self) -> None:
        """The money is here, and work on the script begins."""
        self.go(OrderState.SCRIPTING)
        self.funded_at = now()
        self.milestones[0].begin()


class Milestone(Row, Base):
    """A part of the work and of the price. The share columns are filled at the release, to the fen."""

    __tablename__ = "milestones"

    order_id: Mapped[UUID] = belongs_to("orders", index=False)
    position: Mapped[int]
    kind: Mapped[Stage]
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    due_at: Mapped[datetime]
    state: Mapped[MilestoneState] = mapped_column(default=MilestoneState.PENDING)
    begun_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    fee_fen: Mapped[int | None] = mapped_column(BigInteger)
    agency_fen: Mapped[int | None] = mapped_column(BigInteger)
    tax_fen: Mapped[int | None] = mapped_column(BigInteger)
    creator_fen: Mapped[int | None] = mapped_column(BigInteger)
    receipt: Mapped[dict[str, Any] | None]
    """What proves the landing, on the last milestone."""

    order: Mapped[Order] = relationship(back_populates="milestones")

    __table_args__ = (
        UniqueConstraint("order_id", "position"),
        UniqueConstraint("order_id", "kind"),
        CheckConstraint("amount_fen >= 0", name="amount"),
        CheckConstraint(
            "(state = 'released') = (creator_fen IS NOT NULL)",
            name="shares_iff_released",
        ),
        CheckConstraint(
            "creator_fen IS NULL OR creator_fen + agency_fen + fee_fen + tax_fen = amount_fen",
            name="shares_sum",
        ),
    )

    @property
    def shares(self) -> Shares:
        """The parts as paid, or as they will be paid by the order's frozen rates."""
        if self.creator_fen is not None:
            return Shares(self.fee_fen or 0, self.agency_fen or 0, self.tax_fen or 0, self.creator_fen)
        rates = self.order
        return Shares.of(
            self.amount_fen, fee_bps=rates.fee_bps, commission_bps=rates.commission_bps, tax_bps=rates.tax_bps
        )

    def begin(self) -> None:
        self.state = move(self.state, MilestoneState.ACTIVE, MILESTONE_MOVES)
        self.begun_at = now()

    def submit(self) -> None:
        self.state = move(self.state, MilestoneState.SUBMITTED, MILESTONE_MOVES)
        self.submitted_at = now()

    def send_back(self) -> None:
        """A revision was asked for: the creator's turn again."""
        self.state = move(
            self.state, MilestoneState.ACTIVE, {MilestoneState.SUBMITTED: {MilestoneState.ACTIVE}}
        )

    def release(self, shares: Shares) -> None:
        self.state = move(self.state, MilestoneState.RELEASED, MILESTONE_MOVES)
        self.released_at = now()
        self.fee_fen, self.agency_fen = shares.fee, shares.agency
        self.tax_fen, self.creator_fen = shares.tax, shares.creator
