"""The numbers of each home, each counted by the package's own queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Select, func, select

from market.accounts.actor import Actor
from market.accounts.models import Party, Verification
from market.approvals import queries as approvals
from market.bids.models import Invitation, InvitationState
from market.disputes import queries as disputes
from market.disputes.models import CaseState, Dispute
from market.invoices import queries as invoices
from market.kit.clock import now
from market.kit.db import db
from market.kit.events import Event
from market.kit.work import WorkItem, WorkState
from market.messages.catalogue import CATALOGUE
from market.orders import overdue
from market.orders import queries as orders
from market.orders.models import Milestone, Order
from market.orders.states import RUNNING, MilestoneState, Stage
from market.payments import chargebacks
from market.payments.chargebacks import Chargeback, ChargebackState
from market.reconciliation.service import open_differences
from market.tasks.models import Task, TaskState
from market.traffic import queries as traffic


@dataclass(frozen=True)
class NextDue:
    """An order somebody has to act on, and by when."""

    order: Order
    stage: Stage
    due_at: datetime


def next_due(actor: Actor, state: MilestoneState, limit: int = 5) -> list[NextDue]:
    """The actor's running orders whose current milestone is in `state`, the most urgent first."""
    rows = (
        orders.visible_to(actor)
        .join(Milestone, (Milestone.order_id == Order.id) & (Milestone.state == state))
        .where(Order.state.in_(RUNNING), Milestone.kind != Stage.PUBLISHED)
        .order_by(Milestone.due_at, Order.id)
        .limit(limit)
    )
    found = []
    for order in db.session.scalars(rows):
        current = order.current
        if current:
            found.append(NextDue(order, current.kind, current.due_at))
    return found


def briefs_with_bids(actor: Actor) -> Sequence[Task]:
    """Open briefs that somebody has bid on, the soonest to close first."""
    return db.session.scalars(
        select(Task)
        .where(
            Task.merchant_id == actor.party_id,
            Task.state.in_((TaskState.OPEN, TaskState.CLOSED)),
            Task.bids > 0,
        )
        .order_by(Task.bids_close_at, Task.id)
        .limit(20)
    ).all()


def open_invitations(creator_id: UUID) -> int:
    rows = select(func.count()).select_from(Invitation)
    return (
        db.session.scalar(
            rows.where(
                Invitation.creator_id == creator_id,
                Invitation.state == InvitationState.SENT,
                Invitation.expires_at > now(),
            )
        )
        or 0
    )


def waiting() -> Select[WorkItem]:
    """What is yet to be done: timers and event deliveries, dead ones among them."""
    return select(WorkItem).where(WorkItem.state != WorkState.DONE)


def operations() -> dict[str, Any]:
    """The counters of the operators' home."""

    def count(*conditions: Any) -> int:
        return db.session.scalar(select(func.count()).select_from(WorkItem).where(*conditions)) or 0

    oldest = db.session.scalar(
        select(func.min(WorkItem.due_at)).where(WorkItem.state == WorkState.WAITING, WorkItem.due_at <= now())
    )
    return {
        "verifications": db.session.scalar(
            select(func.count()).select_from(Party).where(Party.verification == Verification.PENDING)
        ),
        "traffic_appeals": traffic.waiting(),
        "dead": count(WorkItem.state == WorkState.DEAD),
        "due": count(WorkItem.state == WorkState.WAITING, WorkItem.due_at <= now()),
        "timers": count(WorkItem.state == WorkState.WAITING, WorkItem.due_at > now()),
        "lag_s": int((now() - oldest).total_seconds()) if oldest else 0,
        "events_today": db.session.scalar(
            select(func.count()).select_from(Event).where(Event.at > now() - timedelta(days=1))
        ),
    }


def money_to_do(actor: Actor) -> dict[str, int]:
    """What of the money waits for an operator."""

    def rows(found: Select[Any]) -> int:
        return db.session.scalar(select(func.count()).select_from(found.order_by(None).subquery())) or 0

    unanswered = chargebacks.visible_to(actor).where(
        Chargeback.state.in_((ChargebackState.INQUIRY, ChargebackState.OPEN)),
        Chargeback.submitted_at.is_(None),
    )
    return {
        "chargebacks": rows(unanswered),
        "differences": len(open_differences()),
        "approvals": approvals.waiting_for(actor),
        "rulings": rows(
            disputes.waiting(actor).where(Dispute.state.in_((CaseState.RULING, CaseState.APPEAL)))
        ),
        "held": len(overdue.open_tasks()),
        "fapiao": invoices.waiting_count(),
    }


def recent_events(limit: int = 10) -> Sequence[Event]:
    """The newest that somebody was told of, for these have words."""
    rows = select(Event).where(Event.name.in_(CATALOGUE)).order_by(Event.at.desc()).limit(limit)
    return db.session.scalars(rows).all()


def party_of(actor: Actor) -> UUID:
    return cast(UUID, actor.party_id)
