"""May they? Pure questions about signals."""

from uuid import UUID

from market.accounts.actor import Actor, Right, Role


def may_appeal(actor: Actor, party_id: UUID) -> bool:
    return actor.role is Role.CREATOR and actor.is_party(party_id)


def may_rule(actor: Actor) -> bool:
    return actor.is_operator and actor.may(Right.VERIFY)
