"""The real web server: a large body in little memory, and kill -9 in the middle of an upload."""

import hashlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from http.client import HTTPConnection, RemoteDisconnected
from pathlib import Path

import pytest
from flask import Flask

from market.media.config import config, configure
from tests.conftest import ROOT, Player
from tests.media.test_uploads import BODY, TUS, metadata, only_asset

MIB = 1 << 20


@dataclass
class Web:
    """One granian process group on a port of its own, restartable."""

    app: Flask
    port: int
    root: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = {
            **os.environ,
            "DATABASE_URL": self.app.config["SQLALCHEMY_DATABASE_URI"],
            "VTASK_MEDIA_DIR": str(self.root),
            "VTASK_MEDIA_KEEP_FREE_PERCENT": "0",
        }
        log = self.root / "web.log"
        with log.open("ab") as sink:
            self.process = subprocess.Popen(
                [
                    sys.executable, "-m", "granian", "--interface", "wsgi", "wsgi:app", "--port", str(self.port),
                    "--workers", "1", "--blocking-threads", "4",
                ],
                cwd=ROOT, env=environment, start_new_session=True, stdout=sink, stderr=sink,
            )  # fmt: skip
        until = time.monotonic() + 60
        while not self.answers():
            assert self.process.poll() is None, log.read_text()[-2000:]
            assert time.monotonic() < until, log.read_text()[-2000:]
            time.sleep(0.1)

    def answers(self) -> bool:
        line = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            line.request("GET", "/healthz")
            return line.getresponse().status == 200
        except OSError:
            return False
        finally:
            line.close()

    def kill(self) -> None:
        assert self.process
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def memory_mb(self) -> int:
        """The largest resident size so far of any process of the group."""
        assert self.process
        peaks = []
        for status in Path("/proc").glob("[0-9]*/status"):
            with suppress(OSError):
                text = status.read_text()
                if os.getpgid(int(status.parent.name)) == self.process.pid:
                    peaks += [
                        int(row.split()[1]) // 1024 for row in text.splitlines() if row.startswith("VmHWM")
                    ]
        return max(peaks)


@pytest.fixture(scope="module")
def running(app: Flask, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Web(app, port, tmp_path_factory.mktemp("web"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def web(running: Web) -> Web:
    """The server, and this test looking into the same folder."""
    configure(replace(config(), root=running.root))
    return running


def ask(
    web: Web, who: Player, method: str, path: str, body: bytes | None = None, **headers: str
) -> tuple[int, dict[str, str]]:
    line = HTTPConnection("127.0.0.1", web.port, timeout=30)
    line.request(method, "/api/v1" + path, body, {"Authorization": f"Bearer {who.key}", **headers})
    answer = line.getresponse()
    answer.read()
    return answer.status, dict(answer.getheaders())


def begin(web: Web, who: Player, size: int) -> str:
    status, headers = ask(
        web, who, "POST", "/uploads",
        **TUS, **{"Upload-Length": str(size), "Upload-Metadata": metadata(filename="a.mp4", kind="video")},
    )  # fmt: skip
    assert status == 201
    location = {name.lower(): value for name, value in headers.items()}["location"]
    return location.removeprefix("/api/v1")


def offset(web: Web, who: Player, path: str) -> int:
    status, headers = ask(web, who, "HEAD", path, **TUS)
    assert status == 200
    return int({name.lower(): value for name, value in headers.items()}["upload-offset"])


def test_an_upload_goes_on_after_the_web_process_was_killed(app: Flask, web: Web, lin: Player):
    data = secrets.token_bytes(6 * MIB)
    path = begin(web, lin, len(data))
    assert ask(web, lin, "PATCH", path, data[:MIB], **{**BODY, "Upload-Offset": "0"})[0] == 204
    line = HTTPConnection("127.0.0.1", web.port, timeout=30)
    line.putrequest("PATCH", f"/api/v1{path}")
    for name, value in {**BODY, "Authorization": f"Bearer {lin.key}", "Upload-Offset": str(MIB)}.items():
        line.putheader(name, value)
    line.putheader("Content-Length", str(len(data) - MIB))
    line.endheaders()
    line.send(data[MIB : 3 * MIB])
    file = config().root / "incoming" / only_asset(app).token
    until = time.monotonic() + 60
    while file.stat().st_size < 2 * MIB:
        assert time.monotonic() < until, f"only {file.stat().st_size} bytes written while the request runs"
        time.sleep(0.02)

    web.kill()
    with suppress(OSError, RemoteDisconnected):
        line.getresponse()
    web.start()

    at = offset(web, lin, path)
    assert 2 * MIB <= at <= 3 * MIB
    assert ask(web, lin, "PATCH", path, data[at:], **{**BODY, "Upload-Offset": str(at)})[0] == 204
    assert only_asset(app).sha256 == hashlib.sha256(data).hexdigest()


def test_a_large_body_needs_little_memory(app: Flask, web: Web, lin: Player):
    data = secrets.token_bytes(MIB) * 160
    path = begin(web, lin, len(data))
    before = web.memory_mb()

    assert ask(web, lin, "PATCH", path, data, **{**BODY, "Upload-Offset": "0"})[0] == 204

    assert web.memory_mb() - before < 64
    assert only_asset(app).sha256 == hashlib.sha256(data).hexdigest()


def test_a_client_that_goes_away_leaves_what_it_sent(app: Flask, web: Web, lin: Player):
    data = secrets.token_bytes(3 * MIB)
    path = begin(web, lin, len(data))
    request = (
        f"PATCH /api/v1{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {lin.key}\r\n"
        f"Tus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Length: {len(data)}\r\n"
        "Content-Type: application/offset+octet-stream\r\n\r\n"
    )
    line = socket.create_connection(("127.0.0.1", web.port))
    line.sendall(request.encode() + data[: 2 * MIB])
    file = config().root / "incoming" / only_asset(app).token
    until = time.monotonic() + 60
    while file.stat().st_size < MIB:
        assert time.monotonic() < until
        time.sleep(0.02)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # reset, as a dropped line is
    line.close()

    at = offset(web, lin, path)
    assert at >= MIB
    until = time.monotonic() + 60
    while (status := ask(web, lin, "PATCH", path, data[at:], **{**BODY, "Upload-Offset": str(at)})[0]) in (
        409,
        423,
    ):
        assert time.monotonic() < until
        at = offset(web, lin, path)
    assert status == 204
    assert only_asset(app).sha256 == hashlib.sha256(data).hexdigest()
