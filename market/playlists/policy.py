"""Who may do what with collections."""

from market.accounts.actor import Actor, Right, Role
from market.playlists.models import Collection


def may_collect(actor: Actor) -> bool:
    return actor.role is Role.MERCHANT and actor.may(Right.SELL)


def may_change(actor: Actor, collection: Collection) -> bool:
    return may_collect(actor) and actor.is_party(collection.merchant_id)
