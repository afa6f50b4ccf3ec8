"""Who may do what with published work."""

from uuid import UUID

from market.accounts.actor import Actor, Right, Role
from market.feed.models import Post
from market.publication.models import Publication
from market.video.kinds import FilmKind
from market.video.models import Video


def may_withdraw(actor: Actor | None, publication: Publication | None) -> bool:
    """The merchant who holds the rights, and operators who compose the public pages."""
    if actor is None or publication is None or not publication.is_up:
        return False
    if actor.is_operator:
        return actor.may(Right.COMPOSE)
    return actor.is_party(publication.merchant_id) and actor.may(Right.ACCEPT)


def kind_made_by(actor: Actor) -> FilmKind | None:
    """Which kind a film is that this actor puts up by himself; None for who puts up none."""
    if actor.role is Role.MERCHANT and actor.may(Right.SELL):
        return FilmKind.PRODUCT
    if actor.role is Role.CREATOR and actor.may(Right.DELIVER):
        return FilmKind.UGC
    return None


def may_publish(actor: Actor) -> bool:
    return kind_made_by(actor) is not None


def may_show_beside(actor: Actor | None, merchant_id: UUID | None) -> bool:
    """The merchant of the product (`merchant_id`) chooses which viewers' films stand on its page."""
    return actor is not None and actor.is_party(merchant_id) and actor.may(Right.SELL)


def may_see_reach(actor: Actor | None, entry: Video | Post) -> bool:
    """How often a work was seen is for those whose work it is: who made it, and the merchant it was made for."""
    maker = entry.creator_id if isinstance(entry, Video) else entry.author_id
    return actor is not None and actor.is_party(maker, entry.merchant_id)
