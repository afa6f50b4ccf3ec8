"""How one release is shared out. Pure, exact: the four parts always sum to the amount."""

from typing import NamedTuple

from market.kit.money import share_bps


class Shares(NamedTuple):
    """In fen. Floors for platform, agency and tax; what rounding leaves stays with the creator."""

    fee: int
    agency: int
    tax: int
    creator: int

    @classmethod
    def of(cls, amount: int, *, fee_bps: int, commission_bps: int, tax_bps: int) -> "Shares":
        """The platform's part of the whole, the agency's of the rest, tax of what is then the creator's."""
        fee = share_bps(amount, fee_bps)
        agency = share_bps(amount - fee, commission_bps)
        tax = share_bps(amount - fee - agency, tax_bps)
        return cls(fee, agency, tax, amount - fee - agency - tax)

    @classmethod
    def between(cls, before: int, after: int, **rates: int) -> "Shares":
        """What is paid when the sum paid so far grows from `before` to `after`: parts of any number and size come
        to what one payment would have been, to the fen."""
        paid, whole = cls.of(before, **rates), cls.of(after, **rates)
        return cls(*(new - old for new, old in zip(whole, paid, strict=True)))

    @property
    def total(self) -> int:
        return sum(self)
