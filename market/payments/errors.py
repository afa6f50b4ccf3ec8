from market.kit.errors import Conflict, Forbidden, Refusal, Unavailable
from market.kit.words import N_


class StripeAway(Unavailable):
    """Stripe gave no answer, or one that says "later". The intent is kept and tried again with the same key."""

    title = N_("支付服务暂时没有响应")
    text = N_("支付服务暂时没有响应，没有发生扣款。我们会自动重试，请稍等片刻再看。")
    headers = {"Retry-After": "10"}


class AccountGone(Exception):
    """A payee's account that was closed, or disconnected from us: Stripe lets nobody of ours look into it."""


class StripeRefused(Refusal):
    """Stripe understood and said no; `code` is its reason, `message` its sentence (never shown to people)."""

    status = 409
    title = N_("支付服务拒绝了请求")
    text = N_("支付服务拒绝了这个请求（%(code)s）。请联系平台客服，并告知这个代码。")

    def __init__(self, code: str, message: str = "", *, decline: str = "", intent_id: str = "") -> None:
        """`decline`: the bank's own reason, where there is one; `intent_id`: the payment that was refused."""
        super().__init__(code=code)
        self.code = code
        self.message = message
        self.decline = decline
        self.intent_id = intent_id


class CardExpired(Conflict):
    """The saved card cannot pay any more."""

    text = N_("这张卡已过期，请换一张卡，或换一种付款方式。")


class PageStillOpen(Conflict):
    """Another payment for the same thing is not ended yet; two ways to pay at once could take the money twice."""

    title = N_("上一次支付还没有结束")
    text = N_("上一次打开的支付正在关闭，请过几秒再试。没有重复扣款。")


class TopUpLimits(Refusal):
    status = 422
    title = N_("填写的内容有误")
    text = N_("单次充值须在 %(least)s 到 %(most)s 之间。")


class AlreadyPaid(Conflict):
    """The money is here; the order moves on in a moment."""

    text = N_("这笔款项已经支付，正在入账，请勿重复付款。")


class KeyOfAnother(Conflict):
    """The same Idempotency-Key was used for something else."""

    status = 422
    title = N_("Idempotency-Key 已用于其他请求")
    text = N_("这个 Idempotency-Key 已用于另一个不同的请求，请换一个。")


class NotOnboarded(Conflict):
    """The payee has no Stripe account that may be paid out to."""

    title = N_("收款账户未开通")
    text = N_("请先开通收款账户，再提现。")


class MayNotCash(Forbidden):
    text = N_("只有创作者和机构的财务成员可以查看收入和提现。")


class BelowMinimum(Refusal):
    status = 422
    title = N_("填写的内容有误")
    text = N_("单次提现至少 %(least)s。")


class NotEnough(Conflict):
    """More was asked than is available."""

    title = N_("可提现金额不足")
    text = N_("可提现金额不足：现在最多可提 %(most)s。")


class HeldBack(Conflict):
    """The money is there, but the orders it was earned by are frozen."""

    title = N_("部分收入已冻结")
    text = N_("部分收入来自正在核查的订单，暂时冻结：现在最多可提 %(most)s。")


class PayoutsPaused(Conflict):
    """Our books and Stripe's differ: nothing leaves until a person has looked."""

    title = N_("提现暂停")
    text = N_("平台正在与支付通道核对账目，提现暂停，核对完成后自动恢复。您的钱没有变化，请稍后再试。")


class RefundTooLarge(Refusal):
    """More than what is left of what was paid."""

    status = 422
    title = N_("超过可退金额")
    text = N_("超过可退金额：现在最多可退 %(most)s。没有退款。")


class DebtIsLess(Conflict):
    """Some of it came back in the meantime."""

    title = N_("欠款已减少")
    text = N_("这笔欠款现在只剩 %(most)s，不能超过这个金额。")


class NothingToReverse(Conflict):
    """The transfer is not this payee's, or less of it is left."""

    title = N_("没有可收回的转账")
    text = N_("这笔转账已经收回，或者余下的金额不够。请另选一笔，或减少金额。")


class EvidenceClosed(Conflict):
    """The answer was given, the deadline is over, or the bank has decided."""

    title = N_("不能再提交证据")
    text = N_("证据已经提交，或者已过期限、银行已有结果，不能再修改。")


class EvidenceIncomplete(Conflict):
    """Files are still on their way to Stripe, or were refused there."""

    title = N_("材料还没有传完")
    text = N_("有文件还在上传或没有上传成功，请等它完成，或删掉后再提交。")


class NoEvidence(Refusal):
    status = 422
    title = N_("填写的内容有误")
    text = N_("请至少填写一段说明，或上传一份文件。")


class BadEvidenceFile(Refusal):
    """Banks read these, nothing else."""

    status = 422
    title = N_("文件不能使用")
    text = N_("只能上传 PDF、PNG 或 JPEG 文件，每份不超过 %(most)s。")


class ChargeUnknown(StripeAway):
    """A dispute arrived before the payment it is about: asked again a little later."""


class AccountRestricted(Conflict):
    """Stripe does not let this account be paid now; what is missing stands on the income page."""

    title = N_("收款账户受限")
    text = N_("收款账户暂时不能收款：%(why)s。请在“收款账户”里按提示补充，通过后再提现。")


class PayoutHeld(Conflict):
    """The bank account was changed a short while ago."""

    title = N_("提现暂时保留")
    text = N_(
        "收款银行账户刚刚更换，为了您的资金安全，%(until)s 之后才能提现。如果不是您本人更换，请立即联系客服。"
    )


class NothingToDecide(Conflict):
    """The payout is not with the payee's Stripe account any more."""

    title = N_("这笔提现不需要处理")
    text = N_("这笔提现已经处理过，请刷新后再看。")
