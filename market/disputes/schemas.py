"""What comes in and goes out about disputes."""

from marshmallow import fields

from market.disputes.evidence import MOST_AT_ONCE
from market.disputes.models import CaseState, Ground, How
from market.kit.schemas import Fen, Instant, Lines, PublicId, Schema, Text, Yuan
from market.media.models import AssetState, Kind


class WithFiles(Schema):
    """`asset_ids`: uploaded files of one's own (pictures, papers, films) that stand beside the words; a film may still
    be in work."""

    asset_ids = Lines(PublicId("ast"), most=MOST_AT_ONCE, load_default=list)


class OpenSchema(WithFiles):
    """`claim_fen`: what of the stage's money should be the creator's. If the other side is silent, that is how it is
    decided. `to_wallet`: where the merchant wants his part."""

    ground = fields.Enum(Ground, by_value=True, required=True)
    text = Text(least=10, most=5_000, required=True)
    claim_fen = Fen(least=0, required=True)
    to_wallet = fields.Boolean(load_default=False)


class OpenFormSchema(OpenSchema):
    claim_fen = Yuan(least=0, required=True)


class CaseStatementSchema(Schema):
    text = Text(least=2, most=5_000, required=True)


class SpeechSchema(CaseStatementSchema, WithFiles):
    pass


class OfferSchema(Schema):
    creator_fen = Fen(least=0, required=True)
    text = Text(most=2_000, load_default="")


class OfferFormSchema(OfferSchema):
    creator_fen = Yuan(least=0, required=True)


class ConsentSchema(Schema):
    to_wallet = fields.Boolean(load_default=None, allow_none=True)


class RulingSchema(Schema):
    """The reason is read by both sides."""

    creator_fen = Fen(least=0, required=True)
    reason = Text(least=10, most=5_000, required=True)


class RulingFormSchema(RulingSchema):
    creator_fen = Yuan(least=0, required=True)


class CaseFileSchema(Schema):
    """`GET /assets/…` has its addresses, for the order's parties and operators."""

    asset_id = PublicId("ast", required=True)
    party_id = PublicId("pty", required=True)
    entry_id = PublicId("dse", required=True, allow_none=True, metadata={"description": "null: the claim's"})
    filename = fields.String(required=True, attribute="asset.filename")
    kind = fields.Enum(Kind, by_value=True, required=True, attribute="asset.kind")
    state = fields.Enum(AssetState, by_value=True, required=True, attribute="asset.state")
    created_at = Instant(required=True)


class EntrySchema(Schema):
    id = PublicId("dse", required=True)
    party_id = PublicId("pty", required=True)
    text = fields.String(required=True)
    creator_fen = fields.Integer(
        required=True, allow_none=True, metadata={"description": "an offer: the creator's part"}
    )
    created_at = Instant(required=True)


class DisputeSchema(Schema):
    """A case about one stage. `due_at` ends the present step; what happens then depends on `state`: `answer`: the
    claim decides; `talk`: the platform rules; `ruled`: the ruling is carried out."""

    id = PublicId("dsp", required=True)
    order_id = PublicId("ord", required=True)
    milestone_id = PublicId("mil", required=True)
    opened_by = PublicId("pty", required=True)
    against = PublicId("pty", required=True)
    ground = fields.Enum(Ground, by_value=True, required=True)
    text = fields.String(required=True)
    held_fen = fields.Integer(required=True)
    claim_fen = fields.Integer(required=True)
    state = fields.Enum(CaseState, by_value=True, required=True)
    due_at = Instant(required=True)
    ruling_fen = fields.Integer(required=True, allow_none=True)
    ruling_reason = fields.String(required=True)
    decided_fen = fields.Integer(required=True, allow_none=True)
    how = fields.Enum(How, by_value=True, required=True, allow_none=True)
    entries = fields.List(fields.Nested(EntrySchema), required=True)
    files = fields.List(fields.Nested(CaseFileSchema), required=True)
    created_at = Instant(required=True)
    ended_at = Instant(required=True, allow_none=True)
