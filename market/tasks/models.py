"""The brief and its states."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, String, Uuid, func, text
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.accounts.models import Party
from market.accounts.vocabulary import Format, Length, Piece
from market.kit.clock import now
from market.kit.db import Base, Row, belongs_to
from market.kit.states import move
from market.kit.words import N_


class TaskState(StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    AWARDED = "awarded"
    CANCELLED = "cancelled"


TASK_MOVES = {
    TaskState.DRAFT: {TaskState.OPEN, TaskState.CANCELLED},
    TaskState.OPEN: {TaskState.DRAFT, TaskState.CLOSED, TaskState.AWARDED, TaskState.CANCELLED},
    TaskState.CLOSED: {TaskState.AWARDED, TaskState.CANCELLED},
}

CHANNELS = {
    "detail": N_("商品详情页"),
    "shop": N_("店铺与会场"),
    "feed": N_("站内信息流"),
    "live": N_("直播间"),
    "social": N_("站外社交媒体"),
    "ads": N_("付费投放"),
}
"""Where the merchant may show the work during the rights term."""


class Task(Row, Base):
    """A brief. A draft may be incomplete; from opening on it is what creators bid on and is not changed."""

    __tablename__ = "tasks"

    merchant_id: Mapped[UUID] = belongs_to("parties", index=False)
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    state: Mapped[TaskState] = mapped_column(default=TaskState.DRAFT)
    title: Mapped[str] = mapped_column(default="")
    category: Mapped[str]
    format: Mapped[Format]
    length: Mapped[Length | None]
    """How long the video shall be; None: no particular length, or not a video."""
    live_minutes: Mapped[int | None]
    """How long the live show shall be, in half hours; None: not said, or not live."""
    goal: Mapped[str] = mapped_column(default="")
    tags: Mapped[list[str]] = mapped_column(ARRAY(String), default=list, server_default=text("'{}'"))
    """Free words of the merchant (materials, styles, scenes), finer than the category; matching reads them."""
    key_messages: Mapped[list[Any]] = mapped_column(default=list)
    deliverables: Mapped[list[Any]] = mapped_column(default=list)
    shots: Mapped[list[Any]] = mapped_column(default=list)
    dos: Mapped[list[Any]] = mapped_column(default=list)
    donts: Mapped[list[Any]] = mapped_column(default=list)
    product_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()), default=list)
    audience: Mapped[dict[str, Any]] = mapped_column(default=dict)
    budget_fen: Mapped[int | None] = mapped_column(BigInteger)
    deadline: Mapped[datetime | None]
    bids_close_at: Mapped[datetime | None]
    sealed: Mapped[bool] = mapped_column(default=False)
    revisions: Mapped[int]
    rights_months: Mapped[int] = mapped_column(default=6)
    rights_channels: Mapped[list[str]] = mapped_column(ARRAY(String), default=list)
    campaign_code: Mapped[str | None]
    opened_at: Mapped[datetime | None]
    bids: Mapped[int] = mapped_column(default=0)
    search: Mapped[Any] = mapped_column(TSVECTOR, deferred=True, server_default=text("''"))

    merchant: Mapped[Party] = relationship(lazy="selectin", viewonly=True)

    __table_args__ = (
        CheckConstraint("budget_fen > 0", name="budget"),
        CheckConstraint("length IS NULL OR format = 'video'", name="length"),
        CheckConstraint(
            "live_minutes IS NULL OR format = 'live' AND live_minutes BETWEEN 30 AND 720 AND live_minutes % 30 = 0",
            name="live_minutes",
        ),
        CheckConstraint(
            "bids >= 0 AND revisions BETWEEN 0 AND 9 AND rights_months BETWEEN 0 AND 60", name="counts"
        ),
        CheckConstraint(
            "state IN ('draft', 'cancelled') OR (budget_fen IS NOT NULL AND deadline IS NOT NULL"
            " AND bids_close_at IS NOT NULL AND opened_at IS NOT NULL AND bids_close_at <= deadline)",
            name="complete_when_open",
        ),
        Index("ix_tasks_merchant_id_id", "merchant_id", "id"),
        Index("ix_tasks_open", "category", "id", postgresql_where=text("state = 'open'")),
        Index("ix_tasks_open_id", "id", postgresql_where=text("state = 'open'")),
        Index("ix_tasks_search", "search", postgresql_using="gin"),
    )

    @property
    def is_draft(self) -> bool:
        return self.state is TaskState.DRAFT

    @property
    def is_taking_bids(self) -> bool:
        """Open, and the closing date not over (the timer that closes may be late)."""
        return self.state is TaskState.OPEN and self.bids_close_at is not None and self.bids_close_at > now()

    @property
    def hides_bids(self) -> bool:
        """K6: a sealed brief's bids stay shut, for the merchant too, until it takes no more."""
        return self.sealed and self.is_taking_bids

    @property
    def is_public(self) -> bool:
        return self.opened_at is not None and self.state is not TaskState.DRAFT

    @property
    def piece(self) -> Piece:
        """What is wanted, as prices are listed by it."""
        return Piece(self.format, self.length, self.live_minutes)

    def open(self) -> None:
        self.state = move(self.state, TaskState.OPEN, TASK_MOVES)
        self.opened_at = now()

    def back_to_draft(self) -> None:
        self.state = move(self.state, TaskState.DRAFT, TASK_MOVES)

    def close(self) -> None:
        self.state = move(self.state, TaskState.CLOSED, TASK_MOVES)

    def award(self) -> None:
        self.state = move(self.state, TaskState.AWARDED, TASK_MOVES)

    def cancel(self) -> None:
        self.state = move(self.state, TaskState.CANCELLED, TASK_MOVES)
