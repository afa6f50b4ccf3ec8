"""What comes in and goes out about payments, earnings and withdrawals."""

from marshmallow import fields

from market.kit.figures import figures
from market.kit.schemas import Fen, Instant, PublicId, Schema, Yuan
from market.ledger.movements import PostingKind
from market.payments.states import CheckoutState, Means, Purpose, WithdrawalState


class CheckoutSchema(Schema):
    """A payment by way of Stripe. `url` is null until Stripe has answered; then send the payer there. `order_id` is
    null for a top-up; `wallet_fen` is taken from the wallet when `amount_fen` has come."""

    id = PublicId("chk", required=True)
    purpose = fields.Enum(Purpose, by_value=True, required=True)
    means = fields.Enum(Means, by_value=True, required=True)
    order_id = PublicId("ord", required=True, allow_none=True)
    state = fields.Enum(CheckoutState, by_value=True, required=True)
    amount_fen = fields.Integer(required=True)
    wallet_fen = fields.Integer(required=True)
    url = fields.String(required=True, allow_none=True, metadata={"format": "uri"})
    expires_at = Instant(required=True, allow_none=True)
    paid_at = Instant(required=True, allow_none=True)
    received_fen = fields.Integer(required=True, allow_none=True)
    failure = fields.String(required=True)
    created_at = Instant(required=True)


class WalletSchema(Schema):
    balance_fen = fields.Integer(required=True)


class WalletLineSchema(Schema):
    """One change of the wallet's balance; `order_id` when it paid for an order."""

    id = PublicId("pst", required=True)
    kind = fields.Enum(PostingKind, by_value=True, required=True)
    at = Instant(required=True)
    change_fen = fields.Integer(required=True)
    order_id = PublicId("ord", required=True, allow_none=True)


class TopUpSchema(Schema):
    """`card_id`: with a saved card, without a page."""

    amount_fen = Fen(required=True)
    card_id = PublicId("crd", load_default=None, allow_none=True)


class TopUpFormSchema(Schema):
    amount_fen = Yuan(required=True)
    card_id = PublicId("crd", load_default=None, allow_none=True)


class CardSchema(Schema):
    """A card that Stripe keeps for you. One is kept by your tick on the payment page."""

    id = PublicId("crd", required=True)
    brand = fields.String(required=True)
    last4 = fields.String(required=True)
    exp_month = fields.Integer(required=True)
    exp_year = fields.Integer(required=True)
    is_default = fields.Boolean(required=True)
    is_expired = fields.Boolean(required=True)


class CardsSchema(Schema):
    """All of them; the one that is used first comes first."""

    data = fields.List(fields.Nested(CardSchema), required=True)


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
