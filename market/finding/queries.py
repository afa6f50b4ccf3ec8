"""Asking the index: a page of creators, counts beside every choice, and what to drop when nobody is left."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Select, cast, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.types import String

from market.accounts.vocabulary import Format, Length
from market.creators.models import Profile, price_columns
from market.creators.queries import profiles
from market.finding import facets
from market.finding.asked import Asked
from market.finding.index import active
from market.finding.models import IndexedCreator
from market.finding.words import question
from market.kit.db import db
from market.kit.paging import Page, page_by, page_of

SORTS = ("fit", "new", "fans", "price", "level")
COUNTED = 4_000
"""Up to so many found are counted one by one; of more, some lots, and the numbers are called approximate."""
DRAWN = 500
"""About so many of those found stand in the lots that are counted then."""
RANKED = 1_000
"""At most so many are ranked by how well the words fit: of more than COUNTED those in the highest bands of fans. Words
that stand in so many say little."""
LOTS = 256
OF_LOT: ColumnElement[Any] = array([IndexedCreator.lot])
"""As the index knows it, beside words and facets: of a question only these rows are met."""
PRICES: Mapping[str, Sequence[str]] = {
    **{each.value: price_columns(each) for each in Format},
    **{facets.of_length(each): price_columns(Format.VIDEO, each) for each in Length},
}


def found(asked: Asked, generation: int) -> list[ColumnElement[bool]]:
    """The conditions of a question."""
    where: list[ColumnElement[bool]] = [IndexedCreator.generation == generation]
    if asked.q:
        words = question(asked.q)
        where.append(IndexedCreator.words.op("@@")(words) if words is not None else literal(False))
    pieces = facets.pieces(asked.chosen)
    for group, values in asked.chosen.items():
        wanted = facets.codes(group, values, pieces)
        where.append(IndexedCreator.facets.op("&&")(cast(wanted, ARRAY(String))))
    if asked.price_max_fen:
        where.append(_price(asked) <= asked.price_max_fen)
    if asked.fans_min:
        where.append(IndexedCreator.fans >= asked.fans_min)
    if asked.level_min:
        where.append(IndexedCreator.level >= asked.level_min)
    return where


def _plan_each(*, walking: bool = True) -> None:
    """Until the transaction ends each question gets a plan of its own: one made for any facet reads far too much.

    Not `walking`: all that is found is read and sorted. The planner would rather walk the order of the page and leave out
    who does not match, and of a few found it meets the next one after thousands of others."""
    db.session.execute(
        select(
            func.set_config("plan_cache_mode", "force_custom_plan", True),
            func.set_config("enable_indexscan", "on" if walking else "off", True),
        )
    )


def _price(asked: Asked) -> Any:
    """Of the formats and lengths that are asked for, else of all."""
    pieces = facets.pieces(asked.chosen)
    if not pieces:
        return IndexedCreator.price_fen
    return func.least(*(getattr(IndexedCreator, column) for each in pieces for column in PRICES[each]))


def search(
    asked: Asked,
    *,
    sort: str | None = None,
    limit: int = 24,
    cursor: str | None = None,
    here: "Counts | None" = None,
) -> Page[Profile]:
    """A page of the square. `sort`: fit to the words (without words: new), new, fans, price (lowest first), level.
    `here` are the counts of the question, where they are known.

    Who is no longer public, though the index does not know it yet, is left out: such a page is shorter.
    """
    generation = active()
    if generation is None:
        return Page([], None)
    # How many are found is known of the first page, where the counts stand beside it; behind it the planner chooses.
    few = here is not None and here.exact
    _plan_each(walking=not few)
    rows: Select[IndexedCreator] = select(IndexedCreator).where(*found(asked, generation))
    key: Any = IndexedCreator.party_id
    words = question(asked.q) if asked.q else None
    sort = sort or ("fit" if words is not None else "new")
    page: Page[IndexedCreator]
    if sort == "fit" and words is not None:
        seen = here or count(found(asked, generation))
        if not seen.exact:
            rows = select(IndexedCreator).where(*_leading(asked, generation, seen))
        page = page_by(rows, _fit(words), key, limit=limit, cursor=cursor)
    elif sort in ("fans", "level"):
        by: Any = IndexedCreator.fans if sort == "fans" else IndexedCreator.level
        page = page_by(rows, by, key, limit=limit, cursor=cursor)
    elif sort == "price":
        price = _price(asked)
        page = page_by(rows.where(price.is_not(None)), price, key, rising=True, limit=limit, cursor=cursor)
    else:
        page = page_of(rows, key, limit=limit, cursor=cursor)
    if few:
        _plan_each()
    return Page(_public([row.party_id for row in page]), page.next_cursor)


def _leading(asked: Asked, generation: int, seen: "Counts") -> list[ColumnElement[bool]]:
    """Of all that were found RANKED with many fans: the bands are codes of the index, so nobody else's row is read."""
    bands: list[str] = []
    for value in reversed(facets.FIXED["fans"]):
        bands += facets.codes("fans", [value])
        if sum(seen.by[code] for code in bands) >= RANKED // 2:
            break
    best = (
        select(IndexedCreator.party_id)
        .where(*found(asked, generation), IndexedCreator.facets.op("&&")(cast(bands, ARRAY(String))))
        .limit(RANKED)
    )
    return [
        IndexedCreator.generation == generation,
        IndexedCreator.party_id.in_(select(best.subquery().c.party_id)),
    ]


def _fit(words: Any) -> Any:
    """Name before categories, tags and city, before bio and works; in millionths, whole, for the cursor."""
    return cast(func.ts_rank(IndexedCreator.words, words) * 1_000_000, Integer)


def _public(ids: Sequence[UUID]) -> list[Profile]:
    known = profiles(ids)
    return [known[id] for id in ids if id in known and known[id].party.is_verified]


@dataclass(frozen=True)
class Counts:
    """How many creators stand behind each facet code, and in all."""

    by: Counter[str]
    exact: bool = True

    @property
    def total(self) -> int:
        """Everybody is of one kind."""
        return sum(n for code, n in self.by.items() if code.startswith("kind:"))


@dataclass(frozen=True)
class Overview:
    """The counts of a question, and for each chosen group those of the question without it."""

    here: Counts
    without: dict[str, Counts] = field(default_factory=dict)

    def of(self, group: str) -> Counts:
        """The counts to show beside the values of a group: they respect all other groups, not the group itself."""
        return self.without.get(group, self.here)


def overview(asked: Asked) -> Overview:
    """What is shown beside the facets. One statement for all and one for each chosen group; two where many are found."""
    generation = active()
    if generation is None:
        return Overview(Counts(Counter()))
    _plan_each()
    return Overview(
        count(found(asked, generation)),
        {group: count(found(asked.without(group), generation)) for group in asked.chosen},
    )


def count(where: Sequence[ColumnElement[bool]]) -> Counts:
    """By facet code. The work is bounded: of more than COUNTED some lots are counted and the rest is reckoned."""
    n = _reckoned(where)
    if n < 1.5 * COUNTED:
        first = Counts(_by_code(select(IndexedCreator.facets).where(*where).limit(COUNTED + 1)))
        if first.total <= COUNTED:
            return first
    lots = max(1, min(LOTS, LOTS * DRAWN // max(n, 1)))
    drawn = [] if lots == LOTS else [OF_LOT.op("&&")(cast(list(range(lots)), ARRAY(Integer)))]
    some = _by_code(select(IndexedCreator.facets).where(*where, *drawn))
    share = LOTS / lots
    return Counts(Counter({code: _about(n * share) if share > 1 else n for code, n in some.items()}), False)


def _reckoned(where: Sequence[ColumnElement[bool]]) -> int:
    """How many are found, as the planner reckons."""
    asked = select(IndexedCreator.party_id).where(*where).compile(dialect=db.engine.dialect)
    plan = (
        db.session.connection()
        .exec_driver_sql(f"EXPLAIN (FORMAT JSON) {asked}", dict(asked.construct_params()))
        .scalar_one()
    )
    return int(plan[0]["Plan"]["Plan Rows"])


def _by_code(rows: Select[Any]) -> Counter[str]:
    each = select(func.unnest(rows.subquery().c.facets).label("code")).subquery()
    return Counter(dict(db.session.execute(select(each.c.code, func.count()).group_by(each.c.code)).all()))


def _about(n: float) -> int:
    """Two digits: what a sample can say."""
    return int(float(f"{n:.2g}"))


def cures(asked: Asked) -> list[tuple[str, int]]:
    """When nobody is found: which part to drop, and how many that brings; the most first."""
    generation = active()
    if generation is None:
        return []
    tried = [(part, _how_many(found(asked.without(part), generation))) for part in asked.parts]
    return sorted([(part, n) for part, n in tried if n], key=lambda each: -each[1])


def _how_many(where: Sequence[ColumnElement[bool]], most: int = COUNTED) -> int:
    """Counted up to `most`."""
    some = select(literal(1)).where(*where).limit(most).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0


def newcomers(asked: Asked, after: datetime, until: datetime, most: int) -> tuple[list[UUID], int]:
    """Who came to the square within (after, until] and matches: the first `most`, and how many in all."""
    generation = active()
    if generation is None:
        return [], 0
    where = [*found(asked, generation), IndexedCreator.since > after, IndexedCreator.since <= until]
    ids = db.session.scalars(
        select(IndexedCreator.party_id).where(*where).order_by(IndexedCreator.since.desc()).limit(most)
    ).all()
    return list(ids), _how_many(where) if len(ids) == most else len(ids)


def values_of(seen: Overview, group: str, asked: Asked) -> list[tuple[str, int]]:
    """The values of a group and how many stand behind each, in the order to show; nobody's values are left out."""
    counts = seen.of(group).by
    prefix = f"{facets.space(group, facets.pieces(asked.chosen))}:"
    if group in facets.FIXED:
        known = facets.FIXED[group]
    else:
        named = [(code.removeprefix(prefix), n) for code, n in counts.items() if code.startswith(prefix)]
        named.sort(key=lambda each: (-each[1], each[0]))
        known = [value for value, _n in named[: facets.MOST_SHOWN.get(group, 12)]]
    return [(value, counts[prefix + value]) for value in known if counts[prefix + value]]
