"""What lists showed is kept; now and then a model of who says yes is fitted on the answers; an operator decides."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

import numpy as np
from sqlalchemy import case, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from market.accounts.actor import Actor
from market.kit.clock import now
from market.kit.db import db, transaction
from market.kit.errors import NotFound
from market.kit.events import record
from market.matching import acceptance, decisions
from market.matching.decisions import Answer
from market.matching.errors import AlreadyActive
from market.matching.forest import Forest
from market.matching.learned_models import AcceptanceModel, RankingModel, Showing, Side
from market.matching.scoring import HAND, Learned, Score
from market.tasks.models import Task

KEPT_DAYS = 180
LEAST = 200
"""Below so many answered invitations nothing is fitted."""
MOST = 100_000
"""The newest so many are read."""
STALE_SHARE = 0.1
FUNNEL_DAYS = 28
PRUNED_AT_ONCE = 20_000


def note(side: Side, shown: Sequence[tuple[Task, UUID, Score]], *, on_page: bool) -> None:
    """Keep a list as it was shown, first to last: (brief, creator, score). One statement."""
    if not shown:
        return
    today = now().date()
    rows = [
        {
            "side": side,
            "task_id": task.id,
            "creator_id": creator_id,
            "category": task.category,
            "on_page": on_page,
            "day": today,
            "times": 1,
            "position": at,
            "fit": score.fit,
            "acceptance": score.acceptance,
            "signs": list(score.signs),
            "points": list(score.parts),
        }
        for at, (task, creator_id, score) in enumerate(shown, start=1)
    ]
    # In the order of the key, so that two lists at once wait and do not deadlock.
    row = insert(Showing).values(sorted(rows, key=lambda each: (each["task_id"], each["creator_id"])))
    db.session.execute(
        row.on_conflict_do_update(
            index_elements=["side", "task_id", "creator_id", "day"],
            set_={
                "times": Showing.times + 1,
                "position": case(
                    (
                        Showing.on_page == row.excluded.on_page,
                        func.least(Showing.position, row.excluded.position),
                    ),
                    (row.excluded.on_page, row.excluded.position),
                    else_=Showing.position,
                ),
                "category": row.excluded.category,
                "on_page": Showing.on_page | row.excluded.on_page,
            },
        )
    )


def open_shown(side: Side, task_id: UUID, creator_id: UUID) -> None:
    """Somebody opened what a list showed: the newest such row has it, once."""
    newest = (
        select(func.max(Showing.day))
        .where(Showing.side == side, Showing.task_id == task_id, Showing.creator_id == creator_id)
        .scalar_subquery()
    )
    db.session.execute(
        update(Showing)
        .where(
            Showing.side == side,
            Showing.task_id == task_id,
            Showing.creator_id == creator_id,
            Showing.day == newest,
            Showing.opened_at.is_(None),
        )
        .values(opened_at=now())
    )


def forget() -> int:
    """Rows older than KEPT_DAYS, some at a time; how many went."""
    old = (
        select(Showing.side, Showing.task_id, Showing.creator_id, Showing.day)
        .where(Showing.day < now().date() - timedelta(days=KEPT_DAYS))
        .limit(PRUNED_AT_ONCE)
        .subquery()
    )
    gone = delete(Showing).where(
        Showing.side == old.c.side,
        Showing.task_id == old.c.task_id,
        Showing.creator_id == old.c.creator_id,
        Showing.day == old.c.day,
    )
    return int(db.session.execute(gone).rowcount)  # type: ignore[attr-defined]


def in_use() -> Learned:
    """The versions in use."""
    acceptance_weights, ranking_id = db.session.execute(IN_USE).one()
    known = acceptance_weights and len(acceptance_weights) == len(HAND)
    return Learned(tuple(acceptance_weights) if known else HAND, _forest(ranking_id) if ranking_id else None)


IN_USE = select(
    select(AcceptanceModel.weights).where(AcceptanceModel.active).scalar_subquery(),
    select(RankingModel.id).where(RankingModel.active, RankingModel.fitted).scalar_subquery(),
)


@lru_cache(maxsize=4)
def _forest(model_id: UUID) -> Forest:
    """A version is never changed."""
    return Forest.from_json(
        db.session.scalars(select(RankingModel.forest).where(RankingModel.id == model_id)).one()
    )


# An invitation that ended because the brief did is no refusal: only the timer's end tells `invitation.expired`.
ANSWERS = text("""
    SELECT i.task_id, s.signs, i.state = 'accepted' AS yes, i.created_at FROM invitations i
    CROSS JOIN LATERAL (
        SELECT signs FROM match_showings s
        WHERE s.side = 'creators' AND s.task_id = i.task_id AND s.creator_id = i.creator_id AND s.at <= i.created_at
            AND cardinality(s.signs) = :signs
        ORDER BY s.day DESC LIMIT 1
    ) s
    WHERE i.state IN ('accepted', 'declined') OR (i.state = 'expired' AND EXISTS (
        SELECT FROM events e WHERE e.subject_id = i.id AND e.name = 'invitation.expired'))
    ORDER BY i.id DESC LIMIT :most""")


def answers() -> list[Answer]:
    """Answered invitations, the oldest first: those that a list here had led to, with the signs as shown, and those that
    were told from elsewhere."""
    rows = db.session.execute(ANSWERS, {"signs": len(HAND) - 1, "most": MOST}).all()
    here = [Answer(row.task_id, tuple(row.signs), row.yes, row.created_at) for row in rows]
    found = sorted([*reversed(here), *decisions.answers(MOST)], key=lambda each: each.created_at)
    return found[-MOST:]


def refit(least: int = LEAST) -> AcceptanceModel | None:
    """Fit on the older four fifths of the answers, judge on the newest fifth against the model in use, and keep the result
    for an operator to look at. None when there are fewer than `least`. Opens its own transactions."""
    with transaction():
        found, present = answers(), in_use().weights
    if len(found) < least:
        return None
    x = acceptance.table([row.signs for row in found])
    yes = np.array([float(row.yes) for row in found])
    start = int(len(found) * acceptance.FITTED)
    made = acceptance.fit(x[:start], yes[:start])
    judged = acceptance.judge(
        x[start:], yes[start:], [row.task_id for row in found[start:]], np.asarray(present), made
    )
    with transaction():
        begin(AcceptanceModel, weights=list(HAND))
        model = AcceptanceModel(
            cases=start,
            weights=[round(float(each), 6) for each in made],
            report=asdict(judged)
            | {
                "clear": judged.is_clear,
                "yes": round(float(yes[start:].mean()), 4),
                "from": found[start].created_at.isoformat(),
                "until": found[-1].created_at.isoformat(),
                "answers": len(found),
            },
        )
        db.session.add(model)
        db.session.flush()
    return model


def begin(kind: type[AcceptanceModel] | type[RankingModel], **written: Any) -> None:
    """What the code began with, as a row, so that one can go back to it. Locks the versions of this kind."""
    db.session.execute(text(f"LOCK TABLE {kind.__tablename__} IN SHARE ROW EXCLUSIVE MODE"))
    if db.session.scalar(select(kind.id).limit(1)) is None:
        db.session.add(kind(active=True, fitted=False, cases=0, report={}, **written))
        db.session.flush()


def refit_when_stale() -> bool:
    """When a tenth of the answers came after the last fit."""
    with transaction():
        known = len(answers())
        last = db.session.scalar(
            select(AcceptanceModel.report).where(AcceptanceModel.fitted).order_by(AcceptanceModel.id.desc())
        )
    before = int((last or {}).get("answers", 0))
    return known >= LEAST and known - before > STALE_SHARE * known and refit() is not None


V = TypeVar("V", AcceptanceModel, RankingModel)


def models(kind: type[V]) -> Sequence[V]:
    """All versions, newest first."""
    return db.session.scalars(select(kind).order_by(kind.id.desc()).limit(50)).all()


def promote(kind: type[V], model_id: UUID, reason: str, *, by: Actor) -> V:
    """An operator puts a version into use, a later or an earlier one. Raises NotFound, AlreadyActive."""
    db.session.execute(text(f"LOCK TABLE {kind.__tablename__} IN SHARE ROW EXCLUSIVE MODE"))
    model = db.session.get(kind, model_id, populate_existing=True)
    if model is None:
        raise NotFound
    if model.active:
        raise AlreadyActive
    before = db.session.scalar(select(kind).where(kind.active).execution_options(populate_existing=True))
    if before:
        before.active = False
        db.session.flush()
    model.promote(reason, by.person_id)
    db.session.flush()
    record(
        PROMOTED[kind],
        model.id,
        by=by,
        reason=reason,
        before=str(before.id) if before else None,
    )
    return model


PROMOTED = {AcceptanceModel: "acceptance.promoted", RankingModel: "ranking.promoted"}


@dataclass(frozen=True)
class Funnel:
    """What became of the pairs one kind of list showed: each a pair of a brief and a creator, counted once."""

    side: Side
    shown: int
    opened: int
    invited: int
    answered: int
    accepted: int
    delivered: int


FUNNEL = text("""
    SELECT s.side, count(*), count(*) FILTER (WHERE s.opened), count(i.id), count(i.replied_at),
        count(*) FILTER (WHERE EXISTS (SELECT FROM bids b WHERE b.task_id = s.task_id AND b.creator_id = s.creator_id)),
        count(o.id)
    FROM (
        SELECT side, task_id, creator_id, bool_or(opened_at IS NOT NULL) AS opened
        FROM match_showings WHERE day > :since GROUP BY side, task_id, creator_id
    ) s
    LEFT JOIN invitations i ON i.task_id = s.task_id AND i.creator_id = s.creator_id
    LEFT JOIN orders o ON o.task_id = s.task_id AND o.creator_id = s.creator_id AND o.state = 'completed'
    GROUP BY s.side ORDER BY s.side DESC""")


def funnel(days: int = FUNNEL_DAYS) -> list[Funnel]:
    """Of the last so many days."""
    rows = db.session.execute(FUNNEL, {"since": now().date() - timedelta(days=days)}).all()
    return [Funnel(Side(side), *map(int, counts)) for side, *counts in rows]
