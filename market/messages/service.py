"""Speaking in a thread, and telling parties what happened."""

import re
from collections.abc import Iterable
from typing import cast
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from market.accounts.actor import Actor
from market.accounts.queries import find_party
from market.kit.clock import now
from market.kit.db import db
from market.kit.events import Event, record
from market.kit.ids import encode
from market.messages.catalogue import CATALOGUE
from market.messages.models import Message, Notice, Thread, ThreadRead

# Deals made outside lose the escrow's protection; the sender is warned, nothing is blocked.
CONTACT = re.compile(
    r"(?<!\d)1[3-9]\d[\s-]?\d{4}[\s-]?\d{4}(?!\d)"
    r"|[\w.+-]+@[\w-]+\.\w+"
    r"|(?:微信|薇信|威信|vx|v信|wechat|weixin|qq|扣扣)\s*(?:号|id)?\s*[:：]?\s*[a-z0-9_-]{5,}"
    r"|(?:加我|加个?)\s*(?:微信|vx|qq)",
    re.IGNORECASE,
)


def thread_for(subject_kind: str, subject_id: UUID, title: str, parties: Iterable[UUID | None]) -> Thread:
    """The thread of these parties about this subject; made when there is none."""
    who = sorted({party for party in parties if party})
    db.session.execute(
        insert(Thread)
        .values(subject_kind=subject_kind, subject_id=subject_id, title=title, parties=who)
        .on_conflict_do_nothing(index_elements=["subject_id", "parties"])
    )
    return db.session.scalars(
        select(Thread).where(Thread.subject_id == subject_id, Thread.parties == who)
    ).one()


def say(thread: Thread, text: str, *, by: Actor) -> Message:
    """One more message; the others get a notice."""
    message = Message(
        thread_id=thread.id,
        party_id=cast(UUID, by.party_id),
        person_id=cast(UUID, by.person_id),
        text=text,
        leaks=bool(CONTACT.search(text)),
    )
    db.session.add(message)
    db.session.flush()
    thread.last_at = now()
    mark_read(thread, by=by)
    record(
        "message.sent",
        thread.id,
        by=by,
        audience=thread.parties,
        who=find_party(message.party_id).name,
        excerpt=text[:60],
        url=f"/threads/{encode('thr', thread.id)}",
    )
    return message


def mark_read(thread: Thread, *, by: Actor) -> None:
    """The actor's party has seen everything said so far."""
    newest = db.session.scalar(
        select(Message.id).where(Message.thread_id == thread.id).order_by(Message.id.desc()).limit(1)
    )
    if newest is None or by.party_id not in thread.parties:
        return
    db.session.execute(
        insert(ThreadRead)
        .values(thread_id=thread.id, party_id=by.party_id, message_id=newest)
        .on_conflict_do_update(index_elements=["thread_id", "party_id"], set_={"message_id": newest})
    )


def notify(event: Event) -> None:
    """Listener of every event with an audience: a notice for each party but the one who acted. Safe to run twice."""
    if event.name not in CATALOGUE:
        return
    rows = [
        {
            "party_id": party,
            "event_id": event.id,
            "name": event.name,
            "subject_id": event.subject_id,
            "data": event.data,
            "at": event.at,
        }
        for party in event.audience
        if party != event.party_id
    ]
    if rows:
        db.session.execute(
            insert(Notice).on_conflict_do_nothing(index_elements=["party_id", "event_id"]), rows
        )


def read_notices(actor: Actor, notice_id: UUID | None = None) -> None:
    """Mark one notice as read, or all of them."""
    rows = (
        update(Notice)
        .where(Notice.party_id == actor.party_id, Notice.read_at.is_(None))
        .values(read_at=now())
    )
    db.session.execute(rows.where(Notice.id == notice_id) if notice_id else rows)
