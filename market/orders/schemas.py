"""What comes in and goes out about orders."""

from marshmallow import EXCLUDE, fields

from market.accounts.vocabulary import Format
from market.kit.schemas import Choice, Fen, Instant, PageQuery, PublicId, Schema
from market.ledger.movements import PostingKind
from market.orders.queries import REVIEW, TABS
from market.orders.states import MilestoneState, OrderState, Stage


class AwardSchema(Schema):
    """`price_fen` is the price you saw: when the bid was changed meanwhile, the award is refused."""

    bid_id = PublicId("bid", required=True)
    price_fen = Fen(load_default=None, allow_none=True)


STAGES = ("all", "next")


class PaySchema(Schema):
    """What to pay: `all` stages that are not funded, or the `next` one where the terms allow it. `wallet`: as much as
    the wallet has. `amount_fen` is what you expect to be charged; when it is not that, nothing is charged. `card_id`:
    with a saved card, without a page; when the bank wants to see its holder, `url` leads there."""

    stages = Choice([*STAGES], load_default="all")
    wallet = fields.Boolean(load_default=False)
    amount_fen = Fen(load_default=None, allow_none=True)
    card_id = PublicId("crd", load_default=None, allow_none=True)


class PayFormSchema(PaySchema):
    class Meta:
        unknown = EXCLUDE


class WalletPaySchema(Schema):
    """What the wallet pays: `all` stages that are not funded, or the `next` one. `amount_fen` is what you expect to
    be taken; when it is not that, nothing is."""

    stages = Choice([*STAGES], load_default="all")
    amount_fen = Fen(load_default=None, allow_none=True)


class PlanQuery(Schema):
    stages = Choice([*STAGES], load_default="all")
    wallet = fields.Boolean(load_default=False)


class PlanSchema(Schema):
    """What a payment would take: `stages_fen` is what lies here already, subsidy, wallet and rest (by way of Stripe)."""

    stages = fields.List(fields.String(), attribute="names", required=True)
    stages_fen = fields.Integer(required=True)
    change_fen = fields.Integer(required=True, metadata={"description": "of it: what an agreed change adds"})
    here_fen = fields.Integer(required=True)
    subsidy_fen = fields.Integer(required=True)
    wallet_fen = fields.Integer(required=True)
    rest_fen = fields.Integer(required=True)
    wallet_balance_fen = fields.Integer(required=True)


class MilestoneSchema(Schema):
    id = PublicId("mil", required=True)
    kind = fields.Enum(Stage, by_value=True, required=True)
    amount_fen = fields.Integer(required=True)
    due_at = Instant(required=True)
    funded_at = Instant(required=True, allow_none=True)
    state = fields.Enum(MilestoneState, by_value=True, required=True)
    submitted_at = Instant(required=True, allow_none=True)
    released_at = Instant(required=True, allow_none=True)
    ended_at = Instant(required=True, allow_none=True)
    released_fen = fields.Integer(required=True, metadata={"description": "paid to the payees so far"})
    returned_fen = fields.Integer(
        required=True, metadata={"description": "given back without having been released"}
    )
    reversed_fen = fields.Integer(required=True, metadata={"description": "released, and taken back since"})


class OrderSchema(Schema):
    """An order as its parties see it. `terms` are frozen; `terms_sha256` proves that they are the agreed ones."""

    id = PublicId("ord", required=True)
    number = fields.String(required=True)
    task_id = PublicId("tsk", required=True)
    bid_id = PublicId("bid", required=True)
    merchant_id = PublicId("pty", required=True)
    creator_id = PublicId("pty", required=True)
    agency_id = PublicId("pty", required=True, allow_none=True)
    title = fields.String(required=True)
    format = fields.Enum(Format, by_value=True, required=True)
    category = fields.String(required=True)
    campaign_code = fields.String(required=True, allow_none=True)
    price_fen = fields.Integer(required=True)
    state = fields.Enum(OrderState, by_value=True, required=True)
    milestones = fields.List(fields.Nested(MilestoneSchema), required=True)
    awarded_at = Instant(required=True)
    funded_at = Instant(required=True, allow_none=True)
    ended_at = Instant(required=True, allow_none=True)
    frozen_at = Instant(
        required=True,
        allow_none=True,
        metadata={"description": "Set while its money is being looked into: none of it moves."},
    )
    publish_at = Instant(
        required=True,
        allow_none=True,
        metadata={"description": "the hour agreed for publishing; null: as soon as the draft is accepted"},
    )


class OrderDetailSchema(OrderSchema):
    terms = fields.Dict(required=True)
    terms_sha256 = fields.Function(
        lambda order: order.terms_hash.hex(), required=True, metadata={"type": "string"}
    )


class OrderQuery(PageQuery):
    tab = Choice([*TABS, REVIEW], load_default="all")


class PartSchema(Schema):
    what = fields.String(required=True)
    fen = fields.Integer(required=True)
    status = fields.String(required=True)
    at = Instant(required=True, allow_none=True)


class TotalSchema(Schema):
    what = fields.String(required=True)
    fen = fields.Integer(required=True)


class LegSchema(Schema):
    debit = fields.String(required=True)
    credit = fields.String(required=True)
    fen = fields.Integer(required=True)


class PostingSchema(Schema):
    id = PublicId("pst", required=True)
    kind = fields.String(required=True)
    at = Instant(required=True)
    legs = fields.List(fields.Nested(LegSchema), required=True)


class MoneyRowSchema(Schema):
    stage = fields.String(required=True)
    amount_fen = fields.Integer(required=True)
    state = fields.Enum(MilestoneState, by_value=True, required=True)
    due_at = Instant(required=True)
    released_at = Instant(required=True, allow_none=True)
    parts = fields.List(fields.Nested(PartSchema), required=True)
    postings = fields.List(fields.Nested(PostingSchema), required=True)


class MoneySchema(Schema):
    """Yuan by yuan, as far as it concerns you (`view`). Rows and totals each sum to `price_fen`."""

    number = fields.String(attribute="order.number", required=True)
    price_fen = fields.Integer(attribute="order.price_fen", required=True)
    view = fields.String(required=True, metadata={"enum": ["merchant", "creator", "agency", "operator"]})
    paid_fen = fields.Integer(required=True)
    unused_fen = fields.Integer(
        required=True,
        metadata={
            "description": "What of `paid_fen` the order had no use for: it went back to the merchant."
        },
    )
    subsidy_fen = fields.Integer(
        required=True, metadata={"description": "What of `paid_fen` the platform added."}
    )
    subsidy_back_fen = fields.Integer(
        required=True,
        metadata={"description": "What of it went back to the platform: the merchant got so much less."},
    )
    rows = fields.List(fields.Nested(MoneyRowSchema), required=True)
    totals = fields.List(fields.Nested(TotalSchema), required=True)
    postings = fields.List(fields.Nested(PostingSchema), required=True)


class DueSchema(Schema):
    """An order that waits for money; `stage` is null when nothing of it is funded yet."""

    order_id = PublicId("ord", attribute="order.id", required=True)
    number = fields.String(attribute="order.number", required=True)
    stage = fields.Function(
        lambda due: due.stage.kind.value if due.stage else None,
        required=True,
        metadata={"type": ["string", "null"]},
    )
    fen = fields.Integer(required=True)
    at = Instant(required=True, allow_none=True)


class FundsSchema(Schema):
    """Your money: in escrow, of it waiting for your word, paid out, on its way back to you, and the wallet."""

    held_fen = fields.Integer(required=True)
    frozen_fen = fields.Integer(
        required=True, metadata={"description": "Of `held_fen`, what a dispute or a check holds still."}
    )
    releasable_fen = fields.Integer(required=True)
    released_fen = fields.Integer(required=True)
    refunding_fen = fields.Integer(required=True)
    wallet_fen = fields.Integer(required=True)
    due_fen = fields.Integer(required=True)
    due = fields.List(fields.Nested(DueSchema), required=True)


class MovedSchema(Schema):
    """A posting that changed what you have in escrow."""

    id = PublicId("pst", attribute="entry.posting_id", required=True)
    kind = fields.Enum(PostingKind, by_value=True, attribute="entry.kind", required=True)
    at = Instant(attribute="entry.at", required=True)
    order_id = PublicId("ord", attribute="order.id", required=True)
    change_fen = fields.Integer(attribute="fen", required=True)


class CancelSchema(Schema):
    """Where to what was paid of the order so far goes: the wallet, or the way it came."""

    to_wallet = fields.Boolean(load_default=True)


class CancelFormSchema(CancelSchema):
    class Meta:
        unknown = EXCLUDE


class CancellationSchema(Schema):
    """`cancelled` false: an open payment page is being closed first; the order is cancelled right after."""

    cancelled = fields.Boolean(required=True)
