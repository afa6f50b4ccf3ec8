"""How often are the traffic signals right? Made-up accounts with known truth, against one plain rule per kind.

The accounts are drawn, so this shows that the rules do what they say and what confuses them, not what they catch in the
wild. Among the honest there are those that look odd: films that went round, mentions by a large account (with plays on
the day, or without any), hosts on air two hours a day, give-aways, fans who say little. Among the bought there are drips
below a daily threshold, and sellers who vary their sentences or deliver plays with the fans. What we counted ourselves
has stories of its own (`bench.counted`).
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from bench import counted
from bench.rounds import Result
from market.traffic.comments import compare
from market.traffic.counted import CountedDay, look_at_counted
from market.traffic.models import SignalKind
from market.traffic.signals import Day, hours_of, look

DAYS = 100
LAST = date(2026, 11, 20)
EACH = 16
"""Accounts of each story in one world."""

Draw = np.random.Generator
HONEST_WORDS = [
    "一直想买这款路亚竿，看完决定下单了",
    "调性参数能不能再讲细一点，新手看不太懂",
    "上次跟着买的水壶用了半年还没坏",
    "请问这个颜色还有现货吗，官网没找到",
    "视频里那条溪流是在哪里拍的",
    "比我想象的轻，拎着爬山一点不累",
]
BOUGHT_WORDS = [
    "这个真的太好用了已经下单",
    "博主推荐的从来没有让我失望过",
    "质量非常好强烈推荐大家购买",
    "已经回购三次了真的绝绝子",
    "朋友推荐来的果然没有失望",
]


@dataclass(frozen=True)
class Account:
    """`bought`: the kinds that should be found."""

    story: str
    days: list[Day]
    bought: frozenset[SignalKind]
    counted: list[CountedDay] = field(default_factory=list)


class Maker:
    """An ordinary account, and what a story changes in it."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.start = int(np.exp(draw.normal(10.3, 1.2)))
        reach = draw.uniform(0.05, 0.4)
        noise = np.exp(draw.normal(0, 0.5, DAYS))
        self.plays = self.start * reach * noise
        self.rises = self.plays * draw.uniform(0.001, 0.006) * np.exp(draw.normal(0, 0.4, DAYS)) - (
            self.start * 0.0002
        )
        self.clock = np.array([0.5, 0.3, 0.2, 0.15, 0.15, 0.2, 0.5, 1, 1.4, 1.5, 1.5, 1.8] * 2, dtype=float)
        self.clock[12:] = [2.2, 1.8, 1.5, 1.4, 1.5, 1.7, 2.1, 2.6, 3.0, 3.2, 2.6, 1.4]
        self.clock *= np.exp(draw.normal(0, 0.25, 24))
        self.engaged = self.plays * draw.uniform(0.02, 0.06)
        self.hours = np.array([self._day(n) for n in self.engaged])
        self.comments: list[list[str]] = [self._talk(int(min(60, n * 0.05) + 1)) for n in self.engaged]

    def _day(self, n: float) -> NDArray[np.int64]:
        # A film comes out at some hour, and is talked about for a while after it.
        since = (np.arange(24) - self.draw.integers(7, 22)) % 24
        shape = self.clock * (1 + self.draw.uniform(0, 4) * np.exp(-since / self.draw.uniform(3, 8)))
        return self.draw.multinomial(int(n), shape / shape.sum())

    def _talk(self, n: int) -> list[str]:
        said = []
        for _ in range(n):
            roll = self.draw.random()
            if roll < 0.35:
                said.append(["好看", "哈哈哈哈", "first", "来了来了", "❤❤❤"][self.draw.integers(5)])
            else:
                words = HONEST_WORDS[self.draw.integers(len(HONEST_WORDS))]
                at = int(self.draw.integers(1, len(words)))
                tail = "".join(chr(0x4E00 + int(letter)) for letter in self.draw.integers(0, 2000, 6))
                said.append(words[:at] + tail + words[at:])
        return said

    def recent(self, n: int) -> NDArray[np.int64]:
        return DAYS - 1 - self.draw.choice(20, size=n, replace=False)

    def crowd(self, at: int, n: float) -> None:
        hour = int(self.draw.integers(0, 23))
        share = self.draw.dirichlet([3, 2])
        self.hours[at, hour] += int(n * share[0])
        self.hours[at, hour + 1] += int(n * share[1])

    def made(self, story: str, *bought: SignalKind) -> Account:
        fans = self.start + np.cumsum(self.rises)
        days = []
        for at in range(DAYS):
            read, phrases = compare(self.comments[at])
            hours = [int(n) for n in self.hours[at]]
            day = LAST - timedelta(days=DAYS - 1 - at)
            days.append(
                Day(day, max(0, int(fans[at])), int(self.plays[at]), sum(hours), hours, read, phrases)
            )
        return Account(story, days, frozenset(bought))


def steady(it: Maker) -> Account:
    return it.made("honest: steady")


def small(it: Maker) -> Account:
    it.start = int(it.draw.integers(200, 3000))
    shrink = it.start / it.plays.mean() * 0.3
    it.plays, it.rises = it.plays * shrink, it.rises * shrink
    it.hours = np.array([it._day(n * shrink) for n in it.engaged])
    return it.made("honest: small")


def went_round(it: Maker) -> Account:
    at = int(it.recent(1)[0])
    burst = it.start * it.draw.uniform(3, 20) * np.array([1, 0.5, 0.25, 0.1])[: DAYS - at]
    it.plays[at : at + 4] += burst
    it.rises[at : at + 4] += burst * it.draw.uniform(0.003, 0.015)
    for step, more in enumerate(burst):
        it.hours[at + step] += it._day(more * 0.04)
    return it.made("honest: a film went round")


def mentioned(it: Maker) -> Account:
    at = int(it.recent(1)[0])
    came = it.start * it.draw.uniform(0.06, 0.2)
    it.rises[at] += came
    it.plays[at] += came * it.draw.uniform(20, 80)
    return it.made("honest: mentioned by a large account")


def mentioned_unseen(it: Maker) -> Account:
    """Fans came from elsewhere and watched nothing: indistinguishable here, which is what appeals are for."""
    it.rises[int(it.recent(1)[0])] += max(400, it.start * it.draw.uniform(0.03, 0.09))
    return it.made("honest: fans from elsewhere, unseen")


def on_air(it: Maker) -> Account:
    it.hours = it.hours // 10
    for at in range(DAYS):
        it.hours[at, 20:22] += int(it.engaged[at] / 2)
    return it.made("honest: on air two hours a day")


def give_away(it: Maker) -> Account:
    at = int(it.recent(1)[0])
    it.comments[at] += ["我要抽这根碳素路亚竿"] * int(it.draw.integers(80, 300))
    it.hours[at] += it._day(it.engaged[at] * 4)
    return it.made("honest: a give-away")


def bought_at_once(it: Maker) -> Account:
    it.rises[int(it.recent(1)[0])] += max(500, it.start * it.draw.uniform(0.08, 0.5))
    return it.made("bought: fans at once", SignalKind.GROWTH)


def bought_drip(it: Maker) -> Account:
    at = DAYS - int(it.draw.integers(10, 30))
    it.rises[at : at + 10] += max(200, it.start * it.draw.uniform(0.02, 0.045))
    return it.made("bought: fans by the day", SignalKind.GROWTH)


def bought_with_plays(it: Maker) -> Account:
    at = int(it.recent(1)[0])
    came = max(500, it.start * it.draw.uniform(0.08, 0.3))
    it.rises[at] += came
    it.plays[at] += came * it.draw.uniform(5, 120)
    return it.made("bought: fans with plays", SignalKind.GROWTH)


def bought_bursts(it: Maker) -> Account:
    for at in it.recent(int(it.draw.integers(3, 9))):
        it.crowd(int(at), max(200.0, it.engaged[at] * it.draw.uniform(1.5, 12)))
    return it.made("bought: interactions in bursts", SignalKind.RHYTHM)


def bought_around_the_clock(it: Maker) -> Account:
    for at in range(DAYS - 28, DAYS):
        it.hours[at] += it.draw.poisson(max(40.0, it.engaged[at] * it.draw.uniform(0.2, 1)), 24)
    return it.made("bought: interactions around the clock", SignalKind.RHYTHM)


def bought_comments(it: Maker) -> Account:
    for at in it.recent(8):
        n = int(len(it.comments[at]) * it.draw.uniform(1, 3)) + 20
        it.comments[at] += [BOUGHT_WORDS[k] + "!" * int(k) for k in it.draw.integers(0, len(BOUGHT_WORDS), n)]
    return it.made("bought: comments", SignalKind.REPETITION)


def bought_varied(it: Maker) -> Account:
    """The same sentences with one character put in: word for word they are not the same."""
    for at in it.recent(8):
        for _ in range(40):
            words = BOUGHT_WORDS[it.draw.integers(len(BOUGHT_WORDS))]
            where = int(it.draw.integers(0, 12))
            varied = words[:where] + ("呀啊呢哦嘛" if it.draw.random() < 0.5 else "")[:1] + words[where:]
            it.comments[at].append(varied + "👍" * int(it.draw.integers(0, 4)))
    return it.made("bought: comments, varied", SignalKind.REPETITION)


STORIES: list[Callable[[Maker], Account]] = [
    steady, steady, small, went_round, mentioned, mentioned_unseen, on_air, give_away,
    bought_at_once, bought_drip, bought_with_plays, bought_bursts, bought_around_the_clock, bought_comments,
    bought_varied,
]  # fmt: skip


def world(seed: int, each: int = EACH) -> list[Account]:
    draw = np.random.default_rng(seed)
    told = [story(Maker(draw)) for story in STORIES for _ in range(each)]
    here = counted.world(seed, each)
    return told + [Account(one.story, [], one.bought, days) for one, days in here]


def ours(account: Account) -> set[SignalKind]:
    return {finding.kind for finding in look(account.days) + look_at_counted(account.counted)}


def plain(account: Account) -> set[SignalKind]:
    """What one would write first: fans up 5 % in a day; a day in under 3.5 hours; a quarter of the comments repeated;
    a day of which fewer than 15 in 100 plays were watched; a day with a tenth more plays than exposures."""
    days, found = account.days, set()
    fans = [day.fans or 0 for day in days]
    if any(b - a > max(300, 0.05 * a) for a, b in zip(fans[-60:], fans[-59:], strict=False)):
        found.add(SignalKind.GROWTH)
    if any(sum(day.hours) >= 100 and hours_of(day.hours) < 3.5 for day in days[-28:]):
        found.add(SignalKind.RHYTHM)
    read = sum(day.comments_read for day in days[-28:])
    if read >= 60 and sum(n - 1 for day in days[-28:] for n in day.phrases.values()) > 0.25 * read:
        found.add(SignalKind.REPETITION)
    for day in account.counted[-28:]:
        if day.judged >= 200 and day.watched < 0.15 * day.judged:
            found.add(SignalKind.UNWATCHED)
        if day.plays >= 100 and day.unseen > 0.1 * day.plays:
            found.add(SignalKind.UNSEEN)
        if sum(day.hours) >= 100 and hours_of(day.hours) < 3.5:
            found.add(SignalKind.PACE)
    return found


@dataclass
class Count:
    hits: int = 0
    false: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        return self.hits / max(1, self.hits + self.false)

    @property
    def recall(self) -> float:
        return self.hits / max(1, self.hits + self.missed)


def count(accounts: list[Account], see: Callable[[Account], set[SignalKind]]) -> dict[SignalKind, Count]:
    counts = {kind: Count() for kind in SignalKind}
    for account in accounts:
        found = see(account)
        for kind, told in counts.items():
            told.hits += kind in found and kind in account.bought
            told.false += kind in found and kind not in account.bought
            told.missed += kind not in found and kind in account.bought
    return counts


def by_story(accounts: list[Account]) -> dict[str, float]:
    """The share of each story's accounts with any signal: for the bought the share found, for the honest the share wronged."""
    seen: dict[str, list[bool]] = {}
    for account in accounts:
        seen.setdefault(account.story, []).append(bool(ours(account)))
    return {story: round(sum(each) / len(each), 3) for story, each in seen.items()}


def run(rounds: int) -> list[Result]:
    worlds = [world(100 + seed) for seed in range(max(3, rounds))]
    mine = [count(each, ours) for each in worlds]
    other = [count(each, plain) for each in worlds]
    stories = by_story([account for each in worlds for account in each])
    told = "; ".join(f"{story} {share:.0%}" for story, share in stories.items())
    results = []
    for kind in SignalKind:
        for what in ("precision", "recall"):
            results.append(
                Result(
                    f"traffic_{kind}_{what}",
                    "a plain threshold",
                    what,
                    [getattr(each[kind], what) for each in mine],
                    [max(1e-9, getattr(each[kind], what)) for each in other],
                    {"signalled by story": stories},
                )
            )
    print(f"signalled, by story: {told}", file=sys.stderr)
    return results
