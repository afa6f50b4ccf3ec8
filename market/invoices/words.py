"""The names on documents. A document is Chinese with English beside it, whoever prints it: it is the same paper for all."""

from market.invoices.models import DocumentKind
from market.kit.words import N_, say

TITLES = {
    DocumentKind.INVOICE: ("平台服务费账单", "Invoice for platform fees"),
    DocumentKind.RECEIPT: ("订单收款回执", "Order receipt"),
    DocumentKind.STATEMENT: ("月度对账单", "Monthly statement"),
    DocumentKind.CREDIT_NOTE: ("平台服务费红字账单", "Credit note for platform fees"),
}
KIND_NAMES = {
    DocumentKind.INVOICE: N_("服务费账单"),
    DocumentKind.RECEIPT: N_("订单回执"),
    DocumentKind.STATEMENT: N_("月度对账单"),
    DocumentKind.CREDIT_NOTE: N_("红字账单"),
}
PAPERS = {"invoice": "账单 Invoice", "credit_note": "红字账单 Credit note"}
STAGES = {"script": "脚本 Script", "draft": "初稿 Draft", "published": "发布 Publication"}
METHODS = {"card": "银行卡 Card", "alipay": "支付宝 Alipay", "wechat_pay": "微信支付 WeChat Pay", "fund": "钱包余额 Wallet",
           "promotion": "平台补贴 Subsidy"}  # fmt: skip

MOVEMENTS = {
    "charge": "付款 Payment",
    "top_up": "充值 Top-up",
    "fund": "余额付款 From balance",
    "promotion": "平台补贴 Subsidy",
    "promotion_returned": "补贴退回 Subsidy returned",
    "award": "托管 Escrow",
    "release": "放款 Release",
    "split": "按结果分配 Split",
    "hold": "争议冻结 Held",
    "decide": "裁决 Decision",
    "refund": "退款 Refund",
    "refund_settled": "退款到账 Refund settled",
    "refund_failed": "退款退回 Refund failed",
    "chargeback_opened": "拒付 Chargeback",
    "chargeback_frozen": "拒付冻结 Frozen",
    "chargeback_won": "拒付胜诉 Chargeback won",
    "chargeback_lost": "拒付败诉 Chargeback lost",
    "recovery": "抵扣欠款 Debt recovered",
    "reversal": "转账退回 Reversal",
    "write_off": "核销 Write-off",
    "mature": "可提现 Available",
    "withdraw": "提现申请 Withdrawal",
    "transfer": "提现 Paid out",
    "withdraw_failed": "提现退回 Withdrawal failed",
    "payout_failed": "银行退回 Payout failed",
    "suspense_cleared": "查清入账 Cleared",
}


def kind_name(kind: DocumentKind) -> str:
    name = KIND_NAMES[kind]
    return say(name)
