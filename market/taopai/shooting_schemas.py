"""Shoots and their templates, in and out."""

from typing import Any

from marshmallow import fields

from market.kit.schemas import Instant, PublicId, Schema, Text, Whole
from market.media.schemas import AssetSchema
from market.taopai.plans import KEY, MOST_SHOTS, ShotPlanSchema


class ShotTemplateSchema(ShotPlanSchema):
    key = fields.String(required=True, metadata={"pattern": f"^{KEY}$"})


class ShotTemplatesSchema(Schema):
    data = fields.List(fields.Nested(ShotTemplateSchema), required=True)


class BeginSchema(Schema):
    template = Text(least=1, most=40, required=True, metadata={"description": "the key of a template"})


class StoredPlan(fields.Nested):
    """A plan that is kept as it goes out."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        return value


class TakeInSchema(Schema):
    asset_id = PublicId("ast", required=True, metadata={"description": "a film of one's own, all of it here"})


class TakeFormSchema(TakeInSchema):
    number = Whole(least=0, most=MOST_SHOTS - 1, required=True)


class TakeSchema(Schema):
    number = fields.Integer(required=True, metadata={"description": "of the shot, from 0"})
    asset_id = PublicId("ast", required=True)


class ShootSchema(Schema):
    id = PublicId("sht", required=True)
    plan = StoredPlan(ShotPlanSchema, required=True)
    takes = fields.List(fields.Nested(TakeSchema), required=True)
    asked_at = Instant(
        required=True, allow_none=True, metadata={"description": "since when the film is wanted"}
    )
    draft_id = PublicId(
        "edt", required=True, allow_none=True, metadata={"description": "what the shots became"}
    )
    created_at = Instant(required=True)


class AskedSchema(Schema):
    """The film, or null while its shots are still being converted; it is then made by itself."""

    film = fields.Nested(AssetSchema, required=True, allow_none=True)
