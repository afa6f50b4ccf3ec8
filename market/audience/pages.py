"""The words with which a page becomes countable: its visit, and what stands on it where."""

import secrets
from uuid import UUID

from flask import Blueprint, current_app, request, session
from markupsafe import Markup

from market.accounts.edge import current_person
from market.audience.tokens import Kind, Surface, placement_token
from market.audience.tokens import visit_token as write_visit
from market.kit.clock import now

bp = Blueprint("audience", __name__)

SURFACES = {
    "front.home": Surface.HOME,
    "publication.videos.discover": Surface.DISCOVER,
    "publication.videos.watch": Surface.PLAYER,
    "publication.collections.play": Surface.COLLECTION,
    "publication.windows.product_page": Surface.PRODUCT,
    "publication.windows.storefront": Surface.SHOP,
    "publication.reading.index": Surface.FEED,
    "publication.reading.read": Surface.POST,
    "campaigns.venue": Surface.VENUE,
    "creators.creator": Surface.CREATOR,
}
"""The page's view → the surface it is."""


@bp.app_template_global()
def visit_token() -> str:
    """Stands in every page once, `<body data-visit>`."""
    person = current_person()
    viewer = person.id.hex if person else session.setdefault("viewer", secrets.token_urlsafe(9))
    secret = current_app.config["SECRET_KEY"]
    return write_visit(viewer, person.id if person else None, now().timestamp(), secret)


@bp.app_template_global()
def view_of(kind: str, entry_id: UUID | None) -> Markup:
    """The attribute that makes an element count as a view of this work; nothing for a work that is not there."""
    if not isinstance(entry_id, UUID):
        return Markup()
    surface = SURFACES.get(request.endpoint or "", Surface.OTHER)
    token = placement_token(Kind(kind), surface, entry_id, current_app.config["SECRET_KEY"])
    return Markup(' data-view="{}"').format(token)
