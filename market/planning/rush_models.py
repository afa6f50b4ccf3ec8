"""The rush's runs and the offers they make."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.accounts.models import Party
from market.kit.clock import now
from market.kit.db import Base, Row, belongs_to
from market.kit.states import move
from market.tasks.models import Task


class RunState(StrEnum):
    ASKED = "asked"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class RushRun(Row, Base):
    """One assignment of all open briefs to creators. `beat_at`: its last sign of life; a silent one is taken over."""

    __tablename__ = "rush_runs"

    asked_by: Mapped[UUID | None]
    again: Mapped[bool] = mapped_column(default=False)
    """From what an earlier run looked at, without who declined."""
    state: Mapped[RunState] = mapped_column(default=RunState.ASKED)
    briefs: Mapped[int] = mapped_column(default=0)
    briefs_done: Mapped[int] = mapped_column(default=0)
    report: Mapped[dict[str, Any]] = mapped_column(default=dict)
    error: Mapped[str] = mapped_column(Text, default="")
    beat_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_rush_runs_open", "id", postgresql_where=text("state IN ('asked', 'running')")),
    )


class RushCandidates(Base):
    """What the last whole run chose from (candidates.py), one row; kept to choose again."""

    __tablename__ = "rush_candidates"

    run_id: Mapped[UUID] = belongs_to("rush_runs", primary_key=True, index=False)
    made_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    packed: Mapped[bytes] = mapped_column(deferred=True)


class OfferState(StrEnum):
    OFFERED = "offered"
    DECLINED = "declined"
    INVITED = "invited"


OFFER_MOVES = {OfferState.OFFERED: {OfferState.DECLINED, OfferState.INVITED}}


class RushOffer(Row, Base):
    """A creator proposed for a brief. Both sides may decline; what was declined is not offered again."""

    __tablename__ = "rush_offers"

    run_id: Mapped[UUID] = belongs_to("rush_runs", index=False)
    task_id: Mapped[UUID] = belongs_to("tasks", index=False)
    creator_id: Mapped[UUID] = belongs_to("parties", index=False)
    price_fen: Mapped[int] = mapped_column(BigInteger)
    value: Mapped[float]
    state: Mapped[OfferState] = mapped_column(default=OfferState.OFFERED)
    declined_by: Mapped[UUID | None]
    """The party that declined: the merchant or the creator."""
    ended_at: Mapped[datetime | None]

    task: Mapped[Task] = relationship(lazy="selectin", viewonly=True)
    creator: Mapped[Party] = relationship(lazy="selectin", viewonly=True)

    __table_args__ = (
        CheckConstraint("price_fen > 0", name="price"),
        Index("uq_rush_offers_run", "run_id", "task_id", "creator_id", unique=True),
        Index("ix_rush_offers_task_id_id", "task_id", "id"),
        Index("ix_rush_offers_creator_id_id", "creator_id", "id"),
    )

    def decline(self, party_id: UUID | None) -> None:
        self.state = move(self.state, OfferState.DECLINED, OFFER_MOVES)
        self.declined_by, self.ended_at = party_id, now()

    def invited(self) -> None:
        self.state = move(self.state, OfferState.INVITED, OFFER_MOVES)
        self.ended_at = now()
