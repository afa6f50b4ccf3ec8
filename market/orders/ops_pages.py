"""/ops/orders: what an operator may do about one order: refund what was released."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for

from market.accounts.actor import Role
from market.accounts.edge import current_actor, hat, require
from market.accounts.idempotency import idempotent
from market.accounts.queries import parties
from market.approvals import queries as approvals
from market.approvals.models import Approval
from market.kit.figures import figures
from market.kit.pages import Form, read_form
from market.kit.words import _
from market.orders import policy, queries, taking_back
from market.orders.blueprint import bp
from market.orders.take_back_schemas import TakeBackFormSchema
from market.payments import refunds


@bp.get("/ops/orders/<pid('ord'):order_id>")
@hat(Role.OPERATOR)
def operate(order_id: UUID) -> Any:
    """With an amount in the address: who would give up what, before the click."""
    asked = "amount_fen" in request.args
    form = read_form(TakeBackFormSchema(partial=("reason",)), request.args) if asked else Form()
    return _operate(order_id, form)


def _operate(order_id: UUID, form: Form) -> Any:
    actor = current_actor()
    order = queries.find_visible(order_id, actor)
    wanted = None
    given = form.valid
    if "milestone_id" in given and "amount_fen" in given:
        with form.attempt():
            milestone = taking_back.milestone_of(order, given["milestone_id"])
            wanted = taking_back.plan(order, milestone, given["amount_fen"])
    page = render_template(
        "orders/operate.html",
        order=order,
        names=parties(order.parties),
        may_refund=policy.may_take_back(actor),
        refundable={m.id: taking_back.refundable(m) for m in order.milestones},
        plan=wanted,
        by_charges_fen=refunds.refundable(order.id),
        form=form,
        refunded=taking_back.of_order(order.id),
        asked=approvals.of_subject(order.id),
        two_from_fen=figures.refund_two_from_fen,
    )
    return page, form.status


@bp.post("/ops/orders/<pid('ord'):order_id>/refunds")
@hat(Role.OPERATOR)
def refund_released(order_id: UUID) -> Any:
    require(policy.may_take_back(current_actor()))
    form = read_form(TakeBackFormSchema())
    if not form.errors:
        with form.attempt():
            return _refund_once(order_id)
    return _operate(order_id, form)


@idempotent
def _refund_once(order_id: UUID) -> Any:
    actor, given = current_actor(), read_form(TakeBackFormSchema()).data
    order = queries.find_visible(order_id, actor, lock=True)
    milestone = taking_back.milestone_of(order, given["milestone_id"])
    made = taking_back.refund(
        order,
        milestone,
        given["amount_fen"],
        reason=given["reason"],
        to_wallet=given["to_wallet"],
        by=actor,
    )
    if isinstance(made, Approval):
        flash(_("已提出申请，另一位同事同意后退款。"), "success")
        return redirect(url_for("approvals.one", approval_id=made.id), 303)
    flash(_("已退款，三方都会收到通知。"), "success")
    return redirect(url_for("orders.operate", order_id=order_id), 303)
