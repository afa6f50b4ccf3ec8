"""/m, /u, /a: documents, CSV of one's lines, the merchant's requests for a 发票; /ops/fapiao: the queue of those."""

from typing import Any, cast
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for

from market.accounts.actor import Role
from market.accounts.edge import current_actor, hat, require, signed_in
from market.accounts.queries import parties
from market.invoices import export, fapiao, policy, queries
from market.invoices.models import Document, DocumentKind, FapiaoRequest, FapiaoState
from market.invoices.periods import bounds, recent
from market.invoices.routes import csv_answer, papers_answer, pdf_answer
from market.invoices.schemas import FapiaoAskSchema, FapiaoIssueSchema, FapiaoRefusalSchema, LinesQuery
from market.invoices.words import kind_name
from market.kit.db import db, transaction
from market.kit.pages import Form, read_form
from market.kit.paging import page_of
from market.kit.words import _

bp = Blueprint("invoices", __name__)

HOMES = {
    Role.MERCHANT: "invoices.of_merchant",
    Role.CREATOR: "invoices.of_creator",
    Role.AGENCY: "invoices.of_agency",
}


@bp.get("/m/documents")
@hat(Role.MERCHANT)
def of_merchant() -> Any:
    return _list(Form())


@bp.get("/u/documents")
@hat(Role.CREATOR)
def of_creator() -> Any:
    return _list(Form())


@bp.get("/a/documents")
@hat(Role.AGENCY)
def of_agency() -> Any:
    return _list(Form())


def _list(form: Form) -> Any:
    actor = current_actor()
    require(policy.may_read(actor))
    here = url_for(HOMES[actor.role])
    kind = request.args.get("kind", "")
    rows = queries.visible_to(actor)
    if kind in list(DocumentKind):
        rows = rows.where(Document.kind == DocumentKind(kind))
    found = page_of(rows, Document.id, limit=20, cursor=request.args.get("cursor"))
    requests, last, fees = [], None, 0
    if policy.may_ask_fapiao(actor):
        party_id = cast(UUID, actor.party_id)
        asked = queries.requests_visible_to(actor).order_by(FapiaoRequest.id.desc()).limit(20)
        requests = list(db.session.scalars(asked))
        last = queries.last_request(party_id)
        fees = sum(queries.open_fees(party_id).values())
    page = render_template(
        "invoices/list.html",
        found=found,
        here=here,
        kind=kind,
        kind_name=kind_name,
        tabs=[{"text": _("全部"), "href": here, "on": not kind}]
        + [
            {"text": kind_name(each), "href": f"{here}?kind={each.value}", "on": kind == each.value}
            for each in DocumentKind
            if actor.role is Role.MERCHANT or each is DocumentKind.STATEMENT
        ],
        next_url=f"{here}?kind={kind}&cursor={found.next_cursor}" if found.next_cursor else None,
        months=[(month, month) for month in recent()],
        may_ask=policy.may_ask_fapiao(actor),
        requests=requests,
        last=last,
        fees=fees,
        form=form,
    )
    return page, form.status


@bp.get("/documents/<pid('doc'):document_id>.pdf")
@signed_in
def pdf(document_id: UUID) -> Any:
    return pdf_answer(queries.find_visible(document_id, current_actor()))


@bp.get("/documents/lines.csv")
@signed_in
def lines_csv() -> Any:
    """The lines of a month of whoever wears the hat; every leg for operators."""
    actor = current_actor()
    require(policy.may_read(actor))
    month = read_form(LinesQuery(), request.args).data["month"]
    since, until = bounds(month)
    if actor.is_operator:
        return csv_answer(export.of_ledger(since, until), f"ledger-{month}")
    return csv_answer(export.of_party(cast(UUID, actor.party_id), since, until), f"lines-{month}")


@bp.get("/documents/papers.csv")
@signed_in
def papers_csv() -> Any:
    """The papers of a month of whoever wears the hat; everybody's for operators."""
    return papers_answer(read_form(LinesQuery(), request.args).data["month"])


@bp.post("/m/documents/fapiao")
@hat(Role.MERCHANT)
def ask() -> Any:
    actor = current_actor()
    require(policy.may_ask_fapiao(actor))
    form = read_form(FapiaoAskSchema())
    with form.attempt():
        given = form.data
        with transaction():
            fapiao.ask(cast(UUID, actor.party_id), by=actor, **given)
        flash(_("发票申请已提交，开好后会通知您。"), "success")
        return redirect(url_for("invoices.of_merchant"), 303)
    return _list(form)


@bp.post("/m/documents/fapiao/<pid('fap'):request_id>/withdrawal")
@hat(Role.MERCHANT)
def withdraw(request_id: UUID) -> Any:
    actor = current_actor()
    require(policy.may_ask_fapiao(actor))
    with transaction():
        fapiao.withdraw(queries.find_request(request_id, actor, lock=True), actor)
    flash(_("申请已撤回，这些服务费可以重新申请。"), "success")
    return redirect(url_for("invoices.of_merchant"), 303)


@bp.get("/ops/fapiao")
@hat(Role.OPERATOR)
def desk() -> Any:
    return _desk(Form(), None)


def _desk(form: Form, about: UUID | None) -> Any:
    actor = current_actor()
    require(policy.may_issue_fapiao(actor))
    past = request.args.get("tab") == "past"
    rows = queries.requests_visible_to(actor)
    if past:
        found = page_of(
            rows.where(FapiaoRequest.state != FapiaoState.ASKED),
            FapiaoRequest.id,
            cursor=request.args.get("cursor"),
        )
    else:  # whoever waits longest comes first
        waiting = rows.where(FapiaoRequest.state == FapiaoState.ASKED).order_by(FapiaoRequest.id).limit(50)
        found = db.session.scalars(waiting).all()  # type: ignore[assignment]
    page = render_template(
        "invoices/desk.html",
        found=list(found),
        past=past,
        covered=queries.covered_by([each.id for each in found]),
        credited=queries.credited_since(list(found)),
        names=parties(each.party_id for each in found),
        waiting=queries.waiting_count(),
        next_url=url_for("invoices.desk", tab="past", cursor=found.next_cursor)
        if past and found.next_cursor
        else None,
        months=[(month, month) for month in recent()],
        form=form,
        about=about,
    )
    return page, form.status


@bp.post("/ops/fapiao/<pid('fap'):request_id>/issue")
@hat(Role.OPERATOR)
def issue(request_id: UUID) -> Any:
    actor = current_actor()
    require(policy.may_issue_fapiao(actor))
    form = read_form(FapiaoIssueSchema())
    with form.attempt():
        given = form.data
        with transaction():
            fapiao.issue(queries.find_request(request_id, actor, lock=True), by=actor, **given)
        flash(_("发票已登记，商家会收到通知。"), "success")
        return redirect(url_for("invoices.desk"), 303)
    return _desk(form, request_id)


@bp.post("/ops/fapiao/<pid('fap'):request_id>/refusal")
@hat(Role.OPERATOR)
def refuse(request_id: UUID) -> Any:
    actor = current_actor()
    require(policy.may_issue_fapiao(actor))
    form = read_form(FapiaoRefusalSchema())
    with form.attempt():
        given = form.data
        with transaction():
            fapiao.refuse(queries.find_request(request_id, actor, lock=True), by=actor, **given)
        flash(_("已驳回，商家会看到理由。"), "success")
        return redirect(url_for("invoices.desk"), 303)
    return _desk(form, request_id)
