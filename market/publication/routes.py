"""JSON: publications, and one's own posts."""

from typing import Any
from uuid import UUID

from market.accounts.edge import current_actor, require
from market.audience import queries as audience
from market.audience.schemas import ReachSchema
from market.feed import policy as feed_policy
from market.feed import queries as feed
from market.feed import service as posting
from market.feed.models import Post
from market.feed.schemas import PostChangeSchema, PostInSchema, PostSchema
from market.kit.api import OPEN_TO_ALL, ApiBlueprint, require_match
from market.kit.db import transaction
from market.kit.ids import encode
from market.kit.paging import Page, page_of
from market.kit.schemas import PageQuery, page_schema
from market.publication import films, policy, posts, queries, service
from market.publication.film_schemas import FilmInSchema
from market.publication.models import Publication, Shelf
from market.publication.schemas import PublicationSchema, WindowQuery
from market.shops import queries as shops
from market.shops.models import Product
from market.shops.schemas import ProductSchema
from market.video import policy as video_policy
from market.video import queries as video
from market.video.models import Video
from market.video.schemas import PublishedVideoSchema

bp = ApiBlueprint("publication", __name__, description="Accepted work on its shelf; one's own posts")
PREFIXES = {Shelf.FEED: "pst", Shelf.VIDEO: "vid", Shelf.LIVE: "liv"}


@bp.get("/publications")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_schema(PublicationSchema))
def list_publications(query: dict[str, Any]) -> Page[dict[str, Any]]:
    """The published work of one's orders, newest first."""
    page = page_of(queries.visible_to(current_actor()), Publication.id, **query)
    return Page([_told(each) for each in page.data], page.next_cursor)


@bp.get("/publications/<pid('pub'):publication_id>")
@bp.response(200, PublicationSchema)
def get_publication(publication_id: UUID) -> dict[str, Any]:
    return _told(queries.find_visible(publication_id, current_actor()))


@bp.post("/publications/<pid('pub'):publication_id>/withdrawal")
@bp.response(200, PublicationSchema)
def withdraw_publication(publication_id: UUID) -> dict[str, Any]:
    """Take it off every page; for the merchant who holds the rights."""
    actor = current_actor()
    with transaction():
        publication = queries.find_visible(publication_id, actor, lock=True)
        if publication.is_up:
            require(policy.may_withdraw(actor, publication))
            service.withdraw(publication, reason="asked", by=actor)
    return _told(publication)


@bp.post("/posts")
@bp.arguments(PostInSchema)
@bp.response(201, PostSchema)
def create_post(data: dict[str, Any]) -> Post:
    """Say something to one's followers."""
    actor = current_actor()
    require(feed_policy.may_post(actor))
    with transaction():
        return posts.write(data, by=actor)


@bp.patch("/posts/<pid('pst'):post_id>")
@bp.arguments(PostChangeSchema)
@bp.response(200, PostSchema)
def change_post(data: dict[str, Any], post_id: UUID) -> Post:
    """Needs If-Match. Work accepted under an order cannot be changed."""
    actor = current_actor()
    with transaction():
        post = feed.find_own(post_id, actor.party_id, lock=True)
        require(feed_policy.may_change(actor, post))
        require_match(PostSchema().dump(post))
        posts.change(post, data, by=actor)
    return post


@bp.delete("/posts/<pid('pst'):post_id>")
@bp.response(204)
def delete_post(post_id: UUID) -> None:
    """Withdraw one's own post from every feed."""
    actor = current_actor()
    with transaction():
        post = feed.find_own(post_id, actor.party_id, lock=True)
        require(feed_policy.may_withdraw(actor, post))
        posting.withdraw(post.id, by=actor)


@bp.post("/videos")
@bp.arguments(FilmInSchema)
@bp.response(201, PublishedVideoSchema)
def create_video(data: dict[str, Any]) -> Video:
    """Put a film of one's own on the shelf: of a merchant a product film, of a creator a viewer's film (ugc).

    Paid work (content) is published by its order and refused here."""
    actor = current_actor()
    require(policy.may_publish(actor))
    with transaction():
        return films.publish(data, by=actor)


@bp.delete("/videos/<pid('vid'):video_id>")
@bp.response(204)
def delete_video(video_id: UUID) -> None:
    """Take one's own film off every page, for good. Work of an order leaves by its publication."""
    actor = current_actor()
    with transaction():
        film = video.find(video_id, lock=True)
        require(video_policy.may_take_down(actor, film))
        films.take_down(film, by=actor)


@bp.put("/videos/<pid('vid'):video_id>/product-page")
@bp.response(200, PublishedVideoSchema)
def show_on_product_page(video_id: UUID) -> Video:
    """Show a viewer's film beside the product; for its merchant, with the author's consent (`author_agrees`)."""
    actor = current_actor()
    with transaction():
        film = video.find(video_id, lock=True)
        require(policy.may_show_beside(actor, films.merchant_beside(film)))
        films.show_beside(film, by=actor)
    return film


@bp.delete("/videos/<pid('vid'):video_id>/product-page")
@bp.response(200, PublishedVideoSchema)
def hide_from_product_page(video_id: UUID) -> Video:
    """No longer beside the product; the film stays its author's and on his page."""
    actor = current_actor()
    with transaction():
        film = video.find(video_id, lock=True)
        require(policy.may_show_beside(actor, films.merchant_beside(film)))
        films.hide_beside(film, by=actor)
    return film


@bp.get("/videos/<pid('vid'):video_id>/reach")
@bp.response(200, ReachSchema)
def get_video_reach(video_id: UUID) -> dict[str, Any]:
    """How often a film was seen; for its creator and its merchant."""
    entry = video.find(video_id)
    require(policy.may_see_reach(current_actor(), entry))
    return _numbers(entry.id)


@bp.get("/posts/<pid('pst'):post_id>/reach")
@bp.response(200, ReachSchema)
def get_post_reach(post_id: UUID) -> dict[str, Any]:
    """How often a post was seen; for its author and its merchant."""
    entry = feed.find(post_id)
    require(policy.may_see_reach(current_actor(), entry))
    return _numbers(entry.id)


@bp.get("/shops/<pid('pty'):merchant_id>/products")
@bp.doc(security=OPEN_TO_ALL)
@bp.arguments(WindowQuery, location="query")
@bp.response(200, page_schema(ProductSchema))
def list_shop_products(query: dict[str, Any], merchant_id: UUID) -> Page[Product]:
    """What a shop shows, newest first; with `label`, only where the film at the product's head carries it."""
    rows, label = shops.on_shelf().where(Product.merchant_id == merchant_id), query.pop("label")
    if label:
        rows = rows.where(video.head_label(Product.id.expression) == label)
    return page_of(rows, Product.id, **query)


def _numbers(entry_id: UUID) -> dict[str, Any]:
    found = audience.reach(entry_id)
    return {
        "total": found.total,
        "surfaces": [{"surface": surface, **vars(numbers)} for surface, numbers in found.surfaces],
        "days": [{"day": day, **vars(numbers)} for day, numbers in found.days],
        "gaps": found.gaps,
    }


def _told(publication: Publication) -> dict[str, Any]:
    columns = {name: getattr(publication, name) for name in PublicationSchema().fields}
    return columns | {"entry_id": encode(PREFIXES[publication.shelf], publication.entry_id)}
