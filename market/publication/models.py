"""Which accepted work stands on which shelf, and until when it may."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from market.kit.clock import now
from market.kit.db import Base, Row, belongs_to


class Shelf(StrEnum):
    FEED = "feed"
    VIDEO = "video"
    LIVE = "live"


class Publication(Row, Base):
    """One accepted submission on one shelf, once. `entry_id` is the shelf's own row."""

    __tablename__ = "publications"

    order_id: Mapped[UUID] = belongs_to("orders")
    submission_id: Mapped[UUID] = belongs_to("submissions", unique=True)
    merchant_id: Mapped[UUID] = belongs_to("parties", index=False)
    creator_id: Mapped[UUID] = belongs_to("parties", index=False)
    agency_id: Mapped[UUID | None] = belongs_to("parties", index=False)
    shelf: Mapped[Shelf]
    entry_id: Mapped[UUID]
    title: Mapped[str]
    published_at: Mapped[datetime]
    rights_until: Mapped[datetime | None]
    """None: for good."""
    withdrawn_at: Mapped[datetime | None]
    withdrawn_because: Mapped[str | None]

    __table_args__ = (
        Index("ix_publications_entry_id", "entry_id", unique=True),
        Index("ix_publications_merchant_id_id", "merchant_id", "id"),
        Index("ix_publications_creator_id_id", "creator_id", "id"),
    )

    @property
    def is_up(self) -> bool:
        return self.withdrawn_at is None

    @property
    def parties(self) -> tuple[UUID, UUID, UUID | None]:
        return self.merchant_id, self.creator_id, self.agency_id

    def withdraw(self, because: str) -> None:
        if self.withdrawn_at is None:
            self.withdrawn_at, self.withdrawn_because = now(), because
