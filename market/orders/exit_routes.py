"""JSON: the computed split of an early end, asking for it, and the other side's answers."""

from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue

from market.accounts.edge import current_actor, require
from market.accounts.idempotency import idempotent
from market.kit.api import IDEMPOTENCY_KEY
from market.kit.errors import NotFound
from market.orders import exits, policy, queries, service
from market.orders.acting import locked
from market.orders.api import bp
from market.orders.exit_schemas import (
    ExitAgreeSchema,
    ExitAskSchema,
    ExitCounterSchema,
    ExitQuery,
    ExitQuoteSchema,
    ExitSchema,
    PartReleaseSchema,
)
from market.orders.schemas import MilestoneSchema


@bp.get("/orders/<pid('ord'):order_id>/exit")
@bp.arguments(ExitQuery, location="query")
@bp.response(200, ExitQuoteSchema)
def get_exit(query: dict[str, Any], order_id: UUID) -> exits.Quote:
    """What an early end would give to whom, now, with every step of the computation. Moves nothing. The `token` is
    good for fifteen minutes, while nothing changes."""
    order = queries.find_visible(order_id, current_actor())
    return exits.quote(order, sample_fen=query["sample_fen"])


@bp.post("/orders/<pid('ord'):order_id>/exits")
@bp.doc(parameters=IDEMPOTENCY_KEY)
@bp.arguments(ExitAskSchema)
@bp.response(201, ExitSchema)
@idempotent
def create_exit(asked: dict[str, Any], order_id: UUID) -> ResponseReturnValue:
    """Ask to end the order by the split that was seen. The other side agrees, counters, or is silent; after the time
    the computed split is carried out. Needs Idempotency-Key."""
    order = locked(order_id)
    made = exits.ask(order, current_actor(), **asked)
    return ExitSchema().dump(made), 201


@bp.get("/orders/<pid('ord'):order_id>/exits/<pid('ext'):exit_id>")
@bp.response(200, ExitSchema)
def get_one_exit(order_id: UUID, exit_id: UUID) -> exits.Exit:
    return exits.find_exit(exit_id, queries.find_visible(order_id, current_actor()))


@bp.post("/orders/<pid('ord'):order_id>/exits/<pid('ext'):exit_id>/consent")
@bp.doc(parameters=IDEMPOTENCY_KEY)
@bp.arguments(ExitAgreeSchema)
@bp.response(201, ExitSchema)
@idempotent
def create_consent(given: dict[str, Any], order_id: UUID, exit_id: UUID) -> ResponseReturnValue:
    """Agree to what is on the table: the order ends, and its money is shared out. Needs Idempotency-Key."""
    order = locked(order_id)
    found = exits.find_exit(exit_id, order)
    exits.agree(order, found, current_actor(), round_=given["round"], to_wallet=given["to_wallet"])
    return ExitSchema().dump(found), 201


@bp.post("/orders/<pid('ord'):order_id>/exits/<pid('ext'):exit_id>/counter-proposals")
@bp.doc(parameters=IDEMPOTENCY_KEY)
@bp.arguments(ExitCounterSchema)
@bp.response(201, ExitSchema)
@idempotent
def create_counter(given: dict[str, Any], order_id: UUID, exit_id: UUID) -> ResponseReturnValue:
    """Propose other parts for the creator. Silence on a counter-proposal ends by the computed split all the same.
    Needs Idempotency-Key."""
    order = locked(order_id)
    found = exits.find_exit(exit_id, order)
    parts = {part["milestone_id"]: part["creator_fen"] for part in given["parts"]}
    exits.counter(order, found, parts, current_actor(), round_=given["round"])
    return ExitSchema().dump(found), 201


@bp.post("/orders/<pid('ord'):order_id>/milestones/<pid('mil'):milestone_id>/releases")
@bp.doc(parameters=IDEMPOTENCY_KEY)
@bp.arguments(PartReleaseSchema)
@bp.response(201, MilestoneSchema)
@idempotent
def create_part_release(given: dict[str, Any], order_id: UUID, milestone_id: UUID) -> ResponseReturnValue:
    """Release a part of a stage ahead of its acceptance. The parts of a stage are shared out so that together they
    come to what one release would have been. Needs Idempotency-Key."""
    actor = current_actor()
    order = queries.find_visible(order_id, actor, lock=True)
    require(policy.may_review(actor, order))
    milestone = next((m for m in order.milestones if m.id == milestone_id), None)
    if milestone is None:
        raise NotFound
    service.release_part(order, milestone, given["amount_fen"], actor)
    return MilestoneSchema().dump(milestone), 201


@bp.post("/orders/<pid('ord'):order_id>/exits/<pid('ext'):exit_id>/withdrawal")
@bp.doc(parameters=IDEMPOTENCY_KEY)
@bp.response(201, ExitSchema)
@idempotent
def withdraw_exit(order_id: UUID, exit_id: UUID) -> ResponseReturnValue:
    """Take one's own wish back; the order goes on. Needs Idempotency-Key."""
    order = locked(order_id)
    found = exits.find_exit(exit_id, order)
    exits.withdraw(order, found, current_actor())
    return ExitSchema().dump(found), 201
