"""A film in the making: the edit list somebody works on, what is filmed for it, and by which template."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.kit.clock import now
from market.kit.db import Base, Row, belongs_to
from market.kit.words import N_
from market.media.uses import holds


class EditDraft(Row, Base):
    """An edit list somebody works on, and the film last made by it."""

    __tablename__ = "edit_drafts"

    owner_id: Mapped[UUID] = belongs_to("parties", index=False)
    author_id: Mapped[UUID | None] = belongs_to("people")
    title: Mapped[str]
    edit_list: Mapped[dict[str, Any]] = mapped_column(info=holds(N_("剪辑草稿")))
    """As `EditListSchema` dumps it: public ids, milliseconds."""
    film_id: Mapped[UUID | None] = belongs_to("assets", info=holds(N_("剪辑草稿")))
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


class ShotTemplate(Row, Base):
    """A template of shots by operators; under the key of one of the house's it stands in its place."""

    __tablename__ = "shot_templates"

    key: Mapped[str] = mapped_column(unique=True)
    plan: Mapped[dict[str, Any]]
    """As `ShotPlanSchema` dumps it."""
    author_id: Mapped[UUID | None] = belongs_to("people")
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class Shoot(Row, Base):
    """Filming by a template: the plan as it was when it began, and what has been filmed of it."""

    __tablename__ = "shoots"

    owner_id: Mapped[UUID] = belongs_to("parties", index=False)
    author_id: Mapped[UUID | None] = belongs_to("people")
    plan: Mapped[dict[str, Any]]
    back: Mapped[str]
    """The page of this site the film is for, or empty."""
    asked_at: Mapped[datetime | None]
    """Since when the film is wanted; it is made as soon as its shots are ready."""
    draft_id: Mapped[UUID | None] = belongs_to("edit_drafts")
    """What the shots became; empty again when one is retaken."""
    takes: Mapped[list["Take"]] = relationship(order_by="Take.number", lazy="selectin")

    __table_args__ = (Index("ix_shoots_owner_id_id", "owner_id", "id"),)

    @property
    def shots(self) -> list[dict[str, Any]]:
        return list(self.plan["shots"])

    @property
    def is_whole(self) -> bool:
        """Every shot the film cannot do without has been taken."""
        there = {take.number for take in self.takes}
        return all(shot["optional"] or at in there for at, shot in enumerate(self.shots))


class Take(Row, Base):
    """The film of one shot; another try takes its place."""

    __tablename__ = "takes"

    shoot_id: Mapped[UUID] = belongs_to("shoots", index=False)
    number: Mapped[int]
    """Of the shot, from 0."""
    asset_id: Mapped[UUID] = belongs_to("assets", info=holds(N_("拍摄的镜头")))

    __table_args__ = (UniqueConstraint("shoot_id", "number"),)
