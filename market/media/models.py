"""Tables: the file and what became of it, the job that works on it, and with whom it is shared."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from market.kit.clock import now
from market.kit.db import Base, Row, belongs_to
from market.kit.states import move
from market.media.config import config


class Kind(StrEnum):
    VIDEO = "video"
    IMAGE = "image"
    FILE = "file"


class AssetState(StrEnum):
    UPLOADING = "uploading"
    UPLOADED = "uploaded"
    PROCESSING = "processing"
    READY = "ready"
    REFUSED = "refused"


MOVES = {
    AssetState.UPLOADING: {AssetState.UPLOADED},
    AssetState.UPLOADED: {AssetState.PROCESSING},
    # A machine that died puts the asset back; so does an operator after a fault of ours.
    AssetState.PROCESSING: {AssetState.READY, AssetState.REFUSED, AssetState.UPLOADED},
    AssetState.REFUSED: {AssetState.UPLOADED},
}


class Asset(Row, Base):
    """One uploaded file. Its bytes and everything made of them never change; a new version is a new asset."""

    __tablename__ = "assets"

    owner_id: Mapped[UUID] = belongs_to("parties", index=False)
    uploader_id: Mapped[UUID | None] = belongs_to("people")
    kind: Mapped[Kind]
    filename: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    content_type: Mapped[str] = mapped_column(default="application/octet-stream")
    sha256: Mapped[str | None]
    state: Mapped[AssetState] = mapped_column(default=AssetState.UPLOADING)
    refusal_code: Mapped[str | None]
    refusal_values: Mapped[dict[str, Any]] = mapped_column(default=dict)
    duration_ms: Mapped[int | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What the uploader chose: focus_x and focus_y (0..1) of the square, poster_ms; `edit` for a film made of others."""
    renditions: Mapped[dict[str, Any]] = mapped_column(default=dict)
    token: Mapped[str] = mapped_column(unique=True)
    """128 bits nobody guesses; the public name of the file."""
    revision: Mapped[str | None]
    """The folder of the finished renditions under the token."""
    published_at: Mapped[datetime | None]
    """From then on everybody may see it; before, its owner and those it is shared with."""
    expires_at: Mapped[datetime | None]
    """An upload nobody finished is thrown away after this."""

    __table_args__ = (
        Index("ix_assets_owner_id_id", "owner_id", "id"),
        Index("ix_assets_uploading", "expires_at", postgresql_where=text("state = 'uploading'")),
        CheckConstraint("size > 0", name="size_positive"),
        CheckConstraint("state <> 'ready' OR revision IS NOT NULL", name="ready_has_renditions"),
        CheckConstraint("(state = 'refused') = (refusal_code IS NOT NULL)", name="refused_has_reason"),
    )

    @property
    def is_ready(self) -> bool:
        return self.state is AssetState.READY

    @property
    def is_over(self) -> bool:
        """Nothing more will happen to it by itself."""
        return self.state in (AssetState.READY, AssetState.REFUSED)

    @property
    def original_key(self) -> str:
        return f"originals/{self.token}"

    @property
    def source_key(self) -> str:
        """The best there is of a ready film: its original, or its one file when it was made here."""
        return self.key(self.renditions["mp4"]) if "edit" in self.options else self.original_key

    def key(self, name: str) -> str:
        """Where a rendition lies in the storage."""
        return f"media/{self.token}/{self.revision}/{name}"

    def url(self, name: str | None) -> str:
        """The address of a rendition by its name in `renditions`; empty while there is none.

        A published one's is at the CDN when there is a CDN.
        """
        path = self._path(name)
        return f"{config().public_url}{path}" if path and self.published_at else path

    def _path(self, name: str | None) -> str:
        return f"/media/{self.token}/{self.revision}/{name}" if name and self.revision else ""

    @property
    def hls_url(self) -> str:
        return self.url(self.renditions.get("master"))

    @property
    def mp4_url(self) -> str:
        return self.url(self.renditions.get("mp4"))

    @property
    def whole_url(self) -> str:
        """The uncut picture of a film that was not square, for its owner alone; empty for the others."""
        return self._path(self.renditions.get("whole"))

    @property
    def preview_url(self) -> str:
        return self.url(self.renditions.get("preview"))

    @property
    def sprite_url(self) -> str:
        return self.url(self.renditions.get("sprite_vtt"))

    @property
    def captions_url(self) -> str:
        return self.url(self.renditions.get("captions"))

    @property
    def download_url(self) -> str:
        return self.url(self.renditions.get("file"))

    @property
    def poster_url(self) -> str:
        """A still: of a film its poster, of a picture a middle size."""
        return self.image_url(640) if self.kind is Kind.IMAGE else self.url(self.renditions.get("poster"))

    def image_url(self, width: int = 1280) -> str:
        """The smallest size of a picture that is at least `width` wide, else the largest there is."""
        sizes = self.renditions.get("image") or []
        fitting = [size for size in sizes if size >= width] or sizes[-1:]
        return self.url(f"{fitting[0]}.webp") if fitting else ""

    def complete(self, sha256: str) -> None:
        self.state = move(self.state, AssetState.UPLOADED, MOVES)
        self.sha256 = sha256
        self.expires_at = None

    def start(self) -> None:
        if self.state is not AssetState.PROCESSING:  # a job taken over from a dead worker
            self.state = move(self.state, AssetState.PROCESSING, MOVES)

    def put_back(self) -> None:
        self.state = move(self.state, AssetState.UPLOADED, MOVES)
        self.refusal_code, self.refusal_values = None, {}

    def refuse(self, code: str, values: dict[str, Any]) -> None:
        self.state = move(self.state, AssetState.REFUSED, MOVES)
        self.refusal_code, self.refusal_values = code, values

    def finish(self, revision: str, renditions: dict[str, Any]) -> None:
        self.state = move(self.state, AssetState.READY, MOVES)
        self.revision, self.renditions = revision, renditions

    def publish(self) -> None:
        self.published_at = self.published_at or now()


class DiscardedFile(Row, Base):
    """The files of an asset that was deleted, until a worker has removed them."""

    __tablename__ = "discarded_files"

    token: Mapped[str] = mapped_column(unique=True)


class AssetShare(Row, Base):
    """A party besides the owner that may see an asset before it is published."""

    __tablename__ = "asset_shares"

    asset_id: Mapped[UUID] = belongs_to("assets", index=False)
    party_id: Mapped[UUID] = belongs_to("parties")

    __table_args__ = (UniqueConstraint("asset_id", "party_id"),)


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


JOB_MOVES = {
    JobState.QUEUED: {JobState.RUNNING},
    JobState.RUNNING: {JobState.RUNNING, JobState.QUEUED, JobState.DONE, JobState.FAILED},
    JobState.FAILED: {JobState.QUEUED},
}


class MediaJob(Row, Base):
    """The work on one asset. It belongs to whoever holds the lease; an expired lease is anybody's."""

    __tablename__ = "media_jobs"

    asset_id: Mapped[UUID] = belongs_to("assets", unique=True)
    state: Mapped[JobState] = mapped_column(default=JobState.QUEUED)
    free_at: Mapped[datetime]
    """When the lease ends while running; before which not to try again while queued. Database time."""
    attempts: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str | None]
    step: Mapped[str] = mapped_column(default="")
    percent: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_media_jobs_open", "id", postgresql_where=text("state IN ('queued', 'running')")),
    )

    def to(self, state: JobState) -> None:
        self.state = move(self.state, state, JOB_MOVES)


class MediaTurn(Row, Base):
    """When a party's work was last begun: the workers go round the parties, not along the files."""

    __tablename__ = "media_turns"

    owner_id: Mapped[UUID] = belongs_to("parties", unique=True)
    served_at: Mapped[datetime]
    """Database time."""
