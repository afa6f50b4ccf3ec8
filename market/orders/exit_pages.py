"""Ending an order early, on a page: the computation first, the question after it."""

from typing import Any
from uuid import UUID

from flask import render_template, request, url_for

from market.accounts.actor import Actor
from market.accounts.edge import current_actor, signed_in, wear_any
from market.accounts.queries import parties
from market.accounts.steps import Done
from market.kit.ids import encode
from market.kit.pages import Form, read_form
from market.kit.words import _, say
from market.orders import chargebacks, exits, policy, queries
from market.orders.acting import step
from market.orders.blueprint import bp
from market.orders.errors import ExitOver, NotYourAnswer, QuoteChanged
from market.orders.exit_schemas import (
    ExitAgreeSchema,
    ExitAskFormSchema,
    ExitCounterFormSchema,
)
from market.orders.fair import DAY_S, RUNG_NAMES
from market.orders.models import Order
from market.orders.states import STAGE_NAMES
from market.payments import refunds

OVERTAKEN = (ExitOver, NotYourAnswer, QuoteChanged)


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
        verdict=exits.verdict_of(order, shown) if shown else None,
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
        bank=chargebacks.of_payer(order, actor),
        at_the_bank=chargebacks.is_disputed(order.id),
        day_s=DAY_S,
    )
    return page, form.status


@bp.post("/orders/<pid('ord'):order_id>/exits")
@signed_in
def ask_exit(order_id: UUID) -> Any:
    def do(order: Order, actor: Actor) -> Done:
        exits.ask(order, actor, **form.data)
        return _("已提出。对方会收到通知；现在还没有划转任何款项。"), _here(order_id)

    def again(form: Form) -> Any:
        order = queries.find_visible(order_id, current_actor())
        return _page(order, form, sample_fen=form.valid.get("sample_fen", 0))

    form = read_form(ExitAskFormSchema())
    return step(order_id, do, form=form, again=again)


@bp.post("/orders/<pid('ord'):order_id>/exits/<pid('ext'):exit_id>/consent")
@signed_in
def agree_exit(order_id: UUID, exit_id: UUID) -> Any:
    def do(order: Order, actor: Actor) -> Done:
        given, found = read_form(ExitAgreeSchema()).data, exits.find_exit(exit_id, order)
        exits.agree(order, found, actor, round_=given["round"], to_wallet=given["to_wallet"])
        return _("已同意，订单结束，款项已按方案分配。"), url_for("orders.money", order_id=order_id)

    return step(order_id, do, overtaken=OVERTAKEN, back=_here(order_id))


@bp.post("/orders/<pid('ord'):order_id>/exits/<pid('ext'):exit_id>/counter-proposals")
@signed_in
def counter_exit(order_id: UUID, exit_id: UUID) -> Any:
    def do(order: Order, actor: Actor) -> Done:
        given, found = form.data, exits.find_exit(exit_id, order)
        exits.counter(order, found, given["parts"], actor, round_=given["round"])
        return _("已提出新的方案，等待对方答复。"), _here(order_id)

    form = read_form(ExitCounterFormSchema())
    return step(
        order_id,
        do,
        form=form,
        again=lambda form: _page(queries.find_visible(order_id, current_actor()), form),
    )


@bp.post("/orders/<pid('ord'):order_id>/exits/<pid('ext'):exit_id>/withdrawal")
@signed_in
def withdraw_exit(order_id: UUID, exit_id: UUID) -> Any:
    def do(order: Order, actor: Actor) -> Done:
        exits.withdraw(order, exits.find_exit(exit_id, order), actor)
        return _("已撤回，订单继续。"), url_for("delivery.workroom", order_id=order_id)

    return step(order_id, do, overtaken=OVERTAKEN, back=_here(order_id))


def _here(order_id: UUID) -> str:
    return url_for("orders.exit_page", order_id=order_id)
