"""/t/<brief>: what creators see, with the one thing they can do next."""

from typing import Any, cast
from uuid import UUID

from flask import redirect, render_template, request, url_for

from market.accounts.actor import Actor, Role
from market.accounts.edge import actor_or_none, current_actor, current_hats, hat, require, signed_in, wear
from market.bids import policy, queries
from market.bids.answers import said
from market.bids.blueprint import bp
from market.bids.models import Bid, Invitation
from market.kit.db import db, transaction
from market.kit.errors import NotFound
from market.messages.service import thread_for
from market.tasks import queries as tasks
from market.tasks import registry
from market.tasks.models import Task
from market.tasks.shown import brief_context


@bp.get("/t/<pid('tsk'):task_id>")
def brief(task_id: UUID) -> Any:
    """The merchant is led to the desk's page, unless the preview is asked for; bidders see their next step."""
    _wear_what_fits(task_id)
    actor = actor_or_none()
    task = tasks.find_visible(task_id, actor)
    own = actor is not None and actor.is_party(task.merchant_id)
    if own and "preview" not in request.args:
        way = "tasks.edit" if task.is_draft else "bids.own_brief"
        return redirect(url_for(way, task_id=task_id), 303)
    fit = None
    if actor and actor.role is Role.CREATOR:
        fit = registry.fits(cast(UUID, actor.party_id), [task]).get(task.id)
    return render_template(
        "bids/brief.html",
        **brief_context(task),
        own=own,
        fit=fit,
        mine=_bids_of(actor, task) if actor and not own else [],
        answer=said,
        invitation=_invitation_of(actor, task) if actor and not own else None,
        may_bid=actor is not None and policy.may_bid(actor),
        prefix="/a" if actor and actor.role is Role.AGENCY else "/u",
    )


@bp.post("/t/<pid('tsk'):task_id>/thread")
@signed_in
def ask(task_id: UUID) -> Any:
    """A conversation with the merchant about this brief."""
    actor = current_actor()
    require(policy.may_bid(actor))
    with transaction():
        task = tasks.find_visible(task_id, actor)
        thread = thread_for("task", task.id, task.title, [task.merchant_id, actor.party_id])
    return redirect(url_for("messages.thread", thread_id=thread.id), 303)


@bp.post("/m/bids/<pid('bid'):bid_id>/thread")
@hat(Role.MERCHANT)
def ask_bidder(bid_id: UUID) -> Any:
    """A conversation with whoever placed this bid."""
    actor = current_actor()
    with transaction():
        bid = queries.find_visible(bid_id, actor)
        if not actor.is_party(bid.task.merchant_id):
            raise NotFound
        sides = [bid.task.merchant_id, bid.agency_id or bid.creator_id]
        thread = thread_for("task", bid.task_id, bid.task.title, sides)
    return redirect(url_for("messages.thread", thread_id=thread.id), 303)


def _wear_what_fits(task_id: UUID) -> None:
    """A notice leads here whatever hat is on: the merchant of this brief gets the merchant's."""
    actor = actor_or_none()
    if actor is None or actor.is_operator:
        return
    task = db.session.get(Task, task_id)
    for membership in current_hats():
        if task and membership.party_id == task.merchant_id and not actor.is_party(membership.party_id):
            wear(membership.party.role)


def _bids_of(actor: Actor, task: Task) -> list[Bid]:
    """The actor's bids here: one of a creator, one per member of an agency."""
    rows = queries.mine(actor).where(Bid.task_id == task.id).order_by(Bid.id.desc())
    return list(db.session.scalars(rows))


def _invitation_of(actor: Actor, task: Task) -> Invitation | None:
    """The invitation that waits for the actor, or for a member of the actor's roster."""
    return db.session.scalar(queries.waiting(actor).where(Invitation.task_id == task.id).limit(1))
