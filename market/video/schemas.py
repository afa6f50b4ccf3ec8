"""What goes out about videos."""

from marshmallow import fields

from market.accounts.vocabulary import CATEGORIES
from market.kit.schemas import Choice, PageQuery, PublicId, Schema
from market.video.kinds import FilmKind
from market.video.labels import HeadLabel


class VideoQuery(PageQuery):
    category = Choice(list(CATEGORIES), load_default=None)
    creator_id = PublicId("pty", load_default=None)
    merchant_id = PublicId("pty", load_default=None)
    label = fields.Enum(HeadLabel, by_value=True, load_default=None)
    kind = fields.Enum(
        FilmKind,
        by_value=True,
        load_default=None,
        metadata={
            "description": "without it, films of viewers (ugc) are listed only under their creator or a product"
        },
    )
    product_id = PublicId(
        "prd", load_default=None, metadata={"description": "what stands on this product's page"}
    )


class VideoChangeSchema(Schema):
    label = fields.Enum(
        HeadLabel,
        by_value=True,
        required=True,
        allow_none=True,
        metadata={"description": "what it is at a product's head; null takes the label off"},
    )


class PublishedVideoSchema(Schema):
    """A video on the shelf."""

    id = PublicId("vid", required=True)
    kind = fields.Enum(
        FilmKind,
        by_value=True,
        required=True,
        metadata={
            "description": "product: the merchant's own; content: paid work of an order; "
            "ugc: a creator's own about a product, without an order"
        },
    )
    paid = fields.Boolean(
        attribute="is_paid",
        required=True,
        metadata={"description": "paid work, marked so wherever it is shown"},
    )
    author_agrees = fields.Boolean(
        required=True, metadata={"description": "ugc: the merchant may show it on the product's page"}
    )
    on_product_page = fields.Boolean(
        attribute="is_picked", required=True, metadata={"description": "ugc: the merchant shows it there"}
    )
    title = fields.String(required=True)
    caption = fields.String(required=True)
    category = fields.String(required=True)
    creator_id = PublicId("pty", required=True)
    merchant_id = PublicId("pty", required=True, allow_none=True)
    product_ids = fields.List(PublicId("prd"), required=True)
    campaign_code = fields.String(required=True, allow_none=True)
    label = fields.Enum(HeadLabel, by_value=True, required=True, allow_none=True)
    asset_id = PublicId("ast", required=True)
    published_at = fields.AwareDateTime(format="iso", required=True)
