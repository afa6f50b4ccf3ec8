"""The creators' index, generation by generation; and saved searches, of the square and of the hall of briefs.

The index is derived: `index.rebuild` makes it anew from profiles, parties and orders.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY, TSVECTOR
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
    price_live_hour_fen: Mapped[int | None] = mapped_column(BigInteger)
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


class Sought(StrEnum):
    """What a saved search looks for: creators on the square (merchants), briefs in the hall (creators, agencies)."""

    CREATORS = "creators"
    BRIEFS = "briefs"


class SavedSearch(Row, Base):
    """A search a party named; `asked` are the words of the square's or the hall's own query."""

    __tablename__ = "saved_searches"

    party_id: Mapped[UUID] = belongs_to("parties", index=False)
    kind: Mapped[Sought]
    name: Mapped[str] = mapped_column(Text)
    asked: Mapped[dict[str, Any]]
    alerts: Mapped[bool] = mapped_column(default=True)
    looked_at: Mapped[datetime] = mapped_column(default=now)
    """Who came to the square, what was opened in the hall after this moment is news."""
    due_at: Mapped[datetime] = mapped_column(default=now)
    """When the square is looked at next; before when nothing more is told of the hall."""
    needs: Mapped[Any] = mapped_column(TSQUERY, nullable=True, deferred=True)
    """Of briefs only: what a brief's words and facets must hold, so that a brief finds its searches."""
    anchor: Mapped[str | None]
    """One lexeme of `needs`, by which the search is looked up."""

    __table_args__ = (
        UniqueConstraint("party_id", "name"),
        CheckConstraint("(kind = 'briefs') = (needs IS NOT NULL AND anchor IS NOT NULL)", name="needs"),
        Index("ix_saved_searches_due_at", "due_at", postgresql_where=text("kind = 'creators' AND alerts")),
        Index("ix_saved_searches_anchor", "anchor", postgresql_where=text("kind = 'briefs' AND alerts")),
    )


class SearchHit(Base):
    """A brief that fits a saved search and is still to be told, or dropped."""

    __tablename__ = "search_hits"

    search_id: Mapped[UUID] = mapped_column(
        ForeignKey("saved_searches.id", ondelete="CASCADE"), primary_key=True
    )
    task_id: Mapped[UUID] = mapped_column(ForeignKey("tasks.id"), primary_key=True)
    due_at: Mapped[datetime] = mapped_column(index=True)


class SearchTold(Base):
    """A party has been told of a brief: whatever searches of theirs fit, once."""

    __tablename__ = "search_told"

    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"), primary_key=True)
    task_id: Mapped[UUID] = mapped_column(ForeignKey("tasks.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
