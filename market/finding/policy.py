"""May they? Pure questions about saved searches."""

from market.accounts.actor import Actor, Role
from market.finding.models import SavedSearch, Sought

SOUGHT = {Role.MERCHANT: Sought.CREATORS, Role.CREATOR: Sought.BRIEFS, Role.AGENCY: Sought.BRIEFS}
"""Who looks for what."""


def may_save(actor: Actor, kind: Sought) -> bool:
    return SOUGHT.get(actor.role) is kind and actor.party_id is not None


def may_change(actor: Actor, search: SavedSearch) -> bool:
    return may_save(actor, search.kind) and actor.is_party(search.party_id)
