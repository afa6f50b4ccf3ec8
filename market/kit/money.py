"""Exact money: integers of the smallest unit; a split never loses a fen."""

from collections.abc import Sequence
from dataclasses import dataclass

BPS = 10_000


@dataclass(frozen=True)
class Money:
    """An exact amount in the currency's smallest unit: fen, cents."""

    amount: int
    currency: str = "CNY"

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount - self._same(other), self.currency)

    def split(self, weights: Sequence[int]) -> "list[Money]":
        """Share by weight; the first shares take the odd units."""
        return [Money(part, self.currency) for part in split(self.amount, weights)]

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise ValueError(f"{other.currency} does not add to {self.currency}")
        return other.amount


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """`amount` shared by weight, exact in sum; the first shares take the odd units."""
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise ValueError("weights must not be negative and must not all be zero")
    shares = [amount * weight // total for weight in weights]
    for at in range(amount - sum(shares)):
        shares[at] += 1
    return shares


def share_bps(amount: int, bps: int) -> int:
    """A share of `amount` in basis points, rounded down: the remainder stays with the one who is owed the rest."""
    return amount * bps // BPS
