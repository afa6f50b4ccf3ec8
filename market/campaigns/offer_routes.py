"""JSON: merchants' modules in venues."""

from typing import Any
from uuid import UUID

from market.accounts.edge import current_actor, require
from market.campaigns import offers, policy, queries
from market.campaigns.blueprints import api as bp
from market.campaigns.models import VenueOffer
from market.campaigns.offer_schemas import OfferInSchema, OfferRefusalSchema, VenueOfferSchema
from market.kit.db import transaction
from market.kit.errors import NotFound
from market.kit.paging import Page, page_of
from market.kit.schemas import PageQuery, page_schema


@bp.get("/venues/<pid('ven'):venue_id>/offer")
@bp.response(200, VenueOfferSchema)
def get_offer(venue_id: UUID) -> dict[str, Any]:
    """One's own module in a venue."""
    require(policy.may_offer(current_actor()))
    return _told(_own(venue_id))


@bp.put("/venues/<pid('ven'):venue_id>/offer")
@bp.arguments(OfferInSchema)
@bp.response(200, VenueOfferSchema)
def put_offer(data: dict[str, Any], venue_id: UUID) -> dict[str, Any]:
    """Offer a module of one's own films, or change it. A new title waits for an operator; what it shows does not."""
    actor = current_actor()
    require(policy.may_offer(actor))
    with transaction():
        venue = queries.find_offerable(venue_id)
        return _told(offers.make(venue, data, by=actor))


@bp.delete("/venues/<pid('ven'):venue_id>/offer")
@bp.response(204)
def delete_offer(venue_id: UUID) -> None:
    """Take it back: off the page at once."""
    actor = current_actor()
    require(policy.may_offer(actor))
    with transaction():
        venue = queries.find(venue_id, lock=True)
        offers.withdraw(_own(venue_id), venue, by=actor)


@bp.get("/venues/<pid('ven'):venue_id>/offers")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_schema(VenueOfferSchema))
def list_offers(query: dict[str, Any], venue_id: UUID) -> Page[dict[str, Any]]:
    """What merchants offered for a venue; for operators who compose."""
    require(policy.may_compose(current_actor()))
    page = page_of(offers.of_venue(queries.find(venue_id).id), VenueOffer.id, **query)
    return Page([_told(each) for each in page], page.next_cursor)


@bp.post("/venues/<pid('ven'):venue_id>/offers/<pid('vof'):offer_id>/admission")
@bp.response(200, VenueOfferSchema)
def admit_offer(venue_id: UUID, offer_id: UUID) -> dict[str, Any]:
    """Into the draft; the public sees it with the next publication."""
    actor = current_actor()
    require(policy.may_compose(actor))
    with transaction():
        venue = queries.find(venue_id, lock=True)
        offer = offers.find(venue.id, offer_id)
        offers.admit(offer, venue, by=actor)
        return _told(offer)


@bp.post("/venues/<pid('ven'):venue_id>/offers/<pid('vof'):offer_id>/refusal")
@bp.arguments(OfferRefusalSchema)
@bp.response(200, VenueOfferSchema)
def refuse_offer(data: dict[str, Any], venue_id: UUID, offer_id: UUID) -> dict[str, Any]:
    actor = current_actor()
    require(policy.may_compose(actor))
    with transaction():
        venue = queries.find(venue_id, lock=True)
        offer = offers.find(venue.id, offer_id)
        offers.refuse(offer, venue, data["reason"], by=actor)
        return _told(offer)


def _own(venue_id: UUID) -> VenueOffer:
    found = offers.of_merchant(venue_id, current_actor().party_id)
    if found is None:
        raise NotFound
    return found


def _told(offer: VenueOffer) -> dict[str, Any]:
    columns = {name: getattr(offer, name) for name in VenueOfferSchema().fields}
    return columns | {"video_ids": [film.id for film in offers.chosen(offer)]}
