"""The square's question as query and form, the counts beside it, and saved searches."""

from typing import Any

import marshmallow as ma
from marshmallow import fields

from market.accounts.vocabulary import CITY_TIERS
from market.creators.models import MAX_LEVEL
from market.finding import facets
from market.finding.queries import SORTS
from market.kit.schemas import Choice, FacetSchema, Fen, Lines, PageQuery, PublicId, Schema, Text, Whole, Yuan
from market.tasks.schemas import HallQuery


def _values(group: str) -> Lines:
    return Lines(Choice(facets.FIXED[group]), most=20, load_default=list)


def _free(most_chars: int = 40) -> Lines:
    return Lines(most=20, most_chars=most_chars, load_default=list)


class QuestionSchema(Schema):
    """What is asked: values of one name are alternatives, all names must hold."""

    q = Text(
        most=80,
        load_default=None,
        metadata={
            "description": "words, Chinese or English, in any order: name, bio, categories, tags, works"
        },
    )
    category = _values("category")
    tag = _free()
    format = _values("format")
    length = Lines(
        Choice(facets.FIXED["length"]),
        most=20,
        load_default=list,
        metadata={"description": "who offers videos of 1–20 s (short), 21–60 s (medium), above 60 s (long)"},
    )
    price = Lines(
        Choice(facets.FIXED["price"]),
        most=20,
        load_default=list,
        metadata={
            "description": "bands in fen, `from-to`; of the one asked format or length (of live an hour's), else of the lowest price"
        },
    )
    fans = _values("fans")
    level = _values("level")
    room = _values("room")
    kind = _values("kind")
    city = _free()
    gender = Lines(
        Choice(facets.FIXED["gender"]),
        most=20,
        load_default=list,
        metadata={"description": f"at least {facets.MOSTLY['gender']} % of the audience"},
    )
    age = Lines(
        Choice(facets.FIXED["age"]),
        most=20,
        load_default=list,
        metadata={"description": f"at least {facets.MOSTLY['age']} % of the audience"},
    )
    tier = Lines(
        Choice(list(CITY_TIERS)),
        most=20,
        load_default=list,
        metadata={"description": f"at least {facets.MOSTLY['city']} % of the audience"},
    )
    price_max_fen = Fen(load_default=None)
    fans_min = Whole(most=2_000_000_000, load_default=None)
    level_min = Whole(most=MAX_LEVEL, load_default=None)


class CreatorQuery(QuestionSchema, PageQuery):
    """A page of the square."""

    sort = Choice(
        list(SORTS),
        load_default=None,
        metadata={"description": "fit with words, else new, unless said otherwise"},
    )


class SquareForm(CreatorQuery):
    """The square's address: money in yuan; what is not ours in it is ignored."""

    class Meta:
        unknown = ma.EXCLUDE

    price_max_fen = Yuan(load_default=None)


class FacetsSchema(Schema):
    """How many creators stand behind each choice."""

    total = fields.Integer(required=True)
    exact = fields.Boolean(
        required=True, metadata={"description": "false: reckoned from a part, because very many were found"}
    )
    facets = fields.List(fields.Nested(FacetSchema), required=True)


class SavedQuestionSchema(QuestionSchema):
    """A question as it is kept: what was not asked is left out."""

    @ma.post_dump
    def lean(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        return {name: value for name, value in data.items() if value}


class NewSearchSchema(Schema):
    name = Text(least=1, most=40, required=True)
    asked = fields.Nested(QuestionSchema, required=True)
    alerts = fields.Boolean(
        load_default=True, metadata={"description": "tell when new creators match, at most once a day"}
    )


class NewTaskSearchSchema(Schema):
    name = Text(least=1, most=40, required=True)
    asked = fields.Nested(HallQuery, required=True)
    alerts = fields.Boolean(
        load_default=True,
        metadata={"description": "tell when a brief that fits is opened, each once, at most once a day"},
    )


class SearchChangeSchema(Schema):
    """What may be changed; what is left out stays."""

    name = Text(least=1, most=40)
    alerts = fields.Boolean()


class SavedSearchSchema(Schema):
    id = PublicId("sch", required=True)
    created_at = fields.AwareDateTime(format="iso", required=True)
    name = fields.String(required=True)
    asked = fields.Nested(SavedQuestionSchema, required=True)
    alerts = fields.Boolean(required=True)


class HallQuestionSchema(HallQuery):
    """A question to the hall as it is kept: what was not asked is left out."""


class TaskSearchSchema(SavedSearchSchema):
    asked = fields.Nested(HallQuestionSchema, required=True)


class SaveForm(Schema):
    """The page's form: the question comes as the square's own address."""

    name = Text(least=1, most=40, required=True)
    query = fields.String(load_default="")
    alerts = fields.Boolean(load_default=False)


class EditForm(Schema):
    name = Text(least=1, most=40, required=True)
    alerts = fields.Boolean(load_default=False)
