"""JSON: proposing a change of a running order, and the other side's answers."""

from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue
from sqlalchemy import select

from market.accounts.edge import current_actor
from market.accounts.idempotency import idempotent
from market.kit.api import IDEMPOTENCY_KEY
from market.kit.db import transaction
from market.kit.paging import Page, page_of
from market.kit.schemas import PageQuery, page_schema
from market.orders import amendments, changes, paying, policy, queries
from market.orders.acting import locked
from market.orders.amendments import Change
from market.orders.api import bp
from market.orders.change_schemas import (
    AddendaSchema,
    ChangeAcceptanceSchema,
    ChangeProposalSchema,
    ChangeQuery,
    ChangeQuoteSchema,
    ChangeRefusalSchema,
    ChangeSchema,
)
from market.orders.states import Stage


@bp.get("/orders/<pid('ord'):order_id>/change-quote")
@bp.arguments(ChangeQuery, location="query")
@bp.response(200, ChangeQuoteSchema)
def get_change_quote(query: dict[str, Any], order_id: UUID) -> changes.Effect:
    """What a change would make of price, stage and dates. Moves nothing."""
    order = queries.find_visible(order_id, current_actor())
    stage = order.milestone(Stage(query["stage"]))
    return changes.effect_of(order, stage, query["added_fen"], query["added_days"])


@bp.get("/orders/<pid('ord'):order_id>/changes")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_schema(ChangeSchema))
def list_changes(query: dict[str, Any], order_id: UUID) -> Page[Change]:
    """Every proposal of the order, newest first."""
    order = queries.find_visible(order_id, current_actor())
    return page_of(select(Change).where(Change.order_id == order.id), Change.id, **query)


@bp.get("/orders/<pid('ord'):order_id>/addenda")
@bp.response(200, AddendaSchema)
def list_addenda(order_id: UUID) -> dict[str, Any]:
    """What changes made of the order, with the hashes that prove it."""
    order = queries.find_visible(order_id, current_actor())
    return {"terms_sha256": order.terms_hash.hex(), "addenda": amendments.addenda(order.id)}


@bp.post("/orders/<pid('ord'):order_id>/changes")
@bp.doc(parameters=IDEMPOTENCY_KEY)
@bp.arguments(ChangeProposalSchema)
@bp.response(201, ChangeSchema)
@idempotent
def create_change(proposed: dict[str, Any], order_id: UUID) -> ResponseReturnValue:
    """Propose a change: what, how much more money, how many more days, at which stage. With `instead_of` it counters
    the other side's open proposal, or corrects one's own. Needs Idempotency-Key."""
    order = locked(order_id, policy.may_propose_change)
    made = changes.propose(order, current_actor(), **proposed | {"stage": Stage(proposed["stage"])})
    return ChangeSchema().dump(made), 201


@bp.get("/orders/<pid('ord'):order_id>/changes/<pid('chg'):change_id>")
@bp.response(200, ChangeSchema)
def get_change(order_id: UUID, change_id: UUID) -> Change:
    return changes.find_change(change_id, queries.find_visible(order_id, current_actor()))


@bp.delete("/orders/<pid('ord'):order_id>/changes/<pid('chg'):change_id>")
@bp.response(204)
def delete_change(order_id: UUID, change_id: UUID) -> None:
    """Take one's own proposal back while it is not answered."""
    with transaction():
        order = locked(order_id, policy.may_propose_change)
        changes.withdraw(order, changes.find_change(change_id, order), current_actor())


@bp.post("/orders/<pid('ord'):order_id>/changes/<pid('chg'):change_id>/acceptance")
@bp.doc(parameters=IDEMPOTENCY_KEY)
@bp.arguments(ChangeAcceptanceSchema)
@bp.response(201, ChangeSchema)
def create_change_acceptance(given: dict[str, Any], order_id: UUID, change_id: UUID) -> ResponseReturnValue:
    """Agree to the version that was seen. What it adds to a funded stage is paid from the wallet at once (`wallet`),
    or awaited like any payment of the order; only then the change is in force. Needs Idempotency-Key."""
    if given["wallet"]:
        paying.clear_the_way(order_id, current_actor())
    return _accept_once(given, order_id, change_id)


@idempotent
def _accept_once(given: dict[str, Any], order_id: UUID, change_id: UUID) -> ResponseReturnValue:
    order = locked(order_id)
    found = changes.find_change(change_id, order)
    changes.accept(
        order,
        found,
        current_actor(),
        version=given["version"],
        wallet=given["wallet"],
        seen_fen=given["amount_fen"],
    )
    return ChangeSchema().dump(found), 201


@bp.post("/orders/<pid('ord'):order_id>/changes/<pid('chg'):change_id>/refusal")
@bp.doc(parameters=IDEMPOTENCY_KEY)
@bp.arguments(ChangeRefusalSchema)
@bp.response(201, ChangeSchema)
@idempotent
def create_change_refusal(given: dict[str, Any], order_id: UUID, change_id: UUID) -> ResponseReturnValue:
    """Decline the version that was seen; the order goes on as it is. Needs Idempotency-Key."""
    order = locked(order_id)
    found = changes.find_change(change_id, order)
    changes.decline(order, found, current_actor(), **given)
    return ChangeSchema().dump(found), 201
