"""Refusals of the ledger. After one the transaction can only be rolled back; nothing has moved."""

from market.kit.errors import Conflict
from market.kit.words import N_


class InsufficientFunds(Conflict):
    """A posting would have left an account below zero."""

    title = N_("余额不足")
    text = N_("余额不足，这笔款项没有划转。")


class KeyReused(Conflict):
    """The key was used before, for something else."""

    title = N_("重复的操作编号")
    text = N_("这个操作编号已用于另一笔款项，没有重复划转。")
