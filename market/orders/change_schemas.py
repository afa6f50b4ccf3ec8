"""What comes in and goes out about changes of a running order."""

from typing import Any

from marshmallow import EXCLUDE, fields

from market.kit.schemas import Choice, Fen, Instant, PublicId, Schema, Text, Whole, Yuan
from market.orders.amendments import ChangeState
from market.orders.states import Stage

MOST_DAYS = 90


def _stage(**kwargs: Any) -> fields.Field[Any]:
    return Choice([stage.value for stage in Stage], **kwargs)


class ChangeQuery(Schema):
    stage = _stage(required=True)
    added_fen = Fen(least=0, load_default=0)
    added_days = Whole(least=0, most=MOST_DAYS, load_default=0)


class ChangeNumbersFormSchema(Schema):
    """The numbers of the proposal page, before anything is proposed."""

    class Meta:
        unknown = EXCLUDE

    stage = _stage()
    added_fen = Yuan(least=0, load_default=0)
    added_days = Whole(least=0, most=MOST_DAYS, load_default=0)
    instead_of = PublicId("chg", load_default=None, allow_none=True)


class ChangeProposalSchema(Schema):
    """`stage`: where the added money goes, and from which stage on the dates move. `from_wallet`: the merchant's wallet
    pays when the other side agrees. `instead_of`: the open proposal you have seen, which this one replaces."""

    stage = _stage(required=True)
    text = Text(least=2, most=2_000, required=True)
    added_fen = Fen(least=0, load_default=0)
    added_days = Whole(least=0, most=MOST_DAYS, load_default=0)
    from_wallet = fields.Boolean(load_default=False)
    instead_of = PublicId("chg", load_default=None, allow_none=True)


class ChangeProposalFormSchema(ChangeProposalSchema):
    added_fen = Yuan(least=0, load_default=0)


class ChangeAcceptanceSchema(Schema):
    """`version` is the one you have seen. `wallet`: pay what it adds from the wallet at once, or nothing happens;
    `amount_fen` is what you expect to be taken."""

    version = Whole(least=1, most=100_000, required=True)
    wallet = fields.Boolean(load_default=False)
    amount_fen = Fen(load_default=None, allow_none=True)


class ChangeRefusalSchema(Schema):
    version = Whole(least=1, most=100_000, required=True)
    reason = Text(least=0, most=500, load_default="")


class AddendumSchema(Schema):
    """What a change made of the order; `sha256` proves `says`, and `follows_sha256` is the hash before it: of the
    terms, or of the addendum before."""

    number = fields.Integer(required=True)
    change_id = PublicId("chg", required=True)
    says = fields.Dict(required=True)
    sha256 = fields.Function(lambda row: row.hash.hex(), required=True, metadata={"type": "string"})
    follows_sha256 = fields.Function(
        lambda row: row.follows.hex(), required=True, metadata={"type": "string"}
    )


class AddendaSchema(Schema):
    """The terms' hash, and the addenda in their order."""

    terms_sha256 = fields.String(required=True)
    addenda = fields.List(fields.Nested(AddendumSchema), required=True)


class ChangeSchema(Schema):
    """One version of a proposal. `due_at`: until then it can be answered, or once agreed to, paid."""

    id = PublicId("chg", required=True)
    order_id = PublicId("ord", required=True)
    version = fields.Integer(required=True)
    milestone_id = PublicId("mil", required=True)
    proposed_by = PublicId("pty", required=True)
    text = fields.String(required=True)
    added_fen = fields.Integer(required=True)
    added_days = fields.Integer(required=True)
    from_wallet = fields.Boolean(required=True)
    state = fields.Enum(ChangeState, by_value=True, required=True)
    reason = fields.String(required=True)
    due_at = Instant(required=True)
    agreed_at = Instant(required=True, allow_none=True)
    ended_at = Instant(required=True, allow_none=True)


class ChangeQuoteSchema(Schema):
    """What a change would make of the order. `funded`: the stage's money is here, so what is added is awaited in escrow
    before the change counts; else it is paid with the stage."""

    stage = fields.Enum(Stage, by_value=True, attribute="stage.kind", required=True)
    funded = fields.Boolean(attribute="is_funded", required=True)
    added_fen = fields.Integer(required=True)
    price_before_fen = fields.Integer(required=True)
    price_fen = fields.Integer(required=True)
    amount_before_fen = fields.Integer(required=True)
    amount_fen = fields.Integer(required=True)
    due_at = fields.Function(
        lambda effect: (effect.dates[0][2] if effect.dates else effect.stage.due_at).isoformat(),
        required=True,
        metadata={"type": "string", "format": "date-time"},
    )
