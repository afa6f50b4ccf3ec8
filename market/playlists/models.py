"""A collection, and the films in it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from market.kit.clock import now
from market.kit.db import Base, Row, belongs_to

MOST_COLLECTIONS = 30
MOST_FILMS = 60
MOST_AUTOMATIC = 24


class CollectionKind(StrEnum):
    OWN = "own"
    """Chosen by hand."""
    ARRIVALS = "arrivals"
    """The store's newest films."""
    HEADS = "heads"
    """The head film of each product on the store's shelf."""


AUTOMATIC = (CollectionKind.ARRIVALS, CollectionKind.HEADS)


class Collection(Row, Base):
    """A list of films under a title. The automatic ones have no title of their own: it is said in the reader's words."""

    __tablename__ = "collections"

    merchant_id: Mapped[UUID] = belongs_to("parties", index=False)
    kind: Mapped[CollectionKind]
    title: Mapped[str] = mapped_column(default="")
    cover_id: Mapped[UUID | None] = belongs_to("videos", index=False)
    """The film whose poster stands for it; without one, the first film's."""
    removed_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_collections_merchant_id_id", "merchant_id", "id"),
        Index(
            "uq_collections_automatic",
            "merchant_id",
            "kind",
            unique=True,
            postgresql_where=text("kind <> 'own'"),
        ),
    )

    @property
    def is_automatic(self) -> bool:
        return self.kind in AUTOMATIC

    def remove(self) -> None:
        self.removed_at = self.removed_at or now()


class CollectionFilm(Row, Base):
    """A film in a collection. Pinned ones come first; left-out ones stay out of an automatic collection."""

    __tablename__ = "collection_films"

    collection_id: Mapped[UUID] = belongs_to("collections", index=False)
    video_id: Mapped[UUID] = belongs_to("videos")
    position: Mapped[int]
    pinned: Mapped[bool] = mapped_column(default=False)
    left_out: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (UniqueConstraint("collection_id", "video_id"),)
