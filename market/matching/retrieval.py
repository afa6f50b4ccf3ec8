"""Who could do a brief, and the sums the score is made of: one statement for any number of candidates."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import text

from market.accounts.vocabulary import Format
from market.kit.db import db
from market.matching import history
from market.matching import text as texts
from market.tasks.models import Task

OVER_BUDGET = 1.3
"""Prices up to this much above the budget still match: prices are where talks begin."""

ALIKE = 0.2
"""From this cosine on two texts are called alike."""

PRICE = {Format.ARTICLE: "price_article_fen", Format.VIDEO: "price_video_fen", Format.LIVE: "price_live_fen"}


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


@dataclass(frozen=True)
class Question:
    """A brief as the index understands it."""

    task: Task
    generation: int | None
    weights: dict[str, float] = field(default_factory=dict)
    near: tuple[tuple[UUID, float], ...] = ()


def question(task: Task) -> Question:
    generation = history.active()
    if generation is None:
        return Question(task, None)
    near: list[tuple[UUID, float]] = []
    model_id = texts.active()
    if model_id is not None and (at := texts.place(model_id, texts.words_of(task))) is not None:
        near = [(work_id, alike) for work_id, alike in texts.nearest(model_id, at) if alike >= ALIKE]
    tags = history.tags_of(task.category, task.tags)
    return Question(task, generation, history.weights(tags, generation), tuple(near))


# Six sources, some hundred each, together; all but the alike and the known have to do with the category or a tag. Those above the ceiling, without a free slot, with a bid, or who are the
# merchant's own people under another hat are left out; who has no price list at all may be asked.
CANDIDATES = """
    WITH wanted AS (SELECT * FROM unnest(CAST(:tags AS text[]), CAST(:weights AS float8[])) AS w (tag, weight)),
    near AS (SELECT * FROM unnest(CAST(:near AS uuid[]), CAST(:alike AS float8[])) AS n (work_id, alike)),
    found AS (
        SELECT best.creator_id FROM wanted CROSS JOIN LATERAL (
            SELECT m.creator_id FROM match_tag_masses m
            WHERE m.generation = :generation AND m.tag = wanted.tag ORDER BY m.mass DESC LIMIT :each
        ) best
        UNION SELECT r.creator_id FROM near JOIN match_workers r USING (work_id)
        UNION (SELECT creator_id FROM match_pair_masses
            WHERE generation = :generation AND merchant_id = :merchant ORDER BY mass DESC LIMIT :each)
        UNION (SELECT m.creator_id FROM match_creator_masses m JOIN profiles p ON p.party_id = m.creator_id
            WHERE m.generation = :generation AND p.categories @> ARRAY[CAST(:category AS varchar)]
            ORDER BY m.yearly DESC LIMIT :each)
        UNION (SELECT party_id FROM profiles WHERE categories @> ARRAY[CAST(:category AS varchar)]
            ORDER BY fans DESC LIMIT :each)
        UNION (SELECT party_id FROM profiles WHERE categories @> ARRAY[CAST(:category AS varchar)]
            ORDER BY created_at DESC LIMIT :fresh)
    )
    SELECT p.party_id FROM found
    JOIN profiles p ON p.party_id = found.creator_id
    JOIN parties y ON y.id = p.party_id
    WHERE y.verification = 'verified' AND p.slots_per_week > 0
        AND (p.{price} <= :ceiling OR COALESCE(p.price_article_fen, p.price_video_fen, p.price_live_fen) IS NULL)
        AND NOT EXISTS (SELECT FROM bids b WHERE b.task_id = :task AND b.creator_id = p.party_id)
        AND NOT EXISTS (SELECT FROM memberships theirs JOIN memberships ours ON ours.person_id = theirs.person_id
            WHERE theirs.party_id = p.party_id AND ours.party_id = :merchant)
    ORDER BY p.party_id"""

SUMS = """
    WITH wanted AS (SELECT * FROM unnest(CAST(:tags AS text[]), CAST(:weights AS float8[])) AS w (tag, weight)),
    near AS (
        SELECT r.creator_id, sum(n.alike * power(2, -extract(epoch FROM CAST(:now AS timestamptz) - k.at) / 86400
            / :half_life)) AS alike, count(*) AS works
        FROM unnest(CAST(:near AS uuid[]), CAST(:alike AS float8[])) AS n (work_id, alike)
        JOIN match_works k ON k.id = n.work_id JOIN match_workers r ON r.work_id = n.work_id
        GROUP BY r.creator_id
    ),
    tagged AS (
        SELECT m.creator_id, sum(m.mass * wanted.weight) AS mass
        FROM wanted JOIN match_tag_masses m ON m.generation = :generation AND m.tag = wanted.tag
        WHERE m.creator_id = ANY(:creators) GROUP BY m.creator_id
    )
    SELECT c.id, t.mass, near.alike, p.mass, a.lately, a.yearly, a.works, near.works
    FROM unnest(CAST(:creators AS uuid[])) AS c (id)
    LEFT JOIN tagged t ON t.creator_id = c.id
    LEFT JOIN near ON near.creator_id = c.id
    LEFT JOIN match_pair_masses p
        ON p.generation = :generation AND p.merchant_id = :merchant AND p.creator_id = c.id
    LEFT JOIN match_creator_masses a ON a.generation = :generation AND a.creator_id = c.id"""

EACH = 200
FRESH = 40
"""How many of the newest of the category are looked at whatever they have done: who is never shown is never chosen."""


def candidates(asked: Question) -> Sequence[UUID]:
    """Creators who may be shown for the brief, in no order that means anything."""
    task = asked.task
    ceiling = int(task.budget_fen * OVER_BUDGET) if task.budget_fen else 2**62
    sql = text(CANDIDATES.format(price=PRICE[task.format]))
    values = _values(asked) | {
        "category": task.category,
        "task": task.id,
        "ceiling": ceiling,
        "each": EACH,
        "fresh": FRESH,
    }
    return db.session.scalars(sql, values).all()


def sums(asked: Question, creator_ids: Sequence[UUID]) -> dict[UUID, Sums]:
    """The sums of these creators for the brief."""
    moment = history.horizon()
    lately, yearly = history.faded(moment)
    rows = db.session.execute(
        text(SUMS),
        _values(asked) | {"creators": list(creator_ids), "now": moment, "half_life": history.HALF_LIFE_DAYS},
    )
    return {
        id: Sums(
            (tags or 0) / lately,
            float(near or 0),
            (pair or 0) / lately,
            (recent or 0) / lately,
            (year or 0) / yearly,
            works or 0,
            near_works or 0,
        )
        for id, tags, near, pair, recent, year, works, near_works in rows
    }


def sums_of(creator_id: UUID, tasks: Sequence[Task]) -> dict[UUID, Sums]:
    """The sums of one creator for many open briefs, in four statements."""
    generation = history.active()
    if generation is None:
        return {task.id: Sums() for task in tasks}
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
    return {
        task.id: Sums(
            sum(masses.get(tag, 0.0) * weight for tag, weight in weigh(tags[task.id]).items()) / lately,
            float(near.get(task.id, (0.0, 0))[0]),
            pairs.get(task.merchant_id, 0.0) / lately,
            recent / lately,
            year / yearly,
            works,
            near.get(task.id, (0.0, 0))[1],
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
        "near": [work_id for work_id, _alike in asked.near],
        "alike": [alike for _work_id, alike in asked.near],
    }
