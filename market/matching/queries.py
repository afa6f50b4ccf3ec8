"""Who and what could match at all, and what creators have done."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import func, or_, select

from market.accounts.models import Party, Verification
from market.bids.models import Bid
from market.creators.models import Profile
from market.creators.queries import PRICES
from market.delivery.models import Submission, SubmissionState
from market.kit.clock import now
from market.kit.db import db
from market.matching.scoring import Delivery, Record
from market.orders.models import Milestone, Order
from market.orders.states import RUNNING, OrderState, Stage
from market.tasks.models import Task, TaskState

CANDIDATES = 600
"""At most so many are scored; who works in the category comes first."""
OVER_BUDGET = 1.3
"""Prices up to this much above the budget still match: prices are where talks begin."""


def candidates(task: Task) -> Sequence[Profile]:
    """Verified providers of the category who offer the format at a price near the budget and have not bid yet."""
    price = PRICES[task.format]
    rows = (
        select(Profile)
        .join(Party, Party.id == Profile.party_id)
        .where(Party.verification == Verification.VERIFIED, price.is_not(None), Profile.slots_per_week > 0)
        .where(Profile.party_id.not_in(select(Bid.creator_id).where(Bid.task_id == task.id)))
    )
    if task.budget_fen:
        rows = rows.where(price <= int(task.budget_fen * OVER_BUDGET))
    delivered = select(Order.creator_id).where(
        Order.category == task.category, Order.state == OrderState.COMPLETED
    )
    declared = Profile.categories.contains([task.category])
    rows = rows.where(or_(declared, Profile.party_id.in_(delivered)))
    return db.session.scalars(rows.order_by(declared.desc(), Profile.fans.desc()).limit(CANDIDATES)).all()


def open_briefs(profile: Profile) -> Sequence[Task]:
    """Briefs that take bids, of the creator's categories and formats, near their price, and not bid on yet."""
    fitting = [
        (Task.format == format) & (Task.budget_fen * OVER_BUDGET >= fen)
        for format, fen in profile.prices.items()
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
    return db.session.scalars(rows.order_by(Task.id.desc()).limit(CANDIDATES)).all()


def records(creator_ids: Iterable[UUID]) -> dict[UUID, Record]:
    """What these creators delivered, and how many orders they have in hand: three queries, however many they are."""
    wanted = list(creator_ids)
    done: dict[UUID, list[Delivery]] = defaultdict(list)
    finished = (
        select(
            Order.creator_id,
            Order.category,
            Order.format,
            Order.ended_at,
            (Milestone.submitted_at <= Milestone.due_at).label("on_time"),
            ~select(Submission.id)
            .where(Submission.order_id == Order.id, Submission.state == SubmissionState.REVISION_ASKED)
            .exists(),
        )
        .join(Milestone, (Milestone.order_id == Order.id) & (Milestone.kind == Stage.DRAFT))
        .where(Order.creator_id.in_(wanted), Order.state == OrderState.COMPLETED)
    )
    for creator_id, category, format, at, on_time, first_pass in db.session.execute(finished):
        done[creator_id].append(Delivery(category, format, at or now(), bool(on_time), bool(first_pass)))
    in_hand = (
        select(Order.creator_id, func.count())
        .where(Order.creator_id.in_(wanted), Order.state.in_(RUNNING))
        .group_by(Order.creator_id)
    )
    running = dict(db.session.execute(in_hand).all())
    return {each: Record(tuple(done.get(each, ())), running.get(each, 0)) for each in wanted}
