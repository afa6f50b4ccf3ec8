"""Granian with the product's own settings, and eight keep-alive clients that ask as fast as they are answered."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bench.server import CLIENTS

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 3.0


@contextmanager
def granian(app: str, ready: str, **env: str) -> Iterator[int]:
    """Serve `app` with as many processes and threads as ./vtask run does; the port."""
    with served(app, ready, **env) as (port, _pid):
        yield port


@contextmanager
def served(app: str, ready: str, **env: str) -> Iterator[tuple[int, int]]:
    """As `granian`, with the id of the process that leads the others."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    workers, threads = os.environ.get("VTASK_WEB_WORKERS", "2"), os.environ.get("VTASK_WEB_THREADS", "8")
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", app, "--host", "127.0.0.1", "--port", str(port),
        "--workers", workers, "--blocking-threads", threads, "--backlog", "1024", "--no-ws", "--no-log",
    ]  # fmt: skip
    server = subprocess.Popen(command, cwd=ROOT, env=os.environ | env, start_new_session=True)
    try:
        for _ in range(600):
            with suppress(OSError):
                Client(port, ready).ask()
                break
            if server.poll() is not None:
                raise RuntimeError(f"granian ended with {server.returncode}: {' '.join(command)}")
            time.sleep(0.1)
        else:
            raise RuntimeError(f"{app} did not answer {ready} within a minute")
        yield port, server.pid
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)  # its workers would go on serving the port
        server.wait()


class Client:
    """One connection that asks for one page. Barely more than a socket, so that it costs the server's cores little."""

    def __init__(self, port: int, path: str, cookie: str = "") -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            "Accept: text/html",
            *([f"Cookie: {cookie}"] if cookie else []),
        ]
        self.request = "\r\n".join([*lines, "", ""]).encode()
        self.headers: dict[bytes, bytes] = {}

    def ask(self) -> int:
        """The length of the page; what its headers said is in `headers`. Raises RuntimeError on any answer but 200."""
        self.socket.sendall(self.request)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self._more()
        head, _, body = answer.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"{self.request.decode().splitlines()[0]}: {head.decode(errors='replace')}")
        names = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        self.headers = names
        length = int(names[b"content-length"])
        got = len(body)
        while got < length:
            got += len(self._more())
        return length

    def _more(self) -> bytes:
        piece = self.socket.recv(65536)
        if not piece:
            raise ConnectionError("the server closed the connection")
        return piece


def pages_per_second(port: int, path: str, cookie: str = "", *, seconds: float = SECONDS) -> float:
    """All clients ask for this page for a while."""
    answered = [0] * CLIENTS
    failures: list[Exception] = []
    end = time.monotonic() + seconds

    def ask(n: int) -> None:
        try:
            client = Client(port, path, cookie)
            while time.monotonic() < end:
                client.ask()
                answered[n] += 1
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(CLIENTS)]
    begin = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return sum(answered) / (time.monotonic() - begin)
