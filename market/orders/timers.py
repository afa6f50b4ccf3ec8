"""What still waits for its hour on an order, wherever it is set: on the order itself, its exits and changes, what was
earned by it, and what packages above hang on it, which register how to find theirs.
"""

from collections.abc import Callable, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select

from market.kit.db import db
from market.kit.work import WorkItem, WorkState
from market.orders.amendments import Change
from market.orders.exits import Exit
from market.payments.models import Earning

Subjects = Callable[[UUID], Select[UUID]]
"""Of an order, the ids its timers are set on."""

_subjects: list[Subjects] = [
    lambda order_id: select(Exit.id).where(Exit.order_id == order_id),
    lambda order_id: select(Change.id).where(Change.order_id == order_id),
    lambda order_id: select(Earning.source_id).where(Earning.subject_id == order_id),
]


def register(subjects: Subjects) -> None:
    """Called by a package above when it is loaded."""
    _subjects.append(subjects)


def of_order(order_id: UUID) -> Sequence[WorkItem]:
    """The timers that wait or failed for good, soonest first."""
    return db.session.scalars(
        select(WorkItem)
        .where(_are_of(order_id), WorkItem.event_id.is_(None), WorkItem.state != WorkState.DONE)
        .order_by(WorkItem.due_at, WorkItem.id)
    ).all()


def is_of_order(item_id: UUID, order_id: UUID) -> bool:
    """Whether this waiting timer is one of the order's."""
    return any(item.id == item_id for item in of_order(order_id))


def _are_of(order_id: UUID) -> ColumnElement[bool]:
    return or_(
        WorkItem.subject_id == order_id,
        *(WorkItem.subject_id.in_(subjects(order_id)) for subjects in _subjects),
    )
