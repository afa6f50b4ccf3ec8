"""Who could do a brief, and the sums the score is made of: one statement for any number of candidates."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text

from market.creators.models import PRICES, price_columns
from market.creators.queries import OFFER, Offer, Offering
from market.kit.clock import now
from market.kit.db import array_of, db
from market.kit.figures import figures
from market.matching import declared, history
from market.matching import text as texts
from market.matching.turns import FIRST
from market.tasks.models import Task, TaskState

OVER_BUDGET = 1.3
"""Prices up to this much above the budget still match: prices are where talks begin."""

ALIKE = 0.2
"""From this cosine on two texts are called alike."""


@dataclass(frozen=True)
class Sums:
    """What is known of one creator for one brief: faded sums (a work of today counts 1), and how many works."""

    tags: float = 0.0
    """Works under the brief's tags, each by the cosine of the tags."""
    near: float = 0.0
    """Works among the past works nearest in text, each by the cosine of the texts."""
    pair: float = 0.0
    """Works for this merchant."""
    lately: float = 0.0
    yearly: float = 0.0
    works: int = 0
    near_works: int = 0
    said: float = 0.0
    """How near the nearest things the creator shows of themselves come to the brief's text."""
    said_tags: float = 0.0
    """The cosine of the creator's own tags with the brief's."""


@dataclass(frozen=True)
class Question:
    """A brief as the index understands it."""

    task: Task
    generation: int | None
    weights: dict[str, float] = field(default_factory=dict)
    near: tuple[tuple[UUID, float], ...] = ()
    slot: int = 0
    at: texts.Vector | None = None
    """Where the brief lies among the profiles; None without a model, or a word it knows."""

    @property
    def ceiling_fen(self) -> int | None:
        """How high a listed price may be; of live that of an hour."""
        if not self.task.budget_fen:
            return None
        return self.task.piece.ceiling(int(self.task.budget_fen * OVER_BUDGET))

    @property
    def wanted(self) -> declared.Wanted:
        return declared.Wanted(
            self.task.category,
            format=self.task.format,
            length=self.task.length,
            ceiling_fen=self.ceiling_fen,
        )


def question(task: Task) -> Question:
    generation = history.active()
    space = texts.space()
    tags = history.weights(history.tags_of(task.category, task.tags), generation or 0)
    if space is None or (at := texts.place(space[0], texts.words_of(task))) is None:
        return Question(task, generation, tags)
    near = [] if generation is None else texts.nearest(space[0], at)
    alike = tuple((work_id, each) for work_id, each in near if each >= ALIKE)
    return Question(task, generation, tags, alike, space[1], at)


# Eight sources, some hundred each, together; all but the alike and the known have to do with the category or a tag. Those
# above the ceiling, with a bid, or who are the merchant's own people under another hat are left out; who has no price list
# at all may be asked. Each walks an index and stops early, so a category may be of any size.
CANDIDATES = """
    WITH wanted AS (SELECT * FROM unnest(CAST(:tags AS text[]), CAST(:weights AS float8[])) AS w (tag, weight)),
    near AS (SELECT * FROM unnest(CAST(:near AS uuid[]), CAST(:alike AS float8[])) AS n (work_id, alike)),
    newest AS (
        SELECT p.party_id FROM profiles p WHERE {mine} AND {able} ORDER BY p.party_id DESC LIMIT :newest
    ),
    drawn AS (
        (SELECT p.party_id FROM profiles p WHERE {mine} AND {able} AND {drawn} >= :draw
            ORDER BY {drawn} LIMIT :looked_at)
        UNION ALL (SELECT p.party_id FROM profiles p WHERE {mine} AND {able} AND {drawn} < :draw
            ORDER BY {drawn} LIMIT :looked_at)
    ),
    found AS (
        SELECT best.creator_id FROM wanted CROSS JOIN LATERAL (
            SELECT m.creator_id FROM match_tag_masses m
            WHERE m.generation = :generation AND m.tag = wanted.tag ORDER BY m.mass DESC LIMIT :each
        ) best
        UNION SELECT r.creator_id FROM near JOIN match_workers r USING (work_id)
        UNION SELECT unnest(CAST(:declared AS uuid[]))
        UNION (SELECT creator_id FROM match_pair_masses
            WHERE generation = :generation AND merchant_id = :merchant ORDER BY mass DESC LIMIT :each)
        UNION (SELECT m.creator_id FROM (
                SELECT creator_id, yearly FROM match_creator_masses
                WHERE generation = :generation ORDER BY yearly DESC LIMIT :looked_at
            ) m JOIN profiles p ON p.party_id = m.creator_id WHERE {mine} ORDER BY m.yearly DESC LIMIT :each)
        UNION (SELECT p.party_id FROM profiles p WHERE {mine} ORDER BY p.fans DESC LIMIT :each)
        UNION (SELECT n.party_id FROM newest n JOIN parties y ON y.id = n.party_id AND y.verification = 'verified'
            ORDER BY EXISTS (SELECT FROM match_showings s WHERE s.creator_id = n.party_id AND {seen}), n.party_id DESC
            LIMIT :fresh)
        UNION (SELECT d.party_id FROM drawn d JOIN parties y ON y.id = d.party_id AND y.verification = 'verified'
            WHERE NOT EXISTS (SELECT FROM match_showings s WHERE s.creator_id = d.party_id AND {seen}) LIMIT :unseen)
    )
    SELECT {offer} FROM found
    JOIN profiles p ON p.party_id = found.creator_id
    JOIN parties y ON y.id = p.party_id
    WHERE y.verification = 'verified' AND {able}
        AND NOT EXISTS (SELECT FROM bids b WHERE b.task_id = :task AND b.creator_id = p.party_id)
        AND NOT EXISTS (SELECT FROM memberships theirs JOIN memberships ours ON ours.person_id = theirs.person_id
            WHERE theirs.party_id = p.party_id AND ours.party_id = :merchant)
    ORDER BY p.party_id"""
OFFERED = ", ".join(f"p.{column}" for column in OFFER)
MINE = "p.categories @> ARRAY[CAST(:category AS varchar)]"
ABLE = f"(LEAST({{price}}) <= :ceiling OR COALESCE({', '.join(f'p.{each}' for each in PRICES)}) IS NULL)"
DRAWN = "uuid_hash_extended(p.party_id, 0)"
"""An order that means nothing, under an index: a brief begins anywhere in it. No source may read a whole category."""
SEEN = (
    "s.side = 'creators' AND s.on_page AND s.category = :category AND s.day > :since AND s.task_id <> :task"
)

SUMS = """
    WITH wanted AS (SELECT * FROM unnest(CAST(:tags AS text[]), CAST(:weights AS float8[])) AS w (tag, weight)),
    near AS (
        SELECT r.creator_id, sum(n.alike * power(2, -extract(epoch FROM CAST(:now AS timestamptz) - k.at) / 86400
            / :half_life)) AS alike, count(*) AS works
        FROM unnest(CAST(:near AS uuid[]), CAST(:alike AS float8[])) AS n (work_id, alike)
        JOIN match_works k ON k.id = n.work_id JOIN match_workers r ON r.work_id = n.work_id
        GROUP BY r.creator_id
    ),
    a AS MATERIALIZED (
        SELECT m.* FROM unnest(CAST(:creators AS uuid[])) AS c (id) CROSS JOIN LATERAL (
            SELECT * FROM match_creator_masses m WHERE m.generation = :generation AND m.creator_id = c.id LIMIT 1
        ) m
    )
    SELECT a.creator_id, t.mass, near.alike, p.mass, a.lately, a.yearly, a.works, near.works
    FROM a
    LEFT JOIN LATERAL (
        SELECT sum(m.mass * wanted.weight) AS mass FROM wanted CROSS JOIN LATERAL (
            SELECT t.mass FROM match_tag_masses t
            WHERE t.generation = :generation AND t.tag = wanted.tag AND t.creator_id = a.creator_id LIMIT 1
        ) m
    ) t ON true
    LEFT JOIN near ON near.creator_id = a.creator_id
    LEFT JOIN match_pair_masses p
        ON p.generation = :generation AND p.merchant_id = :merchant AND p.creator_id = a.creator_id"""
"""Of those who have done anything: who has no sum at all has none by tag or merchant either. LIMIT 1: a few hundred rows
are looked up by their key; the planner would rather read such a table whole."""

SHORT = 25
"""Up to so many places a list is a page of the product's; for a longer one twice as many are looked at."""
EACH = 100
DECLARED = 150
"""Whose own words lie nearest: all that speaks for creators who have delivered nothing yet."""
FRESH = 40
"""How many of the NEWEST of the category, the least seen first, are looked at whatever they have done."""
NEWEST = 100
UNSEEN = 40
"""As many of the category who were in none of its lists lately, drawn anew for each brief: who is never shown is never
chosen."""
LOOKED_AT = 500
"""So many of those who did the most lately, whatever it was; and among at most twice so many the unseen are looked for."""


def candidates(asked: Question, places: int = SHORT) -> dict[UUID, Offer]:
    """Creators who may be shown in a list of so many places for the brief, in no order that means anything."""
    task = asked.task
    able = ABLE.format(price=", ".join(f"p.{each}" for each in price_columns(task.format, task.length)))
    times = 1 if places <= SHORT else 2
    near = [] if asked.at is None else declared.nearest(asked.slot, asked.at, asked.wanted, times * DECLARED)
    values = _values(asked) | {
        "category": task.category,
        "task": task.id,
        "declared": array_of(creator_id for creator_id, _alike in near),
        "ceiling": asked.ceiling_fen or 2**62,
        "each": times * EACH,
        "newest": NEWEST,
        "fresh": FRESH,
        "unseen": UNSEEN if figures.turns_floor else 0,
        "looked_at": LOOKED_AT,
        "draw": Random(task.id.int).getrandbits(64) - 2**63,
        "since": _since(),
    }
    sql = CANDIDATES.format(offer=OFFERED, mine=MINE, able=able, seen=SEEN, drawn=DRAWN)
    return {row[0]: Offer(*row) for row in db.session.execute(text(sql), values).all()}


@dataclass(frozen=True)
class Seen:
    """Where a creator was shown lately (turns.Standing)."""

    lists: int = 0
    rivals: int = 0


# Who leads enough lists is put first no more (turns.py), so there are few rows to count; lists are counted up to MANY.
WHERE_SEEN = f"""
    SELECT c.id, lists.n, count(DISTINCT asking.merchant_id)
    FROM unnest(CAST(:creators AS uuid[])) AS c (id)
    CROSS JOIN LATERAL (SELECT count(DISTINCT task_id) AS n FROM (
        SELECT s.task_id FROM match_showings s WHERE s.creator_id = c.id AND {SEEN} LIMIT :many) shown) lists
    LEFT JOIN LATERAL (
        SELECT s.task_id FROM match_showings s WHERE s.creator_id = c.id AND {SEEN} AND s.position <= {FIRST}
        UNION ALL SELECT i.task_id FROM invitations i
        WHERE i.creator_id = c.id AND i.state = 'sent' AND i.expires_at > :now
    ) first ON true
    LEFT JOIN tasks asking ON asking.id = first.task_id AND asking.category = :category AND asking.state = 'open'
        AND asking.bids_close_at > :now AND asking.merchant_id <> :merchant
    GROUP BY c.id, lists.n HAVING lists.n > 0 OR count(asking.id) > 0"""
MANY = 20
NOWHERE = Seen()


def where_seen(task: Task, creator_ids: Iterable[UUID]) -> dict[UUID, Seen]:
    """In how many lists of the category each of these was lately, this brief's apart; and how many other merchants, whose
    briefs are still open, have them among the first or wait for their answer. Who was seen nowhere is left out."""
    values = {
        "creators": array_of(creator_ids),
        "category": task.category,
        "task": task.id,
        "merchant": task.merchant_id,
        "since": _since(),
        "now": now(),
        "many": MANY,
    }
    rows = db.session.execute(text(WHERE_SEEN), values).all()
    return {id: Seen(lists, rivals) for id, lists, rivals in rows}


def _since() -> date:
    return now().date() - timedelta(days=figures.turns_days)


def merchants(task: Task) -> int:
    """How many merchants look for somebody in the brief's category now, this one among them."""
    rivals = select(func.count(Task.merchant_id.distinct())).where(
        Task.state == TaskState.OPEN,
        Task.category == task.category,
        Task.bids_close_at > now(),
        Task.merchant_id != task.merchant_id,
    )
    return 1 + (db.session.scalar(rivals) or 0)


def sums(asked: Question, found: Mapping[UUID, Offering]) -> dict[UUID, Sums]:
    """The sums of these creators for the brief."""
    moment = history.horizon()
    lately, yearly = history.faded(moment)
    said = {} if asked.at is None else declared.likeness(asked.slot, asked.at, found)
    tags = declared.shared_tags({id: mine.tags for id, mine in found.items() if mine.tags}, asked.weights)
    rows = db.session.execute(
        text(SUMS),
        _values(asked) | {"creators": array_of(found), "now": moment, "half_life": history.HALF_LIFE_DAYS},
    ).all()
    nothing = {id: Sums(said=said.get(id, 0.0), said_tags=tags.get(id, 0.0)) for id in found}
    return nothing | {
        id: Sums(
            (mass or 0) / lately,
            float(near or 0),
            (pair or 0) / lately,
            (recent or 0) / lately,
            (year or 0) / yearly,
            works or 0,
            near_works or 0,
            said.get(id, 0.0),
            tags.get(id, 0.0),
        )
        for id, mass, near, pair, recent, year, works, near_works in rows
    }


def sums_of(profile: Offering, tasks: Sequence[Task]) -> dict[UUID, Sums]:
    """The sums of one creator for many open briefs, in a few statements."""
    creator_id = profile.party_id
    generation = history.active() or 0
    moment = history.horizon()
    lately, yearly = history.faded(moment)
    tags = {task.id: history.tags_of(task.category, task.tags) for task in tasks}
    weigh = history.weigher({tag for each in tags.values() for tag in each}, generation)
    mine = {"generation": generation, "creator": creator_id}
    masses: dict[str, float] = dict(db.session.execute(text(MY_TAGS), mine).all())
    pairs: dict[UUID, float] = dict(db.session.execute(text(MY_PAIRS), mine).all())
    recent, year, works = db.session.execute(text(MY_SUM), mine).first() or (0.0, 0.0, 0)
    near = {
        task_id: (alike, n)
        for task_id, alike, n in db.session.execute(
            text(MY_NEAR),
            {
                "creator": creator_id,
                "tasks": [task.id for task in tasks],
                "now": moment,
                "half_life": history.HALF_LIFE_DAYS,
                "alike": ALIKE,
            },
        )
    }
    said = declared.likenesses(creator_id, [task.id for task in tasks])
    own = {creator_id: profile.tags}
    return {
        task.id: Sums(
            sum(masses.get(tag, 0.0) * weight for tag, weight in weigh(tags[task.id]).items()) / lately,
            float(near.get(task.id, (0.0, 0))[0]),
            pairs.get(task.merchant_id, 0.0) / lately,
            recent / lately,
            year / yearly,
            works,
            near.get(task.id, (0.0, 0))[1],
            said.get(task.id, 0.0),
            declared.shared_tags(own, weigh(tags[task.id])).get(creator_id, 0.0),
        )
        for task in tasks
    }


MY_TAGS = "SELECT tag, mass FROM match_tag_masses WHERE creator_id = :creator AND generation = :generation"
MY_PAIRS = (
    "SELECT merchant_id, mass FROM match_pair_masses WHERE creator_id = :creator AND generation = :generation"
)
MY_SUM = """
    SELECT lately, yearly, works FROM match_creator_masses
    WHERE creator_id = :creator AND generation = :generation"""
MY_NEAR = """
    SELECT task_id, sum(alike * power(2, -extract(epoch FROM CAST(:now AS timestamptz) - at) / 86400 / :half_life)),
        count(*)
    FROM (
        SELECT b.task_id, b.floor, k.at, 1 - (v.place <=> b.place) AS alike
        FROM match_briefs b
        JOIN match_workers r ON r.creator_id = :creator
        JOIN match_vectors v ON v.work_id = r.work_id AND v.model_id = b.model_id
        JOIN match_works k ON k.id = r.work_id
        WHERE b.task_id = ANY(:tasks)
    ) pairs WHERE alike >= :alike AND alike >= floor GROUP BY task_id"""


def _values(asked: Question) -> dict[str, Any]:
    return {
        "generation": asked.generation or 0,
        "merchant": asked.task.merchant_id,
        "tags": list(asked.weights),
        "weights": list(asked.weights.values()),
        "near": array_of(work_id for work_id, _alike in asked.near),
        "alike": [alike for _work_id, alike in asked.near],
    }
