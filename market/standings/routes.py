"""JSON: the red list, and how one's own films do."""

from typing import Any
from uuid import UUID

from market.accounts.edge import current_actor, require
from market.kit.api import OPEN_TO_ALL, ApiBlueprint
from market.kit.db import transaction
from market.kit.paging import Page, page_by, page_of
from market.kit.schemas import page_schema
from market.standings import policy, queries, service
from market.standings.models import FilmCase, Standing
from market.standings.schemas import (
    AppealSchema,
    CaseQuery,
    CaseSchema,
    FilmRulingSchema,
    MendSchema,
    RedFilmSchema,
    RedQuery,
    StandingSchema,
)
from market.video import queries as video

bp = ApiBlueprint("standings", __name__, description="How films do beside others of their category")


@bp.get("/red-list")
@bp.doc(security=OPEN_TO_ALL)
@bp.arguments(RedQuery, location="query")
@bp.response(200, page_schema(RedFilmSchema))
def list_red(query: dict[str, Any]) -> Page[Standing]:
    """Films that do well, the best first; computed anew every hour."""
    rows = queries.red_list(query.pop("category"))
    return page_by(rows, Standing.score.expression, Standing.video_id, **query)


@bp.get("/videos/<pid('vid'):video_id>/standing")
@bp.response(200, StandingSchema)
def get_standing(video_id: UUID) -> dict[str, Any]:
    """How a film does and why; for its creator, its merchant, and operators."""
    require(policy.may_see(current_actor(), video.find(video_id)))
    return {"standing": queries.standing(video_id), "case": queries.case_of(video_id)}


@bp.post("/videos/<pid('vid'):video_id>/appeal")
@bp.arguments(AppealSchema)
@bp.response(200, CaseSchema)
def appeal(data: dict[str, Any], video_id: UUID) -> FilmCase:
    """Once a case: an operator looks at it."""
    actor = current_actor()
    require(policy.may_see(actor, video.find(video_id)))
    with transaction():
        case = queries.open_case(video_id)
        require(policy.may_appeal(actor, case))
        service.appeal(case, data["text"], by=actor)
    return case


@bp.post("/videos/<pid('vid'):video_id>/mending")
@bp.arguments(MendSchema)
@bp.response(200, CaseSchema)
def mend(data: dict[str, Any], video_id: UUID) -> FilmCase:
    """Other words for a film that was warned about; by the merchant. It is counted anew from the next day on."""
    actor = current_actor()
    require(policy.may_see(actor, video.find(video_id)))
    with transaction():
        case = queries.open_case(video_id)
        require(policy.may_mend(actor, case))
        service.mend(case, data["title"], data["caption"], by=actor)
    return case


@bp.get("/film-cases")
@bp.arguments(CaseQuery, location="query")
@bp.response(200, page_schema(CaseSchema))
def list_cases(query: dict[str, Any]) -> Page[FilmCase]:
    """What waits for an operator's ruling."""
    require(policy.may_rule(current_actor()))
    rows = queries.held() if query.pop("held") else queries.to_rule()
    return page_of(rows, FilmCase.id, **query)


@bp.post("/film-cases/<pid('flc'):case_id>/ruling")
@bp.arguments(FilmRulingSchema)
@bp.response(200, CaseSchema)
def rule(data: dict[str, Any], case_id: UUID) -> FilmCase:
    actor = current_actor()
    require(policy.may_rule(actor))
    with transaction():
        case = queries.open_case(queries.find_case(case_id).video_id)
        service.rule(case, by=actor, **data)
    return case
