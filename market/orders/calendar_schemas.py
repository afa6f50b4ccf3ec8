"""Weeks of a creator: out, and what is stated of them, in."""

from datetime import date
from typing import Any

import marshmallow as ma
from marshmallow import fields

from market.creators import calendar
from market.kit.schemas import Schema, Whole
from market.kit.words import _, lazy

A_DAY = {"invalid": lazy("请填写日期，例如 2026-11-11。")}


def _check_monday(monday: date) -> None:
    first = calendar.this_week()
    if monday.weekday():
        raise ma.ValidationError(_("一周从星期一开始，请填写星期一的日期。"))
    if not first <= monday < first + calendar.AHEAD * calendar.WEEK:
        raise ma.ValidationError(_("只能填写从本周起一年之内的档期。"))


class CalendarQuery(Schema):
    weeks = Whole(least=1, most=calendar.AHEAD, load_default=8)


class CalendarWeekSchema(Schema):
    """An order takes a slot in the week its work is due, from the award until the draft is accepted."""

    monday = fields.Date(required=True)
    slots = fields.Integer(required=True)
    taken = fields.Integer(required=True)
    free = fields.Integer(required=True)
    full = fields.Boolean(
        required=True, attribute="is_full", metadata={"description": "an award into this week is refused"}
    )
    stated = fields.Boolean(
        required=True, attribute="own", metadata={"description": "the number was stated for this very week"}
    )
    days_off = fields.Function(
        lambda week: [day.isoformat() for day in sorted(week.days_off)],
        required=True,
        metadata={"type": "array", "items": {"type": "string", "format": "date"}},
    )


class CalendarSchema(Schema):
    """Weeks begin on Monday in China."""

    slots_per_week = fields.Integer(
        required=True,
        allow_none=True,
        metadata={
            "description": "where nothing else is stated; null: nothing was stated, and no award is refused"
        },
    )
    weeks = fields.List(fields.Nested(CalendarWeekSchema), required=True)


class WeekChangeSchema(Schema):
    """What is left out stays."""

    monday = fields.Date(required=True, error_messages=A_DAY, validate=_check_monday)
    slots = Whole(most=50, allow_none=True, metadata={"description": "null: as usual again"})
    days_off = fields.List(
        fields.Date(error_messages=A_DAY),
        validate=ma.validate.Length(max=7),
        metadata={"description": "all days of this week that are not worked"},
    )

    @ma.validates_schema(skip_on_field_errors=True)
    def check_days(self, data: dict[str, Any], **_kwargs: Any) -> None:
        days = calendar.days_of(data["monday"])
        if any(day not in days for day in data.get("days_off", [])):
            raise ma.ValidationError({"days_off": [_("这些日子要在同一周里。")]})


class WeekFormSchema(Schema):
    """A button of the calendar: another number, the usual one again, a day off or on."""

    monday = fields.Date(required=True, error_messages=A_DAY, validate=_check_monday)
    slots = Whole(most=50)
    usual = fields.Boolean()
    off = fields.Date(error_messages=A_DAY)
    work = fields.Date(error_messages=A_DAY)

    @ma.validates_schema(skip_on_field_errors=True)
    def check_days(self, data: dict[str, Any], **_kwargs: Any) -> None:
        days = calendar.days_of(data["monday"])
        for name in ("off", "work"):
            if name in data and data[name] not in days:
                raise ma.ValidationError({name: [_("这些日子要在同一周里。")]})


class UsualFormSchema(Schema):
    slots_per_week = Whole(most=50, required=True)
