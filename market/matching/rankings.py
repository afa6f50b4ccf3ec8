"""The order that challenges the sum: LambdaRank on what merchants chose, fitted by a job, put into use by a person."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import select, text

from market.kit.db import db, transaction
from market.matching import challenger, learning
from market.matching.challenger import Fit, Shown
from market.matching.learned_models import RankingModel
from market.matching.scoring import TERMS, fit_of

LEAST = 100
"""With choices from fewer lists nothing is fitted."""
MOST = 20_000
"""The newest so many lists are read."""
STALE_SHARE = 0.1

# What stood there first, for what came later may have changed by the choice; a choice counts when the list led to it.
CHOICES = text("""
    WITH seen AS (
        SELECT DISTINCT ON (task_id, creator_id) task_id, creator_id, at, position, points, acceptance
        FROM match_showings WHERE side = 'creators' AND cardinality(points) = :terms
        ORDER BY task_id, creator_id, day
    ), graded AS (
        SELECT s.*, CASE
            WHEN EXISTS (SELECT FROM orders o
                WHERE o.task_id = s.task_id AND o.creator_id = s.creator_id AND o.awarded_at >= s.at) THEN 3
            WHEN EXISTS (SELECT FROM invitations i
                WHERE i.task_id = s.task_id AND i.creator_id = s.creator_id AND i.created_at >= s.at) THEN 2
            WHEN EXISTS (SELECT FROM match_showings o WHERE o.side = 'creators' AND o.task_id = s.task_id
                AND o.creator_id = s.creator_id AND o.opened_at IS NOT NULL) THEN 1
            ELSE 0 END AS grade
        FROM seen s
    ), chosen AS (
        SELECT task_id, min(at) AS at FROM graded GROUP BY task_id
        HAVING max(grade) >= 2 AND min(grade) < max(grade) ORDER BY min(at) DESC LIMIT :most
    )
    SELECT c.task_id, c.at, t.merchant_id, g.points, g.acceptance, g.grade
    FROM chosen c JOIN graded g USING (task_id) JOIN tasks t ON t.id = c.task_id
    ORDER BY c.at, c.task_id, g.position""")


class Choice(NamedTuple):
    at: datetime
    shown: Shown


def choices() -> list[Choice]:
    """Lists from which a merchant invited or awarded somebody and not everybody, the oldest first."""
    rows = db.session.execute(CHOICES, {"terms": len(TERMS), "most": MOST}).all()
    found = []
    for _task_id, group in groupby(rows, lambda row: row.task_id):
        mine = list(group)
        shown = Shown(
            mine[0].merchant_id,
            [row.points for row in mine],
            [row.acceptance for row in mine],
            [row.grade for row in mine],
        )
        found.append(Choice(mine[0].at, shown))
    return found


def present() -> Fit:
    """The fit in use: by trees, or by the sum."""
    forest = learning.in_use().forest
    return forest.fit if forest else by_sum


def by_sum(points: Sequence[float]) -> float:
    return fit_of(sum(points))


def refit(least: int = LEAST) -> RankingModel | None:
    """Fit on the older four fifths of the lists, judge on the newest fifth beside the order in use, and keep the result for an
    operator to look at. None when there are fewer than `least`. Opens its own transactions."""
    with transaction():
        found, before = choices(), present()
    if len(found) < least:
        return None
    start = int(len(found) * challenger.FITTED)
    older, later = ([each.shown for each in part] for part in (found[:start], found[start:]))
    forest = challenger.fit(older, by_sum)
    judged = challenger.judge(later, {each.merchant_id for each in older}, before, forest.fit)
    with transaction():
        learning.begin(RankingModel, forest={})
        model = RankingModel(
            cases=start,
            forest=forest.as_json(),
            report=asdict(judged)
            | {
                "clear": judged.is_clear,
                "from": found[start].at.isoformat(),
                "until": found[-1].at.isoformat(),
                "lists": len(found),
            },
        )
        db.session.add(model)
        db.session.flush()
    return model


def refit_when_stale() -> bool:
    """When a tenth of the lists that led to a choice came after the last fit."""
    with transaction():
        known = len(choices())
        last = db.session.scalar(
            select(RankingModel.report).where(RankingModel.fitted).order_by(RankingModel.id.desc())
        )
    before = int((last or {}).get("lists", 0))
    return known >= LEAST and known - before > STALE_SHARE * known and refit() is not None
