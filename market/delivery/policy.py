"""May they? Pure questions about deliveries: they are answered by the order."""

from market.accounts.actor import Actor
from market.orders.models import Order
from market.orders.policy import may_deliver, may_review, may_review_of

__all__ = ["may_deliver", "may_remark", "may_review", "may_review_of"]


def may_remark(actor: Actor, order: Order) -> bool:
    """Who makes and who looks; the agency reads along."""
    return may_review(actor, order) or may_deliver(actor, order)
