"""What comes in and goes out about bids and invitations."""

from typing import Any

import marshmallow as ma
from marshmallow import fields

from market.agencies.schemas import SideSchema
from market.bids.answers import said
from market.bids.models import Bid, BidState, InvitationState
from market.creators.schemas import WebAddress
from market.kit.figures import figures
from market.kit.schemas import (
    Choice,
    Fen,
    Instant,
    PageQuery,
    PublicId,
    Rows,
    Schema,
    Text,
    TypedRows,
    Yuan,
)
from market.kit.words import _, lazy

fields.Date.default_error_messages |= {"invalid": lazy("请填写正确的日期。")}

PRICE = {"description": "what the creator's side asks, fen; at most the brief's budget"}
DAY = {"description": "the day the work is delivered, not after the brief's deadline"}


class LinkSchema(Schema):
    """Earlier work, by address."""

    title = Text(most=80, load_default="")
    url = WebAddress(least=1, required=True)


class BidChangeSchema(Schema):
    """What may be changed until the brief is decided; what is left out stays."""

    price_fen = Fen(least=figures.min_price_fen, metadata=PRICE)
    plan = Text(least=10, most=3000)
    delivery_on = fields.Date(metadata=DAY)
    rights_note = Text(
        most=500, metadata={"description": "what the price includes beyond the brief's rights, or not"}
    )
    asset_ids = fields.List(PublicId("ast"), validate=ma.validate.Length(max=5))
    links = Rows(LinkSchema, most=5)


class BidNewSchema(BidChangeSchema):
    """A new bid. An agency names the member it bids for; a creator leaves it out."""

    creator_id = PublicId("pty", load_default=None)
    price_fen = Fen(least=figures.min_price_fen, required=True, metadata=PRICE)
    plan = Text(least=10, most=3000, required=True)
    delivery_on = fields.Date(required=True, metadata=DAY)


class BidFormSchema(Schema):
    """The page's twin: every field is on the form, and an empty one means none."""

    creator_id = PublicId("pty", load_default=None)
    price_fen = Yuan(least=figures.min_price_fen, required=True)
    plan = Text(least=10, most=3000, required=True)
    delivery_on = fields.Date(required=True)
    rights_note = Text(most=500, load_default="")
    asset_ids = fields.List(PublicId("ast"), load_default=list, validate=ma.validate.Length(max=5))
    links = TypedRows(LinkSchema, most=5, load_default=list)


def form_values(bid: Bid) -> dict[str, Any]:
    """The first view of the edit form."""
    dumped: dict[str, Any] = dict(BidFormSchema().dump(bid))
    for at, link in enumerate(bid.links or []):
        dumped |= {f"links.{at}.{name}": value for name, value in link.items()}
    return dumped


class BidSchema(Schema):
    """An offer on a brief."""

    id = PublicId("bid", required=True)
    task_id = PublicId("tsk", required=True)
    creator = fields.Nested(SideSchema, required=True)
    agency = fields.Nested(SideSchema, required=True, allow_none=True)
    commission_bps = fields.Integer(
        required=True, metadata={"description": "the agency's share as the creator accepted it, basis points"}
    )
    price_fen = fields.Integer(required=True)
    plan = fields.String(required=True)
    delivery_on = fields.Date(required=True)
    rights_note = fields.String(required=True)
    asset_ids = fields.List(PublicId("ast"), required=True)
    links = fields.List(fields.Nested(LinkSchema), required=True)
    state = fields.Enum(BidState, by_value=True, required=True)
    created_at = Instant(required=True)
    changed_at = Instant(required=True)
    decided_at = Instant(required=True, allow_none=True)
    answer = fields.Function(
        said,
        required=True,
        metadata={
            "type": "string",
            "description": "of a bid that was not chosen: in what the chosen one was ahead, and the place; else empty",
        },
    )


class BidQuery(PageQuery):
    state = Choice([each.value for each in BidState], load_default=None)


class InvitationNewSchema(Schema):
    """Ask one creator to bid."""

    creator_id = PublicId("pty", required=True)
    message = Text(most=500, load_default="")


class InviteFormSchema(Schema):
    """By name typed (handle or e-mail), or by id from a list; `back` says which page asked."""

    creator = Text(most=200, load_default="")
    creator_id = PublicId("pty", load_default=None)
    back = Text(most=20, load_default="")
    message = Text(most=500, load_default="")


class DeclineFormSchema(Schema):
    reason = Text(most=300, load_default="")


class ReplySchema(Schema):
    """Decline with `accept: false`; accept by bidding: `accept: true` and the bid."""

    accept = fields.Boolean(required=True)
    reason = Text(most=300, load_default="")
    bid = fields.Nested(BidNewSchema, load_default=None)


class InvitationSchema(Schema):
    """A merchant's request to one creator."""

    id = PublicId("inv", required=True)
    task_id = PublicId("tsk", required=True)
    creator = fields.Nested(SideSchema, required=True)
    message = fields.String(required=True)
    state = fields.Enum(InvitationState, by_value=True, required=True)
    expires_at = Instant(required=True)
    replied_at = Instant(required=True, allow_none=True)
    reason = fields.String(required=True)
    bid_id = PublicId("bid", required=True, allow_none=True)
    created_at = Instant(required=True)


class InvitationQuery(PageQuery):
    state = Choice([each.value for each in InvitationState], load_default=None)


class ShortlistNoteSchema(Schema):
    note = Text(most=300, metadata={"description": "left as it is when left out"})


class ShortlistEntrySchema(Schema):
    creator_id = PublicId("pty", required=True)
    name = fields.String(required=True, attribute="creator.name")
    handle = fields.String(required=True, attribute="creator.handle")
    note = fields.String(required=True)
    created_at = Instant(required=True)


class ShortlistPricedSchema(ShortlistEntrySchema):
    price_fen = fields.Integer(
        required=True,
        allow_none=True,
        metadata={
            "description": "what the creator lists for that brief's format and length, of live for its hours (without them"
            " one hour); without a brief the lowest of all; null: not offered"
        },
    )


class ShortlistQuery(Schema):
    task_id = PublicId("tsk", load_default=None, metadata={"description": "the brief to name prices for"})


class ShortlistSchema(Schema):
    data = fields.List(fields.Nested(ShortlistPricedSchema), required=True)


class ShortlistSendSchema(Schema):
    creator_ids = fields.List(
        PublicId("pty"),
        required=True,
        validate=ma.validate.Length(min=1, max=50),
        metadata={"minItems": 1, "maxItems": 50},
    )
    message = Text(most=500, load_default="")


class ShortlistSentItemSchema(Schema):
    creator_id = PublicId("pty", required=True)
    invitation = fields.Nested(InvitationSchema, required=True, allow_none=True)
    refused = fields.String(required=True, metadata={"description": "why there is no invitation"})


class ShortlistSentSchema(Schema):
    data = fields.List(fields.Nested(ShortlistSentItemSchema), required=True)


def _several(given: list[Any]) -> None:
    if not 1 <= len(given) <= 50:
        raise ma.ValidationError(_("请勾选 1 到 50 位创作者。"))


class ShortlistFormSchema(Schema):
    creator_id = PublicId("pty", required=True)
    keep = fields.Boolean(load_default=True)
    note = Text(most=300, load_default=None)


class ShortlistSendFormSchema(Schema):
    task_id = PublicId("tsk", required=True)
    creator_ids = fields.List(
        PublicId("pty"),
        required=True,
        validate=_several,
        error_messages={"required": lazy("请勾选 1 到 50 位创作者。")},
    )
    message = Text(most=500, load_default="")
