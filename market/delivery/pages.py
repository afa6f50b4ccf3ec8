"""The shared workroom of an order, handing in, and the merchant's review."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException

from market.accounts.actor import Right
from market.accounts.edge import current_actor, require, signed_in, wear_any
from market.accounts.idempotency import idempotent
from market.accounts.queries import parties
from market.delivery import policy, queries, service
from market.delivery.content import wanted_kind
from market.delivery.hour import latest_hour, may_have_hour, proposed_hour
from market.delivery.models import Kind, Submission
from market.delivery.schemas import (
    FORMS,
    AcceptanceFormSchema,
    PublicationTimeFormSchema,
    RemarkFormSchema,
    RevisionFormSchema,
)
from market.delivery.timeline import entries_of, latest
from market.delivery.turn import turn_of
from market.kit import ids
from market.kit.db import db, transaction
from market.kit.errors import Conflict, Refusal
from market.kit.pages import Form, local_input, read_form
from market.kit.words import _
from market.media import queries as assets
from market.messages import queries as messages
from market.messages.models import Thread
from market.orders import amendments, cases, changes, exits
from market.orders import chargebacks as disputed
from market.orders import policy as ordering
from market.orders import queries as orders
from market.orders.models import Order
from market.orders.panel import panel_of
from market.orders.states import MilestoneState, Stage
from market.shops import queries as shops

bp = Blueprint("delivery", __name__)


def _order(order_id: UUID) -> Order:
    """The order, for one of its parties: a person of several hats wears the right one. Raises NotFound."""
    order = orders.find(order_id)  # kept, so that what follows finds it in the session
    wear_any(order.parties)
    return orders.find_visible(order_id, current_actor())


@bp.get("/orders/<pid('ord'):order_id>")
@signed_in
def workroom(order_id: UUID) -> Any:
    return _workroom(_order(order_id)), 200


def _workroom(order: Order, form: Form | None = None, hour: Form | None = None) -> str:
    actor = current_actor()
    submissions = queries.of_order(order.id)
    turn = turn_of(order, actor, submissions)
    stage = order.current.kind if order.current else None
    kind = wanted_kind(order, stage) if stage and stage is not Stage.PUBLISHED else None
    products = shops.products([ids.decode("prd", text) for text in order.terms["brief"]["product_ids"]])
    thread = db.session.scalar(messages.visible_to(actor).where(Thread.subject_id == order.id))
    sent_back = [s for s in submissions if order.current and s.milestone_id == order.current.id]
    return render_template(
        "delivery/workroom.html",
        order=order,
        turn=turn,
        names=parties(order.parties),
        submissions=submissions,
        last=sent_back[-1] if sent_back else None,
        kind=kind,
        form=form or _with_film(_first_form(sent_back, kind), kind),
        products=products,
        product_options=[(ids.encode("prd", product.id), product.title) for product in products],
        pay=panel_of(order, actor),
        may_deliver=policy.may_deliver(actor, order) and _waits_for_creator(order),
        may_cancel=ordering.may_cancel(actor, order),
        may_release_part=ordering.may_release_part(actor, order),
        may_end=ordering.may_end(actor, order) and exits.may_be_ended(order),
        exit=exits.open_of(order.id),
        may_change=ordering.may_propose_change(actor, order) and bool(changes.changeable(order)),
        change=amendments.live_of(order.id),
        addenda=amendments.addenda(order.id),
        disputable={m.id for m in order.milestones if cases.holdable(m)}
        if ordering.may_end(actor, order)
        else (),
        may_review=policy.may_review(actor, order),
        timeline=entries_of(order, actor),
        seen=latest(order.id),
        thread=thread,
        messages=messages.messages(thread) if thread else [],
        hour=hour or Form({"publish_at": local_input(order.publish_at)}),
        latest_hour=latest_hour(order),
        may_have_hour=stage is not None and may_have_hour(order, stage),
        may_talk=actor.may(Right.TALK),
        bank=disputed.of_payer(order, actor),
        at_the_bank=disputed.is_disputed(order.id),
        back=url_for("delivery.workroom", order_id=order.id),
    )


def _waits_for_creator(order: Order) -> bool:
    m = order.current
    return m is not None and m.state is MilestoneState.ACTIVE and m.kind is not Stage.PUBLISHED


def _first_form(versions: list[Submission], kind: Kind | None) -> Form:
    """The form begins with what was handed in last, so that a revision is a change and not a retyping."""
    if not versions or kind is None or versions[-1].kind is not kind:
        return Form()
    values = dict(versions[-1].content)
    if versions[-1].asset_id and kind is not Kind.ARTICLE:
        values["asset_id"] = ids.encode("ast", versions[-1].asset_id)
    values.pop("starts_at", None)
    values["publish_at"] = local_input(proposed_hour(versions[-1]))
    return Form(values)


def _with_film(form: Form, kind: Kind | None) -> Form:
    """Who comes back from filming brings the film in the address."""
    brought = request.args.get("film", "")
    if kind is Kind.VIDEO and re.fullmatch(r"ast_\w{22}", brought):
        form.values["asset_id"] = brought
    return form


@bp.get("/orders/<pid('ord'):order_id>/pulse")
@signed_in
def pulse(order_id: UUID) -> Any:
    """Asked every few seconds by the open page: silent until something new happened."""
    order = _order(order_id)
    seen = request.args.get("seen", "")
    now_at = latest(order.id)
    if now_at == seen:
        return Response(status=204)
    if request.args.get("quiet"):
        return Response("", 200, {"HX-Refresh": "true"})
    return render_template("delivery/_pulse.html", order=order, news=True, seen=now_at)


class Overtaken(HTTPException):
    """The other side, the timer or another window was quicker: the form is gone, so the sentence goes to the page."""

    code = 303


@contextmanager
def _or_back(page: str) -> Iterator[None]:
    """Send a refusal that is about no field (the state has changed) to `page` instead of onto the form."""
    try:
        yield
    except Conflict as refusal:
        if refusal.field:
            raise
        flash(refusal.detail(), "danger")
        raise Overtaken(response=redirect(page, 303)) from refusal


@bp.post("/orders/<pid('ord'):order_id>/submissions")
@signed_in
def submit(order_id: UUID) -> Any:
    order = _order(order_id)
    actor = current_actor()
    require(policy.may_deliver(actor, order))
    posted = request.form.get("kind", "")
    kind = Kind(posted) if posted in list(Kind) else Kind.SCRIPT
    source = request.form.copy()
    source.poplist("kind")
    form = read_form(FORMS[kind](), source)
    room = url_for("delivery.workroom", order_id=order_id)
    with form.attempt(), _or_back(room):
        with transaction():
            service.submit(order_id, kind, form.data, actor)
        flash(_("已提交，等待商家验收。"), "success")
        return redirect(room, 303)
    return _workroom(orders.find_visible(order_id, actor), form), form.status


def _submission(submission_id: UUID) -> tuple[Submission, Order]:
    order = _order(queries.order_of(submission_id))
    return queries.find_visible(submission_id, current_actor()), order


@bp.get("/submissions/<pid('sub'):submission_id>")
@signed_in
def review(submission_id: UUID) -> Any:
    """Look, remark, compare with an older version, and decide."""
    submission, order = _submission(submission_id)
    return _review(submission, order)


def _review(
    submission: Submission,
    order: Order,
    form: Form | None = None,
    ask: Form | None = None,
    take: Form | None = None,
) -> Any:
    actor = current_actor()
    versions = queries.versions(submission.milestone_id)
    beside = next((v for v in versions if str(v.version) == request.args.get("beside")), None)
    beside = beside if beside is not submission else None
    milestone = next(m for m in order.milestones if m.id == submission.milestone_id)
    under_review = submission.is_waiting and milestone.state is MilestoneState.SUBMITTED
    shown = [submission, *([beside] if beside else [])]
    pictures = [ids.decode("ast", text) for s in shown for text in s.content.get("image_ids", [])]
    page = render_template(
        "delivery/review.html",
        order=order,
        submission=submission,
        milestone=milestone,
        versions=versions,
        beside=beside,
        assets=assets.assets([s.asset_id for s in shown] + list(pictures)),
        image_keys={
            s.id: [ids.decode("ast", text) for text in s.content.get("image_ids", [])] for s in shown
        },
        starts_at={
            s.id: datetime.fromisoformat(s.content["starts_at"]) for s in shown if "starts_at" in s.content
        },
        products=shops.products(
            [ids.decode("prd", text) for text in submission.content.get("product_ids", [])]
        ),
        names=parties([*order.parties, *(r.party_id for s in shown for r in s.remarks)]),
        form=form or Form(),
        ask=ask or Form(),
        take=take or Form({"publish_at": local_input(proposed_hour(submission))}),
        hours={s.id: proposed_hour(s) for s in shown},
        latest_hour=latest_hour(order),
        may_have_hour=may_have_hour(order, milestone.kind),
        rounds=int(order.terms["revisions"]),
        left=service.revisions_left(order, submission.milestone_id),
        may_review=policy.may_review(actor, order) and under_review,
        may_remark=policy.may_remark(actor, order) and under_review,
        seen=latest(order.id),
    )
    return page, max(each.status for each in (form, ask, take, Form()) if each)


@bp.post("/submissions/<pid('sub'):submission_id>/remarks")
@signed_in
def remark(submission_id: UUID) -> Any:
    submission, order = _submission(submission_id)
    actor = current_actor()
    require(policy.may_remark(actor, order))
    form = read_form(RemarkFormSchema())
    with form.attempt(), _or_back(url_for("delivery.review", submission_id=submission_id)):
        with transaction():
            service.remark(submission_id, form.data, actor)
        return redirect(url_for("delivery.review", submission_id=submission_id, _anchor="remarks"), 303)
    return _review(submission, order, form)


@bp.post("/submissions/<pid('sub'):submission_id>/revision")
@signed_in
def ask_revision(submission_id: UUID) -> Any:
    submission, order = _submission(submission_id)
    actor = current_actor()
    require(policy.may_review(actor, order))
    form = read_form(RevisionFormSchema())
    with form.attempt(), _or_back(url_for("delivery.review", submission_id=submission_id)):
        words = form.data["text"]
        with transaction():
            service.ask_revision(submission_id, [{"text": words}] if words else [], actor)
        flash(_("已退回修改，创作者会收到通知。"), "success")
        return redirect(url_for("delivery.workroom", order_id=order.id), 303)
    return _review(submission, order, ask=form)


@bp.post("/submissions/<pid('sub'):submission_id>/extension")
@signed_in
def extend(submission_id: UUID) -> Any:
    order = _submission(submission_id)[1]
    actor = current_actor()
    require(policy.may_review(actor, order))
    with transaction():
        service.extend(submission_id, actor)
    flash(_("验收期已延长。"), "success")
    return redirect(url_for("delivery.review", submission_id=submission_id), 303)


@bp.post("/submissions/<pid('sub'):submission_id>/acceptance")
@signed_in
def accept(submission_id: UUID) -> Any:
    # Puts on the merchant's hat before the key is looked up under it.
    submission, order = _submission(submission_id)
    form = read_form(AcceptanceFormSchema())
    if not form.errors:
        try:
            return _accept_once(submission_id, form.data["publish_at"])
        except Refusal as refusal:
            if refusal.field != "publish_at":
                raise
            form.errors["publish_at"] = [refusal.detail()]
    return _review(submission, order, take=form)


@idempotent
def _accept_once(submission_id: UUID, publish_at: datetime | None) -> Any:
    actor = current_actor()
    order, submission = queries.locked(submission_id, actor)
    require(policy.may_review(actor, order))
    service.accept(submission_id, actor, locked=(order, submission), publish_at=publish_at)
    flash(_("已验收，款项已放给创作者。"), "success")
    return redirect(url_for("delivery.workroom", order_id=order.id), 303)


@bp.post("/orders/<pid('ord'):order_id>/publication-time")
@signed_in
def reschedule(order_id: UUID) -> Any:
    order = _order(order_id)
    actor = current_actor()
    require(policy.may_review(actor, order))
    form = read_form(PublicationTimeFormSchema())
    room = url_for("delivery.workroom", order_id=order_id)
    with form.attempt(), _or_back(room):
        at = None if form.data["at_once"] else form.data["publish_at"]
        with transaction():
            service.reschedule(order_id, at, actor)
        flash(_("发布时间已更改。") if at else _("作品马上上架。"), "success")
        return redirect(room, 303)
    return _workroom(orders.find_visible(order_id, actor), hour=form), form.status
