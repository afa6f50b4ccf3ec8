"""What goes out about videos."""

from marshmallow import fields

from market.accounts.vocabulary import CATEGORIES
from market.kit.schemas import Choice, PageQuery, PublicId, Schema


class VideoQuery(PageQuery):
    category = Choice(list(CATEGORIES), load_default=None)
    creator_id = PublicId("pty", load_default=None)


class PublishedVideoSchema(Schema):
    """A video on the shelf."""

    id = PublicId("vid", required=True)
    title = fields.String(required=True)
    caption = fields.String(required=True)
    category = fields.String(required=True)
    creator_id = PublicId("pty", required=True)
    merchant_id = PublicId("pty", required=True, allow_none=True)
    product_ids = fields.List(PublicId("prd"), required=True)
    campaign_code = fields.String(required=True, allow_none=True)
    asset_id = PublicId("ast", required=True)
    published_at = fields.AwareDateTime(format="iso", required=True)
