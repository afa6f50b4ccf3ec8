"""Sending a stored file: right type, byte ranges, and nothing a browser could run."""

from http import HTTPStatus
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from flask import Response, request
from werkzeug.datastructures import ContentRange

from market.media.config import config
from market.media.errors import AssetNotFound
from market.media.models import Asset, Kind
from market.media.storage import TYPES, YEAR, storage

LISTS = (".m3u8", ".vtt")
"""They name other files beside them, so they are sent from here also when those lie elsewhere."""
SHORTEST_S = 60
"""How long before its end a signed address is not handed out of a cache any more."""


class Piece(Response):
    """A piece of film: never with a cookie, or a cache in between would hand one reader's session to the next."""

    def set_cookie(self, *args: Any, **kwargs: Any) -> None:
        pass


def send(asset: Asset, name: str, *, public: bool, open_to_all: bool = False) -> Response:
    """The rendition `name` of a ready asset, or the part of it the request asks for. Raises AssetNotFound.

    `public`: every cache may keep it. `open_to_all`: the address itself is the permission, so scripts of other sites
    may read it too.
    """
    suffix = PurePosixPath(name).suffix
    kind = TYPES.get(suffix)
    attached = asset.kind is Kind.FILE
    if ".." in PurePosixPath(name).parts or not (kind or attached):
        raise AssetNotFound
    key = asset.key(name)
    size = storage().size(key)
    if size is None:
        raise AssetNotFound
    headers = _headers(asset, public=public, open_to_all=open_to_all or public)
    if request.method == "GET" and suffix not in LISTS and not (public and config().public_url):
        there = _elsewhere(asset, key, headers | {"Content-Type": headers.get("Content-Type", kind or "")})
        if there:
            return there
    response = Piece(mimetype=kind, headers=headers)
    if config().accel and storage().path(key):
        # nginx answers in our place: with the part that was asked for, 304 or 416, from its own reading.
        response.headers["X-Accel-Redirect"] = config().accel.rstrip("/") + "/" + quote(key)
        return response
    response.set_etag(f"{asset.token}-{asset.revision}-{name.replace('/', '-')}")
    if request.if_none_match.contains(response.get_etag()[0] or ""):
        response.status_code = 304
        return response
    start, stop = 0, size
    if (
        request.range
        and request.range.units == "bytes"
        and len(request.range.ranges) == 1
        and _same_version(response)
    ):
        asked = request.range.range_for_length(size)
        if asked is None:
            response.status_code = 416
            response.headers["Cache-Control"] = "no-store"
            response.content_range = ContentRange("bytes", None, None, size)
            return response
        start, stop = asked
        response.status_code = 206
        response.content_range = ContentRange("bytes", start, stop, size)
    response.content_length = stop - start
    if request.method != "HEAD":
        response.response = storage().read(key, start, stop)
    return response


def _elsewhere(asset: Asset, key: str, headers: dict[str, str]) -> Response | None:
    """The way to where the file lies, by an address signed for some minutes."""
    seconds = config().signed_url_s
    said = {"ContentType": headers["Content-Type"], "CacheControl": headers["Cache-Control"]}
    if "Content-Disposition" in headers:
        said["ContentDisposition"] = headers["Content-Disposition"]
    address = storage().link(key, seconds, **said)
    if address is None:
        return None
    response = Piece(status=HTTPStatus.FOUND, headers=headers)
    response.headers["Location"] = address
    response.headers["Cache-Control"] = f"private, max-age={max(0, seconds - SHORTEST_S)}"
    return response


def _headers(asset: Asset, *, public: bool, open_to_all: bool) -> dict[str, str]:
    headers = {
        "Accept-Ranges": "bytes",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "cross-origin" if open_to_all else "same-origin",
        "Cache-Control": f"public, max-age={YEAR}, immutable" if public else "private, max-age=300",
    }
    if open_to_all:
        # Players read films by scripts: with a CDN, or on somebody's own page. Never with cookies.
        headers["Access-Control-Allow-Origin"] = "*"
        headers["Access-Control-Expose-Headers"] = "Accept-Ranges, Content-Length, Content-Range, ETag"
    if asset.kind is Kind.FILE:
        headers["Content-Type"] = "application/octet-stream"
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(asset.filename)}"
    return headers


def _same_version(response: Response) -> bool:
    """Whether `If-Range`, when sent, names what we have."""
    return not request.if_range.etag or request.if_range.etag == response.get_etag()[0]
