"""Matches, out."""

import marshmallow as ma
from marshmallow import fields

from market.accounts.vocabulary import Format
from market.effect.schemas import ExpectedEffectSchema
from market.kit.schemas import Instant, PublicId, Schema, Text, Whole
from market.matching.learned_models import Side
from market.matching.turns import PAGE, Turn

MOST = 100
"""So many of a list can be asked for."""


class MatchQuery(Schema):
    limit = Whole(least=1, most=MOST, load_default=20)


class PageSchema(Schema):
    """How much of the list the merchant's page shows."""

    class Meta:
        unknown = ma.EXCLUDE  # ?lang= and the like

    show = Whole(least=1, most=MOST, load_default=PAGE)


class CreatorsQuery(MatchQuery):
    limit = Whole(
        least=1,
        most=MOST,
        load_default=PAGE,
        metadata={"description": f"from {PAGE} on, the list has places for new and unseen creators"},
    )


class ReasonSchema(Schema):
    """One term: its points (less than none for `traffic`), its share of what speaks for the creator, a bar's length 0..1,
    the evidence; where a learned order is in use, how far the term moved it."""

    code = fields.String(required=True)
    label = fields.String(required=True)
    points = fields.Float(required=True)
    share = fields.Float(required=True)
    score = fields.Float(required=True)
    text = fields.String(required=True)
    numbers = fields.Dict(keys=fields.String(), values=fields.Float(), required=True)
    effect = fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "null: the order is by the sum of the points"},
    )


class MatchMovedSchema(Schema):
    """Why a creator stands elsewhere than the score says. `waits`: leads other merchants' lists often enough for the free
    slots; `new`: came lately; `unseen`: was in no list of the category lately. The last two stand in marked places."""

    code = fields.Enum(Turn, by_value=True, required=True)
    label = fields.String(required=True)
    rank = fields.Integer(required=True, metadata={"description": "the place by score alone; 1 is the first"})
    text = fields.String(required=True)


class MatchSchema(Schema):
    score = fields.Float(
        required=True,
        metadata={
            "description": "fit × acceptance; the list is in its order, except where `moved` says otherwise"
        },
    )
    fit = fields.Float(required=True, metadata={"description": "0..1, rises with the points of the terms"})
    acceptance = fields.Float(
        required=True, metadata={"description": "0..1, how likely the creator says yes"}
    )
    odds = fields.String(required=True, metadata={"description": "what the acceptance rests on"})
    reasons = fields.List(
        fields.Nested(ReasonSchema), required=True, metadata={"description": "the three strongest terms"}
    )
    against = fields.Nested(
        ReasonSchema,
        required=True,
        allow_none=True,
        metadata={"description": "where it falls furthest behind the others of the list"},
    )
    terms = fields.List(
        fields.Nested(ReasonSchema), required=True, metadata={"description": "all terms; their points add up"}
    )


class CreatorMatchSchema(MatchSchema):
    moved = fields.Nested(MatchMovedSchema, required=True, allow_none=True)
    expected = fields.Nested(
        ExpectedEffectSchema,
        required=True,
        allow_none=True,
        metadata={"description": "at the listed price; null while too few outcomes are known"},
    )
    price_fen = fields.Integer(
        required=True,
        allow_none=True,
        metadata={
            "description": "listed for the brief's format and length; without a length the lowest of the videos; of live"
            " the wanted hours, without them one hour; null: no price list"
        },
    )
    creator_id = PublicId("pty", required=True)
    name = fields.String(required=True, attribute="creator.party.name")
    handle = fields.String(required=True, attribute="creator.party.handle")


class BriefMatchSchema(MatchSchema):
    task_id = PublicId("tsk", required=True, attribute="task.id")
    title = fields.String(required=True, attribute="task.title")
    budget_fen = fields.Integer(required=True, attribute="task.budget_fen")


class LooseningSchema(Schema):
    code = fields.String(
        required=True,
        validate=ma.validate.OneOf(
            ["deadline", "budget", "length", "hours", "format", "bids", "budget_and_format"]
        ),
    )
    brings = fields.Integer(required=True, metadata={"description": "how many would be listed then"})
    budget_fen = fields.Integer(required=True, allow_none=True)
    format = fields.Enum(Format, by_value=True, required=True, allow_none=True)
    live_minutes = fields.Integer(required=True, allow_none=True)
    text = fields.String(required=True)


class CreatorMatchesSchema(Schema):
    data = fields.List(fields.Nested(CreatorMatchSchema), required=True)
    loosenings = fields.List(
        fields.Nested(LooseningSchema),
        required=True,
        metadata={"description": "of an empty list: what to change, the most bringing first"},
    )


class BriefMatchesSchema(Schema):
    data = fields.List(fields.Nested(BriefMatchSchema), required=True)


class HistoryImportSchema(Schema):
    """Lines of the data door; what each may hold is told in docs/api.md."""

    lines = fields.List(
        fields.Dict(), required=True, validate=ma.validate.Length(min=1, max=500), metadata={"maxItems": 500}
    )
    keys = fields.Boolean(load_default=False, metadata={"description": "make an API key for each new party"})


class RefusedSchema(Schema):
    line = fields.Integer(required=True)
    pointer = fields.String(required=True)
    detail = fields.String(required=True)


class MadePartySchema(Schema):
    id = fields.String(required=True, attribute="ref")
    role = fields.String(required=True)
    party_id = PublicId("pty", required=True)
    api_key = fields.String(required=True, allow_none=True)


class ImportReportSchema(Schema):
    accounts = fields.Integer(required=True)
    works = fields.Integer(required=True)
    days = fields.Integer(required=True)
    portraits = fields.Integer(required=True)
    briefs = fields.Integer(required=True)
    decisions = fields.Integer(required=True)
    known = fields.Integer(required=True)
    refused = fields.List(fields.Nested(RefusedSchema), required=True)
    parties = fields.List(fields.Nested(MadePartySchema), required=True)


class MatchFunnelSchema(Schema):
    """Pairs of a brief and a creator, each counted once. Accepted: the creator placed a bid."""

    side = fields.Enum(Side, by_value=True, required=True)
    shown = fields.Integer(required=True)
    opened = fields.Integer(required=True)
    invited = fields.Integer(required=True)
    answered = fields.Integer(required=True, metadata={"description": "invitations with a yes or a no"})
    accepted = fields.Integer(required=True)
    delivered = fields.Integer(required=True)


class MatchFunnelsSchema(Schema):
    days = fields.Integer(required=True)
    data = fields.List(fields.Nested(MatchFunnelSchema), required=True)


class VersionSchema(Schema):
    created_at = Instant(required=True)
    active = fields.Boolean(required=True)
    fitted = fields.Boolean(required=True, metadata={"description": "false: as the code began"})
    cases = fields.Integer(required=True)
    report = fields.Dict(keys=fields.String(), required=True)
    promoted_at = Instant(required=True, allow_none=True)
    reason = fields.String(required=True)


class AcceptanceModelSchema(VersionSchema):
    """`report.gain` is the mean loss spared per invitation (nats) on the newest fifth, `report.error` its standard error."""

    id = PublicId("acm", required=True)
    weights = fields.List(
        fields.Float(), required=True, metadata={"description": "constant, answers, load, over, fit"}
    )


class RankingModelSchema(VersionSchema):
    """`report.gain` is the mean NDCG@10 won per list on the newest fifth, `report.error` its standard error."""

    id = PublicId("rkm", required=True)


class RankingModelsSchema(Schema):
    data = fields.List(fields.Nested(RankingModelSchema), required=True)


class AcceptanceModelsSchema(Schema):
    data = fields.List(fields.Nested(AcceptanceModelSchema), required=True)


class PromotionSchema(Schema):
    reason = Text(least=1, most=500, required=True)
