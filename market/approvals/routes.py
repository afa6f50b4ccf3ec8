"""JSON: requests that need a second operator."""

from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue

from market.accounts.edge import current_actor, require
from market.accounts.idempotency import idempotent
from market.approvals import policy, queries, service
from market.approvals.models import Approval, ApprovalState
from market.approvals.schemas import (
    ApprovalConsentSchema,
    ApprovalQuery,
    ApprovalRefusalSchema,
    ApprovalSchema,
)
from market.kit.api import IDEMPOTENCY_KEY, ApiBlueprint
from market.kit.db import transaction
from market.kit.paging import Page, page_of
from market.kit.schemas import page_schema

bp = ApiBlueprint("approvals", __name__, description="Four eyes: what needs a second operator")


@bp.get("/approvals")
@bp.arguments(ApprovalQuery, location="query")
@bp.response(200, page_schema(ApprovalSchema))
def list_approvals(query: dict[str, Any]) -> Page[Approval]:
    """Every request, newest first; operators only."""
    actor = current_actor()
    require(policy.may_look(actor))
    rows, state = queries.visible_to(actor), query.pop("state")
    if state:
        rows = rows.where(Approval.state == ApprovalState(state))
    return page_of(rows, Approval.id, **query)


@bp.get("/approvals/<pid('apr'):approval_id>")
@bp.response(200, ApprovalSchema)
def get_approval(approval_id: UUID) -> Approval:
    return queries.find_visible(approval_id, current_actor())


@bp.post("/approvals/<pid('apr'):approval_id>/consent")
@bp.doc(parameters=IDEMPOTENCY_KEY)
@bp.arguments(ApprovalConsentSchema)
@bp.response(200, ApprovalSchema)
@idempotent
def create_consent(given: dict[str, Any], approval_id: UUID) -> ResponseReturnValue:
    """Agree to somebody else's request and carry it out, in one. Needs Idempotency-Key."""
    actor = current_actor()
    approval = queries.find_visible(approval_id, actor, lock=True)
    service.consent(approval, actor, seen=given["content_hash"], note=given["note"])
    return ApprovalSchema().dump(approval), 200


@bp.post("/approvals/<pid('apr'):approval_id>/refusal")
@bp.arguments(ApprovalRefusalSchema)
@bp.response(200, ApprovalSchema)
def create_refusal(given: dict[str, Any], approval_id: UUID) -> Approval:
    """Say no to somebody else's request, and why."""
    actor = current_actor()
    with transaction():
        return service.refuse(queries.find_visible(approval_id, actor, lock=True), actor, note=given["note"])


@bp.post("/approvals/<pid('apr'):approval_id>/withdrawal")
@bp.response(200, ApprovalSchema)
def create_withdrawal(approval_id: UUID) -> Approval:
    """Take back one's own request."""
    actor = current_actor()
    with transaction():
        return service.withdraw(queries.find_visible(approval_id, actor, lock=True), actor)
