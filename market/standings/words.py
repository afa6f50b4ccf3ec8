"""A score in words."""

from dataclasses import dataclass
from typing import Protocol

from market.kit.words import N_, _, say
from market.standings.models import CaseState

STATES = {
    CaseState.WARNED: N_("已预警，等待处理"),
    CaseState.APPEALED: N_("已申诉，等待裁定"),
    CaseState.DUE: N_("等待平台查看"),
    CaseState.HELD: N_("暂不在首页展示"),
    CaseState.CLEARED: N_("平台裁定不处理"),
    CaseState.MENDED: N_("已修改，重新统计"),
    CaseState.RECOVERED: N_("数据已好转"),
}


def state_name(state: CaseState) -> str:
    return say(STATES[state])


class Scored(Protocol):
    """A standing, or what a case was opened on."""

    @property
    def finish_pct(self) -> int: ...
    @property
    def play5_pct(self) -> int: ...
    @property
    def fit_pct(self) -> int | None: ...


@dataclass(frozen=True)
class Reason:
    """One part of a score: its name, a sentence, and percent of the usual."""

    name: str
    text: str
    pct: int


def reasons(scored: Scored) -> list[Reason]:
    """The parts in the order of their weight, in the reader's language."""
    found = [
        Reason(_("看完率"), beside(scored.finish_pct), scored.finish_pct),
        Reason(_("5 秒留存"), beside(scored.play5_pct), scored.play5_pct),
    ]
    fit = scored.fit_pct
    if fit is not None:
        text = (
            _("视频里的商品都属于需求类目")
            if fit == 100
            else _("视频里的商品只有 %(n)s%% 属于需求类目", n=fit)
        )
        found.append(Reason(_("贴合需求类目"), text, fit))
    return found


def beside(pct: int) -> str:
    if pct >= 115:
        return _("是同类目、同位置平常的 %(n)s 倍", n=f"{pct / 100:.1f}")
    if pct > 85:
        return _("和同类目、同位置平常差不多")
    return _("只有同类目、同位置平常的 %(n)s%%", n=pct)
