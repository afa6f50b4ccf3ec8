"""JSON: what one owes, and what two operators may do about it."""

from typing import Any
from uuid import UUID

from market.accounts.edge import current_actor, require
from market.approvals.models import Approval
from market.approvals.schemas import ApprovalSchema
from market.kit.db import transaction
from market.kit.paging import Page, page_of
from market.kit.schemas import PageQuery, page_schema
from market.payments import debts, queries, recovering
from market.payments.blueprints import api as bp
from market.payments.debts import Debt
from market.payments.policy import may_recover
from market.payments.schemas import DebtDetailSchema, DebtSchema, ReversalSchema, WriteOffSchema


@bp.get("/debts")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_schema(DebtSchema))
def list_debts(query: dict[str, Any]) -> Page[Debt]:
    """One's own, newest first; operators see all."""
    return page_of(debts.visible_to(current_actor()), Debt.id, **query)


@bp.get("/debts/<pid('dbt'):debt_id>")
@bp.response(200, DebtDetailSchema)
def get_debt(debt_id: UUID) -> dict[str, Any]:
    """With how it came back so far."""
    debt = debts.find_visible(debt_id, current_actor())
    return {
        field.attribute or name: getattr(debt, field.attribute or name)
        for name, field in DebtSchema().fields.items()
    } | {"recoveries": debts.recoveries_of([debt.id])[debt.id]}


@bp.post("/debts/<pid('dbt'):debt_id>/write-off")
@bp.arguments(WriteOffSchema)
@bp.response(201, ApprovalSchema)
def create_write_off(given: dict[str, Any], debt_id: UUID) -> Approval:
    """Ask a second operator to give this much of the debt up."""
    actor = current_actor()
    debt = debts.find_visible(debt_id, actor)
    require(may_recover(actor))
    with transaction():
        return recovering.ask_write_off(debt, given["amount_fen"], reason=given["reason"], by=actor)


@bp.post("/debts/<pid('dbt'):debt_id>/reversal")
@bp.arguments(ReversalSchema)
@bp.response(201, ApprovalSchema)
def create_reversal(given: dict[str, Any], debt_id: UUID) -> Approval:
    """Ask a second operator to take this much back from the payee's Stripe account."""
    actor = current_actor()
    debt = debts.find_visible(debt_id, actor)
    require(may_recover(actor))
    withdrawal = queries.find_withdrawal(given["withdrawal_id"], actor)
    with transaction():
        return recovering.ask_reversal(
            debt, withdrawal, given["amount_fen"], reason=given["reason"], by=actor
        )
