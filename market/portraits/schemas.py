"""Portraits out, as they may be shown; a day's count in, through the data door."""

from datetime import date, timedelta
from typing import Any

import marshmallow as ma
from marshmallow import fields

from market.kit.clock import now
from market.kit.schemas import Schema, Whole
from market.kit.words import _, lazy
from market.portraits.models import INTEREST_NAMES, INTERESTS, PARTS, Whose
from market.portraits.shown import Comparison, Shown, name_of

MOST = 10**12


def _counts(part: str, keys: Any) -> type[ma.Schema]:
    """Persons by key: `{"female": 7200, "male": 2800}`."""
    counted: dict[str, Any] = {key: Whole(most=MOST) for key in keys}
    return Schema.from_dict(counted, name=f"{part.title()}Persons")


class PortraitCountSchema(Schema):
    """How many persons, and how many of them in each cell. Who is in no cell of a part is taken as not known."""

    day = fields.Date(required=True, error_messages={"invalid": lazy("请填写日期，例如 2026-11-11。")})
    persons = Whole(most=MOST, required=True)
    gender = fields.Nested(_counts("gender", PARTS["gender"]), load_default=dict)
    age = fields.Nested(_counts("age", PARTS["age"]), load_default=dict)
    city = fields.Nested(_counts("city", PARTS["city"]), load_default=dict)
    price = fields.Nested(
        _counts("price", PARTS["price"]),
        load_default=dict,
        metadata={"description": "what somebody usually spends in one purchase, in yuan"},
    )
    interests = fields.Nested(
        _counts("interests", INTEREST_NAMES),
        load_default=dict,
        metadata={"description": "anybody may have several"},
    )

    @ma.validates("day")
    def check_day(self, day: date, **_kwargs: Any) -> None:
        if not date(2000, 1, 1) <= day <= now().date() + timedelta(days=1):
            raise ma.ValidationError(_("日期须在 2000 年之后，且不在将来。"))

    @ma.validates_schema(skip_on_field_errors=True)
    def check_counts(self, data: dict[str, Any], **_kwargs: Any) -> None:
        persons = data["persons"]
        for part in PARTS:
            if sum(data[part].values()) > persons:
                said = _(
                    "各项相加是 %(n)s 人，多于总数 %(persons)s。", n=sum(data[part].values()), persons=persons
                )
                raise ma.ValidationError({part: [said]})
        for key, n in data[INTERESTS].items():
            if n > persons:
                said = _("%(n)s 人，多于总数 %(persons)s。", n=n, persons=persons)
                raise ma.ValidationError({INTERESTS: {key: [said]}})


class PortraitSliceSchema(Schema):
    """`keys` are shown as one: small groups are joined with their neighbours. `unknown` is who is in no cell."""

    keys = fields.List(fields.String(), required=True)
    name = fields.String(required=True)
    percent = fields.Integer(required=True)


class PortraitPartSchema(Schema):
    """Slices add up to 100, but for `interests`, where anybody may have several."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    slices = fields.List(fields.Nested(PortraitSliceSchema), required=True)


class ShownPortraitSchema(Schema):
    whose = fields.Enum(Whose, by_value=True, required=True)
    day = fields.Date(required=True, metadata={"description": "when it was counted"})
    persons = fields.Integer(required=True, metadata={"description": "rounded down to two figures"})
    parts = fields.List(
        fields.Nested(PortraitPartSchema),
        required=True,
        metadata={"description": "a part in which too few persons are is left out"},
    )


class PortraitSchema(Schema):
    """No group of fewer persons than the platform's least can be read out of it."""

    portrait = fields.Nested(
        ShownPortraitSchema,
        attribute="shown",
        required=True,
        allow_none=True,
        metadata={"description": "null: none is known, or of too few persons"},
    )
    too_few = fields.Boolean(
        required=True, metadata={"description": "one was told, of too few persons to be shown"}
    )


class LikenessRowSchema(Schema):
    keys = fields.List(fields.String(), required=True)
    name = fields.String(required=True)
    buyers = fields.Integer(required=True, metadata={"description": "percent of the merchant's buyers"})
    fans = fields.Integer(required=True, metadata={"description": "percent of the creator's fans"})


class LikenessSchema(Schema):
    """Over the finest cells that both portraits show: 1 − half the sum of differences; of interests what is common over
    what either has."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    score = fields.Float(required=True, metadata={"description": "0..1"})
    rows = fields.List(fields.Nested(LikenessRowSchema), required=True)


class PortraitMatchSchema(Schema):
    """The merchant's buyers beside the creator's fans."""

    buyers = fields.Nested(ShownPortraitSchema, required=True, allow_none=True)
    fans = fields.Nested(ShownPortraitSchema, required=True, allow_none=True)
    score = fields.Float(
        required=True, allow_none=True, metadata={"description": "0..1; null: too little is known"}
    )
    parts = fields.List(fields.Nested(LikenessSchema), required=True)


def comparison_out(buyers: Shown | None, fans: Shown | None, found: Comparison | None) -> dict[str, Any]:
    """What PortraitMatchSchema dumps."""
    return {
        "buyers": buyers,
        "fans": fans,
        "score": found.score if found else None,
        "parts": [
            {
                "code": each.part,
                "name": each.name,
                "score": each.score,
                "rows": [
                    {"keys": list(keys), "name": name_of(each.part, keys), "buyers": a, "fans": b}
                    for keys, a, b in each.rows
                ],
            }
            for each in (found.parts if found else ())
        ],
    }
