"""A case about one stage's money, and what was said in it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Text, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.kit.clock import now
from market.kit.db import Base, Row, belongs_to
from market.kit.states import move
from market.kit.words import N_
from market.media.models import Asset
from market.media.uses import holds
from market.orders.states import MilestoneState


class CaseState(StrEnum):
    ANSWER = "answer"  # waits for the other side's first word
    TALK = "talk"  # both state and offer
    RULING = "ruling"  # waits for the platform
    RULED = "ruled"  # may be appealed
    APPEAL = "appeal"  # waits for another operator
    DECIDED = "decided"
    DROPPED = "dropped"


C = CaseState
MOVES = {
    C.ANSWER: {C.TALK, C.RULING, C.DECIDED, C.DROPPED},
    C.TALK: {C.RULING, C.DECIDED, C.DROPPED},
    C.RULING: {C.RULED, C.DECIDED, C.DROPPED},
    C.RULED: {C.APPEAL, C.DECIDED},
    C.APPEAL: {C.DECIDED},
}
OVER = (C.DECIDED, C.DROPPED)
STATE_NAMES = {
    C.ANSWER: N_("等待对方答复"),
    C.TALK: N_("双方协商中"),
    C.RULING: N_("等待平台裁决"),
    C.RULED: N_("已裁决，可申诉"),
    C.APPEAL: N_("申诉中，等待另一位裁决"),
    C.DECIDED: N_("已结束"),
    C.DROPPED: N_("已撤回"),
}


class How(StrEnum):
    """What decided it."""

    AGREED = "agreed"
    SILENCE = "silence"
    RULING = "ruling"
    APPEAL = "appeal"


HOW_NAMES = {
    How.AGREED: N_("双方同意"),
    How.SILENCE: N_("对方到期没有答复"),
    How.RULING: N_("平台裁决"),
    How.APPEAL: N_("申诉裁决"),
}


class Ground(StrEnum):
    QUALITY = "quality"
    NOT_DELIVERED = "not_delivered"
    LATE = "late"
    NOT_ACCEPTED = "not_accepted"
    OTHER = "other"


GROUND_NAMES = {
    Ground.QUALITY: N_("交付不符合约定"),
    Ground.NOT_DELIVERED: N_("没有交付"),
    Ground.LATE: N_("严重超期"),
    Ground.NOT_ACCEPTED: N_("符合约定却不验收"),
    Ground.OTHER: N_("其他"),
}


class Dispute(Row, Base):
    """`held_fen` lies in the case until it is decided; `claim_fen` is what the opener says is the creator's of it."""

    __tablename__ = "disputes"

    order_id: Mapped[UUID] = belongs_to("orders")
    milestone_id: Mapped[UUID] = belongs_to("milestones")
    opened_by: Mapped[UUID] = belongs_to("parties", index=False)
    against: Mapped[UUID] = belongs_to("parties", index=False)
    ground: Mapped[Ground]
    text: Mapped[str] = mapped_column(Text)
    held_fen: Mapped[int] = mapped_column(BigInteger)
    claim_fen: Mapped[int] = mapped_column(BigInteger)
    stood_at: Mapped[MilestoneState]
    """Where the stage was before."""
    to_wallet: Mapped[bool] = mapped_column(default=False)
    state: Mapped[CaseState] = mapped_column(default=CaseState.ANSWER)
    step: Mapped[int] = mapped_column(default=1)
    """Counts the steps; each has its timer."""
    due_at: Mapped[datetime]
    ruling_fen: Mapped[int | None] = mapped_column(BigInteger)
    ruling_reason: Mapped[str] = mapped_column(Text, default="")
    ruled_by: Mapped[UUID | None]
    ruled_at: Mapped[datetime | None]
    appealed_by: Mapped[UUID | None]
    decided_fen: Mapped[int | None] = mapped_column(BigInteger)
    how: Mapped[How | None]
    ended_at: Mapped[datetime | None]

    entries: Mapped[list["CaseEntry"]] = relationship(order_by="CaseEntry.id", lazy="selectin")
    files: Mapped[list["CaseFile"]] = relationship(order_by="CaseFile.id", lazy="selectin")

    __table_args__ = (
        CheckConstraint("claim_fen BETWEEN 0 AND held_fen AND held_fen > 0", name="claim"),
        CheckConstraint("ruling_fen IS NULL OR ruling_fen BETWEEN 0 AND held_fen", name="ruling"),
        CheckConstraint(
            "(state = 'decided') = (decided_fen IS NOT NULL)"
            " AND (decided_fen IS NULL OR decided_fen BETWEEN 0 AND held_fen)",
            name="decided",
        ),
        Index(
            "uq_disputes_open",
            "milestone_id",
            unique=True,
            postgresql_where=sql("state NOT IN ('decided', 'dropped')"),
        ),
        Index("ix_disputes_state_due_at", "state", "due_at"),
    )

    @property
    def is_over(self) -> bool:
        return self.state in OVER

    @property
    def parties(self) -> tuple[UUID, UUID]:
        return self.opened_by, self.against

    @property
    def offer(self) -> "CaseEntry | None":
        """The one on the table: the latest."""
        return next((e for e in reversed(self.entries) if e.creator_fen is not None), None)

    def files_of(self, entry_id: UUID | None) -> "list[CaseFile]":
        """The evidence of an entry, or of the claim itself (None)."""
        return [file for file in self.files if file.entry_id == entry_id]

    def go(self, state: CaseState, due_at: datetime | None = None) -> None:
        self.state = move(self.state, state, MOVES)
        self.step += 1
        if due_at:
            self.due_at = due_at
        if state in OVER:
            self.ended_at = now()


class CaseEntry(Row, Base):
    """A statement, or with `creator_fen` an offer of a split."""

    __tablename__ = "dispute_entries"

    dispute_id: Mapped[UUID] = belongs_to("disputes")
    party_id: Mapped[UUID] = belongs_to("parties", index=False)
    person_id: Mapped[UUID | None]
    text: Mapped[str] = mapped_column(Text)
    creator_fen: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (CheckConstraint("creator_fen IS NULL OR creator_fen >= 0", name="creator"),)


class CaseFile(Row, Base):
    """A file that stands beside what was said: of an entry, or (entry_id None) of the claim. Rows never change."""

    __tablename__ = "dispute_files"

    dispute_id: Mapped[UUID] = belongs_to("disputes", index=False)
    entry_id: Mapped[UUID | None] = belongs_to("dispute_entries")
    asset_id: Mapped[UUID] = belongs_to("assets", info=holds(N_("争议的材料")))
    party_id: Mapped[UUID] = belongs_to("parties", index=False)

    asset: Mapped[Asset] = relationship(lazy="joined")

    __table_args__ = (UniqueConstraint("dispute_id", "asset_id"),)
