"""What comes in and goes out about collections."""

from marshmallow import ValidationError, fields, validates

from market.kit.schemas import PublicId, Schema, Text
from market.kit.words import _
from market.playlists.models import MOST_FILMS, CollectionKind


class CollectionInSchema(Schema):
    title = Text(least=1, most=40, required=True)


class CollectionChangeSchema(Schema):
    """What is given is changed."""

    title = Text(least=1, most=40)
    video_ids = fields.List(
        PublicId("vid"),
        metadata={
            "maxItems": MOST_FILMS,
            "description": "all of them, in the order they are shown and played",
        },
    )
    cover_id = PublicId("vid", allow_none=True, metadata={"description": "a film of the collection"})

    @validates("video_ids")
    def check_length(self, ids: list[object], **_kwargs: object) -> None:
        if len(ids) > MOST_FILMS:
            raise ValidationError(_("一个合集最多 %(most)s 条视频。", most=MOST_FILMS))


class FilmMarkSchema(Schema):
    pinned = fields.Boolean(load_default=False)
    left_out = fields.Boolean(load_default=False)


class CollectionSchema(Schema):
    """A store's collection; `title` of an automatic one is empty."""

    id = PublicId("col", required=True)
    merchant_id = PublicId("pty", required=True)
    kind = fields.Enum(CollectionKind, by_value=True, required=True)
    title = fields.String(required=True)
    cover_id = PublicId("vid", required=True, allow_none=True)
    video_ids = fields.List(
        PublicId("vid"), required=True, metadata={"description": "what is on the shelf, in order"}
    )
