"""A careful client of the JSON API: it keeps one connection, repeats under the same key, and writes down every answer.

What was acknowledged is written outside the copy the moment the answer is there, so that nothing the copy forgets is
forgotten here too.
"""

import http.client
import json
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Json = dict[str, Any]
Act = Generator[float, None, Any]
"""What takes its time: yields the seconds after which it wants to go on, and returns what it found."""

TIMEOUT_S = 20
PAUSE_S = 0.5


class Away(Exception):
    """No answer, or one that says to come again: nobody knows whether it happened."""


class Unexpected(Exception):
    """A refusal that a careful client should never get."""


@dataclass
class Journal:
    """Every acknowledged operation, one JSON line each."""

    path: Path
    operations: list[Json] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._file = self.path.open("w", buffering=1, encoding="utf-8")

    def acknowledge(self, what: str, **facts: Any) -> None:
        entry = {"n": len(self.operations) + 1, "at": round(time.time(), 3), "what": what, **facts}
        with self._lock:
            self.operations.append(entry)
            self.counts[what] += 1
            self._file.write(json.dumps(entry) + "\n")

    def note(self, what: str) -> None:
        """Something that is counted and is no operation: an answer that was lost, a repetition."""
        with self._lock:
            self.counts[f"({what})"] += 1

    def of(self, what: str) -> list[Json]:
        return [entry for entry in self.operations if entry["what"] == what]


class Line:
    """One keep-alive connection to one address; made anew when it breaks."""

    def __init__(self, address: str) -> None:
        self.host = address.removeprefix("http://")
        self._connection: http.client.HTTPConnection | None = None

    def ask(
        self, method: str, path: str, body: Json | None, headers: dict[str, str]
    ) -> tuple[int, Json, http.client.HTTPMessage]:
        """Raises Away when the connection breaks or the other side has no answer now."""
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection(self.host, timeout=TIMEOUT_S)
            raw = None if body is None else json.dumps(body)
            self._connection.request(
                method, path, raw, headers | ({"Content-Type": "application/json"} if raw else {})
            )
            answer = self._connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as broken:
            self.close()
            raise Away(f"{type(broken).__name__}: {broken}") from broken
        if answer.status >= 500 or answer.status == 429:
            raise Away(f"{answer.status} {text[:200]!r}")
        return answer.status, json.loads(text) if text else {}, answer.headers

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


@dataclass
class Caller:
    """Somebody with an API key."""

    line: Line
    api_key: str
    party_id: str
    journal: Journal

    def ask(
        self, method: str, path: str, body: Json | None = None, key: str = ""
    ) -> tuple[int, Json, http.client.HTTPMessage]:
        headers = {"Authorization": f"Bearer {self.api_key}", "Accept-Language": "en"}
        if key:
            headers["Idempotency-Key"] = key
        return self.line.ask(method, f"/api/v1{path}", body, headers)

    def read(self, path: str) -> Act:
        """GET, as often as it takes."""
        while True:
            try:
                status, found, _ = self.ask("GET", path)
            except Away:
                yield PAUSE_S
                continue
            if status != 200:
                raise Unexpected(f"GET {path}: {status} {found}")
            return found

    def keyed(self, what: str, path: str, body: Json | None = None, **facts: Any) -> Act:
        """A POST that moves money: repeated under one key until it is answered, so it happens once."""
        key = secrets.token_hex(12)
        tries = 0
        while True:
            tries += 1
            try:
                status, found, headers = self.ask("POST", path, body, key)
            except Away:
                self.journal.note("lost answers")
                yield PAUSE_S
                continue
            refusal = str(found.get("type", "")).rpartition("/")[2]
            if status == 409 and refusal == "still-running":
                yield PAUSE_S
                continue
            if status == 409 and refusal == "page-still-open":  # nothing happened: asked anew, not again
                self.journal.note("pages waited for")
                key = secrets.token_hex(12)
                yield PAUSE_S
                continue
            if status != 201:
                raise Unexpected(f"POST {path}: {status} {found}")
            if headers.get("Idempotent-Replayed"):
                self.journal.note("replays")
            self.journal.acknowledge(what, id=found.get("id"), key=key, tries=tries, **facts)
            return found

    def once(
        self,
        what: str,
        path: str,
        look: Callable[[], Act],
        body: Json | None = None,
        **facts: Any,
    ) -> Act:
        """A POST without a key: after a lost answer, look whether it happened before doing it again."""
        while True:
            try:
                status, found, _ = self.ask("POST", path, body)
            except Away:
                self.journal.note("lost answers")
                yield PAUSE_S
                there = yield from look()
                if there is None:
                    continue
                self.journal.note("found after a lost answer")
                return there
            if status not in (200, 201):
                raise Unexpected(f"POST {path}: {status} {found}")
            self.journal.acknowledge(what, id=found.get("id"), **facts)
            return found
