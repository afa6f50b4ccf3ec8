"""Who may do what in the feed."""

from market.accounts.actor import Actor, Right, Role
from market.feed.models import Post


def may_post(actor: Actor) -> bool:
    """Shops and creators speak to their followers."""
    return actor.role in (Role.MERCHANT, Role.CREATOR) and actor.may(Right.FOLLOW)


def may_change(actor: Actor, post: Post) -> bool:
    return may_post(actor) and actor.is_party(post.author_id)


def may_withdraw(actor: Actor, post: Post) -> bool:
    """One's own words. Work of an order is withdrawn by who holds its rights (market.publication)."""
    return may_change(actor, post) and not post.is_paid


def may_follow(actor: Actor) -> bool:
    return actor.may(Right.FOLLOW)
