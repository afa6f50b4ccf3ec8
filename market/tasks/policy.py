"""May they? Pure questions about briefs."""

from market.accounts.actor import Actor, Right, Role
from market.tasks.models import Task


def may_write(actor: Actor) -> bool:
    return actor.role is Role.MERCHANT and actor.may(Right.BRIEF)


def may_run(actor: Actor, task: Task) -> bool:
    """Change, open, close, cancel, invite, award: the merchant's own brief."""
    return may_write(actor) and actor.is_party(task.merchant_id)
