"""JSON: the square of providers, the counts of its facets, and saved searches."""

from typing import Any
from uuid import UUID

from market.accounts.edge import current_actor, require
from market.creators.models import Profile
from market.creators.schemas import CreatorSchema
from market.finding import asked as questions
from market.finding import policy, queries, service
from market.finding.facets import GROUPS
from market.finding.models import SavedSearch
from market.finding.schemas import (
    CreatorQuery,
    FacetsSchema,
    NewSearchSchema,
    QuestionSchema,
    SavedSearchSchema,
    SearchChangeSchema,
)
from market.kit.api import ApiBlueprint, require_match
from market.kit.db import transaction
from market.kit.paging import Page, page_of
from market.kit.schemas import PageQuery, page_schema

bp = ApiBlueprint(
    "finding", __name__, description="The square: providers by words and facets; saved searches"
)


@bp.get("/creators")
@bp.arguments(CreatorQuery, location="query")
@bp.response(200, page_schema(CreatorSchema))
def list_creators(query: dict[str, Any]) -> Page[Profile]:
    """Verified providers by words, facets and limits; sorted."""
    current_actor()
    return queries.search(
        questions.of(query), sort=query["sort"], limit=query["limit"], cursor=query["cursor"]
    )


@bp.get("/creators/facets")
@bp.arguments(QuestionSchema, location="query")
@bp.response(200, FacetsSchema)
def count_creators(query: dict[str, Any]) -> dict[str, Any]:
    """How many stand behind each choice. The counts of a facet respect all others, not its own choice."""
    current_actor()
    asked = questions.of(query)
    seen = queries.overview(asked)
    groups = [
        {
            "group": group,
            "values": [{"value": value, "n": n} for value, n in queries.values_of(seen, group, asked)],
        }
        for group in GROUPS
    ]
    return {"total": seen.here.total, "exact": seen.here.exact, "facets": groups}


@bp.get("/saved-searches")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_schema(SavedSearchSchema))
def list_searches(query: dict[str, Any]) -> Page[SavedSearch]:
    """One's own saved searches, the newest first."""
    actor = current_actor()
    require(policy.may_save(actor))
    return page_of(service.visible_to(actor), SavedSearch.id, **query)


@bp.post("/saved-searches")
@bp.arguments(NewSearchSchema)
@bp.response(201, SavedSearchSchema)
def create_search(given: dict[str, Any]) -> SavedSearch:
    """Keep a search; with alerts one is told who new matches it."""
    actor = current_actor()
    require(policy.may_save(actor))
    with transaction():
        return service.save(questions.of(given["asked"]), given["name"], alerts=given["alerts"], by=actor)


@bp.get("/saved-searches/<pid('sch'):search_id>")
@bp.response(200, SavedSearchSchema)
def get_search(search_id: UUID) -> SavedSearch:
    return service.find_own(search_id, current_actor())


@bp.patch("/saved-searches/<pid('sch'):search_id>")
@bp.arguments(SearchChangeSchema)
@bp.response(200, SavedSearchSchema)
def change_search(given: dict[str, Any], search_id: UUID) -> SavedSearch:
    """Rename it, switch its alerts. If-Match names what was read."""
    actor = current_actor()
    with transaction():
        search = service.find_own(search_id, actor, lock=True)
        require(policy.may_change(actor, search.party_id))
        require_match(SavedSearchSchema().dump(search))
        service.change(search, **given)
        return search


@bp.delete("/saved-searches/<pid('sch'):search_id>")
@bp.response(204)
def delete_search(search_id: UUID) -> None:
    actor = current_actor()
    with transaction():
        search = service.find_own(search_id, actor, lock=True)
        require(policy.may_change(actor, search.party_id))
        service.remove(search)
