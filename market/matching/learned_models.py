"""What lists showed, and the models that were learned from it: who says yes, and whom merchants choose."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Float, ForeignKey, Index, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from market.kit.clock import now
from market.kit.db import Base, Row, belongs_to


class Side(StrEnum):
    CREATORS = "creators"  # creators shown to a brief's merchant
    BRIEFS = "briefs"  # briefs shown to a creator


class Showing(Base):
    """A creator and a brief that were put before somebody on a day (UTC), with what the list knew of them. However often
    the list is opened that day, it is one row; rows go after KEPT_DAYS (learning.py)."""

    __tablename__ = "match_showings"

    side: Mapped[Side] = mapped_column(primary_key=True)
    task_id: Mapped[UUID] = mapped_column(ForeignKey("tasks.id"), primary_key=True)
    creator_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    """The first time that day."""
    times: Mapped[int]
    position: Mapped[int]
    """The best that day, on a page if a page showed it; 1 is the first."""
    fit: Mapped[float]
    acceptance: Mapped[float]
    signs: Mapped[list[float]] = mapped_column(ARRAY(Float))
    """What the acceptance was made of, in the order of scoring.SIGNS."""
    points: Mapped[list[float]] = mapped_column(ARRAY(Float), default=list, server_default=text("'{}'"))
    """Of each term, in the order of scoring.TERMS; none in rows of before 2026-11-28."""
    opened_at: Mapped[datetime | None]
    category: Mapped[str] = mapped_column(default="")
    """The brief's, that day."""
    on_page: Mapped[bool] = mapped_column(default=False)
    """A page put it before a person; what an API read is not counted for whose turn it is (turns.py)."""

    __table_args__ = (
        CheckConstraint("times > 0 AND position > 0", name="counts"),
        Index(
            "ix_match_showings_seen",
            "creator_id",
            "category",
            "day",
            postgresql_include=["task_id"],
            postgresql_where=text("side = 'creators' AND on_page"),
        ),
        Index(
            "ix_match_showings_first",
            "creator_id",
            "category",
            "day",
            postgresql_include=["task_id"],
            postgresql_where=text("side = 'creators' AND on_page AND position <= 10"),
        ),
        Index("ix_match_showings_day", "day"),
    )


class Version:
    """A model that was fitted, or what the code began with. One of a kind is active; a person puts another in its place."""

    active: Mapped[bool] = mapped_column(default=False)
    fitted: Mapped[bool] = mapped_column(default=True)
    cases: Mapped[int]
    """It was fitted on: invitations, or lists."""
    report: Mapped[dict[str, Any]]
    """How it did on the newest fifth, against the model that was active then."""
    promoted_by: Mapped[UUID | None] = belongs_to("people", index=False)
    promoted_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(Text, default="")
    """Why it was last promoted; earlier reasons stand in its events."""

    def promote(self, reason: str, person_id: UUID | None) -> None:
        self.active, self.reason, self.promoted_by, self.promoted_at = True, reason, person_id, now()


class AcceptanceModel(Version, Row, Base):
    """Weights of how likely a yes is. The first row holds those the code began with."""

    __tablename__ = "acceptance_models"

    weights: Mapped[list[float]] = mapped_column(ARRAY(Float))
    """The constant, then one for each of scoring.SIGNS."""

    __table_args__ = (
        Index("uq_acceptance_models_active", "active", unique=True, postgresql_where=text("active")),
    )


class RankingModel(Version, Row, Base):
    """Trees that order by the points of a score. The first row is the sum of the points, and has none."""

    __tablename__ = "ranking_models"

    forest: Mapped[dict[str, Any]]
    """As forest.Forest tells it."""

    __table_args__ = (
        Index("uq_ranking_models_active", "active", unique=True, postgresql_where=text("active")),
    )
