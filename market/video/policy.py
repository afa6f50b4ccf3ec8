"""Who may do what with a film on the shelf."""

from market.accounts.actor import Actor, Right
from market.video.models import Video


def may_label(actor: Actor | None, video: Video) -> bool:
    """The merchant whose products it shows, and the creator who made it."""
    if actor is None:
        return False
    if actor.is_party(video.creator_id):
        return actor.may(Right.DELIVER)
    return actor.is_party(video.merchant_id) and actor.may(Right.SELL)
