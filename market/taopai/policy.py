"""Who may make films; pure questions."""

from market.accounts.actor import Actor
from market.media.policy import may_upload


def may_edit(actor: Actor) -> bool:
    """Whoever may upload the films it takes."""
    return may_upload(actor)
