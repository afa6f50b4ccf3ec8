"""Sums by day and surface, what was counted already, what a person watched, and when counting was interrupted."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Index, Integer, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from market.audience.tokens import Kind, Surface
from market.kit.db import Base, Row, belongs_to

EVENTS = ("exposure", "play", "play5", "finish")
"""At least half in view for a second · the film began · five seconds of it ran · it came to its end."""


class DailyViews(Base):
    """What happened to one published work on one surface on one day (of Shanghai)."""

    __tablename__ = "daily_views"

    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    surface: Mapped[Surface] = mapped_column(primary_key=True)
    exposures: Mapped[int] = mapped_column(BigInteger, default=0)
    plays: Mapped[int] = mapped_column(BigInteger, default=0)
    plays5: Mapped[int] = mapped_column(BigInteger, default=0)
    finishes: Mapped[int] = mapped_column(BigInteger, default=0)

    __table_args__ = (CheckConstraint("least(exposures, plays, plays5, finishes) >= 0", name="not_negative"),)


class HourlyPlays(Base):
    """When on a day (of Shanghai) a work was played, on all surfaces together. Kept for two months (counting.forget)."""

    __tablename__ = "hourly_plays"

    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    hours: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    """24 numbers, of midnight first."""

    __table_args__ = (
        CheckConstraint("cardinality(hours) = 24", name="hours"),
        Index("ix_hourly_plays_day", "day"),
    )


class CountedView(Base):
    """One event of one visit that is in the sums; kept as long as its visit's token holds."""

    __tablename__ = "counted_views"

    visit: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    surface: Mapped[Surface] = mapped_column(primary_key=True)
    event: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    issued_on: Mapped[date]

    __table_args__ = (Index("ix_counted_views_issued_on", "issued_on"),)


class Footprint(Row, Base):
    """A work that a person watched for five seconds or longer, last at `seen_at`. Nobody else sees it. Watched again, it
    has a new key, and stands first."""

    __tablename__ = "footprints"

    person_id: Mapped[UUID] = belongs_to("people", index=False)
    kind: Mapped[Kind]
    entry_id: Mapped[UUID]
    seen_at: Mapped[datetime]

    __table_args__ = (
        Index("uq_footprints_person_entry", "person_id", "entry_id", unique=True),
        Index("ix_footprints_person_id_id", "person_id", "id"),
    )


class ClearedFootprints(Base):
    """Until when a person's footprints were wiped: what is still on its way from before does not come back."""

    __tablename__ = "cleared_footprints"

    person_id: Mapped[UUID] = belongs_to("people", index=False, primary_key=True)
    cleared_at: Mapped[datetime]


class CountingState(Base):
    """One row: when the buffer was last emptied, and by its mark whether it is still the same buffer."""

    __tablename__ = "counting_state"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    buffer: Mapped[str]
    drained_at: Mapped[datetime]

    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)


class CountingGap(Row, Base):
    """A stretch of time whose views may be missing from the sums, because Redis lost them or had no room."""

    __tablename__ = "counting_gaps"

    since: Mapped[datetime]
    until: Mapped[datetime]
