"""Who may compose venues."""

from market.accounts.actor import Actor, Right, Role


def may_compose(actor: Actor) -> bool:
    return actor.is_operator and actor.may(Right.COMPOSE)


def may_offer(actor: Actor) -> bool:
    """Whether the actor may fill a module of a shop's own films."""
    return actor.role is Role.MERCHANT and actor.may(Right.SELL)
