"""A provider's profile: what they make, for whom, at what price, and how many at a time."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.accounts.models import Party
from market.accounts.vocabulary import Format, Length, whole
from market.kit.db import Base, belongs_to
from market.kit.words import N_


class ProviderKind(StrEnum):
    CREATOR = "creator"
    STUDIO = "studio"
    HOST = "host"
    MEDIA = "media"


KINDS = {
    ProviderKind.CREATOR: N_("达人"),
    ProviderKind.STUDIO: N_("制作工作室"),
    ProviderKind.HOST: N_("主播"),
    ProviderKind.MEDIA: N_("媒体"),
}

MAX_LEVEL = 6
"""Platform levels go from 0 (new) to 6."""

USUAL_SLOTS = 2
"""Pieces a week of a creator who stated nothing, wherever a number is needed."""


VIDEO_PRICES = {
    Length.SHORT: "price_video_short_fen",
    Length.MEDIUM: "price_video_medium_fen",
    Length.LONG: "price_video_long_fen",
}
LIVE_HOUR = "price_live_hour_fen"
PRICES = ("price_article_fen", *VIDEO_PRICES.values(), LIVE_HOUR)
"""The columns of a price list; NULL: not offered."""
SHOW_HOURS = 2
"""Who states a price for a live show means one of two hours: the templates' shows last 90 to 150 minutes."""


def price_columns(format: Format, length: Length | None = None) -> Sequence[str]:
    """Where it stands what such a piece (of live: an hour) costs: the lowest of these. A video of no particular length may
    be of any."""
    if format is Format.VIDEO:
        return (VIDEO_PRICES[length],) if length else tuple(VIDEO_PRICES.values())
    return ("price_article_fen",) if format is Format.ARTICLE else (LIVE_HOUR,)


class Priced:
    """What follows from the prices and slots of a profile, or of a plain row of it (queries.Offer)."""

    def price(self, format: Format, length: Length | None = None, minutes: int | None = None) -> int | None:
        """What is asked for such a piece (accounts.vocabulary.Piece), in fen: of a video of no particular length the
        lowest, of so many minutes live those hours, without minutes one hour. None: not offered."""
        asked = [getattr(self, column) for column in price_columns(format, length)]
        return min((whole(fen, minutes) for fen in asked if fen is not None), default=None)

    @property
    def prices(self) -> dict[Format, int]:
        """The lowest price of each format that is offered; of live that of an hour."""
        asked = {each: self.price(each) for each in Format}
        return {each: fen for each, fen in asked.items() if fen is not None}

    @property
    def video_prices(self) -> dict[Length, int]:
        """By length, of those that are offered."""
        asked = {each: self.price(Format.VIDEO, each) for each in Length}
        return {each: fen for each, fen in asked.items() if fen is not None}

    @property
    def price_video_fen(self) -> int | None:
        """The lowest price of a video, of whatever length."""
        return self.price(Format.VIDEO)

    @property
    def slots(self: Any) -> int:
        """Pieces in a week of which nothing else is stated."""
        stated: int | None = self.slots_per_week
        return USUAL_SLOTS if stated is None else stated


class Profile(Priced, Base):
    """One per creator party. Shares of `audience` are whole percent per key of accounts.vocabulary.AUDIENCE."""

    __tablename__ = "profiles"

    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    kind: Mapped[ProviderKind] = mapped_column(default=ProviderKind.CREATOR)
    categories: Mapped[list[str]] = mapped_column(ARRAY(String))
    tags: Mapped[list[str]] = mapped_column(ARRAY(String), default=list, server_default=text("'{}'"))
    """Free words, finer than the categories."""
    platform_level: Mapped[int] = mapped_column(default=0)
    fans: Mapped[int] = mapped_column(BigInteger, default=0)
    audience: Mapped[dict[str, Any]] = mapped_column(default=dict)
    price_article_fen: Mapped[int | None] = mapped_column(BigInteger)
    price_video_short_fen: Mapped[int | None] = mapped_column(BigInteger)
    price_video_medium_fen: Mapped[int | None] = mapped_column(BigInteger)
    price_video_long_fen: Mapped[int | None] = mapped_column(BigInteger)
    price_live_hour_fen: Mapped[int | None] = mapped_column(BigInteger)
    slots_per_week: Mapped[int | None]
    """What the creator stated; None: nothing yet, and nobody is refused (`slots`)."""
    city_tier: Mapped[str] = mapped_column(default="")
    works: Mapped[list[Any]] = mapped_column(default=list)
    replies: Mapped[int] = mapped_column(default=0)
    unanswered: Mapped[int] = mapped_column(default=0)
    reply_median_s: Mapped[int | None]

    party: Mapped[Party] = relationship(lazy="selectin", viewonly=True)

    __table_args__ = (
        CheckConstraint("fans >= 0 AND platform_level BETWEEN 0 AND 6", name="counts"),
        CheckConstraint("slots_per_week BETWEEN 0 AND 50", name="slots"),
        CheckConstraint(f"LEAST({', '.join(PRICES)}) > 0", name="prices"),
        Index("ix_profiles_categories", "categories", postgresql_using="gin"),
        Index("ix_profiles_fans", "fans", "party_id"),
        # An order that means nothing, to draw from.
        Index("ix_profiles_drawn", text("uuid_hash_extended(party_id, 0)")),
    )

    @property
    def from_fen(self) -> int | None:
        """The lowest of the prices, an hour live among them."""
        return min(self.prices.values(), default=None)

    @property
    def reply_bps(self) -> int | None:
        """K8: the share of invitations answered in time; None before the first."""
        due = self.replies + self.unanswered
        return self.replies * 10_000 // due if due else None


class StatedWeek(Base):
    """K23: what a creator, or the agency for them, stated of one week; it goes before `slots_per_week`."""

    __tablename__ = "stated_weeks"

    creator_id: Mapped[UUID] = belongs_to("parties", index=False, primary_key=True)
    monday: Mapped[date] = mapped_column(primary_key=True)
    slots: Mapped[int]

    __table_args__ = (
        CheckConstraint("slots BETWEEN 0 AND 50", name="slots"),
        CheckConstraint("EXTRACT(isodow FROM monday) = 1", name="monday"),
    )


class DayOff(Base):
    """A day on which a creator does not work."""

    __tablename__ = "days_off"

    creator_id: Mapped[UUID] = belongs_to("parties", index=False, primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
