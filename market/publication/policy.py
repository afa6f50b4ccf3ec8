"""Who may do what with published work."""

from market.accounts.actor import Actor, Right
from market.publication.models import Publication


def may_withdraw(actor: Actor | None, publication: Publication | None) -> bool:
    """The merchant who holds the rights, and operators who compose the public pages."""
    if actor is None or publication is None or not publication.is_up:
        return False
    if actor.is_operator:
        return actor.may(Right.COMPOSE)
    return actor.is_party(publication.merchant_id) and actor.may(Right.ACCEPT)
