"""Storefronts and product pages, as everybody sees them."""

from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request

from market.accounts.actor import Role
from market.accounts.edge import actor_or_none
from market.accounts.queries import find_party, party_by_handle
from market.accounts.vocabulary import CATEGORIES, category_name, options
from market.feed import queries as feed
from market.kit.paging import page_of
from market.media.queries import assets
from market.playlists import queries as playlists
from market.publication import policy as publication_policy
from market.publication.cards import homes, post_cards, product_cards, video_cards
from market.publication.collection_pages import collection_cards
from market.shops import policy
from market.shops import queries as shops
from market.shops.models import Product
from market.video import labels
from market.video import queries as video
from market.video.kinds import FilmKind, kind_name

bp = Blueprint("windows", __name__)


@bp.get("/shops/<handle>")
def storefront(handle: str) -> Any:
    """A shop: its products, and what it last said."""
    shop = party_by_handle(handle, Role.MERCHANT)
    words, category = request.args.get("q", "")[:60], request.args.get("category", "")
    rows = shops.with_words(shops.on_shelf().where(Product.merchant_id == shop.id), words)
    if category in CATEGORIES:
        rows = rows.where(Product.category == category)
    label = labels.read(request.args.get("label", ""))
    if label:
        rows = rows.where(video.head_label(Product.id.expression) == label)
    page = page_of(rows, Product.id, limit=24, cursor=request.args.get("cursor"))
    first = not request.args.get("cursor") and not words and not category and not label
    return render_template(
        "shops/shop.html",
        shop=shop,
        products=product_cards(page.data),
        next_cursor=page.next_cursor,
        words=words,
        category=category,
        categories=options(CATEGORIES),
        label=label.value if label else "",
        labels=labels.options(),
        posts=post_cards(feed.newest(limit=3, author_id=shop.id).data) if first else [],
        collections=collection_cards(playlists.of_merchant(shop.id)) if first else [],
    )


@bp.get("/p/<pid('prd'):product_id>")
def product_page(product_id: UUID) -> Any:
    """A product, with its newest video at the head, the others below, and what viewers filmed."""
    actor = actor_or_none()
    product = shops.find_visible(product_id, actor)
    mine = actor is not None and policy.may_change(actor, product)
    films = video.of_product(product.id)
    shop = find_party(product.merchant_id)
    related = playlists.related(product.id, shop.id, product.category)
    near = collection_cards(
        [each.collection for each in related], {each.collection.id: each.films for each in related}
    )
    held = assets([*product.image_ids, *(film.asset_id for film in films)])
    return render_template(
        "shops/product_page.html",
        product=product,
        shop=shop,
        shop_href=homes({shop.id: shop})[shop.id],
        pictures=[held[key] for key in product.image_ids if key in held and held[key].is_ready],
        head=films[0] if films else None,
        head_kind=kind_name(films[0].kind) if films else "",
        head_label=labels.label_name(films[0].label) if films else "",
        head_asset=held.get(films[0].asset_id) if films else None,
        films=video_cards(films),
        viewers=video_cards(video.viewers_of(product.id, picked=True)),
        to_pick=video_cards(video.viewers_of(product.id, picked=False)) if mine else [],
        may_film=actor is not None and publication_policy.kind_made_by(actor) is FilmKind.UGC,
        collections=[(card, each.showing) for card, each in zip(near, related, strict=True)],
        category=category_name(product.category),
        mine=mine,
    )
