"""Releasing a part of a stage ahead of its acceptance: how much, what goes to whom, then the click."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for

from market.accounts.actor import Role
from market.accounts.edge import current_actor, hat, require
from market.accounts.idempotency import idempotent
from market.accounts.queries import parties
from market.kit.pages import Form, format_fen, read_form
from market.kit.words import _
from market.orders import policy, queries, service
from market.orders.blueprint import bp
from market.orders.errors import PartTooLarge
from market.orders.exit_schemas import PartReleaseFormSchema


@bp.get("/orders/<pid('ord'):order_id>/part-release")
@hat(Role.MERCHANT)
def part_release(order_id: UUID) -> Any:
    form = read_form(PartReleaseFormSchema(), request.args) if "amount_fen" in request.args else Form()
    return _part(order_id, form)


def _part(order_id: UUID, form: Form) -> Any:
    actor = current_actor()
    order = queries.find_visible(order_id, actor)
    require(policy.may_review(actor, order))
    stage = order.current
    fen = form.valid.get("amount_fen", 0)
    if fen and stage is not None and not form.errors:
        with form.attempt():
            if fen >= stage.left_fen:
                raise PartTooLarge(field="amount_fen", most=format_fen(stage.left_fen - 1))
    page = render_template(
        "orders/part_release.html",
        order=order,
        stage=stage if policy.may_release_part(actor, order) else None,
        fen=fen,
        shown=bool(fen) and not form.errors,
        form=form,
        names=parties(order.parties),
    )
    return page, form.status


@bp.post("/orders/<pid('ord'):order_id>/part-release")
@hat(Role.MERCHANT)
def release_part(order_id: UUID) -> Any:
    form = read_form(PartReleaseFormSchema())
    if not form.errors:
        with form.attempt():
            return _release_once(order_id)
    return _part(order_id, form)


@idempotent
def _release_once(order_id: UUID) -> Any:
    actor, given = current_actor(), read_form(PartReleaseFormSchema()).data
    order = queries.find_visible(order_id, actor, lock=True)
    require(policy.may_review(actor, order))
    service.release_part(
        order, queries.milestone_of(order, given["milestone_id"]), given["amount_fen"], actor
    )
    flash(_("已放款 %(amount)s，其余仍由平台托管。", amount=format_fen(given["amount_fen"])), "success")
    return redirect(url_for("orders.money", order_id=order_id), 303)
