"""JSON: counting views, and one's own footprints."""

from typing import Any
from uuid import UUID

from flask import current_app, request

from market.accounts.edge import current_actor
from market.audience import intake, queries, service
from market.audience.buffer import Buffer
from market.audience.door import MOST_BYTES
from market.audience.models import Footprint
from market.audience.schemas import FootprintSchema, ViewsSchema
from market.kit.api import OPEN_TO_ALL, ApiBlueprint
from market.kit.clock import now
from market.kit.db import transaction
from market.kit.limits import UNCOUNTED
from market.kit.paging import Page, page_of
from market.kit.schemas import PageQuery, page_schema

bp = ApiBlueprint("audience", __name__, description="How often work is seen; what one watched")
UNCOUNTED.add("api_audience.count_views")  # its tokens bound what can be counted, its buffer what can wait


def here() -> Buffer:
    found: Buffer = current_app.extensions["views"]
    return found


@bp.url_value_preprocessor
def bound_bodies(endpoint: str | None, values: dict[str, Any] | None) -> None:
    if endpoint == "api_audience.count_views":
        request.max_content_length = MOST_BYTES


@bp.post("/views")
@bp.doc(security=OPEN_TO_ALL)
@bp.arguments(ViewsSchema)
@bp.response(204)
def count_views(batch: dict[str, Any]) -> None:
    """What pages send (`navigator.sendBeacon`): each event of a visit counts once, however often it is sent."""
    # A batch without fault was taken by audience.door, before the framework.
    secret = current_app.config["SECRET_KEY"]
    intake.take(batch["visit"], batch["events"], at=now().timestamp(), secret=secret, into=here())


@bp.get("/footprints")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_schema(FootprintSchema))
def list_footprints(query: dict[str, Any]) -> Page[Footprint]:
    """The films one watched, newest first; nobody else is shown them."""
    return page_of(queries.visible_to(current_actor()), Footprint.id, **query)


@bp.delete("/footprints")
@bp.response(204)
def clear_footprints() -> None:
    actor = current_actor()
    with transaction():
        service.clear(actor)


@bp.delete("/footprints/<pid('vid'):video_id>")
@bp.response(204)
def remove_footprint(video_id: UUID) -> None:
    actor = current_actor()
    with transaction():
        service.remove(video_id, actor)
