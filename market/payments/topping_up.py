"""The way to the page that fills the wallet; its own module because it talks to Stripe between two transactions."""

from typing import cast
from uuid import UUID

from market.accounts.actor import Actor
from market.kit.db import transaction
from market.kit.words import _
from market.payments import cards, checkouts, queries, till, wallet
from market.payments.models import Checkout


def top_up(
    actor: Actor, amount_fen: int, *, key: str, public_url: str, locale: str, card_id: UUID | None = None
) -> Checkout:
    """The intent is committed, then Stripe is asked; a page for another amount that is still open is ended first.

    Raises TopUpLimits, KeyOfAnother, PageStillOpen.
    """
    party_id = cast(UUID, actor.party_id)
    if checkouts.of_key(party_id, key) is None:
        wallet.require_limits(amount_fen)
        till.know(party_id)
        till.make_room(
            party_id, suits=lambda open_: (open_.amount_fen, open_.card_id) == (amount_fen, card_id)
        )
    with transaction():
        made = wallet.top_up(
            party_id,
            amount_fen,
            actor,
            title=_("钱包充值"),
            key=key,
            return_url=public_url + "/checkouts/{checkout}?back=1",
            locale=locale,
            card=cards.find_visible(card_id, actor) if card_id else None,
        )
        checkout_id = made.id
    till.start(checkout_id)
    return queries.find_visible(checkout_id, actor)
