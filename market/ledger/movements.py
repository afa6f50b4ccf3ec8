"""The vocabulary of movements: why money moved, and from where to where."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from market.ledger.accounts import KINDS, Account


class PostingKind(StrEnum):
    """Why money moved. The legs of each kind are written by the package whose business it is."""

    # Money in
    CHARGE = "charge"  # SC→EU, SFE→SC                          key charge:{stripe charge}
    TOP_UP = "top_up"  # SC→MW, SFE→SC                          key charge:{stripe charge}
    FUND = "fund"  # MW→EU                                      key fund:{order}:{n}
    PROMOTION = "promotion"  # PRO→EU                           key promo:{order}
    PROMOTION_RETURNED = "promotion_returned"  # EU/RF→PRO      key promo-back:{refund or decision}

    # The order
    AWARD = "award"  # EU→EM per milestone                      key award:{order}, award:{milestone}, award:{change}
    RELEASE = (
        "release"  # EM→PP creator and agency, FEE, TAX   key release:{milestone}, release:{milestone}:{n}
    )
    SPLIT = "split"  # EM→PP…, FEE, TAX and EM→MW or RF         key split:{milestone}
    HOLD = "hold"  # EM→EH, or PP, FEE and TAX→EH while cooling      key hold:{case}
    DECIDE = "decide"  # EH→PP…, FEE, TAX and EH→MW or RF; EH→EM when dropped       key decide:{case}
    REFUND = "refund"  # EU/EM/MW→RF; after release PP, PA, PREC, FEE, TAX→RF   key refund:{refund}
    SURPLUS = "surplus"  # EU→MW or RF, EU→PRO                  key surplus:{order}:{n}
    REFUND_SETTLED = "refund_settled"  # RF→SC                  key refund-bt:{stripe refund}
    REFUND_FAILED = "refund_failed"  # SC→RF, RF→MW             key refund-fail:{stripe refund}

    # Chargebacks and debts
    CHARGEBACK_OPENED = "chargeback_opened"  # CBR→SC, DFE→SC   key cb-open:{stripe dispute}
    CHARGEBACK_FROZEN = "chargeback_frozen"  # EU/EM/PP/PA→EH   key cb-freeze:{stripe dispute}
    CHARGEBACK_WON = "chargeback_won"  # SC→CBR, SC→DFE, EH→…   key cb-won:{stripe dispute}
    CHARGEBACK_LOST = "chargeback_lost"  # EH/MREC/PREC/LOSS→CBR   key cb-lost:{stripe dispute}
    RECOVERY = "recovery"  # PA→PREC, MW→MREC                   key sweep:{posting}
    REVERSAL = "reversal"  # SC→PREC                            key trr:{stripe reversal}
    WRITE_OFF = "write_off"  # LOSS→PREC or MREC                key write-off:{approval}

    # Money out
    MATURE = "mature"  # PP→PA                                  key mature:{milestone}:{payee}
    WITHDRAW = "withdraw"  # PA→PT                              key wd:{withdrawal}
    TRANSFER = "transfer"  # PT→SC                              key tr:{stripe transfer}
    WITHDRAW_FAILED = "withdraw_failed"  # PT→PA                key wd-fail:{withdrawal}
    PAYOUT_FAILED = "payout_failed"  # SC→PT, PT→PA             key po-fail:{stripe payout}

    # Stripe's own entries
    STRIPE_ENTRY = "stripe_entry"  # SFE→SC, SC→PF, FEE→PF, PF→SC   key bt:{stripe balance transaction}
    SUSPENSE = "suspense"  # SC↔SUSP                            key bt:{stripe balance transaction}
    SUSPENSE_CLEARED = "suspense_cleared"  # SUSP↔…             key clear:{approval}


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
