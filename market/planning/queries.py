"""What the plan rests on besides the ranking: who works for rivals, how long steps usually take, who was invited."""

from collections.abc import Iterable, Sequence
from math import ceil
from uuid import UUID

from sqlalchemy import Select, func, select

from market.accounts.actor import Actor
from market.accounts.models import Party, Verification
from market.creators.models import Profile
from market.creators.queries import price_of
from market.kit.db import db
from market.matching.retrieval import OVER_BUDGET
from market.orders.models import Milestone, Order
from market.orders.states import RUNNING, OrderState, Stage
from market.planning.models import PlanPick
from market.tasks.models import Task

LEAST_ORDERS = 8
"""From so many completed orders on a step's usual days are measured."""
USUAL = 0.8
"""Four of five were done within the days shown."""


def visible_to(actor: Actor) -> Select[PlanPick]:
    rows = select(PlanPick)
    if actor.is_operator:
        return rows
    own = select(Task.id).where(Task.merchant_id == actor.party_id)
    return rows.where(PlanPick.task_id.in_(own))


def picks(task_id: UUID, actor: Actor) -> Sequence[PlanPick]:
    """Whom the plan of this brief invited so far, first invited first."""
    return db.session.scalars(
        visible_to(actor).where(PlanPick.task_id == task_id).order_by(PlanPick.id)
    ).all()


def working_for_rivals(creator_ids: Iterable[UUID], task: Task) -> set[UUID]:
    """Those with an order in hand, in the brief's category, for another merchant."""
    rows = select(Order.creator_id).where(
        Order.creator_id.in_(list(creator_ids)),
        Order.category == task.category,
        Order.merchant_id != task.merchant_id,
        Order.state.in_(RUNNING),
    )
    return set(db.session.scalars(rows.distinct()))


def usual_days(category: str) -> dict[str, tuple[int, int]]:
    """How long a creator takes for script and draft in this category: days within which four of five were done, and of how
    many orders. Steps with too few orders are left out."""
    taken = func.extract("epoch", Milestone.submitted_at - Milestone.begun_at) / 86400
    rows = (
        select(Milestone.kind, func.count(), func.percentile_cont(USUAL).within_group(taken))
        .join(Order, Order.id == Milestone.order_id)
        .where(
            Order.state == OrderState.COMPLETED,
            Order.category == category,
            Milestone.kind.in_([Stage.SCRIPT, Stage.DRAFT]),
            Milestone.submitted_at > Milestone.begun_at,
        )
        .group_by(Milestone.kind)
    )
    names = {Stage.SCRIPT: "script", Stage.DRAFT: "draft"}
    return {
        names[kind]: (max(1, ceil(days)), n)
        for kind, n, days in db.session.execute(rows)
        if n >= LEAST_ORDERS
    }


def offered(task: Task) -> tuple[int, int]:
    """How many verified creators of the category offer such a piece at all, and how many of them near the brief's budget."""
    price = price_of(*task.piece)
    near = price <= int((task.budget_fen or 0) * OVER_BUDGET)
    n, within = db.session.execute(
        select(func.count(), func.count().filter(near))
        .select_from(Profile)
        .join(Party, Party.id == Profile.party_id)
        .where(
            Party.verification == Verification.VERIFIED,
            Profile.categories.contains([task.category]),
            price.is_not(None),
        )
    ).one()
    return n, within
