"""JSON: the live programme and reminders."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from market.accounts.edge import current_actor
from market.kit.api import OPEN_TO_ALL, ApiBlueprint
from market.kit.clock import now
from market.kit.db import transaction
from market.live import queries, service
from market.live.models import Programme
from market.live.schemas import GuideQuery, GuideSchema, ProgrammeSchema, ReminderSchema

bp = ApiBlueprint("live", __name__, description="The live programme; open to everybody")


@bp.get("/programmes")
@bp.doc(security=OPEN_TO_ALL)
@bp.arguments(GuideQuery, location="query")
@bp.response(200, GuideSchema)
def list_programmes(query: dict[str, Any]) -> dict[str, Any]:
    """The guide: what starts in a stretch of time, in the order it comes on."""
    since = query["since"] or now()
    until = query["until"] or since + timedelta(days=7)
    return {"data": queries.between(since, until)[: query["limit"]]}


@bp.get("/programmes/<pid('liv'):programme_id>")
@bp.doc(security=OPEN_TO_ALL)
@bp.response(200, ProgrammeSchema)
def get_programme(programme_id: UUID) -> Programme:
    return queries.find(programme_id)


@bp.put("/programmes/<pid('liv'):programme_id>/reminder")
@bp.response(200, ReminderSchema)
def put_reminder(programme_id: UUID) -> dict[str, Any]:
    """A notice before the start, for the key's party."""
    actor = current_actor()
    with transaction():
        service.remind(programme_id, by=actor)
    return {"reminded": True, "waiting": queries.waiting(programme_id)}


@bp.delete("/programmes/<pid('liv'):programme_id>/reminder")
@bp.response(200, ReminderSchema)
def delete_reminder(programme_id: UUID) -> dict[str, Any]:
    actor = current_actor()
    with transaction():
        service.forget(programme_id, by=actor)
    return {"reminded": False, "waiting": queries.waiting(programme_id)}
