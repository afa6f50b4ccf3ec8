"""What goes out about publications."""

from marshmallow import fields

from market.kit.schemas import PageQuery, PublicId, Schema
from market.publication.models import Shelf
from market.video.labels import HeadLabel


class WindowQuery(PageQuery):
    label = fields.Enum(
        HeadLabel,
        by_value=True,
        load_default=None,
        metadata={"description": "of the film at the product's head"},
    )


class PublicationSchema(Schema):
    """Work on its shelf. `entry_id` is the id of the video, post or programme by the shelf's own prefix."""

    id = PublicId("pub", required=True)
    order_id = PublicId("ord", required=True)
    submission_id = PublicId("sub", required=True)
    merchant_id = PublicId("pty", required=True)
    creator_id = PublicId("pty", required=True)
    shelf = fields.Enum(Shelf, by_value=True, required=True)
    entry_id = fields.String(required=True)
    title = fields.String(required=True)
    published_at = fields.AwareDateTime(format="iso", required=True)
    rights_until = fields.AwareDateTime(format="iso", required=True, allow_none=True)
    withdrawn_at = fields.AwareDateTime(format="iso", required=True, allow_none=True)
