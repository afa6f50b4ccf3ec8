"""Three things that honest accounts rarely show. Pure: days in, findings out.

Each asks for two oddities at once, because one alone is everyday life: a jump *and* no plays to explain it; a crowded
hour *and* far more interactions than usual; repeated comments *and* several sentences of them (one is a give-away's).
`./vtask bench traffic` says how often that is right on made-up accounts.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

from market.traffic.models import SignalKind

BASE_DAYS = 28
LEAST_BASE = 14
"""With fewer earlier days nobody's usual growth is known."""
GROWTH_DAYS = 60
"""How far back a jump is looked for."""
RECENT_DAYS = 28
"""The same for hours and comments."""
WINDOWS = {
    SignalKind.GROWTH: GROWTH_DAYS,
    SignalKind.RHYTHM: RECENT_DAYS,
    SignalKind.REPETITION: RECENT_DAYS,
    SignalKind.UNWATCHED: RECENT_DAYS,
    SignalKind.UNSEEN: RECENT_DAYS,
    SignalKind.PACE: RECENT_DAYS,
}
READ_DAYS = GROWTH_DAYS + BASE_DAYS + 8

LEAST_FANS = 500
LEAST_JUMP = 300
SPANS = {1: 0.05, 7: 0.15}
"""Days, and the unexplained share of the fans before from which it is a jump."""
SPREADS = 6.0
"""A day this many (robust) standard deviations above the usual is still a good day."""
GENEROUS = 5.0
"""A film that went round wins this many times the usual fans per play…"""
FANS_PER_PLAY = 0.01
"""…and one in a hundred viewers is always believed."""

LEAST_IN_A_DAY = 100
CROWDED_HOURS = 3.5
CROWDED_SHARE = 0.4
"""Crowded: into so few hours, and into this part of the hours usual for this account."""
SURGE = 2.0
LEAST_CROWDED = 3
NIGHTLESS_HOURS = 23.3
LEAST_NIGHTLESS = 2000

LEAST_COMMENTS = 60
REPEATED_SHARE = 0.25
LEAST_PHRASES = 3
LEAST_TIMES = 5


@dataclass(frozen=True)
class Day:
    """One day of an account; `hours` is empty or has 24 numbers."""

    day: date
    fans: int | None = None
    plays: int = 0
    interactions: int = 0
    hours: Sequence[int] = ()
    comments_read: int = 0
    phrases: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """What was seen, between which days, how strong (0..1), and the figures it rests on."""

    kind: SignalKind
    from_day: date
    until_day: date
    strength: float
    evidence: dict[str, Any]


def growth(days: Sequence[Day], after: date) -> Finding | None:
    """The largest rise of the fans after `after` that neither their usual growth nor their plays explain."""
    known = [day for day in days if day.fans is not None]
    for span, share in SPANS.items():
        days_after = (at for at in range(LEAST_BASE + 1, len(known)) if known[at].day > after)
        found = [jump for at in days_after if (jump := _jump(known, at, span, share, after))]
        if found:  # a day of its own says more than the week around it
            return max(found, key=lambda jump: jump.strength)
    return None


def _jump(known: Sequence[Day], at: int, span: int, share: float, after: date) -> Finding | None:
    last = known[at]
    start = at
    while start > 0 and (last.day - known[start].day).days < span:
        start -= 1
    first = known[start]
    length = (last.day - first.day).days
    if first.day < after:
        return None  # a week that holds a day already ruled on
    if length > span + 2:
        return None  # days are missing: nobody can say when they came
    base = known[max(0, start - BASE_DAYS) : start + 1]
    rises = [
        (b.fans - a.fans) / (b.day - a.day).days  # type: ignore[operator]  # `known` has only days with fans
        for a, b in pairwise(base)
    ]
    before, now = first.fans or 0, last.fans or 0
    if len(rises) < LEAST_BASE or before < LEAST_FANS:
        return None
    usual = median(rises)
    spread = 1.4826 * median(abs(rise - usual) for rise in rises)
    spread = max(spread, math.sqrt(max(usual, 1.0)), 0.001 * before)
    wins = [max(0.0, rise) / day.plays for rise, day in zip(rises, base[1:], strict=True) if day.plays]
    per_play = max(GENEROUS * median(wins) if wins else 0.0, FANS_PER_PLAY)
    # The evening before belongs to it: who saw a film at night follows in the morning.
    plays = sum(day.plays for day in known[start : at + 1])
    explained = max(usual * length + SPREADS * spread * math.sqrt(length), per_play * plays)
    excess = now - before - explained
    if excess < max(LEAST_JUMP, share * before):
        return None
    return Finding(
        SignalKind.GROWTH,
        known[start + 1].day,
        last.day,
        round(min(1.0, 0.3 + excess / before), 3),
        {
            "days": length,
            "rise": now - before,
            "before": before,
            "usual": round(usual),
            "plays": plays,
            "explained": round(explained),
            "series": [[day.day.isoformat(), day.fans] for day in known[max(0, start - 13) : at + 8]],
        },
    )


def hours_of(counts: Sequence[int]) -> float:
    """Into how many hours interactions are spread: 2 to the entropy (bits, Miller-Madow). 24 when all hours are alike."""
    total = sum(counts)
    if not total:
        return 0.0
    entropy = -sum(n / total * math.log2(n / total) for n in counts if n)
    seen = sum(1 for n in counts if n)
    return min(24.0, math.exp2(entropy + (seen - 1) / (2 * total * math.log(2))))


def rhythm(days: Sequence[Day], after: date) -> Finding | None:
    """Days whose interactions crowd into a few hours and are far more than usual; or weeks without a night."""
    told = [day for day in days if sum(day.hours)]
    busy = [day for day in told if sum(day.hours) >= LEAST_IN_A_DAY and day.day > after]
    return _crowded(told, busy) or _nightless(busy)


def _crowded(told: Sequence[Day], busy: Sequence[Day]) -> Finding | None:
    spread = {day.day: hours_of(day.hours) for day in told}
    calm = [day for day in told if spread[day.day] > CROWDED_HOURS]
    if len(calm) < LEAST_CROWDED:
        return None  # whoever is on air two hours a day has crowded hours every day
    usual_hours = median(spread[day.day] for day in calm)
    usual = median(sum(day.hours) for day in calm)
    odd = [
        day
        for day in busy
        if spread[day.day] <= min(CROWDED_HOURS, CROWDED_SHARE * usual_hours)
        and sum(day.hours) >= SURGE * usual
    ]
    if len(odd) < LEAST_CROWDED:
        return None
    summed = [sum(day.hours[hour] for day in odd) for hour in range(24)]
    return Finding(
        SignalKind.RHYTHM,
        odd[0].day,
        odd[-1].day,
        min(1.0, 0.3 + 0.05 * len(odd)),
        {
            "how": "crowded",
            "days": [day.day.isoformat() for day in odd],
            "hours": round(median(spread[day.day] for day in odd), 1),
            "usual_hours": round(usual_hours, 1),
            "times": round(median(sum(day.hours) for day in odd) / max(1.0, usual), 1),
            "series": summed,
        },
    )


def _nightless(busy: Sequence[Day]) -> Finding | None:
    summed = [sum(day.hours[hour] for day in busy) for hour in range(24)]
    if sum(summed) < LEAST_NIGHTLESS or hours_of(summed) < NIGHTLESS_HOURS:
        return None
    return Finding(
        SignalKind.RHYTHM,
        busy[0].day,
        busy[-1].day,
        0.6,
        {
            "how": "nightless",
            "days": [day.day.isoformat() for day in busy],
            "hours": round(hours_of(summed), 1),
            "n": sum(summed),
            "series": summed,
        },
    )


def repetition(days: Sequence[Day], after: date) -> Finding | None:
    """Many comments that are word for word the same as others, in several sentences."""
    told = [day for day in days if day.comments_read and day.day > after]
    read = sum(day.comments_read for day in told)
    repeated = sum(times - 1 for day in told for times in day.phrases.values())
    phrases: Counter[str] = Counter()
    for day in told:
        phrases.update(day.phrases)
    often = [(words, times) for words, times in phrases.most_common() if times >= LEAST_TIMES]
    if read < LEAST_COMMENTS or repeated < REPEATED_SHARE * read or len(often) < LEAST_PHRASES:
        return None
    return Finding(
        SignalKind.REPETITION,
        told[0].day,
        told[-1].day,
        round(min(1.0, repeated / read / 0.6), 3),
        {
            "read": read,
            "repeated": repeated,
            "phrases": [[words, times] for words, times in often[:5]],
        },
    )


LOOKS: dict[SignalKind, Callable[[Sequence[Day], date], Finding | None]] = {
    SignalKind.GROWTH: growth,
    SignalKind.RHYTHM: rhythm,
    SignalKind.REPETITION: repetition,
}


def after_day(kind: SignalKind, last: date, ruled: dict[SignalKind, date] | None) -> date:
    """The day after which things count: within the kind's window, and later than what was ruled on."""
    return max(last - timedelta(days=WINDOWS[kind]), (ruled or {}).get(kind, date.min))


def look(days: Iterable[Day], ruled: dict[SignalKind, date] | None = None) -> list[Finding]:
    """All that is to be seen in these days (oldest first). What lies on or before a day of `ruled` was ruled on."""
    every = list(days)
    if not every:
        return []
    found = []
    for kind, see in LOOKS.items():
        since = every[-1].day - timedelta(days=WINDOWS[kind])
        after = after_day(kind, every[-1].day, ruled)
        seen = see([day for day in every if kind is SignalKind.GROWTH or day.day > since], after)
        if seen:
            found.append(seen)
    return found
