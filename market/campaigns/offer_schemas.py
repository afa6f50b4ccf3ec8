"""What comes in and goes out about merchants' modules."""

from typing import Any

from marshmallow import fields, pre_load

from market.accounts.vocabulary import CATEGORIES
from market.campaigns.models import MOST_SHOWN, OfferRule, OfferState
from market.kit.schemas import Choice, Lines, PublicId, Schema, Text, Whole
from market.video.labels import HeadLabel


class OfferInSchema(Schema):
    """A module of one's own films. `label` and `category` are for the rule of that name, `video_ids` for `hand`."""

    title = Text(least=1, most=30, required=True)
    rule = fields.Enum(OfferRule, by_value=True, required=True)
    label = fields.Enum(HeadLabel, by_value=True, load_default=None, allow_none=True)
    category = Choice(list(CATEGORIES), load_default=None, allow_none=True)
    size = Whole(least=1, most=MOST_SHOWN, load_default=8)
    video_ids = Lines(PublicId("vid"), most=MOST_SHOWN, metadata={"description": "in the order shown"})


class OfferFormSchema(OfferInSchema):
    """The same from a form; the films have a list of their own below it."""

    class Meta:
        exclude = ("video_ids",)

    @pre_load
    def drop_empty(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        return {name: value for name, value in data.items() if value or name not in ("label", "category")}


class VenueOfferSchema(Schema):
    """A merchant's module, and what it shows now."""

    id = PublicId("vof", required=True)
    venue_id = PublicId("ven", required=True)
    merchant_id = PublicId("pty", required=True)
    title = fields.String(required=True)
    rule = fields.Enum(OfferRule, by_value=True, required=True)
    label = fields.Enum(HeadLabel, by_value=True, required=True, allow_none=True)
    category = fields.String(required=True, allow_none=True)
    size = fields.Integer(required=True)
    state = fields.Enum(OfferState, by_value=True, required=True)
    reason = fields.String(required=True)
    video_ids = fields.List(PublicId("vid"), required=True, metadata={"description": "what it shows now"})


class OfferRefusalSchema(Schema):
    reason = Text(least=2, most=300, required=True, metadata={"description": "the merchant reads it"})
