"""May they? Pure questions about bids and invitations."""

from market.accounts.actor import Actor, Right, Role
from market.bids.models import Bid, Invitation


def may_bid(actor: Actor) -> bool:
    return actor.role in (Role.CREATOR, Role.AGENCY) and actor.may(Right.BID)


def may_change(actor: Actor, bid: Bid) -> bool:
    """Whoever placed it: the agency when there is one, else the creator."""
    return may_bid(actor) and actor.is_party(bid.agency_id or bid.creator_id)


def may_withdraw(actor: Actor, bid: Bid) -> bool:
    """Also the creator for whom an agency bid: nobody works against their will."""
    return may_bid(actor) and actor.is_party(bid.agency_id, bid.creator_id)


def may_answer(actor: Actor, invitation: Invitation) -> bool:
    return may_bid(actor) and actor.is_party(invitation.creator_id)
