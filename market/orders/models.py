"""The agreement between a merchant and a creator, and its milestones."""

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.accounts.vocabulary import Format, Length, Piece
from market.kit.clock import now
from market.kit.db import Base, Row, belongs_to
from market.kit.states import move
from market.orders.shares import Shares
from market.orders.states import (
    ENDED,
    MILESTONE_MOVES,
    ORDER_MOVES,
    OVER,
    RUNNING,
    MilestoneState,
    OrderState,
    Stage,
)

if TYPE_CHECKING:
    from market.orders.amendments import Change

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
    rule_version: Mapped[int] = mapped_column(ForeignKey("split_rules.version"))
    """The rule whose rates stand above."""
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

    if TYPE_CHECKING:  # `amendments` maps it, where both classes are known
        live_change: Mapped["Change | None"]
        """The change that is on the table, or agreed to and not paid for; as read with the order's lock."""

    __table_args__ = (
        # One, and short: the server reads a CHECK's text anew for every statement that has to obey it.
        CheckConstraint(
            "price_fen > 0 AND least(fee_bps, commission_bps, tax_bps) >= 0"
            " AND greatest(fee_bps, commission_bps, tax_bps) <= 10000",
            name="price_and_shares",
        ),
        Index("ix_orders_merchant_id_id", "merchant_id", "id"),
        Index("ix_orders_creator_id_id", "creator_id", "id"),
        Index("ix_orders_agency_id_id", "agency_id", "id"),
        Index("ix_orders_open", "id", postgresql_where=text("ended_at IS NULL")),
        # No index on the state, and room for one more on the page: almost every change of an order stays in place.
        {"postgresql_with": {"fillfactor": 75}},
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
    def piece(self) -> Piece:
        """What was ordered; in terms of before 2026-11-28 nothing is said of its length."""
        brief = self.terms["brief"]
        length = brief.get("length")
        return Piece(self.format, Length(length) if length else None, brief.get("live_minutes"))

    @property
    def unfunded(self) -> "list[Milestone]":
        """The stages whose money is not here yet, in their order."""
        return [m for m in self.milestones if m.funded_at is None and not m.is_over]

    @property
    def waiting_stage(self) -> "Milestone | None":
        """The stage that would be worked on now, if its money were here."""
        if self.current is not None or self.state not in RUNNING:
            return None
        following = next((m for m in self.milestones if m.state is MilestoneState.PENDING), None)
        if following is None or following.funded_at is not None:
            return None
        held = any(m.state is MilestoneState.HELD for m in self.milestones)
        return None if following.kind is Stage.PUBLISHED and held else following

    @property
    def may_be_funded_by_stage(self) -> bool:
        return bool(self.terms.get("staged_funding"))

    @property
    def is_over(self) -> bool:
        return self.state in ENDED

    @property
    def waits_for_its_hour(self) -> bool:
        """The draft is accepted and its publication lies ahead."""
        return self.state is OrderState.PUBLISHING and self.publish_at is not None and self.publish_at > now()

    @property
    def rates(self) -> dict[str, int]:
        """What Shares.of takes, as frozen at signing."""
        return {"fee_bps": self.fee_bps, "commission_bps": self.commission_bps, "tax_bps": self.tax_bps}

    def milestone(self, stage: Stage) -> "Milestone":
        return next(m for m in self.milestones if m.kind is stage)

    def go(self, state: OrderState) -> None:
        self.state = move(self.state, state, ORDER_MOVES)
        if state in ENDED:
            self.ended_at = now()

    def fund(self) -> None:
        """The money of the first stage, at least, is here, and work on the script begins."""
        self.go(OrderState.SCRIPTING)
        self.funded_at = now()
        self.milestones[0].begin()

    def resume(self, milestone: "Milestone") -> None:
        """The money of a stage that waited for it is here: whoever works gets back the time that was lost."""
        at = self.milestones.index(milestone)
        lost = now() - (self.milestones[at - 1].ended_at or now())
        for later in self.milestones[at:]:
            later.due_at += lost
        milestone.begin()


class Milestone(Row, Base):
    """A part of the work and of the price.

    `released_fen` went to the payees so far, in parts or whole, `returned_fen` to the merchant without having been
    released, `reversed_fen` was released and taken back. The share columns say how the released sum was shared out.
    """

    __tablename__ = "milestones"

    order_id: Mapped[UUID] = belongs_to("orders", index=False)
    position: Mapped[int]
    kind: Mapped[Stage]
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    due_at: Mapped[datetime]
    state: Mapped[MilestoneState] = mapped_column(default=MilestoneState.PENDING)
    funded_at: Mapped[datetime | None]
    """Since when its whole amount lies in its own escrow; work on it does not begin before."""
    begun_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    held_by: Mapped[UUID | None]
    """The case its money is in; of a released stage, what was still cooling."""
    rounds: Mapped[int] = mapped_column(default=0)
    """How often a version was sent back."""
    waited_s: Mapped[int] = mapped_column(BigInteger, default=0)
    """How long versions that were answered had waited for the merchant's word."""
    parts: Mapped[int] = mapped_column(default=0)
    """How many parts were released before the end."""
    released_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    returned_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    reversed_fen: Mapped[int] = mapped_column(BigInteger, default=0)
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
        # What must hold of a milestone, in schema.sql.
        CheckConstraint(
            "milestone_adds_up(state, amount_fen, released_fen, returned_fen, reversed_fen, fee_fen, agency_fen,"
            " tax_fen, creator_fen, funded_at, begun_at, held_by)",
            name="adds_up",
        ),
    )

    @property
    def shares(self) -> Shares:
        """How the amount is shared out by the order's frozen rates if all of it is released."""
        return Shares.of(self.amount_fen, **self.order.rates)

    @property
    def paid(self) -> Shares:
        """What the payees, the platform and the tax office have of it: released and not taken back."""
        return Shares.of(self.released_fen - self.reversed_fen, **self.order.rates)

    @property
    def left_fen(self) -> int:
        """What of it is still to be decided: of a stage that is not funded, nothing."""
        return 0 if self.is_over or self.funded_at is None else self.amount_fen - self.released_fen

    @property
    def is_over(self) -> bool:
        return self.state in OVER

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
        assert self.submitted_at is not None
        self.waited_s += int((now() - self.submitted_at).total_seconds())
        self.rounds += 1

    def hold(self, case_id: UUID) -> None:
        self.state = move(self.state, MilestoneState.HELD, MILESTONE_MOVES)
        self.held_by = case_id

    def drop_hold(self, back_to: MilestoneState) -> None:
        """The case is over without a decision: where it was before."""
        self.state = move(self.state, back_to, MILESTONE_MOVES)
        self.held_by = None

    def pay(self, fen: int) -> Shares:
        """Share out `fen` more of it; returns this part's shares, exact in sum over any number of parts."""
        before, self.released_fen = self.released_fen, self.released_fen + fen
        whole = Shares.of(self.released_fen, **self.order.rates)
        self.fee_fen, self.agency_fen = whole.fee, whole.agency
        self.tax_fen, self.creator_fen = whole.tax, whole.creator
        return Shares.between(before, self.released_fen, **self.order.rates)

    def end(self, state: MilestoneState) -> None:
        """What is not released is returned; what never came is not."""
        self.returned_fen, self.held_by = self.left_fen, None
        self.state = move(self.state, state, MILESTONE_MOVES)
        self.ended_at = now()
        if self.released_fen:
            self.released_at = self.ended_at
