"""A portrait as it was told: how many persons, and how many of them in each cell. Only protection.py's view of it is shown."""

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from market.accounts.vocabulary import AUDIENCE, CATEGORIES
from market.kit.db import Base, Row, belongs_to
from market.kit.words import N_


class Whose(StrEnum):
    """Whom a portrait shows: a creator's fans, a merchant's buyers."""

    FANS = "fans"
    BUYERS = "buyers"


PRICE_LEVELS = {
    "u100": N_("百元以下"),
    "100-300": N_("100–300 元"),
    "300-1000": N_("300–1000 元"),
    "1000+": N_("千元以上"),
}
"""What somebody usually spends in one purchase."""

PARTS = {
    "gender": AUDIENCE["gender"],
    "age": AUDIENCE["age"],
    "city": AUDIENCE["city"],
    "price": PRICE_LEVELS,
}
"""Of these everybody is in one cell at most; who is in none is not known. The order is that of neighbours."""
INTERESTS = "interests"
INTEREST_NAMES = CATEGORIES
"""Anybody may have several."""
PART_NAMES = {
    "gender": N_("性别"),
    "age": N_("年龄"),
    "city": N_("城市"),
    "price": N_("每次消费"),
    INTERESTS: N_("感兴趣的类目"),
}


class Portrait(Row, Base):
    """What was counted of one party's people on one day: `cells` is {part: {key: persons}}. Told again, it is corrected."""

    __tablename__ = "portraits"

    party_id: Mapped[UUID] = belongs_to("parties", index=False)
    whose: Mapped[Whose]
    day: Mapped[date]
    persons: Mapped[int] = mapped_column(BigInteger)
    cells: Mapped[dict[str, Any]]

    __table_args__ = (
        UniqueConstraint("party_id", "whose", "day"),
        CheckConstraint("persons >= 0", name="persons"),
    )
