"""JSON: payment pages, income, receiving account, withdrawals."""

from typing import Any, cast
from uuid import UUID

from flask import current_app, url_for
from flask.typing import ResponseReturnValue

from market.accounts.edge import current_actor, require
from market.accounts.idempotency import idempotent, request_key
from market.kit.api import IDEMPOTENCY_KEY
from market.kit.db import transaction
from market.kit.paging import Page, page_of
from market.kit.schemas import PageQuery, page_schema
from market.payments import (
    card_routes,
    chargeback_routes,
    connect,
    debt_routes,
    onboarding,
    polls,
    queries,
    registry,
    rhythm,
    service,
    wallet_routes,
    withdrawals,
)
from market.payments.blueprints import api as bp
from market.payments.models import Checkout, ConnectAccount, Earning, Withdrawal
from market.payments.policy import has_income
from market.payments.schemas import (
    CheckoutSchema,
    ConnectSchema,
    EarningSchema,
    IncomeSchema,
    OnboardingSchema,
    RhythmSchema,
    WithdrawalSchema,
    WithdrawSchema,
)
from market.payments.states import PayoutRhythm

__all__ = ["bp", "card_routes", "chargeback_routes", "debt_routes", "wallet_routes"]


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
    return vars(service.income(party_id)) | {
        "pending": queries.cooling(party_id),
        "forecast": registry.forecast(party_id),
        "members": registry.members(party_id),
    }


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


@bp.post("/withdrawals/<pid('wdr'):withdrawal_id>/retry")
@bp.doc(parameters=IDEMPOTENCY_KEY)
@bp.response(201, WithdrawalSchema)
@idempotent
def create_retry(withdrawal_id: UUID) -> ResponseReturnValue:
    """Send a withdrawal that the bank returned to the bank again. Needs Idempotency-Key."""
    found = _own_withdrawal(withdrawal_id)
    service.retry(found, by=current_actor())
    return WithdrawalSchema().dump(found), 201


@bp.post("/withdrawals/<pid('wdr'):withdrawal_id>/return")
@bp.doc(parameters=IDEMPOTENCY_KEY)
@bp.response(201, WithdrawalSchema)
@idempotent
def create_return(withdrawal_id: UUID) -> ResponseReturnValue:
    """Have the money of a withdrawal that the bank returned back as available. Needs Idempotency-Key."""
    found = _own_withdrawal(withdrawal_id)
    service.take_back(found, by=current_actor())
    return WithdrawalSchema().dump(found), 201


def _own_withdrawal(withdrawal_id: UUID) -> Withdrawal:
    """Locked; operators look at others' money, and leave it to them."""
    actor = current_actor()
    require(has_income(actor))
    queries.find_withdrawal(withdrawal_id, actor)
    return withdrawals.find(withdrawal_id, lock=True)


@bp.put("/connect/rhythm")
@bp.arguments(RhythmSchema)
@bp.response(200, ConnectSchema)
def put_rhythm(given: dict[str, Any]) -> ConnectAccount:
    """When available money goes out by itself: never, on Mondays, or on the first of the month."""
    actor = current_actor()
    require(has_income(actor))
    with transaction():
        return rhythm.choose(cast(UUID, actor.party_id), PayoutRhythm(given["rhythm"]), by=actor)


@bp.get("/connect")
@bp.response(200, ConnectSchema)
def get_connect() -> ConnectAccount:
    actor = current_actor()
    require(has_income(actor))
    found = connect.of(cast(UUID, actor.party_id))
    return found or ConnectAccount(
        details_submitted=False,
        payouts_enabled=False,
        transfers_enabled=False,
        requirements=[],
        disabled_reason="",
        bank="",
        rhythm=PayoutRhythm.MANUAL,
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
