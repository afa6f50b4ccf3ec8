"""Escrow must not fall asleep: an order that has held money for too long becomes an operator's task.

Every state has a timer of its own; this is for what they cannot end (a creator who never delivers and a merchant who
never asks to end, an order that stays frozen). The task stays open until a person has looked and said what he did.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Index, Text, select, text
from sqlalchemy.orm import Mapped, mapped_column

from market.accounts.actor import SYSTEM, Actor, Role
from market.accounts.models import Party
from market.kit.clock import now
from market.kit.db import Base, Row, belongs_to, db
from market.kit.errors import NotFound
from market.kit.events import record
from market.kit.figures import figures
from market.ledger import queries as books
from market.ledger.accounts import Account, AccountKind
from market.orders.models import Order
from market.orders.states import RUNNING

K = AccountKind
AGAIN = timedelta(days=14)
"""An order that was looked at and still holds money comes back after this."""


class HeldTask(Row, Base):
    """A person is to look at this order. One open task per order."""

    __tablename__ = "order_held_tasks"

    order_id: Mapped[UUID] = belongs_to("orders")
    since: Mapped[datetime]
    """Since when the order holds money."""
    note: Mapped[str] = mapped_column(Text, default="")
    done_by: Mapped[UUID | None]
    done_at: Mapped[datetime | None]

    __table_args__ = (
        Index("uq_order_held_tasks_open", "order_id", unique=True, postgresql_where=text("done_at IS NULL")),
    )


def held_fen(order: Order) -> int:
    """What of the order's money is with nobody yet: in its escrow, its stages', and its cases."""
    accounts = [Account(K.ESCROW_UNALLOCATED, order.id)]
    accounts += [Account(K.ESCROW_MILESTONE, m.id) for m in order.milestones]
    accounts += [Account(K.ESCROW_HELD, m.held_by) for m in order.milestones if m.held_by]
    return sum(books.balances(accounts).values())


def find_overdue(limit: int = 200) -> int:
    """The routine: a task for every order that holds money for `held_days` and has none; how many were made."""
    busy = select(HeldTask.order_id).where(HeldTask.done_at.is_(None) | (HeldTask.done_at > now() - AGAIN))
    long_ago = now() - timedelta(days=figures.held_days)
    rows = (
        select(Order)
        .where(Order.ended_at.is_(None), Order.state.in_(RUNNING))
        .where(Order.funded_at < long_ago, Order.id.not_in(busy))
        .order_by(Order.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=Order)
    )
    made = 0
    operators = list(db.session.scalars(select(Party.id).where(Party.role == Role.OPERATOR)))
    for order in db.session.scalars(rows).all():
        fen = held_fen(order)
        if not fen:
            continue
        assert order.funded_at is not None
        db.session.add(HeldTask(order_id=order.id, since=order.funded_at))
        record(
            "order.held_long", order.id, by=SYSTEM, audience=operators, number=order.number, amount_fen=fen
        )
        made += 1
    return made


def open_tasks() -> Sequence[HeldTask]:
    """The oldest money first."""
    return db.session.scalars(
        select(HeldTask).where(HeldTask.done_at.is_(None)).order_by(HeldTask.since, HeldTask.id).limit(100)
    ).all()


def close(task_id: UUID, note: str, by: Actor) -> HeldTask:
    """A person has looked, and says what came of it. Raises NotFound, also when it is done."""
    found = db.session.get(HeldTask, task_id, with_for_update=True, populate_existing=True)
    if found is None or found.done_at is not None:
        raise NotFound
    found.note, found.done_by, found.done_at = note, by.person_id, now()
    record("order.held_looked_at", found.order_id, by=by, note=note)
    return found
