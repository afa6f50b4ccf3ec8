"""/ops/approvals: what waits for a second pair of eyes, and what became of the rest."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for

from market.accounts.actor import Role
from market.accounts.edge import current_actor, hat
from market.accounts.idempotency import idempotent
from market.accounts.queries import people
from market.approvals import policy, queries, registry, service
from market.approvals.models import Approval, ApprovalState
from market.approvals.schemas import ApprovalRefusalSchema
from market.kit.db import transaction
from market.kit.figures import figures
from market.kit.pages import Form, read_form
from market.kit.paging import page_of
from market.kit.words import _, say

bp = Blueprint("approvals", __name__)

TABS = ("open", "past")


def title(approval: Approval) -> str:
    known = registry.known().get(approval.kind)
    return say(known.title) if known else approval.kind


def facts(approval: Approval) -> Sequence[tuple[str, str]]:
    """What is asked, in words; of an act nobody knows any more, nothing."""
    known = registry.known().get(approval.kind)
    return known.facts(approval.content) if known else ()


@bp.get("/ops/approvals")
@hat(Role.OPERATOR)
def desk() -> Any:
    actor = current_actor()
    tab = request.args.get("tab") if request.args.get("tab") in TABS else "open"
    rows = queries.waiting(actor)
    if tab == "past":
        rows = queries.visible_to(actor).where(
            Approval.id.not_in(queries.waiting(actor).with_only_columns(Approval.id))
        )
    found = page_of(rows, Approval.id, limit=20, cursor=request.args.get("cursor"))
    return render_template(
        "approvals/desk.html",
        tab=tab,
        found=found,
        title=title,
        facts=facts,
        names=people([a.asked_by for a in found] + [a.decided_by for a in found]),
        next_url=url_for("approvals.desk", tab=tab, cursor=found.next_cursor) if found.next_cursor else None,
    )


@bp.get("/ops/approvals/<pid('apr'):approval_id>")
@hat(Role.OPERATOR)
def one(approval_id: UUID) -> Any:
    return _one(approval_id, Form())


def _one(approval_id: UUID, form: Form) -> Any:
    actor = current_actor()
    approval = queries.find_visible(approval_id, actor)
    known = registry.known().get(approval.kind)
    page = render_template(
        "approvals/one.html",
        approval=approval,
        title=title(approval),
        facts=known.facts(approval.content) if known else list(approval.content.items()),
        href=known.href(approval.subject_id) if known and known.href else "",
        names=people([approval.asked_by, approval.decided_by]),
        mine=approval.asked_by == actor.person_id,
        may=policy.may_decide(actor, approval),
        over=approval.state is ApprovalState.OPEN and not approval.is_open,
        hours=figures.approval_h,
        form=form,
    )
    return page, form.status


@bp.post("/ops/approvals/<pid('apr'):approval_id>/consent")
@hat(Role.OPERATOR)
@idempotent
def consent(approval_id: UUID) -> Any:
    actor = current_actor()
    approval = queries.find_visible(approval_id, actor, lock=True)
    service.consent(approval, actor, seen=request.form.get("content_hash", ""))
    flash(_("已同意并执行：%(title)s。", title=title(approval)), "success")
    return redirect(url_for("approvals.one", approval_id=approval_id), 303)


@bp.post("/ops/approvals/<pid('apr'):approval_id>/refusal")
@hat(Role.OPERATOR)
def refuse(approval_id: UUID) -> Any:
    actor = current_actor()
    form = read_form(ApprovalRefusalSchema())
    with form.attempt():
        given = form.data
        with transaction():
            service.refuse(queries.find_visible(approval_id, actor, lock=True), actor, note=given["note"])
        flash(_("已驳回，申请人会看到理由。"), "success")
        return redirect(url_for("approvals.desk"), 303)
    return _one(approval_id, form)


@bp.post("/ops/approvals/<pid('apr'):approval_id>/withdrawal")
@hat(Role.OPERATOR)
def take_back(approval_id: UUID) -> Any:
    actor = current_actor()
    with transaction():
        service.withdraw(queries.find_visible(approval_id, actor, lock=True), actor)
    flash(_("申请已撤回。"), "success")
    return redirect(url_for("approvals.desk"), 303)
