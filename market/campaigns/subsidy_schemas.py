"""What comes in and goes out about subsidies."""

from typing import Any

from marshmallow import ValidationError, fields, post_load, validates_schema

from market.campaigns import known
from market.kit.schemas import Fen, Instant, LocalInstant, Percent, PublicId, Schema, Text, Whole, Yuan
from market.kit.words import _
from market.subsidies.models import Audience, SubsidyKind


class SubsidySchema(Schema):
    """A subsidy and its budget: `taken_fen` is granted to orders, `left_fen` is still there."""

    id = PublicId("sby", required=True)
    name = fields.String(required=True)
    kind = fields.Enum(SubsidyKind, by_value=True, required=True)
    campaign_code = fields.String(required=True, allow_none=True)
    percent_bps = fields.Integer(required=True)
    fixed_fen = fields.Integer(required=True)
    cap_fen = fields.Integer(required=True)
    least_price_fen = fields.Integer(required=True)
    budget_fen = fields.Integer(required=True)
    taken_fen = fields.Integer(required=True)
    left_fen = fields.Integer(required=True)
    audience = fields.Enum(Audience, by_value=True, required=True)
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    stopped_at = Instant(required=True, allow_none=True)
    created_at = Instant(required=True)


class SubsidyInSchema(Schema):
    """`coupon`: the platform pays a part of the price, `percent_bps` of it or `fixed_fen`, at most `cap_fen` per order.
    `fee`: the platform's rate is lowered by `percent_bps` at signing. The budget is never exceeded."""

    name = Text(least=2, most=40, required=True)
    kind = fields.Enum(SubsidyKind, by_value=True, required=True)
    campaign_code = fields.String(load_default=None, allow_none=True)
    percent_bps = Whole(least=1, most=10_000, load_default=None, allow_none=True)
    fixed_fen = Fen(load_default=None, allow_none=True)
    cap_fen = Fen(required=True)
    least_price_fen = Fen(load_default=None, allow_none=True)
    budget_fen = Fen(required=True)
    audience = fields.Enum(Audience, by_value=True, load_default=Audience.ALL)
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)

    @validates_schema
    def sensible(self, data: dict[str, Any], **kwargs: Any) -> None:
        percent, fixed = data.get("percent_bps"), data.get("fixed_fen")
        if data["kind"] is SubsidyKind.FEE and (fixed or not percent):
            raise ValidationError(_("服务费优惠按百分比计算，请只填写比例。"), "percent_bps")
        if bool(percent) == bool(fixed):
            raise ValidationError(_("比例和固定金额请填写其中一项。"), "fixed_fen")
        if data["ends_at"] <= data["starts_at"]:
            raise ValidationError(_("结束时间要晚于开始时间。"), "ends_at")
        if data["cap_fen"] > data["budget_fen"]:
            raise ValidationError(_("每单上限不能超过预算。"), "cap_fen")
        code = data.get("campaign_code")
        if code and code not in known.open_seasons("zh"):
            raise ValidationError(_("没有这个活动。"), "campaign_code")

    @post_load
    def whole(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        return data | {
            "percent_bps": data["percent_bps"] or 0,
            "fixed_fen": data["fixed_fen"] or 0,
            "least_price_fen": data["least_price_fen"] or 0,
        }


class SubsidyFormSchema(SubsidyInSchema):
    percent_bps = Percent(least=1, most=10_000, load_default=None, allow_none=True)
    fixed_fen = Yuan(load_default=None, allow_none=True)
    cap_fen = Yuan(required=True)
    least_price_fen = Yuan(load_default=None, allow_none=True)
    budget_fen = Yuan(required=True)
    starts_at = LocalInstant(required=True)
    ends_at = LocalInstant(required=True)
