"""JSON: the merchant's wallet."""

from typing import Any, cast
from uuid import UUID

from flask import current_app
from flask_babel import get_locale

from market.accounts.edge import current_actor, require
from market.accounts.idempotency import request_key
from market.kit.api import IDEMPOTENCY_KEY
from market.kit.paging import Page
from market.kit.schemas import PageQuery, page_schema
from market.payments import topping_up, wallet, wallet_lines
from market.payments.blueprints import api as bp
from market.payments.models import Checkout
from market.payments.policy import has_wallet
from market.payments.schemas import CheckoutSchema, TopUpSchema, WalletLineSchema, WalletSchema


def _owner() -> UUID:
    actor = current_actor()
    require(has_wallet(actor))
    return cast(UUID, actor.party_id)


@bp.get("/wallet")
@bp.response(200, WalletSchema)
def get_wallet() -> dict[str, int]:
    return {"balance_fen": wallet.balance(_owner())}


@bp.get("/wallet/entries")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_schema(WalletLineSchema))
def list_wallet_entries(query: dict[str, Any]) -> Page[wallet_lines.Line]:
    """What came and went, newest first."""
    return wallet_lines.lines(_owner(), **query)


@bp.post("/wallet/top-ups")
@bp.doc(parameters=IDEMPOTENCY_KEY)
@bp.arguments(TopUpSchema)
@bp.response(201, CheckoutSchema)
def create_top_up(wanted: dict[str, Any]) -> Checkout:
    """Open Stripe's payment page for a top-up. Needs Idempotency-Key; the same key gives the same page."""
    _owner()
    return topping_up.top_up(
        current_actor(),
        wanted["amount_fen"],
        card_id=wanted["card_id"],
        key=request_key(),
        public_url=current_app.config["SETTINGS"].public_url,
        locale=str(get_locale()),
    )
