"""What plays counted on our own pages look like when nobody watched them. Pure: counted days in, findings out.

As everywhere (signals.py) one oddity is everyday life: a film goes round, a bad film is left after two seconds, a venue
brings a crowd in its first hour. So far more plays than usual count only when hardly any of the added ones were watched,
beside what is usual in the category on the same surfaces *and* for this creator; plays that no screen showed only in
numbers that no quick thumb explains; crowded hours only on several days that are also far above the usual.
Whom the plays came from is not looked at, because it is not kept: a visit of half an hour cannot be told to be of the same
viewer as the next one.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby
from statistics import median

from market.traffic.models import SignalKind
from market.traffic.signals import (
    BASE_DAYS,
    LEAST_BASE,
    RECENT_DAYS,
    SPREADS,
    Day,
    Finding,
    after_day,
    rhythm,
)

COUNTED_DAYS = RECENT_DAYS + BASE_DAYS
"""Read back so far: the oldest day that is judged has a base before it."""

LEAST_MORE = 200
"""Plays added in a day, below which nothing is said: at a usual share of a half, chance alone never gives so few watchers."""
SURGE = 3.0
"""Times the usual: a weekend or a mention doubles a day."""
LEAST_SHARE = 1 / 3
"""Of the usual share that watches. Who clicks on a loud title still stays half as often as others (see the bench's story)."""
LEAST_OWN = 300
"""Plays from which a creator's own earlier share is known."""
SURE = 3.0
"""Standard deviations: of a thousand honest days about one would look so by chance, if shares did not vary otherwise."""

LEAST_UNSEEN = 300
LEAST_UNSEEN_IN_A_DAY = 100
UNSEEN_SHARE = 0.5
"""Of a day's plays. A page tells of a film on screen after a second, and of its start at once: whoever swipes on within that
second leaves a play without a view. Half of all plays is more than swiping leaves."""


@dataclass(frozen=True)
class Sums:
    """What was counted of one creator's films of a category on one surface on one day; `watched` reached five seconds (or
    the end, of a shorter film); `unseen` are plays beyond the exposures of the same film there."""

    day: date
    category: str
    surface: str
    plays: int
    watched: int
    unseen: int


@dataclass(frozen=True)
class CountedDay:
    """A whole day of one creator's films here. `judged` of the plays were where a usual share is known, `usual` of those
    would have been watched at that share, and `watched` were. `hours` is empty or has 24 numbers."""

    day: date
    plays: int = 0
    unseen: int = 0
    judged: int = 0
    usual: float = 0.0
    watched: int = 0
    hours: Sequence[int] = ()


Shares = Mapping[tuple[str, str], float]
"""Category (or "", all of them) and surface → the share of plays that is usually watched there, 0..1."""


def counted_days(
    sums: Iterable[Sums],
    hours: Mapping[date, Sequence[int]],
    shares: Shares,
    *,
    until: date,
    lost: Iterable[date] = (),
) -> list[CountedDay]:
    """Every day from the first play to `until`, days without a play as well; without those on which counting had gaps."""
    rows = sorted(sums, key=lambda row: row.day)
    by_day = {day: list(own) for day, own in groupby(rows, key=lambda row: row.day)}
    played = [day for day, own in by_day.items() if any(row.plays for row in own)]
    if not played:
        return []
    gaps, length = set(lost), (until - played[0]).days + 1
    every = (played[0] + timedelta(days=n) for n in range(length))
    return [_day(day, by_day.get(day, []), hours.get(day, ()), shares) for day in every if day not in gaps]


def _day(day: date, rows: Sequence[Sums], hours: Sequence[int], shares: Shares) -> CountedDay:
    known = [
        (row, share)
        for row in rows
        if (share := shares.get((row.category, row.surface), shares.get(("", row.surface)))) is not None
    ]
    return CountedDay(
        day,
        plays=sum(row.plays for row in rows),
        unseen=sum(row.unseen for row in rows),
        judged=sum(row.plays for row, _ in known),
        usual=sum(row.plays * share for row, share in known),
        watched=sum(row.watched for row, _ in known),
        hours=hours,
    )


def upper_bound(good: float, n: float) -> float:
    """The largest share that `good` of `n` is still likely to come from (Wilson, SURE standard deviations)."""
    share, square = min(1.0, good / n), SURE * SURE / n
    return (share + square / 2 + SURE * math.sqrt((share * (1 - share) + square / 4) / n)) / (1 + square)


def unwatched(days: Sequence[CountedDay], after: date) -> Finding | None:
    """Days with far more plays than usual, of which hardly any of those added were watched."""
    odd = [
        seen
        for at, day in enumerate(days)
        if day.day > after and (seen := _added(day, days[max(0, at - BASE_DAYS) : at]))
    ]
    if not odd:
        return None
    plays, watched = sum(seen.day.judged for seen in odd), sum(seen.day.watched for seen in odd)
    added, unwatched_of = sum(seen.added for seen in odd), sum(seen.added - seen.watched for seen in odd)
    recent = sum(day.plays for day in days if day.day > days[-1].day - timedelta(days=RECENT_DAYS))
    return Finding(
        SignalKind.UNWATCHED,
        odd[0].day.day,
        odd[-1].day.day,
        round(min(1.0, 0.3 + unwatched_of / max(1, recent)), 3),
        {
            "days": [seen.day.day.isoformat() for seen in odd],
            "plays": plays,
            "usual": round(median(seen.usual for seen in odd)),
            "watched": watched,
            "pct": _percent(watched, plays),
            "usual_pct": _percent(sum(seen.share * seen.added for seen in odd), added),
            "series": _series(days),
        },
    )


@dataclass(frozen=True)
class _Added:
    day: CountedDay
    usual: float
    added: float
    watched: float
    share: float


def _added(day: CountedDay, base: Sequence[CountedDay]) -> _Added | None:
    """The plays beyond the usual, and how many of them were watched; None when that is nothing out of the ordinary."""
    if len(base) < LEAST_BASE or day.judged < LEAST_MORE:
        return None
    plays = [each.judged for each in base]
    usual = median(plays)
    spread = max(1.4826 * median(abs(n - usual) for n in plays), math.sqrt(max(usual, 1.0)))
    added = day.judged - usual
    if added < max(LEAST_MORE, (SURGE - 1) * usual, SPREADS * spread):
        return None
    share = day.usual / day.judged
    calm = [each for each in base if each.judged <= SURGE * usual]
    if (before := sum(each.judged for each in calm)) >= LEAST_OWN:
        # Whose films are always left early is measured by that.
        share = min(share, sum(each.watched for each in calm) / before)
    # The usual plays are watched as usual, as far as they were: the rest is of the added ones.
    watched = max(0.0, day.watched - usual * share)
    if upper_bound(watched, added) >= LEAST_SHARE * share:
        return None
    return _Added(day, usual, added, watched, share)


def unseen(days: Sequence[CountedDay], after: date) -> Finding | None:
    """Days on which most plays were of films that no screen showed."""
    odd = [
        day
        for day in days
        if day.day > after
        and day.unseen >= LEAST_UNSEEN_IN_A_DAY
        and upper_bound(day.plays - day.unseen, day.plays) < 1 - UNSEEN_SHARE
    ]
    none_saw = sum(day.unseen for day in odd)
    if none_saw < LEAST_UNSEEN:
        return None
    plays = sum(day.plays for day in odd)
    recent = sum(day.plays for day in days if day.day > days[-1].day - timedelta(days=RECENT_DAYS))
    return Finding(
        SignalKind.UNSEEN,
        odd[0].day,
        odd[-1].day,
        round(min(1.0, 0.3 + none_saw / max(1, recent)), 3),
        {
            "days": [day.day.isoformat() for day in odd],
            "plays": plays,
            "unseen": none_saw,
            "pct": _percent(none_saw, plays),
            "series": _series(days),
        },
    )


def pace(days: Sequence[CountedDay], after: date) -> Finding | None:
    """What `signals.rhythm` sees in interactions elsewhere, in the hours of plays here."""
    told = [Day(day.day, hours=day.hours) for day in days]
    found = rhythm(told, after)
    return replace(found, kind=SignalKind.PACE) if found else None


def _percent(part: float, whole: float) -> int:
    return round(100 * part / whole)


def _series(days: Sequence[CountedDay]) -> list[list[str | int]]:
    return [[day.day.isoformat(), day.plays] for day in days[-RECENT_DAYS:]]


COUNTED_LOOKS: dict[SignalKind, Callable[[Sequence[CountedDay], date], Finding | None]] = {
    SignalKind.UNWATCHED: unwatched,
    SignalKind.UNSEEN: unseen,
    SignalKind.PACE: pace,
}


def look_at_counted(days: Sequence[CountedDay], ruled: dict[SignalKind, date] | None = None) -> list[Finding]:
    """All that is to be seen in these days (oldest first). What lies on or before a day of `ruled` was ruled on."""
    if not days:
        return []
    looks = ((see, after_day(kind, days[-1].day, ruled)) for kind, see in COUNTED_LOOKS.items())
    return [seen for see, after in looks if (seen := see(days, after))]
