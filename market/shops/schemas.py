"""What comes in and goes out about products."""

from typing import Any

from marshmallow import ValidationError, fields, validates

from market.accounts.vocabulary import CATEGORIES
from market.kit.schemas import Choice, Fen, PageQuery, PublicId, Schema, Text, Whole, Yuan
from market.kit.words import _
from market.shops.models import MOST_IMAGES, ImportState, ShelfState

MAX_STOCK = 9_999_999


class _ProductFields(Schema):
    """What the JSON body, the form and a CSV row have in common."""

    number = Text(most=40, load_default="", metadata={"description": "the merchant's own article number"})
    title = Text(least=2, most=60, required=True)
    category = Choice(list(CATEGORIES), required=True)
    stock = Whole(least=0, most=MAX_STOCK, required=True)
    description = Text(most=5000, load_default="")


class ProductInSchema(_ProductFields):
    """A product as the API takes it."""

    price_fen = Fen(required=True)
    image_ids = fields.List(PublicId("ast"), load_default=list, metadata={"maxItems": MOST_IMAGES})

    @validates("image_ids")
    def check_images(self, image_ids: list[Any], **_kwargs: Any) -> None:
        if len(image_ids) > MOST_IMAGES:
            raise ValidationError(_("最多 %(most)s 张图片。", most=MOST_IMAGES))


class ProductFormSchema(ProductInSchema):
    """The same as a person types it: the price in yuan."""

    price_fen = Yuan(required=True)


class ProductChangeSchema(ProductInSchema):
    """Any part of a product; what is left out stays."""

    number = Text(most=40)
    title = Text(least=2, most=60)
    category = Choice(list(CATEGORIES))
    stock = Whole(least=0, most=MAX_STOCK)
    description = Text(most=5000)
    price_fen = Fen()
    image_ids = fields.List(PublicId("ast"), metadata={"maxItems": MOST_IMAGES})


class RowSchema(_ProductFields):
    """A row of a CSV file."""

    price_fen = Yuan(required=True)


class ProductSchema(Schema):
    """A product on (or off) the shelf."""

    id = PublicId("prd", required=True)
    merchant_id = PublicId("pty", required=True)
    number = fields.String(required=True)
    title = fields.String(required=True)
    category = fields.String(required=True, metadata={"enum": list(CATEGORIES)})
    price_fen = fields.Integer(required=True)
    stock = fields.Integer(required=True)
    description = fields.String(required=True)
    image_ids = fields.List(PublicId("ast"), required=True)
    state = fields.Enum(ShelfState, by_value=True, required=True)
    created_at = fields.AwareDateTime(format="iso", required=True)


class ProductQuery(PageQuery):
    merchant_id = PublicId("pty", load_default=None)
    category = Choice(list(CATEGORIES), load_default=None)
    q = Text(most=60, load_default="", metadata={"description": "words in the title"})
    state = fields.Enum(ShelfState, by_value=True, load_default=None)


class RowErrorSchema(Schema):
    line = fields.Integer(
        required=True, metadata={"description": "line of the file; the column names are line 1"}
    )
    column = fields.String(required=True, metadata={"description": "the column's name in the file, or empty"})
    text = fields.String(required=True)


class ImportSchema(Schema):
    """What became of a CSV file."""

    id = PublicId("imp", required=True)
    filename = fields.String(required=True)
    state = fields.Enum(ImportState, by_value=True, required=True)
    good_rows = fields.Function(lambda obj: len(obj.rows), required=True, metadata={"type": "integer"})
    bad_rows = fields.Function(lambda obj: obj.bad_lines, required=True, metadata={"type": "integer"})
    created = fields.Integer(required=True)
    changed = fields.Integer(required=True)
    errors = fields.List(fields.Nested(RowErrorSchema), required=True)


class ImportInSchema(Schema):
    """A file as JSON, for clients who would rather not send multipart."""

    filename = Text(least=1, most=200, load_default="products.csv")
    csv = fields.String(
        required=True, metadata={"description": "the file's text; the first line names the columns"}
    )
