"""/ops/rush: assign all open briefs at once; and the merchant's answer to what it proposed."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select

from market.accounts.actor import Role
from market.accounts.edge import current_actor, hat, require
from market.kit.db import db, transaction
from market.kit.errors import NotFound, Refusal
from market.kit.paging import page_of
from market.kit.words import _
from market.planning import rush
from market.planning.blueprint import bp
from market.planning.rush_models import OfferState, RunState, RushOffer, RushRun
from market.tasks import policy


@bp.get("/ops/rush")
@hat(Role.OPERATOR)
def runs() -> Any:
    found = page_of(select(RushRun), RushRun.id, limit=20, cursor=request.args.get("cursor"))
    under_way = next((run for run in found if run.state in (RunState.ASKED, RunState.RUNNING)), None)
    return render_template(
        "planning/rush.html",
        runs=found.data,
        under_way=under_way,
        resumes=rush.resumes(under_way) if under_way else None,
        is_kept=rush.is_kept(),
        next_url=url_for("planning.runs", cursor=found.next_cursor) if found.next_cursor else None,
    )


@bp.post("/ops/rush")
@hat(Role.OPERATOR)
def start_run() -> Any:
    try:
        with transaction():
            rush.ask(current_actor(), again="again" in request.form)
        flash(_("已开始，完成后商家和创作者会看到建议的人选。"), "success")
    except Refusal as refusal:
        flash(refusal.detail(), "warning")
    return redirect(url_for("planning.runs"), 303)


@bp.post("/m/offers/<pid('rof'):offer_id>/<any(decline, invite):verb>")
@hat(Role.MERCHANT)
def answer_offer(offer_id: UUID, verb: str) -> Any:
    """The merchant takes the proposal or does not."""
    actor = current_actor()
    offer = None
    try:
        with transaction():
            offer = rush.find(offer_id, actor)
            require(policy.may_run(actor, offer.task))
            (rush.invite if verb == "invite" else rush.decline)(offer, by=actor)
        flash(_("已邀请。") if verb == "invite" else _("好的，下次不再建议这位创作者。"), "success")
    except Refusal as refusal:
        if offer is None:
            raise
        flash(refusal.detail(), "error")
    return redirect(url_for("planning.plan", task_id=offer.task_id), 303)


@bp.post("/u/offers/<pid('rof'):offer_id>/decline")
@hat(Role.CREATOR)
def decline_offer(offer_id: UUID) -> Any:
    """The creator's no, with one click: the next run proposes somebody else."""
    actor = current_actor()
    try:
        with transaction():
            rush.decline(rush.find(offer_id, actor), by=actor)
        flash(_("好的，以后不再为这条需求安排您。"), "success")
    except NotFound:
        raise
    except Refusal as refusal:
        flash(refusal.detail(), "error")
    return redirect("/u", 303)


def offers(task_id: UUID) -> list[RushOffer]:
    """What the latest run proposes for the brief."""
    rows = rush.visible_to(current_actor()).where(
        RushOffer.task_id == task_id, RushOffer.state == OfferState.OFFERED
    )
    return list(db.session.scalars(rows.order_by(RushOffer.value.desc())))
