"""What comes in and goes out about reconciliation; operators only."""

from marshmallow import ValidationError, fields, validates_schema

from market.kit.schemas import Choice, Instant, PageQuery, PublicId, Schema, Text
from market.kit.words import _
from market.orders.freezes import FreezeSource
from market.reconciliation.acts import OWNED, TARGETS
from market.reconciliation.models import Kind, RunState, Scope
from market.reconciliation.queries import age_of


class DifferenceSchema(Schema):
    """Something that does not agree. `ours_fen` less `theirs_fen` is by how much; `since` is when the money moved."""

    id = PublicId("dif", required=True)
    kind = fields.Enum(Kind, by_value=True, required=True)
    ref = fields.String(required=True)
    order_id = PublicId("ord", required=True, allow_none=True)
    entry_id = fields.String(required=True, allow_none=True)
    posting_id = PublicId("pst", required=True, allow_none=True)
    ours_fen = fields.Integer(required=True, allow_none=True)
    theirs_fen = fields.Integer(required=True, allow_none=True)
    currency = fields.String(required=True)
    what = fields.String(required=True)
    age = fields.Function(
        age_of, required=True, metadata={"type": "string", "enum": ["hour", "day", "week", "older"]}
    )
    since = Instant(required=True)
    seen_at = Instant(required=True)
    seen = fields.Integer(required=True)
    frozen_at = Instant(required=True, allow_none=True)
    waived_at = Instant(required=True, allow_none=True)
    resolved_at = Instant(required=True, allow_none=True)


class DifferenceQuery(PageQuery):
    kind = Choice([kind.value for kind in Kind], load_default=None, allow_none=True)
    state = Choice(["open", "resolved"], load_default="open")


class RunSchema(Schema):
    id = PublicId("run", required=True)
    scope = fields.Enum(Scope, by_value=True, required=True)
    state = fields.Enum(RunState, by_value=True, required=True)
    step = fields.String(required=True)
    steps_done = fields.Integer(required=True)
    entries = fields.Integer(required=True)
    opened = fields.Integer(required=True)
    resolved = fields.Integer(required=True)
    still_open = fields.Integer(required=True)
    error = fields.String(required=True)
    created_at = Instant(required=True)
    started_at = Instant(required=True, allow_none=True)
    ended_at = Instant(required=True, allow_none=True)


class ClearSchema(Schema):
    """Post the entry to `target`; `wallet` needs the merchant's `owner_id`, `order` the order's `order_number`."""

    target = Choice(list(TARGETS), required=True)
    owner_id = PublicId("pty", load_default=None, allow_none=True)
    order_number = Text(most=40, load_default="")
    reason = Text(least=1, most=500, required=True)

    @validates_schema(skip_on_field_errors=True)
    def _owner(self, data: dict[str, object], **kwargs: object) -> None:
        if data["target"] == OWNED[0] and data["owner_id"] is None:
            raise ValidationError(_("请填写商家编号。"), "owner_id")
        if data["target"] == OWNED[1] and not data["order_number"]:
            raise ValidationError(_("请填写订单号。"), "order_number")


class WaiveSchema(Schema):
    reason = Text(least=1, most=500, required=True)


class FreezeInSchema(Schema):
    order_number = Text(least=1, most=40, required=True)
    reason = Text(least=1, most=500, required=True)


class FreezeSchema(Schema):
    """One reason why an order's money stands still."""

    order_id = PublicId("ord", required=True)
    source = fields.Enum(FreezeSource, by_value=True, required=True)
    reason = fields.String(required=True)
    created_at = Instant(required=True)
    lifted_at = Instant(required=True, allow_none=True)
