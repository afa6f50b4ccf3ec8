"""May they? Pure questions about saved searches."""

from uuid import UUID

from market.accounts.actor import Actor, Role


def may_save(actor: Actor) -> bool:
    return actor.role is Role.MERCHANT and actor.party_id is not None


def may_change(actor: Actor, party_id: UUID) -> bool:
    return may_save(actor) and actor.is_party(party_id)
