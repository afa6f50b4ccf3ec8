"""JSON: the merchant's wallet."""

from typing import Any, cast
from uuid import UUID

from flask import current_app
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from market.accounts.edge import current_actor, require
from market.accounts.idempotency import idempotent, request_key
from market.kit.api import IDEMPOTENCY_KEY
from market.kit.paging import Page, page_of
from market.kit.schemas import PageQuery, page_schema
from market.payments import refunds, topping_up, wallet, wallet_lines
from market.payments.blueprints import api as bp
from market.payments.models import Checkout
from market.payments.policy import has_wallet
from market.payments.refunds import Refund
from market.payments.schemas import (
    CheckoutSchema,
    RefundSchema,
    RefundsSchema,
    ReturnPlanSchema,
    ReturnSchema,
    TopUpSchema,
    WalletLineSchema,
    WalletSchema,
)


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


@bp.get("/wallet/return-plan")
@bp.arguments(ReturnSchema, location="query")
@bp.response(200, ReturnPlanSchema)
def get_return_plan(wanted: dict[str, Any]) -> dict[str, Any]:
    """By which payments an amount would go back. Nothing moves; more than can go back is refused."""
    party_id, fen = _owner(), wanted["amount_fen"]
    parts = [
        {"checkout_id": c.id, "method": c.method, "paid_at": c.paid_at, "amount_fen": part}
        for c, part in refunds.wallet_plan(party_id, fen)
    ]
    return {
        "amount_fen": fen,
        "fee_fen": 0,
        "most_fen": refunds.withdrawable(party_id),
        "parts": parts,
    }


@bp.get("/wallet/returns")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_schema(RefundSchema))
def list_returns(query: dict[str, Any]) -> Page[Refund]:
    """What went back to where it was paid from, out of the wallet and out of orders, newest first."""
    _owner()
    return page_of(refunds.visible_to(current_actor()), Refund.id, **query)


@bp.post("/wallet/returns")
@bp.doc(parameters=IDEMPOTENCY_KEY)
@bp.arguments(ReturnSchema)
@bp.response(201, RefundsSchema)
@idempotent
def create_return_to_payer(wanted: dict[str, Any]) -> ResponseReturnValue:
    """Send wallet money back by the payments that brought it, top-ups first. Needs Idempotency-Key."""
    made = refunds.withdraw_wallet(_owner(), wanted["amount_fen"], current_actor())
    return RefundsSchema().dump({"data": made}), 201
