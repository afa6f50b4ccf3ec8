"""What comes in and goes out about requests that need a second operator."""

from marshmallow import fields

from market.approvals.models import ApprovalState
from market.kit.schemas import Choice, Instant, PageQuery, PublicId, Schema, Text

STATES = [state.value for state in ApprovalState]


class ApprovalSchema(Schema):
    """A request. `content` says everything the act needs; `content_hash` (SHA-256, hex) is what one agrees to."""

    id = PublicId("apr", required=True)
    kind = fields.String(required=True)
    content = fields.Dict(keys=fields.String(), required=True)
    content_hash = fields.String(attribute="hash_hex", required=True)
    reason = fields.String(required=True)
    state = fields.Enum(ApprovalState, by_value=True, required=True)
    created_at = Instant(required=True)
    expires_at = Instant(required=True)
    decided_at = Instant(required=True, allow_none=True)
    note = fields.String(required=True)


class ApprovalQuery(PageQuery):
    state = Choice(STATES, load_default=None, allow_none=True)


class ApprovalConsentSchema(Schema):
    content_hash = Text(
        least=64, most=64, required=True, metadata={"description": "The hash of the content you were shown"}
    )
    note = Text(most=500, load_default="")


class ApprovalRefusalSchema(Schema):
    note = Text(least=1, most=500, required=True)
