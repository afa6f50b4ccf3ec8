"""Signals in the reader's words."""

from datetime import date
from itertools import pairwise
from typing import Any

from flask_babel import format_date

from market.kit.words import N_, _, say
from market.traffic.models import SignalKind, SignalState, TrafficSignal

KINDS = {
    SignalKind.GROWTH: N_("涨粉来路不明"),
    SignalKind.RHYTHM: N_("互动时间反常"),
    SignalKind.REPETITION: N_("评论大量重复"),
}
STATES = {
    SignalState.STANDING: N_("待说明"),
    SignalState.APPEALED: N_("申诉中"),
    SignalState.UPHELD: N_("维持"),
    SignalState.LIFTED: N_("已撤销"),
    SignalState.WITHDRAWN: N_("数据已更正"),
    SignalState.LAPSED: N_("已过期"),
}
TONES = {
    SignalState.STANDING: "bad",
    SignalState.APPEALED: "wait",
    SignalState.UPHELD: "bad",
    SignalState.LIFTED: "good",
    SignalState.WITHDRAWN: "",
    SignalState.LAPSED: "",
}
HOW = {
    SignalKind.GROWTH: N_(
        "拿每天（和每 7 天）多出的粉丝，与您此前 28 天的涨粉和播放相比。爆款可以带来平时 5 倍的转粉，"
        "再加上平时波动的 6 倍；仍然多出粉丝数 5%（7 天是 15%）以上，才算来路不明。"
    ),
    SignalKind.RHYTHM: N_(
        "看一天的互动分散在几个小时里。正常账号有白天和夜里；如果至少 3 天互动挤在三四个小时内、"
        "而且是平时的 2 倍以上，或者 28 天里完全看不出夜里，才算反常。"
    ),
    SignalKind.REPETITION: N_(
        "去掉标点、数字和表情后比较够长的评论。28 天里四分之一以上与别的一字不差，"
        "而且有 3 句以上各出现 5 次，才算大量重复；抽奖口令通常只有一句，不算。"
    ),
}


def name(signal: TrafficSignal) -> str:
    return say(KINDS[signal.kind])


def state(signal: TrafficSignal) -> str:
    if signal.is_over and signal.state not in (SignalState.LIFTED, SignalState.WITHDRAWN):
        return _("已过期")
    return say(STATES[signal.state])


def tone(signal: TrafficSignal) -> str:
    return "" if signal.is_over and signal.state is not SignalState.LIFTED else TONES[signal.state]


def how(signal: TrafficSignal) -> str:
    return say(HOW[signal.kind])


def day(iso: str | date) -> str:
    at = date.fromisoformat(iso) if isinstance(iso, str) else iso
    return str(format_date(at, "medium"))


def seen(signal: TrafficSignal) -> str:
    """What was seen, in one or two sentences with its figures."""
    held = signal.evidence
    if signal.kind is SignalKind.GROWTH:
        return _growth(signal, held)
    if signal.kind is SignalKind.REPETITION:
        words, times = held["phrases"][0]
        return _(
            "读到的 %(read)s 条评论里，有 %(repeated)s 条与别的一字不差；“%(words)s”出现了 %(times)s 次。",
            read=f"{held['read']:,}",
            repeated=f"{held['repeated']:,}",
            words=words,
            times=times,
        )
    if held["how"] == "crowded":
        return _(
            "有 %(n)s 天，互动挤在大约 %(hours)s 个小时里（平时分散在 %(usual)s 个小时），而且是平时的 %(times)s 倍。",
            n=len(held["days"]),
            hours=held["hours"],
            usual=held["usual_hours"],
            times=held["times"],
        )
    return _(
        "%(n)s 次互动几乎平均地落在一天的 %(hours)s 个小时里，看不出夜里和白天。",
        n=f"{held['n']:,}",
        hours=held["hours"],
    )


def _growth(signal: TrafficSignal, held: dict[str, Any]) -> str:
    figures = {
        "rise": f"{held['rise']:,}",
        "usual": f"{held['usual']:,}",
        "plays": f"{held['plays']:,}",
        "explained": f"{held['explained']:,}",
    }
    if held["days"] == 1:
        return _(
            "%(day)s 一天多了 %(rise)s 个粉丝，此前每天约 %(usual)s 个；"
            "前后两天 %(plays)s 次播放，加上平时的波动，最多解释 %(explained)s 个。",
            day=day(signal.until_day),
            **figures,
        )
    return _(
        "%(from_day)s 到 %(day)s 多了 %(rise)s 个粉丝，此前每天约 %(usual)s 个；"
        "这些天 %(plays)s 次播放，加上平时的波动，最多解释 %(explained)s 个。",
        from_day=day(signal.from_day),
        day=day(signal.until_day),
        **figures,
    )


def bars(signal: TrafficSignal) -> list[tuple[str, int, bool]]:
    """What a drawing of it shows: label, height, whether it is the odd one."""
    held = signal.evidence
    if signal.kind is SignalKind.GROWTH:
        told = held["series"]
        rises = [(b[0], max(0, b[1] - a[1])) for a, b in pairwise(told)]
        odd = {signal.from_day.isoformat(), signal.until_day.isoformat()}
        low, high = min(odd), max(odd)
        return [(day(iso), rise, low <= iso <= high) for iso, rise in rises]
    if signal.kind is SignalKind.RHYTHM:
        most = sorted(held["series"], reverse=True)[: max(1, round(held["hours"]))]
        crowded = held["how"] == "crowded"
        return [(f"{hour}:00", n, crowded and n >= most[-1]) for hour, n in enumerate(held["series"])]
    return []
