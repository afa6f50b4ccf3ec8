"""The kinds of differences in the operators' words: what each is, and what to do about it."""

from market.kit.words import N_, say
from market.reconciliation.models import Kind

KIND_NAMES = {
    Kind.ENTRY_ALONE: N_("通道有流水，账本没有"),
    Kind.POSTING_ALONE: N_("账本有分录，通道没有"),
    Kind.AMOUNT: N_("两边金额不同"),
    Kind.SUSPENSE: N_("待查款项"),
    Kind.SUM: N_("通道账户合计不符"),
    Kind.BALANCE: N_("通道余额与流水不符"),
    Kind.COVER: N_("通道余额不足以覆盖应付"),
    Kind.ORDER: N_("订单与账本不符"),
    Kind.LEDGER: N_("账本自查不通过"),
}

WHAT_TO_DO = {
    Kind.ENTRY_ALONE: N_(
        "先重放相关的通道事件，多数会自己补上。仍在的话，到 Stripe 后台看这笔流水是什么：是我们的，查为什么没有入账；"
        "不是我们的，申请入账到合适的科目，由另一位同事审批。"
    ),
    Kind.POSTING_ALONE: N_(
        "到 Stripe 后台找这个对象。刚发生的等一小时；确实没有的，说明分录记了没有发生的事，交给技术按更正流程冲回。"
    ),
    Kind.AMOUNT: N_(
        "以 Stripe 的金额为准，查清差在哪里（手续费、汇率、重复），再申请更正。订单在查清前保持冻结。"
    ),
    Kind.SUSPENSE: N_("弄清这笔钱是谁的，申请入账到合适的科目，由另一位同事审批。待查科目要清零。"),
    Kind.SUM: N_("逐笔都对得上而合计不符，说明账本的余额被绕过改动。停止提现，运行账本自查，交给技术。"),
    Kind.BALANCE: N_("流水没有取全，或 Stripe 正在结算。再对一次；仍然不符的，联系 Stripe。"),
    Kind.COVER: N_("从平台自有资金向 Stripe 充值，补足差额。通道费由平台承担，不能动用别人的钱。"),
    Kind.ORDER: N_("打开订单的资金明细，对照账本分录找出是哪一步。订单在查清前保持冻结，其他订单不受影响。"),
    Kind.LEDGER: N_("停止提现，保留现场，交给技术。"),
}

STEP_NAMES = {
    "import": N_("读取通道流水"),
    "pair": N_("逐笔配对"),
    "sums": N_("核对合计与余额"),
    "orders": N_("核对订单"),
    "settle": N_("登记差异"),
}


def kind_name(kind: Kind) -> str:
    name = KIND_NAMES[kind]
    return say(name)


def what_to_do(kind: Kind) -> str:
    advice = WHAT_TO_DO[kind]
    return say(advice)
