"""Who may see and do what about a film's standing."""

from market.accounts.actor import Actor, Right
from market.standings.models import C, FilmCase
from market.video.models import Video


def may_see(actor: Actor | None, video: Video) -> bool:
    """Those whose film it is, and operators who compose the public pages; nobody else, ever."""
    return actor is not None and (actor.is_party(video.creator_id, video.merchant_id) or may_rule(actor))


def may_rule(actor: Actor) -> bool:
    """One operator is enough, as for taking a film off the shelf: holding it back is less, and can be undone."""
    return actor.is_operator and actor.may(Right.COMPOSE)


def may_appeal(actor: Actor | None, case: FilmCase) -> bool:
    if actor is None or not case.is_open or case.state is C.HELD:
        return False
    # The merchant first: his own film's creator he is, too.
    if actor.is_party(case.merchant_id):
        return actor.may(Right.ACCEPT)
    return actor.is_party(case.creator_id) and actor.may(Right.DELIVER)


def may_mend(actor: Actor | None, case: FilmCase) -> bool:
    """The merchant who accepted the words may change them; a film without a merchant is its creator's."""
    if actor is None or not case.is_open:
        return False
    if case.merchant_id is None:
        return actor.is_party(case.creator_id) and actor.may(Right.DELIVER)
    return actor.is_party(case.merchant_id) and actor.may(Right.ACCEPT)
