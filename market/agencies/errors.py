from market.kit.errors import Conflict, Refusal
from market.kit.words import N_


class NoSuchCreator(Refusal):
    status = 422
    title = N_("填写的内容有误")
    text = N_("没有找到这位创作者，请核对主页地址名或邮箱。")


class AlreadyLinked(Conflict):
    """An invitation of this pair is open, or they work together already."""

    text = N_("您与这位创作者已有签约或待接受的邀请。")


class HasAgency(Conflict):
    """A creator is represented by one agency at a time."""

    text = N_("这位创作者已与一家机构签约；先解约，才能接受新的邀请。")


class OrderRuns(Conflict):
    """A1: no unlink while an order runs."""

    title = N_("还有进行中的订单")
    text = N_("您们还有 %(n)s 个进行中的订单，完成后才能解约。")


class TooManyInvitations(Conflict):
    text = N_("待接受的邀请已达 %(most)s 份，请先等对方回应或撤回一些。")


class NothingProposed(Conflict):
    text = N_("没有等待您确认的新分成。")
