"""Who may do what with a film on the shelf."""

from market.accounts.actor import Actor, Right
from market.video.kinds import KINDS, FilmKind, Place
from market.video.models import Video


def may_label(actor: Actor | None, video: Video) -> bool:
    """The merchant whose products it shows, and the creator who made it."""
    if actor is None:
        return False
    if actor.is_party(video.merchant_id):
        return actor.may(Right.SELL)
    return actor.is_party(video.creator_id) and actor.may(Right.DELIVER)


def stands_at_heads(video: Video) -> bool:
    """Whether a label says anything about it."""
    return bool(video.product_ids) and Place.HEAD in KINDS[video.kind].places


def may_take_down(actor: Actor | None, video: Video) -> bool:
    """A film of one's own, at any time; operators too. Work of an order: by its rights, see publication.policy."""
    if actor is None or KINDS[video.kind].is_paid:
        return False
    if actor.is_operator:
        return actor.may(Right.COMPOSE)
    needed = Right.SELL if video.kind is FilmKind.PRODUCT else Right.DELIVER
    return actor.is_party(video.creator_id) and actor.may(needed)
