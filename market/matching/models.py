"""What matching remembers: past works and who made them, decayed sums of them, the text model, and indexed briefs.

Everything but `match_works`, `match_workers` and `match_accounts` is derived: `history.rebuild` and `text.refit` make it anew.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from pgvector.sqlalchemy import HALFVEC, Vector
from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from market.accounts.actor import Role
from market.kit.clock import now
from market.kit.db import Base, Row, belongs_to

DIMENSIONS = 128


class PastWork(Row, Base):
    """A brief that was delivered, here or before: what was asked, by whom, and (match_workers) who made it."""

    __tablename__ = "match_works"

    source: Mapped[str] = mapped_column(Text, unique=True)
    """`order:<id>`, or the importer's own name for it: what makes a second telling harmless."""
    serial: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    merchant_id: Mapped[UUID] = belongs_to("parties", index=False)
    at: Mapped[datetime]
    category: Mapped[str]
    format: Mapped[str]
    tags: Mapped[list[str]] = mapped_column(ARRAY(String), default=list)
    words: Mapped[str] = mapped_column(Text)

    __table_args__ = (Index("ix_match_works_at", "at"),)


class PastWorker(Base):
    """A creator who delivered a past work."""

    __tablename__ = "match_workers"

    work_id: Mapped[UUID] = mapped_column(ForeignKey("match_works.id"), primary_key=True)
    creator_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"), primary_key=True)

    __table_args__ = (Index("ix_match_workers_creator_id", "creator_id", "work_id"),)


class ImportedAccount(Base):
    """The party behind an importer's name for an account, one for each hat it wears."""

    __tablename__ = "match_accounts"

    ref: Mapped[str] = mapped_column(Text, primary_key=True)
    role: Mapped[Role] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = belongs_to("parties")
    texts: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default=text("'{}'"))
    """What a creator published elsewhere, as the importer told it; shown to nobody, matching reads it."""


class Generation(Base):
    """The decayed sums being read (one row is active) and, during a rebuild, those being made beside them."""

    __tablename__ = "match_generations"

    id: Mapped[int] = mapped_column(Integer, Identity(always=True), primary_key=True)
    active: Mapped[bool] = mapped_column(default=False)
    upto: Mapped[int] = mapped_column(BigInteger, default=0)
    """Works up to this serial are the rebuild's business; later ones add themselves."""
    works: Mapped[int] = mapped_column(BigInteger, default=0)
    begun_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (
        Index("uq_match_generations_active", "active", unique=True, postgresql_where=text("active")),
    )


class TagCount(Base):
    """In how many works a tag stands: what makes a rare tag tell more than a common one."""

    __tablename__ = "match_tags"

    generation: Mapped[int] = mapped_column(
        ForeignKey("match_generations.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    tag: Mapped[str] = mapped_column(Text, primary_key=True)
    works: Mapped[int] = mapped_column(BigInteger)


class TagMass(Base):
    """What a creator did under a tag, recent work counting more; in units of history.growth at history.EPOCH."""

    __tablename__ = "match_tag_masses"

    generation: Mapped[int] = mapped_column(
        ForeignKey("match_generations.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    tag: Mapped[str] = mapped_column(Text, primary_key=True)
    creator_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"), primary_key=True)
    mass: Mapped[float]

    __table_args__ = (
        Index("ix_match_tag_masses_best", "generation", "tag", "mass"),
        Index("ix_match_tag_masses_creator_id", "creator_id"),
    )


class PairMass(Base):
    """What a creator did for this very merchant."""

    __tablename__ = "match_pair_masses"

    generation: Mapped[int] = mapped_column(
        ForeignKey("match_generations.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    merchant_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"), primary_key=True)
    creator_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"), primary_key=True)
    mass: Mapped[float]

    __table_args__ = (Index("ix_match_pair_masses_creator_id", "creator_id"),)


class CreatorMass(Base):
    """What a creator did in all: lately (half-life 120 days), within the year (365 days), and how many works."""

    __tablename__ = "match_creator_masses"

    generation: Mapped[int] = mapped_column(
        ForeignKey("match_generations.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    creator_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"), primary_key=True)
    lately: Mapped[float]
    yearly: Mapped[float]
    works: Mapped[int]

    __table_args__ = (Index("ix_match_creator_masses_best", "generation", "yearly"),)


class ModelState(StrEnum):
    BUILDING = "building"
    ACTIVE = "active"
    RETIRED = "retired"


class TextModel(Row, Base):
    """A version of the words' geometry, fitted on the platform's own text (text.py)."""

    __tablename__ = "match_text_models"

    state: Mapped[ModelState] = mapped_column(default=ModelState.BUILDING)
    documents: Mapped[int]
    """Past works it knows; what profiles it read is in the report."""
    slot: Mapped[int] = mapped_column(SmallInteger, default=0, server_default=text("0"))
    """Under which of two numbers profiles lie in this version's space (ProfilePlace)."""
    blob: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    report: Mapped[dict[str, Any]] = mapped_column(default=dict)


class WorkVector(Base):
    """Where a past work lies in a model's space (unit length)."""

    __tablename__ = "match_vectors"

    model_id: Mapped[UUID] = mapped_column(
        ForeignKey("match_text_models.id", ondelete="CASCADE"), primary_key=True
    )
    work_id: Mapped[UUID] = mapped_column(ForeignKey("match_works.id"), primary_key=True)
    place: Mapped[Any] = mapped_column(Vector(DIMENSIONS))

    __table_args__ = (
        Index("ix_match_vectors_work_id", "work_id"),
        Index(
            "ix_match_vectors_place",
            "place",
            postgresql_using="hnsw",
            postgresql_ops={"place": "vector_cosine_ops"},
        ),
    )


class BriefPlace(Base):
    """An open brief in the active model's space, and how alike its NEAREST-th past work is: what counts as near."""

    __tablename__ = "match_briefs"

    task_id: Mapped[UUID] = mapped_column(ForeignKey("tasks.id"), primary_key=True)
    model_id: Mapped[UUID] = mapped_column(ForeignKey("match_text_models.id", ondelete="CASCADE"), index=True)
    place: Mapped[Any] = mapped_column(Vector(DIMENSIONS))
    floor: Mapped[float]

    __table_args__ = (UniqueConstraint("task_id", "model_id"),)


SLOTS = (0, 1)
"""The version in use has one, the next is laid out in the other. Each has indexes of its own, so that neither is in the
other's way."""


class ProfilePlace(Base):
    """Where a creator's own words lie (unit length), with all that decides whether they may be asked at all."""

    __tablename__ = "match_profiles"

    creator_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"), primary_key=True)
    slot: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    place: Mapped[Any] = mapped_column(HALFVEC(DIMENSIONS))
    codes: Mapped[list[str]] = mapped_column(ARRAY(String))
    """declared.codes_of: categories, city, price bands, and whether there is room."""
    price_article_fen: Mapped[int | None] = mapped_column(BigInteger)
    price_video_short_fen: Mapped[int | None] = mapped_column(BigInteger)
    price_video_medium_fen: Mapped[int | None] = mapped_column(BigInteger)
    price_video_long_fen: Mapped[int | None] = mapped_column(BigInteger)
    price_live_hour_fen: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = tuple(
        index
        for slot in SLOTS
        for index in (
            Index(
                f"ix_match_profiles_codes_{slot}",
                "codes",
                postgresql_using="gin",
                postgresql_where=text(f"slot = {slot}"),
            ),
            Index(
                f"ix_match_profiles_place_{slot}",
                "place",
                postgresql_using="hnsw",
                postgresql_ops={"place": "halfvec_cosine_ops"},
                postgresql_with={"m": 16, "ef_construction": 128},
                postgresql_where=text(f"slot = {slot}"),
            ),
        )
    )


class PiecePlace(Base):
    """Where each thing a creator shows lies: the profile's text, then works; a brief is held against the nearest."""

    __tablename__ = "match_pieces"

    creator_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"), primary_key=True)
    slot: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    n: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    place: Mapped[Any] = mapped_column(HALFVEC(DIMENSIONS))
