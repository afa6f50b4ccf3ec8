"""HTML: the uploads page, its progress fragments, tus by cookie, and the files themselves."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast
from uuid import UUID

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)

from market.accounts.edge import actor_or_none, current_actor, signed_in
from market.kit.errors import Forbidden, Refusal
from market.kit.paging import page_of
from market.kit.words import _, say
from market.media import policy, queries, serving, shown, signing, tus
from market.media.config import config
from market.media.errors import AssetNotFound
from market.media.models import Asset
from market.media.transcode import WHOLE

bp = Blueprint("media", __name__)
View = TypeVar("View", bound=Callable[..., Any])


@bp.url_value_preprocessor
def allow_large_bodies(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """A piece of a film may be as long as the film; it goes to disk as it comes."""
    if endpoint == "media.append":
        request.max_content_length = config().max_bytes


def protocol(view: View) -> View:
    """Answer a tus client in its own words: a refusal is a status and a sentence, never a page or a redirect."""

    @wraps(view)
    def spoken(*args: Any, **kwargs: Any) -> Response:
        try:
            response = cast(Response, view(*args, **kwargs))
        except Refusal as refusal:
            response = jsonify(title=say(refusal.title), detail=refusal.detail(), status=refusal.status)
            response.status_code = refusal.status
            response.mimetype = "application/problem+json"
            response.headers.update(refusal.headers)
        return tus.let_in(response)

    return cast(View, spoken)


@bp.route("/uploads/files", methods=["OPTIONS"], provide_automatic_options=False)
@protocol
def options() -> Response:
    return tus.options()


@bp.post("/uploads/files")
@protocol
def create() -> Response:
    return tus.create(current_actor(), lambda asset_id: url_for("media.append", asset_id=asset_id))


@bp.route("/uploads/files/<pid('ast'):asset_id>", methods=["HEAD"])
@protocol
def head(asset_id: UUID) -> Response:
    return tus.head(current_actor(), asset_id)


@bp.patch("/uploads/files/<pid('ast'):asset_id>")
@protocol
def append(asset_id: UUID) -> Response:
    return tus.append(current_actor(), asset_id)


@bp.delete("/uploads/files/<pid('ast'):asset_id>")
@protocol
def cancel(asset_id: UUID) -> Response:
    return tus.cancel(current_actor(), asset_id)


@bp.get("/uploads")
@signed_in
def index() -> str:
    """Everything this party has uploaded, and the place to add more."""
    actor = current_actor()
    page = page_of(queries.mine(actor), Asset.id, cursor=request.args.get("cursor"))
    return render_template(
        "media/index.html",
        files=shown.show_all(page.data),
        next_url=url_for("media.index", cursor=page.next_cursor) if page.next_cursor else "",
        may_upload=policy.may_upload(actor),
        limit=config().max_bytes,
    )


@bp.get("/uploads/<pid('ast'):asset_id>")
@signed_in
def one(asset_id: UUID) -> str:
    """One file: its progress, then the film itself."""
    actor = current_actor()
    asset = queries.find(asset_id, actor)
    return render_template(
        "media/one.html",
        shown=shown.show(asset),
        asset=asset,
        findings=shown.findings(asset),
        may_remove=policy.may_change(actor, asset),
    )


@bp.get("/uploads/<pid('ast'):asset_id>/progress")
def progress(asset_id: UUID) -> str:
    """The fragment that asks for itself every two seconds until the file is ready or refused."""
    return render_template("media/_asset.html", shown=shown.show(queries.find(asset_id, current_actor())))


@bp.post("/uploads/<pid('ast'):asset_id>/deletion")
@signed_in
def delete_file(asset_id: UUID) -> Any:
    tus.remove(current_actor(), asset_id)
    flash(_("文件已删除。"), "success")
    return redirect(url_for("media.index"), 303)


@bp.get("/media/<token>/<revision>/<path:name>")
def file(token: str, revision: str, name: str) -> Response:
    """A rendition, for everybody once it is published, before that for those who may see the asset."""
    asset = _ready(token, revision)
    actor = actor_or_none()
    if name == WHOLE and not (actor and actor.is_party(asset.owner_id)):
        raise AssetNotFound
    public = asset.published_at is not None and name != WHOLE
    if not public and not queries.may_see(asset, actor):
        raise AssetNotFound
    return serving.send(asset, name, public=public)


@bp.get("/media/s/<signature>/<int:expires>/<token>/<revision>/<path:name>")
def signed_file(signature: str, expires: int, token: str, revision: str, name: str) -> Response:
    """A rendition for whoever was handed the address, for the few minutes it holds; never what was cut away."""
    if name == WHOLE:
        raise AssetNotFound
    if not signing.is_valid(current_app.config["SECRET_KEY"], token, signature, expires):
        raise Forbidden
    return serving.send(_ready(token, revision), name, public=False, open_to_all=True)


def _ready(token: str, revision: str) -> Asset:
    asset = queries.by_token(token)
    if asset is None or not asset.is_ready or asset.revision != revision:
        raise AssetNotFound
    return asset
