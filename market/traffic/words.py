"""Signals in the reader's words."""

from datetime import date
from itertools import pairwise
from typing import Any

from flask_babel import format_date

from market.kit.words import N_, _, say
from market.traffic.models import COUNTED, SignalKind, SignalState, TrafficSignal

KINDS = {
    SignalKind.GROWTH: N_("涨粉来路不明"),
    SignalKind.RHYTHM: N_("互动时间反常"),
    SignalKind.REPETITION: N_("评论大量重复"),
    SignalKind.UNWATCHED: N_("播放几乎没人看"),
    SignalKind.UNSEEN: N_("播放没有出现在屏幕上"),
    SignalKind.PACE: N_("播放时间反常"),
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
    SignalKind.UNWATCHED: N_(
        "看平台自己统计的播放，不看导入的数据。一天的播放是此前 28 天平时的 3 倍以上、多出 200 次以上，"
        "而且多出来的播放里看满 5 秒的比例连平时的三分之一都不到，才算几乎没人看。"
        "平时的比例取同类目、同位置创作者的中位数和您自己此前的比例里较低的一个；标题再夸张的视频通常也到不了这个程度。"
    ),
    SignalKind.UNSEEN: N_(
        "看平台自己统计的播放，不看导入的数据。视频在屏幕上露出一半满 1 秒，页面会报一次露出；一开始播放，会报一次播放。"
        "快速划走会留下没有露出的播放，但到不了一半。一天里一半以上的播放（至少 100 次，28 天里共 300 次）没有露出，才算。"
    ),
    SignalKind.PACE: N_(
        "看平台自己统计的播放分散在一天的几个小时里，不看导入的数据。如果至少 3 天播放挤在三四个小时内、"
        "而且是平时的 2 倍以上，或者 28 天里完全看不出夜里，才算反常。"
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
    if signal.kind in COUNTED:
        return _counted(signal, held)
    if signal.kind is SignalKind.REPETITION:
        words, times = held["phrases"][0]
        return _(
            "读到的 %(read)s 条评论里，有 %(repeated)s 条与别的一字不差；“%(words)s”出现了 %(times)s 次。",
            read=f"{held['read']:,}",
            repeated=f"{held['repeated']:,}",
            words=words,
            times=times,
        )
    return _hours(signal, held)


def _hours(signal: TrafficSignal, held: dict[str, Any]) -> str:
    """Into which hours interactions fall, or plays counted here."""
    here = signal.kind is SignalKind.PACE
    if held["how"] == "crowded":
        return say(
            N_(
                "平台统计到有 %(n)s 天，播放挤在大约 %(hours)s 个小时里（平时分散在 %(usual)s 个小时），而且是平时的 %(times)s 倍。"
            )
            if here
            else N_(
                "有 %(n)s 天，互动挤在大约 %(hours)s 个小时里（平时分散在 %(usual)s 个小时），而且是平时的 %(times)s 倍。"
            ),
            n=len(held["days"]),
            hours=held["hours"],
            usual=held["usual_hours"],
            times=held["times"],
        )
    return say(
        N_("平台统计到 %(n)s 次播放几乎平均地落在一天的 %(hours)s 个小时里，看不出夜里和白天。")
        if here
        else N_("%(n)s 次互动几乎平均地落在一天的 %(hours)s 个小时里，看不出夜里和白天。"),
        n=f"{held['n']:,}",
        hours=held["hours"],
    )


def _counted(signal: TrafficSignal, held: dict[str, Any]) -> str:
    if signal.kind is SignalKind.UNWATCHED:
        return _(
            "%(when)s，平台共统计到 %(plays)s 次播放，平时每天约 %(usual)s 次；"
            "其中 %(pct)s%% 看满了 5 秒，平时是 %(usual_pct)s%%。",
            when=_when(held["days"]),
            plays=f"{held['plays']:,}",
            usual=f"{held['usual']:,}",
            pct=held["pct"],
            usual_pct=held["usual_pct"],
        )
    if signal.kind is SignalKind.UNSEEN:
        return _(
            "%(when)s，平台共统计到 %(plays)s 次播放，其中 %(unseen)s 次（%(pct)s%%）没有出现在任何屏幕上。",
            when=_when(held["days"]),
            plays=f"{held['plays']:,}",
            unseen=f"{held['unseen']:,}",
            pct=held["pct"],
        )
    return _hours(signal, held)


def _when(days: list[str]) -> str:
    return day(days[0]) if len(days) == 1 else _("有 %(n)s 天", n=len(days))


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


BARS = {
    SignalKind.GROWTH: N_("每天多出的粉丝"),
    SignalKind.RHYTHM: N_("一天里各小时的互动"),
    SignalKind.UNWATCHED: N_("平台统计的每天播放"),
    SignalKind.UNSEEN: N_("平台统计的每天播放"),
    SignalKind.PACE: N_("一天里各小时的播放"),
}


def bars_name(signal: TrafficSignal) -> str:
    """What the drawing is of."""
    return say(BARS[signal.kind])


def bars(signal: TrafficSignal) -> list[tuple[str, int, bool]]:
    """What a drawing of it shows: label, height, whether it is the odd one."""
    held = signal.evidence
    if signal.kind is SignalKind.GROWTH:
        told = held["series"]
        rises = [(b[0], max(0, b[1] - a[1])) for a, b in pairwise(told)]
        odd = {signal.from_day.isoformat(), signal.until_day.isoformat()}
        low, high = min(odd), max(odd)
        return [(day(iso), rise, low <= iso <= high) for iso, rise in rises]
    if signal.kind in (SignalKind.UNWATCHED, SignalKind.UNSEEN):
        odd = set(held["days"])
        return [(day(iso), n, iso in odd) for iso, n in held["series"]]
    if signal.kind in (SignalKind.RHYTHM, SignalKind.PACE):
        most = sorted(held["series"], reverse=True)[: max(1, round(held["hours"]))]
        crowded = held["how"] == "crowded"
        return [(f"{hour}:00", n, crowded and n >= most[-1]) for hour, n in enumerate(held["series"])]
    return []
