"""Posts and who follows whom."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Uuid, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from market.kit.clock import now
from market.kit.db import Base, Row, belongs_to
from market.kit.words import N_
from market.media.uses import holds

MOST_IMAGES = 9
MOST_PRODUCTS = 12


class PostKind(StrEnum):
    ARTICLE = "article"
    NOTICE = "notice"


class Post(Row, Base):
    """Something said to one's followers. `source_id` is the work it was published from, if any (opaque here)."""

    __tablename__ = "posts"

    source_id: Mapped[UUID | None] = mapped_column(unique=True)
    author_id: Mapped[UUID] = belongs_to("parties", index=False)
    merchant_id: Mapped[UUID | None] = belongs_to("parties")
    order_id: Mapped[UUID | None]
    kind: Mapped[PostKind]
    title: Mapped[str]
    body: Mapped[str]
    category: Mapped[str | None]
    image_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()), default=list, info=holds(N_("动态的配图")))
    product_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()), default=list)
    campaign_code: Mapped[str | None]
    published_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]

    __table_args__ = (
        # Reading the feed takes the newest of each followed author from here.
        Index(
            "ix_posts_author_id_id",
            "author_id",
            text("id DESC"),
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
        Index("ix_posts_shelf", "id", postgresql_where=text("withdrawn_at IS NULL")),
    )

    @property
    def is_paid(self) -> bool:
        """Made for a merchant: readers are told, and its words are frozen by the order."""
        return self.source_id is not None

    def withdraw(self) -> None:
        self.withdrawn_at = self.withdrawn_at or now()


class Follow(Base):
    """`follower_id` wants to hear from `followed_id`."""

    __tablename__ = "follows"

    follower_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"), primary_key=True)
    followed_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"), primary_key=True, index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())

    __table_args__ = (CheckConstraint("follower_id <> followed_id", name="not_oneself"),)
