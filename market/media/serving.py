"""Sending a stored file: right type, byte ranges, and nothing a browser could run."""

from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from flask import Response, request
from werkzeug.datastructures import ContentRange

from market.media.errors import AssetNotFound
from market.media.models import Asset, Kind
from market.media.storage import storage

TYPES = {
    ".m3u8": "application/vnd.apple.mpegurl",
    ".m4s": "video/iso.segment",
    ".mp4": "video/mp4",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".vtt": "text/vtt",
}
YEAR = 365 * 24 * 3600


class Piece(Response):
    """A piece of film: never with a cookie, or a cache in between would hand one reader's session to the next."""

    def set_cookie(self, *args: Any, **kwargs: Any) -> None:
        pass


def send(asset: Asset, name: str, *, public: bool) -> Response:
    """The rendition `name` of a ready asset, or the part of it the request asks for. Raises AssetNotFound."""
    kind = TYPES.get(PurePosixPath(name).suffix)
    attached = asset.kind is Kind.FILE
    if ".." in PurePosixPath(name).parts or not (kind or attached):
        raise AssetNotFound
    key = asset.key(name)
    size = storage().size(key)
    if size is None:
        raise AssetNotFound
    response = Piece(mimetype=kind, headers=_headers(asset, name, public=public))
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
            response.content_range = ContentRange("bytes", None, None, size)
            return response
        start, stop = asked
        response.status_code = 206
        response.content_range = ContentRange("bytes", start, stop, size)
    response.content_length = stop - start
    if request.method != "HEAD":
        response.response = storage().read(key, start, stop)
    return response


def _headers(asset: Asset, name: str, *, public: bool) -> dict[str, str]:
    headers = {
        "Accept-Ranges": "bytes",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "cross-origin" if public else "same-origin",
        "Cache-Control": f"public, max-age={YEAR}, immutable" if public else "private, max-age=300",
    }
    if asset.kind is Kind.FILE:
        headers["Content-Type"] = "application/octet-stream"
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(asset.filename)}"
    return headers


def _same_version(response: Response) -> bool:
    """Whether `If-Range`, when sent, names what we have."""
    return not request.if_range.etag or request.if_range.etag == response.get_etag()[0]
