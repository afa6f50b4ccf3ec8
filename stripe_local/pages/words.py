"""The words of the hosted pages, Chinese and English, and which of the two a reader gets."""

from decimal import Decimal

from babel.numbers import format_currency, get_currency_precision
from flask import Request

from stripe_local.errors import StripeError

_WORDS: dict[str, tuple[str, str]] = {
    "sandbox": ("本地沙箱，不会真实扣款", "Local sandbox: no real money moves"),
    "pay_to": ("支付给 {who}", "Pay {who}"),
    "back": ("返回 {who}", "Back to {who}"),
    "order": ("订单内容", "Order summary"),
    "total": ("合计", "Total"),
    "quantity": ("数量 {n}", "Qty {n}"),
    "each": ("每件 {price}", "{price} each"),
    "contact": ("联系方式", "Contact"),
    "email": ("电子邮箱", "Email"),
    "optional": ("选填", "optional"),
    "method": ("付款方式", "Payment method"),
    "card": ("银行卡", "Card"),
    "alipay": ("支付宝", "Alipay"),
    "wechat_pay": ("微信支付", "WeChat Pay"),
    "alipay_next": ("点击支付后，前往支付宝沙箱页面确认。", "You will confirm on the Alipay sandbox page."),
    "wechat_pay_next": ("点击支付后，显示微信沙箱二维码页面。", "Next comes the WeChat Pay sandbox page with its code."),
    "number": ("卡号", "Card number"),
    "expiry": ("有效期（月/年）", "Expiry (MM / YY)"),
    "cvc": ("安全码", "Security code"),
    "cvc_hint": ("卡背面的三位数字", "3 digits on the back"),
    "holder": ("持卡人姓名", "Name on card"),
    "other_card": ("使用其他银行卡", "Another card"),
    "save_card": ("保存这张卡，下次在 {who} 付款时使用", "Save this card for the next payment to {who}"),
    "test_cards": ("沙箱测试卡号", "Sandbox test cards"),
    "use_card": ("填入 {number}：{what}", "Use {number}: {what}"),
    "tc_ok": ("付款成功", "succeeds"),
    "tc_challenge": ("需要 3-D Secure 验证", "asks for 3-D Secure"),
    "tc_funds": ("余额不足", "insufficient funds"),
    "tc_decline": ("发卡行拒绝", "declined"),
    "pay": ("支付 {amount}", "Pay {amount}"),
    "busy": ("正在处理…", "Processing…"),
    "refused": ("付款没有完成", "The payment did not go through"),
    "not_charged": ("没有扣款。请更换付款方式，或再试一次。", "You were not charged. Try again or choose another method."),
    "again": ("重新付款", "Try again"),
    "powered": ("由本地 Stripe 沙箱提供", "Provided by the local Stripe sandbox"),
    "done_title": ("这笔订单已经支付", "This order has been paid"),
    "done_text": ("不会重复扣款，可以放心返回。", "You will not be charged again."),
    "expired_title": ("付款链接已失效", "This payment page has expired"),
    "expired_text": ("没有扣款。请回到商家页面重新发起付款。", "You were not charged. Start the payment again from the shop."),
    "lost_title": ("找不到这个页面", "Page not found"),
    "lost_text": ("链接可能不完整，或者沙箱的数据已被重置。", "The link may be incomplete, or the sandbox was reset."),
    "continue": ("继续", "Continue"),
    "card_title": ("3-D Secure 验证", "3-D Secure check"),
    "card_text": (
        "您的银行要求确认这笔付款。在沙箱里由您决定结果。",
        "Your bank asks you to confirm this payment. In the sandbox you choose the outcome.",
    ),
    "card_yes": ("完成验证并支付 {amount}", "Complete and pay {amount}"),
    "card_no": ("验证失败", "Fail the check"),
    "alipay_title": ("支付宝沙箱收银台", "Alipay sandbox"),
    "alipay_text": ("确认付款给 {who}。", "Confirm your payment to {who}."),
    "alipay_yes": ("确认付款 {amount}", "Pay {amount}"),
    "alipay_no": ("付款失败", "Fail the payment"),
    "wechat_pay_title": ("微信支付沙箱", "WeChat Pay sandbox"),
    "wechat_pay_text": (
        "真实付款时，用微信扫一扫。沙箱的图案不能扫描，请点下面的按钮。",
        "A real payment is scanned with WeChat. This picture cannot be scanned: use the buttons.",
    ),
    "wechat_pay_yes": ("模拟扫码并支付 {amount}", "Scan and pay {amount}"),
    "wechat_pay_no": ("付款失败", "Fail the payment"),
    "leave": ("关闭，暂不付款", "Close without paying"),
    "left_title": ("已关闭，没有付款", "Closed without paying"),
    "left_text": ("没有扣款。可以稍后再付。", "You were not charged. You can pay later."),
    "qr": ("微信支付沙箱图案，不能扫描", "WeChat Pay sandbox picture, cannot be scanned"),
    "on_title": ("收款账户开通", "Set up payouts"),
    "on_text": (
        "{who} 通过 Stripe 向您付款。请填写收款人和银行账户。",
        "{who} pays you through Stripe. Tell us who you are and where the money goes.",
    ),
    "on_kind": ("账户类型", "Account type"),
    "on_individual": ("个人", "Individual"),
    "on_company": ("公司", "Company"),
    "on_last": ("姓", "Family name"),
    "on_first": ("名", "Given name"),
    "on_company_name": ("公司名称", "Company name"),
    "on_bank": ("银行账户", "Bank account"),
    "on_number": ("账号", "Account number"),
    "on_number_hint": (
        "沙箱账号：000123456789 提现成功，000111111113 账户已注销，000111111116 账户不存在",
        "Sandbox numbers: 000123456789 pays out, 000111111113 account closed, 000111111116 no such account",
    ),
    "on_currency": ("币种", "Currency"),
    "on_outcome": ("沙箱审核结果", "Outcome of the check (sandbox)"),
    "on_verified": ("通过", "Verified"),
    "on_pending": ("审核中", "Under review"),
    "on_rejected": ("未通过", "Rejected"),
    "on_agree": ("提交即表示同意 Stripe 关联账户协议（沙箱）。", "By submitting you accept the connected account agreement (sandbox)."),
    "on_submit": ("提交并返回", "Submit and return"),
    "on_later": ("稍后再填", "Finish later"),
    "on_name_missing": ("请填写姓和名。", "Enter your family name and given name."),
    "on_company_missing": ("请填写公司名称。", "Enter the company name."),
    "on_number_missing": ("请填写 8 至 20 位数字的账号。", "Enter an account number of 8 to 20 digits."),
    "ex_title": ("收款概览", "Your payouts"),
    "ex_balance": ("余额", "Balance"),
    "ex_available": ("可提现", "Available"),
    "ex_pending": ("待结算", "Pending"),
    "ex_banks": ("银行账户", "Bank accounts"),
    "ex_payouts": ("提现记录", "Payouts"),
    "ex_none": ("还没有记录。", "Nothing yet."),
    "ex_amount": ("金额", "Amount"),
    "ex_state": ("状态", "State"),
    "po_pending": ("处理中", "Pending"),
    "po_in_transit": ("转账途中", "In transit"),
    "po_paid": ("已到账", "Paid"),
    "po_failed": ("失败", "Failed"),
    "po_canceled": ("已取消", "Canceled"),
}  # fmt: skip

_REFUSALS: dict[str, tuple[str, str]] = {
    "insufficient_funds": ("卡内余额不足。", "Your card has insufficient funds."),
    "expired_card": ("银行卡已过期。", "Your card has expired."),
    "incorrect_cvc": ("安全码不正确。", "Your card's security code is incorrect."),
    "processing_error": ("处理时出错，请稍后再试。", "An error occurred while processing your card. Try again in a little bit."),
    "test_mode_live_card": (
        "沙箱只接受测试卡号，这张卡没有被使用。",
        "The sandbox takes test cards only; this card was not used.",
    ),
    "card_declined": ("发卡行拒绝了这张卡。", "Your card was declined."),
    "payment_intent_authentication_failure": (
        "付款没有通过验证，没有扣款。",
        "The payment was not confirmed. You were not charged.",
    ),
    "payment_method_missing": ("请选择付款方式。", "Choose a payment method."),
    "incomplete_number": ("请填写完整卡号。", "Enter the full card number."),
    "incorrect_number": ("卡号不正确。", "Your card number is incorrect."),
    "invalid_expiry": ("请按 月/年 填写有效期，例如 12/34。", "Enter the expiry as month and year, for example 12/34."),
    "invalid_expiry_year": ("银行卡已过有效期。", "Your card's expiration date is in the past."),
    "invalid_cvc": ("请填写三位或四位安全码。", "Enter the security code of 3 or 4 digits."),
}  # fmt: skip


class Words:
    """`words("pay", amount="¥10.00")` in the reader's language."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self._at = 0 if lang == "zh-CN" else 1

    def __call__(self, name: str, **values: object) -> str:
        return _WORDS[name][self._at].format(**values)

    def money(self, amount: int, currency: str) -> str:
        code = currency.upper()
        exact = Decimal(amount).scaleb(-get_currency_precision(code))
        return format_currency(exact, code, locale=self.lang.replace("-", "_"))

    def refusal(self, error: StripeError) -> str:
        """What went wrong, for a payer."""
        for code in (error.body.get("decline_code"), error.body.get("code")):
            if code in _REFUSALS:
                return _REFUSALS[str(code)][self._at]
        return str(error)


def reader(request: Request, locale: str | None = None) -> Words:
    """The session's `locale` when it names one of ours, else what the browser asks for; English for all others."""
    if locale and locale != "auto":
        return Words("zh-CN" if locale.startswith("zh") else "en")
    wanted = request.accept_languages.best_match(["zh", "zh-CN", "zh-HK", "zh-TW", "en"], default="en")
    return Words("zh-CN" if str(wanted).startswith("zh") else "en")
