"""JSON: documents, one's lines of the ledger, and requests for a 发票."""

from typing import Any, cast
from uuid import UUID

from flask import Response
from flask.typing import ResponseReturnValue

from market.accounts.edge import current_actor, require
from market.invoices import export, fapiao, policy, queries
from market.invoices.models import Document, DocumentKind, FapiaoRequest, FapiaoState
from market.invoices.periods import bounds
from market.invoices.schemas import (
    DocumentQuery,
    DocumentSchema,
    FapiaoAskSchema,
    FapiaoIssueSchema,
    FapiaoQuery,
    FapiaoRefusalSchema,
    FapiaoSchema,
    LinesQuery,
)
from market.kit.api import ApiBlueprint
from market.kit.db import transaction
from market.kit.paging import Page, page_of
from market.kit.schemas import page_schema

bp = ApiBlueprint("documents", __name__, description="Invoices, receipts, statements, 发票")

FILE = {"schema": {"type": "string", "format": "binary"}}


def pdf_answer(document: Document) -> Response:
    """The paper as a file named by its number; its tag is its hash."""
    from market.invoices import paper  # here: fonts and their library are not needed to start

    number = document.number
    answer = Response(paper.pdf_of(document), mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="{number}.pdf"'
    return answer


def csv_answer(rows: Any, name: str) -> Response:
    answer = Response(rows, content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def papers_answer(month: str) -> Response:
    """The month's papers as a file, to whoever may read them."""
    actor = current_actor()
    require(policy.may_read(actor))
    return csv_answer(export.of_papers(queries.visible_to(actor), *bounds(month)), f"documents-{month}")


@bp.get("/documents")
@bp.arguments(DocumentQuery, location="query")
@bp.response(200, page_schema(DocumentSchema))
def list_documents(query: dict[str, Any]) -> Page[Document]:
    """One's own, newest first; operators see all."""
    actor = current_actor()
    require(policy.may_read(actor))
    rows, kind = queries.visible_to(actor), query.pop("kind")
    if kind:
        rows = rows.where(Document.kind == DocumentKind(kind))
    return page_of(rows, Document.id, **query)


@bp.get("/documents/<pid('doc'):document_id>")
@bp.response(200, DocumentSchema)
def get_document(document_id: UUID) -> Document:
    return queries.find_visible(document_id, current_actor())


@bp.get("/documents/<pid('doc'):document_id>/pdf")
@bp.doc(responses={"200": {"description": "The paper", "content": {"application/pdf": FILE}}})
def get_document_pdf(document_id: UUID) -> ResponseReturnValue:
    """As PDF; the same document is always the same bytes."""
    return pdf_answer(queries.find_visible(document_id, current_actor()))


@bp.get("/ledger-lines.csv")
@bp.doc(responses={"200": {"description": "The month's lines", "content": {"text/csv": FILE}}})
@bp.arguments(LinesQuery, location="query")
def get_ledger_lines(query: dict[str, Any]) -> ResponseReturnValue:
    """What each posting of a month changed for you, with the balance after it; for operators every leg of the ledger."""
    actor = current_actor()
    require(policy.may_read(actor))
    since, until = bounds(query["month"])
    if actor.is_operator:
        return csv_answer(export.of_ledger(since, until), f"ledger-{query['month']}")
    rows = export.of_party(cast(UUID, actor.party_id), since, until)
    return csv_answer(rows, f"lines-{query['month']}")


@bp.get("/documents.csv")
@bp.doc(responses={"200": {"description": "The month's papers", "content": {"text/csv": FILE}}})
@bp.arguments(LinesQuery, location="query")
def get_documents_csv(query: dict[str, Any]) -> ResponseReturnValue:
    """The papers of a month, one line each: what takes from an invoice is below zero; for operators everybody's."""
    return papers_answer(query["month"])


@bp.get("/fapiao-requests")
@bp.arguments(FapiaoQuery, location="query")
@bp.response(200, page_schema(FapiaoSchema))
def list_fapiao_requests(query: dict[str, Any]) -> Page[FapiaoRequest]:
    actor = current_actor()
    require(policy.may_read(actor))
    rows, state = queries.requests_visible_to(actor), query.pop("state")
    if state:
        rows = rows.where(FapiaoRequest.state == FapiaoState(state))
    return page_of(rows, FapiaoRequest.id, **query)


@bp.get("/fapiao-requests/<pid('fap'):request_id>")
@bp.response(200, FapiaoSchema)
def get_fapiao_request(request_id: UUID) -> FapiaoRequest:
    return queries.find_request(request_id, current_actor())


@bp.post("/fapiao-requests")
@bp.arguments(FapiaoAskSchema)
@bp.response(201, FapiaoSchema)
def create_fapiao_request(given: dict[str, Any]) -> FapiaoRequest:
    """Ask for a 发票 over every settled platform fee that no other request covers."""
    actor = current_actor()
    require(policy.may_ask_fapiao(actor))
    with transaction():
        return fapiao.ask(cast(UUID, actor.party_id), by=actor, **given)


@bp.post("/fapiao-requests/<pid('fap'):request_id>/issue")
@bp.arguments(FapiaoIssueSchema)
@bp.response(200, FapiaoSchema)
def create_fapiao_issue(given: dict[str, Any], request_id: UUID) -> FapiaoRequest:
    """Operators: the 发票 was issued under this number."""
    actor = current_actor()
    require(policy.may_issue_fapiao(actor))
    with transaction():
        return fapiao.issue(queries.find_request(request_id, actor, lock=True), by=actor, **given)


@bp.post("/fapiao-requests/<pid('fap'):request_id>/refusal")
@bp.arguments(FapiaoRefusalSchema)
@bp.response(200, FapiaoSchema)
def create_fapiao_refusal(given: dict[str, Any], request_id: UUID) -> FapiaoRequest:
    """Operators: it cannot be issued, and why; the fees may be asked for again."""
    actor = current_actor()
    require(policy.may_issue_fapiao(actor))
    with transaction():
        return fapiao.refuse(queries.find_request(request_id, actor, lock=True), by=actor, **given)


@bp.post("/fapiao-requests/<pid('fap'):request_id>/withdrawal")
@bp.response(200, FapiaoSchema)
def create_fapiao_withdrawal(request_id: UUID) -> FapiaoRequest:
    """Take back one's own request."""
    actor = current_actor()
    require(policy.may_ask_fapiao(actor))
    with transaction():
        return fapiao.withdraw(queries.find_request(request_id, actor, lock=True), actor)
