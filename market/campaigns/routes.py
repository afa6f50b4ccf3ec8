"""JSON: seasons, venues, and composing them."""

from typing import Any
from uuid import UUID

from market.accounts.edge import actor_or_none, current_actor, require
from market.campaigns import offer_routes, policy, queries, rendering, service, subsidy_routes
from market.campaigns.blueprints import api as bp
from market.campaigns.models import Season, Venue, VenueModule
from market.campaigns.schemas import (
    EntryInSchema,
    ModuleChangeSchema,
    ModuleInSchema,
    ModuleSchema,
    OrderInSchema,
    PublicVenueSchema,
    SeasonsSchema,
    VenueChangeSchema,
    VenueDraftSchema,
    VenueInSchema,
    VenueQuery,
    VenueSchema,
)
from market.kit.api import OPEN_TO_ALL, require_match
from market.kit.db import transaction
from market.kit.errors import NotFound
from market.kit.ids import decode
from market.kit.paging import Page, page_of
from market.kit.schemas import page_schema

__all__ = ["bp", "offer_routes", "subsidy_routes"]
PREFIXES = tuple(rendering.PREFIXES.values())


@bp.get("/seasons")
@bp.doc(security=OPEN_TO_ALL)
@bp.response(200, SeasonsSchema)
def list_seasons() -> dict[str, Any]:
    return {"data": queries.seasons()}


@bp.get("/venues")
@bp.doc(security=OPEN_TO_ALL)
@bp.arguments(VenueQuery, location="query")
@bp.response(200, page_schema(VenueSchema))
def list_venues(query: dict[str, Any]) -> Page[Venue]:
    """Published venues; operators see drafts too."""
    rows, season = queries.visible_to(actor_or_none()), query.pop("season")
    if season:
        rows = rows.where(Venue.season.has(Season.code == season))
    return page_of(rows, Venue.id, **query)


@bp.get("/venues/<slug>")
@bp.doc(security=OPEN_TO_ALL)
@bp.response(200, PublicVenueSchema)
def get_venue(slug: str) -> dict[str, Any]:
    """A venue and what the public sees in it."""
    venue = queries.find_public(slug, actor_or_none())
    shown = [] if venue.is_ahead else rendering.sections(venue.layout)
    return _columns(venue) | {
        "sections": [
            {
                "kind": one.kind.value,
                "title": one.title,
                "until": one.until.isoformat() if one.until else None,
                "entries": one.public_ids,
            }
            for one in shown
        ]
    }


@bp.post("/venues")
@bp.arguments(VenueInSchema)
@bp.response(201, VenueDraftSchema)
def create_venue(data: dict[str, Any]) -> dict[str, Any]:
    """A draft with the standard modules, filled from what is published already."""
    require(policy.may_compose(current_actor()))
    with transaction():
        return _draft(service.compose(data, by=current_actor()))


@bp.get("/venues/<pid('ven'):venue_id>/draft")
@bp.response(200, VenueDraftSchema)
def get_draft(venue_id: UUID) -> dict[str, Any]:
    require(policy.may_compose(current_actor()))
    return _draft(queries.find(venue_id))


@bp.patch("/venues/<pid('ven'):venue_id>/draft")
@bp.arguments(VenueChangeSchema)
@bp.response(200, VenueDraftSchema)
def change_venue(data: dict[str, Any], venue_id: UUID) -> dict[str, Any]:
    """Title, subtitle, schedule; needs If-Match with the ETag of the draft."""
    require(policy.may_compose(current_actor()))
    with transaction():
        venue = queries.find(venue_id, lock=True)
        require_match(VenueDraftSchema().dump(_draft(venue)))
        service.change(venue, data, by=current_actor())
        return _draft(venue)


@bp.post("/venues/<pid('ven'):venue_id>/modules")
@bp.arguments(ModuleInSchema)
@bp.response(201, ModuleSchema)
def create_module(data: dict[str, Any], venue_id: UUID) -> VenueModule:
    """At the end of the draft, filled by its theme."""
    require(policy.may_compose(current_actor()))
    with transaction():
        return service.add_module(queries.find(venue_id, lock=True), data)


@bp.patch("/venues/<pid('ven'):venue_id>/modules/<pid('mod'):module_id>")
@bp.arguments(ModuleChangeSchema)
@bp.response(200, ModuleSchema)
def change_module(data: dict[str, Any], venue_id: UUID, module_id: UUID) -> VenueModule:
    """Needs If-Match with the ETag of the module as last answered."""
    require(policy.may_compose(current_actor()))
    with transaction():
        venue = queries.find(venue_id, lock=True)
        module = queries.find_module(venue.id, module_id)
        require_match(ModuleSchema().dump(module))
        service.change_module(module, data, venue)
    return module


@bp.get("/venues/<pid('ven'):venue_id>/modules/<pid('mod'):module_id>")
@bp.response(200, ModuleSchema)
def get_module(venue_id: UUID, module_id: UUID) -> VenueModule:
    require(policy.may_compose(current_actor()))
    return queries.find_module(venue_id, module_id)


@bp.delete("/venues/<pid('ven'):venue_id>/modules/<pid('mod'):module_id>")
@bp.response(204)
def delete_module(venue_id: UUID, module_id: UUID) -> None:
    """Out of the draft; the public page keeps it until the next publication."""
    require(policy.may_compose(current_actor()))
    with transaction():
        venue = queries.find(venue_id, lock=True)
        service.remove_module(queries.find_module(venue.id, module_id))


@bp.post("/venues/<pid('ven'):venue_id>/order")
@bp.arguments(OrderInSchema)
@bp.response(200, VenueDraftSchema)
def order_modules(data: dict[str, Any], venue_id: UUID) -> dict[str, Any]:
    """The whole order of the draft's modules."""
    require(policy.may_compose(current_actor()))
    with transaction():
        venue = queries.find(venue_id, lock=True)
        service.order_modules(venue, data["module_ids"])
        return _draft(venue)


@bp.post("/venues/<pid('ven'):venue_id>/modules/<pid('mod'):module_id>/entries/<entry_id>")
@bp.arguments(EntryInSchema)
@bp.response(204)
def change_entry(data: dict[str, Any], venue_id: UUID, module_id: UUID, entry_id: str) -> None:
    """Pin a work in a module, or leave it out; `entry_id` is the work's public id."""
    require(policy.may_compose(current_actor()))
    with transaction():
        venue = queries.find(venue_id, lock=True)
        module = queries.find_module(venue.id, module_id)
        key = _any_id(entry_id)
        if "left_out" in data:
            service.leave_out(module, key, venue, left_out=data["left_out"])
        if "pinned" in data:
            service.pin(module, key, venue, pinned=data["pinned"])


@bp.post("/venues/<pid('ven'):venue_id>/publication")
@bp.response(200, VenueSchema)
def publish_venue(venue_id: UUID) -> Venue:
    """The draft becomes the public page; again after every change."""
    require(policy.may_compose(current_actor()))
    with transaction():
        venue = queries.find(venue_id, lock=True)
        service.publish(venue, by=current_actor())
    return venue


@bp.delete("/venues/<pid('ven'):venue_id>/publication")
@bp.response(200, VenueSchema)
def withdraw_venue(venue_id: UUID) -> Venue:
    require(policy.may_compose(current_actor()))
    with transaction():
        venue = queries.find(venue_id, lock=True)
        service.withdraw(venue, by=current_actor())
    return venue


def _draft(venue: Venue) -> dict[str, Any]:
    return _columns(venue) | {"modules": queries.modules(venue.id)}


def _columns(venue: Venue) -> dict[str, Any]:
    return {name: getattr(venue, name) for name in VenueSchema().fields}


def _any_id(text: str) -> UUID:
    for prefix in PREFIXES:
        try:
            return decode(prefix, text)
        except ValueError:
            continue
    raise NotFound
