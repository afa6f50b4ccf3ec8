"""Refunds after release, in and out."""

from marshmallow import fields

from market.kit.schemas import Fen, Instant, PublicId, Schema, Text, Yuan


class TakeBackSchema(Schema):
    """`to_wallet`: into the merchant's wallet instead of by what he paid with. `platform_bears`: what payees neither have
    nor may come to owe is the platform's loss, which two operators must agree to; otherwise it is refused."""

    amount_fen = Fen(required=True)
    reason = Text(least=1, most=500, required=True)
    to_wallet = fields.Boolean(load_default=False)
    platform_bears = fields.Boolean(load_default=False)


class TakeBackFormSchema(Schema):
    milestone_id = PublicId("mil", required=True)
    amount_fen = Yuan(required=True)
    reason = Text(least=1, most=500, required=True)
    to_wallet = fields.Boolean(load_default=False)
    platform_bears = fields.Boolean(load_default=False)


class StageRefundSchema(Schema):
    """What each gave up for a refund after release; the parts sum to the amount. `owed_fen` is in the payees' parts:
    what they did not have, and owe."""

    id = PublicId("srf", required=True)
    milestone_id = PublicId("mil", required=True)
    amount_fen = fields.Integer(required=True)
    creator_fen = fields.Integer(required=True)
    agency_fen = fields.Integer(required=True)
    fee_fen = fields.Integer(required=True)
    tax_fen = fields.Integer(required=True)
    owed_fen = fields.Integer(required=True)
    lost_fen = fields.Integer(
        required=True, metadata={"description": "of the payees' parts, what the platform bore"}
    )
    to_wallet = fields.Boolean(required=True)
    reason = fields.String(required=True)
    created_at = Instant(required=True)


class TakenBackSchema(Schema):
    """Exactly one is set: done, or waiting for a second operator."""

    refund = fields.Nested(StageRefundSchema, required=True, allow_none=True)
    approval_id = PublicId("apr", required=True, allow_none=True)
