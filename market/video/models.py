"""A video on the shelf."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from market.kit.clock import now
from market.kit.db import Base, Row, belongs_to
from market.kit.words import N_
from market.media.uses import holds
from market.video.labels import HeadLabel


class Video(Row, Base):
    """One published video. `source_id` is whatever it came from (opaque here): the same source is shown once."""

    __tablename__ = "videos"

    source_id: Mapped[UUID] = mapped_column(unique=True)
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

    __table_args__ = (
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

    def withdraw(self) -> None:
        self.withdrawn_at = self.withdrawn_at or now()
