"""The video shelf and the player."""

from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request

from market.accounts.edge import actor_or_none
from market.accounts.queries import parties
from market.accounts.vocabulary import CATEGORIES, category_name, options
from market.audience import queries as audience
from market.media.queries import assets
from market.publication import policy
from market.publication.cards import Card, homes, product_cards, video_cards
from market.publication.queries import of_entry
from market.shops import queries as shops
from market.video import queries as video

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
    page = video.shelf(limit=24, cursor=request.args.get("cursor"), category=category or None)
    template = "video/_cards.html" if request.headers.get("HX-Request") else "video/discover.html"
    return render_template(
        template,
        cards=video_cards(page.data),
        next_cursor=page.next_cursor,
        category=category,
        categories=options(CATEGORIES),
    )


@bp.get("/v/<pid('vid'):video_id>")
def watch(video_id: UUID) -> Any:
    shown = video.find(video_id)
    names = parties([shown.creator_id, shown.merchant_id])
    pages = homes(names)
    creator = names[shown.creator_id]
    publication = of_entry(shown.id)
    actor = actor_or_none()
    return render_template(
        "video/watch.html",
        video=shown,
        category=category_name(shown.category),
        asset=assets([shown.asset_id])[shown.asset_id],
        creator=creator,
        creator_href=pages.get(creator.id, ""),
        merchant=names.get(shown.merchant_id) if shown.merchant_id else None,
        merchant_href=pages.get(shown.merchant_id, "") if shown.merchant_id else "",
        products=product_cards(shops.shown(shown.product_ids)),
        more=video_cards(video.next_after(shown)),
        publication=publication if policy.may_withdraw(actor, publication) else None,
        reach=audience.reach(shown.id) if policy.may_see_reach(actor, shown) else None,
    )
