"""What comes in and goes out about rosters."""

from marshmallow import fields

from market.agencies.models import MAX_COMMISSION_BPS, LinkState
from market.kit.schemas import Choice, Instant, PageQuery, Percent, PublicId, Schema, Text, Whole

BPS = {"description": "the agency's share of the creator's payments, basis points"}


class SideSchema(Schema):
    """One side of a link."""

    id = PublicId("pty", required=True)
    name = fields.String(required=True)
    handle = fields.String(required=True)


class RosterLinkSchema(Schema):
    """A creator on an agency's roster, and the share the creator accepted."""

    id = PublicId("rst", required=True)
    agency = fields.Nested(SideSchema, required=True)
    creator = fields.Nested(SideSchema, required=True)
    state = fields.Enum(LinkState, by_value=True, required=True)
    commission_bps = fields.Integer(required=True, metadata=BPS)
    proposed_bps = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "another share that waits for the creator's word"},
    )
    note = fields.String(required=True)
    created_at = Instant(required=True)
    replied_at = Instant(required=True, allow_none=True)
    ends_at = Instant(required=True, allow_none=True, metadata={"description": "when the notice is over"})
    ended_at = Instant(required=True, allow_none=True)


class RosterQuery(PageQuery):
    state = Choice([each.value for each in LinkState], load_default=None)


class InviteSchema(Schema):
    """Whom an agency asks onto its roster, and at what share."""

    creator = Text(
        least=1, most=200, required=True, metadata={"description": "the creator's handle or e-mail address"}
    )
    commission_bps = Whole(most=MAX_COMMISSION_BPS, required=True, metadata=BPS)
    note = Text(most=500, load_default="")


class InviteFormSchema(InviteSchema):
    commission_bps = Percent(most=MAX_COMMISSION_BPS, required=True)


class AnswerSchema(Schema):
    accept = fields.Boolean(required=True)


class ProposalSchema(Schema):
    commission_bps = Whole(most=MAX_COMMISSION_BPS, required=True, metadata=BPS)


class ProposalFormSchema(Schema):
    commission_bps = Percent(most=MAX_COMMISSION_BPS, required=True)


class FactSchema(Schema):
    """One entry of a history."""

    name = fields.String(required=True)
    at = Instant(required=True)
    by = PublicId("pty", attribute="party_id", required=True, allow_none=True)
    data = fields.Dict(required=True)
