"""Finding orders, always from who may see them."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, any_, bindparam, false, func, or_, select, true
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm.attributes import set_committed_value

from market.accounts.actor import Actor
from market.kit.db import db
from market.kit.errors import NotFound
from market.kit.wire import Question, adopt, ask, rows_of
from market.orders.amendments import LIVE_OF, Change
from market.orders.models import Milestone, Order
from market.orders.states import ENDED, RUNNING, MilestoneState, OrderState

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
    return rows.where(is_party(actor.party_id))


def is_party(party_id: Any) -> ColumnElement[bool]:
    """Who of the three, by an id or a bindparam."""
    return or_(Order.merchant_id == party_id, Order.creator_id == party_id, Order.agency_id == party_id)


def is_one_party(party_id: ColumnElement[UUID]) -> ColumnElement[bool]:
    """The same of somebody who is looked up in the statement: once, and not for each of the three."""
    return party_id == any_(array([Order.merchant_id, Order.creator_id, Order.agency_id]))


def find(order_id: UUID, *, lock: bool = False) -> Order:
    """The order without asking who wants it. With `lock` its row is locked and everything read afresh: the one
    lock under which an order, its milestones and its submissions change. Raises NotFound."""
    if lock:
        it = {"id": order_id}
        return together(*ask((LOCK, it), (STAGES, it), (LIVE_OF, it)))
    found = db.session.get(Order, order_id)
    if found is None:
        raise NotFound
    return found


LOCK = Question(rows_of(Order).where(Order.id == bindparam("id")).with_for_update())
STAGES = Question(
    rows_of(Milestone).where(Milestone.order_id == bindparam("id")).order_by(Milestone.position)
)
"""Asked after the lock, in the same round trip: a statement of its own sees what was committed before the lock came."""


def together(
    orders: Sequence[tuple[Any, ...]], stages: Sequence[tuple[Any, ...]], changes: Sequence[tuple[Any, ...]]
) -> Order:
    """An order, its stages and the change on its table, from the rows as read. Raises NotFound."""
    if not orders:
        raise NotFound
    (order,), milestones = adopt(Order, orders), adopt(Milestone, stages)
    set_committed_value(order, "milestones", milestones)
    for milestone in milestones:
        set_committed_value(milestone, "order", order)
    set_committed_value(order, "live_change", next(iter(adopt(Change, changes)), None))
    return order


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


def orders_of_stages(stage_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """The order of each of these stages."""
    rows = db.session.execute(select(Milestone.id, Milestone.order_id).where(Milestone.id.in_(stage_ids)))
    return {row.id: row.order_id for row in rows}


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
    states = TABS.get(tab, ())
    if not states:
        return rows
    if not set(states) & set(ENDED):
        rows = rows.where(Order.ended_at.is_(None))  # of which there is an index
    return rows.where(Order.state.in_(states))


def counts(actor: Actor) -> dict[str, int]:
    """How many orders of the actor's each tab holds."""
    rows = visible_to(actor).with_only_columns(Order.state, func.count()).group_by(Order.state)
    by_state = {row[0]: int(row[1]) for row in db.session.execute(rows)}
    told = {tab: sum(by_state.get(state, 0) for state in states) for tab, states in TABS.items() if states}
    waiting = in_tab(visible_to(actor), REVIEW).with_only_columns(func.count())
    return {"all": sum(by_state.values()), REVIEW: db.session.scalar(waiting) or 0} | told
