"""Emptying the buffer into the sums. A batch that comes twice counts once: PostgreSQL knows what it has counted."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert

from market.audience.buffer import Buffer
from market.audience.models import EVENTS, CountedView, CountingGap, CountingState, HourlyPlays
from market.audience.tokens import LIFE_S, Kind
from market.kit.clock import now
from market.kit.db import db, transaction

DAYS_OF = ZoneInfo("Asia/Shanghai")
LOCK = 0x76696577  # "view": one counter at a time
WATCHED = EVENTS.index("play5")
HOURS_KEPT_DAYS = 62

HOURS = range(24)
COUNT = text(
    f"""
    WITH came AS (
        SELECT DISTINCT ON (visit, entry_id, surface, event) *
        FROM unnest(CAST(:visits AS bigint[]), CAST(:entries AS uuid[]), CAST(:surfaces AS varchar[]),
                    CAST(:events AS smallint[]), CAST(:issued AS date[]), CAST(:days AS date[]),
                    CAST(:hours AS smallint[]))
             AS came(visit, entry_id, surface, event, issued_on, day, hour)
        ORDER BY visit, entry_id, surface, event, day, hour
    ), fresh AS (
        INSERT INTO counted_views (visit, entry_id, surface, event, issued_on)
        SELECT visit, entry_id, surface, event, issued_on FROM came
        ON CONFLICT DO NOTHING
        RETURNING visit, entry_id, surface, event
    ), new AS MATERIALIZED (
        SELECT entry_id, day, hour, surface, event FROM fresh JOIN came USING (visit, entry_id, surface, event)
    ), clock AS (
        INSERT INTO hourly_plays AS old (entry_id, day, hours)
        SELECT entry_id, day, ARRAY[{", ".join(f"count(*) FILTER (WHERE hour = {hour})" for hour in HOURS)}]
        FROM new WHERE event = 1
        GROUP BY entry_id, day
        ON CONFLICT (entry_id, day) DO UPDATE SET
            hours = ARRAY[{", ".join(f"old.hours[{n + 1}] + excluded.hours[{n + 1}]" for n in HOURS)}]
    )
    INSERT INTO daily_views AS sums (entry_id, day, surface, exposures, plays, plays5, finishes)
    SELECT entry_id, day, surface, count(*) FILTER (WHERE event = 0), count(*) FILTER (WHERE event = 1),
           count(*) FILTER (WHERE event = 2), count(*) FILTER (WHERE event = 3)
    FROM new
    GROUP BY entry_id, day, surface
    ON CONFLICT (entry_id, day, surface) DO UPDATE SET
        exposures = sums.exposures + excluded.exposures, plays = sums.plays + excluded.plays,
        plays5 = sums.plays5 + excluded.plays5, finishes = sums.finishes + excluded.finishes
    """  # the only words put in are the hours' numbers
)
FOOTPRINTS = text(
    """
    INSERT INTO footprints AS old (person_id, kind, entry_id, seen_at)
    SELECT DISTINCT ON (person_id, entry_id) person_id, kind, entry_id, seen_at
    FROM unnest(CAST(:people AS uuid[]), CAST(:kinds AS varchar[]), CAST(:entries AS uuid[]),
                CAST(:times AS timestamptz[])) AS came(person_id, kind, entry_id, seen_at)
    JOIN people ON people.id = came.person_id
    LEFT JOIN cleared_footprints cleared USING (person_id)
    WHERE seen_at > coalesce(cleared_at, '-infinity')
    ORDER BY person_id, entry_id, seen_at DESC
    ON CONFLICT (person_id, entry_id) DO UPDATE SET id = uuidv7(), seen_at = excluded.seen_at
    WHERE excluded.seen_at > old.seen_at
    """
)


def drain(buffer: Buffer) -> int:
    """Count all that waits; the number of events taken out. 0 also when another process is at it. Raises RedisError."""
    taken = 0
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": LOCK}):
            return 0
        try:
            mark, refused = buffer.mark(), buffer.refused()
            for batches in buffer.parts():
                with transaction():
                    count(batches)
                taken += sum(len(batch["seen"]) for batch in batches)
            with transaction():
                _note(mark, refused)
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": LOCK})
    db.session.remove()
    return taken


def count(batches: Sequence[dict[str, Any]]) -> None:
    """Into the sums and the footprints, each event of a visit once."""
    visits: list[int] = []
    entries: list[UUID] = []
    surfaces: list[str] = []
    events: list[int] = []
    issued: list[Any] = []
    days: list[Any] = []
    hours: list[int] = []
    watched: list[tuple[UUID, str, UUID, datetime]] = []
    for batch in batches:
        at = datetime.fromtimestamp(batch["at"], UTC)
        issued_on, here = datetime.fromtimestamp(batch["issued"], UTC).date(), at.astimezone(DAYS_OF)
        person = UUID(batch["person"]) if batch["person"] else None
        for kind, surface, entry, event in batch["seen"]:
            visits.append(batch["visit"])
            entries.append(UUID(entry))
            surfaces.append(surface)
            events.append(event)
            issued.append(issued_on)
            days.append(here.date())
            hours.append(here.hour)
            if person and event == WATCHED and kind == Kind.VIDEO:
                watched.append((person, kind, UUID(entry), at))
    if visits:
        columns = {"visits": visits, "entries": entries, "surfaces": surfaces}
        db.session.execute(
            COUNT, columns | {"events": events, "issued": issued, "days": days, "hours": hours}
        )
    if watched:
        names = ("people", "kinds", "entries", "times")
        db.session.execute(FOOTPRINTS, dict(zip(names, map(list, zip(*watched, strict=True)), strict=True)))


def _note(mark: str, refused: int) -> None:
    """Remember which buffer this was, and tell when it is not the one of last time, or had no room."""
    last = db.session.scalar(select(CountingState).with_for_update())
    if last and (last.buffer != mark or refused):
        db.session.add(CountingGap(since=last.drained_at, until=now()))
    values = {"buffer": mark, "drained_at": now()}
    db.session.execute(
        insert(CountingState).values(id=1, **values).on_conflict_do_update(index_elements=["id"], set_=values)
    )


def forget() -> None:
    """What was counted in visits whose tokens no longer hold; at which hours works were played long ago."""
    oldest = (now() - timedelta(seconds=LIFE_S)).date() - timedelta(days=1)
    db.session.execute(delete(CountedView).where(CountedView.issued_on < oldest))
    long_ago = now().astimezone(DAYS_OF).date() - timedelta(days=HOURS_KEPT_DAYS)
    db.session.execute(delete(HourlyPlays).where(HourlyPlays.day < long_ago))
