"""What comes in and goes out about ending an order early."""

from typing import Any

from marshmallow import fields, pre_load
from marshmallow.validate import Length

from market.kit.schemas import Fen, Instant, PublicId, Schema, Text, Whole, Yuan
from market.orders.exits import ExitState
from market.orders.fair import Rung
from market.orders.states import Stage


class PartReleaseSchema(Schema):
    amount_fen = Fen(required=True)


class PartReleaseFormSchema(Schema):
    """`milestone_id`: the stage that was seen; the order may have gone on meanwhile."""

    milestone_id = PublicId("mil", required=True)
    amount_fen = Yuan(required=True)


class ExitQuery(Schema):
    sample_fen = Fen(
        least=0,
        load_default=0,
        metadata={
            "description": "what a sample cost that the creator keeps; no more than the agreed cap counts"
        },
    )


class ExitRulesSchema(Schema):
    """As signed. Shares of a stage in basis points."""

    working_bps = fields.Integer(required=True)
    revised_bps = fields.Integer(required=True)
    handed_in_bps = fields.Integer(required=True)
    ready_bps = fields.Integer(required=True)
    idle_bps_a_day = fields.Integer(required=True)
    grace_h = fields.Integer(required=True)
    sample_cap_fen = fields.Integer(required=True)


class ExitLineSchema(Schema):
    """One stage: the rung it stands on and its share, what each side's idleness adds and takes, the sample, and what
    each side gets. `creator_fen` is before the platform's and the agency's shares and tax."""

    stage = fields.Enum(Stage, by_value=True, required=True)
    amount_fen = fields.Integer(required=True)
    released_fen = fields.Integer(required=True)
    rung = fields.Enum(Rung, by_value=True, required=True)
    base_bps = fields.Integer(required=True)
    merchant_idle_s = fields.Integer(required=True)
    creator_late_s = fields.Integer(required=True)
    share_bps = fields.Integer(required=True)
    earned_fen = fields.Integer(required=True)
    sample_fen = fields.Integer(required=True)
    creator_fen = fields.Integer(required=True)
    merchant_fen = fields.Integer(required=True)


class ExitQuoteSchema(Schema):
    at = Instant(required=True)
    token = fields.String(required=True)
    rules = fields.Nested(ExitRulesSchema, required=True)
    lines = fields.List(fields.Nested(ExitLineSchema), attribute="split.lines", required=True)
    creator_fen = fields.Integer(required=True)
    merchant_fen = fields.Integer(required=True)
    subsidy_fen = fields.Integer(
        required=True,
        metadata={"description": "of merchant_fen, what was the platform's subsidy and goes back to it"},
    )


class ExitAskSchema(Schema):
    """`token` of the quote that was seen; when something changed since, nothing happens. `to_wallet`: the merchant
    wants his part in his wallet instead of back by what he paid with."""

    token = Text(least=1, most=80, required=True)
    reason = Text(least=2, most=2_000, required=True)
    sample_fen = Fen(least=0, load_default=0)
    to_wallet = fields.Boolean(load_default=False)


class ExitAskFormSchema(ExitAskSchema):
    sample_fen = Yuan(least=0, load_default=0)


class ExitAgreeSchema(Schema):
    """`round` is the one that was seen. `to_wallet` is the merchant's to say."""

    round = Whole(least=1, most=1000, required=True)
    to_wallet = fields.Boolean(load_default=None, allow_none=True)


class ExitPartSchema(Schema):
    milestone_id = PublicId("mil", required=True)
    creator_fen = Fen(least=0, required=True)


class ExitCounterSchema(Schema):
    round = Whole(least=1, most=1000, required=True)
    parts = fields.List(fields.Nested(ExitPartSchema), required=True, validate=Length(min=1, max=20))


class ExitCounterFormSchema(Schema):
    """`parts.mil_…`: what the creator should get of that stage."""

    round = Whole(least=1, most=1000, required=True)
    parts = fields.Dict(keys=PublicId("mil"), values=Yuan(least=0), required=True)

    @pre_load
    def some(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        return {"parts": {}} | data


class ExitSchema(Schema):
    """A wish to end the order. `computed` and `proposal`: the creator's part of each stage, in fen."""

    id = PublicId("ext", required=True)
    order_id = PublicId("ord", required=True)
    asked_by = PublicId("pty", required=True)
    state = fields.Enum(ExitState, by_value=True, required=True)
    reason = fields.String(required=True)
    sample_fen = fields.Integer(required=True)
    to_wallet = fields.Boolean(required=True)
    computed = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    proposal = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    proposed_by = PublicId("pty", required=True)
    round = fields.Integer(required=True)
    due_at = Instant(required=True)
    ended_at = Instant(required=True, allow_none=True)
