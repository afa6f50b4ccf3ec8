"""A show in the programme, and who wants to be reminded of it."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Uuid, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from market.kit.clock import now
from market.kit.db import Base, Row, belongs_to
from market.kit.states import move
from market.kit.words import N_
from market.media.uses import holds


class ProgrammeState(StrEnum):
    SCHEDULED = "scheduled"
    PAST = "past"
    WITHDRAWN = "withdrawn"


MOVES = {
    ProgrammeState.SCHEDULED: {ProgrammeState.PAST, ProgrammeState.WITHDRAWN},
    ProgrammeState.PAST: {ProgrammeState.WITHDRAWN},
}


class Programme(Row, Base):
    """One show. `source_id` is the work it was published from (opaque here): the same source is listed once."""

    __tablename__ = "programmes"

    source_id: Mapped[UUID] = mapped_column(unique=True)
    creator_id: Mapped[UUID] = belongs_to("parties")
    merchant_id: Mapped[UUID | None] = belongs_to("parties")
    order_id: Mapped[UUID | None]
    title: Mapped[str]
    rundown: Mapped[str] = mapped_column(default="")
    category: Mapped[str]
    cover_id: Mapped[UUID | None] = belongs_to("assets", info=holds(N_("直播封面")))
    product_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()), default=list)
    campaign_code: Mapped[str | None]
    starts_at: Mapped[datetime]
    minutes: Mapped[int]
    state: Mapped[ProgrammeState] = mapped_column(default=ProgrammeState.SCHEDULED)
    reminded_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("minutes BETWEEN 1 AND 1440", name="minutes"),
        Index("ix_programmes_guide", "starts_at", "id", postgresql_where=text("state <> 'withdrawn'")),
    )

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.minutes)

    @property
    def is_now(self) -> bool:
        """The clock says it is on. (Whether somebody is broadcasting is not known here yet.)"""
        return self.state is ProgrammeState.SCHEDULED and self.starts_at <= now() < self.ends_at

    @property
    def is_coming(self) -> bool:
        return self.state is ProgrammeState.SCHEDULED and now() < self.starts_at

    def end(self) -> None:
        self.state = move(self.state, ProgrammeState.PAST, MOVES)

    def withdraw(self) -> None:
        self.state = move(self.state, ProgrammeState.WITHDRAWN, MOVES)


class Reminder(Base):
    """A party wants a notice before the show."""

    __tablename__ = "reminders"

    programme_id: Mapped[UUID] = mapped_column(ForeignKey("programmes.id"), primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"), primary_key=True, index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
