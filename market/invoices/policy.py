"""May they? Pure questions about documents."""

from market.accounts.actor import Actor, Right, Role


def may_read(actor: Actor) -> bool:
    """The members of a party who see its money."""
    if actor.is_operator:
        return actor.may(Right.RECONCILE)
    if actor.role is Role.MERCHANT:
        return actor.may(Right.PAY)
    return actor.may(Right.CASH)


def may_ask_fapiao(actor: Actor) -> bool:
    return actor.role is Role.MERCHANT and actor.may(Right.PAY)


def may_issue_fapiao(actor: Actor) -> bool:
    return actor.is_operator and actor.person_id is not None and actor.may(Right.RECONCILE)
