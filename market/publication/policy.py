"""Who may do what with published work."""

from market.accounts.actor import Actor, Right
from market.feed.models import Post
from market.publication.models import Publication
from market.video.models import Video


def may_withdraw(actor: Actor | None, publication: Publication | None) -> bool:
    """The merchant who holds the rights, and operators who compose the public pages."""
    if actor is None or publication is None or not publication.is_up:
        return False
    if actor.is_operator:
        return actor.may(Right.COMPOSE)
    return actor.is_party(publication.merchant_id) and actor.may(Right.ACCEPT)


def may_see_reach(actor: Actor | None, entry: Video | Post) -> bool:
    """How often a work was seen is for those whose work it is: who made it, and the merchant it was made for."""
    maker = entry.creator_id if isinstance(entry, Video) else entry.author_id
    return actor is not None and actor.is_party(maker, entry.merchant_id)
