"""A wish in, a plan out; the form reads the same wish with yuan."""

from datetime import date
from typing import Any

import marshmallow as ma
from marshmallow import fields

from market.bids.service import today
from market.creators.models import MAX_LEVEL
from market.effect.schemas import RangeSchema
from market.kit.schemas import Choice, Fen, PublicId, Schema, Whole, Yuan
from market.kit.words import _
from market.planning.wishes import Goal, Wish

MOST_PEOPLE = 30


def _people(**kwargs: Any) -> fields.List[Any]:
    return fields.List(
        PublicId("pty"),
        load_default=list,
        validate=ma.validate.Length(max=MOST_PEOPLE),
        metadata={"maxItems": MOST_PEOPLE, **kwargs},
    )


def _not_past(day: date) -> None:
    if day < today():
        raise ma.ValidationError(_("这一天已经过去，请选择今天或以后。"))


class WishSchema(Schema):
    """A budget for the whole set, a goal, and limits. What is left out does not limit."""

    budget_fen = Fen(required=True, metadata={"description": "for all creators of the set together"})
    goal = Choice([each.value for each in Goal], load_default=Goal.PLAYS.value)
    d_day = fields.Date(
        load_default=None,
        validate=_not_past,
        metadata={"description": "the day the works must be out; default: in 21 days"},
    )
    least = Whole(least=1, most=MOST_PEOPLE, load_default=1)
    most = Whole(least=1, most=MOST_PEOPLE, load_default=10)
    of_an_agency = Whole(
        least=1, most=MOST_PEOPLE, load_default=3, metadata={"description": "creators of one agency at most"}
    )
    level_min = Whole(least=0, most=MAX_LEVEL, load_default=0)
    late_percent = Whole(
        least=0,
        most=100,
        load_default=None,
        metadata={"description": "nobody likelier to be late than this"},
    )
    exclusive = fields.Boolean(
        load_default=False,
        metadata={"description": "nobody with an order in hand for another merchant of the category"},
    )
    must = _people(description="creators who have to be in the set")
    never = _people(description="creators who must not be in it")

    @ma.validates_schema
    def _makes_sense(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data["least"] > data["most"]:
            raise ma.ValidationError(_("最少人数不能多于最多人数。"), "least")
        if set(data["must"]) & set(data["never"]):
            raise ma.ValidationError(_("同一位创作者不能既必须有又不要。"), "must")
        if len(set(data["must"])) > data["most"]:
            raise ma.ValidationError(_("必须有的人多于最多人数。"), "must")

    @ma.post_load
    def _wish(self, data: dict[str, Any], **_kwargs: Any) -> Wish:
        return Wish(
            **data
            | {
                "goal": Goal(data["goal"]),
                "must": frozenset(data["must"]),
                "never": frozenset(data["never"]),
            }
        )


class WishForm(WishSchema):
    """As typed: yuan."""

    budget_fen = Yuan(required=True)


class PlanInviteSchema(Schema):
    creators = fields.List(
        PublicId("pty"),
        required=True,
        validate=ma.validate.Length(min=1, max=MOST_PEOPLE),
        metadata={"minItems": 1, "maxItems": MOST_PEOPLE},
    )
    d_day = fields.Date(load_default=None)


class PlanPersonSchema(Schema):
    creator_id = PublicId("pty", required=True, attribute="id")
    name = fields.String(required=True, attribute="match.creator.party.name")
    price_fen = fields.Integer(required=True)
    acceptance = fields.Float(required=True, attribute="match.acceptance")
    late = fields.Float(
        required=True, metadata={"description": "how likely the work is late, from the creator's record"}
    )
    orders = fields.Integer(required=True, attribute="record.n")
    on_time = fields.Integer(required=True, attribute="record.on_time")


class PlanPickedSchema(Schema):
    creator = fields.Nested(PlanPersonSchema, required=True, attribute="person")
    value = fields.Float(required=True, metadata={"description": "what the goal counts × acceptance"})
    standby = fields.Nested(
        PlanPersonSchema,
        required=True,
        allow_none=True,
        metadata={"description": "who can step in without breaking a limit"},
    )


class PlanSetSchema(Schema):
    """Another set under the same limits."""

    creators = fields.List(PublicId("pty"), required=True, attribute="ids")
    value = fields.Float(required=True)
    price_fen = fields.Integer(required=True)


class PlanGainSchema(Schema):
    """What moving one limit would change; all others stay."""

    code = fields.String(required=True)
    text = fields.String(required=True)
    value = fields.Float(required=True)
    people = fields.Integer(required=True)
    price_fen = fields.Integer(required=True)


class PlanCureSchema(Schema):
    """Why there is no set, and what would bring how many."""

    code = fields.String(required=True)
    text = fields.String(required=True)
    people = fields.Integer(required=True)


class PlanStepSchema(Schema):
    code = fields.String(required=True)
    name = fields.String(required=True)
    days = fields.Integer(required=True)
    begin = fields.Date(required=True, metadata={"description": "the last day it may begin"})
    end = fields.Date(required=True)
    measured = fields.Integer(
        required=True, metadata={"description": "orders the days are measured on; 0: the platform's figure"}
    )


class PlanCalendarSchema(Schema):
    d_day = fields.Date(required=True)
    slack = fields.Integer(required=True, metadata={"description": "days to spare; negative: missing"})
    earliest = fields.Date(required=True)
    steps = fields.List(fields.Nested(PlanStepSchema), required=True)


class CampaignPlanSchema(Schema):
    goal = fields.String(required=True, metadata={"description": "`fit` while too little is known of plays"})
    candidates = fields.Integer(required=True)
    kept_out = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    picks = fields.List(fields.Nested(PlanPickedSchema), required=True)
    value = fields.Float(required=True)
    price_fen = fields.Integer(required=True)
    gap = fields.Float(
        required=True, metadata={"description": "how far below the best the set may lie; 0: proven best"}
    )
    plays = fields.Nested(RangeSchema, required=True, allow_none=True)
    interactions = fields.Nested(RangeSchema, required=True, allow_none=True)
    second = fields.Nested(PlanSetSchema, required=True, allow_none=True)
    larger = fields.Nested(PlanSetSchema, required=True, allow_none=True)
    gains = fields.List(fields.Nested(PlanGainSchema), required=True)
    cures = fields.List(fields.Nested(PlanCureSchema), required=True)
    late_any = fields.Float(required=True)
    unsure = fields.Float(required=True)
    calendar = fields.Nested(PlanCalendarSchema, required=True)


class RushAskedSchema(Schema):
    again = fields.Boolean(
        load_default=False, metadata={"description": "from what the last run looked at, without who declined"}
    )


class RushRunSchema(Schema):
    """One assignment of all open briefs at once."""

    id = PublicId("rsh", required=True)
    state = fields.String(required=True)
    again = fields.Boolean(required=True)
    briefs = fields.Integer(required=True)
    briefs_done = fields.Integer(required=True)
    report = fields.Dict(
        required=True,
        metadata={
            "description": "offers, with_nobody, of_bound: the value as a share of what no set can exceed;"
            " while it is running, polished: how far the search for better sets is, 0 to 1"
        },
    )
    error = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)


class RushOfferSchema(Schema):
    """A creator proposed for a brief."""

    id = PublicId("rof", required=True)
    task_id = PublicId("tsk", required=True)
    creator_id = PublicId("pty", required=True)
    price_fen = fields.Integer(required=True)
    value = fields.Float(required=True)
    state = fields.String(required=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)


class PlanInvitedSchema(Schema):
    creator_id = PublicId("pty", required=True)
    task_id = PublicId(
        "tsk", required=True, attribute="brief_id", metadata={"description": "the creator's own brief"}
    )
    invitation_id = PublicId("inv", required=True)
    price_fen = fields.Integer(required=True)


class PlanInvitedListSchema(Schema):
    data = fields.List(fields.Nested(PlanInvitedSchema), required=True)
