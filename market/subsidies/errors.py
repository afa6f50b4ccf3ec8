from market.kit.errors import Conflict
from market.kit.words import N_


class SubsidyUsedUp(Conflict):
    """Between the price shown and the click, others took the rest of the budget."""

    title = N_("补贴已用完")
    text = N_("平台补贴刚刚用完，应付金额有变。请确认新的金额后再支付。没有扣款。")


class SubsidyOver(Conflict):
    """It was stopped or has ended."""

    text = N_("这项补贴已经结束，不能再停用。")
