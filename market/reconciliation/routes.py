"""JSON: reconciliation, for operators."""

from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue

from market.accounts.edge import current_actor, require
from market.accounts.idempotency import idempotent
from market.approvals.models import Approval
from market.approvals.schemas import ApprovalSchema
from market.kit.api import IDEMPOTENCY_KEY, ApiBlueprint
from market.kit.db import db, transaction
from market.kit.errors import NotFound
from market.kit.paging import Page, page_of
from market.kit.schemas import PageQuery, page_schema
from market.orders.freezes import OrderFreeze
from market.reconciliation import queries, service, verbs
from market.reconciliation.models import Difference, Kind, Run
from market.reconciliation.policy import may_reconcile
from market.reconciliation.schemas import (
    ClearSchema,
    DifferenceQuery,
    DifferenceSchema,
    FreezeInSchema,
    FreezeSchema,
    RunSchema,
    WaiveSchema,
)

bp = ApiBlueprint("reconciliation", __name__, description="Our books against Stripe's; operators only")


@bp.get("/reconciliation/differences")
@bp.arguments(DifferenceQuery, location="query")
@bp.response(200, page_schema(DifferenceSchema))
def list_differences(query: dict[str, Any]) -> Page[Difference]:
    actor = current_actor()
    require(may_reconcile(actor))
    kind, state = query.pop("kind"), query.pop("state")
    rows = queries.visible_to(actor).where(
        Difference.resolved_at.is_(None) if state == "open" else Difference.resolved_at.is_not(None)
    )
    if kind:
        rows = rows.where(Difference.kind == Kind(kind))
    return page_of(rows, Difference.id, **query)


@bp.get("/reconciliation/differences/<pid('dif'):difference_id>")
@bp.response(200, DifferenceSchema)
def get_difference(difference_id: UUID) -> Difference:
    return queries.find_visible(difference_id, current_actor())


@bp.post("/reconciliation/differences/<pid('dif'):difference_id>/clearing")
@bp.doc(parameters=IDEMPOTENCY_KEY)
@bp.arguments(ClearSchema)
@bp.response(201, ApprovalSchema)
@idempotent
def create_clearing(given: dict[str, Any], difference_id: UUID) -> ResponseReturnValue:
    """Ask a second operator to post this entry. Needs Idempotency-Key; nothing moves before the approval."""
    actor = current_actor()
    require(may_reconcile(actor))
    queries.find_visible(difference_id, actor)
    return ApprovalSchema().dump(verbs.clear(difference_id, given, actor)), 201


@bp.post("/reconciliation/differences/<pid('dif'):difference_id>/waiver")
@bp.arguments(WaiveSchema)
@bp.response(201, ApprovalSchema)
def create_waiver(given: dict[str, Any], difference_id: UUID) -> Approval:
    """Ask a second operator to agree that this difference stops nothing any more."""
    actor = current_actor()
    require(may_reconcile(actor))
    queries.find_visible(difference_id, actor)
    with transaction():
        return verbs.waive(difference_id, given["reason"], actor)


@bp.get("/reconciliation/runs")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_schema(RunSchema))
def list_runs(query: dict[str, Any]) -> Page[Run]:
    actor = current_actor()
    require(may_reconcile(actor))
    return page_of(queries.runs_visible_to(actor), Run.id, **query)


@bp.get("/reconciliation/runs/<pid('run'):run_id>")
@bp.response(200, RunSchema)
def get_run(run_id: UUID) -> Run:
    return queries.find_run(run_id, current_actor())


@bp.post("/reconciliation/runs")
@bp.response(202, RunSchema)
def create_run() -> Run:
    """Compare everything now; follow it at its own address. One that waits already is the same one."""
    actor = current_actor()
    require(may_reconcile(actor))
    with transaction():
        return service.ask(actor)


@bp.post("/reconciliation/freezes")
@bp.arguments(FreezeInSchema)
@bp.response(201, FreezeSchema)
def create_freeze(given: dict[str, Any]) -> OrderFreeze:
    """Stop the money of one order."""
    actor = current_actor()
    require(may_reconcile(actor))
    with transaction():
        made = verbs.freeze(given["order_number"], given["reason"], actor)
        db.session.flush()
        return made


@bp.delete("/reconciliation/freezes/<pid('ord'):order_id>")
@bp.response(204)
def delete_freeze(order_id: UUID) -> None:
    """Lift the operators' freeze of an order; freezes by reconciliation and chargebacks end with their cause."""
    actor = current_actor()
    require(may_reconcile(actor))
    with transaction():
        if not verbs.thaw(order_id, actor):
            raise NotFound
