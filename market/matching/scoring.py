"""How well a creator and a brief suit each other: a sum of points, each with its evidence, and how likely a yes is.

The points are added up, so the reasons shown are the score itself, not a story about it. The weights were fitted on
dated tasks and those who took them (`./vtask bench matching` shows how they do, next to learned rankers):
docs/decisions/0005-linear-matching.md.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from market.accounts.vocabulary import AUDIENCE, audience_name, category_name
from market.creators.queries import Offering
from market.creators.words import listed
from market.kit.words import N_, _, joined, say
from market.matching.forest import Forest
from market.matching.retrieval import ALIKE as WORDS_ALIKE
from market.matching.retrieval import Sums
from market.orders.capacity import OPEN, Room
from market.portraits.shown import Comparison, Shown, compare, name_of, telling
from market.tasks.models import Task
from market.traffic import words as traffic_words
from market.traffic.models import COSTS_MOST, SignalState, TrafficSignal

POINTS = {
    "history": 5.4,  # x √ of the works under the brief's tags
    "similar": 3.0,  # x √ of the works among those nearest in text
    "together": 15.0,  # x √ of the works for this merchant
    "lately": 0.1,  # x log of all works, half-life 120 days
    "yearly": 0.5,  # x log of all works, half-life 365 days
    "declared": 1.0,  # the category stands in the profile
    "said": 5.0,  # x the cosine of the brief with the nearest of what the profile shows, as long as few works speak
    "tagged": 1.5,  # x the cosine of the brief's tags with the profile's, likewise
    "record": 3.0,
    "price": 2.0,
    "audience": 2.0,
    "portrait": 4.0,  # x how far the likeness of buyers and fans is from ALIKE
}
ALIKE = 0.7
"""How alike portraits are that have nothing to do with each other: nobody gains or loses by it."""
PORTRAIT_MOST = 1.2
MIDDLE = 12.0
"""Points at which the fit is 50 %."""
FEW = 5.0
"""At so many works what a creator says of themselves counts half, then less and less."""
LITTLE, LITTLE_EFFECT = 0.25, 0.05
"""Less behind the others than this is not worth a word: in points, or in what trees answer."""
FULL = 4.0
"""Points of one term that fill two thirds of its bar."""

SIGNS = ("answers", "load", "over", "fit")
"""What a yes rests on: how surely invitations are answered (a lower bound, 0.2 for nobody yet), how full the weeks to the deadline are, how
far the price lies above the budget, and the fit (0.5 in the middle)."""
HAND = (0.8, 2.0, -2.0, -4.0, 0.0)
"""The constant and a weight per sign, as long as no other version is in use (learning.py)."""

LABELS = {
    "history": N_("同类经验"),
    "similar": N_("相似需求"),
    "together": N_("合作过"),
    "active": N_("近期活跃"),
    "record": N_("履约记录"),
    "price": N_("价格匹配"),
    "audience": N_("受众匹配"),
    "portrait": N_("买家与粉丝"),
    "traffic": N_("流量核查"),
}


TERMS = tuple(LABELS)
"""The order in which points by term are kept and learned from."""


class Learned(NamedTuple):
    """The versions in use: the acceptance's weights, and the trees that order by the points instead of their sum; None,
    the sum itself."""

    weights: Sequence[float] = HAND
    forest: Forest | None = None


AS_WRITTEN = Learned()


@dataclass(frozen=True)
class Record:
    """What a creator has delivered here: how many orders, how many of them on time, at the first pass, in the brief's
    category."""

    n: int = 0
    on_time: int = 0
    first_pass: int = 0
    same: int = 0


NOTHING = Record()


@dataclass(frozen=True)
class Portraits:
    """Whom the merchant sells to and whom the creator reaches; None where it is not known. Only the merchant may read his
    buyers' shares (`for_merchant`): others are told whether the two are alike, in words."""

    buyers: Shown | None = None
    fans: Shown | None = None
    for_merchant: bool = True


NOBODY = Portraits()


@dataclass(frozen=True)
class Reason:
    """One term: its `points`, its `share` of what speaks for the creator, `score` 0..1 for a bar, `text` the evidence in
    the reader's language, `numbers` the same as figures. `effect`: its part of the trees' answer, where they order."""

    code: str
    points: float
    share: float
    said: "Said" = field(compare=False, repr=False)
    numbers: dict[str, float] = field(default_factory=dict)
    effect: float | None = None

    @property
    def weight(self) -> float:
        """What it does to the order."""
        return self.points if self.effect is None else self.effect

    @property
    def speaks(self) -> bool:
        """For the creator, and enough to be worth a word."""
        return self.weight > (0 if self.effect is None else LITTLE_EFFECT)

    @property
    def text(self) -> str:
        return self.said()

    @property
    def label(self) -> str:
        return say(LABELS[self.code])

    @property
    def score(self) -> float:
        return round(1 - math.exp(-max(0.0, self.points) / FULL), 4)


@dataclass(frozen=True)
class Score:
    """`fit` 0..1 rises with the points; `acceptance` 0..1 is how likely the creator says yes; a list is ordered by both."""

    points: float
    fit: float
    acceptance: float
    parts: tuple[float, ...] = ()
    """The points by term, in the order of TERMS."""
    signs: tuple[float, ...] = ()
    """What the acceptance rests on in figures, in the order of SIGNS."""
    told: Callable[[], tuple["Reason", ...]] = field(default=tuple, compare=False, repr=False)
    said: "Said" = field(default=str, compare=False, repr=False)

    @cached_property
    def terms(self) -> tuple[Reason, ...]:
        """The strongest first. Put together when somebody asks: a list scores hundreds and shows twenty."""
        return self.told()

    @property
    def odds(self) -> str:
        """What the acceptance rests on, in words."""
        return self.said()

    @property
    def is_learned(self) -> bool:
        """Trees ordered, not the sum of the points."""
        return any(term.effect is not None for term in self.terms)

    @property
    def value(self) -> float:
        """What lists are ordered by: both must want it, so the two are multiplied."""
        return self.fit * self.acceptance

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The three strongest."""
        return tuple(term for term in self.terms[:3] if term.speaks)


def lower_bound(good: int, n: int) -> float:
    """A share that few cases cannot make perfect: mean less one s.d. of Beta(good + 1, bad + 1)."""
    a, b = good + 1, n - good + 1
    return max(0.0, a / (a + b) - math.sqrt(a * b / ((a + b) ** 2 * (a + b + 1))))


def value(
    task: Task,
    profile: Offering,
    sums: Sums,
    record: Record,
    signals: Sequence[TrafficSignal] = (),
    learned: Learned = AS_WRITTEN,
    portraits: Portraits = NOBODY,
    room: Room = OPEN,
) -> float:
    """`score(…).value`, and nothing else of it: what a list of hundreds is ordered by."""
    points, total = _summed(task, profile, sums, record, signals, _compared(portraits))
    fit = learned.forest.fit(_parts(points)) if learned.forest else fit_of(total)
    return fit * _chance(_signs(task, profile, room, total), learned.weights)


def score(
    task: Task,
    profile: Offering,
    sums: Sums,
    record: Record,
    signals: Sequence[TrafficSignal] = (),
    learned: Learned = AS_WRITTEN,
    portraits: Portraits = NOBODY,
    room: Room = OPEN,
) -> Score:
    """The points of a creator for a brief, and the likelihood of a yes. `signals` are those that cost points now, `learned`
    the versions in use, `room` what is free until the brief's deadline."""
    found = _compared(portraits)
    points, total = _summed(task, profile, sums, record, signals, found)
    parts, forest = _parts(points), learned.forest

    def told() -> tuple[Reason, ...]:
        evidence: dict[str, Callable[[], Evidence]] = {
            "history": lambda: _history(task, profile, sums, record),
            "similar": lambda: _similar(sums),
            "together": lambda: _together(sums),
            "active": lambda: _active(sums),
            "record": lambda: _record(record),
            "price": lambda: _price(task, profile),
            "audience": lambda: _audience(task, profile),
            "portrait": lambda: _portrait(portraits, found, points.get("portrait", 0.0)),
        }
        if signals:
            evidence["traffic"] = lambda: _traffic(signals)
        effects = dict(zip(TERMS, forest.effects(parts), strict=True)) if forest else {}
        whole = sum(each for each in effects.values() if each > 0) if forest else total
        terms = []
        for code, known in evidence.items():
            own = points.get(code, 0.0)
            effect = round(effects[code], 4) if forest else None
            speaks = own if effect is None else max(0.0, effect)
            terms.append(
                Reason(code, round(own, 4), round(speaks / whole, 4) if whole else 0.0, *known(), effect)
            )
        return tuple(sorted(terms, key=lambda each: (-each.weight, -each.points)))

    signs = _signs(task, profile, room, total)
    fit = forest.fit(parts) if forest else fit_of(total)
    return Score(
        total, fit, _chance(signs, learned.weights), parts, signs, told, lambda: _odds(profile, room)
    )


def _summed(
    task: Task,
    profile: Offering,
    sums: Sums,
    record: Record,
    signals: Sequence[TrafficSignal],
    found: Comparison | None,
) -> tuple[dict[str, float], float]:
    """The points by term, and all together."""
    points = {
        "history": _history_points(task, profile, sums),
        "similar": _similar_points(sums),
        "together": POINTS["together"] * math.sqrt(sums.pair),
        "active": POINTS["lately"] * math.log1p(sums.lately) + POINTS["yearly"] * math.log1p(sums.yearly),
        "record": _record_points(record),
        "price": _price_points(task, profile),
        "audience": _audience_points(task, profile),
    }
    total = sum(points.values())
    if found is not None:
        points["portrait"] = max(
            -total, min(PORTRAIT_MOST, max(-PORTRAIT_MOST, POINTS["portrait"] * (found.score - ALIKE)))
        )
        total += points["portrait"]
    if signals:
        # What is seen may cost all there is, and never more.
        points["traffic"] = -min(total, COSTS_MOST, sum(signal.costs for signal in signals))
        total += points["traffic"]
    return points, round(total, 4)


def _parts(points: dict[str, float]) -> tuple[float, ...]:
    return tuple(round(points.get(code, 0.0), 4) for code in TERMS)


def fit_of(points: float) -> float:
    """The fit by the sum of all points."""
    return points / (points + MIDDLE)


def _chance(signs: Sequence[float], weights: Sequence[float]) -> float:
    logit = weights[0] + sum(weight * sign for weight, sign in zip(weights[1:], signs, strict=True))
    return round(1 / (1 + math.exp(-logit)), 4)


def against(one: Score, others: Sequence[Score]) -> Reason | None:
    """The term in which this creator falls furthest behind the mean of the list; None when in none. What was taken off
    for traffic is always said."""
    for term in one.terms:
        if term.code == "traffic":
            return term
    if not others:
        return None
    means: dict[str, float] = {}
    for each in others:
        for term in each.terms:
            means[term.code] = means.get(term.code, 0.0) + term.weight / len(others)
    known = [
        term for term in one.terms if term.code != "portrait" or term.points
    ]  # a missing portrait is no weakness
    worst = min(known, key=lambda term: term.weight - means.get(term.code, 0.0))
    little = LITTLE if worst.effect is None else LITTLE_EFFECT
    return worst if means.get(worst.code, 0.0) - worst.weight > little else None


Said = Callable[[], str]
"""Evidence in the reader's language, put into words where somebody reads it."""
Evidence = tuple[Said, dict[str, float]]
"""The words of a term, and its figures."""


def _history_points(task: Task, profile: Offering, sums: Sums) -> float:
    points = POINTS["history"] * math.sqrt(sums.tags) + POINTS["declared"] * (
        task.category in profile.categories
    )
    return points + POINTS["tagged"] * sums.said_tags * _unproven(sums)


def _history(task: Task, profile: Offering, sums: Sums, record: Record) -> Evidence:
    declared = task.category in profile.categories
    numbers = {
        "weighted_works": round(sums.tags, 3),
        "orders": float(record.same),
        "declared": float(declared),
        "own_tags": round(sums.said_tags, 3),
    }
    if record.same:
        return (
            lambda: _(
                "同类目交付过 %(n)s 单（%(category)s）", n=record.same, category=category_name(task.category)
            ),
            numbers,
        )
    if sums.tags > 0.05:
        return (
            lambda: _("做过同类标签的作品，折合近期 %(n)s 件", n=f"{sums.tags:.1f}"),
            numbers,
        )
    if sums.said_tags:
        return lambda: _("资料里写着这条需求的标签，还没有在这里交付过同类作品"), numbers
    if declared:
        return (
            lambda: _("主营%(category)s，还没有在这里交付过", category=category_name(task.category)),
            numbers,
        )
    return lambda: _("不主营%(category)s", category=category_name(task.category)), numbers


def _similar_points(sums: Sums) -> float:
    points = POINTS["similar"] * math.sqrt(max(0.0, sums.near))
    return points + POINTS["said"] * max(0.0, sums.said) * _unproven(sums)


def _similar(sums: Sums) -> Evidence:
    numbers = {
        "works": float(sums.near_works),
        "weighted_works": round(sums.near, 3),
        "profile": round(sums.said, 3),
    }
    percent = round(sums.said * 100)
    if not sums.near_works and sums.said >= WORDS_ALIKE:
        return (
            lambda: _("资料和作品介绍与这条需求相近，相似度 %(percent)s%%", percent=percent),
            numbers,
        )
    if not sums.near_works and percent > 0:
        return lambda: _("没有相近的过往作品；资料的文字有 %(percent)s%% 相似", percent=percent), numbers
    if not sums.near_works:
        return lambda: _("没有和这条需求相近的过往作品"), numbers
    return lambda: _("交付过 %(n)s 件和这条需求相近的作品", n=sums.near_works), numbers


def _unproven(sums: Sums) -> float:
    """1 for whom no work speaks yet; works say more than words."""
    return FEW / (FEW + sums.works)


def _together(sums: Sums) -> Evidence:
    numbers = {"weighted_works": round(sums.pair, 3)}
    if sums.pair <= 0:
        return lambda: _("双方还没有合作过"), numbers
    return lambda: _("双方合作过，折合近期 %(n)s 单", n=f"{sums.pair:.1f}"), numbers


def _active(sums: Sums) -> Evidence:
    numbers = {"works": float(sums.works), "lately": round(sums.lately, 3), "yearly": round(sums.yearly, 3)}
    if not sums.works:
        return lambda: _("还没有交付记录"), numbers
    return lambda: _("共交付 %(n)s 件作品，越近的算得越多", n=sums.works), numbers


def _record_points(record: Record) -> float:
    on_time, first = lower_bound(record.on_time, record.n), lower_bound(record.first_pass, record.n)
    return POINTS["record"] * (0.6 * on_time + 0.4 * first)


def _record(record: Record) -> Evidence:
    n, on_time, first = record.n, record.on_time, record.first_pass
    numbers = {"n": float(n), "on_time": float(on_time), "first_pass": float(first)}
    if n == 0:
        return lambda: _("新人，还没有履约记录"), numbers
    return (
        lambda: _("%(n)s 单中 %(on_time)s 单准时，%(first)s 单一次通过", n=n, on_time=on_time, first=first),
        numbers,
    )


def _price_points(task: Task, profile: Offering) -> float:
    """Full marks from 20 % under the budget; half at the budget; none from 30 % above it."""
    price, budget = profile.price(*task.piece), task.budget_fen
    if price is None or not budget:
        return POINTS["price"] / 2
    over = price / budget - 1
    return POINTS["price"] * min(1.0, max(0.0, 0.5 - over * (2.5 if over < 0 else 0.5 / 0.3)))


def _price(task: Task, profile: Offering) -> Evidence:
    price, budget = profile.price(*task.piece), task.budget_fen
    if price is None:
        return lambda: _("没有标价，可以面议"), {}
    if not budget:
        return (
            lambda: _("标价 %(price)s，需求没有写预算", price=listed(profile, *task.piece)),
            {"price_fen": float(price)},
        )
    over = price / budget - 1
    numbers = {"price_fen": float(price), "budget_fen": float(budget), "over": round(over, 4)}
    if task.piece.is_hour:
        return (
            lambda: _(
                "标价 %(price)s，需求没有写直播多长，按 1 小时和预算比", price=listed(profile, *task.piece)
            ),
            numbers,
        )
    if over > 0:
        percent = math.ceil(over * 100)
        return (
            lambda: _(
                "标价 %(price)s，比预算高 %(percent)s%%",
                price=listed(profile, *task.piece),
                percent=percent,
            ),
            numbers,
        )
    percent = int(-over * 100)
    return (
        lambda: _(
            "标价 %(price)s，比预算低 %(percent)s%%",
            price=listed(profile, *task.piece),
            percent=percent,
        ),
        numbers,
    )


def _audience_shares(task: Task, profile: Offering) -> dict[str, float]:
    """For each part of the audience that the brief names and the creator states: the share of the fans who are meant."""
    shares: dict[str, float] = {}
    for part, wanted in (task.audience or {}).items():
        fans = (profile.audience or {}).get(part) or {}
        if wanted and fans and part in AUDIENCE:
            shares[part] = sum(float(fans.get(key, 0)) for key in wanted) / 100
    return shares


def _audience_points(task: Task, profile: Offering) -> float:
    """The smallest share decides."""
    if not (task.audience and any(task.audience.values())):
        return POINTS["audience"] / 2
    shares = _audience_shares(task, profile)
    return POINTS["audience"] * min(1.0, min(shares.values())) if shares else POINTS["audience"] / 4


def _audience(task: Task, profile: Offering) -> Evidence:
    if not (task.audience and any(task.audience.values())):
        return lambda: _("需求没有指定受众"), {}
    shares = _audience_shares(task, profile)
    if not shares:
        return lambda: _("创作者还没有填写粉丝画像"), {}
    part = min(shares, key=lambda name: shares[name])
    return (
        lambda: _(
            "粉丝中%(who)s占 %(percent)s%%",
            who=joined(audience_name(part, key) for key in task.audience[part]),
            percent=round(shares[part] * 100),
        ),
        shares,
    )


def _compared(portraits: Portraits) -> Comparison | None:
    """None where one is missing, or too little can be compared: nobody gains or loses then."""
    buyers, fans = portraits.buyers, portraits.fans
    return None if buyers is None or fans is None else compare(buyers, fans)


def _portrait(portraits: Portraits, found: Comparison | None, points: float) -> Evidence:
    """How alike buyers and fans are, against how alike any two portraits are."""
    if portraits.buyers is None:
        return lambda: _("还没有买家画像，不加也不减"), {}
    if portraits.fans is None:
        return lambda: _("还没有粉丝画像，不加也不减"), {}
    if found is None:
        return lambda: _("两边画像能比较的项目太少，不加也不减"), {}
    if not portraits.for_merchant:
        return (
            lambda: _("粉丝和商家的买家相近") if points > 0 else _("粉丝和商家的买家不太一样"),
            {},
        )
    part, keys, here, there = telling(found)
    return (
        lambda: _(
            "您的买家有 %(buyers)s%% 是%(who)s，TA 的粉丝有 %(fans)s%%",
            buyers=here,
            fans=there,
            who=name_of(part, keys),
        ),
        {"likeness": found.score, "buyers": here / 100, "fans": there / 100},
    )


def _traffic(signals: Sequence[TrafficSignal]) -> Evidence:
    """Each signal with what was seen."""
    strengths = {signal.kind.value: signal.strength for signal in signals}
    return lambda: " ".join(map(_seen, signals)), strengths


def _seen(signal: TrafficSignal) -> str:
    seen = traffic_words.seen(signal)
    if signal.state is SignalState.APPEALED:
        return _("%(seen)s（创作者已申诉，等待裁定）", seen=seen)
    return seen


def _signs(task: Task, profile: Offering, room: Room, points: float) -> tuple[float, ...]:
    """How often invitations are answered, how full the weeks are, how far the price is above the budget, the fit."""
    answered, due = profile.replies or 0, (profile.replies or 0) + (profile.unanswered or 0)
    price, budget = profile.price(*task.piece), task.budget_fen
    over = max(0.0, price / budget - 1) if price and budget else 0.0
    fit = fit_of(points) - 0.5
    return tuple(round(each, 6) for each in (lower_bound(answered, due) - 0.2, room.load, over, fit))


def _odds(profile: Offering, room: Room) -> str:
    answered, due = profile.replies or 0, (profile.replies or 0) + (profile.unanswered or 0)
    replies = _("邀约回复 %(n)s/%(due)s", n=answered, due=due) if due else _("还没有收到过邀约")
    week = _("截止前还能接 %(free)s 单", free=room.free) if room.free else _("截止前没有空档")
    return _("%(replies)s，%(week)s", replies=replies, week=week)
