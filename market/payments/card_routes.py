"""JSON: the merchant's saved cards."""

from typing import Any, cast
from uuid import UUID

from market.accounts.edge import current_actor, require
from market.kit.db import transaction
from market.payments import cards, outbox
from market.payments.blueprints import api as bp
from market.payments.models import SavedCard
from market.payments.policy import has_wallet
from market.payments.schemas import CardSchema, CardsSchema


@bp.get("/cards")
@bp.response(200, CardsSchema)
def list_cards() -> dict[str, Any]:
    """The cards you let Stripe keep; there are few, so they come all at once."""
    actor = current_actor()
    require(has_wallet(actor))
    return {"data": cards.of_party(cast(UUID, actor.party_id))}


@bp.post("/cards/<pid('crd'):card_id>/default")
@bp.response(200, CardSchema)
def create_default(card_id: UUID) -> SavedCard:
    """Use this card first."""
    actor = current_actor()
    require(has_wallet(actor))
    with transaction():
        card = cards.find_visible(card_id, actor)
        cards.make_default(card, actor)
    return card


@bp.delete("/cards/<pid('crd'):card_id>")
@bp.response(204)
def delete_card(card_id: UUID) -> None:
    """Take the card out of use at once; Stripe forgets it a moment later."""
    actor = current_actor()
    require(has_wallet(actor))
    with transaction():
        call_id = cards.remove(cards.find_visible(card_id, actor), actor)
    outbox.send(call_id)
