"""The creators' index, generation by generation, and what merchants keep of it: saved searches.

The index is derived: `index.rebuild` makes it anew from profiles, parties and orders.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from market.kit.clock import now
from market.kit.db import Base, Row, belongs_to


class IndexGeneration(Base):
    """The index being read (one row is active) and, during a rebuild, the one being made beside it."""

    __tablename__ = "finding_generations"

    id: Mapped[int] = mapped_column(Integer, Identity(always=True), primary_key=True)
    active: Mapped[bool] = mapped_column(default=False)
    creators: Mapped[int] = mapped_column(BigInteger, default=0)
    """How many the rebuild that made it found; events have changed it since."""
    begun_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (
        Index("uq_finding_generations_active", "active", unique=True, postgresql_where=text("active")),
    )


class IndexedCreator(Base):
    """One creator of the square as search sees them."""

    __tablename__ = "finding_creators"

    generation: Mapped[int] = mapped_column(
        ForeignKey("finding_generations.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"), primary_key=True)
    since: Mapped[datetime]
    """When they first stood on the square; a rebuild keeps it."""
    lot: Mapped[int]
    """0 to 255, drawn by the key: wide questions are counted on some lots."""
    words: Mapped[Any] = mapped_column(TSVECTOR, deferred=True)
    facets: Mapped[list[str]] = mapped_column(ARRAY(String))
    fans: Mapped[int] = mapped_column(BigInteger)
    level: Mapped[int]
    price_fen: Mapped[int | None] = mapped_column(BigInteger)
    """The lowest; NULL without a price list."""
    price_article_fen: Mapped[int | None] = mapped_column(BigInteger)
    price_video_short_fen: Mapped[int | None] = mapped_column(BigInteger)
    price_video_medium_fen: Mapped[int | None] = mapped_column(BigInteger)
    price_video_long_fen: Mapped[int | None] = mapped_column(BigInteger)
    price_live_fen: Mapped[int | None] = mapped_column(BigInteger)
    room: Mapped[int]
    """How many more pieces they can take on this week."""

    __table_args__ = (
        # The lot as an array: beside words and facets only a generalised inverted index meets all three at once.
        Index(
            "ix_finding_creators_found_by", "words", "facets", text("(ARRAY[lot])"), postgresql_using="gin"
        ),
        Index("ix_finding_creators_fans", "generation", "fans", "party_id"),
        Index("ix_finding_creators_level", "generation", "level", "party_id"),
        Index("ix_finding_creators_price", "generation", "price_fen", "party_id"),
        Index("ix_finding_creators_since", "generation", "since"),
        Index("ix_finding_creators_party_id", "party_id"),
    )


class SavedSearch(Row, Base):
    """A search a merchant named; `asked` are the address's own words, `looked_at` up to when they have been told."""

    __tablename__ = "saved_searches"

    party_id: Mapped[UUID] = belongs_to("parties", index=False)
    name: Mapped[str] = mapped_column(Text)
    asked: Mapped[dict[str, Any]]
    alerts: Mapped[bool] = mapped_column(default=True)
    looked_at: Mapped[datetime] = mapped_column(default=now)
    """Who came to the square after this moment is news."""
    due_at: Mapped[datetime] = mapped_column(default=now, index=True)
    """When the search is looked at next."""

    __table_args__ = (UniqueConstraint("party_id", "name"),)
