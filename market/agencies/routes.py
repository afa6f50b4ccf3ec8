"""JSON: rosters, from both sides."""

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from market.accounts.edge import current_actor, require
from market.agencies import policy, queries, service
from market.agencies.edge import held
from market.agencies.models import LinkState, RosterLink
from market.agencies.schemas import (
    AnswerSchema,
    FactSchema,
    InviteSchema,
    ProposalSchema,
    RosterLinkSchema,
    RosterQuery,
)
from market.kit.api import ApiBlueprint
from market.kit.db import transaction
from market.kit.events import Event, history
from market.kit.paging import Page, page_of
from market.kit.schemas import page_schema

bp = ApiBlueprint("agencies", __name__, description="Rosters: invitations, accepted shares, notice")


@bp.get("/roster-links")
@bp.arguments(RosterQuery, location="query")
@bp.response(200, page_schema(RosterLinkSchema))
def list_links(query: dict[str, Any]) -> Page[RosterLink]:
    """One's links: an agency's roster, or a creator's agencies; ended ones included."""
    rows = queries.visible_to(current_actor())
    state = query.pop("state")
    if state:
        rows = rows.where(RosterLink.state == LinkState(state))
    return page_of(rows, RosterLink.id, **query)


@bp.post("/roster-links")
@bp.arguments(InviteSchema)
@bp.response(201, RosterLinkSchema)
def invite(asked: dict[str, Any]) -> RosterLink:
    """Ask a creator onto the roster. The share holds once the creator accepts."""
    actor = current_actor()
    require(policy.may_invite(actor))
    with transaction():
        return service.invite(cast(UUID, actor.party_id), **asked, by=actor)


@bp.get("/roster-links/<pid('rst'):link_id>")
@bp.response(200, RosterLinkSchema)
def get_link(link_id: UUID) -> RosterLink:
    return queries.find_visible(link_id, current_actor())


@bp.delete("/roster-links/<pid('rst'):link_id>")
@bp.response(200, RosterLinkSchema)
def take_back_invitation(link_id: UUID) -> RosterLink:
    """Take back an invitation nobody answered yet."""
    with held(link_id, policy.may_lead) as (link, actor):
        return service.take_back_invitation(link, by=actor)


@bp.get("/roster-links/<pid('rst'):link_id>/history")
@bp.response(200, FactSchema(many=True))
def get_history(link_id: UUID) -> Sequence[Event]:
    """Everything that happened to this link, oldest first; both sides see the same."""
    return history(queries.find_visible(link_id, current_actor()).id)


@bp.post("/roster-links/<pid('rst'):link_id>/reply")
@bp.arguments(AnswerSchema)
@bp.response(200, RosterLinkSchema)
def answer(said: dict[str, Any], link_id: UUID) -> RosterLink:
    """The creator accepts or declines the invitation and its share."""
    with held(link_id, policy.may_answer) as (link, actor):
        return service.answer(link, **said, by=actor)


@bp.post("/roster-links/<pid('rst'):link_id>/proposal")
@bp.arguments(ProposalSchema)
@bp.response(200, RosterLinkSchema)
def propose(asked: dict[str, Any], link_id: UUID) -> RosterLink:
    """The agency proposes another share."""
    with held(link_id, policy.may_lead) as (link, actor):
        return service.propose(link, **asked, by=actor)


@bp.post("/roster-links/<pid('rst'):link_id>/proposal/reply")
@bp.arguments(AnswerSchema)
@bp.response(200, RosterLinkSchema)
def answer_proposal(said: dict[str, Any], link_id: UUID) -> RosterLink:
    """The creator accepts or declines the proposed share."""
    with held(link_id, policy.may_answer) as (link, actor):
        return service.answer_proposal(link, **said, by=actor)


@bp.post("/roster-links/<pid('rst'):link_id>/notice")
@bp.response(200, RosterLinkSchema)
def give_notice(link_id: UUID) -> RosterLink:
    """Either side ends the link after the notice; refused while an order of the pair runs."""
    with held(link_id, policy.may_end) as (link, actor):
        return service.give_notice(link, by=actor)


@bp.delete("/roster-links/<pid('rst'):link_id>/notice")
@bp.response(200, RosterLinkSchema)
def take_back_notice(link_id: UUID) -> RosterLink:
    """The side that gave notice takes it back before it is over."""
    with held(link_id, policy.may_take_back_notice) as (link, actor):
        return service.take_back_notice(link, by=actor)
