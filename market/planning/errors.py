"""Refusals of the planner."""

from market.kit.errors import Conflict
from market.kit.words import N_


class NotPlanned(Conflict):
    """A creator is not among those the plan can take: no price for the format, no free slot, or not matched."""

    text = N_("%(name)s 现在不能按计划邀请：没有标价、本周没有空档，或不适合这条需求。请刷新计划。")


class TooLate(Conflict):
    """The day is so near that the work cannot be made."""

    text = N_("离 %(day)s 太近，来不及：按通常的用时，最早是 %(earliest)s。")


class RunUnderWay(Conflict):
    """A run of the rush is waiting or going on."""

    text = N_("已有一次统一撮合在进行，请等它完成。")


class NothingKept(Conflict):
    """No run of the last two hours looked at candidates."""

    text = N_("最近两小时没有撮合过，没有可以接着用的人选。请重新撮合一次。")
