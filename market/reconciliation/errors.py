from market.kit.errors import Conflict, Refusal
from market.kit.words import N_


class NothingToDo(Conflict):
    """The difference is gone, or was dealt with."""

    title = N_("这一项已经处理")
    text = N_("这一项差异已经消除或处理过，请刷新后再看。")


class NotAnEntry(Conflict):
    """Only what Stripe has booked can be posted; the other kinds are mended where they come from."""

    text = N_("这一项没有对应的通道流水，不能直接入账。")


class NoSuchOrder(Refusal):
    status = 422
    title = N_("填写的内容有误")
    text = N_("没有这个订单号。")
