from market.kit.errors import Conflict, Forbidden, NotFound, Refusal
from market.kit.words import N_


class AlreadyAwarded(Conflict):
    """One order per brief."""

    title = N_("已经选定")
    text = N_("这个需求已经选定了创作者，不能再选。")


class BidNotOpen(Conflict):
    """Withdrawn, lost, or decided."""

    text = N_("这份报价已撤回或已有结果，请刷新后另选。")


class BidChanged(Conflict):
    """The price the merchant saw is not the price of the bid any more."""

    title = N_("报价有变")
    text = N_("报价已从 %(seen)s 改为 %(price)s，请确认新报价后再选定。")


class ShareEnded(Conflict):
    """The agency no longer represents the creator under the share of its bid."""

    text = N_("这位创作者与机构的合约已变更，这份报价不能再选定。")


class TooLate(Conflict):
    """The deadline of the brief is over."""

    text = N_("需求的截止时间已过，不能再选定。")


class CreatorFull(Conflict):
    """K23: the creator's slots of the week the work is due are taken."""

    title = N_("档期已满")
    text = N_("%(creator)s的档期到 %(until)s 为止已经排满。%(advice)s")


class BidMissing(NotFound):
    text = N_("这个需求没有这份报价。")


class MayNotAward(Forbidden):
    text = N_("只有发布需求的商家可以选定报价。")


class MayNotPay(Forbidden):
    text = N_("只有下单商家的付款成员可以托管资金。")


class NotAwaitingFunds(Conflict):
    """Paid already, lapsed, or cancelled."""

    text = N_("这个订单不在待托管状态，无需付款。")


class StagesTogether(Conflict):
    """The terms of the order ask for the whole price at once."""

    text = N_("这个订单约定一次托管全部款项，不能分阶段托管。")


class PlanChanged(Conflict):
    """What the payer saw is not what would be taken now: another payment came, the wallet or a subsidy changed."""

    title = N_("应付金额有变")
    text = N_("应付金额已从 %(seen)s 变为 %(now)s，请确认新的金额后再支付。没有扣款。")


class WalletTooLow(Conflict):
    """The wallet alone does not pay it."""

    title = N_("钱包余额不足")
    text = N_("钱包余额不足，还差 %(short)s。请先充值，或用其他方式支付其余部分。没有扣款。")


class NothingToCharge(Conflict):
    """The wallet covers all of it: there is nothing to pay at Stripe."""

    text = N_("钱包余额足够支付，不需要其他支付方式。")


class CannotCancel(Conflict):
    """Money is in escrow: the order is carried out or goes to arbitration."""

    text = N_("资金托管之后不能直接取消订单。")


class OrderFrozen(Conflict):
    """Something about the order's money is being looked into; nothing of it moves until that is done."""

    title = N_("订单已冻结")
    text = N_("订单 %(number)s 的资金正在核查，暂时冻结：不能放款、退款。核查结束后会自动恢复，不影响交付。")


class AlreadyEnded(Conflict):
    """Released, refunded or split before: a milestone's money ends once."""

    title = N_("已有结果")
    text = N_("这个阶段的款项已有结果，没有再次划转。请刷新后再看。")


class NotRunning(Conflict):
    """Nobody works on this stage now: not begun, in a case, or over."""

    text = N_("这个阶段现在不在进行中，不能这样做。请刷新后再看。")


class PartTooLarge(Refusal):
    """More than what is left of the stage, or nothing."""

    status = 422
    title = N_("填写的内容有误")
    text = N_("金额必须大于 0，且小于这个阶段剩下的金额（最多 %(most)s）。要全部放款，请验收这个阶段。")


class NothingToEnd(Conflict):
    """Not running, or all that is left is in a case."""

    text = N_("这个订单现在没有可以协商结束的阶段。")


class ExitOpen(Conflict):
    """One at a time."""

    text = N_("这个订单已有一个结束申请在等待答复。")


class QuoteChanged(Conflict):
    """The figures the reader saw are not the figures of now: work was handed in, accepted, or the quote is old."""

    title = N_("金额有变")
    text = N_("订单的情况已变化，分配金额需要重新计算。请看过新的金额再提交，没有划转任何款项。")


class ExitOver(Conflict):
    title = N_("已有结果")
    text = N_("这个结束申请已有结果，请刷新后再看。")


class NotYourAnswer(Conflict):
    """One does not answer one's own proposal."""

    text = N_("正在等待对方答复。")


class RoundsUsedUp(Conflict):
    text = N_("双方已提出 %(n)s 次方案，不能再提。可以同意现在的方案，或等待按计算的金额结束。")


class SplitTooLarge(Refusal):
    status = 422
    title = N_("填写的内容有误")
    text = N_("给创作者的金额必须在 0 和 %(most)s 之间。")


class NotReleased(Conflict):
    """Only what was paid out for a stage that is over can be taken back."""

    text = N_("这个阶段还没有结束，或者没有放过款。未结束的阶段请用协商结束或仲裁。")


class WithTheBank(Conflict):
    """The payer's bank disputes the payment or took it back: refunding as well would pay twice."""

    title = N_("付款已被拒付")
    text = N_("这个订单的付款正被银行拒付，或已被银行追回，不能再退款。")


class BeyondDebtCap(Conflict):
    """The payee does not have it, and may not come to owe so much."""

    title = N_("超过可追回的上限")
    text = N_(
        "收款方账上不够，还差 %(missing)s，而最多只能再记欠款 %(room)s。请减少金额，或勾选由平台承担其余部分；没有划转任何款项。"
    )


class InCaseAlready(Conflict):
    """One case about a stage at a time."""

    text = N_("这个阶段已经在仲裁中。")


class CoolingOver(Conflict):
    """What was released has matured, or part of it: it is the payees'."""

    text = N_("这个阶段的款项已过清算期，不能再冻结。可以与对方协商退款。")


class ChangeOpen(Conflict):
    """One proposal at a time; another is made in its place only by who has seen it."""

    text = N_("这个订单已有一个变更在等待答复。请先看过它，再在它的基础上提出。")


class ChangeAgreed(Conflict):
    """Both sides have agreed; its money is awaited."""

    text = N_("双方已同意一个变更，正在等待商家托管增加的款项。")


class ChangeOver(Conflict):
    title = N_("已有结果")
    text = N_("这个变更已有结果，或已被新的版本代替，请刷新后再看。没有划转任何款项。")


class ChangeMoved(Conflict):
    """Not the version that was seen."""

    title = N_("变更有新版本")
    text = N_("您看到的不是最新的版本，请看过现在的内容再决定。没有划转任何款项。")


class ChangeTooLarge(Refusal):
    """The price would be over the limit."""

    status = 422
    title = N_("填写的内容有误")
    text = N_("订单金额超过上限，最多还能增加 %(most)s。")


class ExitWaits(Conflict):
    """An early end was asked for and is not answered."""

    text = N_("有一个提前结束的申请在等答复，现在不能变更订单。")
