"""`python -m workers.relay`: turns new events into work rows and rings the bells.

It listens on PostgreSQL (NOTIFY at commit) and looks every second besides, so nothing depends on a message
arriving; and soon once more after it was woken, for who wakes it does so once for all he commits within moments
(kit/wire.py ring). What has waited 8 s it does itself: then Redis or the workers are away.
"""

import psycopg
import structlog
from redis import Redis
from sqlalchemy import select as select_rows
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from market.kit.clock import now
from market.kit.db import db, transaction
from market.kit.events import CHANNEL, Event
from market.kit.wire import RINGS_APART_S
from market.kit.work import WorkItem, WorkState, put
from workers import bell, views
from workers.drain import drain
from workers.process import let_go, start, stopping
from workers.subscriptions import listeners, name_of

log = structlog.get_logger()

SWEEP_AFTER_S = 8
BATCH = 500


def relay() -> int:
    """Give every new event its work rows; the number of events relayed."""
    with transaction():
        events = db.session.scalars(
            select_rows(Event)
            .where(Event.relayed_at.is_(None))
            .order_by(Event.id)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        ).all()
        for event in events:
            for listener in listeners(event):
                name = name_of(listener)
                put(name, event.subject_id, key=f"{event.id}:{name}", event_id=event.id)
            event.relayed_at = now()
    db.session.remove()
    return len(events)


def is_due() -> bool:
    waiting = select_rows(WorkItem.id).where(WorkItem.state == WorkState.WAITING, WorkItem.due_at <= now())
    return db.session.scalar(waiting.limit(1)) is not None


def step(redis: Redis) -> None:
    """One look: relay, ring, and sweep what nobody took."""
    from market.media.service import waiting_jobs
    from market.payments import outbox

    while relay() == BATCH:
        pass
    if is_due():
        bell.ring(redis, "drain")
    if outbox.waiting():
        bell.ring(redis, "payments")
    if waiting_jobs():
        bell.ring(redis, "media", timeout_s=3600)
    if views.is_waiting():
        bell.ring(redis, "views")
    db.session.remove()
    drain(waited_s=SWEEP_AFTER_S, most=50)
    if outbox.waiting(waited_s=SWEEP_AFTER_S):
        outbox.drain(seconds=2)


class News:
    """A connection that hears the NOTIFY of every committed event."""

    def __init__(self) -> None:
        self.connection = db.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        self.connection.execute(text(f"LISTEN {CHANNEL}"))

    def wait(self, seconds: float) -> bool:
        """Until something was committed or the time is over, whichever comes first; whether it was the first."""
        raw = self.connection.connection.driver_connection
        assert raw is not None
        return bool(list(raw.notifies(timeout=seconds, stop_after=1)))


def main() -> None:
    app = start("relay")
    redis = Redis.from_url(app.config["SETTINGS"].redis_url, socket_timeout=2, socket_connect_timeout=2)
    with app.app_context():
        news: News | None = None
        is_news = False
        while not stopping.is_set():
            try:
                news = news or News()
                step(redis)
                is_news = news.wait(2 * RINGS_APART_S if is_news else 1)
            except (DBAPIError, psycopg.Error) as away:
                log.warning("relay.database_away", error=str(away).splitlines()[0])
                news = None
                let_go()
                stopping.wait(1)
    log.info("relay.stopped")


if __name__ == "__main__":
    main()
