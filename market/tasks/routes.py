"""JSON: templates, briefs, and their states."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from market.accounts.edge import current_actor, require
from market.kit.api import ApiBlueprint, require_match
from market.kit.db import transaction
from market.kit.paging import Page, page_of
from market.kit.schemas import page_schema
from market.tasks import policy, queries, service
from market.tasks.models import Task, TaskState
from market.tasks.schemas import (
    HallFacetsSchema,
    HallQuery,
    TaskChangeSchema,
    TaskNewSchema,
    TaskQuery,
    TaskSchema,
    TemplateSchema,
)
from market.tasks.templates import BriefTemplate, templates

bp = ApiBlueprint("tasks", __name__, description="Briefs: what is wanted, at what budget, by when")


@bp.get("/task-templates")
@bp.response(200, TemplateSchema(many=True))
def list_templates() -> list[BriefTemplate]:
    """One filled brief per goods category (in Chinese: it becomes the merchant's own text)."""
    current_actor()
    return list(templates().values())


@bp.get("/tasks")
@bp.arguments(TaskQuery, location="query")
@bp.response(200, page_schema(TaskSchema))
def list_tasks(query: dict[str, Any]) -> Page[Task]:
    """The hall: briefs that take bids now. With `mine`, one's own briefs, drafts included, newest first."""
    actor = current_actor()
    mine, state = query.pop("mine"), query.pop("state")
    if not mine:
        return queries.hall(**query)
    rows = queries.of_merchant(actor)
    if state:
        rows = rows.where(Task.state == TaskState(state))
    return page_of(rows, Task.id, limit=query["limit"], cursor=query["cursor"])


@bp.get("/tasks/facets")
@bp.arguments(HallQuery, location="query")
@bp.response(200, HallFacetsSchema)
def count_tasks(query: dict[str, Any]) -> dict[str, Any]:
    """How many briefs of the hall stand behind each choice. The counts of a facet respect all others, not its own."""
    current_actor()
    groups = [
        {
            "group": group,
            "values": [{"value": value, "n": n} for value, n in counts.most_common()],
        }
        for group, counts in queries.facets(**query).items()
    ]
    return {"facets": groups}


@bp.post("/tasks")
@bp.arguments(TaskNewSchema)
@bp.response(201, TaskSchema)
def draft(given: dict[str, Any]) -> Task:
    """Write a draft."""
    actor = current_actor()
    require(policy.may_write(actor))
    from_template = given.pop("from_template")
    with transaction():
        return service.draft(given, by=actor, from_template=from_template)


@bp.get("/tasks/<pid('tsk'):task_id>")
@bp.response(200, TaskSchema)
def get_task(task_id: UUID) -> Task:
    return queries.find_visible(task_id, current_actor())


@bp.patch("/tasks/<pid('tsk'):task_id>")
@bp.arguments(TaskChangeSchema)
@bp.response(200, TaskSchema)
def change(given: dict[str, Any], task_id: UUID) -> Task:
    """Change a draft."""
    actor = current_actor()
    with transaction():
        task = queries.find_visible(task_id, actor, lock=True)
        require(policy.may_run(actor, task))
        require_match(TaskSchema().dump(task))
        return service.change(task, given, by=actor)


@bp.post("/tasks/<pid('tsk'):task_id>/opening")
@bp.response(200, TaskSchema)
def open_(task_id: UUID) -> Task:
    """Let creators bid. 422 names every field that is missing or impossible."""
    return _do(task_id, service.open_)


@bp.delete("/tasks/<pid('tsk'):task_id>/opening")
@bp.response(200, TaskSchema)
def take_back(task_id: UUID) -> Task:
    """Make an open brief without bids a draft again."""
    return _do(task_id, service.take_back)


@bp.post("/tasks/<pid('tsk'):task_id>/closing")
@bp.response(200, TaskSchema)
def close(task_id: UUID) -> Task:
    """Take no more bids; those there are can still be awarded."""
    return _do(task_id, service.close)


@bp.post("/tasks/<pid('tsk'):task_id>/cancellation")
@bp.response(200, TaskSchema)
def cancel(task_id: UUID) -> Task:
    """Give the brief up; bidders are told."""
    return _do(task_id, service.cancel)


@bp.post("/tasks/<pid('tsk'):task_id>/copies")
@bp.response(201, TaskSchema)
def copy(task_id: UUID) -> Task:
    """The same brief again as a draft, without its dates."""
    return _do(task_id, service.copy)


def _do(task_id: UUID, verb: Callable[..., Task]) -> Task:
    """One verb on a brief, by who may run it."""
    actor = current_actor()
    with transaction():
        task = queries.find_visible(task_id, actor, lock=True)
        require(policy.may_run(actor, task))
        return verb(task, by=actor)
