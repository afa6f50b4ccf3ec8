"""Whom a plan invited: each with a brief of their own."""

from uuid import UUID

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.accounts.models import Party
from market.kit.db import Base, Row, belongs_to


class PlanPick(Row, Base):
    """A creator of the plan for `task_id`, and the copy of that brief the creator was invited to. Once per creator."""

    __tablename__ = "plan_picks"

    task_id: Mapped[UUID] = belongs_to("tasks", index=False)
    creator_id: Mapped[UUID] = belongs_to("parties", index=False)
    brief_id: Mapped[UUID] = belongs_to("tasks", unique=True)
    invitation_id: Mapped[UUID] = belongs_to("invitations", unique=True)
    price_fen: Mapped[int] = mapped_column(BigInteger)

    creator: Mapped[Party] = relationship(lazy="selectin", viewonly=True)

    __table_args__ = (Index("uq_plan_picks_task_creator", "task_id", "creator_id", unique=True),)
