"""The video badge, on whatever page products stand."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from flask import Blueprint

from market.video import queries

bp = Blueprint("video", __name__)


@bp.app_context_processor
def badge_words() -> dict[str, Any]:
    def head_videos(product_ids: Iterable[UUID]) -> set[UUID]:
        """Which of these products have a video: one query for a whole list."""
        return set(queries.for_products(product_ids))

    return {"head_videos": head_videos}
