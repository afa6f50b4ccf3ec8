"""The prices of limits, and the ways out, as sentences."""

from market.kit.look import count
from market.kit.pages import format_fen
from market.kit.words import _, joined
from market.planning.service import Cure, Gain
from market.planning.wishes import Goal


def moved(code: str, fen: int) -> str:
    """What was done to the limit."""
    return {
        "budget_up": _("预算加一成，到 %(fen)s", fen=format_fen(fen)),
        "budget_down": _("预算减一成，到 %(fen)s", fen=format_fen(fen)),
        "budget": _("预算至少 %(fen)s", fen=format_fen(fen)),
        "most": _("人数上限加 2 人"),
        "least": _("不限最少人数"),
        "agency": _("不限同一机构的人数"),
        "must": _("不指定必须有的人"),
        "never": _("不排除任何人"),
        "level": _("不限等级"),
        "late": _("不限迟到可能"),
        "rival": _("允许正在为同类目其他商家制作的人"),
    }.get(code, "")


def of_gain(gain: Gain, goal: Goal) -> str:
    limit = moved(gain.code, gain.wish.budget_fen)
    amount = count(round(abs(gain.value)))
    what = {
        (Goal.PLAYS, True): _("预计播放多 %(n)s", n=amount),
        (Goal.PLAYS, False): _("预计播放少 %(n)s", n=amount),
        (Goal.INTERACTIONS, True): _("预计互动多 %(n)s", n=amount),
        (Goal.INTERACTIONS, False): _("预计互动少 %(n)s", n=amount),
        (Goal.FIT, True): _("总匹配多 %(n)s 分", n=round(abs(gain.value) * 100)),
        (Goal.FIT, False): _("总匹配少 %(n)s 分", n=round(abs(gain.value) * 100)),
    }
    changes = [what[goal, gain.value >= 0]]
    if gain.people:
        more = gain.people > 0
        changes.append(_("多 %(n)s 人", n=gain.people) if more else _("少 %(n)s 人", n=-gain.people))
    if gain.price_fen:
        fen = format_fen(abs(gain.price_fen))
        changes.append(_("多花 %(fen)s", fen=fen) if gain.price_fen > 0 else _("省下 %(fen)s", fen=fen))
    if gain.brings:
        changes.append(_("候选多 %(n)s 人", n=gain.brings))
    return joined([limit, joined(changes, "，")], "：")


def of_cure(cure: Cure) -> str:
    if cure.code == "nobody_near":
        return _(
            "有 %(n)s 位创作者做这类内容，但标价都高过这条需求的单条预算三成以上。请提高需求里的单条预算。",
            n=cure.people,
        )
    if cure.code == "nobody_at_all":
        return _("还没有已认证的创作者为这个类目的这种形式标价。换一种形式或类目，或先公开招募。")
    if cure.code == "several":
        return _("单独放宽哪一条都不够，需要同时放宽几条；全部放宽可以有 %(n)s 人。", n=cure.people)
    first, _plus, second = cure.code.partition("+")
    if second:
        both = _("%(one)s，并且%(two)s", one=moved(first, cure.fen), two=moved(second, cure.fen))
        return _("%(how)s：可以有 %(n)s 人", how=both, n=cure.people)
    budget = cure.fen or (cure.wish.budget_fen if cure.wish else 0)
    return _("%(how)s：可以有 %(n)s 人", how=moved(cure.code, budget), n=cure.people)
