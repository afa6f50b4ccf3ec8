"""The order's timeline: every fact of its history in words, the newest last."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from market.accounts import story
from market.accounts.actor import Actor
from market.kit import ids
from market.kit.db import db
from market.kit.events import Event, history
from market.kit.pages import format_fen, format_when
from market.kit.words import N_, _, say
from market.orders.models import Order
from market.orders.states import STAGE_NAMES, Stage

WORDS: dict[str, tuple[str, str, str]] = {
    "order.awarded": (N_("签约，金额 %(amount)s"), "handshake", ""),
    "checkout.created": (N_("打开支付页面"), "credit-card", ""),
    "checkout.expired": (N_("支付页面过期，没有扣款"), "credit-card", ""),
    "checkout.failed": (N_("付款没有成功"), "credit-card", "bad"),
    "payments.received": (N_("收到付款 %(amount)s"), "landmark", "good"),
    "order.funded": (N_("%(amount)s 已托管，开始创作"), "lock-keyhole", "good"),
    "delivery.submitted": (N_("提交%(stage)s第 %(version)s 版"), "package", "act"),
    "delivery.remarked": (N_("批注：%(text)s"), "message-square", ""),
    "delivery.revision_asked": (
        N_("要求修改%(stage)s第 %(version)s 版，还可修改 %(left)s 轮"),
        "rotate-ccw",
        "wait",
    ),
    "delivery.extended": (N_("延长了验收期"), "timer", ""),
    "delivery.accepted": (N_("验收%(stage)s第 %(version)s 版"), "circle-check", "good"),
    "delivery.scheduled": (N_("约定 %(when)s 发布"), "calendar-clock", ""),
    "auto_accept.half": (N_("提醒：验收期已过半"), "timer", "wait"),
    "auto_accept.soon": (N_("提醒：即将自动验收"), "timer", "wait"),
    "milestone.part_released": (N_("%(stage)s先放了一部分款 %(amount)s"), "coins", "good"),
    "milestone.taken_back": (N_("%(stage)s验收后退款 %(amount)s，退回商家"), "undo-2", "wait"),
    "order.settled": (N_("订单提前结束，共放款 %(amount)s"), "circle-check", ""),
    "milestone.ended": (N_("%(stage)s款：给创作者 %(amount)s，其余退回商家"), "coins", ""),
    "exit.asked": (N_("提出提前结束：创作者 %(creator)s，退回商家 %(merchant)s"), "handshake", "wait"),
    "exit.countered": (
        N_("提出别的结束方案：创作者 %(creator)s，退回商家 %(merchant)s"),
        "handshake",
        "wait",
    ),
    "exit.agreed": (N_("双方同意结束：创作者 %(creator)s，退回商家 %(merchant)s"), "handshake", "good"),
    "exit.silent": (N_("到期没有答复，按计算结束：创作者 %(creator)s，退回商家 %(merchant)s"), "timer", ""),
    "exit.withdrawn": (N_("撤回了结束申请，订单继续"), "undo-2", ""),
    "change.proposed": (
        N_("提出变更第 %(version)s 版：%(stage)s %(added)s"),
        "pencil",
        "wait",
    ),
    "change.countered": (
        N_("提出别的变更，第 %(version)s 版：%(stage)s %(added)s"),
        "pencil",
        "wait",
    ),
    "change.agreed": (N_("双方同意变更，等待商家托管 %(amount)s"), "handshake", "wait"),
    "change.in_force": (N_("变更生效：%(stage)s %(added)s"), "handshake", "good"),
    "change.declined": (N_("拒绝了变更，按原约定继续"), "circle-x", ""),
    "change.withdrawn": (N_("撤回了变更"), "undo-2", ""),
    "change.expired": (N_("变更到期，没有生效"), "timer", ""),
    "change.overtaken": (N_("变更作废：%(stage)s阶段已有结果"), "circle-x", ""),
    "refund.requested": (N_("退款 %(amount)s 已提交给支付通道"), "undo-2", ""),
    "refund.succeeded": (N_("退款 %(amount)s 已退回原支付方式"), "undo-2", "good"),
    "refund.failed": (N_("退款 %(amount)s 没有成功，已转入商家钱包"), "undo-2", "bad"),
    "dispute.opened": (N_("%(stage)s款 %(amount)s 有争议，已冻结"), "gavel", "bad"),
    "dispute.answered": (N_("对方已答复争议"), "gavel", ""),
    "dispute.stated": (N_("在争议里补充了说明"), "gavel", ""),
    "dispute.offered": (N_("提出和解：创作者 %(creator)s，退回商家 %(merchant)s"), "gavel", "wait"),
    "dispute.escalated": (N_("争议交由平台裁决"), "gavel", "wait"),
    "dispute.ruled": (N_("平台裁决：创作者 %(creator)s，退回商家 %(merchant)s"), "gavel", ""),
    "dispute.appealed": (N_("对裁决提出申诉"), "gavel", "wait"),
    "dispute.decided": (N_("争议结束：创作者 %(creator)s，退回商家 %(merchant)s"), "gavel", "good"),
    "dispute.dropped": (N_("撤回争议，继续进行"), "undo-2", ""),
    "milestone.released": (N_("%(stage)s款 %(amount)s 已放款"), "coins", "good"),
    "publication.published": (N_("「%(title)s」已上架"), "megaphone", "good"),
    "publication.withdrawn": (N_("「%(title)s」已下架"), "eye-off", ""),
    "order.frozen": (N_("资金核查中，暂时冻结"), "snowflake", "bad"),
    "order.thawed": (N_("资金核查结束，解除冻结"), "circle-check", "good"),
    "order.completed": (N_("订单完成"), "circle-check", "good"),
    "order.lapsed": (N_("没有按时托管，订单失效"), "clock", "bad"),
    "order.cancelled": (N_("订单取消"), "circle-x", "bad"),
}


def entries_of(order: Order, actor: Actor) -> list[dict[str, Any]]:
    """For ui.timeline; the payment attempts are the merchant's own business."""
    events = [event for event in history(order.id) if _concerns(event, order, actor)]
    return story.entries_of(events, WORDS, text=_text, href=_link)


def _concerns(event: Event, order: Order, actor: Actor) -> bool:
    if event.name == "milestone.ended" and actor.is_party(order.agency_id):
        return False  # the agency reads its own part on the money page
    private = event.name.startswith(("checkout.", "refund.")) or event.name in (
        "auto_accept.half",
        "auto_accept.soon",
    )
    return not private or actor.is_operator or actor.is_party(order.merchant_id)


class _Values(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "—"


def _text(event: Event) -> str:
    data = _Values(event.data)
    if "amount_fen" in event.data:
        data["amount"] = format_fen(event.data["amount_fen"])
    if event.name.startswith("change."):
        data["added"] = _added(event.data["amount_fen"], event.data["days"])
    if "creator_fen" in event.data:
        data["creator"] = format_fen(event.data["creator_fen"])
        data["merchant"] = format_fen(event.data["merchant_fen"] - event.data.get("subsidy_fen", 0))
    if "publish_at" in event.data:
        data["when"] = format_when(datetime.fromisoformat(event.data["publish_at"]))
    if event.data.get("stage") in list(Stage):
        data["stage"] = say(STAGE_NAMES[Stage(event.data["stage"])])
    text = say(WORDS[event.name][0]) % data
    return text + _("（到期自动）") if event.data.get("auto") and event.name == "delivery.accepted" else text


def _added(fen: int, days: int) -> str:
    """What a change adds, without what it does not."""
    more = [f"+{format_fen(fen)}"] if fen else []
    more += [_("+%(n)s 天", n=days)] if days else []
    return " ".join(more) or _("金额和日期不变")


def _link(event: Event) -> str:
    if event.name.startswith("delivery.") and "submission_id" in event.data:
        return f"/submissions/{event.data['submission_id']}"
    if event.name in (
        "milestone.released",
        "milestone.part_released",
        "milestone.taken_back",
        "order.settled",
    ):
        return f"/orders/{ids.encode('ord', event.subject_id)}/money"
    if event.name.startswith("dispute."):
        return str(event.data.get("url", ""))
    if event.name.startswith("change."):
        return f"/orders/{ids.encode('ord', event.subject_id)}/changes"
    if event.name.startswith("exit."):
        return f"/orders/{ids.encode('ord', event.subject_id)}/exit"
    url = str(event.data.get("url", "")) if event.name == "publication.published" else ""
    return url if url.startswith("/") else ""


def latest(order_id: UUID) -> str:
    """The id of the newest fact: what an open page compares itself with."""
    newest = db.session.scalar(
        select(Event.id).where(Event.subject_id == order_id).order_by(Event.id.desc()).limit(1)
    )
    return newest.hex if newest else ""
