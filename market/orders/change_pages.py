"""Changing a running order, on a page: what it would make of price and dates first, the question after it."""

from typing import Any
from uuid import UUID

from flask import render_template, request, url_for

from market.accounts.actor import Actor
from market.accounts.edge import current_actor, signed_in, wear_any
from market.accounts.queries import parties
from market.accounts.steps import Done, say_and_go
from market.kit.ids import encode
from market.kit.pages import Form, format_fen, read_form
from market.kit.words import _, say
from market.orders import amendments, changes, paying, policy, queries
from market.orders.acting import step
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
    may = policy.may_propose_change(actor, order)
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
        may_answer=policy.may_end(actor, order),
        may_pay=policy.may_pay(actor, order),
        mine=live is not None and changes.is_of_side(order, live, actor),
        merchant=actor.is_party(order.merchant_id),
        creator=actor.is_party(order.creator_id, order.agency_id) or actor.is_operator,
        wallet_fen=wallet.balance(order.merchant_id) if policy.may_pay(actor, order) else 0,
    )
    return page, form.status


def _numbers(stage: str, added_fen: int, added_days: int) -> dict[str, Any]:
    return {"stage": stage, "added_fen": f"{added_fen / 100:.2f}", "added_days": added_days}


@bp.post("/orders/<pid('ord'):order_id>/changes")
@signed_in
def propose_change(order_id: UUID) -> Any:
    def do(order: Order, actor: Actor) -> Done:
        changes.propose(order, actor, **form.data | {"stage": Stage(form.data["stage"])})
        return _("已提出。对方会收到通知；现在还没有划转任何款项。"), _here(order_id)

    form = read_form(ChangeProposalFormSchema())
    return step(
        order_id,
        do,
        may=policy.may_propose_change,
        form=form,
        again=lambda form: _page(queries.find_visible(order_id, current_actor()), form, asked=True),
    )


@bp.post("/orders/<pid('ord'):order_id>/changes/<pid('chg'):change_id>/acceptance")
@signed_in
def accept_change(order_id: UUID, change_id: UUID) -> Any:
    def do(order: Order, actor: Actor) -> Done:
        given, found = read_form(ChangeAcceptanceSchema()).data, changes.find_change(change_id, order)
        changes.accept(
            order,
            found,
            actor,
            version=given["version"],
            wallet=given["wallet"],
            seen_fen=given["amount_fen"],
        )
        if found.state is ChangeState.IN_FORCE:
            said = _("变更已生效，订单金额现在是 %(price)s。", price=format_fen(order.price_fen))
            return said, url_for("delivery.workroom", order_id=order_id)
        added = format_fen(found.added_fen)
        if policy.may_pay(actor, order):
            pay = url_for("orders.payment", order_id=order_id, stages="next")
            return _("已同意。托管 %(amount)s 后变更生效。", amount=added), pay
        return _("已同意。商家托管 %(amount)s 后变更生效。", amount=added), _here(order_id)

    wear_any(queries.find(order_id).parties)
    try:
        if read_form(ChangeAcceptanceSchema()).data["wallet"]:
            paying.clear_the_way(order_id, current_actor())
    except OVERTAKEN as overtaken:
        return say_and_go(overtaken.detail(), _here(order_id))
    return step(order_id, do, overtaken=OVERTAKEN, back=_here(order_id))


@bp.post("/orders/<pid('ord'):order_id>/changes/<pid('chg'):change_id>/refusal")
@signed_in
def decline_change(order_id: UUID, change_id: UUID) -> Any:
    def do(order: Order, actor: Actor) -> Done:
        given = read_form(ChangeRefusalSchema()).data
        changes.decline(order, changes.find_change(change_id, order), actor, **given)
        return _("已拒绝，订单按原来的约定继续。"), url_for("delivery.workroom", order_id=order_id)

    return step(order_id, do, overtaken=OVERTAKEN, back=_here(order_id))


@bp.post("/orders/<pid('ord'):order_id>/changes/<pid('chg'):change_id>/withdrawal")
@signed_in
def withdraw_change(order_id: UUID, change_id: UUID) -> Any:
    def do(order: Order, actor: Actor) -> Done:
        changes.withdraw(order, changes.find_change(change_id, order), actor)
        return _("已撤回，订单按原来的约定继续。"), url_for("delivery.workroom", order_id=order_id)

    return step(order_id, do, may=policy.may_propose_change, overtaken=OVERTAKEN, back=_here(order_id))


def _here(order_id: UUID) -> str:
    return url_for("orders.changes_page", order_id=order_id)
