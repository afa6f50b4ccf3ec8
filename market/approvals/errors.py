from market.kit.errors import Conflict, Forbidden
from market.kit.words import N_


class OwnRequest(Forbidden):
    """Four eyes: who asked cannot be who agrees."""

    title = N_("不能审批自己的申请")
    text = N_("这是您自己提出的申请，需要另一位运营同事审批。")


class MayNotDecide(Forbidden):
    """The act needs a right this operator does not have."""

    text = N_("您没有审批这类申请的权限。")


class AlreadyDecided(Conflict):
    """Carried out, refused or withdrawn before."""

    title = N_("申请已有结果")
    text = N_("这个申请已经有结果了，没有重复执行。")


class ApprovalExpired(Conflict):
    title = N_("申请已过期")
    text = N_("这个申请已过期，需要的话请重新提出。")


class ContentChanged(Conflict):
    """What was shown to the one who agrees is not what was asked."""

    title = N_("申请内容不一致")
    text = N_("您看到的内容与申请的内容不一致，没有执行。请刷新后再看。")
