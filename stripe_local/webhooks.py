"""Delivery of events: signed like Stripe's, at least once, from rows that survive a restart.

An endpoint that cannot be reached pauses all its deliveries for a while instead of being tried row by row; one that
answers badly is tried again with a growing pause for three days.
"""

import hashlib
import hmac
import http.client
import json
import logging
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from stripe_local.errors import Json
from stripe_local.events import environment_endpoints
from stripe_local.settings import DAY, Settings
from stripe_local.store import Store, dump
from stripe_local.world import wall_clock

log = logging.getLogger("stripe_local.webhooks")
_THREADS = 4
_TIMEOUT_S = 10
_GIVE_UP_S = 3 * DAY
_LONGEST_PAUSE_S = 5.0


def signature(secret: str, body: str, timestamp: int) -> str:
    """The `Stripe-Signature` header."""
    digest = hmac.new(secret.encode(), f"{timestamp}.{body}".encode(), hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


def pause_s(attempts: int) -> float:
    """0.25 s, doubling up to 5 s; half a minute once it has failed thirty times."""
    return min(0.25 * float(2 ** min(attempts, 10)), _LONGEST_PAUSE_S) if attempts < 30 else 30.0


@dataclass(frozen=True)
class _Work:
    delivery: int
    attempts: int
    event: Json
    endpoint: Json
    queued: float
    due: float


class Sender:
    """A few threads that take due deliveries in order of their time."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._due = threading.Condition()
        self._busy: set[int] = set()
        self._down: dict[str, tuple[float, int]] = {}
        self._stopping = False
        self._threads = [
            threading.Thread(target=self._run, name=f"webhooks-{i}", daemon=True) for i in range(_THREADS)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def wake(self, deliveries: int = 1) -> None:
        with self._due:
            self._due.notify(deliveries)

    def stop(self) -> None:
        with self._due:
            self._stopping = True
            self._due.notify_all()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=_TIMEOUT_S + 1)

    def _run(self) -> None:
        while not self._stopping:
            try:
                work, wait = self._take()
                if work is not None:
                    self._deliver(work)
                    continue
            except Exception:
                log.exception("webhook sender")
                wait = 1.0
            with self._due:
                if not self._stopping:
                    self._due.wait(max(0.01, wait))

    def _take(self) -> tuple[_Work | None, float]:
        """The next delivery that may go out now, or how long to sleep."""
        with self._store.transaction():
            now = wall_clock()
            paused = {endpoint: until for endpoint, (until, _) in self._down.items() if until > now}
            wait = min([1.0, *(until - now for until in paused.values())])
            found = self._store.row(
                "SELECT id, event, endpoint, due, attempts, queued FROM deliveries WHERE state = 'waiting'"
                f" AND id NOT IN ({_marks(self._busy)}) AND endpoint NOT IN ({_marks(paused)})"
                " ORDER BY due, id LIMIT 1",
                *self._busy,
                *paused,
            )
            if found is None:
                return None, wait
            id, event_id, endpoint_id, due, attempts, queued = found
            if due > now:
                return None, min(wait, due - now)
            endpoint = self._endpoint(endpoint_id)
            event = self._store.row("SELECT body FROM objects WHERE id = ?", event_id)
            if endpoint is None or event is None:
                self._store.db.execute("UPDATE deliveries SET state = 'gone' WHERE id = ?", (id,))
                return None, 0
            self._busy.add(id)
            return _Work(id, attempts, json.loads(event[0]), endpoint, queued, due), 0

    def _endpoint(self, id: str) -> Json | None:
        for endpoint in environment_endpoints(self._settings):
            if endpoint["id"] == id:
                return endpoint
        found = self._store.row("SELECT body FROM objects WHERE id = ? AND kind = 'webhook_endpoint'", id)
        body: Json | None = json.loads(found[0]) if found else None
        return body

    def _deliver(self, work: _Work) -> None:
        try:
            status, answer = _post(work)
            reached = True
        except (OSError, http.client.HTTPException) as error:
            status, answer, reached = 0, f"{type(error).__name__}: {error}", False
        try:
            self._record(work, status, answer, reached)
        finally:
            with self._store.lock:
                self._busy.discard(work.delivery)

    def _record(self, work: _Work, status: int, answer: str, reached: bool) -> None:
        ok = 200 <= status < 300
        with self._store.transaction():
            state, due = "delivered", work.due
            if ok:
                self._confirm(work.event["id"])
            else:
                state = "failed" if wall_clock() - work.queued > _GIVE_UP_S else "waiting"
                due = wall_clock() + pause_s(work.attempts) if reached else work.due
            self._store.db.execute(
                "UPDATE deliveries SET state = ?, due = ?, attempts = attempts + ?, answer = ? WHERE id = ?",
                (state, due, reached, f"{status} {answer}"[:500], work.delivery),
            )
            self._pause(work.endpoint["id"], reached)

    def _pause(self, endpoint: str, reached: bool) -> None:
        if reached:
            self._down.pop(endpoint, None)
            return
        until, failures = self._down.get(endpoint, (0.0, 0))
        if until <= wall_clock():
            self._down[endpoint] = (wall_clock() + pause_s(min(failures, 5)), failures + 1)

    def _confirm(self, event_id: str) -> None:
        found = self._store.row("SELECT body FROM objects WHERE id = ?", event_id)
        if found is None:
            return
        event: Json = json.loads(found[0])
        event["pending_webhooks"] = max(0, event["pending_webhooks"] - 1)
        self._store.db.execute("UPDATE objects SET body = ? WHERE id = ?", (dump(event), event_id))


def _marks(values: Collection[object]) -> str:
    return ", ".join("?" * len(values))


def _post(work: _Work) -> tuple[int, str]:
    """One attempt; redirects are not followed, as at Stripe."""
    body = json.dumps(work.event, indent=2, ensure_ascii=False)
    parts = urlsplit(work.endpoint["url"])
    kind: Any = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=_TIMEOUT_S)
    try:
        connection.request(
            "POST",
            (parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
            body.encode(),
            {
                "Content-Type": "application/json; charset=utf-8",
                "User-Agent": "Stripe/1.0 (local sandbox)",
                "Stripe-Signature": signature(work.endpoint["secret"], body, int(time.time())),
            },
        )
        response = connection.getresponse()
        return int(response.status), response.read(400).decode("utf-8", "replace")
    finally:
        connection.close()
