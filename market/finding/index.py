"""The index is kept fresh from events and made anew by command, beside the one in use; nobody waits for either.

A creator's row is always written whole, from the truth as it stands under that creator's lock: told twice or out of
order it comes out the same.
"""

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import selectinload

from market.accounts.models import Party, Verification
from market.accounts.vocabulary import CATEGORIES
from market.creators import calendar
from market.creators.models import KINDS, PRICES, Profile
from market.finding import facets
from market.finding.models import IndexedCreator, IndexGeneration
from market.finding.words import STORED, document
from market.kit.clock import now
from market.kit.db import db, transaction
from market.kit.errors import Conflict
from market.kit.events import Event
from market.kit.words import N_
from market.orders import capacity
from market.orders.capacity import Week
from market.orders.models import Order
from market.orders.states import OrderState
from market.tasks.models import Task

BATCH = 200
MONTH = 4
"""Weeks."""
WORKS, TAGS = 20, 20
"""So many of the newest delivered works, and of their tags after the creator's own, speak for a creator."""


class AlreadyRebuilding(Conflict):
    """One rebuild at a time."""

    title = N_("索引正在重建")
    text = N_("另一次重建还在进行，请等它结束。")


def active() -> int | None:
    """The generation to read; None before the first creator, or while the first one is being made."""
    return db.session.scalar(select(IndexGeneration.id).where(IndexGeneration.active))


def renew_party(event: Event) -> None:
    """profile.saved, party.verified, party.verification_refused: the event's subject is the creator."""
    renew([event.subject_id])


def renew_maker(event: Event) -> None:
    """order.awarded, delivery.accepted and what ends an order: the creator has less room or more, and perhaps one more work."""
    if creator_id := capacity.whose(event.subject_id):
        renew([creator_id])


def renew(party_ids: Sequence[UUID], *, first_at: datetime | None = None) -> int:
    """Write the rows of these creators in every living generation; who is not public (any more) is taken out.

    `first_at`: since when somebody unknown has been there; now, unless given. Returns how many stand there.
    """
    # In one order, so that twins wait for each other. After the lock everything committed before is seen.
    for id in sorted(set(party_ids)):
        db.session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:id, 7317))"), {"id": str(id)})
    generations = db.session.scalars(select(IndexGeneration.id).order_by(IndexGeneration.id)).all() or [
        _first()
    ]
    rows = _rows(party_ids)
    gone = sorted(set(party_ids) - rows.keys())
    if gone:
        db.session.execute(delete(IndexedCreator).where(IndexedCreator.party_id.in_(gone)))
    for generation in generations:
        if rows:
            db.session.execute(
                UPSERT,
                [row | {"generation": generation, "now": first_at or now()} for row in rows.values()],
            )
    return len(rows)


UPSERT = text(f"""
    INSERT INTO finding_creators (generation, party_id, since, lot, words, facets, fans, level,
        price_fen, {", ".join(PRICES)}, room)
    VALUES (:generation, :party_id,
        coalesce((SELECT min(since) FROM finding_creators WHERE party_id = :party_id), :now),
        :lot, {STORED}, :facets, :fans, :level,
        :price_fen, {", ".join(f":{each}" for each in PRICES)}, :room)
    ON CONFLICT (generation, party_id) DO UPDATE SET
        words = excluded.words, facets = excluded.facets, fans = excluded.fans, level = excluded.level,
        price_fen = excluded.price_fen, room = excluded.room,
        {", ".join(f"{each} = excluded.{each}" for each in PRICES)}
    """)


def _first() -> int:
    """The generation of the very first creator; whoever comes at the same moment waits and finds it made."""
    db.session.execute(text("LOCK TABLE finding_generations IN SHARE ROW EXCLUSIVE MODE"))
    if there := db.session.scalar(select(IndexGeneration.id).limit(1)):
        return there
    made = IndexGeneration(active=True)
    db.session.add(made)
    db.session.flush()
    return made.id


def _rows(party_ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """What the index says of these creators, from profiles, parties and orders; only who is public."""
    found = db.session.scalars(
        select(Profile)
        .join(Party, Party.id == Profile.party_id)
        .where(Profile.party_id.in_(party_ids), Party.verification == Verification.VERIFIED)
        .options(selectinload(Profile.party))
        .execution_options(populate_existing=True)
    ).all()
    if not found:
        return {}
    ids = [each.party_id for each in found]
    free = capacity.weeks({each.party_id: each for each in found}, calendar.this_week(), MONTH)
    done: dict[UUID, list[tuple[str, list[str]]]] = {}
    delivered = (
        select(Order.creator_id, Order.title, Task.tags)
        .join(Task, Task.id == Order.task_id)
        .where(Order.creator_id.in_(ids), Order.state == OrderState.COMPLETED)
        .order_by(Order.creator_id, Order.id.desc())
    )
    for creator_id, title, tags in db.session.execute(delivered):
        works = done.setdefault(creator_id, [])
        if len(works) < WORKS:
            works.append((title, tags or []))
    return {each.party_id: _row(each, done.get(each.party_id, []), free[each.party_id]) for each in found}


def _row(mine: Profile, works: Sequence[tuple[str, list[str]]], weeks: Sequence[Week]) -> dict[str, Any]:
    party = mine.party
    named = [*mine.tags, *(tag for _title, each in works for tag in each)]
    tags = list(dict.fromkeys(tag.strip().lower() for tag in named if tag.strip()))
    tags = [tag for tag in tags if len(tag) <= 40][:TAGS]
    room = weeks[0].free
    kinds = [name for code in mine.categories for name in (code, CATEGORIES.get(code, ""))]
    said = document(
        {
            "A": [party.name, party.handle],
            "B": [*kinds, *tags, party.city, KINDS[mine.kind], mine.kind.value],
            "C": [
                party.bio,
                *(f"{work.get('title', '')} {work.get('note', '')}" for work in mine.works or []),
                *(title for title, _tags in works),
            ],
        }
    )
    return said | {
        "party_id": mine.party_id,
        "lot": mine.party_id.bytes[-1],
        "facets": facets.of(mine, tags=tags, room=room, month=sum(week.free for week in weeks)),
        "fans": mine.fans,
        "level": mine.platform_level,
        "price_fen": mine.from_fen,
        **{column: getattr(mine, column) for column in PRICES},
        "room": room,
    }


@contextmanager
def _alone() -> Any:
    """While it is open no other rebuild runs, here or elsewhere. Raises AlreadyRebuilding."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as own:
        if not own.scalar(text("SELECT pg_try_advisory_lock(7317, 1)")):
            raise AlreadyRebuilding
        try:
            yield
        finally:
            own.execute(text("SELECT pg_advisory_unlock(7317, 1)"))


def rebuild(progress: Callable[[int, int], None] = lambda done, of: None) -> int:
    """Make the index anew beside the one in use, then switch. Killed half-way the old one stays in use.

    Opens its own transactions, one per BATCH creators. Events that come meanwhile write to both. Returns the creators.
    """
    with _alone():
        with transaction():
            # What an earlier rebuild left unfinished.
            left = db.session.scalars(select(IndexGeneration.id).where(~IndexGeneration.active)).all()
        for generation in left:
            _drop(generation)
        with transaction():
            made = IndexGeneration()
            db.session.add(made)
            db.session.flush()
            fresh = made.id
            of = db.session.scalar(select(func.count()).select_from(Profile)) or 0
        looked, stand, last = 0, 0, UUID(int=0)
        while True:
            with transaction():
                ids = db.session.scalars(
                    select(Profile.party_id)
                    .where(Profile.party_id > last)
                    .order_by(Profile.party_id)
                    .limit(BATCH)
                ).all()
                stand += _fill(fresh, ids) if ids else 0
            if not ids:
                break
            looked, last = looked + len(ids), ids[-1]
            progress(looked, of)
            db.session.expunge_all()
        with transaction():
            old = db.session.scalars(select(IndexGeneration.id).where(IndexGeneration.active)).all()
            db.session.execute(
                update(IndexGeneration).where(IndexGeneration.id.in_(old)).values(active=False)
            )
            db.session.execute(
                update(IndexGeneration).where(IndexGeneration.id == fresh).values(active=True, creators=stand)
            )
        for generation in old:
            _drop(generation)
    return stand


def _fill(generation: int, ids: Sequence[UUID]) -> int:
    """The rows of these creators in the new generation only: the others have theirs."""
    for id in sorted(ids):
        db.session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:id, 7317))"), {"id": str(id)})
    rows = _rows(ids)
    born = dict(
        db.session.execute(
            select(Profile.party_id, Profile.created_at).where(Profile.party_id.in_(ids))
        ).all()
    )
    if rows:
        db.session.execute(
            UPSERT, [row | {"generation": generation, "now": born[id]} for id, row in rows.items()]
        )
    return len(rows)


def _drop(generation: int) -> None:
    """Take a generation nobody reads away, in pieces."""
    here = IndexedCreator.generation == generation
    while True:
        with transaction():
            some = db.session.scalars(select(IndexedCreator.party_id).where(here).limit(5000)).all()
            db.session.execute(delete(IndexedCreator).where(here, IndexedCreator.party_id.in_(some)))
        if not some:
            break
    with transaction():
        db.session.execute(delete(IndexGeneration).where(IndexGeneration.id == generation))


def build_first() -> bool:
    """Make the index where there were creators before there was an index."""
    states = set(db.session.scalars(select(IndexGeneration.active)).all())
    db.session.rollback()
    if states != {False}:
        return False
    rebuild()
    return True
