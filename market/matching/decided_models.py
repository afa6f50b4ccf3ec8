"""What was decided elsewhere, as an importer told it: briefs, and who was asked, said yes or no, bid, won or lost."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from market.accounts.vocabulary import Format
from market.kit.db import Base, belongs_to


class Decision(StrEnum):
    """One step between a brief and a creator."""

    INVITED = "invited"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    BID = "bid"
    AWARDED = "awarded"
    LOST = "lost"


YES = (Decision.ACCEPTED, Decision.BID, Decision.AWARDED, Decision.LOST)
"""Who did one of these wanted the work."""
CONTRARY = {
    Decision.ACCEPTED: Decision.DECLINED,
    Decision.DECLINED: Decision.ACCEPTED,
    Decision.AWARDED: Decision.LOST,
    Decision.LOST: Decision.AWARDED,
}


class ToldBrief(Base):
    """A brief from elsewhere, known by its importer's name."""

    __tablename__ = "told_briefs"

    ref: Mapped[str] = mapped_column(Text, primary_key=True)
    merchant_id: Mapped[UUID] = belongs_to("parties")
    at: Mapped[datetime]
    closes_at: Mapped[datetime | None]
    category: Mapped[str]
    format: Mapped[Format]
    budget_fen: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (CheckConstraint("budget_fen > 0", name="budget"),)


class ToldDecision(Base):
    """A step that was told; `price_fen` is what the creator asked, where it is known."""

    __tablename__ = "told_decisions"

    brief_ref: Mapped[str] = mapped_column(ForeignKey("told_briefs.ref"), primary_key=True)
    creator_id: Mapped[UUID] = belongs_to("parties", index=False, primary_key=True)
    decision: Mapped[Decision] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    price_fen: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (
        CheckConstraint("price_fen > 0", name="price"),
        Index("ix_told_decisions_creator_id", "creator_id"),
    )


class ToldReplies(Base):
    """How many answers from elsewhere are counted in a creator's profile."""

    __tablename__ = "told_replies"

    creator_id: Mapped[UUID] = belongs_to("parties", index=False, primary_key=True)
    replies: Mapped[int] = mapped_column(default=0)
    unanswered: Mapped[int] = mapped_column(default=0)
