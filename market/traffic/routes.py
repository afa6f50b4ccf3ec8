"""JSON: signals in one's numbers, appeals, rulings."""

from typing import Any
from uuid import UUID

from market.accounts.edge import current_actor, require
from market.kit.api import ApiBlueprint
from market.kit.db import transaction
from market.kit.paging import Page, page_of
from market.kit.schemas import page_schema
from market.traffic import policy, queries, service
from market.traffic.models import SignalState, TrafficSignal
from market.traffic.schemas import (
    SignalAppealSchema,
    SignalRulingSchema,
    TrafficSignalQuery,
    TrafficSignalSchema,
)

bp = ApiBlueprint("traffic", __name__, description="Signs of bought numbers: what was seen, appeals, rulings")


@bp.get("/traffic-signals")
@bp.arguments(TrafficSignalQuery, location="query")
@bp.response(200, page_schema(TrafficSignalSchema))
def list_signals(query: dict[str, Any]) -> Page[TrafficSignal]:
    """A creator's own, to operators everybody's; newest first."""
    rows, state = queries.visible_to(current_actor()), query.pop("state")
    if state:
        rows = rows.where(TrafficSignal.state == SignalState(state))
    return page_of(rows, TrafficSignal.id, **query)


@bp.get("/traffic-signals/<pid('sig'):signal_id>")
@bp.response(200, TrafficSignalSchema)
def get_signal(signal_id: UUID) -> TrafficSignal:
    return queries.find_visible(signal_id, current_actor())


@bp.post("/traffic-signals/<pid('sig'):signal_id>/appeal")
@bp.arguments(SignalAppealSchema)
@bp.response(200, TrafficSignalSchema)
def create_appeal(given: dict[str, Any], signal_id: UUID) -> TrafficSignal:
    """The creator says how it was; once."""
    actor = current_actor()
    with transaction():
        signal = queries.find_visible(signal_id, actor, lock=True)
        require(policy.may_appeal(actor, signal.party_id))
        return service.appeal(signal, given["text"], by=actor)


@bp.post("/traffic-signals/<pid('sig'):signal_id>/ruling")
@bp.arguments(SignalRulingSchema)
@bp.response(200, TrafficSignalSchema)
def create_ruling(given: dict[str, Any], signal_id: UUID) -> TrafficSignal:
    """Operators: uphold after an appeal, or lift; the reason is kept and the ruling stands."""
    actor = current_actor()
    with transaction():
        signal = queries.find_visible(signal_id, actor, lock=True)
        require(policy.may_rule(actor))
        return service.rule(signal, lifted=given["ruling"] == "lifted", reason=given["reason"], by=actor)
