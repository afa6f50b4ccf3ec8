"""Reading feeds: posts are pulled from whom one follows, newest first."""

from collections.abc import Iterable
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Uuid, bindparam, cast, func, lateral, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.orm import aliased

from market.accounts.actor import Actor
from market.feed.models import Follow, Post
from market.kit import ids
from market.kit.db import db
from market.kit.errors import Invalid, NotFound
from market.kit.paging import CURSOR, Page, page_of
from market.kit.words import _


def live_posts() -> Select[Post]:
    """What everybody may read."""
    return select(Post).where(Post.withdrawn_at.is_(None))


def visible_to(actor: Actor | None) -> Select[Post]:
    """What is published, and one's own that was withdrawn."""
    if actor is None or actor.party_id is None:
        return live_posts()
    return select(Post).where(or_(Post.withdrawn_at.is_(None), Post.author_id == actor.party_id))


def find(post_id: UUID) -> Post:
    """A published post. Raises NotFound."""
    post = db.session.scalar(live_posts().where(Post.id == post_id))
    if post is None:
        raise NotFound
    return post


def find_own(post_id: UUID, author_id: UUID | None, *, lock: bool = False) -> Post:
    """A published post of this author. Raises NotFound."""
    post = db.session.get(Post, post_id, with_for_update=lock or None, populate_existing=lock)
    if post is None or post.author_id != author_id or post.withdrawn_at is not None:
        raise NotFound
    return post


def feed_of(follower_id: UUID, *, limit: int = 20, cursor: str | None = None) -> Page[Post]:
    """The newest posts of everybody this party follows.

    From each followed author at most one page is read, along the index (author, newest first): the work is
    followed × limit index entries however much they have written.
    """
    values: dict[str, Any] = {"follower": follower_id}
    if cursor:
        try:
            values["before"] = ids.decode(CURSOR, cursor)
        except ValueError as wrong:
            raise Invalid({"cursor": [_("这个翻页位置无效，请从第一页看起。")]}) from wrong
    posts = db.session.scalars(_feed(limit, bool(cursor)), values).all()
    more = len(posts) > limit
    return Page(posts[:limit], ids.encode(CURSOR, posts[limit - 1].id) if more else None)


@cache
def _feed(limit: int, turned: bool) -> Select[Post]:
    """The statement, built once: for `follower`, and when pages were turned, posts older than `before`."""
    newest = select(Post.id).where(Post.author_id == Follow.followed_id, Post.withdrawn_at.is_(None))
    if turned:
        newest = newest.where(Post.id < bindparam("before", type_=Uuid()))
    mine = lateral(newest.order_by(Post.id.desc()).limit(limit + 1).correlate(Follow))
    wanted = (
        select(mine.c.id)
        .select_from(Follow)
        .join(mine, true())
        .where(Follow.follower_id == bindparam("follower"))
        .order_by(mine.c.id.desc())
        .limit(limit + 1)
    )
    found = aliased(Post)
    return select(found).where(found.id.in_(wanted)).order_by(found.id.desc())


def newest(*, limit: int = 20, cursor: str | None = None, author_id: UUID | None = None) -> Page[Post]:
    """Everybody's posts, or one author's, newest first."""
    rows = live_posts()
    if author_id:
        rows = rows.where(Post.author_id == author_id)
    return page_of(rows, Post.id, limit=limit, cursor=cursor)


def posts(ids_: Iterable[UUID]) -> list[Post]:
    """Those of the ids that are published, in the order asked for."""
    wanted = list(dict.fromkeys(ids_))
    if not wanted:
        return []
    found = {post.id: post for post in db.session.scalars(live_posts().where(Post.id.in_(wanted)))}
    return [found[key] for key in wanted if key in found]


def shows(asset_id: UUID) -> bool:
    """Whether a published post needs this picture."""
    held = Post.image_ids.contains(cast(array([asset_id]), ARRAY(Uuid())))
    return db.session.scalar(select(live_posts().where(held).exists())) or False


def is_following(actor: Actor | None, party_id: UUID) -> bool:
    if actor is None or actor.party_id is None:
        return False
    return db.session.get(Follow, (actor.party_id, party_id)) is not None


def followers(party_id: UUID) -> int:
    return db.session.scalar(select(func.count()).where(Follow.followed_id == party_id)) or 0


def followed(follower_id: UUID) -> set[UUID]:
    """Whom this party follows."""
    return set(db.session.scalars(select(Follow.followed_id).where(Follow.follower_id == follower_id)))
