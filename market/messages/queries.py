"""Selects, always starting from what the actor may see."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, bindparam, func, select

from market.accounts.actor import Actor
from market.kit.db import db
from market.kit.errors import NotFound
from market.messages.models import Message, Notice, Thread, ThreadRead


def visible_to(actor: Actor) -> Select[Thread]:
    """The threads the actor's party takes part in."""
    return select(Thread).where(Thread.parties.contains([actor.party_id]))


def find_visible(thread_id: UUID, actor: Actor, *, lock: bool = False) -> Thread:
    """Raises NotFound."""
    rows = visible_to(actor).where(Thread.id == thread_id)
    thread = db.session.scalar(
        rows.with_for_update().execution_options(populate_existing=True) if lock else rows
    )
    if thread is None:
        raise NotFound
    return thread


def messages(thread: Thread, limit: int = 200) -> Sequence[Message]:
    """The last `limit` messages, oldest first."""
    last = select(Message).where(Message.thread_id == thread.id).order_by(Message.id.desc()).limit(limit)
    return list(reversed(db.session.scalars(last).all()))


def notices(actor: Actor) -> Select[Notice]:
    return select(Notice).where(Notice.party_id == actor.party_id)


_UNREAD = select(func.count()).select_from(
    select(Notice.id)
    .where(Notice.party_id == bindparam("party"), Notice.read_at.is_(None))
    .limit(100)
    .subquery()
)


def unread(actor: Actor) -> int:
    """Unread notices, counted up to 100: the bell says 99+."""
    return db.session.scalar(_UNREAD, {"party": actor.party_id}) or 0


def unread_threads(actor: Actor) -> set[UUID]:
    """Threads of the actor whose newest message is another's and unread."""
    newest = (
        select(Message.id, Message.party_id)
        .where(Message.thread_id == Thread.id)
        .order_by(Message.id.desc())
        .limit(1)
        .lateral()
    )
    read = select(ThreadRead.message_id).where(
        ThreadRead.thread_id == Thread.id, ThreadRead.party_id == actor.party_id
    )
    rows = (
        visible_to(actor)
        .join(newest, newest.c.party_id != actor.party_id)
        .where(func.coalesce(newest.c.id > read.scalar_subquery(), True))
        .with_only_columns(Thread.id)
    )
    return set(db.session.scalars(rows))
