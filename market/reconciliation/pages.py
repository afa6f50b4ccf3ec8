"""/ops/reconciliation: what differs and since when, one difference with both sides, run now, freeze one order."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for

from market.accounts.actor import Role
from market.accounts.edge import current_actor, hat, require
from market.accounts.idempotency import idempotent
from market.accounts.queries import people
from market.approvals.queries import of_subject, open_of
from market.kit.db import transaction
from market.kit.pages import Form, read_form
from market.kit.paging import page_of
from market.kit.words import _, say
from market.orders import freezes
from market.payments import holds
from market.reconciliation import acts, queries, service, verbs
from market.reconciliation.models import Kind, Run
from market.reconciliation.policy import may_reconcile
from market.reconciliation.schemas import ClearSchema, FreezeInSchema, WaiveSchema
from market.reconciliation.words import STEP_NAMES, kind_name, what_to_do

bp = Blueprint("reconciliation", __name__)

AGE_COLUMNS = ("hour", "day", "week", "older")


def step_name(step: str) -> str:
    name = STEP_NAMES.get(step)
    return say(name) if name else _("排队中")


@bp.get("/ops/reconciliation")
@hat(Role.OPERATOR)
def desk() -> Any:
    return _desk(Form())


def _desk(form: Form) -> Any:
    actor = current_actor()
    require(may_reconcile(actor))
    differences = service.open_differences()
    kind = request.args.get("kind", "")
    shown = [each for each in differences if not kind or each.kind.value == kind]
    runs = page_of(queries.runs_visible_to(actor), Run.id, limit=10, cursor=request.args.get("cursor"))
    frozen = queries.frozen_orders()
    page = render_template(
        "reconciliation/desk.html",
        differences=shown[:200],
        counts=queries.by_kind_and_age(differences),
        total=len(differences),
        ages=AGE_COLUMNS,
        kind=kind if kind in list(Kind) else "",
        kind_name=kind_name,
        orders=queries.orders_of(shown[:200]),
        running=queries.running(),
        step_name=step_name,
        steps=len(service.STEPS),
        runs=runs,
        names=people([run.asked_by for run in runs]),
        next_url=url_for("reconciliation.desk", cursor=runs.next_cursor) if runs.next_cursor else None,
        frozen=frozen,
        reasons={order.id: freezes.active(order.id) for order in frozen},
        sources={source: say(name) for source, name in freezes.SOURCE_NAMES.items()},
        hold=holds.current(),
        form=form,
    )
    return page, form.status


@bp.get("/ops/reconciliation/progress/<pid('run'):run_id>")
@hat(Role.OPERATOR)
def progress(run_id: UUID) -> Any:
    """The fragment that the page polls; it asks for a fresh page when the run is over."""
    run = queries.find_run(run_id, current_actor())
    page = render_template(
        "reconciliation/_progress.html", running=run, step_name=step_name, steps=len(service.STEPS)
    )
    headers = {"HX-Refresh": "true"} if run.ended_at else {}
    return page, 200, headers


@bp.post("/ops/reconciliation/runs")
@hat(Role.OPERATOR)
def run_now() -> Any:
    actor = current_actor()
    require(may_reconcile(actor))
    with transaction():
        service.ask(actor)
    return redirect(url_for("reconciliation.desk"), 303)


@bp.get("/ops/reconciliation/<pid('dif'):difference_id>")
@hat(Role.OPERATOR)
def one(difference_id: UUID) -> Any:
    return _one(difference_id, Form())


def _one(difference_id: UUID, form: Form) -> Any:
    actor = current_actor()
    known = queries.find_visible(difference_id, actor)
    past = of_subject(known.id)
    page = render_template(
        "reconciliation/one.html",
        known=known,
        sides=queries.sides(known),
        kind_name=kind_name,
        advice=what_to_do(known.kind),
        age=queries.age_of(known),
        targets=[(target, acts.target_name(target)) for target in acts.TARGETS],
        clearable=known.kind in (Kind.ENTRY_ALONE, Kind.SUSPENSE) and known.resolved_at is None,
        waiting=open_of(acts.CLEAR, known.id) or open_of(acts.WAIVE, known.id),
        approvals=past,
        names=people([a.asked_by for a in past]),
        form=form,
    )
    return page, form.status


@bp.post("/ops/reconciliation/<pid('dif'):difference_id>/clearing")
@hat(Role.OPERATOR)
def clear(difference_id: UUID) -> Any:
    actor = current_actor()
    queries.find_visible(difference_id, actor)
    form = read_form(ClearSchema())
    with form.attempt():
        given = form.data
        with transaction():
            asked = verbs.clear(difference_id, given, actor)
        flash(_("已提出申请，等另一位同事审批。"), "success")
        return redirect(url_for("approvals.one", approval_id=asked.id), 303)
    return _one(difference_id, form)


@bp.post("/ops/reconciliation/<pid('dif'):difference_id>/waiver")
@hat(Role.OPERATOR)
def waive(difference_id: UUID) -> Any:
    actor = current_actor()
    queries.find_visible(difference_id, actor)
    form = read_form(WaiveSchema())
    with form.attempt():
        reason = form.data["reason"]
        with transaction():
            asked = verbs.waive(difference_id, reason, actor)
        flash(_("已提出申请，等另一位同事审批。"), "success")
        return redirect(url_for("approvals.one", approval_id=asked.id), 303)
    return _one(difference_id, form)


@bp.post("/ops/reconciliation/freezes")
@hat(Role.OPERATOR)
def freeze() -> Any:
    actor = current_actor()
    require(may_reconcile(actor))
    form = read_form(FreezeInSchema())
    with form.attempt():
        given = form.data
        with transaction():
            verbs.freeze(given["order_number"], given["reason"], actor)
        flash(_("订单已冻结，双方会收到通知。"), "success")
        return redirect(url_for("reconciliation.desk"), 303)
    return _desk(form)


@bp.post("/ops/reconciliation/freezes/<pid('ord'):order_id>/end")
@hat(Role.OPERATOR)
@idempotent
def thaw(order_id: UUID) -> Any:
    actor = current_actor()
    require(may_reconcile(actor))
    done = verbs.thaw(order_id, actor)
    flash(_("已解除人工冻结。") if done else _("这个订单没有人工冻结。"), "success" if done else "warning")
    return redirect(url_for("reconciliation.desk"), 303)
