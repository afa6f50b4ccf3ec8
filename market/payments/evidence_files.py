"""Files for a chargeback's answer: kept until Stripe has them, one for each of the bank's four questions."""

from enum import StrEnum
from io import BytesIO
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, select, text
from sqlalchemy.orm import Mapped, deferred, mapped_column

from market.kit.db import Base, Row, belongs_to, db
from market.kit.words import N_

MOST_BYTES = 5 * 1024 * 1024
"""Stripe's limit for one file of evidence."""
MAGIC = {b"%PDF-": "application/pdf", b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


class Slot(StrEnum):
    """What the file shows; Stripe's own names, one file each."""

    SERVICE = "service_documentation"
    COMMUNICATION = "customer_communication"
    RECEIPT = "receipt"
    OTHER = "uncategorized_file"


SLOTS = {
    Slot.SERVICE: N_("交付证明（作品、验收记录）"),
    Slot.COMMUNICATION: N_("与付款方的沟通记录"),
    Slot.RECEIPT: N_("付款凭证或合同"),
    Slot.OTHER: N_("其他材料"),
}


class FileState(StrEnum):
    SENDING = "sending"
    READY = "ready"
    REFUSED = "refused"
    REMOVED = "removed"


class EvidenceFile(Row, Base):
    __tablename__ = "evidence_files"

    chargeback_id: Mapped[UUID] = belongs_to("chargebacks")
    slot: Mapped[Slot]
    filename: Mapped[str]
    content_type: Mapped[str]
    size: Mapped[int]
    content: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    """Until Stripe has it."""
    file_id: Mapped[str | None] = mapped_column(unique=True)
    state: Mapped[FileState] = mapped_column(default=FileState.SENDING)
    error: Mapped[str] = mapped_column(default="")
    by_party: Mapped[UUID] = belongs_to("parties", index=False)

    __table_args__ = (
        CheckConstraint("(state = 'ready') <= (file_id IS NOT NULL)", name="ready"),
        Index(
            "uq_evidence_files_slot",
            "chargeback_id",
            "slot",
            unique=True,
            postgresql_where=text("state <> 'removed'"),
        ),
    )


def kind_of(content: bytes) -> str | None:
    """The type by the first bytes; None when banks do not read it."""
    return next((kind for magic, kind in MAGIC.items() if content.startswith(magic)), None)


def stream_of(file_id: UUID) -> BytesIO:
    """The bytes, named, for the sender; ends the read it needed, so that no transaction waits for Stripe."""
    row = db.session.execute(
        select(EvidenceFile.content, EvidenceFile.filename).where(EvidenceFile.id == file_id)
    ).one()
    db.session.rollback()
    stream = BytesIO(row.content or b"")
    stream.name = row.filename
    return stream
