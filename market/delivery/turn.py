"""Whose turn it is on an order, and by when: one sentence for each reader."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from market.accounts.actor import Actor
from market.delivery.models import Submission
from market.kit.words import _, say
from market.orders.endings import Cause, endings
from market.orders.models import Milestone, Order
from market.orders.states import STAGE_NAMES, MilestoneState, OrderState, Stage


@dataclass(frozen=True)
class Turn:
    """`mine`: the reader is the one to act. `due`: by when; `auto`: what happens by itself then."""

    text: str
    mine: bool
    due: datetime | None = None
    auto: str = ""


def turn_of(order: Order, actor: Actor, submissions: Sequence[Submission]) -> Turn:
    merchant, creator = actor.is_party(order.merchant_id), actor.is_party(order.creator_id)
    if order.state is OrderState.AWAITING_FUNDS:
        due = order.awarded_at + timedelta(hours=order.terms["funding_lapse_h"])
        text = _("请托管资金，创作者随后开工") if merchant else _("等待商家托管资金，到账之后再开工")
        return Turn(text, merchant, due, _("到时未托管，订单自动失效"))
    if order.is_over:
        return Turn(_over(order), False)
    if order.waiting_stage is not None:
        return _waits_for_money(order.waiting_stage, merchant)
    milestone = order.current
    if milestone is None:
        return Turn(_("款项在仲裁中，等待结果"), False)
    stage = say(STAGE_NAMES[milestone.kind])
    if order.waits_for_its_hour:
        return Turn(_("作品已定时发布"), False, order.publish_at, _("到时自动上架，并放出最后一笔款"))
    if milestone.kind is Stage.PUBLISHED:
        return Turn(_("作品正在上架，上架后自动放出最后一笔款"), False)
    if milestone.state is MilestoneState.SUBMITTED:
        # The newest: they were read a moment after the order, and it may be decided already.
        waiting = next(s for s in reversed(submissions) if s.milestone_id == milestone.id)
        text = (
            _("请验收%(stage)s（第 %(n)s 版）", stage=stage, n=waiting.version)
            if merchant
            else _("等待商家验收%(stage)s（第 %(n)s 版）", stage=stage, n=waiting.version)
        )
        return Turn(text, merchant, waiting.auto_accept_at, _("到时未处理，自动验收并放款"))
    sent_back = any(s.milestone_id == milestone.id for s in submissions)
    if creator:
        text = (
            _("请按意见修改并重新提交%(stage)s", stage=stage)
            if sent_back
            else _("请提交%(stage)s", stage=stage)
        )
    else:
        text = (
            _("等待创作者修改%(stage)s", stage=stage)
            if sent_back
            else _("等待创作者提交%(stage)s", stage=stage)
        )
    return Turn(text, creator, milestone.due_at)


def _waits_for_money(stage: Milestone, merchant: bool) -> Turn:
    n, name = stage.position, say(STAGE_NAMES[stage.kind])
    if merchant:
        return Turn(_("请托管第 %(n)s 阶段（%(stage)s），到账后继续", n=n, stage=name), True)
    return Turn(_("等待商家托管第 %(n)s 阶段（%(stage)s），到账之后再开工", n=n, stage=name), False)


def _over(order: Order) -> str:
    if order.state is OrderState.SETTLED and any(
        each.cause is Cause.CHARGEBACK for each in endings(order.id).values()
    ):
        return _("付款被付款方的银行追回，订单已结束")
    return {
        OrderState.COMPLETED: _("订单已完成，款项已全部放出"),
        OrderState.LAPSED: _("商家没有按时托管资金，订单已失效"),
        OrderState.CANCELLED: _("订单已取消"),
        OrderState.SETTLED: _("订单已提前结束，款项已按结果分配"),
    }[order.state]
