"""The followers' feed, single posts, and writing one's own."""

from typing import Any, cast
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for

from market.accounts.edge import actor_or_none, current_actor, require, signed_in
from market.accounts.queries import find_party, parties
from market.audience import queries as audience
from market.feed import policy
from market.feed import queries as feed
from market.feed import service as posting
from market.feed.models import MOST_IMAGES, Post
from market.feed.schemas import PostInSchema
from market.kit.db import transaction
from market.kit.ids import decode, encode
from market.kit.pages import Form, format_fen, read_form, show
from market.kit.words import _
from market.media.queries import assets
from market.publication import policy as rights
from market.publication import posts
from market.publication.cards import homes, post_cards, product_cards
from market.publication.queries import of_entry
from market.publication.text import illustrated, paragraphs
from market.shops import queries as shops

bp = Blueprint("reading", __name__)


@bp.get("/feed")
def index() -> Any:
    """From whom one follows, or (`?from=all`, and for strangers) from everybody."""
    actor = actor_or_none()
    everybody = request.args.get("from") == "all" or actor is None or actor.party_id is None
    cursor = request.args.get("cursor")
    if everybody:
        page = feed.newest(cursor=cursor)
    else:
        page = feed.feed_of(cast(UUID, cast(Any, actor).party_id), cursor=cursor)
    return render_template(
        "feed/index.html",
        posts=post_cards(page.data),
        next_cursor=page.next_cursor,
        everybody=everybody,
        may_post=actor is not None and policy.may_post(actor),
    )


@bp.get("/posts/<pid('pst'):post_id>")
def read(post_id: UUID) -> Any:
    actor = actor_or_none()
    post = feed.find(post_id)
    names = parties([post.author_id, post.merchant_id])
    pages = homes(names)
    author = names[post.author_id]
    held = assets(post.image_ids)
    pictures = [held[key] for key in post.image_ids if key in held and held[key].is_ready]
    publication = of_entry(post.id)
    return render_template(
        "feed/post.html",
        post=post,
        blocks=illustrated(paragraphs(post.body), pictures[1:]),
        author=author,
        author_href=pages.get(author.id, ""),
        merchant=names.get(post.merchant_id) if post.merchant_id else None,
        merchant_href=pages.get(post.merchant_id, "") if post.merchant_id else "",
        lead=pictures[0] if pictures else None,
        products=product_cards(shops.shown(post.product_ids)),
        mine=actor is not None and policy.may_withdraw(actor, post),
        publication=publication if rights.may_withdraw(actor, publication) else None,
        reach=audience.reach(post.id) if rights.may_see_reach(actor, post) else None,
    )


@bp.route("/posts/new", methods=["GET", "POST"])
@signed_in
def write() -> Any:
    actor = current_actor()
    require(policy.may_post(actor))
    form = Form()
    if request.method == "POST":
        form = read_form(PostInSchema())
        with form.attempt():
            with transaction():
                post = posts.write(form.data, by=actor)
            flash(_("已发布，关注您的人现在就能看到。"), "success")
            return redirect(url_for("publication.reading.read", post_id=post.id), 303)
    return _form_page(form, None), form.status


@bp.route("/posts/<pid('pst'):post_id>/edit", methods=["GET", "POST"])
@signed_in
def edit(post_id: UUID) -> Any:
    actor = current_actor()
    post = feed.find_own(post_id, actor.party_id)
    require(policy.may_change(actor, post))
    form = show(PostInSchema(), post)
    if request.method == "POST":
        form = read_form(PostInSchema())
        with form.attempt():
            with transaction():
                posts.change(feed.find_own(post_id, actor.party_id, lock=True), form.data, by=actor)
            return redirect(url_for("publication.reading.read", post_id=post_id), 303)
    return _form_page(form, post), form.status


@bp.post("/posts/<pid('pst'):post_id>/withdrawal")
@signed_in
def withdraw(post_id: UUID) -> Any:
    actor = current_actor()
    with transaction():
        post = feed.find_own(post_id, actor.party_id, lock=True)
        require(policy.may_withdraw(actor, post))
        posting.withdraw(post.id, by=actor)
    return redirect(url_for("publication.reading.index"), 303)


def _form_page(form: Form, post: Post | None) -> str:
    me = cast(UUID, current_actor().party_id)
    chosen = [decode("ast", text) for text in form.values.get("image_ids") or [] if text.startswith("ast_")]
    return render_template(
        "feed/write.html",
        form=form,
        post=post,
        chosen=chosen,
        pictures=assets(chosen),
        most=MOST_IMAGES,
        offers=[(encode("prd", p.id), f"{p.title} {format_fen(p.price_fen)}") for p in posts.offered(me)],
        author=find_party(me),
    )
