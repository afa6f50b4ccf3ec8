"""What is handed in, by kind, and what is said about it. The same schemas read JSON and the page's forms."""

from typing import Any

from marshmallow import ValidationError, fields, post_load, pre_load, validates_schema
from marshmallow.validate import Length

from market.delivery.models import Kind, SubmissionState
from market.kit.schemas import Instant, LocalInstant, PublicId, Schema, Text, Whole
from market.kit.words import _

MOST_MS = 24 * 3600 * 1000
PROPOSAL = {"description": "the hour you propose for publishing; null: as soon as it is accepted"}


class ScriptSchema(Schema):
    text = Text(least=10, most=20_000, required=True)


class ArticleSchema(Schema):
    title = Text(least=2, most=80, required=True)
    body = Text(least=20, most=50_000, required=True)
    publish_at = Instant(load_default=None, allow_none=True, metadata=PROPOSAL)
    image_ids = fields.List(PublicId("ast"), load_default=list, validate=Length(max=20))
    product_ids = fields.List(PublicId("prd"), load_default=list, validate=Length(max=20))


class VideoSchema(Schema):
    title = Text(least=2, most=80, required=True)
    text = Text(most=2_000, load_default="")
    publish_at = Instant(load_default=None, allow_none=True, metadata=PROPOSAL)
    asset_id = PublicId("ast", required=True)
    product_ids = fields.List(PublicId("prd"), load_default=list, validate=Length(max=20))


class LiveSchema(Schema):
    title = Text(least=2, most=80, required=True)
    rundown = Text(least=10, most=20_000, required=True)
    starts_at = Instant(required=True)
    asset_id = PublicId("ast", required=True, metadata={"description": "the cover, a picture"})
    product_ids = fields.List(PublicId("prd"), load_default=list, validate=Length(max=20))


class ArticleFormSchema(ArticleSchema):
    publish_at = LocalInstant(load_default=None)


class VideoFormSchema(VideoSchema):
    publish_at = LocalInstant(load_default=None)


class LiveFormSchema(LiveSchema):
    starts_at = LocalInstant(required=True)


CONTENTS: dict[Kind, type[Schema]] = {
    Kind.SCRIPT: ScriptSchema,
    Kind.ARTICLE: ArticleSchema,
    Kind.VIDEO: VideoSchema,
    Kind.LIVE: LiveSchema,
}
FORMS: dict[Kind, type[Schema]] = {
    Kind.SCRIPT: ScriptSchema,
    Kind.ARTICLE: ArticleFormSchema,
    Kind.VIDEO: VideoFormSchema,
    Kind.LIVE: LiveFormSchema,
}
"""The same as people type them: hours in the reader's zone."""


class ContentSchema(Schema):
    """One of the kinds; the others are left out. Which one is wanted follows from the order's stage and format."""

    script = fields.Nested(ScriptSchema)
    article = fields.Nested(ArticleSchema)
    video = fields.Nested(VideoSchema)
    live = fields.Nested(LiveSchema)

    @validates_schema
    def one(self, data: dict[str, Any], **kwargs: Any) -> None:
        if len(data) != 1:
            raise ValidationError(_("请填写 script、article、video、live 其中一项。"))

    @post_load
    def named(self, data: dict[str, Any], **kwargs: Any) -> tuple[Kind, dict[str, Any]]:
        ((kind, content),) = data.items()
        return Kind(kind), content


class RemarkInSchema(Schema):
    """`at_ms` pins it to a moment of the film; `x` and `y`, 0–10000, to a spot of that moment's picture."""

    text = Text(least=1, most=2_000, required=True)
    at_ms = Whole(most=MOST_MS, load_default=None, allow_none=True)
    x = Whole(most=10_000, load_default=None, allow_none=True)
    y = Whole(most=10_000, load_default=None, allow_none=True)

    @validates_schema
    def together(self, data: dict[str, Any], **kwargs: Any) -> None:
        if (data.get("x") is None) != (data.get("y") is None):
            raise ValidationError(_("x 和 y 要一起给出。"), "x")
        if data.get("x") is not None and data.get("at_ms") is None:
            raise ValidationError(_("标注画面位置时，请同时给出时间。"), "at_ms")


class RemarkFormSchema(RemarkInSchema):
    """The page's form leaves empty what was not pinned."""

    @pre_load
    def numbers(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        return {name: value for name, value in data.items() if value != ""}


class RemarkSchema(Schema):
    id = PublicId("rmk", required=True)
    party_id = PublicId("pty", required=True)
    text = fields.String(required=True)
    at_ms = fields.Integer(required=True, allow_none=True)
    x = fields.Integer(required=True, allow_none=True)
    y = fields.Integer(required=True, allow_none=True)
    created_at = Instant(required=True)


class RevisionSchema(Schema):
    """What to change; may be empty when remarks were pinned before."""

    remarks = fields.List(fields.Nested(RemarkInSchema), load_default=list, validate=Length(max=50))


class RevisionFormSchema(Schema):
    text = Text(most=2_000, load_default="")


class AcceptanceSchema(Schema):
    """`publish_at` of a draft: left out, the hour the creator proposed; null, at once."""

    publish_at = Instant(allow_none=True)


class AcceptanceFormSchema(Schema):
    publish_at = LocalInstant(load_default=None)


class PublicationTimeSchema(Schema):
    """null: publish at once."""

    publish_at = Instant(required=True, allow_none=True)


class PublicationTimeFormSchema(Schema):
    publish_at = LocalInstant(load_default=None)
    at_once = fields.Boolean(load_default=False)

    @validates_schema
    def one(self, data: dict[str, Any], **kwargs: Any) -> None:
        if not data["publish_at"] and not data["at_once"]:
            raise ValidationError(_("请填写日期和时间。"), "publish_at")


class SubmissionSchema(Schema):
    id = PublicId("sub", required=True)
    order_id = PublicId("ord", required=True)
    milestone_id = PublicId("mil", required=True)
    version = fields.Integer(required=True)
    kind = fields.Enum(Kind, by_value=True, required=True)
    content = fields.Dict(required=True)
    asset_id = PublicId("ast", required=True, allow_none=True)
    state = fields.Enum(SubmissionState, by_value=True, required=True)
    auto_accept_at = Instant(required=True)
    decided_at = Instant(required=True, allow_none=True)
    auto = fields.Boolean(required=True, metadata={"description": "accepted by the timer"})
    remarks = fields.List(fields.Nested(RemarkSchema), required=True)
    created_at = Instant(required=True)
