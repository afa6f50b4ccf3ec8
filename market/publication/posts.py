"""One's own posts: what one may put in them is checked against the media and the shops."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from market.accounts.actor import Actor
from market.feed import service as feed
from market.feed.models import Post
from market.kit.db import db
from market.media import service as media
from market.media.queries import owned_images
from market.publication.errors import ForeignPicture, NoSuchProduct
from market.shops import queries as shops
from market.shops.models import Product


def write(data: dict[str, Any], *, by: Actor) -> Post:
    """Raises ForeignPicture, NoSuchProduct."""
    _check(data, by)
    return feed.write(data, by=by)


def change(post: Post, data: dict[str, Any], *, by: Actor) -> None:
    """`post` is locked. Raises ForeignPicture, NoSuchProduct, Frozen."""
    _check(data, by, kept=post)
    feed.change(post, data, by=by)


def offered(party_id: UUID, limit: int = 60) -> Sequence[Product]:
    """What a shop's form lists to choose from: its own shelf, newest first."""
    rows = shops.on_shelf().where(Product.merchant_id == party_id).order_by(Product.id.desc())
    return db.session.scalars(rows.limit(limit)).all()


def _check(data: dict[str, Any], by: Actor, kept: Post | None = None) -> None:
    pictures = set(data.get("image_ids") or []) - set(kept.image_ids if kept else [])
    if pictures and (by.party_id is None or owned_images(pictures, by.party_id) != pictures):
        raise ForeignPicture(field="image_ids")
    wanted = set(data.get("product_ids") or []) - set(kept.product_ids if kept else [])
    if len(shops.shown(wanted)) != len(wanted):
        raise NoSuchProduct(field="product_ids")
    for image_id in sorted(pictures):
        media.publish(image_id)
