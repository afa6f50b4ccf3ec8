"""Documents, the counters of their numbers, and requests for a 发票."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, deferred, mapped_column

from market.kit.clock import now
from market.kit.db import Base, Row, belongs_to
from market.kit.states import move


class DocumentKind(StrEnum):
    INVOICE = "invoice"  # the platform's fee of an order
    RECEIPT = "receipt"  # what became of an order's money
    STATEMENT = "statement"  # a party's month
    CREDIT_NOTE = "credit_note"  # what of an invoiced fee was given back


SERIES = {
    DocumentKind.INVOICE: "INV",
    DocumentKind.RECEIPT: "RCP",
    DocumentKind.STATEMENT: "STM",
    DocumentKind.CREDIT_NOTE: "CRN",
}


class DocumentCounter(Base):
    """The last number given out; its row is the lock under which numbers have no gap and no twin."""

    __tablename__ = "document_counters"

    series: Mapped[str] = mapped_column(String(8), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(BigInteger)


class Document(Row, Base):
    """A numbered paper. `content` is everything that is printed on it and never changes."""

    __tablename__ = "documents"

    kind: Mapped[DocumentKind]
    series: Mapped[str] = mapped_column(String(8))
    year: Mapped[int]
    count: Mapped[int] = mapped_column(BigInteger)
    party_id: Mapped[UUID] = belongs_to("parties", index=False)
    order_id: Mapped[UUID | None] = belongs_to("orders")
    period: Mapped[str | None] = mapped_column(String(7))
    """The month of a statement, 2026-11, by the zone of the books."""
    corrects_id: Mapped[UUID | None] = belongs_to("documents")
    """Of a credit note: the invoice it takes from."""
    total_fen: Mapped[int] = mapped_column(BigInteger)
    content: Mapped[dict[str, Any]]
    content_hash: Mapped[bytes] = mapped_column(LargeBinary)
    issued_at: Mapped[datetime]
    pdf: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    """Printed when first asked for, and the same bytes ever after."""
    pdf_hash: Mapped[bytes | None] = mapped_column(LargeBinary)

    __table_args__ = (
        UniqueConstraint("series", "year", "count"),
        Index(
            "uq_documents_order",
            "kind",
            "order_id",
            unique=True,
            postgresql_where=text("order_id IS NOT NULL AND kind <> 'credit_note'"),
        ),
        Index(
            "uq_documents_period",
            "kind",
            "party_id",
            "period",
            unique=True,
            postgresql_where=text("period IS NOT NULL"),
        ),
        Index("ix_documents_party_id_id", "party_id", "id"),
        CheckConstraint("(order_id IS NULL) <> (period IS NULL)", name="about"),
        CheckConstraint(
            "(kind = 'credit_note') = (corrects_id IS NOT NULL) AND (kind <> 'credit_note' OR total_fen > 0)",
            name="corrects",
        ),
    )

    @property
    def number(self) -> str:
        """INV-2026-000042"""
        return f"{self.series}-{self.year}-{self.count:06}"

    @property
    def signed_fen(self) -> int:
        """Below zero for what takes from another paper."""
        return -self.total_fen if self.kind is DocumentKind.CREDIT_NOTE else self.total_fen


class FapiaoState(StrEnum):
    ASKED = "asked"
    ISSUED = "issued"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


F = FapiaoState
FAPIAO_MOVES = {F.ASKED: {F.ISSUED, F.REFUSED, F.WITHDRAWN}}
HOLDS = (F.ASKED, F.ISSUED)
"""States in which a request holds its fees: they cannot be asked for twice."""


class FapiaoRequest(Row, Base):
    """A merchant's wish for a 发票 over the platform's fees, as the tax office wants it."""

    __tablename__ = "fapiao_requests"

    party_id: Mapped[UUID] = belongs_to("parties", index=False)
    asked_by: Mapped[UUID | None]
    title: Mapped[str]
    tax_number: Mapped[str]
    email: Mapped[str]
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    """The sum of the invoices it covers."""
    state: Mapped[FapiaoState] = mapped_column(default=FapiaoState.ASKED)
    number: Mapped[str] = mapped_column(default="")
    link: Mapped[str] = mapped_column(Text, default="")
    """Where the tax office's file can be fetched."""
    reason: Mapped[str] = mapped_column(Text, default="")
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("(state = 'issued') = (number <> '')", name="number_iff_issued"),
        Index("ix_fapiao_requests_party_id_id", "party_id", "id"),
        Index("ix_fapiao_requests_waiting", "id", postgresql_where=text("state = 'asked'")),
        Index("uq_fapiao_requests_number", "number", unique=True, postgresql_where=text("number <> ''")),
    )

    def end(self, state: FapiaoState, person_id: UUID | None) -> None:
        self.state = move(self.state, state, FAPIAO_MOVES)
        self.decided_by, self.decided_at = person_id, now()


class FapiaoLine(Base):
    """An invoice that a request covers; `held` while the request is waiting or issued, so none is covered twice."""

    __tablename__ = "fapiao_lines"

    request_id: Mapped[UUID] = belongs_to("fapiao_requests", index=False, primary_key=True)
    document_id: Mapped[UUID] = belongs_to("documents", index=False, primary_key=True)
    held: Mapped[bool] = mapped_column(default=True)

    __table_args__ = (
        Index("uq_fapiao_lines_held", "document_id", unique=True, postgresql_where=text("held")),
    )
