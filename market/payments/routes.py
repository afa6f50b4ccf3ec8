"""JSON: payment pages, income, receiving account, withdrawals."""

from typing import Any, cast
from uuid import UUID

from flask import current_app, url_for
from flask.typing import ResponseReturnValue

from market.accounts.edge import current_actor, require
from market.accounts.idempotency import idempotent, request_key
from market.kit.api import IDEMPOTENCY_KEY
from market.kit.paging import Page, page_of
from market.kit.schemas import PageQuery, page_schema
from market.payments import card_routes, connect, onboarding, polls, queries, service, wallet_routes
from market.payments.blueprints import api as bp
from market.payments.models import Checkout, ConnectAccount, Earning, Withdrawal
from market.payments.policy import has_income
from market.payments.schemas import (
    CheckoutSchema,
    ConnectSchema,
    EarningSchema,
    IncomeSchema,
    OnboardingSchema,
    WithdrawalSchema,
    WithdrawSchema,
)

__all__ = ["bp", "card_routes", "wallet_routes"]


@bp.get("/checkouts")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_schema(CheckoutSchema))
def list_checkouts(query: dict[str, Any]) -> Page[Checkout]:
    return page_of(queries.visible_to(current_actor()), Checkout.id, **query)


@bp.get("/checkouts/<pid('chk'):checkout_id>")
@bp.response(200, CheckoutSchema)
def get_checkout(checkout_id: UUID) -> Checkout:
    """The payment as we know it; Stripe's word arrives here within seconds of the payment."""
    return queries.find_visible(checkout_id, current_actor())


@bp.post("/checkouts/<pid('chk'):checkout_id>/refreshment")
@bp.response(200, CheckoutSchema)
def refresh_checkout(checkout_id: UUID) -> Checkout:
    """Ask Stripe now, as the return page does."""
    actor = current_actor()
    if queries.find_visible(checkout_id, actor).is_live:
        polls.look_at_checkout(checkout_id)
    return queries.find_visible(checkout_id, actor)


@bp.get("/income")
@bp.response(200, IncomeSchema)
def get_income() -> dict[str, Any]:
    actor = current_actor()
    require(has_income(actor))
    party_id = cast(UUID, actor.party_id)
    return vars(service.income(party_id)) | {"pending": queries.cooling(party_id)}


@bp.get("/earnings")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_schema(EarningSchema))
def list_earnings(query: dict[str, Any]) -> Page[Earning]:
    actor = current_actor()
    require(has_income(actor) or actor.is_operator)
    return page_of(queries.earnings_visible_to(actor), Earning.id, **query)


@bp.get("/withdrawals")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_schema(WithdrawalSchema))
def list_withdrawals(query: dict[str, Any]) -> Page[Withdrawal]:
    actor = current_actor()
    require(has_income(actor) or actor.is_operator)
    return page_of(queries.withdrawals_visible_to(actor), Withdrawal.id, **query)


@bp.get("/withdrawals/<pid('wdr'):withdrawal_id>")
@bp.response(200, WithdrawalSchema)
def get_withdrawal(withdrawal_id: UUID) -> Withdrawal:
    return queries.find_withdrawal(withdrawal_id, current_actor())


@bp.post("/withdrawals")
@bp.doc(parameters=IDEMPOTENCY_KEY)
@bp.arguments(WithdrawSchema)
@bp.response(201, WithdrawalSchema)
@idempotent
def create_withdrawal(wanted: dict[str, Any]) -> ResponseReturnValue:
    """Take available money out. Needs Idempotency-Key."""
    actor = current_actor()
    require(has_income(actor))
    made = service.withdraw(party_id=cast(UUID, actor.party_id), by=actor, key=request_key(), **wanted)
    return WithdrawalSchema().dump(made), 201


@bp.get("/connect")
@bp.response(200, ConnectSchema)
def get_connect() -> ConnectAccount:
    actor = current_actor()
    require(has_income(actor))
    found = connect.of(cast(UUID, actor.party_id))
    return found or ConnectAccount(
        details_submitted=False, payouts_enabled=False, requirements=[], disabled_reason="", bank=""
    )


@bp.post("/connect/onboarding")
@bp.response(201, OnboardingSchema)
def create_onboarding() -> dict[str, str]:
    """A link to Stripe's pages where the receiving account is opened or completed."""
    actor = current_actor()
    require(has_income(actor))
    return {
        "url": onboarding.link(actor, current_app.config["SETTINGS"].public_url + url_for("payments.income"))
    }
