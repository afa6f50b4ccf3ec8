"""What comes in and goes out about standings."""

from typing import Any

from marshmallow import fields

from market.accounts.vocabulary import CATEGORIES
from market.kit.schemas import Choice, PageQuery, PublicId, Schema, Text
from market.standings.models import CaseState
from market.standings.scoring import Mark
from market.standings.words import reasons


class RedQuery(PageQuery):
    category = Choice(list(CATEGORIES), load_default=None)


class CaseQuery(PageQuery):
    held = fields.Boolean(
        load_default=False, metadata={"description": "those kept out of the home, instead of those that wait"}
    )


class ReasonSchema(Schema):
    """`pct` is percent of what is usual in the category on the surfaces where the film was seen."""

    name = fields.String(required=True)
    text = fields.String(required=True)
    pct = fields.Integer(required=True)


class RedFilmSchema(Schema):
    """A film on the red list: its score of 100 (50 is usual) and why; its numbers are its owners'."""

    video_id = PublicId("vid", required=True)
    category = fields.String(required=True)
    score = fields.Integer(required=True)
    reasons = fields.Method("get_reasons", metadata={"type": "array", "items": {"type": "object"}})
    computed_at = fields.AwareDateTime(format="iso", required=True)

    def get_reasons(self, standing: Any) -> Any:
        return ReasonSchema(many=True).dump(reasons(standing))


class CaseSchema(Schema):
    """A film that does badly; only its owners and operators see it."""

    id = PublicId("flc", required=True)
    video_id = PublicId("vid", required=True)
    state = fields.Enum(CaseState, by_value=True, required=True)
    due_at = fields.AwareDateTime(format="iso", required=True)
    appeal = fields.String(required=True)
    ruling = fields.String(required=True)
    ended_at = fields.AwareDateTime(format="iso", required=True, allow_none=True)


class FilmNumbersSchema(RedFilmSchema):
    """The same with the numbers, for the owners."""

    mark = fields.Enum(Mark, by_value=True, required=True)
    plays = fields.Integer(required=True)
    plays5 = fields.Integer(required=True)
    finishes = fields.Integer(required=True)


class StandingSchema(Schema):
    """`standing` is null until the film was played; `case` until it was ever warned about."""

    standing = fields.Nested(FilmNumbersSchema, required=True, allow_none=True)
    case = fields.Nested(CaseSchema, required=True, allow_none=True)


class AppealSchema(Schema):
    text = Text(least=5, most=1000, required=True)


class MendSchema(Schema):
    title = Text(least=2, most=80, required=True)
    caption = Text(most=2000, required=True)


class MendFormSchema(MendSchema):
    caption = Text(most=2000, load_default="")


class FilmRulingSchema(Schema):
    hold = fields.Boolean(required=True, metadata={"description": "true: not shown in the home"})
    reason = Text(least=5, most=500, required=True, metadata={"description": "the owners read it"})
