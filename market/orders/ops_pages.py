"""/ops/orders: what an operator may do about one order: run a timer now, refund what was released."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for

from market.accounts.actor import Right, Role
from market.accounts.edge import current_actor, hat, require
from market.accounts.idempotency import idempotent
from market.accounts.queries import parties
from market.approvals import queries as approvals
from market.approvals.models import Approval
from market.kit.db import transaction
from market.kit.errors import NotFound
from market.kit.events import record
from market.kit.figures import figures
from market.kit.pages import Form, read_form
from market.kit.words import _
from market.kit.work import hasten
from market.orders import policy, queries, taking_back, timers
from market.orders.blueprint import bp
from market.orders.take_back_schemas import TakeBackFormSchema
from market.orders.timer_names import HANDLERS
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
            milestone = queries.milestone_of(order, given["milestone_id"])
            wanted = taking_back.plan(
                order,
                milestone,
                given["amount_fen"],
                platform_bears=bool(given.get("platform_bears")),
            )
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
        timers=timers.of_order(order.id),
        handlers=HANDLERS,
        may_run=actor.may(Right.RUN),
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
    milestone = queries.milestone_of(order, given["milestone_id"])
    made = taking_back.refund(
        order,
        milestone,
        given["amount_fen"],
        reason=given["reason"],
        to_wallet=given["to_wallet"],
        platform_bears=given["platform_bears"],
        by=actor,
    )
    if isinstance(made, Approval):
        flash(_("已提出申请，另一位同事同意后退款。"), "success")
        return redirect(url_for("approvals.one", approval_id=made.id), 303)
    flash(_("已退款，三方都会收到通知。"), "success")
    return redirect(url_for("orders.operate", order_id=order_id), 303)


@bp.post("/ops/orders/<pid('ord'):order_id>/timers/<pid('wrk'):item_id>/run")
@hat(Role.OPERATOR)
def run_timer(order_id: UUID, item_id: UUID) -> Any:
    """The row becomes due; a worker takes it within a second. What was promised to the parties until an hour waits for
    it all the same."""
    actor = current_actor()
    require(actor.may(Right.RUN))
    with transaction():
        order = queries.find_visible(order_id, actor)
        item = hasten(item_id) if timers.is_of_order(item_id, order.id) else None
        if item is None:
            raise NotFound
        record("work.hastened", item.subject_id, by=actor, handler=item.handler, order=order.number)
    flash(_("已安排立即执行。给双方的期限不会提前。"), "success")
    return redirect(url_for("orders.operate", order_id=order_id), 303)
