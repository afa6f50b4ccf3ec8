"""Ending an order early, on a page: the computation first, the question after it."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for

from market.accounts.edge import current_actor, require, signed_in, wear_any
from market.accounts.idempotency import idempotent
from market.accounts.queries import parties
from market.kit.db import db
from market.kit.errors import Refusal
from market.kit.ids import encode
from market.kit.pages import Form, read_form
from market.kit.words import _, say
from market.orders import exits, policy, queries
from market.orders.blueprint import bp
from market.orders.errors import ExitOver, NotYourAnswer, QuoteChanged, RoundsUsedUp
from market.orders.exit_schemas import (
    ExitAgreeSchema,
    ExitAskFormSchema,
    ExitCounterFormSchema,
)
from market.orders.fair import DAY_S, RUNG_NAMES
from market.orders.models import Order
from market.orders.states import STAGE_NAMES
from market.payments import refunds


@bp.get("/orders/<pid('ord'):order_id>/exit")
@signed_in
def exit_page(order_id: UUID) -> Any:
    """What would happen to the money, line by line, for both sides; then the question, or the answer to it."""
    wear_any(queries.find(order_id).parties)
    order = queries.find_visible(order_id, current_actor())
    asked = read_form(ExitAskFormSchema(partial=True, only=("sample_fen",)), request.args)
    return _page(order, Form(asked.values), sample_fen=asked.valid.get("sample_fen", 0))


def _page(order: Order, form: Form, *, sample_fen: int = 0) -> Any:
    actor = current_actor()
    running = exits.last_of(order.id)
    shown = running if running is not None and (running.is_open or order.is_over) else None
    quote = None
    if shown is None and exits.may_be_ended(order):
        quote = exits.quote(order, sample_fen=sample_fen)
    page = render_template(
        "orders/exit.html",
        order=order,
        quote=quote,
        exit=shown,
        stages={encode("mil", m.id): m for m in order.milestones},
        stage_names={stage.value: say(name) for stage, name in STAGE_NAMES.items()},
        rung_names={rung.value: say(name) for rung, name in RUNG_NAMES.items()},
        names=parties(order.parties),
        form=form,
        may=policy.may_end(actor, order),
        mine=shown is not None and actor.is_party(shown.proposed_by),
        asked_by_me=shown is not None and actor.is_party(shown.asked_by),
        merchant=actor.is_party(order.merchant_id),
        back_fen=refunds.refundable(order.id),
        day_s=DAY_S,
    )
    return page, form.status


@bp.post("/orders/<pid('ord'):order_id>/exits")
@signed_in
def ask_exit(order_id: UUID) -> Any:
    wear_any(queries.find(order_id).parties)
    form = read_form(ExitAskFormSchema())
    with form.attempt():
        form.data  # noqa: B018  # what is wrong stands at its field before anything is done
        return _ask_once(order_id)
    db.session.rollback()
    order = queries.find_visible(order_id, current_actor())
    return _page(order, form, sample_fen=form.valid.get("sample_fen", 0))


@idempotent
def _ask_once(order_id: UUID) -> Any:
    actor = current_actor()
    order = queries.find_visible(order_id, actor, lock=True)
    require(policy.may_end(actor, order))
    exits.ask(order, actor, **read_form(ExitAskFormSchema()).data)
    flash(_("已提出。对方会收到通知；现在还没有划转任何款项。"), "success")
    return redirect(url_for("orders.exit_page", order_id=order_id), 303)


@bp.post("/orders/<pid('ord'):order_id>/exits/<pid('ext'):exit_id>/consent")
@signed_in
def agree_exit(order_id: UUID, exit_id: UUID) -> Any:
    wear_any(queries.find(order_id).parties)
    try:
        return _agree_once(order_id, exit_id)
    except (ExitOver, NotYourAnswer, QuoteChanged) as overtaken:
        return _back(order_id, overtaken)


@idempotent
def _agree_once(order_id: UUID, exit_id: UUID) -> Any:
    actor = current_actor()
    given = read_form(ExitAgreeSchema()).data
    order = queries.find_visible(order_id, actor, lock=True)
    require(policy.may_end(actor, order))
    found = exits.find_exit(exit_id, order)
    exits.agree(order, found, actor, round_=given["round"], to_wallet=given["to_wallet"])
    flash(_("已同意，订单结束，款项已按方案分配。"), "success")
    return redirect(url_for("orders.money", order_id=order_id), 303)


@bp.post("/orders/<pid('ord'):order_id>/exits/<pid('ext'):exit_id>/counter-proposals")
@signed_in
def counter_exit(order_id: UUID, exit_id: UUID) -> Any:
    wear_any(queries.find(order_id).parties)
    form = read_form(ExitCounterFormSchema())
    try:
        with form.attempt():
            form.data  # noqa: B018
            return _counter_once(order_id, exit_id)
    except (ExitOver, NotYourAnswer, QuoteChanged, RoundsUsedUp) as overtaken:
        return _back(order_id, overtaken)
    db.session.rollback()
    return _page(queries.find_visible(order_id, current_actor()), form)


@idempotent
def _counter_once(order_id: UUID, exit_id: UUID) -> Any:
    actor = current_actor()
    given = read_form(ExitCounterFormSchema()).data
    order = queries.find_visible(order_id, actor, lock=True)
    require(policy.may_end(actor, order))
    exits.counter(order, exits.find_exit(exit_id, order), given["parts"], actor, round_=given["round"])
    flash(_("已提出新的方案，等待对方答复。"), "success")
    return redirect(url_for("orders.exit_page", order_id=order_id), 303)


@bp.post("/orders/<pid('ord'):order_id>/exits/<pid('ext'):exit_id>/withdrawal")
@signed_in
def withdraw_exit(order_id: UUID, exit_id: UUID) -> Any:
    wear_any(queries.find(order_id).parties)
    try:
        return _withdraw_once(order_id, exit_id)
    except (ExitOver, NotYourAnswer) as overtaken:
        return _back(order_id, overtaken)


@idempotent
def _withdraw_once(order_id: UUID, exit_id: UUID) -> Any:
    actor = current_actor()
    order = queries.find_visible(order_id, actor, lock=True)
    require(policy.may_end(actor, order))
    exits.withdraw(order, exits.find_exit(exit_id, order), actor)
    flash(_("已撤回，订单继续。"), "success")
    return redirect(url_for("delivery.workroom", order_id=order_id), 303)


def _back(order_id: UUID, refusal: Refusal) -> Any:
    flash(refusal.detail(), "danger")
    return redirect(url_for("orders.exit_page", order_id=order_id), 303)
