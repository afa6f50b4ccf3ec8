"""What was handed in, version by version, and what was said about it."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.kit.clock import now
from market.kit.db import Base, Row, belongs_to
from market.kit.states import move
from market.kit.words import N_
from market.media.uses import holds


class SubmissionState(StrEnum):
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    REVISION_ASKED = "revision_asked"


SUBMISSION_MOVES = {
    SubmissionState.SUBMITTED: {SubmissionState.ACCEPTED, SubmissionState.REVISION_ASKED},
}


class Kind(StrEnum):
    """What a submission is: a script, or the work itself in one of the three formats."""

    SCRIPT = "script"
    ARTICLE = "article"
    VIDEO = "video"
    LIVE = "live"


class Submission(Row, Base):
    """One version of the work for one milestone. `content` is plain JSON by kind (see schemas.py)."""

    __tablename__ = "submissions"

    order_id: Mapped[UUID] = belongs_to("orders")
    milestone_id: Mapped[UUID] = belongs_to("milestones", index=False)
    version: Mapped[int]
    kind: Mapped[Kind]
    content: Mapped[dict[str, Any]] = mapped_column(info=holds(N_("订单的交付")))
    asset_id: Mapped[UUID | None] = belongs_to("assets", info=holds(N_("订单的交付")))
    state: Mapped[SubmissionState] = mapped_column(default=SubmissionState.SUBMITTED)
    auto_accept_at: Mapped[datetime]
    extended_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    auto: Mapped[bool] = mapped_column(default=False)

    remarks: Mapped[list["Remark"]] = relationship(order_by="Remark.id", viewonly=True)

    __table_args__ = (
        UniqueConstraint("milestone_id", "version"),
        CheckConstraint("version > 0", name="version"),
        Index(
            "uq_submissions_waiting",
            "milestone_id",
            unique=True,
            postgresql_where=text("state = 'submitted'"),
        ),
    )

    @property
    def is_waiting(self) -> bool:
        return self.state is SubmissionState.SUBMITTED

    def accept(self, *, auto: bool) -> None:
        self.state = move(self.state, SubmissionState.ACCEPTED, SUBMISSION_MOVES)
        self.decided_at, self.auto = now(), auto

    def ask_revision(self) -> None:
        self.state = move(self.state, SubmissionState.REVISION_ASKED, SUBMISSION_MOVES)
        self.decided_at = now()


class Remark(Row, Base):
    """Words about a submission, about a moment of its film, or about a spot of that moment's picture."""

    __tablename__ = "remarks"

    submission_id: Mapped[UUID] = belongs_to("submissions")
    party_id: Mapped[UUID] = belongs_to("parties", index=False)
    person_id: Mapped[UUID | None]
    text: Mapped[str]
    at_ms: Mapped[int | None]
    x: Mapped[int | None]
    y: Mapped[int | None]
    """From the left and the top, in ten-thousandths of the picture."""

    __table_args__ = (
        CheckConstraint("at_ms >= 0", name="moment"),
        CheckConstraint("x BETWEEN 0 AND 10000 AND y BETWEEN 0 AND 10000", name="spot"),
        CheckConstraint(
            "(x IS NULL) = (y IS NULL) AND (x IS NULL OR at_ms IS NOT NULL)", name="spot_has_moment"
        ),
    )
