"""The vocabulary of movements: why money moved, and from where to where."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from market.ledger.accounts import KINDS, Account


class PostingKind(StrEnum):
    """Why money moved. The legs of each kind are written by the package whose business it is."""

    CHARGE = "charge"  # SC→EU, SFE→SC                key charge:{stripe charge}
    AWARD = "award"  # EU→EM per milestone            key award:{order}
    RELEASE = "release"  # EM→PP creator and agency, EM→FEE, EM→TAX   key release:{milestone}
    MATURE = "mature"  # PP→PA                        key mature:{milestone}:{payee}
    WITHDRAW = "withdraw"  # PA→PT                    key wd:{withdrawal}
    TRANSFER = "transfer"  # PT→SC                    key tr:{stripe transfer}
    WITHDRAW_FAILED = "withdraw_failed"  # PT→PA      key wd-fail:{withdrawal}
    PAYOUT_FAILED = "payout_failed"  # SC→PT, PT→PA   key po-fail:{stripe payout}
    REFUND = "refund"  # EU/EM→RF                     key refund:{refund}
    REFUND_SETTLED = "refund_settled"  # RF→SC        key refund-bt:{stripe refund}
    STRIPE_ENTRY = "stripe_entry"  # SFE→SC, SC→PF, … key bt:{stripe balance transaction}
    PROMOTION = "promotion"  # PRO→EU                 key promo:{order}


@dataclass(frozen=True, slots=True)
class Leg:
    """`fen` leaves `debit` and arrives in `credit`; the table of movements writes it debit→credit.

    The amount is in the smallest unit of the accounts' currency.
    """

    debit: Account
    credit: Account
    fen: int

    def __post_init__(self) -> None:
        if self.fen < 0:
            raise ValueError(f"{self.debit}→{self.credit}: {self.fen} is negative; turn the leg round")
        if self.debit == self.credit:
            raise ValueError(f"{self.debit} cannot pay itself")


@dataclass(frozen=True, slots=True)
class Entry:
    """A posting as read back: all of its legs, or those that touch the accounts that were asked for."""

    posting_id: UUID
    kind: PostingKind
    source_type: str
    source_id: UUID
    at: datetime
    by_person: UUID | None
    by_party: UUID | None
    external_ref: str | None
    legs: tuple[Leg, ...]

    def change(self, account: Account) -> int:
        """By how much these legs moved the account's balance, in fen."""
        grown = sum(leg.fen for leg in self.legs if leg.credit == account)
        grown -= sum(leg.fen for leg in self.legs if leg.debit == account)
        return grown * KINDS[account.kind].sign
