"""What an account's days looked like elsewhere, and the signals found in them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from market.kit.clock import now
from market.kit.db import Base, Row, belongs_to
from market.kit.states import move


class AccountDay(Base):
    """One day of one creator's account, as an importer told it. Of comments only what repeats is kept, and no names."""

    __tablename__ = "account_days"

    party_id: Mapped[UUID] = belongs_to("parties", index=False, primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    fans: Mapped[int | None] = mapped_column(BigInteger)
    plays: Mapped[int] = mapped_column(BigInteger)
    interactions: Mapped[int] = mapped_column(BigInteger)
    """Likes, comments, shares and saves together."""
    hours: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    """Interactions by hour of the day, 24 of them, or none when unknown."""
    comments_read: Mapped[int]
    """Comments long enough to be compared."""
    phrases: Mapped[dict[str, int]] = mapped_column(JSONB)
    """The day's texts that stood there more than once, without signs and digits (comments.bare): how often."""

    __table_args__ = (
        CheckConstraint("LEAST(fans, plays, interactions, comments_read) >= 0", name="counts"),
        CheckConstraint("cardinality(hours) IN (0, 24)", name="hours"),
        Index("ix_account_days_day", "day"),
    )


class SignalKind(StrEnum):
    GROWTH = "growth"  # fans came whom no plays brought
    RHYTHM = "rhythm"  # interactions crowd into a few hours, or know no night
    REPETITION = "repetition"  # many comments, the same few sentences
    UNWATCHED = "unwatched"  # far more plays here than usual, and hardly anybody watched
    UNSEEN = "unseen"  # plays here of films that were on no screen
    PACE = "pace"  # plays here crowd into a few hours, or know no night


COUNTED = (SignalKind.UNWATCHED, SignalKind.UNSEEN, SignalKind.PACE)
"""Seen in what the platform counted itself, of the creator's films on its own pages; the others in what importers told."""


class SignalState(StrEnum):
    STANDING = "standing"
    APPEALED = "appealed"  # counts until it is ruled on
    UPHELD = "upheld"
    LIFTED = "lifted"
    WITHDRAWN = "withdrawn"  # the figures were corrected, and it is no longer to be seen
    LAPSED = "lapsed"  # long ago, and seen again: the new one is told anew


S = SignalState
MOVES = {
    S.STANDING: {S.APPEALED, S.LIFTED, S.WITHDRAWN, S.LAPSED},
    S.APPEALED: {S.UPHELD, S.LIFTED},
}
COSTS = 4.0
"""Points a signal of full strength costs in a match, where a middling fit has about twelve…"""
COSTS_MOST = 8.0
"""…and all of a creator's together at most."""
COUNTING = (S.STANDING, S.APPEALED, S.UPHELD)
RULED = (S.UPHELD, S.LIFTED)


class TrafficSignal(Row, Base):
    """One thing that was seen. What was seen is in `evidence`; who ruled, when and why stays with it."""

    __tablename__ = "traffic_signals"

    party_id: Mapped[UUID] = belongs_to("parties", index=False)
    kind: Mapped[SignalKind]
    state: Mapped[SignalState] = mapped_column(default=SignalState.STANDING)
    strength: Mapped[float]
    """0..1: how much of the deduction it costs."""
    evidence: Mapped[dict[str, Any]]
    from_day: Mapped[date]
    until_day: Mapped[date]
    counts_from: Mapped[datetime]
    """The creator hears of it before it costs anything."""
    ends_at: Mapped[datetime]
    appeal: Mapped[str] = mapped_column(Text, default="")
    appealed_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(Text, default="")
    ruled_by: Mapped[UUID | None] = belongs_to("people", index=False)
    ruled_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("strength BETWEEN 0 AND 1", name="strength"),
        CheckConstraint("state NOT IN ('upheld', 'lifted') OR reason <> ''", name="reasoned"),
        Index(
            "uq_traffic_signals_standing",
            "party_id",
            "kind",
            unique=True,
            postgresql_where=text("state = 'standing'"),
        ),
        Index("ix_traffic_signals_party_id_id", "party_id", "id"),
        Index("ix_traffic_signals_state_id", "state", "id"),
    )

    @property
    def is_over(self) -> bool:
        """It costs nothing any more: lifted, withdrawn, or long enough ago."""
        return self.state not in COUNTING or self.ends_at <= now()

    @property
    def costs(self) -> float:
        return COSTS * self.strength

    @property
    def counts(self) -> bool:
        return not self.is_over and self.counts_from <= now()

    def take_appeal(self, words: str) -> None:
        self.state = move(self.state, S.APPEALED, MOVES)
        self.appeal, self.appealed_at = words, now()

    def rule(self, state: SignalState, reason: str, person_id: UUID | None) -> None:
        self.state = move(self.state, state, MOVES)
        self.reason, self.ruled_by, self.ruled_at = reason, person_id, now()

    def withdraw(self) -> None:
        self.state = move(self.state, S.WITHDRAWN, MOVES)

    def lapse(self) -> None:
        self.state = move(self.state, S.LAPSED, MOVES)
