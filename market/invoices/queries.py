"""Finding documents and requests, always from who may see them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, false, func, select

from market.accounts.actor import Actor
from market.invoices.models import Document, DocumentKind, FapiaoLine, FapiaoRequest, FapiaoState
from market.invoices.policy import may_read
from market.kit.db import db
from market.kit.errors import NotFound


def visible_to(actor: Actor) -> Select[Document]:
    """One's party's papers; operators of money see all."""
    rows = select(Document)
    if not may_read(actor):
        return rows.where(false())
    return rows if actor.is_operator else rows.where(Document.party_id == actor.party_id)


def find_visible(document_id: UUID, actor: Actor) -> Document:
    """Raises NotFound, also for a foreign one."""
    found = db.session.scalar(visible_to(actor).where(Document.id == document_id))
    if found is None:
        raise NotFound
    return found


def requests_visible_to(actor: Actor) -> Select[FapiaoRequest]:
    rows = select(FapiaoRequest)
    if not may_read(actor):
        return rows.where(false())
    return rows if actor.is_operator else rows.where(FapiaoRequest.party_id == actor.party_id)


def find_request(request_id: UUID, actor: Actor, *, lock: bool = False) -> FapiaoRequest:
    """Raises NotFound, also for a foreign one. With `lock`, the row is locked and read afresh."""
    rows = requests_visible_to(actor).where(FapiaoRequest.id == request_id)
    found = db.session.scalar(
        (rows.with_for_update() if lock else rows).execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound
    return found


def invoice_of(order_id: UUID) -> Document | None:
    """Of the platform's fee."""
    return db.session.scalar(
        select(Document).where(Document.order_id == order_id, Document.kind == DocumentKind.INVOICE)
    )


def notes_of(invoice_ids: Sequence[UUID]) -> Sequence[Document]:
    """The credit notes that take from these invoices, oldest first."""
    return db.session.scalars(
        select(Document).where(Document.corrects_id.in_(invoice_ids)).order_by(Document.id)
    ).all()


def of_fees(party_id: UUID, since: datetime, until: datetime) -> Sequence[Document]:
    """The party's invoices and credit notes of this time, oldest first."""
    return db.session.scalars(
        select(Document)
        .where(
            Document.party_id == party_id,
            Document.kind.in_((DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE)),
            Document.issued_at >= since,
            Document.issued_at < until,
        )
        .order_by(Document.id)
    ).all()


def open_fees(party_id: UUID) -> dict[UUID, int]:
    """What a 发票 can be asked over: each uncovered invoice, less what credit notes took from it."""
    left = {document.id: document.total_fen for document in uncovered(party_id)}
    for note in notes_of(list(left)):
        if note.corrects_id:
            left[note.corrects_id] -= note.total_fen
    return {document_id: fen for document_id, fen in left.items() if fen}


def uncovered(party_id: UUID) -> Sequence[Document]:
    """The party's fee invoices that no waiting or issued request covers, oldest first."""
    covered = select(FapiaoLine.document_id).where(FapiaoLine.held)
    return db.session.scalars(
        select(Document)
        .where(
            Document.party_id == party_id,
            Document.kind == DocumentKind.INVOICE,
            Document.id.not_in(covered),
            Document.total_fen > 0,
        )
        .order_by(Document.id)
    ).all()


def covered_by(request_ids: Sequence[UUID]) -> dict[UUID, list[Document]]:
    """The invoices of each request."""
    rows = db.session.execute(
        select(FapiaoLine.request_id, Document)
        .join(Document, Document.id == FapiaoLine.document_id)
        .where(FapiaoLine.request_id.in_(request_ids))
        .order_by(Document.id)
    )
    found: dict[UUID, list[Document]] = {}
    for request_id, document in rows:
        found.setdefault(request_id, []).append(document)
    return found


def credited_since(asked: Sequence[FapiaoRequest]) -> dict[UUID, list[Document]]:
    """By request: the credit notes over what it covers that came after it was made."""
    rows = db.session.execute(
        select(FapiaoRequest.id, Document)
        .join(FapiaoLine, FapiaoLine.request_id == FapiaoRequest.id)
        .join(Document, Document.corrects_id == FapiaoLine.document_id)
        .where(FapiaoRequest.id.in_([r.id for r in asked]), Document.issued_at > FapiaoRequest.created_at)
        .order_by(Document.id)
    )
    found: dict[UUID, list[Document]] = {}
    for request_id, note in rows:
        found.setdefault(request_id, []).append(note)
    return found


def last_request(party_id: UUID) -> FapiaoRequest | None:
    """So that title and tax number need not be typed again."""
    return db.session.scalar(
        select(FapiaoRequest)
        .where(FapiaoRequest.party_id == party_id)
        .order_by(FapiaoRequest.id.desc())
        .limit(1)
    )


def waiting_count() -> int:
    rows = select(func.count()).select_from(FapiaoRequest).where(FapiaoRequest.state == FapiaoState.ASKED)
    return db.session.scalar(rows) or 0
