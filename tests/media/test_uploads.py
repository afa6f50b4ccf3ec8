"""Resumable uploads by tus 1.0: by key on the API, by cookie on the pages, one service behind both."""

import base64
import hashlib
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.serving import make_server

from market.kit import clock
from market.kit.db import db
from market.kit.events import history
from market.media import incoming, queries
from market.media.config import config, configure
from market.media.models import Asset, AssetState, MediaJob
from market.media.storage import storage
from tests.conftest import Player, csrf_token
from workers import media as worker

TUS = {"Tus-Resumable": "1.0.0"}
BODY = {**TUS, "Content-Type": "application/offset+octet-stream"}
DATA = os.urandom(300_000)


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def metadata(**said: str) -> str:
    return ",".join(f"{name} {b64(value)}" for name, value in said.items())


def begin(who: Player, size: int = len(DATA), name: str = "双十一 探店.mp4", **said: str) -> str:
    """Create an upload by the API; the path under /api/v1."""
    answer = who.api(
        "POST",
        "/uploads",
        headers={
            **TUS,
            "Upload-Length": str(size),
            "Upload-Metadata": metadata(filename=name, **{"kind": "video", **said}),
        },
    )
    assert answer.status_code == 201, answer.text
    return str(answer.headers["Location"].removeprefix("/api/v1"))


def send(who: Player, path: str, at: int, data: bytes, **headers: str) -> Any:
    return who.api("PATCH", path, data=data, headers={**BODY, "Upload-Offset": str(at), **headers})


def offset(who: Player, path: str) -> int:
    answer = who.api("HEAD", path, headers=TUS)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    return int(answer.headers["Upload-Offset"])


def only_asset(app: Flask) -> Asset:
    with app.app_context():
        asset = db.session.scalars(select(Asset)).one()
        db.session.expunge_all()
        return asset


def test_the_server_says_what_it_can_do(lin: Player):
    answer = lin.api("OPTIONS", "/uploads")

    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == answer.headers["Tus-Resumable"] == "1.0.0"
    assert answer.headers["Tus-Extension"] == "creation,expiration,checksum,termination"
    assert int(answer.headers["Tus-Max-Size"]) == 2 << 30


def test_a_file_arrives_in_pieces_and_waits_for_the_worker(app: Flask, lin: Player):
    path = begin(lin)

    first = send(lin, path, 0, DATA[:100_000])
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "100000")
    assert offset(lin, path) == 100_000
    last = send(lin, path, 100_000, DATA[100_000:])

    assert (last.status_code, last.headers["Upload-Offset"]) == (204, str(len(DATA)))
    asset = only_asset(app)
    assert asset.state is AssetState.UPLOADED
    assert asset.sha256 == hashlib.sha256(DATA).hexdigest()
    assert asset.filename == "双十一 探店.mp4"
    assert asset.expires_at is None
    with app.app_context():
        assert b"".join(storage().read(asset.original_key)) == DATA
        assert [event.name for event in history(asset.id)] == ["media.uploaded"]
        assert db.session.scalars(select(MediaJob.asset_id)).all() == [asset.id]
    assert not list((config().root / "incoming").iterdir())


def test_names_are_not_guessed_and_not_the_clients(app: Flask, lin: Player):
    for _ in range(3):
        begin(lin, name="../../etc/passwd\x00.mp4")

    with app.app_context():
        assets = db.session.scalars(select(Asset)).all()
    assert {asset.filename for asset in assets} == {"passwd.mp4"}
    assert len({asset.token for asset in assets}) == 3
    assert all(len(asset.token) == 22 for asset in assets)


def test_a_piece_for_another_place_is_refused_and_changes_nothing(lin: Player):
    path = begin(lin)
    send(lin, path, 0, DATA[:1000])

    for wrong in (0, 999, 1001):
        answer = send(lin, path, wrong, b"xxxx")
        assert answer.status_code == 409
        assert answer.mimetype == "application/problem+json"
        assert "1000" in answer.json["detail"]

    assert offset(lin, path) == 1000


def test_more_than_was_announced_is_refused(lin: Player):
    path = begin(lin, size=1000)

    assert send(lin, path, 0, b"x" * 1001).status_code == 413
    assert offset(lin, path) <= 1000
    assert send(lin, path, offset(lin, path), b"x" * (1000 - offset(lin, path))).status_code == 204


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_checksum_is_kept_or_the_piece_is_dropped(lin: Player, algorithm: str):
    path = begin(lin)
    good = base64.b64encode(hashlib.new(algorithm, DATA[:5000]).digest()).decode()

    answer = send(lin, path, 0, b"y" * 5000, **{"Upload-Checksum": f"{algorithm} {good}"})
    assert answer.status_code == 460
    assert offset(lin, path) == 0

    assert send(lin, path, 0, DATA[:5000], **{"Upload-Checksum": f"{algorithm} {good}"}).status_code == 204
    assert offset(lin, path) == 5000


@pytest.mark.parametrize("header", ["md5 AAAA", "sha1", "sha1 not-base64", "sha1 AAAA"])
def test_a_checksum_we_cannot_read_is_a_bad_request(lin: Player, header: str):
    path = begin(lin)

    assert send(lin, path, 0, b"abc", **{"Upload-Checksum": header}).status_code == 400
    assert offset(lin, path) == 0


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload-Length": "10"}, 400),
        ({**TUS, "Tus-Resumable": "0.2.2", "Upload-Length": "10"}, 412),
        (TUS, 400),
        ({**TUS, "Upload-Length": "-1"}, 400),
        ({**TUS, "Upload-Length": "ten"}, 400),
        ({**TUS, "Upload-Length": "9" * 30}, 400),
        ({**TUS, "Upload-Length": "0"}, 422),
        ({**TUS, "Upload-Length": str(2 * (1 << 30) + 1)}, 413),
        ({**TUS, "Upload-Length": "10", "Upload-Metadata": "filename %%%"}, 400),
        ({**TUS, "Upload-Length": "10", "Upload-Metadata": metadata(kind="program")}, 400),
        ({**TUS, "Upload-Length": "10", "Upload-Metadata": metadata(kind="video", focus_x="7")}, 400),
        ({**TUS, "Upload-Length": "10", "Upload-Metadata": metadata(kind="video", focus_x="nan")}, 400),
        ({**TUS, "Upload-Defer-Length": "1"}, 400),
    ],
)
def test_a_creation_that_makes_no_sense_is_refused(
    app: Flask, lin: Player, headers: dict[str, str], status: int
):
    answer = lin.api("POST", "/uploads", headers={"Upload-Metadata": metadata(kind="video"), **headers})

    assert answer.status_code == status, answer.text
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    with app.app_context():
        assert db.session.scalars(select(Asset)).all() == []


def test_a_body_of_another_type_is_refused(lin: Player):
    path = begin(lin)

    answer = lin.api(
        "PATCH", path, data=b"abc", headers={**TUS, "Content-Type": "application/json", "Upload-Offset": "0"}
    )

    assert answer.status_code == 415


def test_two_requests_do_not_write_at_once(app: Flask, lin: Player):
    path = begin(lin)

    with incoming.locked(only_asset(app).token):
        assert send(lin, path, 0, b"abc").status_code == 423
        assert lin.api("DELETE", path, headers=TUS).status_code == 423
        assert offset(lin, path) == 0

    assert send(lin, path, 0, b"abc").status_code == 204


def test_an_upload_is_taken_back_before_it_is_complete_and_not_after(app: Flask, lin: Player):
    path = begin(lin)
    send(lin, path, 0, DATA[:1000])
    assert lin.api("DELETE", path, headers=TUS).status_code == 204
    assert lin.api("HEAD", path, headers=TUS).status_code == 404
    assert not list((config().root / "incoming").iterdir())

    path = begin(lin)
    send(lin, path, 0, DATA)
    assert lin.api("DELETE", path, headers=TUS).status_code == 409
    assert only_asset(app).state is AssetState.UPLOADED


def test_strangers_find_no_upload(cast: dict[str, Player]):
    path = begin(cast["lin"])

    for name in ("bo", "mei", "ada", "wen", "zhou"):
        stranger = cast[name]
        assert stranger.api("HEAD", path, headers=TUS).status_code == 404
        assert send(stranger, path, 0, b"abc").status_code == 404
        assert stranger.api("DELETE", path, headers=TUS).status_code == 404


def test_viewers_and_nobodies_do_not_upload(app: Flask, wen: Player):
    headers = {**TUS, "Upload-Length": "10", "Upload-Metadata": metadata(kind="video")}

    assert wen.api("POST", "/uploads", headers=headers).status_code == 403
    assert app.test_client().post("/api/v1/uploads", headers=headers).status_code == 401
    # A cookie means nothing on the API.
    assert wen.browser().post("/api/v1/uploads", headers=headers).status_code == 401


def test_room_is_limited_per_party(lin: Player, bo: Player):
    configure(replace(config(), quota_bytes=1000, max_open_uploads=2))
    headers = {**TUS, "Upload-Metadata": metadata(kind="video")}

    begin(lin, size=600)
    answer = lin.api("POST", "/uploads", headers={**headers, "Upload-Length": "401", "Accept-Language": "zh"})
    assert answer.status_code == 409
    assert "存储空间不足" in answer.json["detail"]
    begin(lin, size=400)
    assert lin.api("POST", "/uploads", headers={**headers, "Upload-Length": "1"}).status_code == 429
    begin(bo, size=1000)


def test_two_uploads_at_once_do_not_share_the_last_of_the_room(app: Flask, lin: Player):
    configure(replace(config(), quota_bytes=1000))
    headers = {**TUS, "Upload-Metadata": metadata(kind="video"), "Upload-Length": "600"}
    barrier, answers = Barrier(6), list[int]()

    def ask() -> None:
        barrier.wait()
        answers.append(lin.api("POST", "/uploads", headers=headers).status_code)

    asking = [Thread(target=ask) for _ in range(6)]
    for each in asking:
        each.start()
    for each in asking:
        each.join()

    assert sorted(answers) == [201] + [409] * 5


def test_bytes_whose_row_was_never_written_are_thrown_away_too(app: Flask, lin: Player):
    begin(lin)
    incoming.begin("A" * 22)
    long_ago = time.time() - config().keep_partial_s - 25 * 3600
    os.utime(incoming.path_of("A" * 22), (long_ago, long_ago))

    with app.app_context():
        worker.tidy()

    assert incoming.offset("A" * 22) is None
    assert incoming.offset(only_asset(app).token) == 0


def test_uploads_stop_before_the_disk_is_full(lin: Player):
    configure(replace(config(), keep_free_percent=100))

    answer = lin.api("POST", "/uploads", headers={**TUS, "Upload-Length": "10"})

    assert answer.status_code == 507
    assert answer.headers["Retry-After"]


def test_documents_have_a_smaller_limit(lin: Player):
    configure(replace(config(), max_file_bytes=100))
    headers = {**TUS, "Upload-Length": "101", "Upload-Metadata": metadata(kind="file")}

    assert lin.api("POST", "/uploads", headers=headers).status_code == 413


def test_an_upload_nobody_finishes_is_thrown_away(app: Flask, lin: Player):
    path = begin(lin)
    send(lin, path, 0, DATA[:1000])
    clock.shift(timedelta(hours=47))
    assert offset(lin, path) == 1000
    clock.shift(timedelta(hours=49))
    assert lin.api("HEAD", path, headers=TUS).status_code == 410
    assert send(lin, path, 1000, b"x").status_code == 410

    with app.app_context():
        assert worker.tidy() == 1
        assert worker.tidy() == 0

    assert lin.api("HEAD", path, headers=TUS).status_code == 404
    assert not list((config().root / "incoming").iterdir())


def test_an_upload_whose_last_answer_was_lost_is_finished_by_the_question(app: Flask, lin: Player):
    """Killed between the last byte and the row: the client only asks how far it is, and that is enough."""
    path = begin(lin)
    incoming.path_of(only_asset(app).token).write_bytes(DATA)

    assert offset(lin, path) == len(DATA)

    assert only_asset(app).state is AssetState.UPLOADED


def test_an_upload_that_was_stored_but_not_told_is_finished_too(app: Flask, lin: Player):
    """Killed a moment later: the bytes are in the storage already."""
    path = begin(lin)
    asset = only_asset(app)
    incoming.path_of(asset.token).write_bytes(DATA)
    storage().put(incoming.path_of(asset.token), asset.original_key)

    assert offset(lin, path) == len(DATA)

    assert only_asset(app).sha256 == hashlib.sha256(DATA).hexdigest()


def test_finishing_twice_makes_one_job_and_one_fact(app: Flask, lin: Player):
    path = begin(lin)
    send(lin, path, 0, DATA)

    assert send(lin, path, len(DATA), b"").status_code == 204
    assert send(lin, path, 0, b"x").status_code == 409
    assert offset(lin, path) == len(DATA)

    with app.app_context():
        assert len(history(only_asset(app).id)) == 1


@contextmanager
def served(app: Flask) -> Iterator[int]:
    """A real socket, for what the test client cannot do: break off in the middle."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()


def test_a_line_that_drops_loses_nothing_that_arrived(app: Flask, lin: Player):
    path = begin(lin)
    with served(app) as port:
        request = (
            f"PATCH /api/v1{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {lin.key}\r\n"
            f"Tus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Length: {len(DATA)}\r\n"
            "Content-Type: application/offset+octet-stream\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", port)) as line:
            line.sendall(request.encode() + DATA[:200_000])
            line.shutdown(socket.SHUT_WR)
            line.settimeout(10)
            while line.recv(4096):
                pass

        arrived = offset(lin, path)
        assert 0 < arrived <= 200_000
        assert send(lin, path, arrived, DATA[arrived:]).status_code == 204

    assert only_asset(app).sha256 == hashlib.sha256(DATA).hexdigest()


def test_bytes_are_on_disk_while_the_request_still_runs(app: Flask, lin: Player):
    """Nothing is collected in memory: a request that never ends has written what it sent."""
    path = begin(lin)
    token = only_asset(app).token
    with served(app) as port:
        line = HTTPConnection("127.0.0.1", port, timeout=10)
        line.putrequest("PATCH", f"/api/v1{path}")
        for name, value in {**BODY, "Authorization": f"Bearer {lin.key}", "Upload-Offset": "0"}.items():
            line.putheader(name, value)
        line.putheader("Content-Length", str(len(DATA)))
        line.endheaders()
        line.send(DATA[:150_000])
        until = time.monotonic() + 60
        while (incoming.offset(token) or 0) < 100_000:
            assert time.monotonic() < until
            time.sleep(0.02)
        assert send(lin, path, 0, b"x").status_code == 423
        line.close()


def test_pages_upload_by_cookie_and_token(app: Flask, lin: Player, film: Path):
    browser = lin.browser()
    token = csrf_token(browser.get("/uploads").text)
    data = film.read_bytes()
    headers = {
        **TUS,
        "Upload-Length": str(len(data)),
        "Upload-Metadata": metadata(filename="a.mp4", kind="video"),
    }

    assert browser.post("/uploads/files", headers=headers).status_code == 400  # no token
    created = browser.post("/uploads/files", headers={**headers, "X-CSRFToken": token})
    assert created.status_code == 201
    where = created.headers["Location"]
    sent = browser.patch(where, data=data, headers={**BODY, "Upload-Offset": "0", "X-CSRFToken": token})
    assert sent.status_code == 204, sent.text
    assert browser.head(where, headers=TUS).headers["Upload-Offset"] == str(len(data))

    assert only_asset(app).state is AssetState.UPLOADED
    state = browser.get(where.replace("/files", "") + "/progress")
    assert "every 2s" in state.text


def test_page_uploads_are_refused_in_words_a_script_can_read(lin: Player, wen: Player):
    for who, size, status in ((lin, "0", 422), (wen, "10", 403)):
        browser = who.browser()
        headers = {
            **TUS,
            "Upload-Length": size,
            "X-CSRFToken": csrf_token(browser.get("/uploads").text) if who is lin else "",
        }
        if who is wen:
            headers["X-CSRFToken"] = csrf_token(browser.get("/settings").text)
        answer = browser.post("/uploads/files", headers={**headers, "Referer": "http://localhost/uploads"})
        assert answer.status_code == status
        assert answer.json["detail"]


def test_a_large_piece_passes_although_other_bodies_are_limited(app: Flask, lin: Player):
    browser = lin.browser()
    token = csrf_token(browser.get("/uploads").text)
    data = bytes(app.config["MAX_CONTENT_LENGTH"] + 1)
    created = browser.post(
        "/uploads/files",
        headers={
            **TUS,
            "Upload-Length": str(len(data)),
            "Upload-Metadata": metadata(kind="video"),
            "X-CSRFToken": token,
        },
    )

    sent = browser.patch(
        created.headers["Location"], data=data, headers={**BODY, "Upload-Offset": "0", "X-CSRFToken": token}
    )

    assert sent.status_code == 204, sent.text
    with app.app_context():
        assert queries.used_bytes(lin.party_id) == len(data)
