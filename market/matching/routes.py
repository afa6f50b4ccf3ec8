"""JSON: creators for a brief, briefs for a creator."""

from typing import Any, cast
from uuid import UUID

from market.accounts.actor import Role
from market.accounts.edge import current_actor, require
from market.kit.api import ApiBlueprint
from market.kit.db import transaction
from market.matching import importing, service
from market.matching.schemas import (
    BriefMatchesSchema,
    CreatorMatchesSchema,
    HistoryImportSchema,
    ImportReportSchema,
    MatchQuery,
)
from market.tasks import queries as tasks

bp = ApiBlueprint(
    "matching", __name__, description="Creators for a brief and briefs for a creator, with reasons"
)


@bp.get("/tasks/<pid('tsk'):task_id>/matches")
@bp.arguments(MatchQuery, location="query")
@bp.response(200, CreatorMatchesSchema)
def list_creators(query: dict[str, Any], task_id: UUID) -> dict[str, Any]:
    """The merchant's shortlist; drafts are ranked as well."""
    actor = current_actor()
    task = tasks.find_visible(task_id, actor)
    require(actor.is_party(task.merchant_id) or actor.is_operator)
    return {"data": service.rank(task, query["limit"])}


@bp.get("/matches")
@bp.arguments(MatchQuery, location="query")
@bp.response(200, BriefMatchesSchema)
def list_briefs(query: dict[str, Any]) -> dict[str, Any]:
    """The open briefs that suit the calling creator."""
    actor = current_actor()
    require(actor.role is Role.CREATOR)
    return {"data": service.briefs_for(cast(UUID, actor.party_id), query["limit"])}


@bp.post("/history-imports")
@bp.arguments(HistoryImportSchema)
@bp.response(200, ImportReportSchema)
def import_history(given: dict[str, Any]) -> importing.Report:
    """Operators: take accounts and past deliveries from elsewhere. Bad lines are reported, the others taken."""
    actor = current_actor()
    require(actor.is_operator)
    with transaction():
        return importing.take(enumerate(given["lines"], start=1), by=actor, keys=given["keys"])
