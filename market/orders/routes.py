"""JSON: award, orders, their money, paying, cancelling."""

from typing import Any
from uuid import UUID

from flask import current_app
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from market.accounts.edge import current_actor, require
from market.accounts.idempotency import idempotent, request_key
from market.kit.api import IDEMPOTENCY_KEY
from market.kit.db import transaction
from market.kit.paging import Page, page_of
from market.kit.schemas import PageQuery, page_schema
from market.orders import (
    calendar_routes,
    change_routes,
    exit_routes,
    funding,
    funds,
    paying,
    policy,
    queries,
    service,
    take_back_routes,
)
from market.orders.api import bp
from market.orders.models import Order
from market.orders.schemas import (
    AwardSchema,
    CancellationSchema,
    CancelSchema,
    FundsSchema,
    MoneySchema,
    MovedSchema,
    OrderDetailSchema,
    OrderQuery,
    OrderSchema,
    PaySchema,
    PlanQuery,
    PlanSchema,
    WalletPaySchema,
)
from market.orders.yuan import Yuan, yuan_by_yuan
from market.payments.models import Checkout
from market.payments.policy import has_wallet
from market.payments.schemas import CheckoutSchema
from market.tasks import queries as tasks

__all__ = ["bp", "calendar_routes", "change_routes", "exit_routes", "take_back_routes"]


@bp.post("/tasks/<pid('tsk'):task_id>/award")
@bp.arguments(AwardSchema)
@bp.response(201, OrderDetailSchema)
def create_award(choice: dict[str, Any], task_id: UUID) -> Order:
    """Choose a bid. One order per brief: a second award is refused with 409."""
    actor = current_actor()
    with transaction():
        task = tasks.find_visible(task_id, actor)
        require(policy.may_award(actor, task))
        return service.award(task_id, choice["bid_id"], actor, seen_fen=choice["price_fen"])


@bp.get("/orders")
@bp.arguments(OrderQuery, location="query")
@bp.response(200, page_schema(OrderSchema))
def list_orders(query: dict[str, Any]) -> Page[Order]:
    """Orders one is a party of, newest first."""
    rows = queries.in_tab(queries.visible_to(current_actor()), query.pop("tab"))
    return page_of(rows, Order.id, **query)


@bp.get("/orders/<pid('ord'):order_id>")
@bp.response(200, OrderDetailSchema)
def get_order(order_id: UUID) -> Order:
    return queries.find_visible(order_id, current_actor())


@bp.get("/orders/<pid('ord'):order_id>/money")
@bp.response(200, MoneySchema)
def get_money(order_id: UUID) -> Yuan:
    """Where each fen is, with the ledger's postings behind it, as far as it concerns you."""
    actor = current_actor()
    return yuan_by_yuan(queries.find_visible(order_id, actor), actor)


@bp.get("/funds")
@bp.response(200, FundsSchema)
def get_funds() -> funds.Funds:
    """The merchant's money in four figures, with what waits for money, the most urgent first."""
    actor = current_actor()
    require(has_wallet(actor))
    return funds.of_merchant(actor)


@bp.get("/funds/entries")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_schema(MovedSchema))
def list_funds_entries(query: dict[str, Any]) -> Page[funds.Moved]:
    """What came into escrow and left it, newest first, over the latest orders."""
    actor = current_actor()
    require(has_wallet(actor))
    return funds.statement(actor, **query)


@bp.get("/orders/<pid('ord'):order_id>/payment-plan")
@bp.arguments(PlanQuery, location="query")
@bp.response(200, PlanSchema)
def get_plan(query: dict[str, Any], order_id: UUID) -> funding.Plan:
    """What a payment would take now, and from where: ask before you pay."""
    actor = current_actor()
    order = queries.find_visible(order_id, actor)
    require(policy.may_pay(actor, order))
    return funding.plan(order, whole=query["stages"] == "all", use_wallet=query["wallet"])


@bp.post("/orders/<pid('ord'):order_id>/checkouts")
@bp.doc(parameters=IDEMPOTENCY_KEY)
@bp.arguments(PaySchema, required=False)
@bp.response(201, CheckoutSchema)
def create_checkout(wanted: dict[str, Any], order_id: UUID) -> Checkout:
    """Open Stripe's payment page, for the price when nothing else is said. Needs Idempotency-Key; the same key, or a
    second click, gives the same page. `url` is null while Stripe does not answer: ask again with GET."""
    actor, key = current_actor(), request_key()
    return paying.pay(
        order_id,
        actor,
        paying.Choice(wanted["stages"] == "all", wanted["wallet"], wanted["amount_fen"], wanted["card_id"]),
        key=key,
        public_url=current_app.config["SETTINGS"].public_url,
        locale=str(get_locale()),
    )


@bp.post("/orders/<pid('ord'):order_id>/wallet-payments")
@bp.doc(parameters=IDEMPOTENCY_KEY)
@bp.arguments(WalletPaySchema, required=False)
@bp.response(201, OrderDetailSchema)
def create_wallet_payment(wanted: dict[str, Any], order_id: UUID) -> ResponseReturnValue:
    """Pay out of the wallet, at once and whole; a payment page that is open is ended first. Needs Idempotency-Key."""
    paying.clear_the_way(order_id, current_actor())
    return _pay_from_wallet(wanted, order_id)


@idempotent
def _pay_from_wallet(wanted: dict[str, Any], order_id: UUID) -> ResponseReturnValue:
    actor = current_actor()
    order = queries.find_visible(order_id, actor, lock=True)
    require(policy.may_pay(actor, order))
    funding.pay_from_wallet(order, actor, seen_fen=wanted["amount_fen"], whole=wanted["stages"] == "all")
    return OrderDetailSchema().dump(order), 201


@bp.post("/orders/<pid('ord'):order_id>/cancellation")
@bp.arguments(CancelSchema, required=False)
@bp.response(201, CancellationSchema)
def create_cancellation(wanted: dict[str, Any], order_id: UUID) -> dict[str, bool]:
    """The merchant gives up an order that is not paid for; what was paid of it goes back."""
    actor = current_actor()
    with transaction():
        order = queries.find_visible(order_id, actor, lock=True)
        require(policy.may_review(actor, order))
        return {"cancelled": service.cancel(order, actor, to_wallet=wanted["to_wallet"])}
