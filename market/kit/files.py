"""Files that are the same for everybody: our own static ones and the front-end libraries, compressed once."""

import gzip
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

from flask import Response, request, send_from_directory

WORTH_IT = 1024
"""Bytes from which a text is compressed."""
TEXTS = ("text/", "application/javascript", "application/json", "image/svg+xml")


def send(folder: Path, name: str, *, max_age: timedelta) -> Response:
    """The file `name` under `folder`, gzipped for who takes it, with an ETag of its own. Raises NotFound."""
    response = send_from_directory(folder, name, max_age=int(max_age.total_seconds()), conditional=False)
    response.vary.add("Accept-Encoding")
    long_text = (response.mimetype or "").startswith(TEXTS) and (response.content_length or 0) >= WORTH_IT
    if long_text and request.accept_encodings.quality("gzip"):
        response.close()
        file = folder / name
        response.direct_passthrough = False
        response.set_data(packed(file, file.stat().st_mtime_ns))
        response.content_encoding = "gzip"
        response.set_etag(f"{response.get_etag()[0]}-gzip")
        response.make_conditional(request)
    else:
        response.make_conditional(request, accept_ranges=True, complete_length=response.content_length)
    return response


@lru_cache(maxsize=64)
def packed(file: Path, changed_ns: int) -> bytes:
    """The file's content as it is since `changed_ns`, gzipped as well as gzip can."""
    return gzip.compress(file.read_bytes(), 9, mtime=0)
