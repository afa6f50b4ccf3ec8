"""HTML: putting one's own film on the shelf, taking it down, and a viewer's film beside a product."""

from typing import Any, cast
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for

from market.accounts.edge import actor_or_none, current_actor, require, signed_in
from market.kit.db import transaction
from market.kit.ids import encode
from market.kit.pages import Form, format_fen, read_form
from market.kit.words import _
from market.media.models import Asset
from market.publication import films, policy, posts
from market.publication.film_schemas import FilmFormSchema, FilmInSchema
from market.video import policy as video_policy
from market.video import queries as video
from market.video.kinds import KINDS, FilmKind, kind_name

bp = Blueprint("films", __name__)


@bp.app_context_processor
def publishing_words() -> dict[str, Any]:
    def may_publish(asset: Asset) -> bool:
        """Whether the reader sees a way from this file to the shelf."""
        actor = actor_or_none()
        if actor is None or not policy.may_publish(actor) or not actor.is_party(asset.owner_id):
            return False
        return any(asset.id == each.id for each in films.offered(asset.owner_id))

    return {"may_publish": may_publish}


@bp.route("/uploads/publication", methods=["GET", "POST"])
@signed_in
def publish() -> Any:
    """`?asset_id=` and `?product_ids=` choose beforehand."""
    actor = current_actor()
    require(policy.may_publish(actor))
    kind = cast(FilmKind, policy.kind_made_by(actor))
    form = Form({name: request.args.get(name, "") for name in ("asset_id", "product_ids")})
    if request.method == "POST":
        form = read_form(FilmInSchema() if kind is FilmKind.PRODUCT else FilmFormSchema())
        with form.attempt():
            with transaction():
                film = films.publish(form.data, by=actor)
            flash(_("已发布。"), "success")
            return redirect(url_for("publication.videos.watch", video_id=film.id), 303)
    me = cast(UUID, actor.party_id)
    offers = posts.offered(me) if kind is FilmKind.PRODUCT else []
    return render_template(
        "video/publish.html",
        form=form,
        kind=kind,
        kind_name=kind_name(kind),
        terms=KINDS[kind],
        files=[(encode("ast", each.id), _told(each)) for each in films.offered(me)],
        offers=[(encode("prd", p.id), f"{p.title} {format_fen(p.price_fen)}") for p in offers],
    ), form.status


def _told(asset: Asset) -> str:
    return _("%(name)s（%(s)s 秒）", name=asset.filename, s=round((asset.duration_ms or 0) / 1000, 1))


@bp.post("/v/<pid('vid'):video_id>/withdrawal")
@signed_in
def take_down(video_id: UUID) -> Any:
    actor = current_actor()
    with transaction():
        film = video.find(video_id, lock=True)
        require(video_policy.may_take_down(actor, film))
        films.take_down(film, by=actor)
    flash(_("已从所有页面下架。"), "success")
    return redirect("/discover", 303)


@bp.post("/v/<pid('vid'):video_id>/product-page")
@signed_in
def beside(video_id: UUID) -> Any:
    """The merchant shows a viewer's film on his product's page (`show` 1), or does not any more (0)."""
    actor = current_actor()
    with transaction():
        film = video.find(video_id, lock=True)
        require(policy.may_show_beside(actor, films.merchant_beside(film)))
        if request.form.get("show") == "1":
            films.show_beside(film, by=actor)
        else:
            films.hide_beside(film, by=actor)
    return redirect(f"/p/{encode('prd', film.product_ids[0])}#viewers", 303)
