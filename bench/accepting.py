"""Accepting a script over HTTP: granian with the product's settings, eight keep-alive clients."""

import threading
import time
from collections.abc import Sequence
from uuid import UUID

from bench.server import CLIENTS
from bench.web import Client


class Merchant(Client):
    """One connection of somebody who accepts."""

    def __init__(self, port: int, key: str) -> None:
        super().__init__(port, "/")
        self.head = (
            f"HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {key}\r\nContent-Length: 0\r\n"
        )

    def accept(self, submission: str) -> None:
        """Raises RuntimeError on any answer but 201."""
        self.socket.sendall(
            f"POST /api/v1/submissions/{submission}/acceptance {self.head}"
            f"Idempotency-Key: accept:{submission}\r\n\r\n".encode()
        )
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self._more()
        head, _, body = answer.partition(b"\r\n\r\n")
        names = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        while len(body) < int(names[b"content-length"]):
            body += self._more()
        if not head.startswith(b"HTTP/1.1 201"):
            raise RuntimeError(
                f"{submission}: {head.splitlines()[0].decode()} {body[:300].decode(errors='replace')}"
            )


def acceptances_per_second(port: int, key: str, submissions: Sequence[UUID]) -> float:
    """All of these by all clients at once."""
    from market.kit.ids import encode

    names = [encode("sub", submission) for submission in submissions]
    merchants = [Merchant(port, key) for _ in range(CLIENTS)]
    failures: list[Exception] = []

    def accept(n: int) -> None:
        try:
            for name in names[n::CLIENTS]:
                merchants[n].accept(name)
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=accept, args=(n,)) for n in range(CLIENTS)]
    begin = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - begin
    if failures:
        raise failures[0]
    return len(names) / took
