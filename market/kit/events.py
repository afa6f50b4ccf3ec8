"""Facts, written in the same transaction as the change they tell of: history and outbox in one table."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import Index, Select, Uuid, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from market.kit import wire
from market.kit.clock import now
from market.kit.db import Base, Row, db

CHANNEL = "vtask_events"
"""The relay listens here; it hears of work at the commit that made it."""


class By(Protocol):
    """Who did it: an accounts.Actor, seen from below."""

    @property
    def person_id(self) -> UUID | None: ...
    @property
    def party_id(self) -> UUID | None: ...


class Event(Row, Base):
    """One fact. `subject_id` is the aggregate whose timeline it stands in, `audience` the parties to tell."""

    __tablename__ = "events"

    name: Mapped[str]
    subject_id: Mapped[UUID]
    person_id: Mapped[UUID | None]
    party_id: Mapped[UUID | None]
    audience: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()))
    data: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    relayed_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_events_subject_id_id", "subject_id", "id"),
        Index("ix_events_not_relayed", "id", postgresql_where=text("relayed_at IS NULL")),
    )


def record(
    name: str, subject_id: UUID, /, *, by: By | None, audience: Iterable[UUID | None] = (), **data: Any
) -> None:
    """Write the fact `name` (past tense, `order.funded`) beside the change; the relay takes it from there.

    `data` is plain JSON: ids as text, times as ISO text. `audience` are the parties who get a notice
    (the one who acted is left out when notices are made).
    """
    told = list(dict.fromkeys(party for party in audience if party))
    who = (by.person_id, by.party_id) if by else (None, None)
    wire.write("events", INSERT, [name, subject_id, *who, told, Jsonb(data), now()], row=ROW)
    wire.ring(CHANNEL)  # the relay also looks by itself every second


INSERT = "INSERT INTO events (name, subject_id, person_id, party_id, audience, data, at) VALUES "
ROW = "(%s, %s, %s, %s, %s::uuid[], %s, %s)"


def of(subject_ids: Sequence[UUID]) -> Select[Event]:
    """The timeline of these subjects, oldest first."""
    return select(Event).where(Event.subject_id.in_(subject_ids)).order_by(Event.id)


def history(*subject_ids: UUID) -> Sequence[Event]:
    """Every fact recorded about these subjects, oldest first."""
    return db.session.scalars(of(subject_ids)).all()
