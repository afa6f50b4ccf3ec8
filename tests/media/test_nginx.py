"""The nginx of docs/nginx.conf: it can be read, and sends films in our place as we would. Skipped where there is none.

VTASK_NGINX names another binary than the one on PATH.
"""

import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from http.client import HTTPMessage, HTTPSConnection
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import pytest
from flask import Flask
from werkzeug.serving import make_server

from market.kit.db import transaction
from market.media import service, signing
from market.media.config import config, configure
from market.media.models import Asset
from market.media.storage import storage
from tests.conftest import ROOT, Player
from tests.media.test_serving import publish, ready_film, share
from tests.media.test_uploads import DATA, begin, metadata

BINARY = os.environ.get("VTASK_NGINX") or shutil.which(
    "nginx", path=os.environ.get("PATH", "") + ":/usr/sbin"
)
pytestmark = pytest.mark.skipif(BINARY is None, reason="nginx is not installed")


class Answer(NamedTuple):
    status: int
    headers: HTTPMessage
    body: bytes


class Front:
    """nginx before the app."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        line = HTTPSConnection("127.0.0.1", self.port, timeout=20, context=ssl._create_unverified_context())
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        line.request(method, path, body, {"Host": "localhost", **said})
        answer = line.getresponse()
        return Answer(answer.status, answer.headers, answer.read())


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def written(folder: Path, *, app_port: int, port: int, plain: int) -> Path:
    """The documented file with this machine's places in it."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-keyout", str(folder / "key"), "-out", str(folder / "pem")],
        check=True, capture_output=True,
    )  # fmt: skip
    text = (ROOT / "docs" / "nginx.conf").read_text()
    for old, new in (
        ("/etc/ssl/market.example.com.pem", f"{folder}/pem"),
        ("/etc/ssl/market.example.com.key", f"{folder}/key"),
        ("/srv/vtask/media/store/", f"{config().root}/store/"),
        ("/var/log/nginx/", f"{folder}/"),
        ("/run/nginx.pid", f"{folder}/pid"),
        ("127.0.0.1:8000", f"127.0.0.1:{app_port}"),
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
    ):
        assert old in text, old
        text = text.replace(old, new)
    # What a package would keep in folders of the machine.
    temp = "".join(
        f"    {name}_temp_path {folder}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    text = text.replace("http {\n", "http {\n" + temp, 1)
    if os.geteuid() == 0:
        text = "user root;\n" + text
    target = folder / "nginx.conf"
    target.write_text(text)
    return target


@pytest.fixture
def front(app: Flask, tmp_path: Path) -> Iterator[Front]:
    configure(replace(config(), accel="/stored/"))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    port, plain = free_port(), free_port()
    where = written(tmp_path, app_port=server.server_port, port=port, plain=plain)
    command = [str(BINARY), "-c", str(where), "-p", str(tmp_path), "-e", str(tmp_path / "error.log")]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "warn" not in checked.stderr
    nginx = subprocess.Popen([*command, "-g", "daemon off;"], stderr=subprocess.DEVNULL)
    until = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            assert nginx.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
    yield Front(port)
    nginx.terminate()
    nginx.wait(10)
    server.shutdown()


@pytest.fixture
def asset(app: Flask, lin: Player, film: Path, shelf: Path) -> Asset:
    return ready_film(app, lin, film, shelf)


def test_nginx_sends_published_films_with_our_headers(app: Flask, front: Front, asset: Asset):
    publish(app, asset)
    with app.app_context():
        whole = b"".join(storage().read(asset.key("320.mp4")))

    for name, kind in (
        ("master.m3u8", "application/vnd.apple.mpegurl"),
        ("320/000.m4s", "video/iso.segment"),
        ("320.mp4", "video/mp4"),
        ("poster.jpg", "image/jpeg"),
        ("sprite.vtt", "text/vtt"),
    ):
        answer = front.ask("GET", asset.url(name))
        assert answer.status == 200, name
        assert answer.headers["Content-Type"].split(";")[0] == kind
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Set-Cookie" not in answer.headers
        assert "X-Accel-Redirect" not in answer.headers
    assert front.ask("GET", asset.mp4_url).body == whole
    part = front.ask("GET", asset.mp4_url, Range="bytes=10-19")
    assert (part.status, part.body) == (206, whole[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(whole)}"
    assert front.ask("GET", asset.mp4_url, Range=f"bytes={len(whole)}-").status == 416
    assert front.ask("GET", asset.mp4_url, Range="bytes=0-1,5-6").body == whole
    etag = front.ask("GET", asset.mp4_url).headers["ETag"]
    assert front.ask("GET", asset.mp4_url, If_None_Match=etag).status == 304
    head = front.ask("HEAD", asset.mp4_url)
    assert (head.headers["Content-Length"], head.body) == (str(len(whole)), b"")


def test_nginx_gives_nothing_that_we_would_not(app: Flask, front: Front, asset: Asset, mei: Player):
    share(app, asset, mei)
    key = asset.key("master.m3u8")

    assert front.ask("GET", asset.hls_url).status == 404
    assert front.ask("GET", f"/stored/{key}").status == 404
    assert front.ask("GET", f"/media/../stored/{key}").status == 404
    assert front.ask("GET", f"/stored/originals/{asset.token}").status == 404
    with app.app_context():
        good = signing.sign(asset.hls_url, app.config["SECRET_KEY"], 60)
        late = signing.sign(asset.hls_url, app.config["SECRET_KEY"], -1)
    signed = front.ask("GET", good)
    assert signed.status == 200
    assert signed.headers["Cache-Control"] == "private, max-age=300"
    assert front.ask("GET", late).status == 403
    publish(app, asset)
    assert front.ask("GET", asset.hls_url).status == 200
    with app.app_context(), transaction():
        service.unpublish(asset.id)
    assert front.ask("GET", asset.hls_url).status == 404


def test_uploads_pass_as_they_come_and_other_bodies_are_limited(app: Flask, front: Front, lin: Player):
    bearer = f"Bearer {lin.key}"
    path = "/api/v1" + begin(lin)
    sent = front.ask(
        "PATCH", path, DATA, Authorization=bearer, Tus_Resumable="1.0.0", Upload_Offset="0",
        Content_Type="application/offset+octet-stream",
    )  # fmt: skip
    assert (sent.status, sent.headers["Upload-Offset"]) == (204, str(len(DATA)))
    made = front.ask(
        "POST", "/api/v1/uploads", b"", Authorization=bearer, Tus_Resumable="1.0.0", Upload_Length="10",
        Upload_Metadata=metadata(filename="a.mp4", kind="video"),
    )  # fmt: skip
    assert made.status == 201
    assert re.search(r"/api/v1/uploads/ast_\w{22}$", made.headers["Location"])
    assert front.ask("POST", "/login", bytes(3 << 20)).status == 413
