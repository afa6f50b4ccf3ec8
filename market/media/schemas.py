"""What goes out about stored files."""

from marshmallow import fields

from market.kit.schemas import Instant, PublicId, Schema
from market.media.models import AssetState, Kind


class ProgressSchema(Schema):
    step = fields.String(
        required=True,
        metadata={
            "enum": [
                "upload",
                "queue",
                "check",
                "measure",
                "ladder",
                "finish",
                "inspect",
                "store",
                "ready",
                "refused",
            ]
        },
    )
    words = fields.String(required=True, metadata={"description": "the step, in the reader's language"})
    percent = fields.Integer(required=True, allow_none=True, metadata={"minimum": 0, "maximum": 100})
    place = fields.Integer(
        required=True, allow_none=True, metadata={"description": "place in the queue, 1 is next"}
    )


class RefusalSchema(Schema):
    code = fields.String(required=True, metadata={"description": "stable, never translated"})
    detail = fields.String(required=True)


class FindingSchema(Schema):
    code = fields.String(required=True, metadata={"enum": ["length", "ratio", "black", "silent", "loudness"]})
    ok = fields.Boolean(required=True)
    words = fields.String(required=True, metadata={"description": "in the reader's language"})


class AssetSchema(Schema):
    """A stored file: where it is on its way, and where its renditions are once it is ready."""

    id = PublicId("ast", required=True)
    kind = fields.Enum(Kind, by_value=True, required=True)
    filename = fields.String(required=True)
    size = fields.Integer(required=True, metadata={"description": "bytes of the original"})
    content_type = fields.String(
        required=True, metadata={"description": "as found in the bytes, once they are checked"}
    )
    sha256 = fields.String(
        required=True, allow_none=True, metadata={"description": "of the original, hexadecimal"}
    )
    state = fields.Enum(AssetState, by_value=True, required=True)
    progress = fields.Nested(ProgressSchema, required=True)
    refusal = fields.Nested(RefusalSchema, required=True, allow_none=True)
    duration_ms = fields.Integer(required=True, allow_none=True)
    width = fields.Integer(
        required=True, allow_none=True, metadata={"description": "of the original, as shown"}
    )
    height = fields.Integer(required=True, allow_none=True)
    urls = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        required=True,
        metadata={
            "description": "hls, mp4, poster, preview, sprite, captions, image, file, those there are; published ones may "
            "be on another host. Before publication each is signed and works for a few minutes; links inside a playlist keep the signature."
        },
    )
    checks = fields.List(
        fields.Nested(FindingSchema),
        required=True,
        metadata={"description": "what a machine found in a film made by an edit list; else empty"},
    )
    published_at = Instant(required=True, allow_none=True)
    created_at = Instant(required=True)
