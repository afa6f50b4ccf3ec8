"""Finding cases, always from who may see them."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, select

from market.accounts.actor import Actor
from market.disputes.models import OVER, Dispute
from market.kit.db import db
from market.kit.errors import NotFound
from market.orders import queries as orders
from market.orders import timers
from market.orders.models import Order


def visible_to(actor: Actor) -> Select[Dispute]:
    """Those of the orders one is a party of."""
    mine = orders.visible_to(actor).with_only_columns(Order.id)
    return select(Dispute).where(Dispute.order_id.in_(mine))


timers.register(lambda order_id: select(Dispute.id).where(Dispute.order_id == order_id))


def find(dispute_id: UUID) -> Dispute:
    """Read afresh; a case changes only under its order's lock. Raises NotFound."""
    found = db.session.get(Dispute, dispute_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def find_visible(dispute_id: UUID, actor: Actor) -> Dispute:
    """Raises NotFound, also for a foreign one."""
    if db.session.scalar(visible_to(actor).where(Dispute.id == dispute_id)) is None:
        raise NotFound
    return find(dispute_id)


def locked(dispute_id: UUID, actor: Actor) -> tuple[Order, Dispute]:
    """The order, locked, and the case. Raises NotFound."""
    order_id = db.session.scalar(
        visible_to(actor).where(Dispute.id == dispute_id).with_only_columns(Dispute.order_id)
    )
    if order_id is None:
        raise NotFound
    return orders.find(order_id, lock=True), find(dispute_id)


def of_order(order_id: UUID) -> Sequence[Dispute]:
    return db.session.scalars(select(Dispute).where(Dispute.order_id == order_id).order_by(Dispute.id)).all()


def waiting(actor: Actor) -> Select[Dispute]:
    """Open ones."""
    return visible_to(actor).where(Dispute.state.not_in(OVER))
