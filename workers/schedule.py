"""`python -m workers.schedule`: what happens by the clock rather than by an event. Safe to run twice over."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

import structlog
from sqlalchemy import delete
from sqlalchemy.exc import DBAPIError

from market.accounts.models import RememberedAnswer, SignIn
from market.kit.clock import now
from market.kit.db import db, transaction
from market.kit.work import WorkItem, WorkState
from market.ledger import service as ledger
from market.ledger.checks import check
from market.payments import inbox
from market.payments.errors import StripeAway
from market.reconciliation import service as reconciliation
from workers.media import tidy
from workers.process import start, stopping

log = structlog.get_logger()


def forget() -> None:
    """Remembered answers after 30 days, ended sign-ins after 30, done work after 90."""
    with transaction():
        db.session.execute(
            delete(RememberedAnswer).where(RememberedAnswer.created_at < now() - timedelta(days=30))
        )
        db.session.execute(delete(SignIn).where(SignIn.expires_at < now() - timedelta(days=30)))
        db.session.execute(
            delete(WorkItem).where(
                WorkItem.state == WorkState.DONE, WorkItem.done_at < now() - timedelta(days=90)
            )
        )


def checkpoint() -> None:
    """Keep reading the hot accounts quick."""
    with transaction():
        ledger.checkpoint()


def check_books() -> None:
    """The ledger's invariants on live data; a breach is an alarm for a person."""
    for breach in check():
        log.error("ledger.breach", rule=breach.rule, what=breach.what)


def reconcile() -> None:
    """The run of the hour, and what an operator asked for. Reads Stripe outside any transaction."""
    reconciliation.ask_by_the_clock()
    while reconciliation.do_next() is not None:
        pass


def fetch_missed() -> None:
    """Events of Stripe's own list that never came to the webhook."""
    inbox.fetch_missed()


@dataclass
class Routine:
    name: str
    every_s: float
    do: Callable[[], object]
    next_at: float = 0


ROUTINES = [
    Routine("checkpoint", 60, checkpoint),
    Routine("check", 3600, check_books),
    Routine("reconcile", 3, reconcile),
    Routine("missed events", 300, fetch_missed),
    Routine("forget", 3600, forget),
    Routine("tidy", 600, tidy),
]


def main() -> None:
    app = start("schedule")
    with app.app_context():
        while not stopping.is_set():
            for routine in ROUTINES:
                if monotonic() < routine.next_at:
                    continue
                routine.next_at = monotonic() + routine.every_s
                try:
                    routine.do()
                except DBAPIError as away:
                    log.warning(
                        "schedule.database_away", routine=routine.name, error=str(away).splitlines()[0]
                    )
                    routine.next_at = monotonic() + 5
                except StripeAway as away:
                    log.warning(
                        "schedule.stripe_away", routine=routine.name, error=str(away.__cause__ or away)
                    )
                except Exception:
                    log.exception("schedule.failed", routine=routine.name)
                db.session.remove()
            stopping.wait(1)


if __name__ == "__main__":
    main()
