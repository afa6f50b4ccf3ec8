from market.kit.errors import Conflict, Forbidden
from market.kit.words import N_


class NothingSettled(Conflict):
    """There is no invoice yet that no other request covers."""

    title = N_("没有可开票的金额")
    text = N_("现在没有可开发票的服务费：订单完结后才会产生，已申请过的不能重复申请。")


class AmountChanged(Conflict):
    """More or less can be asked for than what was shown."""

    title = N_("可开票金额有变")
    text = N_("可开票金额已变为 %(amount)s，请确认后再提交。")


class AlreadyEnded(Conflict):
    """Issued, refused or withdrawn before."""

    title = N_("申请已有结果")
    text = N_("这个发票申请已经处理过，请刷新后再看。")


class NumberTaken(Conflict):
    title = N_("发票号码已用过")
    text = N_("这个发票号码已登记在另一份申请上，请核对。")


class MayNotInvoice(Forbidden):
    text = N_("只有商家的付款成员可以申请发票。")


class MonthNotOver(Conflict):
    text = N_("这个月还没有结束，月底之后才有对账单。")
