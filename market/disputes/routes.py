"""JSON: opening a case, what is said in it, rulings and the appeal."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue

from market.accounts.actor import Actor
from market.accounts.edge import current_actor, require
from market.accounts.idempotency import idempotent
from market.disputes import policy, queries, service
from market.disputes.models import Dispute
from market.disputes.schemas import (
    ConsentSchema,
    DisputeSchema,
    OfferSchema,
    OpenSchema,
    RulingSchema,
    SpeechSchema,
)
from market.kit.api import IDEMPOTENCY_KEY, ApiBlueprint
from market.kit.errors import NotFound
from market.kit.paging import Page, page_of
from market.kit.schemas import PageQuery, page_schema
from market.orders import queries as orders
from market.orders.models import Order

bp = ApiBlueprint("disputes", __name__, description="Disputes about the money of a stage")


@bp.get("/disputes")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_schema(DisputeSchema))
def list_disputes(query: dict[str, Any]) -> Page[Dispute]:
    """Those of one's own orders, newest first; operators see all."""
    return page_of(queries.visible_to(current_actor()), Dispute.id, **query)


@bp.get("/disputes/<pid('dsp'):dispute_id>")
@bp.response(200, DisputeSchema)
def get_dispute(dispute_id: UUID) -> Dispute:
    return queries.find_visible(dispute_id, current_actor())


@bp.post("/orders/<pid('ord'):order_id>/milestones/<pid('mil'):milestone_id>/disputes")
@bp.doc(parameters=IDEMPOTENCY_KEY)
@bp.arguments(OpenSchema)
@bp.response(201, DisputeSchema)
@idempotent
def create_dispute(given: dict[str, Any], order_id: UUID, milestone_id: UUID) -> ResponseReturnValue:
    """Freeze a stage's money and claim a split; the other stages go on. The other side has a time to answer: silence
    decides for the claim. Needs Idempotency-Key."""
    actor = current_actor()
    order = orders.find_visible(order_id, actor, lock=True)
    require(policy.may_open(actor, order))
    milestone = next((m for m in order.milestones if m.id == milestone_id), None)
    if milestone is None:
        raise NotFound
    return DisputeSchema().dump(service.open_case(order, milestone, actor, **given)), 201


def _act(
    dispute_id: UUID,
    act: Callable[..., Any],
    *,
    may: Callable[[Actor, Order], bool] = policy.may_open,
    **given: Any,
) -> ResponseReturnValue:
    """Lock, may, act; the case as it then is."""
    actor = current_actor()
    order, case = queries.locked(dispute_id, actor)
    require(may(actor, order))
    act(order, case, by=actor, **given)
    return DisputeSchema().dump(case), 201


@bp.post("/disputes/<pid('dsp'):dispute_id>/statements")
@bp.doc(parameters=IDEMPOTENCY_KEY)
@bp.arguments(SpeechSchema)
@bp.response(201, DisputeSchema)
@idempotent
def create_statement(given: dict[str, Any], dispute_id: UUID) -> ResponseReturnValue:
    """Say something; the other side's first word is its answer. Needs Idempotency-Key."""
    return _act(dispute_id, service.state, **given)


@bp.post("/disputes/<pid('dsp'):dispute_id>/offers")
@bp.doc(parameters=IDEMPOTENCY_KEY)
@bp.arguments(OfferSchema)
@bp.response(201, DisputeSchema)
@idempotent
def create_offer(given: dict[str, Any], dispute_id: UUID) -> ResponseReturnValue:
    """Offer a split; it replaces the one on the table. Needs Idempotency-Key."""
    return _act(dispute_id, service.offer, **given)


@bp.post("/disputes/<pid('dsp'):dispute_id>/offers/<pid('dse'):entry_id>/consent")
@bp.doc(parameters=IDEMPOTENCY_KEY)
@bp.arguments(ConsentSchema)
@bp.response(201, DisputeSchema)
@idempotent
def create_offer_consent(given: dict[str, Any], dispute_id: UUID, entry_id: UUID) -> ResponseReturnValue:
    """Agree to the other side's offer: the money moves at once. Needs Idempotency-Key."""
    return _act(dispute_id, service.accept_offer, entry_id=entry_id, **given)


@bp.post("/disputes/<pid('dsp'):dispute_id>/escalation")
@bp.doc(parameters=IDEMPOTENCY_KEY)
@bp.response(201, DisputeSchema)
@idempotent
def create_escalation(dispute_id: UUID) -> ResponseReturnValue:
    """Call the platform, once the other side has answered. Needs Idempotency-Key."""
    return _act(dispute_id, service.escalate)


@bp.post("/disputes/<pid('dsp'):dispute_id>/withdrawal")
@bp.doc(parameters=IDEMPOTENCY_KEY)
@bp.response(201, DisputeSchema)
@idempotent
def withdraw_dispute(dispute_id: UUID) -> ResponseReturnValue:
    """Take one's own case back; the stage goes on where it was. Needs Idempotency-Key."""
    return _act(dispute_id, service.drop)


@bp.post("/disputes/<pid('dsp'):dispute_id>/ruling")
@bp.doc(parameters=IDEMPOTENCY_KEY)
@bp.arguments(RulingSchema)
@bp.response(201, DisputeSchema)
@idempotent
def create_ruling(given: dict[str, Any], dispute_id: UUID) -> ResponseReturnValue:
    """The platform's word. Above the limit it waits in `/approvals` for a second operator. Needs Idempotency-Key."""
    require(policy.may_rule(current_actor()))
    return _act(dispute_id, service.rule, may=lambda actor, order: policy.may_rule(actor), **given)


@bp.post("/disputes/<pid('dsp'):dispute_id>/appeal")
@bp.doc(parameters=IDEMPOTENCY_KEY)
@bp.arguments(SpeechSchema)
@bp.response(201, DisputeSchema)
@idempotent
def create_appeal(given: dict[str, Any], dispute_id: UUID) -> ResponseReturnValue:
    """Once, within the time; another operator rules, and that is carried out. Needs Idempotency-Key."""
    return _act(dispute_id, service.appeal, **given)
