"""JSON: posts, one's feed, and following. Writing posts is in market.publication."""

from typing import Any, cast
from uuid import UUID

from market.accounts.edge import current_actor, require
from market.feed import policy, queries, service
from market.feed.models import Post
from market.feed.schemas import FollowSchema, PostQuery, PostSchema
from market.kit.api import OPEN_TO_ALL, ApiBlueprint
from market.kit.db import transaction
from market.kit.paging import Page
from market.kit.schemas import PageQuery, page_schema

bp = ApiBlueprint("feed", __name__, description="Posts, the followers' feed, following")


@bp.get("/posts")
@bp.doc(security=OPEN_TO_ALL)
@bp.arguments(PostQuery, location="query")
@bp.response(200, page_schema(PostSchema))
def list_posts(query: dict[str, Any]) -> Page[Post]:
    """Everybody's posts, or one author's; open to everybody."""
    return queries.newest(**query)


@bp.get("/posts/<pid('pst'):post_id>")
@bp.doc(security=OPEN_TO_ALL)
@bp.response(200, PostSchema)
def get_post(post_id: UUID) -> Post:
    return queries.find(post_id)


@bp.get("/feed")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_schema(PostSchema))
def list_feed(query: dict[str, Any]) -> Page[Post]:
    """Posts of everybody the key's party follows, newest first."""
    return queries.feed_of(cast(UUID, current_actor().party_id), **query)


@bp.put("/parties/<pid('pty'):party_id>/follow")
@bp.response(200, FollowSchema)
def put_follow(party_id: UUID) -> dict[str, Any]:
    actor = current_actor()
    require(policy.may_follow(actor))
    with transaction():
        service.follow(party_id, by=actor)
    return {"following": True, "followers": queries.followers(party_id)}


@bp.delete("/parties/<pid('pty'):party_id>/follow")
@bp.response(200, FollowSchema)
def delete_follow(party_id: UUID) -> dict[str, Any]:
    actor = current_actor()
    require(policy.may_follow(actor))
    with transaction():
        service.unfollow(party_id, by=actor)
    return {"following": False, "followers": queries.followers(party_id)}
