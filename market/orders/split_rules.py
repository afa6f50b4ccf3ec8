"""The rules by which a stage is shared out, in versions: an order keeps the number of the one it was made under.

The rates come from the figures. When they change, the next award writes a new version; versions never change.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, Identity, UniqueConstraint, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from market.accounts.models import Party
from market.kit.db import Base, db
from market.kit.figures import Figures


class SplitRule(Base):
    """Platform fee and tax in basis points; the agency's share is agreed per creator and stands in the order."""

    __tablename__ = "split_rules"

    version: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    fee_bps: Mapped[int]
    tax_bps: Mapped[int]
    """Withheld from a person's own part."""
    company_tax_bps: Mapped[int]
    """The same for a company, which pays its taxes itself."""
    since: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())

    __table_args__ = (
        UniqueConstraint("fee_bps", "tax_bps", "company_tax_bps"),
        CheckConstraint(
            "fee_bps BETWEEN 0 AND 10000 AND tax_bps BETWEEN 0 AND 10000 AND company_tax_bps BETWEEN 0 AND 10000",
            name="rates",
        ),
    )

    def tax_for(self, payee: Party) -> int:
        return self.company_tax_bps if payee.is_company else self.tax_bps


def current(figures: Figures) -> SplitRule:
    """The version with these figures; written when they are new. Awards at once agree on one."""
    rates = {
        "fee_bps": figures.fee_bps,
        "tax_bps": figures.tax_bps,
        "company_tax_bps": figures.company_tax_bps,
    }
    same = select(SplitRule).filter_by(**rates)
    found = db.session.scalar(same)
    if found is None:
        db.session.execute(insert(SplitRule).values(**rates).on_conflict_do_nothing())
        found = db.session.scalars(same).one()
    return found
