"""What comes in and goes out about payments, earnings and withdrawals."""

from marshmallow import fields

from market.kit.figures import figures
from market.kit.schemas import Fen, Instant, PublicId, Schema, Yuan
from market.payments.states import CheckoutState, WithdrawalState


class CheckoutSchema(Schema):
    """A payment page. `url` is null until Stripe has answered; then send the payer there."""

    id = PublicId("chk", required=True)
    order_id = PublicId("ord", attribute="subject_id", required=True)
    state = fields.Enum(CheckoutState, by_value=True, required=True)
    amount_fen = fields.Integer(required=True)
    url = fields.String(required=True, allow_none=True, metadata={"format": "uri"})
    expires_at = Instant(required=True, allow_none=True)
    paid_at = Instant(required=True, allow_none=True)
    received_fen = fields.Integer(required=True, allow_none=True)
    failure = fields.String(required=True)
    created_at = Instant(required=True)


class EarningSchema(Schema):
    """One payee's part of a released milestone."""

    order_id = PublicId("ord", attribute="subject_id", required=True)
    number = fields.String(required=True)
    title = fields.String(required=True)
    stage = fields.String(required=True)
    amount_fen = fields.Integer(required=True)
    released_at = Instant(required=True)
    matures_at = Instant(required=True)
    matured_at = Instant(required=True, allow_none=True)


class IncomeSchema(Schema):
    """Where one's money is. `pending_fen` cools down until each earning's `matures_at`; `frozen_fen` has matured, but
    its orders are being looked into."""

    available_fen = fields.Integer(required=True)
    pending_fen = fields.Integer(required=True)
    frozen_fen = fields.Integer(required=True)
    under_way_fen = fields.Integer(required=True)
    paid_fen = fields.Integer(required=True)
    next_at = Instant(required=True, allow_none=True)
    next_fen = fields.Integer(required=True)
    pending = fields.List(fields.Nested(EarningSchema), required=True)


class WithdrawalSchema(Schema):
    id = PublicId("wdr", required=True)
    state = fields.Enum(WithdrawalState, by_value=True, required=True)
    amount_fen = fields.Integer(required=True)
    arrives_at = Instant(required=True, allow_none=True)
    failure = fields.String(required=True)
    created_at = Instant(required=True)
    ended_at = Instant(required=True, allow_none=True)


class WithdrawSchema(Schema):
    amount_fen = Fen(least=figures.min_withdrawal_fen, required=True)


class WithdrawFormSchema(Schema):
    amount = Yuan(least=figures.min_withdrawal_fen, required=True)


class ConnectSchema(Schema):
    """One's receiving account at Stripe."""

    onboarded = fields.Boolean(attribute="payouts_enabled", required=True)
    details_submitted = fields.Boolean(required=True)
    requirements = fields.List(fields.String(), required=True)
    disabled_reason = fields.String(required=True)
    bank = fields.String(required=True)


class OnboardingSchema(Schema):
    """A page of Stripe's to fill in; it works once and for a few minutes."""

    url = fields.String(required=True, metadata={"format": "uri"})
