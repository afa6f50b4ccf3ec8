"""The video shelf and the player."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for

from market.accounts.actor import Role
from market.accounts.edge import actor_or_none, current_actor, require, signed_in
from market.accounts.queries import parties
from market.accounts.vocabulary import CATEGORIES, category_name, options
from market.audience import queries as audience
from market.kit.db import transaction
from market.kit.words import _
from market.media.queries import assets
from market.publication import films as own_films
from market.publication import policy
from market.publication.cards import Card, homes, product_cards, video_cards
from market.publication.queries import of_entry
from market.shops import queries as shops
from market.standings import policy as standing_policy
from market.standings import queries as standings
from market.video import labels
from market.video import policy as video_policy
from market.video import queries as video
from market.video import service as films
from market.video.kinds import kind_name
from market.video.models import Video

bp = Blueprint("videos", __name__)


@bp.app_context_processor
def film_words() -> dict[str, Any]:
    def films_of(creator_id: UUID, limit: int = 6) -> list[Card]:
        """What a creator published last, as cards, on whatever page tells of them."""
        return video_cards(video.shelf(limit=limit, creator_id=creator_id).data)

    return {"films_of": films_of}


@bp.get("/discover")
def discover() -> Any:
    """A grid of covers on a desk, a feed that snaps from film to film on a phone."""
    category = request.args.get("category", "")
    category = category if category in CATEGORIES else ""
    label = labels.read(request.args.get("label", ""))
    cursor = request.args.get("cursor")
    page = video.shelf(limit=24, cursor=cursor, category=category or None, label=label)
    template = "video/_cards.html" if request.headers.get("HX-Request") else "video/discover.html"
    return render_template(
        template,
        cards=video_cards(page.data),
        next_cursor=page.next_cursor,
        category=category,
        categories=options(CATEGORIES),
        label=label.value if label else "",
        labels=labels.options(),
    )


@bp.get("/v/<pid('vid'):video_id>")
def watch(video_id: UUID) -> Any:
    shown = video.find(video_id)
    names = parties([shown.creator_id, shown.merchant_id])
    pages = homes(names)
    creator = names[shown.creator_id]
    publication = of_entry(shown.id)
    actor = actor_or_none()
    own = standing_policy.may_see(actor, shown)
    return render_template(
        "video/watch.html",
        video=shown,
        category=category_name(shown.category),
        asset=assets([shown.asset_id])[shown.asset_id],
        creator=creator,
        creator_href=pages.get(creator.id, ""),
        hire_href=pages.get(creator.id, "") if creator.role is Role.CREATOR else "",
        kind=kind_name(shown.kind),
        merchant=names.get(shown.merchant_id) if shown.is_paid and shown.merchant_id else None,
        merchant_href=pages.get(shown.merchant_id, "") if shown.merchant_id else "",
        may_take_down=video_policy.may_take_down(actor, shown),
        beside=policy.may_show_beside(actor, own_films.merchant_beside(shown)),
        products=product_cards(shops.shown(shown.product_ids)),
        more=video_cards(video.next_after(shown)),
        publication=publication if policy.may_withdraw(actor, publication) else None,
        label=labels.label_name(shown.label),
        standing=standings.standing(shown.id) if own else None,
        case=standings.case_of(shown.id) if own else None,
        labels=[("", _("不加标签")), *labels.options()] if _may_label(shown) else [],
        reach=audience.reach(shown.id) if policy.may_see_reach(actor, shown) else None,
    )


def _may_label(film: Video) -> bool:
    return video_policy.stands_at_heads(film) and video_policy.may_label(actor_or_none(), film)


@bp.post("/v/<pid('vid'):video_id>/label")
@signed_in
def choose_label(video_id: UUID) -> Any:
    actor = current_actor()
    with transaction():
        film = video.find(video_id, lock=True)
        require(video_policy.may_label(actor, film))
        films.label(film, labels.read(request.form.get("label", "")), by=actor)
    flash(_("标签已保存，商品主图上马上能看到。"), "success")
    return redirect(url_for("publication.videos.watch", video_id=video_id), 303)
