"""The round of every night: all creators are looked at, in batches; who shows something, once more by himself, locked."""

from collections.abc import Sequence
from uuid import UUID

import structlog

from market.kit.clock import now
from market.kit.db import db, transaction
from market.traffic import counts, queries, service
from market.traffic.counted import look_at_counted
from market.traffic.counts import Yardstick
from market.traffic.signals import Finding, look

log = structlog.get_logger()

AT_ONCE = 50
"""Creators whose days are read by one statement each of told and counted days: so few that their rows are found by index,
where of 200 the sums of everybody are read through."""


def look_at_all() -> tuple[int, int]:
    """How many were looked at, and how many new signals were found. A few short transactions for each batch and one for each
    who shows something: nobody waits for the round."""
    looked = found = 0
    with transaction():
        by = counts.yardstick()
    after: UUID | None = None
    while True:
        with transaction():
            batch = queries.creators(after, AT_ONCE)
            noticed = _noticed(batch, by) if batch else []
        if not batch:
            break
        for party_id in noticed:
            with transaction():
                found += service.examine([party_id], by)
        db.session.expunge_all()
        looked, after = looked + len(batch), batch[-1]
    log.info("traffic.looked", creators=looked, found=found)
    return looked, found


def _noticed(batch: Sequence[UUID], by: Yardstick) -> list[UUID]:
    """Of whom something is to be seen, or stands."""
    told, counted = queries.days(batch), counts.days(batch, by)
    seen = {party for party, days in told.items() if any(map(_matters, look(days)))}
    seen |= {party for party, days in counted.items() if look_at_counted(days)}
    return sorted(seen | queries.standing(batch))


def _matters(seen: Finding) -> bool:
    """What ended long ago costs nobody anything."""
    return service.end_of(seen) > now()
