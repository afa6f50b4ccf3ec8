"""Posting, following, and taking back."""

from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from market.accounts.actor import Actor, Role
from market.accounts.queries import find_party
from market.feed.errors import FollowsOneself, Frozen, NotFollowable
from market.feed.models import Follow, Post, PostKind
from market.kit.clock import now
from market.kit.db import db
from market.kit.events import record

FOLLOWABLE = (Role.CREATOR, Role.MERCHANT, Role.AGENCY)


def add(*, source_id: UUID, author_id: UUID, title: str, body: str, **facts: Any) -> Post:
    """The article of this source: posted now, or already there. Safe to run twice and at once.

    `facts`: merchant_id, order_id, category, image_ids, product_ids, campaign_code.
    """
    db.session.execute(
        insert(Post)
        .values(
            source_id=source_id,
            author_id=author_id,
            kind=PostKind.ARTICLE,
            title=title,
            body=body,
            published_at=now(),
            **facts,
        )
        .on_conflict_do_nothing(index_elements=["source_id"])
    )
    return db.session.scalars(select(Post).where(Post.source_id == source_id)).one()


def write(data: dict[str, Any], *, by: Actor) -> Post:
    """One's own post: title, body, image_ids, product_ids (checked by the caller)."""
    post = Post(author_id=by.party_id, kind=PostKind.NOTICE, published_at=now(), **data)
    db.session.add(post)
    db.session.flush()
    record("post.published", post.id, by=by, title=post.title)
    return post


def change(post: Post, data: dict[str, Any], *, by: Actor) -> None:
    """Raises Frozen on work accepted under an order."""
    if post.is_paid:
        raise Frozen
    for name, value in data.items():
        setattr(post, name, value)
    post.edited_at = now()
    record("post.changed", post.id, by=by)


def withdraw(post_id: UUID, *, by: Actor) -> None:
    """Gone from every feed with this transaction; a second call changes nothing."""
    post = db.session.get(Post, post_id, with_for_update=True, populate_existing=True)
    if post is not None and post.withdrawn_at is None:
        post.withdraw()
        record("post.withdrawn", post.id, by=by, title=post.title)


def follow(followed_id: UUID, *, by: Actor) -> None:
    """Safe to click twice. Raises FollowsOneself, NotFollowable."""
    if by.is_party(followed_id):
        raise FollowsOneself
    if find_party(followed_id).role not in FOLLOWABLE:
        raise NotFollowable
    db.session.execute(
        insert(Follow).values(follower_id=by.party_id, followed_id=followed_id).on_conflict_do_nothing()
    )


def unfollow(followed_id: UUID, *, by: Actor) -> None:
    db.session.execute(
        delete(Follow).where(Follow.follower_id == by.party_id, Follow.followed_id == followed_id)
    )
