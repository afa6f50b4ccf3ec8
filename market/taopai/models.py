"""A film in the making."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, func
from sqlalchemy.orm import Mapped, mapped_column

from market.kit.clock import now
from market.kit.db import Base, Row, belongs_to


class EditDraft(Row, Base):
    """An edit list somebody works on, and the film last made by it."""

    __tablename__ = "edit_drafts"

    owner_id: Mapped[UUID] = belongs_to("parties", index=False)
    author_id: Mapped[UUID | None] = belongs_to("people")
    title: Mapped[str]
    edit_list: Mapped[dict[str, Any]]
    """As `EditListSchema` dumps it: public ids, milliseconds."""
    film_id: Mapped[UUID | None] = belongs_to("assets")
    film_digest: Mapped[str | None]
    """Of the title and the edit list the film was made by: the same again makes no second film."""
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())

    __table_args__ = (Index("ix_edit_drafts_owner_id_id", "owner_id", "id"),)

    @property
    def duration_ms(self) -> int:
        return sum(clip["out_ms"] - clip["in_ms"] for clip in self.edit_list["clips"])

    def change(self, title: str, edit_list: dict[str, Any]) -> None:
        self.title, self.edit_list = title, edit_list
        self.updated_at = now()

    def made(self, film_id: UUID, digest: str) -> None:
        self.film_id, self.film_digest = film_id, digest
