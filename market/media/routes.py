"""JSON: resumable uploads by the tus 1.0 protocol, and what became of them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, current_app, request, url_for

from market.accounts.edge import current_actor
from market.kit.api import ApiBlueprint, ProblemSchema
from market.kit.paging import Page, page_of
from market.kit.schemas import PageQuery, page_schema
from market.media import queries, shown, signing, tus
from market.media.config import MediaConfig, config
from market.media.models import Asset
from market.media.schemas import AssetSchema

bp = ApiBlueprint("media", __name__, description="Uploads (tus 1.0) and stored files")
bp.after_request(lambda response: tus.let_in(response) if "/uploads" in request.path else response)

VERSION = {
    "name": "Tus-Resumable", "in": "header", "required": True,
    "schema": {"type": "string", "enum": [tus.VERSION]}, "description": "the protocol's version",
}  # fmt: skip


@bp.url_value_preprocessor
def allow_large_bodies(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """A piece of a film may be as long as the film; it goes to disk as it comes."""
    if endpoint and endpoint.endswith(".append_upload"):
        request.max_content_length = config().max_bytes


def refuses(**statuses: str) -> Callable[[Any], Any]:
    """Document refusals of the protocol beyond the common ones: `s413="too large"`."""

    def decorate(view: Any) -> Any:
        for name, words in statuses.items():
            view = bp.alt_response(
                int(name[1:]),
                schema=ProblemSchema,
                content_type="application/problem+json",
                description=words,
            )(view)
        return view

    return decorate


def header(name: str, kind: str, words: str, *, required: bool = False, **more: Any) -> dict[str, Any]:
    schema = {"type": kind, **more}
    return {"name": name, "in": "header", "required": required, "schema": schema, "description": words}


LENGTH = header(
    "Upload-Length",
    "integer",
    "bytes of the whole file",
    required=True,
    minimum=1,
    maximum=MediaConfig.max_bytes,
)
PAIR = "[a-z_]+ ([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"
METADATA = header(
    "Upload-Metadata",
    "string",
    "`name base64` pairs, comma between: filename, filetype, kind (video, image, file; else after filetype), "
    "focus_x and focus_y (0..1, the centre of the square to keep), poster_ms",
    pattern=f"^{PAIR}(,{PAIR})*$",
)
OFFSET = header("Upload-Offset", "integer", "where these bytes begin", required=True, minimum=0)
CHECKSUM = header(
    "Upload-Checksum",
    "string",
    "`sha1` or `sha256`, a space, base64 of the digest of this body",
    pattern="^(sha1 [A-Za-z0-9+/]{27}=|sha256 [A-Za-z0-9+/]{43}=)$",
)


@bp.route("/uploads", methods=["OPTIONS"], provide_automatic_options=False)
@bp.doc(security=[])
@bp.response(204, description="Tus-Version, Tus-Extension, Tus-Max-Size, Tus-Checksum-Algorithm")
def describe_uploads() -> Response:
    """What the upload server can do."""
    return tus.options()


@bp.post("/uploads")
@bp.doc(parameters=[VERSION, LENGTH, METADATA])
@bp.response(201, description="`Location` takes the bytes, by PATCH")
@refuses(s412="another protocol version", s413="too large", s507="no room on the server")
def create_upload() -> Response:
    """Begin an upload."""
    return tus.create(current_actor(), lambda asset_id: url_for("api_media.append_upload", asset_id=asset_id))


@bp.route("/uploads/<pid('ast'):asset_id>", methods=["HEAD"])
@bp.doc(parameters=[VERSION])
@bp.response(200, description="`Upload-Offset` says how many bytes have arrived")
@refuses(s410="it has expired", s412="another protocol version")
def get_offset(asset_id: UUID) -> Response:
    """Where to go on after a dropped line."""
    return tus.head(current_actor(), asset_id)


@bp.patch("/uploads/<pid('ast'):asset_id>")
@bp.doc(
    parameters=[VERSION, OFFSET, CHECKSUM],
    requestBody={"required": True, "content": {tus.BODY: {"schema": {"type": "string", "format": "binary"}}}},
)
@bp.response(204, description="taken; `Upload-Offset` is where the next bytes begin")
@refuses(
    s410="it has expired",
    s412="another protocol version",
    s413="more bytes than were announced",
    s415="the body must be application/offset+octet-stream",
    s423="another request is writing to this upload",
    s460="the checksum does not fit; these bytes were dropped",
    s507="no room on the server",
)
def append_upload(asset_id: UUID) -> Response:
    """Send bytes. After the last one the file is checked and converted: GET /assets/{asset_id} tells how far it is."""
    return tus.append(current_actor(), asset_id)


@bp.delete("/uploads/<pid('ast'):asset_id>")
@bp.doc(parameters=[VERSION])
@bp.response(204, description="gone")
@refuses(s412="another protocol version", s423="another request is writing to this upload")
def cancel_upload(asset_id: UUID) -> Response:
    """Take back an unfinished upload."""
    return tus.cancel(current_actor(), asset_id)


@bp.get("/assets")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_schema(AssetSchema))
def list_assets(query: dict[str, Any]) -> Page[dict[str, Any]]:
    """One's own files, newest first."""
    page = page_of(queries.mine(current_actor()), Asset.id, **query)
    return Page([represent(each) for each in shown.show_all(page.data)], page.next_cursor)


@bp.get("/assets/<pid('ast'):asset_id>")
@bp.response(200, AssetSchema)
def get_asset(asset_id: UUID) -> dict[str, Any]:
    """One's own file, one shared with one's party, or a published one."""
    return represent(shown.show(queries.find(asset_id, current_actor())))


@bp.delete("/assets/<pid('ast'):asset_id>")
@bp.response(204, description="gone; its addresses end at once, its bytes within minutes")
@refuses(s423="another request is writing to this upload")
def delete_asset(asset_id: UUID) -> None:
    """Delete a file of one's own that nothing uses: no order, publication, product, bid or edit."""
    tus.remove(current_actor(), asset_id)


def represent(each: shown.Shown) -> dict[str, Any]:
    asset = each.asset
    columns = (
        "id",
        "kind",
        "filename",
        "size",
        "content_type",
        "sha256",
        "state",
        "duration_ms",
        "width",
        "height",
    )
    refusal = {"code": asset.refusal_code, "detail": each.refusal} if asset.refusal_code else None
    return {
        **{name: getattr(asset, name) for name in (*columns, "published_at", "created_at")},
        "progress": each.progress,
        "refusal": refusal,
        "checks": shown.findings(asset),
        "urls": shown.urls(asset, _plain if asset.published_at else _signed),
    }


def _plain(url: str) -> str:
    return url


def _signed(url: str) -> str:
    return signing.sign(url, current_app.config["SECRET_KEY"], config().signed_url_s)
