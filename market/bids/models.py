"""Bids and invitations, and their states."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Uuid, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.accounts.models import Party
from market.kit.clock import now
from market.kit.db import Base, Row, belongs_to
from market.kit.states import move
from market.kit.words import N_
from market.media.uses import holds
from market.tasks.models import Task


class BidState(StrEnum):
    PLACED = "placed"
    WITHDRAWN = "withdrawn"
    AWARDED = "awarded"
    LOST = "lost"


BID_MOVES = {BidState.PLACED: {BidState.WITHDRAWN, BidState.AWARDED, BidState.LOST}}


class Bid(Row, Base):
    """An offer: price, plan, date. The agency's share is copied from the link when the bid is placed."""

    __tablename__ = "bids"

    task_id: Mapped[UUID] = belongs_to("tasks", index=False)
    creator_id: Mapped[UUID] = belongs_to("parties", index=False)
    agency_id: Mapped[UUID | None] = belongs_to("parties", index=False)
    commission_bps: Mapped[int] = mapped_column(default=0)
    price_fen: Mapped[int] = mapped_column(BigInteger)
    plan: Mapped[str]
    delivery_on: Mapped[date]
    rights_note: Mapped[str] = mapped_column(default="")
    asset_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()), default=list, info=holds(N_("报价的样片")))
    links: Mapped[list[Any]] = mapped_column(default=list)
    state: Mapped[BidState] = mapped_column(default=BidState.PLACED)
    changed_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    decided_at: Mapped[datetime | None]
    answer: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What a bidder who was not chosen is told (answers.py); empty otherwise."""

    task: Mapped[Task] = relationship(lazy="selectin", viewonly=True)
    creator: Mapped[Party] = relationship(foreign_keys=[creator_id], lazy="selectin", viewonly=True)
    agency: Mapped[Party | None] = relationship(foreign_keys=[agency_id], lazy="selectin", viewonly=True)

    __table_args__ = (
        CheckConstraint("price_fen > 0", name="price"),
        CheckConstraint("commission_bps BETWEEN 0 AND 10000", name="commission"),
        CheckConstraint("agency_id IS NOT NULL OR commission_bps = 0", name="commission_has_agency"),
        Index(
            "uq_bids_one_live",
            "task_id",
            "creator_id",
            unique=True,
            postgresql_where=text("state IN ('placed', 'awarded')"),
        ),
        Index("uq_bids_one_award", "task_id", unique=True, postgresql_where=text("state = 'awarded'")),
        Index("ix_bids_task_id_id", "task_id", "id"),
        Index("ix_bids_creator_id_id", "creator_id", "id"),
        Index("ix_bids_agency_id_id", "agency_id", "id", postgresql_where=text("agency_id IS NOT NULL")),
    )

    @property
    def is_placed(self) -> bool:
        return self.state is BidState.PLACED

    def withdraw(self) -> None:
        self.state = move(self.state, BidState.WITHDRAWN, BID_MOVES)
        self.decided_at = now()

    def win(self) -> None:
        self.state = move(self.state, BidState.AWARDED, BID_MOVES)
        self.decided_at = now()

    def lose(self, answer: dict[str, Any] | None = None) -> None:
        self.state = move(self.state, BidState.LOST, BID_MOVES)
        self.answer = answer or {}
        self.decided_at = now()


class InvitationState(StrEnum):
    SENT = "sent"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"


INVITATION_MOVES = {
    InvitationState.SENT: {InvitationState.ACCEPTED, InvitationState.DECLINED, InvitationState.EXPIRED}
}


class Invitation(Row, Base):
    """A merchant asks one creator to bid. A bid accepts it; one creator is asked once per brief."""

    __tablename__ = "invitations"

    task_id: Mapped[UUID] = belongs_to("tasks", index=False)
    creator_id: Mapped[UUID] = belongs_to("parties", index=False)
    message: Mapped[str] = mapped_column(default="")
    state: Mapped[InvitationState] = mapped_column(default=InvitationState.SENT)
    expires_at: Mapped[datetime]
    replied_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="")
    bid_id: Mapped[UUID | None] = belongs_to("bids", index=False)

    task: Mapped[Task] = relationship(lazy="selectin", viewonly=True)
    creator: Mapped[Party] = relationship(lazy="selectin", viewonly=True)

    __table_args__ = (
        Index("uq_invitations_task_creator", "task_id", "creator_id", unique=True),
        Index("ix_invitations_creator_id_id", "creator_id", "id"),
    )

    @property
    def is_open(self) -> bool:
        """Waits for an answer (the timer that ends it may be late)."""
        return self.state is InvitationState.SENT and self.expires_at > now()

    def accept(self, bid_id: UUID) -> None:
        self.state = move(self.state, InvitationState.ACCEPTED, INVITATION_MOVES)
        self.replied_at = now()
        self.bid_id = bid_id

    def decline(self, reason: str) -> None:
        self.state = move(self.state, InvitationState.DECLINED, INVITATION_MOVES)
        self.replied_at = now()
        self.reason = reason

    def expire(self) -> None:
        self.state = move(self.state, InvitationState.EXPIRED, INVITATION_MOVES)


class Shortlisted(Base):
    """K10: a creator whom a merchant's team keeps in mind."""

    __tablename__ = "shortlisted"

    merchant_id: Mapped[UUID] = belongs_to("parties", index=False, primary_key=True)
    creator_id: Mapped[UUID] = belongs_to("parties", primary_key=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    note: Mapped[str] = mapped_column(default="")
    added_by: Mapped[UUID | None] = belongs_to("people", index=False)

    creator: Mapped[Party] = relationship(foreign_keys=[creator_id], lazy="selectin", viewonly=True)
