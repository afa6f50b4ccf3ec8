"""May they? Pure questions about profiles."""

from uuid import UUID

from market.accounts.actor import Actor, Role


def may_edit(actor: Actor, party_id: UUID) -> bool:
    return actor.role is Role.CREATOR and actor.is_party(party_id)
