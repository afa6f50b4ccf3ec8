"""What we counted ourselves of creators' films, as `counted` looks at it: one statement for all who are asked about."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from market.audience.counting import DAYS_OF
from market.audience.models import CountingGap, DailyViews, HourlyPlays
from market.kit.clock import now
from market.kit.db import among, db
from market.kit.ids import encode
from market.traffic.counted import COUNTED_DAYS, CountedDay, Shares, Sums, counted_days
from market.traffic.signals import RECENT_DAYS
from market.video.kinds import FilmKind
from market.video.models import Video

LEAST_PLAYS = 30
"""Of one creator, in one category on one surface: below, a share is a matter of luck."""
LEAST_CREATORS = 8
"""With fewer the median is one or two others' own numbers, and not what is usual."""
LEAST_TIMED = 100
"""Plays in a day from which its hours are looked at (signals.LEAST_IN_A_DAY)."""
NAMED_FILMS = 3

WATCHED = func.greatest(DailyViews.plays5, DailyViews.finishes)
UNSEEN = func.greatest(DailyViews.plays - DailyViews.exposures, 0)


@dataclass(frozen=True)
class Yardstick:
    """What creators are measured by in one round: usual shares, the last whole day, and days on which counting had gaps."""

    shares: Shares
    until: date
    lost: frozenset[date]


def yardstick() -> Yardstick:
    """Reads all that was played in four weeks: once in a round."""
    until = now().astimezone(DAYS_OF).date() - timedelta(days=1)
    return Yardstick(_usual_shares(until), until, frozenset(_lost(until)))


def _usual_shares(until: date) -> dict[tuple[str, str], float]:
    """The median of the creators' shares, by category and surface and by surface alone. Each creator counts once, so
    nobody's bought plays move what he is measured by."""
    return _medians([Video.category, DailyViews.surface], until) | _medians([DailyViews.surface], until)


def _medians(keys: Sequence[Any], until: date) -> dict[tuple[str, str], float]:
    plays = func.sum(DailyViews.plays)
    shares = (
        select(*keys, (func.sum(WATCHED) / plays).label("share"))
        .join(Video, Video.id == DailyViews.entry_id)
        .where(DailyViews.day > until - timedelta(days=RECENT_DAYS), DailyViews.day <= until)
        .where(Video.kind != FilmKind.PRODUCT)
        .group_by(*keys, Video.creator_id)
        .having(plays >= LEAST_PLAYS)
        .subquery()
    )
    names = [shares.c[key.key] for key in keys]
    middle = func.percentile_cont(0.5).within_group(shares.c.share)
    rows = select(*names, middle).group_by(*names).having(func.count() >= LEAST_CREATORS)
    return {
        ("" if len(keys) == 1 else key[0], key[-1].value): float(share)
        for *key, share in db.session.execute(rows)
    }


def _lost(until: date) -> Iterable[date]:
    """Days of which plays may be counted and what followed them not."""
    rows = select(CountingGap.since, CountingGap.until).where(
        CountingGap.until > now() - timedelta(days=COUNTED_DAYS + 2)
    )
    for since, ended in db.session.execute(rows):
        day = since.astimezone(DAYS_OF).date()
        while day <= min(until, ended.astimezone(DAYS_OF).date()):
            yield day
            day += timedelta(days=1)


def days(party_ids: Iterable[UUID], by: Yardstick) -> dict[UUID, list[CountedDay]]:
    """The whole days of the last eight weeks, oldest first; who was not played has no entry."""
    sums = _sums(party_ids, by.until)
    # Hours are read of those only who were played enough for their hours to say anything.
    timed = [party for party, rows in sums.items() if _is_timed(rows)]
    hours = _hours(timed, by.until) if timed else {}
    found = {
        party: counted_days(rows, hours.get(party, {}), by.shares, until=by.until, lost=by.lost)
        for party, rows in sums.items()
    }
    return {party: own for party, own in found.items() if own}


def _sums(party_ids: Iterable[UUID], until: date) -> dict[UUID, list[Sums]]:
    keys = (Video.creator_id, DailyViews.day, Video.category, DailyViews.surface)
    rows = (
        select(*keys, func.sum(DailyViews.plays), func.sum(WATCHED), func.sum(UNSEEN))
        .join(Video, Video.id == DailyViews.entry_id)
        .where(among(Video.creator_id, party_ids))
        .where(DailyViews.day > until - timedelta(days=COUNTED_DAYS), DailyViews.day <= until)
        .group_by(*keys)
    )
    found: dict[UUID, list[Sums]] = {}
    for party, day, category, surface, plays, watched, unseen in db.session.execute(rows):
        own = Sums(day, category, surface.value, int(plays), int(watched), int(unseen))
        found.setdefault(party, []).append(own)
    return found


def _is_timed(rows: Sequence[Sums]) -> bool:
    by_day: dict[date, int] = {}
    for row in rows:
        by_day[row.day] = by_day.get(row.day, 0) + row.plays
    return max(by_day.values()) >= LEAST_TIMED


def _hours(party_ids: Iterable[UUID], until: date) -> dict[UUID, Mapping[date, Sequence[int]]]:
    rows = (
        select(
            Video.creator_id, HourlyPlays.day, *(func.sum(HourlyPlays.hours[hour]) for hour in range(1, 25))
        )
        .join(Video, Video.id == HourlyPlays.entry_id)
        .where(among(Video.creator_id, party_ids))
        .where(HourlyPlays.day > until - timedelta(days=COUNTED_DAYS), HourlyPlays.day <= until)
        .group_by(Video.creator_id, HourlyPlays.day)
    )
    found: dict[UUID, dict[date, Sequence[int]]] = {}
    for party, day, *hours in db.session.execute(rows):
        found.setdefault(party, {})[day] = [int(n) for n in hours]
    return dict(found)


def films(party_id: UUID, on: Iterable[date]) -> list[dict[str, str | int]]:
    """The films that were played most on these days: for the creator, who may know what happened to them."""
    plays = func.sum(DailyViews.plays)
    rows = (
        select(Video.id, Video.title, plays)
        .join(DailyViews, DailyViews.entry_id == Video.id)
        .where(Video.creator_id == party_id, DailyViews.day.in_(list(on)))
        .group_by(Video.id)
        .having(plays > 0)
        .order_by(plays.desc(), Video.id)
        .limit(NAMED_FILMS)
    )
    return [
        {"id": encode("vid", key), "title": title, "plays": int(n)}
        for key, title, n in db.session.execute(rows)
    ]


def known(party_id: UUID) -> int:
    """Plays of this creator's films here in the last four weeks."""
    since = now().astimezone(DAYS_OF).date() - timedelta(days=RECENT_DAYS)
    rows = (
        select(func.sum(DailyViews.plays))
        .join(Video, Video.id == DailyViews.entry_id)
        .where(Video.creator_id == party_id, DailyViews.day > since)
    )
    return int(db.session.scalar(rows) or 0)
