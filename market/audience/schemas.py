"""What comes in and goes out about views."""

from marshmallow import ValidationError, fields, validates

from market.audience.models import EVENTS
from market.audience.tokens import Surface
from market.kit.schemas import PublicId, Schema, Text
from market.kit.words import _

MOST_EVENTS = 64


class ViewsSchema(Schema):
    """A batch as a page sends it."""

    visit = Text(least=1, most=80, required=True, metadata={"description": "the page's `data-visit`"})
    events = fields.List(
        fields.String(metadata={"maxLength": 80}),
        required=True,
        metadata={
            "minItems": 1,
            "maxItems": MOST_EVENTS,
            "description": f"`<data-view of the card>.<event>`; events: {', '.join(EVENTS)}",
        },
    )

    @validates("events")
    def check_length(self, events: list[str], **_kwargs: object) -> None:
        if not 1 <= len(events) <= MOST_EVENTS:
            raise ValidationError(_("每批 1 到 %(most)s 条。", most=MOST_EVENTS))


class NumbersSchema(Schema):
    """Sums of events, each counted once per viewer, surface and half hour."""

    exposures = fields.Integer(
        required=True, metadata={"description": "at least half in view for one second"}
    )
    plays = fields.Integer(
        required=True, metadata={"description": "the film began; silent previews do not count"}
    )
    plays5 = fields.Integer(required=True, metadata={"description": "five seconds of it ran"})
    finishes = fields.Integer(required=True, metadata={"description": "it came to its end"})


class SurfaceNumbersSchema(NumbersSchema):
    surface = fields.Enum(Surface, by_value=True, required=True)


class DayNumbersSchema(NumbersSchema):
    day = fields.Date(required=True, metadata={"description": "of Shanghai"})


class GapSchema(Schema):
    since = fields.AwareDateTime(format="iso", required=True)
    until = fields.AwareDateTime(format="iso", required=True)


class ReachSchema(Schema):
    """How often a work was seen: in all, by surface, and on each of the last days."""

    total = fields.Nested(NumbersSchema, required=True)
    surfaces = fields.List(fields.Nested(SurfaceNumbersSchema), required=True)
    days = fields.List(fields.Nested(DayNumbersSchema), required=True)
    gaps = fields.List(
        fields.Nested(GapSchema),
        required=True,
        metadata={"description": "stretches whose views may be missing"},
    )


class FootprintSchema(Schema):
    """A film its viewer watched."""

    video_id = PublicId("vid", required=True, attribute="entry_id")
    seen_at = fields.AwareDateTime(format="iso", required=True)
