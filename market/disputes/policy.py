"""May they? Pure questions about cases."""

from market.accounts.actor import Actor, Right
from market.disputes.models import CaseState, Dispute
from market.orders import policy as orders
from market.orders.models import Order

TALKING = (CaseState.ANSWER, CaseState.TALK, CaseState.RULING)


def may_open(actor: Actor, order: Order) -> bool:
    """The two who signed."""
    return orders.may_end(actor, order)


def may_speak(actor: Actor, order: Order, case: Dispute) -> bool:
    return orders.may_end(actor, order) and not case.is_over


def may_rule(actor: Actor) -> bool:
    return actor.is_operator and actor.may(Right.RECONCILE)
