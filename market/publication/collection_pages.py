"""A store's collections: as everybody plays them, and where the merchant makes them."""

from typing import Any, cast
from uuid import UUID

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for

from market.accounts.actor import Role
from market.accounts.edge import current_actor, hat, require
from market.accounts.queries import find_party
from market.kit.db import db, transaction
from market.kit.errors import NotFound
from market.kit.ids import decode, encode
from market.kit.pages import Form, read_form
from market.kit.words import N_, _, say
from market.media.queries import assets
from market.playlists import policy, queries, service
from market.playlists.models import Collection, CollectionKind
from market.playlists.schemas import CollectionInSchema
from market.publication.cards import Card, homes, video_cards
from market.video import queries as video
from market.video.kinds import Place
from market.video.models import Video

bp = Blueprint("collections", __name__)

TITLES = {CollectionKind.ARRIVALS: N_("新品视频"), CollectionKind.HEADS: N_("主图视频")}
MOST_OFFERED = 60


def title_of(collection: Collection) -> str:
    """Its own, or the words for an automatic one."""
    return collection.title or say(TITLES[collection.kind])


def collection_cards(collections: Any, held: dict[UUID, list[Video]] | None = None) -> list[Card]:
    """Cards of those that show something: cover, title, how many films."""
    films = queries.films(collections) if held is None else held
    covers = {
        each.id: next((film for film in films[each.id] if film.id == each.cover_id), films[each.id][0])
        for each in collections
        if films[each.id]
    }
    posters = assets([film.asset_id for film in covers.values()])
    cards = []
    for each in collections:
        if each.id not in covers:
            continue
        poster = posters.get(covers[each.id].asset_id)
        cards.append(
            {
                "id": each.id,
                "href": f"/collections/{encode('col', each.id)}",
                "title": title_of(each),
                "poster": poster.poster_url if poster and poster.is_ready else "",
                "preview": poster.preview_url if poster and poster.is_ready else "",
                "films": len(films[each.id]),
            }
        )
    return cards


@bp.get("/collections/<pid('col'):collection_id>")
def play(collection_id: UUID) -> Any:
    """The whole list beside the player; `?film=` says which one plays, and after it comes the next."""
    collection = queries.find(collection_id)
    films = queries.films([collection])[collection.id]
    shop = find_party(collection.merchant_id)
    asked = request.args.get("film", "")
    at = next((n for n, film in enumerate(films) if encode("vid", film.id) == asked), 0)
    cards = video_cards(films)
    for card in cards:
        card["play_href"] = url_for(
            "publication.collections.play", collection_id=collection.id, film=encode("vid", card["id"])
        )
    return render_template(
        "playlists/play.html",
        collection=collection,
        title=title_of(collection),
        shop=shop,
        shop_href=homes({shop.id: shop}).get(shop.id, ""),
        cards=cards,
        at=at,
        film=films[at] if films else None,
        asset=assets([films[at].asset_id])[films[at].asset_id] if films else None,
    )


@bp.route("/m/collections", methods=["GET", "POST"])
@hat(Role.MERCHANT)
def index() -> Any:
    """All one's collections, and the place to begin one."""
    actor = current_actor()
    require(policy.may_collect(actor))
    form = Form()
    if request.method == "POST":
        form = read_form(CollectionInSchema())
        with form.attempt():
            with transaction():
                made = service.create(form.data["title"], by=actor)
            return redirect(url_for("publication.collections.edit", collection_id=made.id), 303)
    found = queries.of_merchant(cast(UUID, actor.party_id))
    held = queries.films(found)
    cards = {card["id"]: card for card in collection_cards(found, held)}
    rows = [(each, title_of(each), cards.get(each.id)) for each in found]
    return render_template("playlists/index.html", form=form, rows=rows), form.status


@bp.get("/m/collections/<pid('col'):collection_id>")
@hat(Role.MERCHANT)
def edit(collection_id: UUID) -> Any:
    return _edit_page(queries.find_own(collection_id, current_actor().party_id), Form())


def _edit_page(collection: Collection, form: Form) -> str:
    rows = queries.entries([collection.id])[collection.id]
    cards = {card["id"]: card for card in video_cards(video.videos(row.video_id for row in rows))}
    offered: list[Card] = []
    if not collection.is_automatic:
        own = video.on_shelf().where(Video.merchant_id == collection.merchant_id, video.at(Place.COLLECTION))
        newest = db.session.scalars(own.order_by(Video.id.desc()).limit(MOST_OFFERED)).all()
        held = {row.video_id for row in rows}
        offered = video_cards([film for film in newest if film.id not in held])
    link = url_for("publication.collections.play", collection_id=collection.id)
    return render_template(
        "playlists/edit.html",
        collection=collection,
        title=title_of(collection),
        form=form,
        rows=[(row, cards[row.video_id]) for row in rows if row.video_id in cards],
        offered=offered,
        link=current_app.config["SETTINGS"].public_url + link,
    )


@bp.post("/m/collections/<pid('col'):collection_id>")
@hat(Role.MERCHANT)
def change(collection_id: UUID) -> Any:
    """`do` says what: title, order (`video_ids` in their order), add, take_out, up, down, cover, pin, unpin, leave_out,
    put_back, remove."""
    actor = current_actor()
    do = request.form.get("do", "")
    form = Form()
    with transaction():
        collection = queries.find_own(collection_id, actor.party_id, lock=True)
        require(policy.may_change(actor, collection))
        if do == "title":
            form = read_form(CollectionInSchema(), _only(request.form, "title"))
            if not form.errors:
                service.change(collection, form.data)
        elif do == "order":
            service.change(
                collection, {"video_ids": [_film(text) for text in request.form.getlist("video_ids")]}
            )
        elif do == "remove":
            service.remove(collection)
        else:
            _do(do, collection, _film(request.form.get("video_id", "")))
    if form.errors:
        return _edit_page(collection, form), 422
    if do == "remove":
        flash(_("合集已删除。"), "success")
        return redirect(url_for("publication.collections.index"), 303)
    return redirect(url_for("publication.collections.edit", collection_id=collection_id), 303)


def _do(do: str, collection: Collection, film: UUID) -> None:
    if do == "add":
        service.add(collection, film)
    elif do == "take_out":
        service.take_out(collection, film)
    elif do in ("up", "down"):
        service.shift(collection, film, -1 if do == "up" else 1)
    elif do == "cover":
        service.change(collection, {"cover_id": film})
    elif do in ("pin", "unpin", "leave_out", "put_back"):
        service.mark(collection, film, pinned=do == "pin", left_out=do == "leave_out")
    else:
        raise NotFound


def _film(text: str) -> UUID:
    try:
        return decode("vid", text)
    except ValueError as wrong:
        raise NotFound from wrong


def _only(posted: Any, *names: str) -> Any:
    return type(posted)([(name, value) for name in names for value in posted.getlist(name)])
