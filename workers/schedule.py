"""`python -m workers.schedule`: what happens by the clock rather than by an event. Safe to run twice over."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

import structlog
from sqlalchemy import delete
from sqlalchemy.exc import DBAPIError

from market.accounts.models import RememberedAnswer, SignIn
from market.audience import counting
from market.effect import service as effect
from market.finding import briefs as brief_searches
from market.finding import index as creators_index
from market.finding import service as finding
from market.invoices import listeners
from market.kit.clock import now
from market.kit.db import db, transaction
from market.kit.work import WorkItem, WorkState
from market.ledger import queries as books
from market.ledger import service as ledger
from market.ledger.alarms import tell_operators
from market.ledger.checks import check_all
from market.matching import declared, history, learning, rankings
from market.matching import text as match_text
from market.orders import capacity, overdue
from market.payments import inbox
from market.payments.errors import StripeAway
from market.planning import rush
from market.playlists import service as playlists
from market.reconciliation import service as reconciliation
from market.standings import computing as standings
from market.traffic import rounds as traffic_rounds
from market.traffic import service as traffic
from workers import views
from workers.media import discard, tidy
from workers.process import let_go, start, stopping

log = structlog.get_logger()


def forget() -> None:
    """Remembered answers after 30 days, ended sign-ins after 30, done work after 90; days of accounts after 400, what
    lists showed after 180, what searches told after 400."""
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
    with transaction():
        counting.forget()
    with transaction():
        traffic.forget()
    with transaction():
        learning.forget()
    with transaction():
        brief_searches.forget()


def find_overdue() -> None:
    """No order holds money for months without a person who looks at it."""
    with transaction():
        overdue.find_overdue()


def checkpoint() -> None:
    """Keep reading the hot accounts quick."""
    with transaction():
        ledger.checkpoint()


def seal() -> None:
    """Close what was posted into a hash block."""
    with transaction():
        ledger.seal()


def export_head() -> None:
    """Once a day into the log, which leaves this machine where logs are kept: from then on nobody can rewrite it."""
    with transaction():
        head = books.head()
    if head:
        log.info("ledger.head", block=head.n, sha256=head.hash.hex(), sealed_at=head.sealed_at.isoformat())


def check_books() -> None:
    """What must hold of the books, on live data; a breach is an alarm for a person."""
    with transaction():
        breaches = check_all()
    with transaction():
        tell_operators(breaches)


def reconcile() -> None:
    """The run of the hour, and what an operator asked for. Reads Stripe outside any transaction."""
    reconciliation.ask_by_the_clock()
    while reconciliation.do_next() is not None:
        pass


def statements() -> None:
    """Last month's statements, for whoever has none yet."""
    listeners.paper_month()


def fetch_missed() -> None:
    """Events of Stripe's own list that never came to the webhook."""
    inbox.fetch_missed()


def learn() -> None:
    """Matching learns from what was delivered; nothing to do most hours."""
    history.rebuild_when_stale()
    match_text.refit_when_stale()
    effect.refit_when_stale()
    learning.refit_when_stale()
    rankings.refit_when_stale()


def index_creators() -> None:
    """The square's first index, where creators were there before it."""
    creators_index.build_first()


def renew_rooms() -> None:
    """What the square and matching know of free weeks, as weeks go by."""
    with transaction():
        moving = capacity.moving()
    for at in range(0, len(moving), 200):
        with transaction():
            creators_index.renew(moving[at : at + 200])
        with transaction():
            declared.renew(moving[at : at + 200])
        db.session.expunge_all()


def tell_searches() -> None:
    """Merchants whose saved searches match somebody new."""
    finding.tell_due()


def tell_brief_searches() -> None:
    """Creators and agencies whose saved searches of the hall fit a new brief."""
    brief_searches.tell_due()


def fill_collections() -> None:
    """A store's automatic collections: what grew too old for them leaves by the clock alone."""
    with transaction():
        stores = playlists.merchants()
    for merchant_id in stores:
        with transaction():
            playlists.fill(merchant_id)


def propose_others() -> None:
    """A run of the rush in place of those who declined."""
    with transaction():
        rush.ask_for_the_declined()


def assign() -> None:
    """Runs of the rush that were asked for."""
    while rush.do_next() is not None:
        pass


def rank_films() -> None:
    """Every film's score anew, and with it the red list and the warnings."""
    with transaction():
        standings.recompute()


@dataclass
class Routine:
    name: str
    every_s: float
    do: Callable[[], object]
    next_at: float = 0


ROUTINES = [
    Routine("checkpoint", 60, checkpoint),
    Routine("seal", 60, seal),
    Routine("check", 3600, check_books),
    Routine("reconcile", 3, reconcile),
    Routine("rush", 3, assign),
    Routine("rush again", 60, propose_others),
    Routine("missed events", 300, fetch_missed),
    Routine("statements", 6 * 3600, statements),
    Routine("head", 24 * 3600, export_head),
    Routine("learn", 3600, learn),
    Routine("creators index", 3600, index_creators),
    Routine("rooms", 6 * 3600, renew_rooms),
    Routine("saved searches", 300, tell_searches),
    Routine("brief searches", 60, tell_brief_searches),
    Routine("overdue", 3600, find_overdue),
    Routine("collections", 24 * 3600, fill_collections),
    Routine("standings", 1800, rank_films),
    Routine("traffic", 24 * 3600, traffic_rounds.look_at_all),
    Routine("forget", 3600, forget),
    Routine("tidy", 600, tidy),
    Routine("discard", 60, discard),
    Routine("views", 60, views.drain),  # also when nothing comes: so that a Redis that was lost is noticed
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
                let_go()
            stopping.wait(1)


if __name__ == "__main__":
    main()
