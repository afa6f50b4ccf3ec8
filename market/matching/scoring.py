"""How well a creator and a brief suit each other: five terms between 0 and 1, fixed weights, evidence for each.

The score is the weighted sum, so the shares shown as reasons are the score itself, not a story about it.
(Why linear and not learned: docs/decisions/0005-linear-matching.md.)
"""

import math
from dataclasses import dataclass, field
from datetime import datetime

from market.accounts.vocabulary import AUDIENCE, audience_name, category_name
from market.creators.models import Profile
from market.kit.pages import format_fen
from market.kit.words import N_, _, say
from market.tasks.models import Task

HALF_LIFE_DAYS = 120
"""A delivery counts half after this time: recency beats everything static."""

WEIGHTS = {"history": 0.30, "record": 0.25, "price": 0.20, "audience": 0.15, "availability": 0.10}

LABELS = {
    "history": N_("类目经验"),
    "record": N_("履约记录"),
    "price": N_("价格匹配"),
    "audience": N_("受众匹配"),
    "availability": N_("档期"),
}


@dataclass(frozen=True)
class Delivery:
    """One finished order of a creator, as the scorer needs it."""

    category: str
    format: str
    at: datetime
    on_time: bool
    first_pass: bool


@dataclass(frozen=True)
class Record:
    """What a creator has done and is doing."""

    deliveries: tuple[Delivery, ...] = ()
    running: int = 0


@dataclass(frozen=True)
class Reason:
    """One term: `score` 0..1, `share` its part of the total, `text` the evidence in the reader's language."""

    code: str
    score: float
    share: float
    text: str
    numbers: dict[str, float] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return say(LABELS[self.code])


def lower_bound(good: int, n: int) -> float:
    """A share that few cases cannot make perfect: mean less one s.d. of Beta(good + 1, bad + 1)."""
    a, b = good + 1, n - good + 1
    return max(0.0, a / (a + b) - math.sqrt(a * b / ((a + b) ** 2 * (a + b + 1))))


def score(task: Task, profile: Profile, record: Record, at: datetime) -> tuple[float, tuple[Reason, ...]]:
    """The total (0..1) and its terms, the strongest first."""
    terms = {
        "history": _history(task, profile, record, at),
        "record": _record(record),
        "price": _price(task, profile),
        "audience": _audience(task, profile),
        "availability": _availability(profile, record),
    }
    reasons = [
        Reason(code, round(value, 4), round(value * WEIGHTS[code], 4), text, numbers)
        for code, (value, text, numbers) in terms.items()
    ]
    reasons.sort(key=lambda reason: -reason.share)
    return round(sum(reason.share for reason in reasons), 4), tuple(reasons)


Term = tuple[float, str, dict[str, float]]


def _history(task: Task, profile: Profile, record: Record, at: datetime) -> Term:
    same = [each for each in record.deliveries if each.category == task.category]
    recent = sum(0.5 ** ((at - each.at).total_seconds() / 86400 / HALF_LIFE_DAYS) for each in same)
    numbers = {"deliveries": float(len(same)), "recency_weighted": round(recent, 3)}
    name = category_name(task.category)
    if same:
        return (
            0.3 + 0.7 * recent / (recent + 1.5),
            _("同类目交付过 %(n)s 单（%(category)s）", n=len(same), category=name),
            numbers,
        )
    if task.category in profile.categories:
        return 0.3, _("主营%(category)s，还没有在这里交付过", category=name), numbers
    return 0.0, _("不主营%(category)s", category=name), numbers


def _record(record: Record) -> Term:
    n = len(record.deliveries)
    on_time = sum(each.on_time for each in record.deliveries)
    first = sum(each.first_pass for each in record.deliveries)
    value = 0.6 * lower_bound(on_time, n) + 0.4 * lower_bound(first, n)
    numbers = {"n": float(n), "on_time": float(on_time), "first_pass": float(first)}
    if n == 0:
        return value, _("新人，还没有履约记录"), numbers
    return (
        value,
        _("%(n)s 单中 %(on_time)s 单准时，%(first)s 单一次通过", n=n, on_time=on_time, first=first),
        numbers,
    )


def _price(task: Task, profile: Profile) -> Term:
    price, budget = profile.prices.get(task.format), task.budget_fen
    if price is None or not budget:
        return 0.5, _("没有标价，可以面议"), {}
    over = price / budget - 1
    numbers = {"price_fen": float(price), "budget_fen": float(budget), "over": round(over, 4)}
    shown = format_fen(price)
    # Full marks from 20 % under the budget; half at the budget; none from 30 % above it.
    value = min(1.0, max(0.0, 0.5 - over * (2.5 if over < 0 else 0.5 / 0.3)))
    if over > 0:
        return (
            value,
            _("标价 %(price)s，比预算高 %(percent)s%%", price=shown, percent=math.ceil(over * 100)),
            numbers,
        )
    return value, _("标价 %(price)s，比预算低 %(percent)s%%", price=shown, percent=int(-over * 100)), numbers


def _audience(task: Task, profile: Profile) -> Term:
    """The share of the fans who are whom the brief wants, the smallest of the parts it names."""
    shares: dict[str, float] = {}
    for part in AUDIENCE:
        wanted = (task.audience or {}).get(part) or []
        fans = (profile.audience or {}).get(part) or {}
        if wanted and fans:
            shares[part] = sum(float(fans.get(key, 0)) for key in wanted) / 100
    if not (task.audience and any(task.audience.values())):
        return 0.5, _("需求没有指定受众"), {}
    if not shares:
        return 0.25, _("创作者还没有填写粉丝画像"), {}
    part = min(shares, key=lambda name: shares[name])
    names = "、".join(audience_name(part, key) for key in task.audience[part])
    return (
        min(1.0, shares[part]),
        _("粉丝中%(who)s占 %(percent)s%%", who=names, percent=round(shares[part] * 100)),
        shares,
    )


def _availability(profile: Profile, record: Record) -> Term:
    slots = profile.slots_per_week
    free = max(0, slots - record.running)
    numbers = {"slots_per_week": float(slots), "running": float(record.running)}
    if free == 0:
        return 0.0, _("手上有 %(running)s 单，本周没有空档", running=record.running), numbers
    return (
        free / slots,
        _("每周可接 %(slots)s 单，手上有 %(running)s 单", slots=slots, running=record.running),
        numbers,
    )
