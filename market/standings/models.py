"""Where each film stands, as of the last computation; and a case for each film that does badly."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from market.kit.clock import now
from market.kit.db import Base, Row, belongs_to
from market.kit.states import move
from market.standings.scoring import Mark


class Standing(Base):
    """A film's score. Rewritten by every computation; a film nobody played in the window has none."""

    __tablename__ = "film_standings"

    video_id: Mapped[UUID] = belongs_to("videos", index=False, primary_key=True)
    category: Mapped[str]
    plays: Mapped[int] = mapped_column(BigInteger)
    plays5: Mapped[int] = mapped_column(BigInteger)
    finishes: Mapped[int] = mapped_column(BigInteger)
    finish_pct: Mapped[int]
    play5_pct: Mapped[int]
    fit_pct: Mapped[int | None]
    score: Mapped[int]
    mark: Mapped[Mark]
    computed_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("score BETWEEN 0 AND 100", name="score"),
        Index("ix_film_standings_red", "score", "video_id", postgresql_where=text("mark = 'red'")),
    )


class CaseState(StrEnum):
    WARNED = "warned"  # only the owners know
    APPEALED = "appealed"
    DUE = "due"  # nobody answered: an operator looks
    HELD = "held"  # ruled: not shown in the home
    CLEARED = "cleared"  # ruled: nothing happens
    MENDED = "mended"
    RECOVERED = "recovered"  # the numbers are no longer bad


C = CaseState
CASE_MOVES = {
    C.WARNED: {C.APPEALED, C.DUE, C.MENDED, C.RECOVERED},
    C.DUE: {C.APPEALED, C.HELD, C.CLEARED, C.MENDED, C.RECOVERED},
    C.APPEALED: {C.HELD, C.CLEARED, C.MENDED, C.RECOVERED},
    C.HELD: {C.CLEARED, C.MENDED, C.RECOVERED},
}
OPEN = tuple(CASE_MOVES)
TO_RULE = (C.APPEALED, C.DUE)


class FilmCase(Row, Base):
    """A film that does badly, from the private warning to its end. `numbers` is the standing it was opened on."""

    __tablename__ = "film_cases"

    video_id: Mapped[UUID] = belongs_to("videos")
    creator_id: Mapped[UUID] = belongs_to("parties", index=False)
    merchant_id: Mapped[UUID | None] = belongs_to("parties", index=False)
    state: Mapped[CaseState] = mapped_column(default=CaseState.WARNED)
    numbers: Mapped[dict[str, Any]]
    due_at: Mapped[datetime]
    appeal: Mapped[str] = mapped_column(Text, default="")
    appealed_by: Mapped[UUID | None] = belongs_to("parties", index=False)
    ruling: Mapped[str] = mapped_column(Text, default="")
    ruled_by: Mapped[UUID | None] = belongs_to("people", index=False)
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("state <> 'held' OR ruled_by IS NOT NULL", name="only_a_person_holds_back"),
        Index("uq_film_cases_open", "video_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index("ix_film_cases_state_id", "state", "id"),
    )

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def owners(self) -> tuple[UUID, UUID | None]:
        return self.creator_id, self.merchant_id

    def go(self, state: CaseState) -> None:
        self.state = move(self.state, state, CASE_MOVES)
        if not self.is_open:
            self.ended_at = now()
