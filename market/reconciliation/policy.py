"""May they? Pure questions."""

from market.accounts.actor import Actor, Right


def may_reconcile(actor: Actor) -> bool:
    return actor.is_operator and actor.may(Right.RECONCILE)
