"""The queue is a table: what an event sets off and what a timer will do. RQ only rings the bell.

A row is claimed with FOR UPDATE SKIP LOCKED and done in the transaction that marks it done, so a kill at
any moment leaves it either done or waiting. (Why not one RQ job per event: docs/decisions/0001-one-queue-table.md.)
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import Index, select, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm.attributes import set_committed_value

from market.kit import wire
from market.kit.clock import now
from market.kit.db import Base, Row, db, transaction
from market.kit.events import CHANNEL

MAX_ATTEMPTS = 5


class WorkState(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    DEAD = "dead"


class WorkItem(Row, Base):
    """One call of one handler. `key` makes a second row for the same reason impossible."""

    __tablename__ = "work_items"

    handler: Mapped[str]
    subject_id: Mapped[UUID]
    event_id: Mapped[UUID | None]
    data: Mapped[dict[str, Any]]
    key: Mapped[str] = mapped_column(unique=True)
    due_at: Mapped[datetime]
    state: Mapped[WorkState]
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None]
    done_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_work_items_waiting", "due_at", "id", postgresql_where=text("state = 'waiting'")),
        Index("ix_work_items_subject_id_handler", "subject_id", "handler"),
    )


class TooEarly(Exception):
    """What a timer raises when it is called before its time, as an operator's "run now" may do: the row waits on until
    `due_at`, so that it is neither done early nor lost."""

    def __init__(self, due_at: datetime) -> None:
        super().__init__(f"not before {due_at.isoformat()}")
        self.due_at = due_at


def put(
    handler: str,
    subject_id: UUID,
    *,
    key: str,
    due_at: datetime | None = None,
    event_id: UUID | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    """Ask for one call of `handler`; a second `put` with the same key changes nothing."""
    row = [handler, subject_id, event_id, Jsonb(data or {}), key, due_at or now()]
    wire.write("work_items", INSERT, row, row=ROW, tail=ONCE)


INSERT = "INSERT INTO work_items (handler, subject_id, event_id, data, key, due_at, state, attempts) VALUES "
ROW = "(%s, %s, %s, %s, %s, %s, 'waiting', 0)"
ONCE = " ON CONFLICT (key) DO NOTHING"


def set_timer(
    handler: str, subject_id: UUID, due_at: datetime, /, *, key: str | None = None, **data: Any
) -> None:
    """Have `handler(subject_id, data)` called at or after `due_at`; survives outages and catches up."""
    put(handler, subject_id, key=key or f"{handler}:{subject_id}", due_at=due_at, data=data)


def cancel_timers(subject_id: UUID, *handlers: str) -> None:
    """Take back the waiting timers of these names on this subject.

    One that a worker runs at this moment is left: it waits for the lock the caller holds on the subject, and will find
    it changed. Waiting for it here would be a deadlock.
    """
    wire.write("work_items", CANCEL, [subject_id, list(handlers)])


CANCEL = """DELETE FROM work_items WHERE id = ANY (ARRAY(
    SELECT id FROM work_items WHERE subject_id = %s AND handler = ANY(%s) AND state = 'waiting' AND event_id IS NULL
    FOR UPDATE SKIP LOCKED))"""


DONE = "UPDATE work_items SET state = 'done', done_at = %s WHERE id = %s"


def hasten(item_id: UUID) -> WorkItem | None:
    """Make a waiting row due now, and wake a dead one: an operator's "run now". None when it is done."""
    item = db.session.scalars(select(WorkItem).where(WorkItem.id == item_id).with_for_update()).first()
    if item is None or item.state is WorkState.DONE:
        return None
    if item.state is WorkState.DEAD:
        item.state, item.attempts = WorkState.WAITING, 0
    item.due_at = now()
    wire.ring(CHANNEL)
    return item


def hasten_timers(subject_id: UUID, handler: str, *, marked: str) -> None:
    """Make the waiting timers of this name on this subject due now, those with `marked` in their data: what they
    waited for has happened."""
    wire.write("work_items", HASTEN, [now(), subject_id, handler, marked])
    wire.ring(CHANNEL)


HASTEN = """UPDATE work_items SET due_at = least(due_at, %s)
    WHERE subject_id = %s AND handler = %s AND state = 'waiting' AND event_id IS NULL AND data ? %s"""


def do_next(
    call: Callable[[WorkItem], None], *, waited_s: float = 0, only: UUID | None = None
) -> WorkItem | None:
    """Claim the oldest due row and call it, all in one transaction; None when nothing is due.

    A failure is kept on the row with a growing pause; after MAX_ATTEMPTS the row is DEAD and stays for an
    operator. `waited_s` leaves younger rows to others.
    """
    wanted = (
        select(WorkItem)
        .where(WorkItem.state == WorkState.WAITING, WorkItem.due_at <= now() - timedelta(seconds=waited_s))
        .order_by(WorkItem.due_at, WorkItem.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    with transaction():
        item = db.session.scalars(wanted).first()
        if item is None:
            return None
        try:
            with db.session.begin_nested():
                call(item)
        except TooEarly as early:
            item.due_at = early.due_at
        except Exception as failure:
            item.attempts += 1
            item.last_error = f"{type(failure).__name__}: {failure}"[:2000]
            item.due_at = now() + timedelta(seconds=2**item.attempts)
            if item.attempts >= MAX_ATTEMPTS:
                item.state = WorkState.DEAD
        else:
            done_at = now()
            # A handler may have taken its own timer back: then there is nothing to mark.
            wire.write("work_items", DONE, [done_at, item.id])
            set_committed_value(item, "state", WorkState.DONE)
            set_committed_value(item, "done_at", done_at)
    return item
