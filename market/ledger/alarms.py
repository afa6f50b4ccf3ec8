"""What the hourly check of the books found: a log line, a row for the operators' page and a notice to each of them."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

import structlog
from sqlalchemy import select

from market.accounts.actor import SYSTEM, Role
from market.accounts.models import Party
from market.kit.clock import now
from market.kit.db import db
from market.kit.events import Event, record
from market.ledger.accounts import NOBODY
from market.ledger.checks import Violation

log = structlog.get_logger()
NAME = "ledger.breached"
AGAIN = timedelta(days=1)
"""A breach that lasts is told once in this time."""


def tell_operators(breaches: Iterable[Violation]) -> None:
    """Record each breach that was not recorded lately."""
    lately = select(Event.data).where(Event.name == NAME, Event.at > now() - AGAIN)
    told = {(data["rule"], data["what"]) for data in db.session.scalars(lately)}
    operators = list(db.session.scalars(select(Party.id).where(Party.role == Role.OPERATOR)))
    for breach in breaches:
        log.error(NAME, rule=breach.rule, what=breach.what)
        if (breach.rule, breach.what) not in told:
            record(NAME, NOBODY, by=SYSTEM, audience=operators, rule=breach.rule, what=breach.what)


def alarms(limit: int = 20) -> Sequence[Event]:
    """The latest, newest first."""
    newest = select(Event).where(Event.name == NAME).order_by(Event.id.desc()).limit(limit)
    return db.session.scalars(newest).all()
