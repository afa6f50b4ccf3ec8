from market.kit.errors import Conflict, Invalid
from market.kit.words import N_


class SlugTaken(Conflict):
    text = N_("这个地址已经用在另一个会场上。")


class TooManyModules(Conflict):
    text = N_("一个会场最多 %(most)s 个模块。")


class NothingToShow(Conflict):
    """A venue without modules is not worth a visit."""

    text = N_("会场里还没有模块，先添加一个再发布。")


class ScheduleReversed(Invalid):
    text = N_("结束时间要晚于开放时间。")
