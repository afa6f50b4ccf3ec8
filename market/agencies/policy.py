"""May they? Pure questions about roster links."""

from market.accounts.actor import Actor, Right, Role
from market.agencies.models import LinkState, RosterLink


def may_invite(actor: Actor) -> bool:
    return actor.role is Role.AGENCY and actor.may(Right.ROSTER)


def may_lead(actor: Actor, link: RosterLink) -> bool:
    """The agency's side: take an invitation back, propose another share."""
    return may_invite(actor) and actor.is_party(link.agency_id)


def may_answer(actor: Actor, link: RosterLink) -> bool:
    """The creator's side: accept or decline an invitation or a new share."""
    return actor.role is Role.CREATOR and actor.is_party(link.creator_id)


def may_end(actor: Actor, link: RosterLink) -> bool:
    """Either side gives notice."""
    return may_lead(actor, link) or may_answer(actor, link)


def may_take_back_notice(actor: Actor, link: RosterLink) -> bool:
    """Only the side that gave it."""
    return link.state is LinkState.ENDING and may_end(actor, link) and actor.is_party(link.notice_by)
