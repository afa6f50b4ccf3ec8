"""What comes in about one's own films."""

import re
from typing import Any
from uuid import UUID

from marshmallow import ValidationError, fields, post_load, validates

from market.kit.schemas import PublicId, Schema, Text
from market.kit.words import _
from market.video.kinds import KINDS

MOST_PRODUCTS = max(terms.most_products or 0 for terms in KINDS.values())


class FilmInSchema(Schema):
    """A finished film of one's own for the shelf. A merchant's is a product film, a creator's a viewer's film (ugc)."""

    asset_id = PublicId(
        "ast", required=True, metadata={"description": "one's own ready film, 3 to 60 seconds"}
    )
    title = Text(least=2, most=60, required=True)
    caption = Text(most=500, load_default="")
    product_ids = fields.List(
        PublicId("prd"),
        required=True,
        metadata={
            "minItems": 1,
            "maxItems": MOST_PRODUCTS,
            "description": "a merchant's own products; for a creator, the one product the film is about",
        },
    )
    author_agrees = fields.Boolean(
        load_default=False,
        metadata={
            "description": "ugc: the merchant may show it on the product's page; nothing for product films"
        },
    )

    @validates("product_ids")
    def check_products(self, given: list[Any], **_kwargs: Any) -> None:
        if not given:
            raise ValidationError(_("请至少选一件商品。"))
        if len(given) > MOST_PRODUCTS:
            raise ValidationError(_("最多 %(most)s 件商品。", most=MOST_PRODUCTS))


class ProductLink(PublicId):
    """A product by its number or by the address of its page, as people copy it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("prd", **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> UUID:
        found = re.search(r"prd_[0-9A-Za-z]+", value) if isinstance(value, str) else None
        if found is None:
            raise ValidationError(_("请粘贴商品页的链接。"))
        return super()._deserialize(found.group(), attr, data, **kwargs)


class FilmFormSchema(FilmInSchema):
    """The same from a creator's page: the product by its link."""

    product_ids = ProductLink(required=True)  # type: ignore[assignment]

    @validates("product_ids")
    def check_products(self, given: Any, **_kwargs: Any) -> None:
        """One always is."""

    @post_load
    def as_list(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        return data | {"product_ids": [data["product_ids"]]}
