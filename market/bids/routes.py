"""JSON: bids and invitations."""

from typing import Any, cast
from uuid import UUID

from market.accounts.edge import current_actor, require
from market.bids import invitations, policy, queries, service, shortlist_routes
from market.bids.api import bp
from market.bids.errors import InvitationOver
from market.bids.models import Bid, BidState, Invitation, InvitationState
from market.bids.schemas import (
    BidChangeSchema,
    BidNewSchema,
    BidQuery,
    BidSchema,
    InvitationNewSchema,
    InvitationQuery,
    InvitationSchema,
    ReplySchema,
)
from market.kit.api import require_match
from market.kit.db import transaction
from market.kit.errors import Invalid
from market.kit.paging import Page, page_of
from market.kit.schemas import page_schema
from market.kit.words import _
from market.tasks import policy as briefs
from market.tasks import queries as tasks

__all__ = ["bp", "shortlist_routes"]


@bp.get("/tasks/<pid('tsk'):task_id>/bids")
@bp.arguments(BidQuery, location="query")
@bp.response(200, page_schema(BidSchema))
def list_bids(query: dict[str, Any], task_id: UUID) -> Page[Bid]:
    """The brief's bids for its merchant (none while they are sealed); one's own for everybody else."""
    actor = current_actor()
    task = tasks.find_visible(task_id, actor)
    return _page(queries.visible_to(actor).where(Bid.task_id == task.id), query)


@bp.post("/tasks/<pid('tsk'):task_id>/bids")
@bp.arguments(BidNewSchema)
@bp.response(201, BidSchema)
def place(offer: dict[str, Any], task_id: UUID) -> Bid:
    """Bid on an open brief: for oneself, or as an agency for a member of the roster."""
    actor = current_actor()
    require(policy.may_bid(actor))
    creator_id = offer.pop("creator_id") or cast(UUID, actor.party_id)
    with transaction():
        task = tasks.find_visible(task_id, actor)
        return service.place(
            task.id, _own(creator_id, actor.role == "creator", actor.party_id), offer, by=actor
        )


@bp.get("/bids")
@bp.arguments(BidQuery, location="query")
@bp.response(200, page_schema(BidSchema))
def list_own(query: dict[str, Any]) -> Page[Bid]:
    """What one's party bid, newest first."""
    return _page(queries.mine(current_actor()), query)


@bp.get("/bids/<pid('bid'):bid_id>")
@bp.response(200, BidSchema)
def get_bid(bid_id: UUID) -> Bid:
    return queries.find_visible(bid_id, current_actor())


@bp.patch("/bids/<pid('bid'):bid_id>")
@bp.arguments(BidChangeSchema)
@bp.response(200, BidSchema)
def change(offer: dict[str, Any], bid_id: UUID) -> Bid:
    """Change a bid until the brief is decided."""
    actor = current_actor()
    with transaction():
        bid = queries.find_visible(bid_id, actor)
        require(policy.may_change(actor, bid))
        tasks.find(bid.task_id, lock=True)
        require_match(BidSchema().dump(queries.find(bid_id, lock=True)))
        return service.change(bid_id, offer, by=actor)


@bp.post("/bids/<pid('bid'):bid_id>/withdrawal")
@bp.response(200, BidSchema)
def withdraw(bid_id: UUID) -> Bid:
    """Take a bid back. A creator may also take back what an agency bid for them."""
    actor = current_actor()
    with transaction():
        require(policy.may_withdraw(actor, queries.find_visible(bid_id, actor)))
        return service.withdraw(bid_id, by=actor)


@bp.get("/tasks/<pid('tsk'):task_id>/invitations")
@bp.arguments(InvitationQuery, location="query")
@bp.response(200, page_schema(InvitationSchema))
def list_task_invitations(query: dict[str, Any], task_id: UUID) -> Page[Invitation]:
    """Whom the merchant asked; others see only the invitation to themselves."""
    actor = current_actor()
    task = tasks.find_visible(task_id, actor)
    return _invitations(queries.invitations_visible_to(actor).where(Invitation.task_id == task.id), query)


@bp.post("/tasks/<pid('tsk'):task_id>/invitations")
@bp.arguments(InvitationNewSchema)
@bp.response(201, InvitationSchema)
def invite(asked: dict[str, Any], task_id: UUID) -> Invitation:
    """Ask a verified creator to bid."""
    actor = current_actor()
    with transaction():
        task = tasks.find_visible(task_id, actor)
        require(briefs.may_run(actor, task))
        return invitations.invite(task.id, asked["creator_id"], message=asked["message"], by=actor)


@bp.get("/invitations")
@bp.arguments(InvitationQuery, location="query")
@bp.response(200, page_schema(InvitationSchema))
def list_invitations(query: dict[str, Any]) -> Page[Invitation]:
    """Sent by a merchant, or received by a creator or a member of an agency's roster."""
    return _invitations(queries.invitations_visible_to(current_actor()), query)


@bp.get("/invitations/<pid('inv'):invitation_id>")
@bp.response(200, InvitationSchema)
def get_invitation(invitation_id: UUID) -> Invitation:
    return queries.find_visible_invitation(invitation_id, current_actor())


@bp.post("/invitations/<pid('inv'):invitation_id>/reply")
@bp.arguments(ReplySchema)
@bp.response(200, InvitationSchema)
def reply(said: dict[str, Any], invitation_id: UUID) -> Invitation:
    """Decline, or accept with a bid."""
    actor = current_actor()
    with transaction():
        asked = queries.find_visible_invitation(invitation_id, actor)
        require(policy.may_answer(actor, asked))
        tasks.find(asked.task_id, lock=True)
        asked = queries.find_invitation(invitation_id, lock=True)
        if not said["accept"]:
            return invitations.decline(asked, said["reason"], by=actor)
        if not asked.is_open:
            raise InvitationOver
        offer = said["bid"]
        if offer is None:
            raise Invalid({"bid": [_("接受邀请请附上报价。")]})
        offer.pop("creator_id")
        service.place(asked.task_id, asked.creator_id, offer, by=actor)
        return asked


def _own(creator_id: UUID, alone: bool, party_id: UUID | None) -> UUID:
    """A creator bids for nobody else."""
    require(not alone or creator_id == party_id)
    return creator_id


def _page(rows: Any, query: dict[str, Any]) -> Page[Bid]:
    state = query.pop("state")
    return page_of(rows.where(Bid.state == BidState(state)) if state else rows, Bid.id, **query)


def _invitations(rows: Any, query: dict[str, Any]) -> Page[Invitation]:
    state = query.pop("state")
    return page_of(
        rows.where(Invitation.state == InvitationState(state)) if state else rows, Invitation.id, **query
    )
