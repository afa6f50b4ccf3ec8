"""Doing what waits in the work table: the body of the queue job and of the sweeper."""

import structlog

from market.kit.db import db
from market.kit.events import Event
from market.kit.work import WorkItem, WorkState, do_next
from workers.subscriptions import TIMERS, by_name

log = structlog.get_logger()


def call(item: WorkItem) -> None:
    """Run one row: the listener of its event, or its timer. Raises LookupError when nobody goes by that name."""
    if item.event_id is None:
        if item.handler not in TIMERS:
            raise LookupError(f"no timer named {item.handler}")
        TIMERS[item.handler](item.subject_id, item.data)
        return
    listener = by_name().get(item.handler)
    event = db.session.get(Event, item.event_id)
    if listener is None or event is None:
        raise LookupError(f"no listener named {item.handler}, or its event is gone")
    listener(event)


def drain(*, waited_s: float = 0, most: int = 500) -> int:
    """Do due rows until none is left (or `most` are done); the number done."""
    done = 0
    while done < most:
        item = do_next(call, waited_s=waited_s)
        if item is None:
            break
        _tell(item)
        done += 1
        db.session.remove()
    return done


def _tell(item: WorkItem) -> None:
    if item.state is not WorkState.DONE:
        log.error(
            "work.failed",
            handler=item.handler,
            item=str(item.id),
            attempts=item.attempts,
            error=item.last_error,
        )
