"""The short way in for a batch of views: before the framework, so that taking thousands in a second slows no page.

Only a batch without fault is taken here. Whatever else comes to this address goes on to the application, which says in
full what is wrong with it; so there is one place that refuses (`routes.count_views`), and this one may be left out.
"""

import json
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import TYPE_CHECKING, Any

from market.audience import intake
from market.audience.buffer import Buffer
from market.audience.schemas import MOST_EVENTS
from market.kit.clock import now
from market.kit.errors import Refusal

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATH = "/api/v1/views"
MOST_BYTES = 8 * 1024
HEADERS = [("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-store")]


class Door:
    """Stands before a WSGI application."""

    def __init__(self, inside: "WSGIApplication", *, secret: str, into: Callable[[], Buffer]) -> None:
        self.inside, self.secret, self.into = inside, secret, into

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ["PATH_INFO"] == PATH and environ["REQUEST_METHOD"] == "POST" and self._takes(environ):
            start_response("204 NO CONTENT", HEADERS)
            return []
        return self.inside(environ, start_response)

    def _takes(self, environ: "WSGIEnvironment") -> bool:
        """Whether it was a good batch, and is in the buffer. If not, the body can be read again."""
        length = environ.get("CONTENT_LENGTH") or ""
        if environ.get("CONTENT_TYPE") != "application/json" or not length.isdigit():
            return False
        if not 0 < int(length) <= MOST_BYTES:
            return False
        body = environ["wsgi.input"].read(int(length))
        environ["wsgi.input"] = BytesIO(body)
        try:
            visit, events = _read(json.loads(body))
            intake.take(visit, events, at=now().timestamp(), secret=self.secret, into=self.into())
        except (ValueError, RecursionError, Refusal):
            return False
        return True


def _read(batch: Any) -> tuple[str, list[str]]:
    """Exactly what `ViewsSchema` lets through, or less. Raises ValueError."""
    if not isinstance(batch, dict) or batch.keys() != {"visit", "events"}:
        raise ValueError("another form")
    visit, events = batch["visit"], batch["events"]
    if not isinstance(visit, str) or not isinstance(events, list) or not 1 <= len(events) <= MOST_EVENTS:
        raise ValueError("another form")
    if not all(isinstance(event, str) for event in events):
        raise ValueError("another form")
    return visit, events
