"""What comes in and goes out about payments, earnings and withdrawals."""

from marshmallow import fields

from market.kit.figures import figures
from market.kit.schemas import Choice, Fen, Instant, PublicId, Schema, Text, Yuan
from market.ledger.movements import PostingKind
from market.payments.chargebacks import ChargebackState
from market.payments.connect import is_payable
from market.payments.debts import DebtCause, RecoveryWay
from market.payments.evidence import TEXT_MOST
from market.payments.evidence_files import FileState, Slot
from market.payments.models import ConnectAccount
from market.payments.refunds import Reason, RefundState
from market.payments.states import CheckoutState, Means, PayoutRhythm, Purpose, WithdrawalState


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
    """One change of the wallet's balance; `order_id`: the order it paid for, or came back from."""

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
    """`seen_fen`: what the payer was shown that a saved card pays."""

    amount_fen = Yuan(required=True)
    card_id = PublicId("crd", load_default=None, allow_none=True)
    seen_fen = Fen(load_default=None, allow_none=True)


class ReturnSchema(Schema):
    """How much of the wallet goes back to where it was paid from."""

    amount_fen = Fen(required=True)


class ReturnFormSchema(Schema):
    amount_fen = Yuan(required=True)


class ReturnPartSchema(Schema):
    """What one payment takes back; `method`: card, alipay or wechat_pay."""

    checkout_id = PublicId("chk", required=True)
    method = fields.String(required=True)
    paid_at = Instant(required=True, allow_none=True)
    amount_fen = fields.Integer(required=True)


class ReturnPlanSchema(Schema):
    """By which payments `amount_fen` would go back now, top-ups first. The fee is ours to bear."""

    amount_fen = fields.Integer(required=True)
    fee_fen = fields.Integer(required=True)
    most_fen = fields.Integer(required=True, metadata={"description": "what can go back now"})
    parts = fields.List(fields.Nested(ReturnPartSchema), required=True)


class RefundSchema(Schema):
    """Money on its way back to who paid it. `failed`: the bank did not take it, and it is in the wallet again;
    `failure` is Stripe's word for why. `order_id` is null for money out of the wallet."""

    id = PublicId("rfd", required=True)
    state = fields.Enum(RefundState, by_value=True, required=True)
    reason = fields.Enum(Reason, by_value=True, required=True)
    amount_fen = fields.Integer(required=True)
    checkout_id = PublicId("chk", required=True)
    order_id = PublicId("ord", required=True, allow_none=True)
    failure = fields.String(required=True)
    created_at = Instant(required=True)
    ended_at = Instant(required=True, allow_none=True)


class RefundsSchema(Schema):
    """One for each payment by which the money goes back."""

    data = fields.List(fields.Nested(RefundSchema), required=True)


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


class ExpectedSchema(Schema):
    """A stage of a running order and what it will bring; `at` is the latest moment it can be withdrawn then."""

    order_id = PublicId("ord", required=True)
    number = fields.String(required=True)
    stage = fields.String(required=True)
    fen = fields.Integer(required=True)
    at = Instant(required=True)
    state = fields.String(required=True)


class MemberIncomeSchema(Schema):
    """An agency's income by one creator's work."""

    creator_id = PublicId("pty", required=True)
    name = fields.String(required=True)
    orders = fields.Integer(required=True)
    earned_fen = fields.Integer(required=True)
    expected_fen = fields.Integer(required=True)


class IncomeSchema(Schema):
    """Where one's money is. `pending_fen` cools down until each earning's `matures_at`; `frozen_fen` has matured, but
    its orders are being looked into; `held_fen` is set aside for chargebacks; `owed_fen` is taken from later
    earnings."""

    available_fen = fields.Integer(required=True)
    pending_fen = fields.Integer(required=True)
    frozen_fen = fields.Integer(required=True)
    held_fen = fields.Integer(required=True)
    owed_fen = fields.Integer(required=True)
    under_way_fen = fields.Integer(required=True)
    paid_fen = fields.Integer(required=True)
    next_at = Instant(required=True, allow_none=True)
    next_fen = fields.Integer(required=True)
    pending = fields.List(fields.Nested(EarningSchema), required=True)
    forecast = fields.List(fields.Nested(ExpectedSchema), required=True)
    members = fields.List(fields.Nested(MemberIncomeSchema), required=True)


class WithdrawalSchema(Schema):
    id = PublicId("wdr", required=True)
    state = fields.Enum(WithdrawalState, by_value=True, required=True)
    amount_fen = fields.Integer(required=True)
    fee_fen = fields.Integer(required=True, metadata={"description": "within amount_fen"})
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
    payable = fields.Method("is_payable", metadata={"type": "boolean"})
    requirements_due_at = Instant(required=True, allow_none=True)
    held_until = Instant(
        required=True,
        allow_none=True,
        metadata={"description": "nothing goes out before: the bank was changed"},
    )
    rhythm = fields.Enum(PayoutRhythm, by_value=True, required=True)
    next_payout_at = Instant(required=True, allow_none=True)

    def is_payable(self, account: ConnectAccount) -> bool:
        return is_payable(account)


class RhythmSchema(Schema):
    rhythm = Choice([rhythm.value for rhythm in PayoutRhythm], required=True)


class EvidenceFileSchema(Schema):
    id = PublicId("evf", required=True)
    slot = fields.Enum(Slot, by_value=True, required=True)
    filename = fields.String(required=True)
    size = fields.Integer(required=True)
    state = fields.Enum(FileState, by_value=True, required=True)
    error = fields.String(required=True)


class ChargebackSchema(Schema):
    """A payment that the payer's bank disputes. `due_by` is the last moment for an answer; there is one answer."""

    id = PublicId("cbk", required=True)
    state = fields.Enum(ChargebackState, by_value=True, required=True)
    amount_fen = fields.Integer(required=True)
    title = fields.String(required=True)
    reason = fields.String(required=True)
    disputed_at = Instant(required=True)
    due_by = Instant(required=True, allow_none=True)
    closed_at = Instant(required=True, allow_none=True)
    submitted_at = Instant(required=True, allow_none=True)
    submit_error = fields.String(required=True)
    takes_evidence = fields.Boolean(required=True)


class ChargebackDetailSchema(ChargebackSchema):
    """`statement` is the reader's own side's."""

    statement = fields.String(required=True)
    files = fields.List(fields.Nested(EvidenceFileSchema), required=True)


class StatementSchema(Schema):
    statement = Text(most=TEXT_MOST, required=True)


class EvidenceUploadSchema(Schema):
    """A PDF, PNG or JPEG of at most 5 MB, in base64."""

    slot = Choice([slot.value for slot in Slot], required=True)
    filename = Text(least=1, most=120, required=True)
    content = fields.String(required=True, load_only=True, metadata={"format": "byte"})


class RecoverySchema(Schema):
    way = fields.Enum(RecoveryWay, by_value=True, required=True)
    fen = fields.Integer(required=True)
    at = Instant(required=True)


class DebtSchema(Schema):
    """What a party owes and why; it is taken from later earnings, or from the wallet, oldest first."""

    id = PublicId("dbt", required=True)
    cause = fields.Enum(DebtCause, by_value=True, required=True)
    order_id = PublicId("ord", attribute="subject_id", required=True, allow_none=True)
    number = fields.String(required=True)
    title = fields.String(required=True)
    amount_fen = fields.Integer(required=True)
    open_fen = fields.Integer(required=True)
    created_at = Instant(required=True)
    closed_at = Instant(required=True, allow_none=True)


class DebtDetailSchema(DebtSchema):
    recoveries = fields.List(fields.Nested(RecoverySchema), required=True)


class WriteOffSchema(Schema):
    amount_fen = Fen(required=True)
    reason = Text(least=1, most=500, required=True)


class ReversalSchema(WriteOffSchema):
    withdrawal_id = PublicId("wdr", required=True)


class WriteOffFormSchema(Schema):
    amount = Yuan(required=True)
    reason = Text(least=1, most=500, required=True)


class ReversalFormSchema(WriteOffFormSchema):
    withdrawal = PublicId("wdr", required=True)


class OnboardingSchema(Schema):
    """A page of Stripe's to fill in; it works once and for a few minutes."""

    url = fields.String(required=True, metadata={"format": "uri"})
