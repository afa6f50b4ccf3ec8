"""Listing shows in the programme, reminding, ending, withdrawing."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from market.accounts.actor import SYSTEM, Actor
from market.kit.clock import now
from market.kit.db import db
from market.kit.errors import NotFound
from market.kit.events import record
from market.kit.figures import figures
from market.kit.ids import encode
from market.kit.work import cancel_timers, set_timer
from market.live import queries
from market.live.errors import TooLateToRemind
from market.live.models import Programme, ProgrammeState, Reminder

REMIND = "live.remind"
END = "live.end"


def add(
    *,
    source_id: UUID,
    creator_id: UUID,
    merchant_id: UUID | None,
    order_id: UUID | None,
    title: str,
    category: str,
    starts_at: datetime,
    minutes: int,
    rundown: str = "",
    cover_id: UUID | None = None,
    product_ids: Sequence[UUID] = (),
    campaign_code: str | None = None,
) -> Programme:
    """The show of this source: listed now with its timers, or already there. Safe to run twice and at once."""
    fresh = db.session.scalar(
        insert(Programme)
        .values(
            source_id=source_id,
            creator_id=creator_id,
            merchant_id=merchant_id,
            order_id=order_id,
            title=title,
            rundown=rundown,
            category=category,
            cover_id=cover_id,
            product_ids=list(product_ids),
            campaign_code=campaign_code,
            starts_at=starts_at,
            minutes=minutes,
            state=ProgrammeState.SCHEDULED,
        )
        .on_conflict_do_nothing(index_elements=["source_id"])
        .returning(Programme.id)
    )
    programme = db.session.scalars(select(Programme).where(Programme.source_id == source_id)).one()
    if fresh:
        set_timer(REMIND, programme.id, starts_at - timedelta(minutes=figures.live_reminder_min))
        set_timer(END, programme.id, programme.ends_at)
    return programme


def remind(programme_id: UUID, *, by: Actor) -> None:
    """Ask for a notice before the show; safe to click twice. Raises NotFound, TooLateToRemind."""
    # Locked, so that nobody asks between the reading of the list and the sending of it.
    programme = queries.lock(programme_id)
    if programme.state is ProgrammeState.WITHDRAWN:
        raise NotFound
    if not programme.is_coming or programme.reminded_at is not None:
        raise TooLateToRemind
    db.session.execute(
        insert(Reminder).values(programme_id=programme_id, party_id=by.party_id).on_conflict_do_nothing()
    )


def forget(programme_id: UUID, *, by: Actor) -> None:
    db.session.execute(
        delete(Reminder).where(Reminder.programme_id == programme_id, Reminder.party_id == by.party_id)
    )


def send_reminders(programme_id: UUID, data: dict[str, Any]) -> None:
    """Timer `live.remind`: tell everybody who asked, once."""
    programme = queries.lock(programme_id)
    if programme.state is not ProgrammeState.SCHEDULED or programme.reminded_at is not None:
        return
    programme.reminded_at = now()
    if programme.reminded_at >= programme.starts_at:
        return  # after an outage: too late to be of use
    waiting = db.session.scalars(select(Reminder.party_id).where(Reminder.programme_id == programme_id))
    record(
        "live.starting",
        programme_id,
        by=SYSTEM,
        audience=[*waiting, programme.creator_id],
        title=programme.title,
        starts_at=programme.starts_at.isoformat(),
        url=f"/live/{encode('liv', programme_id)}",
    )


def end(programme_id: UUID, data: dict[str, Any]) -> None:
    """Timer `live.end`: the show's time is over; it leaves the guide's days to come."""
    programme = queries.lock(programme_id)
    if programme.state is ProgrammeState.SCHEDULED:
        programme.end()


def withdraw(programme_id: UUID) -> None:
    """Off the guide and every page; a second call changes nothing."""
    programme = queries.lock(programme_id)
    if programme.state is not ProgrammeState.WITHDRAWN:
        programme.withdraw()
        cancel_timers(programme_id, REMIND, END)
