"""Who and what could match at all, and what creators have done."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, cast, func, or_, select

from market.accounts.vocabulary import HOUR, Format, Length, whole
from market.agencies.models import LinkState, RosterLink
from market.bids.models import Bid
from market.creators.models import Profile
from market.delivery.models import Submission, SubmissionState
from market.kit.clock import now
from market.kit.db import among, db
from market.matching.retrieval import OVER_BUDGET
from market.matching.scoring import Record
from market.orders.models import Milestone, Order
from market.orders.states import OrderState, Stage
from market.tasks.models import Task, TaskState

BRIEFS = 600
"""At most so many open briefs are scored for a creator, the newest."""


def open_briefs(profile: Profile) -> Sequence[Task]:
    """Briefs that take bids, of the creator's categories, formats and lengths, near their price, and not bid on yet."""
    priced: list[tuple[Format, Length | None, int]] = [
        *((format, None, fen) for format, fen in profile.prices.items()),
        *((Format.VIDEO, length, fen) for length, fen in profile.video_prices.items()),
    ]
    minutes = func.coalesce(cast(Task.live_minutes, BigInteger), HOUR)
    fitting = [
        (Task.format == format)
        & Task.length.is_not_distinct_from(length)
        & (Task.budget_fen * OVER_BUDGET >= (whole(fen, minutes) if format is Format.LIVE else fen))
        for format, length, fen in priced
    ]
    if not fitting:
        return []
    rows = (
        select(Task)
        .where(Task.state == TaskState.OPEN, Task.bids_close_at > now(), or_(*fitting))
        .where(Task.id.not_in(select(Bid.task_id).where(Bid.creator_id == profile.party_id)))
    )
    delivered = select(Order.category).where(
        Order.creator_id == profile.party_id, Order.state == OrderState.COMPLETED
    )
    rows = rows.where(or_(Task.category.in_(profile.categories), Task.category.in_(delivered)))
    return db.session.scalars(rows.order_by(Task.id.desc()).limit(BRIEFS)).all()


def records(creator_ids: Iterable[UUID], category: str) -> dict[UUID, Record]:
    """What these creators delivered here, in all and in the category."""
    rows: dict[UUID, list[Any]] = {}
    for row in _counted(list(creator_ids)):
        rows.setdefault(row[0], []).append(row)
    return {id: _record(each, category) for id, each in rows.items()}


def records_by_category(creator_id: UUID) -> Callable[[str], Record]:
    """The same of one creator, for any category."""
    rows = _counted([creator_id])
    return lambda category: _record(rows, category)


def _record(rows: Sequence[Any], category: str) -> Record:
    def total(column: int, only: str | None = None) -> int:
        return sum(row[column] for row in rows if only in (None, row[1]))

    return Record(n=total(2), on_time=total(3), first_pass=total(4), same=total(2, category))


def _counted(creator_ids: Sequence[UUID]) -> Sequence[Any]:
    """Per creator and category: orders completed, on time, at the first pass."""
    done = Order.state == OrderState.COMPLETED
    again = (
        select(Submission.id)
        .where(Submission.order_id == Order.id, Submission.state == SubmissionState.REVISION_ASKED)
        .exists()
    )
    rows = (
        select(
            Order.creator_id,
            Order.category,
            func.count().filter(done),
            func.count().filter(done, Milestone.submitted_at <= Milestone.due_at),
            func.count().filter(done, ~again),
        )
        .join(Milestone, (Milestone.order_id == Order.id) & (Milestone.kind == Stage.DRAFT))
        .where(among(Order.creator_id, creator_ids))
        .group_by(Order.creator_id, Order.category)
    )
    return db.session.execute(rows).all()


def agencies(creator_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """The agency of each of these creators who has one."""
    rows = select(RosterLink.creator_id, RosterLink.agency_id).where(
        among(RosterLink.creator_id, creator_ids), RosterLink.state.in_([LinkState.ACTIVE, LinkState.ENDING])
    )
    return dict(db.session.execute(rows).all())
