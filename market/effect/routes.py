"""JSON: what a work may bring, what such work costs, and what one brought."""

from typing import Any, cast
from uuid import UUID

from market.accounts.actor import Role
from market.accounts.edge import current_actor, require
from market.accounts.vocabulary import Format, Length, Piece
from market.effect import advice, guidance, service
from market.effect.models import Outcome
from market.effect.schemas import (
    ExpectationQuery,
    ExpectationSchema,
    GuidanceQuery,
    OutcomeNewSchema,
    OutcomeSchema,
    PriceGuidanceSchema,
)
from market.kit.api import ApiBlueprint
from market.kit.db import transaction
from market.orders import queries as orders
from market.tasks import queries as tasks

bp = ApiBlueprint(
    "effect", __name__, description="Expected plays and costs with intervals, and what such work costs"
)


@bp.get("/tasks/<pid('tsk'):task_id>/expectation")
@bp.arguments(ExpectationQuery, location="query")
@bp.response(200, ExpectationSchema)
def expectation(query: dict[str, Any], task_id: UUID) -> dict[str, Any]:
    """What a creator's work for this brief may bring: to its merchant for anybody, to a creator for oneself."""
    actor = current_actor()
    task = tasks.find_visible(task_id, actor)
    own = actor.is_party(task.merchant_id) or actor.is_operator
    creator_id = query["creator_id"] or (actor.party_id if actor.role is Role.CREATOR else None)
    require(own or creator_id is None or actor.is_party(creator_id))
    asked = [creator_id] if creator_id else []
    prices = {creator_id: query["price_fen"]} if creator_id and query["price_fen"] else None
    found = advice.for_task(task, asked, prices)
    return {
        "expected": found.expected.get(cast(UUID, creator_id)),
        "prices": found.prices,
        "known": found.known,
        "least": found.least,
        "inside": found.inside,
    }


@bp.get("/price-guidance")
@bp.arguments(GuidanceQuery, location="query")
@bp.response(200, PriceGuidanceSchema)
def prices(query: dict[str, Any]) -> dict[str, Any]:
    """Quartiles of what merchants accepted, of the narrowest group that is large enough."""
    current_actor()
    format, length = Format(query["format"]), Length(query["length"]) if query["length"] else None
    piece = Piece(
        format,
        length if format is Format.VIDEO else None,
        query["live_minutes"] if format is Format.LIVE else None,
    )
    return {"prices": guidance.accepted(query["category"], piece, query["level"])}


@bp.put("/orders/<pid('ord'):order_id>/outcome")
@bp.arguments(OutcomeNewSchema)
@bp.response(200, OutcomeSchema)
def note_outcome(given: dict[str, Any], order_id: UUID) -> Outcome:
    """Operators: what the published work brought so far; told again, the figures are corrected."""
    actor = current_actor()
    require(actor.is_operator)
    with transaction():
        return service.note_order(orders.find_visible(order_id, actor), **given)
