"""The verbs of money in and out, by one name. Each noun has its module."""

from market.payments.checkouts import checkout, close
from market.payments.connect import begin as begin_onboarding
from market.payments.earnings import Income, earn, income, mature
from market.payments.outbox import send
from market.payments.withdrawals import retry, take_back, withdraw

__all__ = [
    "Income",
    "begin_onboarding",
    "checkout",
    "close",
    "earn",
    "income",
    "mature",
    "retry",
    "send",
    "take_back",
    "withdraw",
]
