"""JSON: the square of providers, the counts of its facets, and saved searches of the square and of the hall."""

from typing import Any
from uuid import UUID

from market.accounts.edge import current_actor, require
from market.creators.models import Profile
from market.creators.schemas import CreatorSchema
from market.finding import asked as questions
from market.finding import policy, queries, service
from market.finding.facets import GROUPS
from market.finding.models import SavedSearch, Sought
from market.finding.schemas import (
    CreatorQuery,
    FacetsSchema,
    NewSearchSchema,
    NewTaskSearchSchema,
    QuestionSchema,
    SavedSearchSchema,
    SearchChangeSchema,
    TaskSearchSchema,
)
from market.kit.api import ApiBlueprint, require_match
from market.kit.db import transaction
from market.kit.paging import Page, page_of
from market.kit.schemas import PageQuery, Schema, page_schema

bp = ApiBlueprint(
    "finding",
    __name__,
    description="The square: providers by words and facets; saved searches of it and of the hall",
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
    """A merchant's own saved searches of the square, the newest first."""
    return _list(Sought.CREATORS, query)


@bp.post("/saved-searches")
@bp.arguments(NewSearchSchema)
@bp.response(201, SavedSearchSchema)
def create_search(given: dict[str, Any]) -> SavedSearch:
    """Keep a search of the square; with alerts one is told who new matches it."""
    return _create(Sought.CREATORS, given, questions.of(given["asked"]).values())


@bp.get("/saved-searches/<pid('sch'):search_id>")
@bp.response(200, SavedSearchSchema)
def get_search(search_id: UUID) -> SavedSearch:
    return service.find_own(search_id, current_actor(), Sought.CREATORS)


@bp.patch("/saved-searches/<pid('sch'):search_id>")
@bp.arguments(SearchChangeSchema)
@bp.response(200, SavedSearchSchema)
def change_search(given: dict[str, Any], search_id: UUID) -> SavedSearch:
    """Rename it, switch its alerts. If-Match names what was read."""
    return _change(search_id, Sought.CREATORS, SavedSearchSchema(), given)


@bp.delete("/saved-searches/<pid('sch'):search_id>")
@bp.response(204)
def delete_search(search_id: UUID) -> None:
    _delete(search_id, Sought.CREATORS)


@bp.get("/task-searches")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_schema(TaskSearchSchema))
def list_task_searches(query: dict[str, Any]) -> Page[SavedSearch]:
    """A creator's or agency's own saved searches of the hall, the newest first."""
    return _list(Sought.BRIEFS, query)


@bp.post("/task-searches")
@bp.arguments(NewTaskSearchSchema)
@bp.response(201, TaskSearchSchema)
def create_task_search(given: dict[str, Any]) -> SavedSearch:
    """Keep a search of the hall; with alerts one is told of every brief that fits it when it is opened."""
    return _create(Sought.BRIEFS, given, given["asked"])


@bp.get("/task-searches/<pid('sch'):search_id>")
@bp.response(200, TaskSearchSchema)
def get_task_search(search_id: UUID) -> SavedSearch:
    return service.find_own(search_id, current_actor(), Sought.BRIEFS)


@bp.patch("/task-searches/<pid('sch'):search_id>")
@bp.arguments(SearchChangeSchema)
@bp.response(200, TaskSearchSchema)
def change_task_search(given: dict[str, Any], search_id: UUID) -> SavedSearch:
    """Rename it, switch its alerts. If-Match names what was read."""
    return _change(search_id, Sought.BRIEFS, TaskSearchSchema(), given)


@bp.delete("/task-searches/<pid('sch'):search_id>")
@bp.response(204)
def delete_task_search(search_id: UUID) -> None:
    _delete(search_id, Sought.BRIEFS)


def _list(kind: Sought, query: dict[str, Any]) -> Page[SavedSearch]:
    actor = current_actor()
    require(policy.may_save(actor, kind))
    return page_of(service.visible_to(actor, kind), SavedSearch.id, **query)


def _create(kind: Sought, given: dict[str, Any], asked: dict[str, Any]) -> SavedSearch:
    actor = current_actor()
    require(policy.may_save(actor, kind))
    with transaction():
        return service.save(kind, asked, given["name"], alerts=given["alerts"], by=actor)


def _change(search_id: UUID, kind: Sought, read: Schema, given: dict[str, Any]) -> SavedSearch:
    """`read` dumps what If-Match names."""
    actor = current_actor()
    with transaction():
        search = service.find_own(search_id, actor, kind, lock=True)
        require(policy.may_change(actor, search))
        require_match(read.dump(search))
        service.change(search, **given)
        return search


def _delete(search_id: UUID, kind: Sought) -> None:
    actor = current_actor()
    with transaction():
        search = service.find_own(search_id, actor, kind, lock=True)
        require(policy.may_change(actor, search))
        service.remove(search)
