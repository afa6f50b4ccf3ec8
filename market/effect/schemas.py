"""Expected effect and prices, in and out."""

from marshmallow import fields

from market.accounts.vocabulary import CATEGORIES, Format, Length
from market.creators.models import MAX_LEVEL
from market.kit.schemas import Choice, Fen, PublicId, Schema, Whole
from market.tasks.schemas import LiveMinutes

MOST_PLAYS = 10**12


class OutcomeNewSchema(Schema):
    """What a published work brought so far."""

    plays = Whole(least=0, most=MOST_PLAYS, required=True)
    interactions = Whole(
        least=0,
        most=MOST_PLAYS,
        required=True,
        metadata={"description": "likes, comments, shares and saves together"},
    )


class OutcomeSchema(Schema):
    plays = fields.Integer(required=True)
    interactions = fields.Integer(required=True)
    price_fen = fields.Integer(required=True)
    at = fields.AwareDateTime(required=True)


class RangeSchema(Schema):
    """Four of five cases lie between low and high."""

    low = fields.Float(required=True)
    mid = fields.Float(required=True)
    high = fields.Float(required=True)


class ExpectedEffectSchema(Schema):
    """What a work may bring at a price. Without a price there is no CPM and no CPE."""

    plays = fields.Nested(RangeSchema, required=True)
    interactions = fields.Nested(RangeSchema, required=True)
    cpm_fen = fields.Nested(
        RangeSchema,
        required=True,
        allow_none=True,
        metadata={"description": "fen per thousand plays"},
    )
    cpe_fen = fields.Nested(
        RangeSchema, required=True, allow_none=True, metadata={"description": "fen per interaction"}
    )
    price_fen = fields.Integer(required=True, allow_none=True)
    own = fields.Integer(
        required=True, metadata={"description": "known outcomes of this creator it rests on (at most 50)"}
    )
    all = fields.Integer(required=True, metadata={"description": "known outcomes of everybody it rests on"})


class PricesSchema(Schema):
    """Quartiles of accepted bids of the last year."""

    n = fields.Integer(required=True)
    low_fen = fields.Integer(required=True)
    mid_fen = fields.Integer(required=True)
    high_fen = fields.Integer(required=True)
    levels = fields.List(
        fields.Integer(),
        required=True,
        allow_none=True,
        metadata={"description": "lowest and highest level taken together; null: all levels"},
    )
    category = fields.String(
        required=True, allow_none=True, metadata={"description": "null: all categories had to be taken"}
    )
    length = fields.Enum(
        Length,
        by_value=True,
        required=True,
        allow_none=True,
        metadata={"description": "of the videos; null: all lengths were taken together"},
    )
    live_minutes = fields.Integer(
        required=True,
        allow_none=True,
        metadata={
            "description": "of live: what was paid for an hour, times these minutes; null: whole shows, however long"
        },
    )


class PriceGuidanceSchema(Schema):
    prices = fields.Nested(
        PricesSchema,
        required=True,
        allow_none=True,
        metadata={"description": "null: fewer than 8 accepted bids, 3 merchants or 3 creators"},
    )


class GuidanceQuery(Schema):
    category = Choice(list(CATEGORIES), required=True)
    format = Choice([each.value for each in Format], required=True)
    length = Choice(
        [each.value for each in Length],
        load_default=None,
        allow_none=True,
        metadata={
            "description": "of videos: only those of briefs that wanted this length, where enough are known"
        },
    )
    live_minutes = LiveMinutes(
        load_default=None,
        allow_none=True,
        metadata={
            "description": "of a live show: prices by the hour of briefs that said their hours, where enough are known"
        },
    )
    level = Whole(least=0, most=MAX_LEVEL, load_default=None, allow_none=True)


class ExpectationQuery(Schema):
    creator_id = PublicId("pty", load_default=None, metadata={"description": "creators: oneself"})
    price_fen = Fen(
        load_default=None,
        metadata={"description": "default: the listed price; of live for no stated hours there is none"},
    )


class ExpectationSchema(Schema):
    expected = fields.Nested(
        ExpectedEffectSchema,
        required=True,
        allow_none=True,
        metadata={"description": "null: fewer than `least` outcomes are known, or no such creator"},
    )
    prices = fields.Nested(PricesSchema, required=True, allow_none=True)
    known = fields.Integer(required=True)
    least = fields.Integer(required=True)
    inside = fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "the share of later works whose plays lay between such bounds"},
    )
