"""Changing a running order, on a page: what it would make of price and dates first, the question after it."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for

from market.accounts.edge import current_actor, require, signed_in, wear_any
from market.accounts.idempotency import idempotent
from market.accounts.queries import parties
from market.kit.db import db
from market.kit.errors import Refusal
from market.kit.ids import encode
from market.kit.pages import Form, format_fen, read_form
from market.kit.words import _, say
from market.orders import amendments, changes, paying, policy, queries
from market.orders.amendments import ChangeState
from market.orders.blueprint import bp
from market.orders.change_schemas import (
    ChangeAcceptanceSchema,
    ChangeNumbersFormSchema,
    ChangeProposalFormSchema,
    ChangeRefusalSchema,
)
from market.orders.errors import (
    AlreadyEnded,
    ChangeAgreed,
    ChangeMoved,
    ChangeOpen,
    ChangeOver,
    ExitWaits,
    NotRunning,
    NotYourAnswer,
    OrderFrozen,
    PlanChanged,
    WalletTooLow,
)
from market.orders.models import Order
from market.orders.states import STAGE_NAMES, Stage
from market.payments import wallet
from market.payments.errors import PageStillOpen

OVERTAKEN = (
    AlreadyEnded,
    ChangeAgreed,
    ChangeMoved,
    ChangeOpen,
    ChangeOver,
    ExitWaits,
    NotRunning,
    NotYourAnswer,
    OrderFrozen,
    PageStillOpen,
    PlanChanged,
    WalletTooLow,
)


@bp.get("/orders/<pid('ord'):order_id>/changes")
@signed_in
def changes_page(order_id: UUID) -> Any:
    """The proposal on the table with its numbers and the answers to it; else the numbers of one to be made."""
    wear_any(queries.find(order_id).parties)
    order = queries.find_visible(order_id, current_actor())
    return _page(order, read_form(ChangeNumbersFormSchema(), request.args), asked="stage" in request.args)


def _page(order: Order, form: Form, *, asked: bool) -> Any:
    actor = current_actor()
    live = amendments.live_of(order.id)
    stages = changes.changeable(order)
    may = policy.may_end(actor, order)
    replacing = live is not None and live.is_open and form.valid.get("instead_of") == live.id
    begun = {} if live is None else _numbers(live.stage(order).kind.value, live.added_fen, live.added_days)
    if not asked and replacing:
        form = Form(begun | form.values)
    wanted = next((m for m in stages if m.kind.value == form.valid.get("stage")), None)
    effect = None
    if asked and wanted is not None and not {"stage", "added_fen", "added_days"} & form.errors.keys():
        effect = changes.effect_of(
            order, wanted, form.valid.get("added_fen", 0), form.valid.get("added_days", 0)
        )
    page = render_template(
        "orders/changes.html",
        order=order,
        change=live,
        live_effect=live and changes.effect_of(order, live.stage(order), live.added_fen, live.added_days),
        effect=effect,
        stages=stages,
        stage_options=[(m.kind.value, say(STAGE_NAMES[m.kind])) for m in stages],
        stage_names={stage.value: say(name) for stage, name in STAGE_NAMES.items()},
        replacing=replacing,
        instead_of=encode("chg", live.id) if replacing and live else "",
        addenda=amendments.addenda(order.id),
        names=parties(order.parties),
        form=form,
        may=may,
        may_pay=policy.may_pay(actor, order),
        mine=live is not None and actor.is_party(live.proposed_by),
        merchant=actor.is_party(order.merchant_id),
        creator=actor.is_party(order.creator_id) or actor.is_operator,
        wallet_fen=wallet.balance(order.merchant_id) if policy.may_pay(actor, order) else 0,
    )
    return page, form.status


def _numbers(stage: str, added_fen: int, added_days: int) -> dict[str, Any]:
    return {"stage": stage, "added_fen": f"{added_fen / 100:.2f}", "added_days": added_days}


@bp.post("/orders/<pid('ord'):order_id>/changes")
@signed_in
def propose_change(order_id: UUID) -> Any:
    wear_any(queries.find(order_id).parties)
    form = read_form(ChangeProposalFormSchema())
    with form.attempt():
        form.data  # noqa: B018  # what is wrong stands at its field before anything is done
        return _propose_once(order_id)
    db.session.rollback()
    return _page(queries.find_visible(order_id, current_actor()), form, asked=True)


@idempotent
def _propose_once(order_id: UUID) -> Any:
    actor = current_actor()
    order = queries.find_visible(order_id, actor, lock=True)
    require(policy.may_end(actor, order))
    given = read_form(ChangeProposalFormSchema()).data
    changes.propose(order, actor, **given | {"stage": Stage(given["stage"])})
    flash(_("已提出。对方会收到通知；现在还没有划转任何款项。"), "success")
    return redirect(url_for("orders.changes_page", order_id=order_id), 303)


@bp.post("/orders/<pid('ord'):order_id>/changes/<pid('chg'):change_id>/acceptance")
@signed_in
def accept_change(order_id: UUID, change_id: UUID) -> Any:
    wear_any(queries.find(order_id).parties)
    try:
        if read_form(ChangeAcceptanceSchema()).data["wallet"]:
            paying.clear_the_way(order_id, current_actor())
        return _accept_once(order_id, change_id)
    except OVERTAKEN as overtaken:
        return _back(order_id, overtaken)


@idempotent
def _accept_once(order_id: UUID, change_id: UUID) -> Any:
    actor, given = current_actor(), read_form(ChangeAcceptanceSchema()).data
    order = queries.find_visible(order_id, actor, lock=True)
    require(policy.may_end(actor, order))
    found = changes.find_change(change_id, order)
    changes.accept(
        order, found, actor, version=given["version"], wallet=given["wallet"], seen_fen=given["amount_fen"]
    )
    if found.state is ChangeState.IN_FORCE:
        flash(_("变更已生效，订单金额现在是 %(price)s。", price=format_fen(order.price_fen)), "success")
        return redirect(url_for("delivery.workroom", order_id=order_id), 303)
    if policy.may_pay(actor, order):
        flash(_("已同意。托管 %(amount)s 后变更生效。", amount=format_fen(found.added_fen)), "success")
        return redirect(url_for("orders.payment", order_id=order_id, stages="next"), 303)
    flash(_("已同意。商家托管 %(amount)s 后变更生效。", amount=format_fen(found.added_fen)), "success")
    return redirect(url_for("orders.changes_page", order_id=order_id), 303)


@bp.post("/orders/<pid('ord'):order_id>/changes/<pid('chg'):change_id>/refusal")
@signed_in
def decline_change(order_id: UUID, change_id: UUID) -> Any:
    wear_any(queries.find(order_id).parties)
    try:
        return _decline_once(order_id, change_id)
    except OVERTAKEN as overtaken:
        return _back(order_id, overtaken)


@idempotent
def _decline_once(order_id: UUID, change_id: UUID) -> Any:
    actor, given = current_actor(), read_form(ChangeRefusalSchema()).data
    order = queries.find_visible(order_id, actor, lock=True)
    require(policy.may_end(actor, order))
    changes.decline(order, changes.find_change(change_id, order), actor, **given)
    flash(_("已拒绝，订单按原来的约定继续。"), "success")
    return redirect(url_for("delivery.workroom", order_id=order_id), 303)


@bp.post("/orders/<pid('ord'):order_id>/changes/<pid('chg'):change_id>/withdrawal")
@signed_in
def withdraw_change(order_id: UUID, change_id: UUID) -> Any:
    wear_any(queries.find(order_id).parties)
    try:
        return _withdraw_once(order_id, change_id)
    except OVERTAKEN as overtaken:
        return _back(order_id, overtaken)


@idempotent
def _withdraw_once(order_id: UUID, change_id: UUID) -> Any:
    actor = current_actor()
    order = queries.find_visible(order_id, actor, lock=True)
    require(policy.may_end(actor, order))
    changes.withdraw(order, changes.find_change(change_id, order), actor)
    flash(_("已撤回，订单按原来的约定继续。"), "success")
    return redirect(url_for("delivery.workroom", order_id=order_id), 303)


def _back(order_id: UUID, refusal: Refusal) -> Any:
    flash(refusal.detail(), "danger")
    return redirect(url_for("orders.changes_page", order_id=order_id), 303)
