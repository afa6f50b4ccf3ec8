"""A creator's public page, and one's own profile."""

from typing import Any, cast
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for

from market.accounts import service as accounts
from market.accounts.actor import Role
from market.accounts.edge import actor_or_none, current_actor, hat
from market.accounts.queries import find_party
from market.accounts.schemas import ClaimSchema
from market.accounts.vocabulary import (
    AUDIENCE,
    AUDIENCE_NAMES,
    CATEGORIES,
    CITY_TIERS,
    FORMATS,
    LENGTHS,
    Format,
    Length,
    Piece,
    options,
)
from market.creators import queries, service
from market.creators.models import KINDS, LIVE_HOUR, MAX_LEVEL, PRICES, Profile, price_columns
from market.creators.schemas import ProfileFormSchema, form_values
from market.creators.words import asked as price_words
from market.creators.words import price_list
from market.kit.db import transaction
from market.kit.figures import figures
from market.kit.pages import Form, read_form
from market.kit.words import _, say
from market.portraits import queries as portraits
from market.portraits.models import Whose

bp = Blueprint("creators", __name__)


def card_of(mine: Profile, format: Format | None = None, length: Length | None = None) -> dict[str, Any]:
    """A profile as the cards and lists show it; the price is the asked piece's, else the lowest."""
    columns = price_columns(format, length) if format else PRICES
    asked = {column: fen for column in columns if (fen := getattr(mine, column)) is not None}
    lowest = min(asked, key=lambda column: asked[column], default="")
    return {
        "href": url_for("creators.creator", handle=mine.party.handle),
        "handle": mine.party.handle,
        "name": mine.party.name,
        "city": mine.party.city,
        "kind": say(KINDS[mine.kind]),
        "level": f"Lv.{mine.platform_level}" if mine.platform_level else "",
        "categories": [say(CATEGORIES[code]) for code in mine.categories if code in CATEGORIES],
        "fans": mine.fans,
        "price": price_words(asked.get(lowest), Piece(Format.LIVE if lowest == LIVE_HOUR else Format.VIDEO)),
        "is_from": len(set(asked.values())) > 1,
        "lengths": [(say(LENGTHS[each]), fen) for each, fen in mine.video_prices.items()],
        "reply_bps": mine.reply_bps,
        "answers_in": span_words(mine.reply_median_s),
        "bio": mine.party.bio,
    }


def span_words(seconds: int | None) -> str:
    """How long something usually takes, at the size one remembers."""
    if seconds is None:
        return ""
    if seconds < 5400:
        return _("约 %(n)s 分钟", n=max(1, round(seconds / 60)))
    if seconds < 2 * 86400:
        return _("约 %(n)s 小时", n=round(seconds / 3600))
    return _("约 %(n)s 天", n=round(seconds / 86400))


def audience_bars(mine: Profile) -> list[dict[str, Any]]:
    """The audience as rows of (name, share), part by part; parts that were not filled in are left out."""
    parts = []
    for part, names in AUDIENCE.items():
        shares = (mine.audience or {}).get(part) or {}
        rows = [(say(name), shares[key]) for key, name in names.items() if shares.get(key)]
        if rows:
            parts.append({"name": say(AUDIENCE_NAMES[part]), "rows": rows})
    return parts


@bp.get("/c/<handle>")
def creator(handle: str) -> Any:
    actor = actor_or_none()
    mine = queries.by_handle(handle, actor)
    return render_template(
        "creators/creator.html",
        mine=mine,
        card=card_of(mine),
        prices=price_list(mine),
        audience=audience_bars(mine),
        portrait=portraits.find(mine.party_id, Whose.FANS, actor),
        least=figures.portrait_least,
    )


@bp.route("/u/profile", methods=["GET", "POST"])
@hat(Role.CREATOR)
def profile() -> Any:
    """我的: what merchants see, and the verification it needs."""
    me = cast(UUID, current_actor().party_id)
    if request.method == "POST":
        form = read_form(ProfileFormSchema())
        with form.attempt():
            with transaction():
                service.save_profile(me, form.data, by=current_actor())
            flash(_("画像已保存。"), "success")
            return redirect(url_for("creators.profile"), 303)
        return _profile_page(me, form, Form()), form.status
    mine = queries.profile(me)
    party = find_party(me)
    return _profile_page(me, Form(form_values(mine) | {"city": party.city, "bio": party.bio}), Form())


@bp.post("/u/profile/verification")
@hat(Role.CREATOR)
def ask_verification() -> Any:
    actor = current_actor()
    me = cast(UUID, actor.party_id)
    claim = read_form(ClaimSchema())
    with claim.attempt():
        with transaction():
            accounts.ask_verification(find_party(me, lock=True), claim.data, by=actor)
        flash(_("资质已提交，运营审核后会通知您。"), "success")
        return redirect(url_for("creators.profile"), 303)
    party = find_party(me)
    form = Form(form_values(queries.profile(me)) | {"city": party.city, "bio": party.bio})
    return _profile_page(me, form, claim), claim.status


def _profile_page(me: UUID, form: Form, claim: Form) -> str:
    rows = [
        int(name.split(".")[1]) for name in form.values if name.startswith("works.") and form.values[name]
    ]
    return render_template(
        "creators/profile.html",
        form=form,
        claim=claim,
        mine=queries.profile(me),
        portrait=portraits.find(me, Whose.FANS, current_actor()),
        least=figures.portrait_least,
        works=range(min(max(rows, default=-1) + 3, 12)),
        party=find_party(me),
        kinds=[(each.value, say(name)) for each, name in KINDS.items()],
        categories=options(CATEGORIES),
        lengths=options(LENGTHS),
        formats=[("", _("形式")), *options(FORMATS)],
        levels=[(level, f"Lv.{level}") for level in range(MAX_LEVEL + 1)],
        tiers=[("", _("不填")), *options(CITY_TIERS)],
        audience=[
            (part, say(AUDIENCE_NAMES[part]), [(key, say(name)) for key, name in names.items()])
            for part, names in AUDIENCE.items()
        ],
    )
