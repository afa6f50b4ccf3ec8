"""The link between an agency and a creator, and the orders that hold it."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.accounts.models import Party
from market.kit.clock import now
from market.kit.db import Base, Row, belongs_to
from market.kit.states import move


class LinkState(StrEnum):
    INVITED = "invited"
    ACTIVE = "active"
    ENDING = "ending"
    ENDED = "ended"
    DECLINED = "declined"


LINK_MOVES = {
    LinkState.INVITED: {LinkState.ACTIVE, LinkState.DECLINED, LinkState.ENDED},
    LinkState.ACTIVE: {LinkState.ENDING},
    LinkState.ENDING: {LinkState.ACTIVE, LinkState.ENDED},
}

MAX_COMMISSION_BPS = 5_000
"""Half: an agency never gets more of a payment than the creator."""


class RosterLink(Row, Base):
    """A creator on an agency's roster. The share is the creator's to accept; `proposed_bps` waits for that."""

    __tablename__ = "roster_links"

    agency_id: Mapped[UUID] = belongs_to("parties", index=False)
    creator_id: Mapped[UUID] = belongs_to("parties", index=False)
    commission_bps: Mapped[int]
    proposed_bps: Mapped[int | None]
    note: Mapped[str] = mapped_column(default="")
    state: Mapped[LinkState] = mapped_column(default=LinkState.INVITED)
    replied_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    notice_by: Mapped[UUID | None]
    ended_at: Mapped[datetime | None]

    agency: Mapped[Party] = relationship(foreign_keys=[agency_id], lazy="selectin", viewonly=True)
    creator: Mapped[Party] = relationship(foreign_keys=[creator_id], lazy="selectin", viewonly=True)

    __table_args__ = (
        CheckConstraint(f"commission_bps BETWEEN 0 AND {MAX_COMMISSION_BPS}", name="commission"),
        CheckConstraint(f"proposed_bps BETWEEN 0 AND {MAX_COMMISSION_BPS}", name="proposed"),
        CheckConstraint("agency_id <> creator_id", name="two_sides"),
        Index("ix_roster_links_agency_id_id", "agency_id", "id"),
        Index("ix_roster_links_creator_id_id", "creator_id", "id"),
        Index(
            "uq_roster_links_pair",
            "agency_id",
            "creator_id",
            unique=True,
            postgresql_where=text("state IN ('invited', 'active', 'ending')"),
        ),
        # A creator is represented by one agency at a time.
        Index(
            "uq_roster_links_creator",
            "creator_id",
            unique=True,
            postgresql_where=text("state IN ('active', 'ending')"),
        ),
    )

    @property
    def is_active(self) -> bool:
        return self.state is LinkState.ACTIVE

    def accept(self) -> None:
        self.state = move(self.state, LinkState.ACTIVE, LINK_MOVES)
        self.replied_at = now()

    def decline(self) -> None:
        self.state = move(self.state, LinkState.DECLINED, LINK_MOVES)
        self.replied_at = now()

    def take_back_invitation(self) -> None:
        self.state = move(self.state, LinkState.ENDED, {LinkState.INVITED: {LinkState.ENDED}})
        self.ended_at = now()

    def give_notice(self, by_party: UUID | None, days: int) -> None:
        self.state = move(self.state, LinkState.ENDING, LINK_MOVES)
        self.ends_at = now() + timedelta(days=days)
        self.notice_by = by_party
        self.proposed_bps = None

    def take_back_notice(self) -> None:
        self.state = move(self.state, LinkState.ACTIVE, {LinkState.ENDING: {LinkState.ACTIVE}})
        self.ends_at = self.notice_by = None

    def end(self) -> None:
        self.state = move(self.state, LinkState.ENDED, {LinkState.ENDING: {LinkState.ENDED}})
        self.ended_at = now()

    def propose(self, commission_bps: int) -> None:
        move(self.state, LinkState.ACTIVE, {LinkState.ACTIVE: {LinkState.ACTIVE}})
        self.proposed_bps = commission_bps

    def answer_proposal(self, *, accept: bool) -> None:
        if accept and self.proposed_bps is not None:
            self.commission_bps = self.proposed_bps
        self.proposed_bps = None


class RosterHold(Row, Base):
    """Something that runs under a link (an order, named by its opaque id): while it does, the link cannot end."""

    __tablename__ = "roster_holds"

    link_id: Mapped[UUID] = belongs_to("roster_links", index=False)
    source_id: Mapped[UUID]
    released_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("source_id"),
        Index("ix_roster_holds_running", "link_id", postgresql_where=text("released_at IS NULL")),
    )
