"""May they? Pure questions about requests."""

from market.accounts.actor import Actor
from market.approvals import registry
from market.approvals.models import Approval


def may_look(actor: Actor) -> bool:
    return actor.is_operator and actor.person_id is not None


def may_ask(actor: Actor, kind: str) -> bool:
    """Whoever may do such an act at all may ask for it."""
    return may_look(actor) and actor.may(registry.act(kind).right)


def may_decide(actor: Actor, approval: Approval) -> bool:
    """The right for the act; that it is not one's own is a refusal of its own."""
    known = registry.known().get(approval.kind)
    return may_look(actor) and known is not None and actor.may(known.right)
