"""One catalogue of events: what a notice of each says, and where it leads.

The text is Chinese source with the event's data filled in; `amount` is made from `amount_fen`. An event that is
not listed here gives no notice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from market.kit.ids import encode
from market.kit.pages import format_fen, format_when
from market.kit.words import N_, say

Link = Callable[[UUID, dict[str, Any]], str]


def to(pattern: str, prefix: str) -> Link:
    """A page address made from the event's subject."""
    return lambda subject_id, data: pattern % encode(prefix, subject_id)


def fixed(path: str) -> Link:
    return lambda subject_id, data: path


def given(subject_id: UUID, data: dict[str, Any]) -> str:
    """The address stands in the event's data."""
    return str(data.get("url", "/"))


def brief(subject_id: UUID, data: dict[str, Any]) -> str:
    """Bids and invitations have a life of their own; their page is the brief's."""
    return f"/t/{data['task']}" if "task" in data else "/inbox"


ORDER = to("/orders/%s", "ord")
CHANGES = to("/orders/%s/changes", "ord")
EXIT = to("/orders/%s/exit", "ord")
MONEY = to("/orders/%s/money", "ord")
TASK = to("/t/%s", "tsk")
UPLOAD = to("/uploads/%s", "ast")


def payment(subject_id: UUID, data: dict[str, Any]) -> str:
    """Where one pays again: the order, or the wallet."""
    return "/m/funds" if data.get("purpose") == "top_up" else ORDER(subject_id, data)


@dataclass(frozen=True)
class Entry:
    text: str
    link: Link
    icon: str = "bell"


CATALOGUE: dict[str, Entry] = {
    "party.verified": Entry(N_("资质审核通过，现在可以报价和签约了"), fixed("/settings"), "badge-check"),
    "profile.live_by_hour": Entry(
        N_("直播改为按小时标价：您原来一场的报价按 2 小时折成每小时 %(amount)s，请核对"),
        fixed("/u/profile"),
        "radio",
    ),
    "party.verification_refused": Entry(N_("资质审核未通过：%(reason)s"), fixed("/settings"), "badge-x"),
    "venue.offered": Entry(N_("有商家想在「%(venue)s」放视频模块「%(title)s」"), given, "flame"),
    "venue.offer_admitted": Entry(N_("您的模块「%(title)s」已放进「%(venue)s」，发布后可见"), given, "flame"),
    "venue.offer_refused": Entry(N_("您的模块「%(title)s」没有放进会场：%(reason)s"), given, "flame"),
    "film.warned": Entry(
        N_("「%(title)s」的数据明显低于同类目，请看原因；现在只有您和合作方知道"), given, "trending-down"
    ),
    "film.mended": Entry(N_("「%(title)s」的标题或文案已修改，从明天起重新统计"), given, "pencil"),
    "film.recovered": Entry(N_("「%(title)s」的数据已好转，预警解除"), given, "trending-up"),
    "film.offered": Entry(
        N_("有创作者发布了介绍“%(product)s”的视频「%(title)s」，可以展示在商品页"), given, "circle-play"
    ),
    "film.picked": Entry(N_("「%(title)s」已展示在商品页"), given, "circle-play"),
    "film.withdrawn": Entry(N_("「%(title)s」已由平台下架"), given, "eye-off"),
    "film.held": Entry(N_("「%(title)s」暂不在首页和会场展示：%(reason)s"), given, "eye-off"),
    "film.cleared": Entry(N_("「%(title)s」的预警已解除：%(reason)s"), given, "badge-check"),
    "film.appealed": Entry(N_("「%(title)s」的创作方对数据预警提出申诉，等待裁定"), given, "gavel"),
    "film.due": Entry(N_("「%(title)s」的数据预警没有人答复，请查看"), given, "clock-alert"),
    "approval.asked": Entry(N_("有一项操作等待您审批：%(reason)s"), given, "shield-question"),
    "approval.done": Entry(N_("您的申请已获同意并执行：%(reason)s"), given, "shield-check"),
    "approval.refused": Entry(N_("您的申请被驳回：%(note)s"), given, "shield-x"),
    "approval.expired": Entry(N_("您的申请没有人处理，已作废：%(reason)s"), given, "clock-alert"),
    "ledger.breached": Entry(N_("账本自查发现不平：%(rule)s，%(what)s"), fixed("/ops/ledger"), "scale"),
    "traffic.signalled": Entry(
        N_("您账号的数据里有一项需要说明，%(hours)s 小时后会影响匹配，可以申诉"),
        fixed("/u/traffic"),
        "activity",
    ),
    "traffic.withdrawn": Entry(N_("数据已更正，流量核查的那一项不再存在"), fixed("/u/traffic"), "activity"),
    "traffic.upheld": Entry(N_("您的流量申诉未获支持：%(reason)s"), fixed("/u/traffic"), "gavel"),
    "traffic.lifted": Entry(N_("流量核查的那一项已撤销：%(reason)s"), fixed("/u/traffic"), "gavel"),
    "bid.placed": Entry(N_("「%(title)s」收到新报价 %(amount)s"), brief, "hand-coins"),
    "bid.placed_for_you": Entry(N_("%(agency)s 代您向「%(title)s」报价 %(amount)s"), brief, "hand-coins"),
    "bid.changed": Entry(N_("「%(title)s」的报价改为 %(amount)s"), brief, "hand-coins"),
    "bid.withdrawn": Entry(N_("「%(title)s」有一份报价撤回了"), brief, "undo-2"),
    "bid.lost": Entry(N_("「%(title)s」选了别的报价，点开看您的排在哪里"), brief, "circle-slash"),
    "bid.ended": Entry(N_("「%(title)s」取消了，您的报价不再有效"), brief, "circle-x"),
    "invitation.sent": Entry(N_("「%(title)s」邀请您来报价"), brief, "mail"),
    "invitation.declined": Entry(N_("「%(title)s」有一位创作者谢绝了邀请"), brief, "mail-x"),
    "invitation.expired": Entry(N_("「%(title)s」的一份邀请过期了，没有等到回复"), brief, "clock-alert"),
    "task.closed": Entry(N_("「%(title)s」停止征集了"), TASK, "circle-stop"),
    "task.cancelled": Entry(N_("「%(title)s」取消了"), TASK, "circle-x"),
    "roster.invited": Entry(N_("%(agency)s 邀请您加入花名册，分成 %(percent)s"), fixed("/u/agency"), "users"),
    "roster.accepted": Entry(N_("%(creator)s 加入了花名册"), fixed("/a/roster"), "user-check"),
    "roster.declined": Entry(N_("%(creator)s 谢绝了花名册邀请"), fixed("/a/roster"), "user-x"),
    "roster.invitation_withdrawn": Entry(N_("%(agency)s 撤回了花名册邀请"), fixed("/u/agency"), "undo-2"),
    "roster.split_proposed": Entry(
        N_("%(agency)s 提议把分成改为 %(percent)s，等您确认"), fixed("/u/agency"), "percent"
    ),
    "roster.split_accepted": Entry(
        N_("%(creator)s 同意了新的分成 %(percent)s"), fixed("/a/roster"), "percent"
    ),
    "roster.split_declined": Entry(
        N_("%(creator)s 没有同意新的分成 %(percent)s"), fixed("/a/roster"), "percent"
    ),
    "roster.notice_withdrawn": Entry(
        N_("%(agency)s 与 %(creator)s 的解约通知已撤回"), fixed("/inbox"), "undo-2"
    ),
    "roster.ending": Entry(
        N_("%(agency)s 与 %(creator)s 的经纪关系将于 %(ends)s 结束"), fixed("/inbox"), "user-minus"
    ),
    "roster.ended": Entry(N_("%(agency)s 与 %(creator)s 的经纪关系已结束"), fixed("/inbox"), "user-minus"),
    "order.awarded": Entry(
        N_("「%(title)s」已签约，订单 %(number)s，金额 %(amount)s，等待商家托管资金"), ORDER, "handshake"
    ),
    "order.funded": Entry(N_("订单 %(number)s 的 %(amount)s 已托管，可以开始了"), ORDER, "lock-keyhole"),
    "order.stage_funded": Entry(N_("订单 %(number)s 的下一阶段 %(amount)s 已托管"), ORDER, "lock-keyhole"),
    "order.stage_awaits_funds": Entry(
        N_("订单 %(number)s 的下一阶段等待托管 %(amount)s，到账后才开工"), ORDER, "hourglass"
    ),
    "order.wallet_short": Entry(
        N_("订单 %(number)s 还差 %(amount)s：付款时钱包余额已不够，请补付"), ORDER, "wallet"
    ),
    "order.surplus_returned": Entry(
        N_("订单 %(number)s 没有用上的 %(amount)s 已转入您的钱包"), MONEY, "wallet"
    ),
    "order.lapsed": Entry(N_("订单 %(number)s 没有按时托管资金，已失效"), ORDER, "clock-alert"),
    "order.cancelled": Entry(N_("订单 %(number)s 已取消，没有产生费用"), ORDER, "circle-x"),
    "document.issued": Entry(N_("单据 %(number)s 已出具"), given, "file-text"),
    "fapiao.asked": Entry(N_("有商家申请发票 %(amount)s：%(title)s"), given, "receipt-text"),
    "fapiao.issued": Entry(N_("您申请的发票已开具，号码 %(number)s"), given, "receipt-text"),
    "fapiao.refused": Entry(N_("您的发票申请没有通过：%(reason)s"), given, "receipt-text"),
    "order.frozen": Entry(
        N_("订单 %(number)s 的资金正在核查，暂时冻结；交付可以照常进行"), ORDER, "snowflake"
    ),
    "order.thawed": Entry(N_("订单 %(number)s 的资金核查结束，已解除冻结"), ORDER, "circle-check"),
    "order.completed": Entry(N_("订单 %(number)s 完成了"), ORDER, "party-popper"),
    "delivery.submitted": Entry(N_("订单 %(number)s 提交了新的交付，请验收"), ORDER, "package"),
    "delivery.revision_asked": Entry(
        N_("订单 %(number)s 请求修改，请看意见"), ORDER, "message-square-warning"
    ),
    "delivery.accepted": Entry(N_("订单 %(number)s 的交付已验收，放款 %(amount)s"), ORDER, "circle-check"),
    "delivery.scheduled": Entry(N_("订单 %(number)s 的作品约定于 %(when)s 发布"), ORDER, "calendar-clock"),
    "order.held_long": Entry(
        N_("订单 %(number)s 托管 %(amount)s 已久，需要有人处理"), fixed("/ops/disputes"), "timer"
    ),
    "order.settled": Entry(
        N_("订单 %(number)s 提前结束，共放款 %(amount)s，其余退回商家"), ORDER, "circle-check"
    ),
    "milestone.taken_back": Entry(
        N_("订单 %(number)s 验收后退款：%(amount)s 退回商家，各方按比例退还"), MONEY, "undo-2"
    ),
    "milestone.part_released": Entry(N_("订单 %(number)s 先放了一部分款 %(amount)s"), ORDER, "coins"),
    "milestone.ended": Entry(N_("订单 %(number)s 提前结束了一个阶段，放款 %(amount)s"), MONEY, "coins"),
    "change.proposed": Entry(
        N_("订单 %(number)s：对方提出变更，加 %(amount)s、%(days)s 天，请看过后答复"), CHANGES, "pencil"
    ),
    "change.countered": Entry(N_("订单 %(number)s：对方提出了别的变更，请看过后答复"), CHANGES, "pencil"),
    "change.agreed": Entry(
        N_("订单 %(number)s 双方同意变更，商家托管 %(amount)s 后生效"), CHANGES, "handshake"
    ),
    "change.in_force": Entry(
        N_("订单 %(number)s 的变更已生效：加 %(amount)s、%(days)s 天"), CHANGES, "handshake"
    ),
    "change.declined": Entry(N_("订单 %(number)s 的变更被拒绝，按原约定继续"), CHANGES, "circle-x"),
    "change.withdrawn": Entry(N_("订单 %(number)s 的变更撤回了"), ORDER, "undo-2"),
    "change.expired": Entry(N_("订单 %(number)s 的变更到期，没有生效"), ORDER, "timer"),
    "change.overtaken": Entry(N_("订单 %(number)s 的变更作废，这个阶段已有结果"), ORDER, "circle-x"),
    "exit.asked": Entry(N_("订单 %(number)s：对方提出提前结束，请看金额并答复"), EXIT, "handshake"),
    "exit.countered": Entry(N_("订单 %(number)s：对方提出了别的结束方案，请答复"), EXIT, "handshake"),
    "exit.agreed": Entry(N_("订单 %(number)s 双方同意结束，款项已分配"), EXIT, "handshake"),
    "exit.silent": Entry(N_("订单 %(number)s 到期没有答复，已按计算的金额结束"), EXIT, "timer"),
    "exit.withdrawn": Entry(N_("订单 %(number)s 的结束申请撤回了，订单继续"), ORDER, "undo-2"),
    "exit.soon": Entry(N_("订单 %(number)s 的结束申请等您答复；不答复将按计算的金额结束"), EXIT, "timer"),
    "refund.requested": Entry(N_("退款 %(amount)s 已提交给支付通道"), given, "undo-2"),
    "refund.succeeded": Entry(N_("退款 %(amount)s 已退回您的支付方式"), given, "undo-2"),
    "refund.failed": Entry(N_("退款 %(amount)s 没有成功，钱已在您的钱包里"), given, "undo-2"),
    "dispute.opened": Entry(
        N_("订单 %(number)s：对方提出争议，%(amount)s 已冻结，请按时答复"), given, "gavel"
    ),
    "dispute.answered": Entry(N_("订单 %(number)s 的争议有了答复"), given, "gavel"),
    "dispute.stated": Entry(N_("订单 %(number)s 的争议有新的说明"), given, "gavel"),
    "dispute.offered": Entry(N_("订单 %(number)s 的争议：对方提出和解方案"), given, "gavel"),
    "dispute.escalated": Entry(N_("订单 %(number)s 的争议已交由平台裁决"), given, "gavel"),
    "dispute.ruled": Entry(N_("订单 %(number)s 的争议已裁决，不同意可在期限内申诉一次"), given, "gavel"),
    "dispute.appealed": Entry(N_("订单 %(number)s 的裁决有人申诉，由另一位运营裁决"), given, "gavel"),
    "dispute.decided": Entry(N_("订单 %(number)s 的争议结束，款项已分配"), given, "gavel"),
    "dispute.dropped": Entry(N_("订单 %(number)s 的争议撤回了，继续进行"), given, "undo-2"),
    "dispute.soon": Entry(N_("订单 %(number)s 的争议等您答复；不答复将按对方的主张处理"), given, "timer"),
    "milestone.released": Entry(N_("订单 %(number)s 放款 %(amount)s"), ORDER, "coins"),
    "auto_accept.half": Entry(N_("订单 %(number)s 有交付等待验收，逾期将自动验收"), ORDER, "timer"),
    "auto_accept.soon": Entry(N_("订单 %(number)s 即将自动验收并放款，请尽快查看"), ORDER, "timer"),
    "checkout.failed": Entry(N_("付款没有成功，请重新支付"), payment, "credit-card"),
    "wallet.topped_up": Entry(N_("钱包充值 %(amount)s 已到账"), fixed("/m/funds"), "wallet"),
    "connect.enabled": Entry(N_("收款账户已开通，可以提现了"), given, "landmark"),
    "connect.disabled": Entry(N_("收款账户暂时不能收款，请补充资料"), given, "landmark"),
    "delivery.extended": Entry(N_("订单 %(number)s 的验收期延长了"), ORDER, "timer"),
    "connect.bank_changed": Entry(
        N_("收款银行账户已更换为 %(bank)s，%(hours)s 小时内不能提现。不是您本人操作？请立即联系客服"),
        given,
        "shield-alert",
    ),
    "payout.bounced": Entry(
        N_("提现 %(amount)s 被银行退回，请更换收款账户后重试，或退回可提现余额"), given, "banknote-x"
    ),
    "payout.skipped": Entry(N_("自动提现 %(amount)s 没有进行：收款账户需要处理"), given, "banknote-x"),
    "chargeback.opened": Entry(
        N_("「%(title)s」的付款 %(amount)s 被银行提出拒付，请补充材料"), given, "shield-alert"
    ),
    "chargeback.won": Entry(N_("「%(title)s」的拒付已撤销，款项恢复"), given, "shield-check"),
    "chargeback.lost": Entry(N_("「%(title)s」的付款 %(amount)s 被银行追回"), given, "shield-x"),
    "debt.made": Entry(N_("订单 %(number)s 产生欠款 %(amount)s，请看原因和抵扣方式"), given, "receipt-text"),
    "debt.recovered": Entry(N_("订单 %(number)s 的欠款已抵扣 %(amount)s"), given, "receipt-text"),
    "debt.written_off": Entry(N_("订单 %(number)s 的欠款 %(amount)s 已由平台核销"), given, "receipt-text"),
    "payout.requested": Entry(N_("提现 %(amount)s 已受理"), given, "banknote"),
    "payout.paid": Entry(N_("提现 %(amount)s 已到账"), given, "banknote"),
    "payout.failed": Entry(N_("提现 %(amount)s 没有成功，钱已退回可提现余额"), given, "banknote-x"),
    "publication.published": Entry(N_("「%(title)s」已经上架"), given, "megaphone"),
    "publication.withdrawn": Entry(N_("「%(title)s」已经下架"), given, "eye-off"),
    "media.ready": Entry(N_("「%(title)s」处理完成，可以使用了"), UPLOAD, "file-check"),
    "media.failed": Entry(N_("「%(title)s」处理失败，请看原因"), UPLOAD, "file-x"),
    "payments.received": Entry(N_("收到付款 %(amount)s：%(title)s"), ORDER, "circle-check"),
    "search.matched": Entry(N_("您保存的搜索“%(name)s”有 %(n)s 位新达人：%(who)s"), given, "search"),
    "search.brief_matched": Entry(N_("您保存的搜索“%(name)s”有新需求：%(who)s"), given, "search"),
    "search.briefs_matched": Entry(N_("您保存的搜索“%(name)s”有 %(n)s 个新需求：%(who)s"), given, "search"),
    "live.starting": Entry(N_("「%(title)s」马上开播"), given, "radio"),
    "message.sent": Entry(N_("%(who)s：%(excerpt)s"), given, "message-circle"),
}


class _Values(dict[str, Any]):
    """An older event may lack a word that a newer text uses; the notice is still readable."""

    def __missing__(self, key: str) -> str:
        return "—"


def words(name: str, data: dict[str, Any]) -> str:
    """What happened, in the reader's language."""
    entry = CATALOGUE.get(name)
    if entry is None:
        return name
    filled = _Values(data)
    if "amount_fen" in data:
        filled["amount"] = format_fen(data["amount_fen"])
    if "publish_at" in data:
        filled["when"] = format_when(datetime.fromisoformat(data["publish_at"]))
    return say(entry.text) % filled


def address(name: str, subject_id: UUID, data: dict[str, Any]) -> str:
    """The one link of a notice."""
    entry = CATALOGUE.get(name)
    return entry.link(subject_id, data) if entry else "/inbox"


def icon(name: str) -> str:
    entry = CATALOGUE.get(name)
    return entry.icon if entry else "bell"
