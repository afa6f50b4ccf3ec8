"""The public venues, and the operators' composer."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import format_datetime, get_locale, get_timezone
from markupsafe import Markup

from market.accounts.actor import Role
from market.accounts.edge import actor_or_none, current_actor, hat, require
from market.accounts.queries import parties
from market.accounts.vocabulary import CATEGORIES, options
from market.campaigns import known, offer_pages, offers, policy, queries, rendering, service, subsidy_pages
from market.campaigns.blueprints import pages as bp
from market.campaigns.models import MOST_SHOWN, ModuleKind, OfferState, Venue, VenueOffer
from market.campaigns.schemas import (
    ModuleChangeFormSchema,
    ModuleFormSchema,
    VenueChangeFormSchema,
    VenueFormSchema,
)
from market.kit.db import db, transaction
from market.kit.pages import Form, local_input, read_form
from market.kit.paging import page_of
from market.kit.words import N_, _, say
from market.publication.cards import video_cards
from market.tasks.registry import register_campaigns

__all__ = ["bp", "offer_pages", "subsidy_pages"]

KIND_NAMES = {
    ModuleKind.VIDEO: N_("短视频"),
    ModuleKind.LIVE: N_("直播预告"),
    ModuleKind.FEED: N_("图文"),
    ModuleKind.PRODUCTS: N_("商品"),
    ModuleKind.COUNTDOWN: N_("倒计时"),
}


@bp.record_once
def offer_seasons(state: BlueprintSetupState) -> None:
    """The brief's form asks which seasons there are."""
    register_campaigns(lambda: known.open_seasons(_locale()))


@bp.app_template_filter("day_of")
def day_of(moment: datetime, last: bool = False) -> str:
    """A day without the year; `last` names the last day of a stretch that ends at midnight."""
    day = moment - timedelta(minutes=1) if last else moment
    return str(format_datetime(day, "d MMM" if _locale() == "en" else "M月d日"))


def _locale() -> str:
    return "en" if str(get_locale()) == "en" else "zh"


@bp.get("/venues/<slug>")
def venue(slug: str) -> Any:
    shown = queries.find_public(slug, actor_or_none())
    if not shown.is_public:
        return redirect(url_for("campaigns.composer", venue_id=shown.id))

    def render() -> str:
        return render_template(
            "campaigns/_modules.html", sections=rendering.sections(shown.layout), venue=shown
        )

    modules = "" if shown.is_ahead else rendering.kept.get(shown, (_locale(), str(get_timezone())), render)
    return render_template(
        "campaigns/venue.html",
        venue=shown,
        season=shown.season,
        modules=Markup(modules),
        clock=_has_clock(shown.layout),
    )


def _has_clock(layout: list[dict[str, Any]]) -> bool:
    """Whether a countdown without a time of its own is among the modules: it is the clock of the page's head."""
    return any(one["kind"] == ModuleKind.COUNTDOWN and not one["until"] for one in layout)


@bp.get("/ops/venues")
@hat(Role.OPERATOR)
def venues() -> Any:
    require(policy.may_compose(current_actor()))
    page = page_of(queries.visible_to(current_actor()), Venue.id, cursor=request.args.get("cursor"))
    return render_template("campaigns/venues.html", venues=page, locale_name=_locale())


@bp.route("/ops/venues/new", methods=["GET", "POST"])
@hat(Role.OPERATOR)
def compose() -> Any:
    actor = current_actor()
    require(policy.may_compose(actor))
    form = Form()
    if request.method == "POST":
        form = read_form(VenueFormSchema())
        with form.attempt():
            with transaction():
                made = service.compose(form.data, by=actor)
            return redirect(url_for("campaigns.composer", venue_id=made.id), 303)
    seasons = list(known.open_seasons(_locale()).items())
    return render_template("campaigns/new.html", form=form, seasons=seasons), form.status


@bp.get("/ops/venues/<pid('ven'):venue_id>")
@hat(Role.OPERATOR)
def composer(venue_id: UUID) -> Any:
    require(policy.may_compose(current_actor()))
    return _composer(queries.find(venue_id))


def _composer(venue: Venue, **forms: Any) -> str:
    """The draft: every module with what stands in it, and the forms; a refused form comes back filled."""
    modules = queries.modules(venue.id)
    parts = rendering.sections([module.frozen() | {"size": MOST_SHOWN} for module in modules])
    left_out = {
        module.id: rendering.CARDS[module.kind](
            [e.entry_id for e in queries.entries(module.id, 50, left_out=True)]
        )
        for module in modules
        if module.is_filled
    }
    pinned = {e.entry_id for module in modules for e in queries.entries(module.id, 100) if e.pinned}
    words = Form(
        {
            "venue_title": venue.title,
            "subtitle": venue.subtitle,
            "opens_at": local_input(venue.opens_at),
            "closes_at": local_input(venue.closes_at),
        }
    )
    context: dict[str, Any] = {
        "words_form": words,
        "module_form": Form({"size": "8"}),
        "changed": (None, Form()),
        "venue": venue,
        "parts": list(zip(modules, parts, strict=True)),
        "left_out": left_out,
        "offered": _offered(venue),
        "pinned": pinned,
        "is_changed": venue.is_public and venue.layout != [module.frozen() for module in modules],
        "kinds": [(kind.value, say(name)) for kind, name in KIND_NAMES.items()],
        "categories": [("", _("全部类目")), *options(CATEGORIES)],
    }
    return render_template("campaigns/composer.html", **context | forms)


def _offered(venue: Venue) -> list[dict[str, Any]]:
    """The merchants' modules that wait for a word, the oldest first."""
    rows = offers.of_venue(venue.id).where(VenueOffer.state == OfferState.WAITING).order_by(VenueOffer.id)
    found = db.session.scalars(rows.limit(50)).all()
    names = parties([each.merchant_id for each in found])
    return [
        {
            "offer": each,
            "shop": names[each.merchant_id].name,
            "rule": offer_pages.rule_words(each),
            "films": video_cards(offers.chosen(each)),
        }
        for each in found
    ]


@bp.post("/ops/venues/<pid('ven'):venue_id>")
@hat(Role.OPERATOR)
def change_venue(venue_id: UUID) -> Any:
    actor = current_actor()
    require(policy.may_compose(actor))
    form = read_form(VenueChangeFormSchema())
    with form.attempt():
        with transaction():
            service.change(queries.find(venue_id, lock=True), form.data, by=actor)
        flash(_("已保存。"), "success")
        return _back(venue_id)
    return _composer(queries.find(venue_id), words_form=form), form.status


@bp.post("/ops/venues/<pid('ven'):venue_id>/modules")
@hat(Role.OPERATOR)
def add_module(venue_id: UUID) -> Any:
    require(policy.may_compose(current_actor()))
    form = read_form(ModuleFormSchema())
    with form.attempt():
        with transaction():
            module = service.add_module(queries.find(venue_id, lock=True), form.data)
        return _back(venue_id, module.id)
    return _composer(queries.find(venue_id), module_form=form), form.status


@bp.post("/ops/venues/<pid('ven'):venue_id>/modules/<pid('mod'):module_id>")
@hat(Role.OPERATOR)
def change_module(venue_id: UUID, module_id: UUID) -> Any:
    require(policy.may_compose(current_actor()))
    form = read_form(ModuleChangeFormSchema())
    with form.attempt():
        with transaction():
            found = queries.find(venue_id, lock=True)
            service.change_module(queries.find_module(found.id, module_id), form.data, found)
        return _back(venue_id, module_id)
    return _composer(queries.find(venue_id), changed=(module_id, form)), form.status


@bp.post("/ops/venues/<pid('ven'):venue_id>/modules/<pid('mod'):module_id>/move")
@hat(Role.OPERATOR)
def move_module(venue_id: UUID, module_id: UUID) -> Any:
    """`to=up` or `to=down`; `to=out` takes it out of the draft."""
    require(policy.may_compose(current_actor()))
    way = request.form.get("to")
    with transaction():
        found = queries.find(venue_id, lock=True)
        module = queries.find_module(found.id, module_id)
        if way == "out":
            service.remove_module(module)
        else:
            service.move_module(module, found, up=way == "up")
    return _back(venue_id, None if way == "out" else module_id)


@bp.post("/ops/venues/<pid('ven'):venue_id>/modules/<pid('mod'):module_id>/entries/<uuid:entry_id>")
@hat(Role.OPERATOR)
def change_entry(venue_id: UUID, module_id: UUID, entry_id: UUID) -> Any:
    """`pinned=1|0` or `left_out=1|0`."""
    require(policy.may_compose(current_actor()))
    with transaction():
        found = queries.find(venue_id, lock=True)
        module = queries.find_module(found.id, module_id)
        if "left_out" in request.form:
            service.leave_out(module, entry_id, found, left_out=request.form["left_out"] == "1")
        else:
            service.pin(module, entry_id, found, pinned=request.form.get("pinned") == "1")
    return _back(venue_id, module_id)


@bp.get("/ops/venues/<pid('ven'):venue_id>/preview")
@hat(Role.OPERATOR)
def preview(venue_id: UUID) -> Any:
    """The draft as the public would see it."""
    require(policy.may_compose(current_actor()))
    found = queries.find(venue_id)
    layout = [module.frozen() for module in queries.modules(found.id)]
    modules = render_template("campaigns/_modules.html", sections=rendering.sections(layout), venue=found)
    return render_template(
        "campaigns/venue.html",
        venue=found,
        season=found.season,
        modules=Markup(modules),
        clock=_has_clock(layout),
        preview=True,
    )


@bp.post("/ops/venues/<pid('ven'):venue_id>/publication")
@hat(Role.OPERATOR)
def publish(venue_id: UUID) -> Any:
    """`on=1` publishes the draft, `on=0` takes the venue down."""
    actor = current_actor()
    require(policy.may_compose(actor))
    with transaction():
        found = queries.find(venue_id, lock=True)
        if request.form.get("on") == "0":
            service.withdraw(found, by=actor)
        else:
            service.publish(found, by=actor)
    flash(_("会场已发布，所有人现在都能看到。") if found.is_public else _("会场已撤下。"), "success")
    return _back(venue_id)


def _back(venue_id: UUID, module_id: UUID | None = None) -> Any:
    db.session.expire_all()
    anchor = f"module-{module_id}" if module_id else None
    return redirect(url_for("campaigns.composer", venue_id=venue_id, _anchor=anchor), 303)
