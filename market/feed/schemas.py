"""What comes in and goes out about posts."""

from typing import Any

from marshmallow import ValidationError, fields, validates

from market.feed.models import MOST_IMAGES, MOST_PRODUCTS, PostKind
from market.kit.schemas import PageQuery, PublicId, Schema, Text
from market.kit.words import _


class PostInSchema(Schema):
    """One's own words to one's followers. The body is plain text; an empty line starts a paragraph."""

    title = Text(least=2, most=60, required=True)
    body = Text(least=2, most=5000, required=True)
    image_ids = fields.List(PublicId("ast"), load_default=list, metadata={"maxItems": MOST_IMAGES})
    product_ids = fields.List(PublicId("prd"), load_default=list, metadata={"maxItems": MOST_PRODUCTS})

    @validates("image_ids")
    def check_images(self, given: list[Any], **_kwargs: Any) -> None:
        if len(given) > MOST_IMAGES:
            raise ValidationError(_("最多 %(most)s 张图片。", most=MOST_IMAGES))

    @validates("product_ids")
    def check_products(self, given: list[Any], **_kwargs: Any) -> None:
        if len(given) > MOST_PRODUCTS:
            raise ValidationError(_("最多 %(most)s 件商品。", most=MOST_PRODUCTS))


class PostChangeSchema(PostInSchema):
    """Any part of a post; what is left out stays."""

    title = Text(least=2, most=60)
    body = Text(least=2, most=5000)
    image_ids = fields.List(PublicId("ast"), metadata={"maxItems": MOST_IMAGES})
    product_ids = fields.List(PublicId("prd"), metadata={"maxItems": MOST_PRODUCTS})


class PostSchema(Schema):
    """A post; `paid` marks work made for a merchant."""

    id = PublicId("pst", required=True)
    kind = fields.Enum(PostKind, by_value=True, required=True)
    author_id = PublicId("pty", required=True)
    merchant_id = PublicId("pty", required=True, allow_none=True)
    title = fields.String(required=True)
    body = fields.String(required=True)
    image_ids = fields.List(PublicId("ast"), required=True)
    product_ids = fields.List(PublicId("prd"), required=True)
    campaign_code = fields.String(required=True, allow_none=True)
    paid = fields.Boolean(attribute="is_paid", required=True)
    published_at = fields.AwareDateTime(format="iso", required=True)
    edited_at = fields.AwareDateTime(format="iso", required=True, allow_none=True)


class PostQuery(PageQuery):
    author_id = PublicId("pty", load_default=None)


class FollowSchema(Schema):
    following = fields.Boolean(required=True)
    followers = fields.Integer(required=True)
