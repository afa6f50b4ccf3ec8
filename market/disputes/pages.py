"""The case on a page: the same for both sides and the operator, who has the slider."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for

from market.accounts.actor import Actor, Role
from market.accounts.edge import current_actor, hat, require, signed_in, wear_any
from market.accounts.queries import parties
from market.accounts.steps import Done, say_and_go, step
from market.disputes import policy, queries, service
from market.disputes.evidence import MOST_AT_ONCE
from market.disputes.models import GROUND_NAMES, HOW_NAMES, OVER, STATE_NAMES, CaseState, Dispute
from market.disputes.schemas import (
    CaseStatementSchema,
    ConsentSchema,
    OfferFormSchema,
    OpenFormSchema,
    RulingFormSchema,
    SpeechSchema,
)
from market.kit.db import transaction
from market.kit.errors import NotFound
from market.kit.figures import figures
from market.kit.pages import Form, read_form
from market.kit.paging import page_of
from market.kit.schemas import Schema
from market.kit.words import _, say
from market.orders import cases, fair, overdue
from market.orders import queries as orders
from market.orders.acting import step as order_step
from market.orders.models import Milestone, Order
from market.orders.states import STAGE_NAMES
from market.payments import refunds

bp = Blueprint("disputes", __name__)


def _named() -> dict[str, Any]:
    return {
        "state_names": {state.value: say(name) for state, name in STATE_NAMES.items()},
        "ground_names": {ground.value: say(name) for ground, name in GROUND_NAMES.items()},
        "how_names": {how.value: say(name) for how, name in HOW_NAMES.items()},
        "stage_names": {stage.value: say(name) for stage, name in STAGE_NAMES.items()},
    }


@bp.get("/ops/disputes")
@hat(Role.OPERATOR)
def desk() -> Any:
    """What waits for a ruling first, then what both sides still talk about."""
    actor = current_actor()
    past = request.args.get("tab") == "past"
    rows = queries.visible_to(actor)
    rows = rows.where(Dispute.state.in_(OVER)) if past else queries.waiting(actor)
    found = page_of(rows, Dispute.id, limit=20, cursor=request.args.get("cursor"))
    shown = {case.id: orders.find(case.order_id) for case in found}
    return render_template(
        "disputes/desk.html",
        found=found,
        tasks=[(task, orders.find(task.order_id)) for task in overdue.open_tasks()] if not past else [],
        held_fen=overdue.held_fen,
        held_days=figures.held_days,
        orders=shown,
        past=past,
        names=parties(party for case in found for party in case.parties),
        next_url=url_for("disputes.desk", cursor=found.next_cursor) if found.next_cursor else None,
        **_named(),
    )


@bp.post("/ops/held/<pid('hld'):task_id>/note")
@hat(Role.OPERATOR)
def close_task(task_id: UUID) -> Any:
    """The operator has looked at money that lay for long, and says what came of it."""
    actor = current_actor()
    require(policy.may_rule(actor))
    given = read_form(CaseStatementSchema()).data
    with transaction():
        overdue.close(task_id, given["text"], actor)
    flash(_("已记录。两周后如果款项还在托管，会再提醒。"), "success")
    return redirect(url_for("disputes.desk"), 303)


@bp.get("/orders/<pid('ord'):order_id>/milestones/<pid('mil'):milestone_id>/dispute")
@signed_in
def new(order_id: UUID, milestone_id: UUID) -> Any:
    """What opening a case does to the money, before it is opened."""
    wear_any(orders.find(order_id).parties)
    order = orders.find_visible(order_id, current_actor())
    return _new(order, _milestone(order, milestone_id), Form())


def _new(order: Order, milestone: Milestone, form: Form) -> Any:
    actor = current_actor()
    require(policy.may_open(actor, order))
    page = render_template(
        "disputes/new.html",
        order=order,
        milestone=milestone,
        held_fen=(held := cases.holdable(milestone)),
        subsidy_fen=_subsidy_part(order, held),
        form=form,
        merchant=actor.is_party(order.merchant_id),
        most_files=MOST_AT_ONCE,
        names=parties(order.parties),
        figures=figures,
        **_named(),
    )
    return page, form.status


def _subsidy_part(order: Order, fen: int) -> int:
    """What of `fen` the platform would get if all of it went back."""
    return refunds.subsidy_part(fen, subject_id=order.id, price_fen=order.price_fen)


@bp.post("/orders/<pid('ord'):order_id>/milestones/<pid('mil'):milestone_id>/disputes")
@signed_in
def create(order_id: UUID, milestone_id: UUID) -> Any:
    def do(order: Order, actor: Actor) -> Done:
        case = service.open_case(order, _milestone(order, milestone_id), actor, **form.data)
        return _("款项已冻结，对方会收到通知。其他阶段照常进行。"), url_for(
            "disputes.case", dispute_id=case.id
        )

    def again(form: Form) -> Any:
        order = orders.find_visible(order_id, current_actor())
        return _new(order, _milestone(order, milestone_id), form)

    form = read_form(OpenFormSchema())
    return order_step(order_id, do, may=policy.may_open, form=form, again=again)


def _milestone(order: Order, milestone_id: UUID) -> Milestone:
    found = next((m for m in order.milestones if m.id == milestone_id), None)
    if found is None:
        raise NotFound
    return found


@bp.get("/disputes/<pid('dsp'):dispute_id>")
@signed_in
def case(dispute_id: UUID) -> Any:
    return _case(dispute_id)


def _worn(dispute_id: UUID) -> Dispute:
    wear_any(orders.find(queries.find(dispute_id).order_id).parties)
    return queries.find_visible(dispute_id, current_actor())


def _case(dispute_id: UUID, **forms: Form) -> Any:
    actor = current_actor()
    found = _worn(dispute_id)
    order = orders.find(found.order_id)
    form = next(iter(forms.values()), Form())
    page = render_template(
        "disputes/case.html",
        case=found,
        order=order,
        milestone=_milestone(order, found.milestone_id),
        names=parties([*order.parties, *(e.party_id for e in found.entries)]),
        may_speak=policy.may_speak(actor, order, found),
        may_rule=policy.may_rule(actor) and found.state in (CaseState.RULING, CaseState.APPEAL),
        subsidy_fen=0 if found.is_over else _subsidy_part(order, found.held_fen),
        two=found.held_fen >= figures.ruling_two_from_fen,
        merchant=actor.is_party(order.merchant_id),
        opener=actor.is_party(found.opened_by),
        accused=actor.is_party(found.against),
        statement=forms.get("statement", Form()),
        offering=forms.get("offering", Form()),
        ruling=forms.get("ruling", Form()),
        most_files=MOST_AT_ONCE,
        day_s=fair.DAY_S,
        **_named(),
    )
    return page, form.status


Verb = Callable[..., Any]


def _act(
    dispute_id: UUID, schema: Schema, name: str, said: str, act: Verb, *, rules: bool = False, **more: Any
) -> Any:
    """One verb of the service, with what the form and the address (`more`) give; then back to the case, with the word
    or the refusal. A word of the verb's own is said instead."""
    _worn(dispute_id)
    form, here = read_form(schema), url_for("disputes.case", dispute_id=dispute_id)

    def do() -> Done:
        actor = current_actor()
        order, found = queries.locked(dispute_id, actor)
        require(policy.may_rule(actor) if rules else policy.may_open(actor, order))
        return act(order, found, by=actor, **form.data, **more) or said, here

    def again(form: Form) -> Any:
        if set(form.errors) == {""}:  # nothing to put right: the case is not what it was
            return say_and_go(form.errors[""][0], here)
        return _case(dispute_id, **{name: form})

    return step(do, form=form, again=again)


def _quiet(act: Verb) -> Verb:
    """What the verb returns is no word."""

    def quietly(*args: Any, **kwargs: Any) -> None:
        act(*args, **kwargs)

    return quietly


@bp.post("/disputes/<pid('dsp'):dispute_id>/statements")
@signed_in
def say_something(dispute_id: UUID) -> Any:
    return _act(dispute_id, SpeechSchema(), "statement", _("已发出。"), _quiet(service.state))


@bp.post("/disputes/<pid('dsp'):dispute_id>/offers")
@signed_in
def offer(dispute_id: UUID) -> Any:
    said = _("方案已提出，等待对方答复。")
    return _act(dispute_id, OfferFormSchema(), "offering", said, _quiet(service.offer))


@bp.post("/disputes/<pid('dsp'):dispute_id>/offers/<pid('dse'):entry_id>/consent")
@signed_in
def accept(dispute_id: UUID, entry_id: UUID) -> Any:
    said = _("已同意，款项已按方案分配。")
    return _act(dispute_id, ConsentSchema(), "statement", said, service.accept_offer, entry_id=entry_id)


@bp.post("/disputes/<pid('dsp'):dispute_id>/escalation")
@signed_in
def escalate(dispute_id: UUID) -> Any:
    return _act(dispute_id, Schema(), "statement", _("已交由平台裁决。"), service.escalate)


@bp.post("/disputes/<pid('dsp'):dispute_id>/withdrawal")
@signed_in
def withdraw(dispute_id: UUID) -> Any:
    return _act(dispute_id, Schema(), "statement", _("已撤回，这个阶段继续进行。"), service.drop)


@bp.post("/disputes/<pid('dsp'):dispute_id>/appeal")
@signed_in
def appeal(dispute_id: UUID) -> Any:
    said = _("已申诉，由另一位运营同事裁决。")
    return _act(dispute_id, SpeechSchema(), "statement", said, service.appeal)


@bp.post("/disputes/<pid('dsp'):dispute_id>/ruling")
@hat(Role.OPERATOR)
def rule(dispute_id: UUID) -> Any:
    def ruled(order: Order, found: Dispute, **given: Any) -> str | None:
        if service.rule(order, found, **given):
            return None
        return _("金额较大：裁决已提交，等待另一位运营同事同意后生效。")

    return _act(dispute_id, RulingFormSchema(), "ruling", _("裁决已作出。"), ruled, rules=True)
