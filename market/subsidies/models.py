"""Subsidies with their budgets, and what each order was granted of them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from market.kit.clock import now
from market.kit.db import Base, Row, belongs_to
from market.kit.money import share_bps


class SubsidyKind(StrEnum):
    COUPON = "coupon"  # the platform pays a part of the price: PRO→EU
    FEE = "fee"  # the platform takes less of the price, as frozen at signing


class Audience(StrEnum):
    ALL = "all"
    NEW = "new"  # merchants who have not funded an order yet


class Subsidy(Row, Base):
    """A rule and its budget. `taken_fen` is what orders were granted and did not give back."""

    __tablename__ = "subsidies"

    name: Mapped[str]
    kind: Mapped[SubsidyKind]
    campaign_code: Mapped[str | None]
    """The season whose orders get it; None: every order."""
    percent_bps: Mapped[int] = mapped_column(default=0)
    """Of the price; for FEE, what the platform's rate is lowered by."""
    fixed_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    cap_fen: Mapped[int] = mapped_column(BigInteger)
    """The most that one order gets."""
    least_price_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    budget_fen: Mapped[int] = mapped_column(BigInteger)
    taken_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    audience: Mapped[Audience] = mapped_column(default=Audience.ALL)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("taken_fen BETWEEN 0 AND budget_fen", name="budget"),
        CheckConstraint("(percent_bps > 0) <> (fixed_fen > 0)", name="rule"),
        CheckConstraint("percent_bps BETWEEN 0 AND 10000 AND cap_fen > 0", name="limits"),
        CheckConstraint("kind <> 'fee' OR percent_bps > 0", name="fee_in_bps"),
        CheckConstraint("ends_at > starts_at", name="window"),
        Index("ix_subsidies_kind_ends_at", "kind", "ends_at"),
    )

    @property
    def left_fen(self) -> int:
        return self.budget_fen - self.taken_fen

    @property
    def is_on(self) -> bool:
        return self.stopped_at is None and self.starts_at <= now() < self.ends_at

    def worth(self, price_fen: int) -> int:
        """What an order of this price gets of it; never the whole price: the merchant pays something."""
        if price_fen < self.least_price_fen:
            return 0
        wanted = self.fixed_fen or share_bps(price_fen, self.percent_bps)
        return min(wanted, self.cap_fen, price_fen - 1)


class Grant(Row, Base):
    """What one order (`subject_id`, seen from below) gets of one subsidy: `amount_fen` is set aside, `used_fen` was
    paid into its escrow, `returned_fen` of that came back when `refunded_fen` of the order were given back."""

    __tablename__ = "subsidy_grants"

    subsidy_id: Mapped[UUID] = belongs_to("subsidies")
    subject_id: Mapped[UUID]
    party_id: Mapped[UUID] = belongs_to("parties")
    kind: Mapped[SubsidyKind]
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    used_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    returned_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    refunded_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    times: Mapped[int] = mapped_column(default=0)
    """How often a part of it was used."""

    __table_args__ = (
        UniqueConstraint("subject_id", "kind"),
        CheckConstraint(
            "0 <= returned_fen AND returned_fen <= used_fen AND used_fen <= amount_fen", name="order"
        ),
    )
