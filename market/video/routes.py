"""JSON: the video shelf."""

from typing import Any
from uuid import UUID

from market.accounts.edge import current_actor, require
from market.kit.api import OPEN_TO_ALL, ApiBlueprint, require_match
from market.kit.db import transaction
from market.kit.paging import Page
from market.kit.schemas import page_schema
from market.video import policy, queries, service
from market.video.models import Video
from market.video.schemas import PublishedVideoSchema, VideoChangeSchema, VideoQuery

bp = ApiBlueprint("video", __name__, description="Published videos; open to everybody")


@bp.get("/videos")
@bp.doc(security=OPEN_TO_ALL)
@bp.arguments(VideoQuery, location="query")
@bp.response(200, page_schema(PublishedVideoSchema))
def list_videos(query: dict[str, Any]) -> Page[Video]:
    """The shelf, newest first; `kind` filters by product, content or ugc."""
    return queries.shelf(**query)


@bp.get("/videos/<pid('vid'):video_id>")
@bp.doc(security=OPEN_TO_ALL)
@bp.response(200, PublishedVideoSchema)
def get_video(video_id: UUID) -> Video:
    return queries.find(video_id)


@bp.patch("/videos/<pid('vid'):video_id>")
@bp.arguments(VideoChangeSchema)
@bp.response(200, PublishedVideoSchema)
def change_video(data: dict[str, Any], video_id: UUID) -> Video:
    """The label at a product's head; for the merchant whose products it shows and for its creator. Needs If-Match."""
    actor = current_actor()
    with transaction():
        video = queries.find(video_id, lock=True)
        require(policy.may_label(actor, video))
        require_match(PublishedVideoSchema().dump(video))
        service.label(video, data["label"], by=actor)
    return video
