"""A merchant's video module in a venue: he fills it, an operator admits it, and says where it stands.

The venue is locked first, as for everything that changes a draft. What an admitted module shows follows its rule at
once; its title was looked at by an operator, so another title waits for one again.
"""

from typing import Any, cast
from uuid import UUID

from sqlalchemy import Select, select

from market.accounts.actor import Actor, Role
from market.accounts.models import Party
from market.campaigns import queries, service
from market.campaigns.errors import ForeignFilm, NotTakingPart, ThemeMissing, VenueOver
from market.campaigns.models import (
    ModuleKind,
    OfferRule,
    OfferState,
    Season,
    Venue,
    VenueModule,
    VenueOffer,
    VenueState,
)
from market.kit.db import db
from market.kit.errors import NotFound
from market.kit.events import record
from market.kit.ids import encode
from market.tasks.models import Task, TaskState
from market.video import queries as video
from market.video.kinds import Place
from market.video.models import Video


def taking_part(merchant_id: UUID) -> Select[Any]:
    """The codes of the seasons this merchant opened a brief for."""
    opened = Task.state.not_in((TaskState.DRAFT, TaskState.CANCELLED))
    return select(Task.campaign_code).where(
        Task.merchant_id == merchant_id, Task.campaign_code.is_not(None), opened
    )


def venues_for(merchant_id: UUID) -> Select[Venue]:
    """The published venues of the seasons he takes part in."""
    seasons = select(Season.id).where(Season.code.in_(taking_part(merchant_id)))
    return select(Venue).where(Venue.state == VenueState.PUBLISHED, Venue.season_id.in_(seasons))


def of_merchant(venue_id: UUID, merchant_id: UUID | None) -> VenueOffer | None:
    rows = select(VenueOffer).where(VenueOffer.venue_id == venue_id, VenueOffer.merchant_id == merchant_id)
    return db.session.scalar(rows)


def find(venue_id: UUID, offer_id: UUID) -> VenueOffer:
    """For the composer. Raises NotFound."""
    offer = db.session.get(VenueOffer, offer_id)
    if offer is None or offer.venue_id != venue_id:
        raise NotFound
    return offer


def of_venue(venue_id: UUID) -> Select[VenueOffer]:
    """For the composer: what was offered and not taken back."""
    return select(VenueOffer).where(VenueOffer.venue_id == venue_id, VenueOffer.state != OfferState.WITHDRAWN)


def own_films(merchant_id: UUID) -> Select[Video]:
    return video.on_shelf().where(Video.merchant_id == merchant_id, video.at(Place.VENUE))


def films(offer_id: UUID) -> list[Video]:
    """What a module of a layout shows; nothing once it was taken back, or out of the draft by an operator."""
    rows = select(VenueOffer).join(VenueModule, VenueModule.offer_id == VenueOffer.id)
    offer = db.session.scalar(rows.where(VenueOffer.id == offer_id, VenueModule.removed_at.is_(None)))
    return chosen(offer) if offer else []


def chosen(offer: VenueOffer) -> list[Video]:
    """By its rule, at most its size; a venue is ours, so what is held back is not in it."""
    rows = own_films(offer.merchant_id).where(Video.held_back_at.is_(None))
    if offer.rule is OfferRule.HAND:
        found = {each.id: each for each in db.session.scalars(rows.where(Video.id.in_(offer.video_ids)))}
        return [found[key] for key in offer.video_ids if key in found][: offer.size]
    if offer.rule is OfferRule.LABEL:
        rows = rows.where(Video.label == offer.label)
    elif offer.rule is OfferRule.CATEGORY:
        rows = rows.where(Video.category == offer.category)
    return list(db.session.scalars(rows.order_by(Video.id.desc()).limit(offer.size)))


def make(venue: Venue, data: dict[str, Any], *, by: Actor) -> VenueOffer:
    """Offer a module, or change it; `venue` is locked. Raises NotTakingPart, VenueOver, ForeignFilm, ThemeMissing."""
    merchant_id = cast(UUID, by.party_id)
    if not db.session.scalar(
        select(taking_part(merchant_id).where(Task.campaign_code == venue.season.code).exists())
    ):
        raise NotTakingPart
    if venue.is_over:
        raise VenueOver
    _check(data, merchant_id)
    offer = of_merchant(venue.id, merchant_id)
    fresh = offer is None
    if offer is None:
        offer = VenueOffer(venue_id=venue.id, merchant_id=merchant_id, state=OfferState.WAITING, **data)
        db.session.add(offer)
    ask = fresh or offer.title != data["title"] or offer.state in (OfferState.REFUSED, OfferState.WITHDRAWN)
    for name, value in data.items():
        setattr(offer, name, value)
    if ask:
        offer.go(OfferState.WAITING)
    db.session.flush()
    venue.version += 1
    if ask:
        operators = db.session.scalars(select(Party.id).where(Party.role == Role.OPERATOR))
        _tell(
            "venue.offered", offer, venue, by, [*operators], f"/ops/venues/{encode('ven', venue.id)}#offers"
        )
    return offer


def put_films(offer: VenueOffer, ids: list[UUID], venue: Venue) -> None:
    """All of the hand-made order; `venue` is locked. Raises ForeignFilm."""
    _check({"rule": OfferRule.HAND, "video_ids": ids}, offer.merchant_id)
    offer.video_ids = list(dict.fromkeys(ids))
    venue.version += 1


def withdraw(offer: VenueOffer, venue: Venue, *, by: Actor) -> None:
    """The merchant takes it back: off the public page at once, out of the draft too. `venue` is locked."""
    if offer.state is OfferState.WITHDRAWN:
        return
    offer.go(OfferState.WITHDRAWN)
    _drop_module(offer)
    venue.version += 1
    record("venue.offer_withdrawn", offer.id, by=by, title=offer.title)


def admit(offer: VenueOffer, venue: Venue, *, by: Actor) -> VenueModule:
    """Into the draft, at its end or under its new title where it stands; the public sees it with the next publication.

    `venue` is locked. Raises TooManyModules, IllegalMove.
    """
    offer.go(OfferState.ADMITTED)
    module = _module(offer)
    if module is None:
        data = {"kind": ModuleKind.VIDEO, "title": offer.title, "size": offer.size, "offer_id": offer.id}
        module = service.add_module(venue, data)
    module.title = offer.title
    _tell("venue.offer_admitted", offer, venue, by, [offer.merchant_id], _page(venue))
    return module


def refuse(offer: VenueOffer, venue: Venue, reason: str, *, by: Actor) -> None:
    """Not in this venue, and why. `venue` is locked."""
    offer.go(OfferState.REFUSED, reason)
    _drop_module(offer)
    _tell("venue.offer_refused", offer, venue, by, [offer.merchant_id], _page(venue), reason=reason)


def _check(data: dict[str, Any], merchant_id: UUID) -> None:
    rule = data["rule"]
    if rule is OfferRule.LABEL and not data["label"]:
        raise ThemeMissing(field="label")
    if rule is OfferRule.CATEGORY and not data["category"]:
        raise ThemeMissing(field="category")
    wanted = set(data.get("video_ids", []))
    if wanted:
        own = own_films(merchant_id).with_only_columns(Video.id).where(Video.id.in_(wanted))
        if wanted != set(db.session.scalars(own)):
            raise ForeignFilm(field="video_ids")


def _module(offer: VenueOffer) -> VenueModule | None:
    return next((each for each in queries.modules(offer.venue_id) if each.offer_id == offer.id), None)


def _drop_module(offer: VenueOffer) -> None:
    module = _module(offer)
    if module is not None:
        service.remove_module(module)


def _page(venue: Venue) -> str:
    return f"/m/venues/{encode('ven', venue.id)}"


def _tell(
    name: str, offer: VenueOffer, venue: Venue, by: Actor, audience: list[UUID], url: str, **data: Any
) -> None:
    record(name, offer.id, by=by, audience=audience, title=offer.title, venue=venue.title, url=url, **data)
