"""The product as it is served, and in a header the processor time that each answer took on its thread."""

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from wsgi import app as product

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

HEADER = "X-Thread-Us"


def app(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    said: list[Any] = []

    def note(status: str, headers: list[tuple[str, str]], failure: Any = None) -> Callable[[bytes], object]:
        said[:] = [status, headers]
        return _no_writing

    begin = time.thread_time_ns()
    parts = product(environ, note)
    try:
        body = b"".join(parts)
    finally:
        getattr(parts, "close", lambda: None)()
    took = time.thread_time_ns() - begin
    start_response(said[0], [*said[1], (HEADER, str(took // 1000))])
    return [body]


def _no_writing(_data: bytes) -> object:
    raise NotImplementedError("nothing of the product writes past its answer")
