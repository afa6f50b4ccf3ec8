"""The chart of accounts. States of money are accounts (held, pending, on its way out), not flags."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

NOBODY = UUID(int=0)
"""The owner of the platform's own accounts, of which there is one per currency."""


class AccountKind(StrEnum):
    STRIPE_CLEARING = "SC"
    MERCHANT_WALLET = "MW"
    ESCROW_UNALLOCATED = "EU"
    ESCROW_MILESTONE = "EM"
    ESCROW_HELD = "EH"
    PAYEE_PENDING = "PP"
    PAYEE_AVAILABLE = "PA"
    PAYOUT_IN_TRANSIT = "PT"
    REFUND_IN_TRANSIT = "RF"
    CPS_BUDGET = "CB"
    CPS_PENDING = "CP"
    CHARGEBACK_RECEIVABLE = "CBR"
    MERCHANT_RECEIVABLE = "MREC"
    PAYEE_RECEIVABLE = "PREC"
    FEE_REVENUE = "FEE"
    TAX_PAYABLE = "TAX"
    PLATFORM_FUNDS = "PF"
    STRIPE_FEES = "SFE"
    DISPUTE_FEES = "DFE"
    PROMOTIONS = "PRO"
    LOSSES = "LOSS"
    EXCHANGE = "FX"
    SUSPENSE = "SUSP"


class Facts(NamedTuple):
    """What is fixed for every account of a kind, once and for all."""

    sign: int
    """+1 when credits make it grow (what we owe), -1 when debits do (what we have, spent, lost or are owed)."""
    hot: bool
    """Every order touches it, so it has no balance row to queue for: its transfers are its balance (see
    ledger_checkpoint). It may go below zero; every other account may not: a debt is an account of its own."""
    owner: str
    """What `owner_id` is the id of; empty for the platform's own accounts."""


def _owed(owner: str) -> Facts:
    return Facts(1, hot=False, owner=owner)


def _debt(owner: str) -> Facts:
    return Facts(-1, hot=False, owner=owner)


def _platform(sign: int) -> Facts:
    return Facts(sign, hot=True, owner="")


K = AccountKind
KINDS: dict[AccountKind, Facts] = {
    K.STRIPE_CLEARING: _platform(-1),
    K.MERCHANT_WALLET: _owed("merchant"),
    K.ESCROW_UNALLOCATED: _owed("order"),
    K.ESCROW_MILESTONE: _owed("milestone"),
    K.ESCROW_HELD: _owed("case"),
    K.PAYEE_PENDING: _owed("payee"),
    K.PAYEE_AVAILABLE: _owed("payee"),
    K.PAYOUT_IN_TRANSIT: _owed("withdrawal"),
    K.REFUND_IN_TRANSIT: _owed("refund"),
    K.CPS_BUDGET: _owed("campaign"),
    K.CPS_PENDING: _owed("payee in a campaign"),
    K.CHARGEBACK_RECEIVABLE: _debt("dispute"),
    K.MERCHANT_RECEIVABLE: _debt("merchant"),
    K.PAYEE_RECEIVABLE: _debt("payee"),
    K.FEE_REVENUE: _platform(1),
    K.TAX_PAYABLE: _platform(1),
    K.PLATFORM_FUNDS: _platform(1),
    K.STRIPE_FEES: _platform(-1),
    K.DISPUTE_FEES: _platform(-1),
    K.PROMOTIONS: _platform(-1),
    K.LOSSES: _platform(-1),
    K.EXCHANGE: _platform(-1),
    K.SUSPENSE: _platform(-1),
}


@dataclass(frozen=True, slots=True)
class Account:
    """The name of an account. It is opened by the first posting that uses it."""

    kind: AccountKind
    owner_id: UUID | None = None
    currency: str = "CNY"

    def __post_init__(self) -> None:
        if (self.owner_id is None) == bool(KINDS[self.kind].owner):
            raise ValueError(f"{self.kind} accounts are {KINDS[self.kind].owner or 'the platform'}'s")

    @property
    def owner(self) -> UUID:
        """The owner as stored."""
        return self.owner_id or NOBODY

    def __str__(self) -> str:
        return f"{self.kind}:{self.owner_id}" if self.owner_id else str(self.kind)
