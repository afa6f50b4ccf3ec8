"""The tus 1.0 protocol over the upload service: the same for pages (cookie) and the API (key).

Core, creation, checksum, termination, expiration. Every function takes the actor and answers with a response;
the blueprints only say who is asking and where an upload is found.
"""

import base64
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import BinaryIO
from uuid import UUID

from flask import Response, request
from werkzeug.http import http_date

from market.accounts.actor import Actor
from market.kit.clock import now
from market.kit.db import db, transaction
from market.media import incoming, policy, queries, service
from market.media.config import config
from market.media.errors import (
    BadUpload,
    MayNotUpload,
    OffsetMismatch,
    UploadBusy,
    UploadGone,
    UploadOver,
    WrongBodyType,
    WrongTusVersion,
)
from market.media.incoming import Checksum
from market.media.models import Asset, AssetState, Kind
from market.media.storage import storage

VERSION = "1.0.0"
EXTENSIONS = "creation,expiration,checksum,termination"
BODY = "application/offset+octet-stream"


def let_in(response: Response) -> Response:
    """Say on every answer, refusals too, which protocol this is."""
    response.headers["Tus-Resumable"] = VERSION
    return response


def options() -> Response:
    """What the server can do; asked before anything else and therefore without a version."""
    return Response(
        status=HTTPStatus.NO_CONTENT,
        headers={
            "Tus-Version": VERSION,
            "Tus-Extension": EXTENSIONS,
            "Tus-Checksum-Algorithm": ",".join(incoming.ALGORITHMS),
            "Tus-Max-Size": str(config().max_bytes),
        },
    )


def create(actor: Actor, location: Callable[[UUID], str]) -> Response:
    """Creation: `Upload-Length` and `Upload-Metadata` (filename, filetype, kind, focus_x, focus_y, poster_ms)."""
    _require_version()
    if "Upload-Defer-Length" in request.headers:
        raise BadUpload(why="Upload-Defer-Length")
    size = _number("Upload-Length")
    said = metadata(request.headers.get("Upload-Metadata", ""))
    with transaction():
        asset = service.begin(
            filename=clean_name(said.get("filename", "")),
            size=size,
            kind=_kind(said),
            by=actor,
            content_type=said.get("filetype", "")[:100],
            options=_choices(said),
        )
    return Response(
        status=HTTPStatus.CREATED,
        headers={"Location": location(asset.id), "Upload-Offset": "0", **_expires(asset)},
    )


def head(actor: Actor, asset_id: UUID) -> Response:
    """How much has arrived. Also finishes an upload whose last request was cut off after its last byte."""
    _require_version()
    asset = queries.own(asset_id, actor)
    offset = asset.size
    if asset.state is AssetState.UPLOADING:
        arrived = _arrived(asset)
        db.session.close()
        if arrived == asset.size:
            _finish(asset, actor)
        offset = arrived
    return Response(
        status=HTTPStatus.OK,
        headers={
            "Upload-Offset": str(offset),
            "Upload-Length": str(asset.size),
            "Cache-Control": "no-store",
            **_expires(asset),
        },
    )


def append(actor: Actor, asset_id: UUID) -> Response:
    """The next bytes. What arrives is on disk at once; a line that drops keeps it."""
    _require_version()
    asset = queries.own(asset_id, actor)
    if request.mimetype != BODY:
        raise WrongBodyType
    at = _number("Upload-Offset")
    proof = request.headers.get("Upload-Checksum")
    checksum = Checksum.parse(proof) if proof else None
    if asset.state is not AssetState.UPLOADING:
        if at == asset.size and not request.content_length:
            return _written(asset, at)
        raise OffsetMismatch(offset=asset.size)
    _arrived(asset)
    # A slow body may take hours: it must not hold a database connection.
    db.session.close()
    with _opened(asset) as file:
        offset = incoming.append(file, request.stream, at=at, size=asset.size, checksum=checksum)
        if offset == asset.size:
            _seal(asset, actor)
    return _written(asset, offset)


def cancel(actor: Actor, asset_id: UUID) -> Response:
    """Termination: the bytes and the row go; what is complete stays."""
    _require_version()
    asset = queries.own(asset_id, actor)
    if asset.state is not AssetState.UPLOADING:
        raise UploadOver
    with incoming.locked(asset.token):
        with transaction():
            service.cancel(asset_id, by=actor)
        incoming.forget(asset.token)
    return Response(status=HTTPStatus.NO_CONTENT)


def remove(actor: Actor, asset_id: UUID) -> None:
    """Delete a file of one's own, whatever has become of it; an unfinished upload is taken back."""
    asset = queries.own(asset_id, actor)
    if not policy.may_change(actor, asset):
        raise MayNotUpload
    if asset.state is not AssetState.UPLOADING:
        with transaction():
            service.remove(asset_id, by=actor)
        return
    # Another machine may hold the bytes, or nobody any more: then only the row is left to go.
    with suppress(FileNotFoundError), incoming.locked(asset.token):
        with transaction():
            service.remove(asset_id, by=actor)
        incoming.forget(asset.token)
        return
    with transaction():
        service.remove(asset_id, by=actor)


@contextmanager
def _opened(asset: Asset) -> Iterator[BinaryIO]:
    try:
        with incoming.locked(asset.token) as file:
            yield file
    except FileNotFoundError as gone:
        raise UploadGone from gone


def _arrived(asset: Asset) -> int:
    """Bytes here so far. Raises UploadGone when the time is over or the bytes are not on this machine."""
    if asset.expires_at and asset.expires_at < now():
        raise UploadGone
    arrived = incoming.offset(asset.token)
    if arrived is None:
        # Sealed, then killed before the row said so.
        arrived = storage().size(asset.original_key)
    if arrived is None:
        raise UploadGone
    return arrived


def _finish(asset: Asset, actor: Actor) -> None:
    """Seal what is whole. Somebody else at it is fine: they will finish."""
    if incoming.offset(asset.token) is None:
        _seal(asset, actor)
        return
    with suppress(UploadBusy, UploadGone), _opened(asset):
        _seal(asset, actor)


def _seal(asset: Asset, actor: Actor) -> None:
    """Outside any transaction: hashing and storing two gigabytes takes its time."""
    sha256 = service.seal(asset)
    with transaction():
        service.complete(asset.id, sha256, by=actor)


def _written(asset: Asset, offset: int) -> Response:
    return Response(status=HTTPStatus.NO_CONTENT, headers={"Upload-Offset": str(offset), **_expires(asset)})


def _expires(asset: Asset) -> dict[str, str]:
    return {"Upload-Expires": http_date(asset.expires_at)} if asset.expires_at else {}


def _require_version() -> None:
    said = request.headers.get("Tus-Resumable", "")
    if not re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", said):
        raise BadUpload(why="Tus-Resumable")
    if said != VERSION:
        raise WrongTusVersion


def _number(name: str) -> int:
    value = request.headers.get(name, "")
    if not re.fullmatch(r"[0-9]{1,18}", value):
        raise BadUpload(why=name)
    return int(value)


def metadata(header: str) -> dict[str, str]:
    """`name base64,name base64` as a dict. Raises BadUpload."""
    said = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        name, _, encoded = pair.partition(" ")
        try:
            said[name] = base64.b64decode(encoded, validate=True).decode(errors="replace")
        except ValueError as wrong:
            raise BadUpload(why="Upload-Metadata") from wrong
    return said


def clean_name(name: str) -> str:
    """The last part of a path, without control characters; it is shown and offered for saving, never opened."""
    last = re.split(r"[\\/]", name)[-1]
    return re.sub(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]", "", last).strip()[:200] or "file"


def _kind(said: dict[str, str]) -> Kind:
    """What the client says it sends; the bytes are checked against it later."""
    if "kind" not in said:
        kinds = {"": Kind.VIDEO, "video": Kind.VIDEO, "image": Kind.IMAGE}
        return kinds.get(said.get("filetype", "").partition("/")[0], Kind.FILE)
    try:
        return Kind(said["kind"])
    except ValueError as wrong:
        raise BadUpload(why="Upload-Metadata kind") from wrong


def _choices(said: dict[str, str]) -> dict[str, float]:
    """The part of the picture to keep, and the second for the poster."""
    chosen = {}
    for name, most in (("focus_x", 1.0), ("focus_y", 1.0), ("poster_ms", 3_600_000.0)):
        if name in said:
            try:
                value = float(said[name])
            except ValueError as wrong:
                raise BadUpload(why=f"Upload-Metadata {name}") from wrong
            if not 0 <= value <= most:
                raise BadUpload(why=f"Upload-Metadata {name}")
            chosen[name] = value
    return chosen
