"""Finding orders, always from who may see them."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, false, func, or_, select, true

from market.accounts.actor import Actor
from market.kit.db import db
from market.kit.errors import NotFound
from market.orders.models import Milestone, Order
from market.orders.states import RUNNING, MilestoneState, OrderState

S = OrderState

TABS: dict[str, tuple[OrderState, ...]] = {
    "all": (),
    "pay": (S.AWAITING_FUNDS,),
    "running": RUNNING,
    "done": (S.COMPLETED,),
    "off": (S.LAPSED, S.CANCELLED, S.SETTLED),
}
"""Saved tabs of the order lists; "review" (work waits for the merchant's word) is told by milestones."""
REVIEW = "review"


def visible_to(actor: Actor) -> Select[Order]:
    """The three parties of an order see it; operators see all."""
    rows = select(Order)
    if actor.is_operator:
        return rows.where(true())
    if actor.party_id is None:
        return rows.where(false())
    me = actor.party_id
    return rows.where(or_(Order.merchant_id == me, Order.creator_id == me, Order.agency_id == me))


def find(order_id: UUID, *, lock: bool = False) -> Order:
    """The order without asking who wants it. With `lock` its row is locked and everything read afresh: the one
    lock under which an order, its milestones and its submissions change. Raises NotFound."""
    found = db.session.get(Order, order_id, with_for_update=lock or None, populate_existing=lock)
    if found is None:
        raise NotFound
    return found


def find_visible(order_id: UUID, actor: Actor, *, lock: bool = False) -> Order:
    """Raises NotFound, also for a foreign order."""
    found = db.session.scalar(visible_to(actor).where(Order.id == order_id))
    if found is None:
        raise NotFound
    return find(order_id, lock=True) if lock else found


def of_task(task_id: UUID) -> Order | None:
    return db.session.scalar(select(Order).where(Order.task_id == task_id))


def has_funded(merchant_id: UUID) -> bool:
    """Whether the merchant has paid for an order before."""
    rows = select(Order.id).where(Order.merchant_id == merchant_id, Order.funded_at.is_not(None))
    return db.session.scalar(rows.limit(1)) is not None


def milestones(order_id: UUID) -> Sequence[Milestone]:
    return db.session.scalars(
        select(Milestone).where(Milestone.order_id == order_id).order_by(Milestone.position)
    ).all()


def milestone_of(order: Order, milestone_id: UUID) -> Milestone:
    """Raises NotFound."""
    found = next((m for m in order.milestones if m.id == milestone_id), None)
    if found is None:
        raise NotFound
    return found


def in_tab(rows: Select[Order], tab: str) -> Select[Order]:
    """Only the orders of a saved tab."""
    if tab == REVIEW:
        waiting = select(Milestone.order_id).where(Milestone.state == MilestoneState.SUBMITTED)
        return rows.where(Order.id.in_(waiting))
    return rows.where(Order.state.in_(TABS[tab])) if TABS.get(tab) else rows


def counts(actor: Actor) -> dict[str, int]:
    """How many orders of the actor's each tab holds."""
    rows = visible_to(actor).with_only_columns(Order.state, func.count()).group_by(Order.state)
    by_state = {row[0]: int(row[1]) for row in db.session.execute(rows)}
    told = {tab: sum(by_state.get(state, 0) for state in states) for tab, states in TABS.items() if states}
    waiting = in_tab(visible_to(actor), REVIEW).with_only_columns(func.count())
    return {"all": sum(by_state.values()), REVIEW: db.session.scalar(waiting) or 0} | told
