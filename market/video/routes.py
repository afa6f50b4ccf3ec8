"""JSON: the video shelf."""

from typing import Any
from uuid import UUID

from market.kit.api import OPEN_TO_ALL, ApiBlueprint
from market.kit.paging import Page
from market.kit.schemas import page_schema
from market.video import queries
from market.video.models import Video
from market.video.schemas import PublishedVideoSchema, VideoQuery

bp = ApiBlueprint("video", __name__, description="Published videos; open to everybody")


@bp.get("/videos")
@bp.doc(security=OPEN_TO_ALL)
@bp.arguments(VideoQuery, location="query")
@bp.response(200, page_schema(PublishedVideoSchema))
def list_videos(query: dict[str, Any]) -> Page[Video]:
    """The shelf, newest first."""
    return queries.shelf(**query)


@bp.get("/videos/<pid('vid'):video_id>")
@bp.doc(security=OPEN_TO_ALL)
@bp.response(200, PublishedVideoSchema)
def get_video(video_id: UUID) -> Video:
    return queries.find(video_id)
