"""Threads, messages, how far each side has read, and notices."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from market.kit.db import Base, Row, belongs_to


class Thread(Row, Base):
    """What a few parties say to each other about one thing (a brief, an order), known here by its key only."""

    __tablename__ = "threads"

    subject_kind: Mapped[str]
    subject_id: Mapped[UUID]
    title: Mapped[str]
    parties: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()))
    last_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("subject_id", "parties"),
        Index("ix_threads_parties", "parties", postgresql_using="gin"),
    )


class Message(Row, Base):
    """One thing said. `leaks` marks contact details given outside the platform's protection."""

    __tablename__ = "messages"

    thread_id: Mapped[UUID] = belongs_to("threads", index=False)
    party_id: Mapped[UUID] = belongs_to("parties", index=False)
    person_id: Mapped[UUID] = belongs_to("people", index=False)
    text: Mapped[str]
    leaks: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (Index("ix_messages_thread_id_id", "thread_id", "id"),)


class ThreadRead(Base):
    """Up to where a party has read a thread."""

    __tablename__ = "thread_reads"

    thread_id: Mapped[UUID] = belongs_to("threads", index=False, primary_key=True)
    party_id: Mapped[UUID] = belongs_to("parties", index=False, primary_key=True)
    message_id: Mapped[UUID] = belongs_to("messages", index=False)


class Notice(Row, Base):
    """An event, told to one party. The words are made when it is read, in the reader's language."""

    __tablename__ = "notices"

    party_id: Mapped[UUID] = belongs_to("parties", index=False)
    event_id: Mapped[UUID] = belongs_to("events", index=False)
    name: Mapped[str]
    subject_id: Mapped[UUID]
    data: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    read_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("party_id", "event_id"),
        Index("ix_notices_party_id_id", "party_id", "id"),
        Index("ix_notices_unread", "party_id", postgresql_where=text("read_at IS NULL")),
    )
