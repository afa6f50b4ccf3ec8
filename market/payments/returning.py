"""Wallet money on its way back to the payer, in words: by which means, and when it arrives there."""

from market.kit.words import N_

METHODS = {"card": N_("银行卡"), "alipay": N_("支付宝"), "wechat_pay": N_("微信支付")}
ARRIVALS = {
    "card": N_("5–10 个工作日到原卡"),
    "alipay": N_("通常 1 个工作日内到支付宝"),
    "wechat_pay": N_("通常 1 个工作日内到微信支付，银行卡付款的 1–5 个工作日"),
}
