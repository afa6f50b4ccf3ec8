"""A video on the shelf."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from market.kit.clock import now
from market.kit.db import Base, Row, belongs_to
from market.kit.words import N_
from market.media.uses import holds
from market.video.kinds import KINDS, FilmKind
from market.video.labels import HeadLabel


class Video(Row, Base):
    """One published video. `source_id` is whatever it came from (opaque here): the same source is shown once."""

    __tablename__ = "videos"

    source_id: Mapped[UUID] = mapped_column(unique=True)
    kind: Mapped[FilmKind]
    creator_id: Mapped[UUID] = belongs_to("parties", index=False)
    merchant_id: Mapped[UUID | None] = belongs_to("parties")
    order_id: Mapped[UUID | None]
    asset_id: Mapped[UUID] = belongs_to("assets", info=holds(N_("发布过的视频")))
    title: Mapped[str]
    caption: Mapped[str] = mapped_column(default="")
    category: Mapped[str]
    product_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()), default=list)
    campaign_code: Mapped[str | None]
    label: Mapped[HeadLabel | None]
    """What it is at a product's head."""
    published_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    held_back_at: Mapped[datetime | None]
    """Since when it is kept out of the home and the venues; it stays on its product, in its shop and at its address."""

    author_agrees: Mapped[bool] = mapped_column(default=False)
    """A viewer's film: its author lets the merchant show it on the product's page."""
    picked_at: Mapped[datetime | None]
    """Since when the merchant does."""

    __table_args__ = (
        CheckConstraint("kind <> 'product' OR merchant_id = creator_id", name="product_is_own"),
        CheckConstraint("kind = 'content' OR order_id IS NULL", name="orders_make_content"),
        CheckConstraint("picked_at IS NULL OR author_agrees", name="picked_with_consent"),
        Index("ix_videos_shelf", "id", postgresql_where=text("withdrawn_at IS NULL")),
        Index(
            "ix_videos_label_id",
            "label",
            "id",
            postgresql_where=text("withdrawn_at IS NULL AND label IS NOT NULL"),
        ),
        Index("ix_videos_creator_id_id", "creator_id", "id"),
        Index("ix_videos_product_ids", "product_ids", postgresql_using="gin"),
    )

    @property
    def is_paid(self) -> bool:
        return KINDS[self.kind].is_paid

    @property
    def is_picked(self) -> bool:
        return self.picked_at is not None

    def withdraw(self) -> None:
        self.withdrawn_at = self.withdrawn_at or now()
