"""JSON: creators for a brief, briefs for a creator."""

from typing import Any, cast
from uuid import UUID

from market.accounts.actor import Right, Role
from market.accounts.edge import current_actor, require
from market.creators.queries import find_visible as find_creator
from market.kit.api import ApiBlueprint
from market.kit.db import transaction
from market.matching import importing, learning, service
from market.matching.learned_models import AcceptanceModel, RankingModel, Side
from market.matching.schemas import (
    AcceptanceModelSchema,
    AcceptanceModelsSchema,
    BriefMatchesSchema,
    CreatorMatchesSchema,
    CreatorsQuery,
    HistoryImportSchema,
    ImportReportSchema,
    MatchFunnelsSchema,
    MatchQuery,
    PromotionSchema,
    RankingModelSchema,
    RankingModelsSchema,
)
from market.portraits.schemas import PortraitMatchSchema, comparison_out
from market.tasks import queries as tasks

bp = ApiBlueprint(
    "matching", __name__, description="Creators for a brief and briefs for a creator, with reasons"
)


@bp.get("/tasks/<pid('tsk'):task_id>/matches")
@bp.arguments(CreatorsQuery, location="query")
@bp.response(200, CreatorMatchesSchema)
def list_creators(query: dict[str, Any], task_id: UUID) -> dict[str, Any]:
    """The merchant's shortlist; drafts are ranked as well."""
    actor = current_actor()
    task = tasks.find_visible(task_id, actor)
    require(actor.is_party(task.merchant_id) or actor.is_operator)
    matches = service.rank(task, query["limit"], for_merchant=not actor.is_operator)
    if not actor.is_operator:
        with transaction():
            service.note_shown(Side.CREATORS, matches)
    return {"data": matches, "loosenings": [] if matches else service.loosenings(task)}


@bp.get("/tasks/<pid('tsk'):task_id>/matches/<pid('pty'):creator_id>/portraits")
@bp.response(200, PortraitMatchSchema)
def get_portraits(task_id: UUID, creator_id: UUID) -> dict[str, Any]:
    """The merchant's buyers beside this creator's fans. The merchant's alone: operators do not see it either."""
    actor = current_actor()
    task = tasks.find_visible(task_id, actor)
    require(actor.is_party(task.merchant_id))
    creator = find_creator(creator_id, actor)
    return comparison_out(*service.portraits(task, creator.party_id))


@bp.get("/matches")
@bp.arguments(MatchQuery, location="query")
@bp.response(200, BriefMatchesSchema)
def list_briefs(query: dict[str, Any]) -> dict[str, Any]:
    """The open briefs that suit the calling creator."""
    actor = current_actor()
    require(actor.role is Role.CREATOR)
    matches = service.briefs_for(cast(UUID, actor.party_id), query["limit"])
    with transaction():
        service.note_shown(Side.BRIEFS, matches)
    return {"data": matches}


@bp.post("/history-imports")
@bp.arguments(HistoryImportSchema)
@bp.response(200, ImportReportSchema)
def import_history(given: dict[str, Any]) -> importing.Report:
    """Operators: take accounts and past deliveries from elsewhere. Bad lines are reported, the others taken."""
    actor = current_actor()
    require(actor.is_operator)
    with transaction():
        return importing.take(enumerate(given["lines"], start=1), by=actor, keys=given["keys"])


@bp.get("/match-funnel")
@bp.response(200, MatchFunnelsSchema)
def get_funnel() -> dict[str, Any]:
    """Operators: what became of all that lists showed in the last 28 days."""
    require(current_actor().is_operator)
    return {"days": learning.FUNNEL_DAYS, "data": learning.funnel()}


@bp.get("/acceptance-models")
@bp.response(200, AcceptanceModelsSchema)
def list_models() -> dict[str, Any]:
    """Operators: versions of who is likely to say yes, newest first, each judged against the one then in use."""
    require(current_actor().is_operator)
    return {"data": learning.models(AcceptanceModel)}


@bp.post("/acceptance-models/<pid('acm'):model_id>/promotion")
@bp.arguments(PromotionSchema)
@bp.response(200, AcceptanceModelSchema)
def create_promotion(given: dict[str, Any], model_id: UUID) -> AcceptanceModel:
    """Operators: put a version into use, a newer or an earlier one, and say why."""
    actor = current_actor()
    require(actor.is_operator and actor.may(Right.RUN))
    with transaction():
        return learning.promote(AcceptanceModel, model_id, given["reason"], by=actor)


@bp.get("/ranking-models")
@bp.response(200, RankingModelsSchema)
def list_rankings() -> dict[str, Any]:
    """Operators: the sum of points and the learned orders, newest first, each judged against the one then in use."""
    require(current_actor().is_operator)
    return {"data": learning.models(RankingModel)}


@bp.post("/ranking-models/<pid('rkm'):model_id>/promotion")
@bp.arguments(PromotionSchema)
@bp.response(200, RankingModelSchema)
def create_ranking_promotion(given: dict[str, Any], model_id: UUID) -> RankingModel:
    """Operators: order lists by this version from now on, and say why."""
    actor = current_actor()
    require(actor.is_operator and actor.may(Right.RUN))
    with transaction():
        return learning.promote(RankingModel, model_id, given["reason"], by=actor)
