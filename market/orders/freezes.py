"""Freezing one order: while a freeze of any source is on, none of its money leaves it, and the rest goes on.

Reconciliation freezes an order whose books differ, a chargeback the order that was paid by it, an operator what he
wants to look at. Each lifts its own; the money moves again when the last one is lifted.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, Text, select, text
from sqlalchemy.orm import Mapped, mapped_column

from market.accounts.actor import Actor
from market.kit.clock import now
from market.kit.db import Base, Row, belongs_to, db
from market.kit.words import N_
from market.orders import events
from market.orders.errors import OrderFrozen
from market.orders.models import Order
from market.orders.queries import find
from market.orders.telling import tell
from market.payments import earnings


class FreezeSource(StrEnum):
    RECONCILIATION = "reconciliation"
    CHARGEBACK = "chargeback"
    OPERATOR = "operator"


SOURCE_NAMES = {
    FreezeSource.RECONCILIATION: N_("对账发现差异"),
    FreezeSource.CHARGEBACK: N_("付款方向银行提出拒付"),
    FreezeSource.OPERATOR: N_("平台人工冻结"),
}


class OrderFreeze(Row, Base):
    """One reason why an order's money stands still, until `lifted_at`."""

    __tablename__ = "order_freezes"

    order_id: Mapped[UUID] = belongs_to("orders")
    source: Mapped[FreezeSource]
    key: Mapped[str] = mapped_column(Text, default="")
    """What of the source: the dispute, say. One freeze per order, source and key is on at a time."""
    reason: Mapped[str] = mapped_column(Text)
    """For operators; the parties read the name of the source."""
    frozen_by: Mapped[UUID | None]
    lifted_by: Mapped[UUID | None]
    lifted_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "uq_order_freezes_on",
            "order_id",
            "source",
            "key",
            unique=True,
            postgresql_where=text("lifted_at IS NULL"),
        ),
    )


def freeze(order_id: UUID, source: FreezeSource, reason: str, *, by: Actor, key: str = "") -> OrderFreeze:
    """Stop the order's money: releases, refunds, and withdrawal of what was earned by it. Twice changes nothing."""
    order = find(order_id, lock=True)
    before = _on(order.id, source, key)
    if before is not None:
        return before
    made = OrderFreeze(order_id=order.id, source=source, key=key, reason=reason, frozen_by=by.person_id)
    db.session.add(made)
    if order.frozen_at is None:
        order.frozen_at = now()
        earnings.freeze(order.id)
    tell(order, events.FROZEN, by=by, source=source.value)
    return made


def lift(order_id: UUID, source: FreezeSource, *, by: Actor, key: str = "") -> bool:
    """End this freeze; with the last one the money moves again. False when it was not on."""
    order = find(order_id, lock=True)
    found = _on(order.id, source, key)
    if found is None:
        return False
    found.lifted_at, found.lifted_by = now(), by.person_id
    db.session.flush()
    if not active(order.id):
        order.frozen_at = None
        earnings.thaw(order.id)
        tell(order, events.THAWED, by=by)
    return True


def active(order_id: UUID) -> Sequence[OrderFreeze]:
    """The freezes that are on, oldest first."""
    return db.session.scalars(
        select(OrderFreeze)
        .where(OrderFreeze.order_id == order_id, OrderFreeze.lifted_at.is_(None))
        .order_by(OrderFreeze.id)
    ).all()


def require_thawed(order: Order) -> None:
    """Raises OrderFrozen. The (locked) order is asked before any of its money leaves it."""
    if order.frozen_at is not None:
        raise OrderFrozen(number=order.number)


def _on(order_id: UUID, source: FreezeSource, key: str) -> OrderFreeze | None:
    return db.session.scalar(
        select(OrderFreeze).where(
            OrderFreeze.order_id == order_id,
            OrderFreeze.source == source,
            OrderFreeze.key == key,
            OrderFreeze.lifted_at.is_(None),
        )
    )
