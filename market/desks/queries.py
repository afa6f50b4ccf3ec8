"""Numbers over everything, for operators."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, func, select

from market.accounts.models import Party, Verification
from market.kit.clock import now
from market.kit.db import db
from market.kit.events import Event
from market.kit.work import WorkItem, WorkState


def waiting() -> Select[WorkItem]:
    """What is yet to be done: timers and event deliveries, dead ones among them."""
    return select(WorkItem).where(WorkItem.state != WorkState.DONE)


def overview() -> dict[str, Any]:
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
        "dead": count(WorkItem.state == WorkState.DEAD),
        "due": count(WorkItem.state == WorkState.WAITING, WorkItem.due_at <= now()),
        "timers": count(WorkItem.state == WorkState.WAITING, WorkItem.due_at > now()),
        "lag_s": int((now() - oldest).total_seconds()) if oldest else 0,
        "events_today": db.session.scalar(
            select(func.count()).select_from(Event).where(Event.at > now() - timedelta(days=1))
        ),
    }


def recent_events(limit: int = 20) -> Sequence[Event]:
    return db.session.scalars(select(Event).order_by(Event.id.desc()).limit(limit)).all()
