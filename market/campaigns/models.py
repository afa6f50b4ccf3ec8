"""Seasons with their phases; venues with their modules and what stands in them."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.campaigns.calendar import PHASES, PhaseKind
from market.kit.clock import now
from market.kit.db import Base, Row, belongs_to
from market.kit.states import move
from market.kit.words import say
from market.video.labels import HeadLabel

MOST_MODULES = 20
MOST_SHOWN = 24


@dataclass(frozen=True)
class Phase:
    """A stretch of a season."""

    kind: PhaseKind
    starts_at: datetime
    ends_at: datetime

    @property
    def name(self) -> str:
        return say(PHASES[self.kind])

    @property
    def is_over(self) -> bool:
        return self.ends_at <= now()

    @property
    def is_now(self) -> bool:
        return self.starts_at <= now() < self.ends_at


class Season(Row, Base):
    """Double 11, Double 12. Briefs name its code until an operator closes it."""

    __tablename__ = "campaign_seasons"

    code: Mapped[str] = mapped_column(unique=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]
    plan: Mapped[list[Any]]
    """The phases in order: {kind, starts_at, ends_at}."""
    closed_at: Mapped[datetime | None]

    def name(self, locale: str) -> str:
        return self.name_en if locale == "en" else self.name_zh

    @property
    def numerals(self) -> str:
        """The day in figures, as the season is known: 11.11; empty for a season without one."""
        day = re.match(r"double(\d\d)\b", self.code)
        return f"{day[1]}.{day[1]}" if day else ""

    @property
    def phases(self) -> list[Phase]:
        return [
            Phase(
                PhaseKind(row["kind"]),
                datetime.fromisoformat(row["starts_at"]),
                datetime.fromisoformat(row["ends_at"]),
            )
            for row in self.plan
        ]

    @property
    def phase(self) -> Phase | None:
        """The one that runs now; None before the first and after the last."""
        return next((phase for phase in self.phases if phase.is_now), None)

    @property
    def next_turn(self) -> datetime | None:
        """What a countdown counts to: the end of the running phase, or the start of the next one."""
        if self.phase:
            return self.phase.ends_at
        return next((phase.starts_at for phase in self.phases if now() < phase.starts_at), None)


class VenueState(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"


VENUE_MOVES = {VenueState.DRAFT: {VenueState.PUBLISHED}, VenueState.PUBLISHED: {VenueState.DRAFT}}


class Venue(Row, Base):
    """A page of a season. The modules are the operator's draft; `layout` is what the public sees of them.

    `version` grows with everything that changes the public page, so a rendering kept by any process is known
    to be old without asking the others.
    """

    __tablename__ = "venues"

    season_id: Mapped[UUID] = belongs_to("campaign_seasons")
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    subtitle: Mapped[str] = mapped_column(default="")
    state: Mapped[VenueState] = mapped_column(default=VenueState.DRAFT)
    opens_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    layout: Mapped[list[Any]] = mapped_column(default=list)
    version: Mapped[int] = mapped_column(default=1)
    published_at: Mapped[datetime | None]

    season: Mapped[Season] = relationship(lazy="joined")

    __table_args__ = (CheckConstraint("closes_at > opens_at", name="schedule"),)

    @property
    def is_public(self) -> bool:
        return self.state is VenueState.PUBLISHED

    @property
    def is_ahead(self) -> bool:
        """Published, but its opening is still to come."""
        return self.is_public and self.opens_at is not None and now() < self.opens_at

    @property
    def is_over(self) -> bool:
        return self.is_public and self.closes_at is not None and self.closes_at <= now()

    def publish(self) -> None:
        """Also again, after changes."""
        if self.state is VenueState.DRAFT:
            self.state = move(self.state, VenueState.PUBLISHED, VENUE_MOVES)
        self.published_at = now()

    def withdraw(self) -> None:
        self.state = move(self.state, VenueState.DRAFT, VENUE_MOVES)


class ModuleKind(StrEnum):
    VIDEO = "video"
    LIVE = "live"
    FEED = "feed"
    PRODUCTS = "products"
    COUNTDOWN = "countdown"


class OfferRule(StrEnum):
    """How a merchant fills his module."""

    HAND = "hand"
    NEWEST = "newest"
    LABEL = "label"
    CATEGORY = "category"


class OfferState(StrEnum):
    WAITING = "waiting"
    ADMITTED = "admitted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


S = OfferState
OFFER_MOVES = {
    S.WAITING: {S.ADMITTED, S.REFUSED, S.WITHDRAWN},
    S.ADMITTED: {S.WAITING, S.REFUSED, S.WITHDRAWN},
    S.REFUSED: {S.WAITING, S.WITHDRAWN},
    S.WITHDRAWN: {S.WAITING},
}


class VenueOffer(Row, Base):
    """A merchant's module of his own films for a venue: he fills it, an operator admits it and says where it stands."""

    __tablename__ = "venue_offers"

    venue_id: Mapped[UUID] = belongs_to("venues", index=False)
    merchant_id: Mapped[UUID] = belongs_to("parties")
    title: Mapped[str]
    rule: Mapped[OfferRule]
    label: Mapped[HeadLabel | None]
    category: Mapped[str | None]
    size: Mapped[int]
    video_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()), default=list)
    """What was put in by hand, in its order."""
    state: Mapped[OfferState] = mapped_column(default=OfferState.WAITING)
    reason: Mapped[str] = mapped_column(default="")
    """Why an operator refused it."""

    __table_args__ = (
        UniqueConstraint("venue_id", "merchant_id"),
        CheckConstraint(f"size BETWEEN 1 AND {MOST_SHOWN}", name="size"),
        CheckConstraint("rule <> 'label' OR label IS NOT NULL", name="label"),
        CheckConstraint("rule <> 'category' OR category IS NOT NULL", name="category"),
    )

    def go(self, state: OfferState, reason: str = "") -> None:
        if state is not self.state:
            self.state = move(self.state, state, OFFER_MOVES)
        self.reason = reason


class VenueModule(Row, Base):
    """A part of a venue, filled by theme words and category, or by a merchant whose offer was admitted. Removed ones stay
    until the next publication."""

    __tablename__ = "venue_modules"

    venue_id: Mapped[UUID] = belongs_to("venues", index=False)
    position: Mapped[int]
    kind: Mapped[ModuleKind]
    title: Mapped[str]
    theme: Mapped[str] = mapped_column(default="")
    category: Mapped[str | None]
    size: Mapped[int]
    until: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    offer_id: Mapped[UUID | None] = belongs_to("venue_offers")

    __table_args__ = (
        Index("ix_venue_modules_venue_id_position", "venue_id", "position"),
        CheckConstraint(f"size BETWEEN 1 AND {MOST_SHOWN}", name="size"),
    )

    @property
    def is_filled(self) -> bool:
        """Whether the platform puts works into it; a countdown has none, a merchant's is filled by him."""
        return self.kind is not ModuleKind.COUNTDOWN and self.offer_id is None

    @property
    def words(self) -> list[str]:
        """The theme cut into words; none means everything fits."""
        return self.theme.replace("、", " ").replace("，", " ").replace(",", " ").lower().split()

    def fits(self, *, category: str | None, text_: str) -> bool:
        """Whether a work of this category and with these words belongs here."""
        if self.category and self.category != category:
            return False
        words = self.words
        return not words or any(word in text_.lower() for word in words)

    def frozen(self) -> dict[str, Any]:
        """What the public layout keeps of it."""
        return {
            "id": str(self.id),
            "kind": self.kind.value,
            "title": self.title,
            "size": self.size,
            "until": self.until.isoformat() if self.until else None,
        } | ({"offer": str(self.offer_id)} if self.offer_id else {})


class VenueEntry(Row, Base):
    """A work placed in a module, once. Pinned ones come first, then the highest rank; left-out ones stay out."""

    __tablename__ = "venue_entries"

    module_id: Mapped[UUID] = mapped_column(ForeignKey("venue_modules.id", ondelete="CASCADE"))
    entry_id: Mapped[UUID]
    rank: Mapped[int] = mapped_column(default=0)
    pinned: Mapped[bool] = mapped_column(default=False)
    left_out: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        UniqueConstraint("module_id", "entry_id"),
        Index("ix_venue_entries_entry_id", "entry_id"),
        Index(
            "ix_venue_entries_order",
            "module_id",
            text("pinned DESC"),
            text("rank DESC"),
            text("id DESC"),
            postgresql_where=text("NOT left_out"),
        ),
    )
