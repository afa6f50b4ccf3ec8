"""A merchant's module in a venue: made and filled by him, admitted or refused in the composer."""

from typing import Any, cast
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select

from market.accounts.actor import Role
from market.accounts.edge import current_actor, hat, require
from market.accounts.vocabulary import CATEGORIES, options
from market.campaigns import offers, policy, queries
from market.campaigns.blueprints import pages as bp
from market.campaigns.models import OfferRule, OfferState, Venue, VenueOffer
from market.campaigns.offer_schemas import OfferFormSchema, OfferRefusalSchema
from market.kit.db import db, transaction
from market.kit.errors import NotFound
from market.kit.ids import decode
from market.kit.pages import Form, read_form, show
from market.kit.words import N_, _, say
from market.publication.cards import video_cards
from market.video import labels
from market.video.models import Video

RULES = {
    OfferRule.NEWEST: N_("本店最新的视频"),
    OfferRule.LABEL: N_("按主图标签"),
    OfferRule.CATEGORY: N_("按类目"),
    OfferRule.HAND: N_("自己挑选和排序"),
}
STATES = {
    OfferState.WAITING: (N_("等待运营确认"), "wait"),
    OfferState.ADMITTED: (N_("已进会场"), "good"),
    OfferState.REFUSED: (N_("没有通过"), "bad"),
    OfferState.WITHDRAWN: (N_("已撤回"), ""),
}
MOST_OFFERED = 60


def rule_words(offer: VenueOffer) -> str:
    """Its rule, and of what."""
    what = {
        OfferRule.LABEL: labels.label_name(offer.label),
        OfferRule.CATEGORY: dict(options(CATEGORIES)).get(offer.category or "", ""),
    }.get(offer.rule)
    return say(RULES[offer.rule]) + (f" · {what}" if what else "")


def state_words(offer: VenueOffer) -> tuple[str, str]:
    words, tone = STATES[offer.state]
    return say(words), tone


@bp.get("/m/venues")
@hat(Role.MERCHANT)
def my_venues() -> Any:
    """The venues of the seasons one takes part in."""
    actor = current_actor()
    require(policy.may_offer(actor))
    rows = offers.venues_for(cast(UUID, actor.party_id)).order_by(Venue.id.desc()).limit(50)
    found = db.session.scalars(rows).unique().all()
    mine = {
        each.venue_id: each
        for each in db.session.scalars(select(VenueOffer).where(VenueOffer.merchant_id == actor.party_id))
    }
    return render_template(
        "campaigns/my_venues.html",
        venues=[(each, mine.get(each.id)) for each in found],
        state_words=state_words,
    )


@bp.get("/m/venues/<pid('ven'):venue_id>")
@hat(Role.MERCHANT)
def my_offer(venue_id: UUID) -> Any:
    require(policy.may_offer(current_actor()))
    return _offer_page(queries.find_offerable(venue_id, lock=False))


def _offer_page(venue: Venue, form: Form | None = None) -> str:
    merchant_id = cast(UUID, current_actor().party_id)
    offer = offers.of_merchant(venue.id, merchant_id)
    own = db.session.scalars(
        offers.own_films(merchant_id).order_by(Video.id.desc()).limit(MOST_OFFERED)
    ).all()
    held = offers.chosen(offer) if offer else []
    by_hand = offer is not None and offer.rule is OfferRule.HAND
    spare = [film for film in own if film not in held] if by_hand else []
    return render_template(
        "campaigns/my_offer.html",
        venue=venue,
        offer=offer,
        form=form or (show(OfferFormSchema(), offer) if offer else Form({"rule": "newest", "size": "8"})),
        shown=video_cards(held),
        offered=video_cards(spare),
        by_hand=by_hand,
        rules=[(rule.value, say(name)) for rule, name in RULES.items()],
        labels=[("", _("请选择")), *labels.options()],
        categories=[("", _("请选择")), *options(CATEGORIES)],
        state_words=state_words,
        reason=say(offer.reason) if offer and offer.reason else "",
    )


@bp.post("/m/venues/<pid('ven'):venue_id>")
@hat(Role.MERCHANT)
def make_offer(venue_id: UUID) -> Any:
    actor = current_actor()
    require(policy.may_offer(actor))
    form = read_form(OfferFormSchema())
    with form.attempt():
        with transaction():
            offer = offers.make(queries.find_offerable(venue_id), form.data, by=actor)
        flash(
            _("已保存，会场里马上更新。")
            if offer.state is OfferState.ADMITTED
            else _("已提交。运营确认标题和位置后，会场就会显示。"),
            "success",
        )
        return redirect(url_for("campaigns.my_offer", venue_id=venue_id), 303)
    return _offer_page(queries.find_offerable(venue_id, lock=False), form), form.status


@bp.post("/m/venues/<pid('ven'):venue_id>/films")
@hat(Role.MERCHANT)
def arrange_offer(venue_id: UUID) -> Any:
    """`do`: order (`video_ids` in their order), add, take_out, up, down (`video_id`), withdraw."""
    actor = current_actor()
    require(policy.may_offer(actor))
    do = request.form.get("do", "")
    with transaction():
        venue = queries.find(venue_id, lock=True)
        offer = offers.of_merchant(venue.id, actor.party_id)
        if offer is None:
            raise NotFound
        if do == "withdraw":
            offers.withdraw(offer, venue, by=actor)
        else:
            offers.put_films(offer, _arranged(do, [film.id for film in offers.chosen(offer)]), venue)
    return redirect(url_for("campaigns.my_offer", venue_id=venue_id), 303)


def _arranged(do: str, order: list[UUID]) -> list[UUID]:
    if do == "order":
        return [_film(text) for text in request.form.getlist("video_ids")]
    film = _film(request.form.get("video_id", ""))
    if do == "add":
        return [*order, film]
    if do not in ("take_out", "up", "down") or film not in order:
        raise NotFound
    at = order.index(film)
    order.pop(at)
    if do != "take_out":
        order.insert(max(0, at + (1 if do == "down" else -1)), film)
    return order


def _film(text: str) -> UUID:
    try:
        return decode("vid", text)
    except ValueError as wrong:
        raise NotFound from wrong


@bp.post("/ops/venues/<pid('ven'):venue_id>/offers/<pid('vof'):offer_id>")
@hat(Role.OPERATOR)
def decide_offer(venue_id: UUID, offer_id: UUID) -> Any:
    """`do`: admit, or refuse with a `reason`."""
    actor = current_actor()
    require(policy.may_compose(actor))
    do = request.form.get("do")
    if do not in ("admit", "refuse"):
        raise NotFound
    reason = OfferRefusalSchema().load({"reason": request.form.get("reason", "")}) if do == "refuse" else {}
    with transaction():
        venue = queries.find(venue_id, lock=True)
        offer = offers.find(venue.id, offer_id)
        if do == "admit":
            offers.admit(offer, venue, by=actor)
        else:
            offers.refuse(offer, venue, reason["reason"], by=actor)
    flash(_("已放进草稿末尾，发布后公众可见。") if do == "admit" else _("已告知商家。"), "success")
    return redirect(url_for("campaigns.composer", venue_id=venue_id), 303)
