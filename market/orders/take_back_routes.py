"""JSON: refunds after release, for operators of money."""

from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue

from market.accounts.edge import current_actor, require
from market.accounts.idempotency import idempotent
from market.approvals.models import Approval
from market.kit.api import IDEMPOTENCY_KEY
from market.orders import policy, queries, taking_back
from market.orders.api import bp
from market.orders.take_back_schemas import TakeBackSchema, TakenBackSchema


@bp.post("/orders/<pid('ord'):order_id>/milestones/<pid('mil'):milestone_id>/refunds")
@bp.doc(parameters=IDEMPOTENCY_KEY)
@bp.arguments(TakeBackSchema)
@bp.response(201, TakenBackSchema)
@idempotent
def create_stage_refund(given: dict[str, Any], order_id: UUID, milestone_id: UUID) -> ResponseReturnValue:
    """Operators: give back what was released for a stage, each payee his part, what he does not have as his debt up to
    the cap. From a set sum on it waits for a second operator. Needs Idempotency-Key."""
    actor = current_actor()
    order = queries.find_visible(order_id, actor, lock=True)
    require(policy.may_take_back(actor))
    milestone = queries.milestone_of(order, milestone_id)
    made = taking_back.refund(
        order,
        milestone,
        given["amount_fen"],
        reason=given["reason"],
        to_wallet=given["to_wallet"],
        platform_bears=given["platform_bears"],
        by=actor,
    )
    waits = isinstance(made, Approval)
    answer = {"refund": None if waits else made, "approval_id": made.id if waits else None}
    return TakenBackSchema().dump(answer), 201
