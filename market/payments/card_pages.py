"""The merchant's saved cards: list, first one, removal."""

from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from flask import flash, redirect, render_template, url_for

from market.accounts.actor import Role
from market.accounts.edge import current_actor, hat, require
from market.kit.clock import now
from market.kit.db import transaction
from market.kit.words import _
from market.payments import cards, customers, outbox, polls
from market.payments.blueprints import pages as bp
from market.payments.errors import StripeAway
from market.payments.policy import has_wallet

FRESH = timedelta(minutes=1)


@bp.get("/m/cards")
@hat(Role.MERCHANT)
def my_cards() -> Any:
    actor = current_actor()
    require(has_wallet(actor))
    party_id = cast(UUID, actor.party_id)
    known, away = customers.of(party_id), False
    if known and known.stripe_id and (known.looked_at is None or known.looked_at < now() - FRESH):
        try:
            polls.look_at_cards(party_id)
        except StripeAway:
            away = True
    return render_template("payments/cards.html", cards=cards.of_party(party_id), away=away)


@bp.post("/m/cards/<pid('crd'):card_id>/default")
@hat(Role.MERCHANT)
def make_card_default(card_id: UUID) -> Any:
    actor = current_actor()
    require(has_wallet(actor))
    with transaction():
        cards.make_default(cards.find_visible(card_id, actor), actor)
    flash(_("以后先用这张卡。"), "success")
    return redirect(url_for("payments.my_cards"), 303)


@bp.post("/m/cards/<pid('crd'):card_id>/removal")
@hat(Role.MERCHANT)
def remove_card(card_id: UUID) -> Any:
    actor = current_actor()
    require(has_wallet(actor))
    with transaction():
        call_id = cards.remove(cards.find_visible(card_id, actor), actor)
    outbox.send(call_id)
    flash(_("卡片已移除。"), "success")
    return redirect(url_for("payments.my_cards"), 303)
