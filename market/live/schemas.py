"""What goes out about the live programme."""

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from market.kit.schemas import Instant, PublicId, Schema, Whole
from market.kit.words import _
from market.live.models import ProgrammeState


class GuideQuery(Schema):
    """The shows that start from `since` on, in the order they come on."""

    since = Instant(load_default=None, metadata={"description": "default: now"})
    until = Instant(load_default=None, metadata={"description": "default: seven days later"})
    limit = Whole(least=1, most=200, load_default=100)

    @validates_schema
    def check_order(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data.get("since") and data.get("until") and data["until"] <= data["since"]:
            raise ValidationError(_("结束时间要晚于开始时间。"), "until")


class ProgrammeSchema(Schema):
    """A show in the programme."""

    id = PublicId("liv", required=True)
    title = fields.String(required=True)
    rundown = fields.String(required=True)
    category = fields.String(required=True)
    creator_id = PublicId("pty", required=True)
    merchant_id = PublicId("pty", required=True, allow_none=True)
    product_ids = fields.List(PublicId("prd"), required=True)
    campaign_code = fields.String(required=True, allow_none=True)
    starts_at = fields.AwareDateTime(format="iso", required=True)
    ends_at = fields.AwareDateTime(format="iso", required=True)
    state = fields.Enum(ProgrammeState, by_value=True, required=True)


class GuideSchema(Schema):
    data = fields.List(fields.Nested(ProgrammeSchema), required=True)


class ReminderSchema(Schema):
    reminded = fields.Boolean(required=True)
    waiting = fields.Integer(required=True, metadata={"description": "how many want to be reminded"})
