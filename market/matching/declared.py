"""What creators say of themselves, laid in the text model's space: how a brief finds who has delivered nothing yet.

A creator's row holds the middle of all they show and everything that decides whether they may be asked; the pieces lie
beside it, because a brief is held against the nearest three of them, not against the middle. Rows are always written
whole, from the truth, under the creator's lock: told twice or out of order they come out the same. A new version of the
model is laid out in the other slot, beside the one in use (text.refit).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from time import monotonic
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import delete, func, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import class_mapper

from market.accounts.models import Party, Verification
from market.accounts.vocabulary import Format, Length
from market.creators import calendar
from market.creators.models import PRICES, Profile, price_columns
from market.kit.db import array_of, db, transaction
from market.kit.events import Event
from market.kit.search import folded
from market.matching import text as texts
from market.matching.models import ImportedAccount, ModelState, PiecePlace, ProfilePlace, TextModel
from market.orders import capacity
from market.orders.capacity import room_of

PIECES = 60
"""So many of what a creator shows are laid out, the profile's own text first."""
BEST = 3
BATCH = 500
FREE = "free"
PRICE_STEPS_FEN = (20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 2_000_000, 5_000_000)
NO_PRICES = f"COALESCE({', '.join(PRICES)}) IS NULL"
"""Who has no price list at all."""


# What is kept


def renew_party(event: Event) -> None:
    """profile.saved, party.verified, party.verification_refused: the event's subject is the creator."""
    renew([event.subject_id])


def renew_maker(event: Event) -> None:
    """order.awarded, delivery.accepted and what ends an order: the creator has less room or more."""
    if creator_id := capacity.whose(event.subject_id):
        renew([creator_id])


def renew(creator_ids: Sequence[UUID]) -> None:
    """Lay these creators out in the version in use and in the one being made; who may not be asked is taken out."""
    _lock(creator_ids)
    living = select(TextModel.id, TextModel.slot).where(
        TextModel.state.in_([ModelState.ACTIVE, ModelState.BUILDING])
    )
    for model_id, slot in db.session.execute(living.order_by(TextModel.slot)).all():
        lay_out(model_id, slot, creator_ids)


def fill(model_id: UUID, slot: int, progress: Callable[[int, int], None]) -> int:
    """Lay all creators out in a version that nobody reads yet, BATCH at a time in transactions of their own."""
    of = db.session.scalar(select(func.count()).select_from(Profile)) or 0
    db.session.rollback()
    done, laid, last = 0, 0, UUID(int=0)
    while True:
        with transaction():
            ids = db.session.scalars(
                select(Profile.party_id)
                .where(Profile.party_id > last)
                .order_by(Profile.party_id)
                .limit(BATCH)
            ).all()
            _lock(ids)
            laid += lay_out(model_id, slot, ids)
        if not ids:
            return laid
        done, last = done + len(ids), ids[-1]
        progress(done, of)
        db.session.expunge_all()


def clear(slot: int) -> None:
    """Empty a slot that nobody reads (any more), in pieces. Opens its own transactions."""
    for table in (ProfilePlace, PiecePlace):
        last = UUID(int=0)
        while True:
            some = (
                select(*_key(table))
                .where(table.slot == slot, table.creator_id >= last)
                .order_by(*_key(table))
                .limit(5000)
            )
            with transaction():
                gone = db.session.scalars(
                    delete(table)
                    .where(tuple_(*_key(table)).in_(some.scalar_subquery()))
                    .returning(table.creator_id)
                ).all()
            if not gone:
                break
            last = max(gone)


def _key(table: type[ProfilePlace] | type[PiecePlace]) -> Sequence[Any]:
    return list(class_mapper(table).primary_key)


def _lock(creator_ids: Sequence[UUID]) -> None:
    """In one order, so that twins wait for each other. After it everything committed before is seen."""
    for id in sorted(set(creator_ids)):
        db.session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:id, 7319))"), {"id": str(id)})


def lay_out(model_id: UUID, slot: int, creator_ids: Sequence[UUID]) -> int:
    """Write the rows of these (locked) creators; how many stand there."""
    if not creator_ids:
        return 0
    rows, pieces = [], []
    for mine, said, room in _said(creator_ids):
        places = [at for each in said if (at := texts.place(model_id, each)) is not None]
        if not places:
            continue
        middle = np.sum(places, axis=0)
        length = float(np.linalg.norm(middle))
        if length < 1e-6:
            continue
        rows.append(
            {
                "creator_id": mine.party_id,
                "slot": slot,
                "place": middle / length,
                "codes": codes_of(mine, room=room),
                **{column: getattr(mine, column) for column in PRICES},
            }
        )
        pieces += [
            {"creator_id": mine.party_id, "slot": slot, "n": n, "place": at} for n, at in enumerate(places)
        ]
    here = {row["creator_id"] for row in rows}
    _write(ProfilePlace, slot, creator_ids, rows, ("place", "codes", *PRICES))
    _write(PiecePlace, slot, creator_ids, pieces, ("place",))
    return len(here)


def _write(
    table: type[ProfilePlace] | type[PiecePlace],
    slot: int,
    creator_ids: Sequence[UUID],
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str],
) -> None:
    """What is no longer so goes, what changed is written; a row that stays as it is costs its indexes nothing."""
    key = _key(table)
    kept = [tuple(row[column.name] for column in key) for row in rows]
    gone = delete(table).where(table.slot == slot, table.creator_id.in_(creator_ids))
    db.session.execute(gone.where(tuple_(*key).not_in(kept)) if kept else gone)
    if not rows:
        return
    asked = insert(table)
    new = {column: asked.excluded[column] for column in columns}
    differs = tuple_(*(getattr(table, column) for column in columns)).is_distinct_from(tuple_(*new.values()))
    db.session.execute(
        asked.on_conflict_do_update(index_elements=key, set_=new, where=differs),
        sorted(rows, key=lambda row: (row["creator_id"], row.get("n", 0))),
    )


def _said(creator_ids: Sequence[UUID]) -> list[tuple[Profile, list[str], bool]]:
    """Profiles of those who may be asked at all, with what they show, piece by piece, and whether they
    have room in any of the coming weeks."""
    found = db.session.scalars(
        select(Profile)
        .join(Party, Party.id == Profile.party_id)
        .where(Profile.party_id.in_(creator_ids), Party.verification == Verification.VERIFIED)
        .execution_options(populate_existing=True)
    ).all()
    ids = [mine.party_id for mine in found]
    ahead = capacity.weeks({mine.party_id: mine for mine in found}, calendar.this_week(), capacity.WINDOW)
    told = dict(
        db.session.execute(
            select(ImportedAccount.party_id, ImportedAccount.texts).where(
                ImportedAccount.party_id.in_(ids), func.cardinality(ImportedAccount.texts) > 0
            )
        ).all()
    )
    return [
        (mine, pieces_of(mine, told.get(mine.party_id, [])), not room_of(ahead[mine.party_id]).full)
        for mine in found
    ]


def pieces_of(mine: Profile, published: Sequence[str] = ()) -> list[str]:
    """What a creator shows: the profile's own text with its tags, then works, then what they published elsewhere."""
    shown = [
        " ".join([mine.party.bio, *mine.tags]),
        *(f"{work.get('title', '')} {work.get('note', '')}" for work in mine.works or []),
        *published,
    ]
    return [each[: texts.MOST_CHARACTERS] for each in shown if each.strip()][:PIECES]


def documents(most: int) -> list[str]:
    """What creators show, a piece each, of the newest creators first: for the model to learn its words from."""
    found: list[str] = []
    last: UUID | None = None
    while len(found) < most:
        rows = select(Profile.party_id).order_by(Profile.party_id.desc()).limit(BATCH)
        ids = db.session.scalars(rows if last is None else rows.where(Profile.party_id < last)).all()
        if not ids:
            break
        found += [piece for _mine, pieces, _room in _said(ids) for piece in pieces]
        last = ids[-1]
        db.session.expunge_all()
    return found[:most]


# Hard conditions


@dataclass(frozen=True)
class Wanted:
    """What must hold of a creator; None asks nothing. Who has no price list at all passes any ceiling, which is one of the
    listed price: for live that of an hour (Piece.ceiling)."""

    category: str | None = None
    city: str | None = None
    format: Format = Format.VIDEO
    length: Length | None = None
    ceiling_fen: int | None = None
    room: bool = True


def codes_of(mine: Profile, *, room: bool) -> list[str]:
    """What a creator's row is looked up by: `c:food`, `in:上海`, `free`, and by price bands: `video:3` is that of the
    cheapest video, `video.long:5` that of a long one, `live:2` that of an hour."""
    codes = {f"c:{code}" for code in mine.categories}
    if mine.party.city:
        codes.add(f"in:{mine.party.city}")
    if room:
        codes.add(FREE)
    priced = {_piece(format): fen for format, fen in mine.prices.items()}
    priced |= {_piece(Format.VIDEO, length): fen for length, fen in mine.video_prices.items()}
    codes |= {f"{piece}:{_band(fen)}" for piece, fen in priced.items()}
    if not priced:
        codes |= {f"{_piece(format)}:open" for format in Format}
    return sorted(codes)


def _piece(format: Format, length: Length | None = None) -> str:
    return f"{format.value}.{length.value}" if length and format is Format.VIDEO else format.value


def _band(fen: int) -> int:
    return sum(fen > step for step in PRICE_STEPS_FEN)


def _codes(wanted: Wanted) -> tuple[list[str], list[str]]:
    """All of these, and one of those."""
    must = [f"c:{wanted.category}"] if wanted.category else []
    if wanted.city:
        must.append(f"in:{wanted.city}")
    if wanted.room:
        must.append(FREE)
    if wanted.ceiling_fen is None:
        return must, []
    piece = _piece(wanted.format, wanted.length)
    under = [f"{piece}:{band}" for band in range(_band(wanted.ceiling_fen) + 1)]
    return must, [*under, f"{_piece(wanted.format)}:open"]


def _passing(slot: int, wanted: Wanted) -> tuple[str, dict[str, Any]]:
    """The condition as SQL. The slot stands in it as a number, so that the planner knows the partial indexes fit."""
    must, prices = _codes(wanted)
    parts, values = [f"slot = {int(slot)}"], dict[str, Any]()
    if must:
        parts.append("codes @> CAST(:must AS varchar[])")
        values["must"] = must
    if prices:
        price = ", ".join(price_columns(wanted.format, wanted.length))
        parts.append("codes && CAST(:prices AS varchar[])")
        parts.append(f"(LEAST({price}) <= :ceiling OR {NO_PRICES})")
        values |= {"prices": prices, "ceiling": wanted.ceiling_fen}
    return " AND ".join(parts), values


# The nearest

STEP = 3
"""A step along the index costs as much as this many rows looked at one by one (`./vtask bench retrieval` shows both)."""
SEARCHED = 200
"""hnsw.ef_search: so many are held in view, whatever is asked for."""
SPARE = 50
"""The index is asked for so many more than wanted, for it brings them in an order of its own."""
STEPS_AT_MOST = 20_000
ESTIMATED_S = 600


def nearest(slot: int, at: texts.Vector, wanted: Wanted, most: int) -> list[tuple[UUID, float]]:
    """The creators of whom `wanted` holds whose words lie nearest, with the cosine, the nearest first.

    Where few pass, all of them are looked at; where many do, the index is walked and those who do not pass are left
    out on the way. What the index cannot find in STEPS_AT_MOST is looked for one by one after all.
    """
    tick = int(monotonic() / ESTIMATED_S)
    passing = _estimate(slot, _roughly(wanted), tick)
    if is_exact(passing, _estimate(slot, Wanted(category=wanted.category, room=False), tick), most):
        return exact(slot, at, wanted, most)
    found = walked(slot, at, wanted, most)
    return found if len(found) >= min(most, passing) // 2 else exact(slot, at, wanted, most)


def is_exact(passing: int, alike: int, most: int) -> bool:
    """Whether looking at all who pass is cheaper than walking the index. `alike` pass the category alone: since a brief
    lies among its category's creators, the walk meets them first, and only what else is asked thins them out."""
    steps = max(SEARCHED, (most + SPARE) * alike / max(passing, 1))
    return passing < STEP * steps


def _roughly(wanted: Wanted) -> Wanted:
    """With the ceiling raised to the end of its band: budgets differ by little, and the estimate is kept for all of them."""
    steps = [step for step in PRICE_STEPS_FEN if step >= (wanted.ceiling_fen or 0)]
    return replace(wanted, ceiling_fen=steps[0] if wanted.ceiling_fen and steps else None)


@lru_cache(maxsize=4096)
def _estimate(slot: int, wanted: Wanted, tick: int) -> int:
    """How many pass, as the planner reckons; asked once in ESTIMATED_S."""
    condition, values = _passing(slot, wanted)
    plan = db.session.execute(
        text(f"EXPLAIN (FORMAT JSON) SELECT 1 FROM match_profiles WHERE {condition}"), values
    ).scalar_one()
    return int(plan[0]["Plan"]["Plan Rows"])


def forget_estimates() -> None:
    """After many came or went at once."""
    _estimate.cache_clear()


WALK = {
    "hnsw.iterative_scan": "relaxed_order",
    "hnsw.ef_search": str(SEARCHED),
    "hnsw.max_scan_tuples": str(STEPS_AT_MOST),
    "hnsw.scan_mem_multiplier": "4",
    "enable_sort": "off",  # what is left is the index
    "plan_cache_mode": "force_custom_plan",
}


def exact(slot: int, at: texts.Vector, wanted: Wanted, most: int) -> list[tuple[UUID, float]]:
    """By looking at everybody who passes. OFFSET 0 keeps the planner from walking the index."""
    condition, values = _passing(slot, wanted)
    sql = f"""SELECT creator_id, 1 - far FROM (
            SELECT creator_id, place <=> CAST(:at AS halfvec) AS far FROM match_profiles WHERE {condition} OFFSET 0
        ) passing ORDER BY far LIMIT :most"""
    return _rows(sql, values | {"at": texts.literal(at), "most": most})


def walked(slot: int, at: texts.Vector, wanted: Wanted, most: int) -> list[tuple[UUID, float]]:
    """By walking the index in relaxed order."""
    condition, values = _passing(slot, wanted)
    sql = f"""SELECT creator_id, 1 - (place <=> CAST(:at AS halfvec)) FROM match_profiles WHERE {condition}
        ORDER BY place <=> CAST(:at AS halfvec) LIMIT :most"""
    # For this statement only: what comes after it in the transaction has its own plans.
    _set(WALK)
    found = _rows(sql, values | {"at": texts.literal(at), "most": most + SPARE})
    _set(dict.fromkeys(WALK))
    return found[:most]


def _rows(sql: str, values: Mapping[str, Any]) -> list[tuple[UUID, float]]:
    rows = db.session.execute(text(sql), values).all()
    return sorted(((row[0], float(row[1])) for row in rows), key=lambda each: -each[1])


def _set(settings: Mapping[str, str | None]) -> None:
    """None: back to what the session began with."""
    calls = ", ".join(f"set_config('{name}', CAST(:v{at} AS text), true)" for at, name in enumerate(settings))
    db.session.execute(text(f"SELECT {calls}"), {f"v{at}": each for at, each in enumerate(settings.values())})


# How alike


LIKENESS = """
    SELECT c.id, (
        SELECT avg(alike) FROM (
            SELECT 1 - (place <=> CAST(:at AS halfvec)) AS alike FROM match_pieces
            WHERE creator_id = c.id AND slot = :slot ORDER BY 1 DESC LIMIT :best
        ) nearest
    ) FROM unnest(CAST(:creators AS uuid[])) AS c (id)"""

LIKENESSES = """
    SELECT b.task_id, (
        SELECT avg(alike) FROM (
            SELECT 1 - (p.place <=> CAST(b.place AS halfvec)) AS alike FROM match_pieces p
            WHERE p.creator_id = :creator AND p.slot = m.slot ORDER BY 1 DESC LIMIT :best
        ) nearest
    ) FROM match_briefs b JOIN match_text_models m ON m.id = b.model_id WHERE b.task_id = ANY(:tasks)"""


def likeness(slot: int, at: texts.Vector, creator_ids: Iterable[UUID]) -> dict[UUID, float]:
    """The mean cosine of each creator's nearest BEST pieces to a text; who shows nothing is left out."""
    values = {"at": texts.literal(at), "slot": slot, "creators": array_of(creator_ids), "best": BEST}
    rows = db.session.execute(text(LIKENESS), values).all()
    return {id: float(alike) for id, alike in rows if alike is not None}


def likenesses(creator_id: UUID, task_ids: Sequence[UUID]) -> dict[UUID, float]:
    """The same of one creator for open briefs."""
    rows = db.session.execute(
        text(LIKENESSES), {"creator": creator_id, "tasks": list(task_ids), "best": BEST}
    )
    return {id: float(alike) for id, alike in rows if alike is not None}


def shared_tags(tags: Mapping[UUID, Sequence[str]], weights: Mapping[str, float]) -> dict[UUID, float]:
    """The cosine of creators' own tags with a brief's (`t:` among history.weights); rare ones among the brief's say more."""
    wanted = {tag.removeprefix("t:"): each for tag, each in weights.items() if tag.startswith("t:")}
    length = sum(each * each for each in wanted.values()) ** 0.5
    if not length:
        return {}
    own = {id: {folded(tag.strip()) for tag in each} for id, each in tags.items()}
    return {
        id: sum(each for tag, each in wanted.items() if tag in mine) / length / len(mine) ** 0.5
        for id, mine in own.items()
        if mine & wanted.keys()
    }
