"""What a person must look at: money that came unexpectedly, or does not come. Recorded, never dropped."""

from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Select, select

from market.accounts.actor import SYSTEM
from market.kit.events import Event, record

log = structlog.get_logger()
NAME = "payments.alarm"


def alarm(kind: str, subject_id: UUID, **facts: Any) -> None:
    """Write the alarm beside the change that found it."""
    log.error(NAME, kind=kind, subject=str(subject_id), **facts)
    record(NAME, subject_id, by=SYSTEM, kind=kind, **facts)


def alarms() -> Select[Event]:
    """For operators, newest first."""
    return select(Event).where(Event.name == NAME).order_by(Event.id.desc())
