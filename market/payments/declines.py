"""Why a payment did not go through, in words that say what to do now. Codes: docs.stripe.com/declines/codes."""

from market.kit.words import N_, _, say

ASK_BANK = N_("发卡行拒绝了这笔付款，没有说明原因。请联系发卡行，或换一张卡、换支付宝或微信支付")
OTHER_CARD = N_("发卡行不接受这张卡。请换一张卡，或换支付宝、微信支付")
NO_FUNDS = N_("卡内余额或额度不足。请换一张卡，或只托管下一阶段")
OVER_LIMIT = N_("超过了这张卡的限额或次数。请联系发卡行提高限额，或换一种付款方式")
LATER = N_("银行或支付通道临时出错。请过几分钟再试")
EXPIRED = N_("这张卡已过期。请换一张卡，并在钱包页移除旧卡")
WRONG_DATA = N_("卡片信息不正确。请重新填写，或换一张卡")
VERIFY = N_("没有通过银行的身份验证。请重新支付并完成验证，或换一张卡")
UNSUPPORTED = N_("这张卡不支持这笔付款的币种或类型。请换一张卡，或换支付宝、微信支付")

WORDS = {
    "payment_failed": N_("付款没有成功"),
    "card_declined": ASK_BANK,
    "generic_decline": ASK_BANK,
    "do_not_honor": ASK_BANK,
    "call_issuer": ASK_BANK,
    "no_action_taken": ASK_BANK,
    # Stripe asks not to tell the holder of the card more than this.
    "fraudulent": ASK_BANK,
    "lost_card": ASK_BANK,
    "stolen_card": ASK_BANK,
    "merchant_blacklist": ASK_BANK,
    "pickup_card": OTHER_CARD,
    "restricted_card": OTHER_CARD,
    "security_violation": OTHER_CARD,
    "service_not_allowed": OTHER_CARD,
    "transaction_not_allowed": OTHER_CARD,
    "invalid_account": OTHER_CARD,
    "new_account_information_available": OTHER_CARD,
    "insufficient_funds": NO_FUNDS,
    "card_velocity_exceeded": OVER_LIMIT,
    "withdrawal_count_limit_exceeded": OVER_LIMIT,
    "invalid_amount": OVER_LIMIT,
    "processing_error": LATER,
    "issuer_not_available": LATER,
    "try_again_later": LATER,
    "reenter_transaction": LATER,
    "approve_with_id": LATER,
    "expired_card": EXPIRED,
    "invalid_expiry_month": WRONG_DATA,
    "invalid_expiry_year": WRONG_DATA,
    "incorrect_cvc": WRONG_DATA,
    "invalid_cvc": WRONG_DATA,
    "incorrect_number": WRONG_DATA,
    "invalid_number": WRONG_DATA,
    "incorrect_zip": WRONG_DATA,
    "authentication_required": VERIFY,
    "payment_intent_authentication_failure": VERIFY,
    "currency_not_supported": UNSUPPORTED,
    "card_not_supported": UNSUPPORTED,
    "duplicate_transaction": N_("银行认为这是一笔重复的付款。请先查看订单是否已经托管，再决定是否重付"),
}


def words(code: str) -> str:
    """What happened and what to do; an unknown code is named, so that support can look it up."""
    return say(WORDS[code]) if code in WORDS else _("支付通道返回：%(code)s", code=code)
