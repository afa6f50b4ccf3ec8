"""Who may do what with products."""

from market.accounts.actor import Actor, Right, Role
from market.shops.models import Product


def may_sell(actor: Actor) -> bool:
    """Whether the actor may put products on a shelf at all."""
    return actor.role is Role.MERCHANT and actor.may(Right.SELL)


def may_change(actor: Actor, product: Product) -> bool:
    return may_sell(actor) and actor.is_party(product.merchant_id)
