"""A request for a dangerous act, and what became of it."""

import hashlib
import json
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from market.kit.clock import now
from market.kit.db import Base, Row, belongs_to
from market.kit.states import move


class ApprovalState(StrEnum):
    OPEN = "open"
    DONE = "done"  # agreed to and carried out, in one transaction
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


A = ApprovalState
APPROVAL_MOVES = {A.OPEN: {A.DONE, A.REFUSED, A.WITHDRAWN, A.EXPIRED}}


def hash_of(content: dict[str, Any]) -> bytes:
    """SHA-256 of the canonical JSON; survives the round trip through jsonb."""
    written = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(written.encode()).digest()


class Approval(Row, Base):
    """What is asked never changes; `content_hash` proves that what was agreed to is what was asked."""

    __tablename__ = "approvals"

    kind: Mapped[str]
    subject_id: Mapped[UUID] = mapped_column(index=True)
    content: Mapped[dict[str, Any]]
    content_hash: Mapped[bytes] = mapped_column(LargeBinary)
    reason: Mapped[str] = mapped_column(Text)
    asked_by: Mapped[UUID] = belongs_to("people", index=False)
    asked_party: Mapped[UUID] = belongs_to("parties", index=False)
    expires_at: Mapped[datetime]
    state: Mapped[ApprovalState] = mapped_column(default=ApprovalState.OPEN)
    decided_by: Mapped[UUID | None] = belongs_to("people", index=False)
    decided_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        CheckConstraint("state NOT IN ('done', 'refused') OR decided_by IS NOT NULL", name="decided"),
        # The rule itself, where no code can forget it.
        CheckConstraint("state NOT IN ('done', 'refused') OR decided_by <> asked_by", name="never_ones_own"),
        Index(
            "uq_approvals_open",
            "kind",
            "subject_id",
            "content_hash",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_approvals_state_id", "state", "id"),
    )

    @property
    def is_open(self) -> bool:
        return self.state is ApprovalState.OPEN and self.expires_at > now()

    @property
    def hash_hex(self) -> str:
        return self.content_hash.hex()

    def end(self, state: ApprovalState, person_id: UUID | None, note: str = "") -> None:
        self.state = move(self.state, state, APPROVAL_MOVES)
        self.decided_by, self.decided_at, self.note = person_id, now(), note
