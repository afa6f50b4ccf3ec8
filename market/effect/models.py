"""What past works brought, and the model fitted on it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from market.accounts.vocabulary import Format
from market.kit.db import Base, Row, belongs_to


class Outcome(Row, Base):
    """What one delivered work of one creator brought. Fans and level are those of the moment it was noted."""

    __tablename__ = "outcomes"

    source: Mapped[str] = mapped_column(Text, unique=True)
    """`order:<id>`, or an importer's own name: a second telling corrects the figures."""
    creator_id: Mapped[UUID] = belongs_to("parties", index=False)
    at: Mapped[datetime]
    category: Mapped[str]
    format: Mapped[Format]
    price_fen: Mapped[int | None] = mapped_column(BigInteger)
    fans: Mapped[int] = mapped_column(BigInteger)
    level: Mapped[int]
    plays: Mapped[int] = mapped_column(BigInteger)
    interactions: Mapped[int] = mapped_column(BigInteger)
    """Likes, comments, shares and saves together."""

    __table_args__ = (
        CheckConstraint("plays >= 0 AND interactions >= 0 AND price_fen > 0", name="counts"),
        Index("ix_outcomes_creator_id_at", "creator_id", "at"),
        Index("ix_outcomes_at", "at"),
    )


class EffectModel(Row, Base):
    """A fitted version; one is in use. `weights` are the numbers it predicts with, `report` what it held on later works."""

    __tablename__ = "effect_models"

    active: Mapped[bool] = mapped_column(default=False)
    outcomes: Mapped[int]
    weights: Mapped[dict[str, Any]]
    report: Mapped[dict[str, Any]]

    __table_args__ = (
        Index("uq_effect_models_active", "active", unique=True, postgresql_where=text("active")),
    )
