"""Who may compose venues."""

from market.accounts.actor import Actor, Right


def may_compose(actor: Actor) -> bool:
    return actor.is_operator and actor.may(Right.COMPOSE)
