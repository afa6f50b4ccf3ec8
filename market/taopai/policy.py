"""Who may make films; pure questions."""

from market.accounts.actor import Actor, Right
from market.media.policy import may_upload


def may_edit(actor: Actor) -> bool:
    """Whoever may upload the films it takes."""
    return may_upload(actor)


def may_change_templates(actor: Actor) -> bool:
    """Operators who compose pages."""
    return actor.is_operator and actor.may(Right.COMPOSE)
