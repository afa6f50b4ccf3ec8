"""An installation whose files lie in S3: a film from its upload to a player, with the worker's own processes.

The bucket is moto's, a server process of its own. It checks no signatures, so `would_s3_send` does, by the rules of
AWS Signature Version 4 for addresses.
"""

import hashlib
import hmac
import os
import re
import signal
import subprocess
import sys
import textwrap
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, urljoin, urlsplit

import pytest
from flask import Flask
from werkzeug.serving import make_server

from market.kit import ids
from market.kit.db import transaction
from market.media import incoming, service
from market.media.config import config, configure
from market.media.models import Asset
from market.media.storage import S3Storage, storage
from tests.conftest import ROOT, Player
from tests.media import clips
from tests.media.test_uploads import begin, offset, send
from tests.media.test_work import children_of, is_running, job_of, look, put, wait_for
from tests.publication import acts
from workers import media as worker

WORKER = """
import dataclasses
from pathlib import Path
from market import settings
from market.app import create_app
from market.media.config import MediaConfig, configure
app = create_app(dataclasses.replace(settings.read(), database_url={url!r}))
configure(dataclasses.replace(MediaConfig.from_env({env!r}), root=Path({root!r}), min_video_s=1, lease_s={lease}))
from workers.media import drain
with app.app_context():
    drain()
"""
LEASE_S = 2.0


@pytest.fixture
def bucket(s3_address: str, tmp_path: Path) -> Iterator[Any]:
    """The installation keeps its files in a bucket of its own, which browsers reach by another name."""
    name = re.sub(r"[^a-z0-9]", "-", tmp_path.name.lower()).strip("-") + "-films"
    configure(
        replace(
            config(), s3_bucket=name, s3_endpoint=s3_address, s3_key_id="key", s3_secret="secret", s3_prefix="shop/",
            s3_public_url=s3_address.replace("127.0.0.1", "localhost"), lease_s=LEASE_S,
        )
    )  # fmt: skip
    place = storage()
    assert isinstance(place, S3Storage)
    place.client.create_bucket(Bucket=name)
    yield place


def keys(bucket: S3Storage) -> list[str]:
    """Everything in the bucket."""
    return [each["Key"] for each in bucket.client.list_objects_v2(Bucket=bucket.bucket).get("Contents", [])]


def would_s3_send(address: str, secret: str, at: datetime) -> bool:
    """What S3 itself says of a signed address at a moment: the same name, words and host that were signed, in time."""
    url, asked = urlsplit(address), parse_qsl(urlsplit(address).query, keep_blank_values=True)
    said = dict(asked)
    words = "&".join(
        f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}"
        for name, value in sorted(asked)
        if name != "X-Amz-Signature"
    )
    request = f"GET\n{url.path}\n{words}\nhost:{url.netloc}\n\nhost\nUNSIGNED-PAYLOAD"
    _key_id, scope = said["X-Amz-Credential"].split("/", 1)
    digest = hashlib.sha256(request.encode()).hexdigest()
    signed = f"AWS4-HMAC-SHA256\n{said['X-Amz-Date']}\n{scope}\n{digest}"
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    begin = datetime.strptime(said["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    in_time = begin <= at <= begin + timedelta(seconds=int(said["X-Amz-Expires"]))
    return in_time and hmac.compare_digest(
        hmac.digest(key, signed.encode(), "sha256").hex(), said["X-Amz-Signature"]
    )


def start_worker(app: Flask) -> "subprocess.Popen[bytes]":
    rules = config()
    env = {
        "S3_BUCKET": rules.s3_bucket, "S3_ENDPOINT": rules.s3_endpoint, "S3_ACCESS_KEY_ID": "key",
        "S3_SECRET_ACCESS_KEY": "secret", "S3_PREFIX": rules.s3_prefix,
    }  # fmt: skip
    code = WORKER.format(
        url=app.config["SQLALCHEMY_DATABASE_URI"], env=env, root=str(rules.root), lease=LEASE_S
    )
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT, start_new_session=True)


def fetch(url: str, **headers: str) -> Any:
    return urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10)


@contextmanager
def web(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def test_a_film_goes_from_its_upload_to_a_player_through_s3(
    app: Flask, ctx: None, lin: Player, bucket: S3Storage, shelf: Path
):
    """By tus in pieces, a worker killed in the middle, another to the end, published, played from the bucket, deleted."""
    source = shelf / "s3.mp4"
    if not source.exists():
        clips.clip(source, seconds=8, size="960x720", rate=30)
    data = source.read_bytes()
    path = begin(lin, size=len(data))
    send(lin, path, 0, data[: len(data) // 2])
    at = offset(lin, path)
    assert send(lin, path, at, data[at:]).status_code == 204
    asset_id = ids.decode("ast", path.rsplit("/", 1)[1])
    token = service.find(asset_id).token
    assert keys(bucket) == [f"shop/originals/{token}"]
    assert not list((config().root / "incoming").iterdir())

    first = start_worker(app)
    wait_for(lambda: job_of(asset_id).step == "ladder" and job_of(asset_id).percent > 0, 120)
    ffmpegs = children_of(first.pid)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    wait_for(lambda: not any(map(is_running, ffmpegs)))
    wait_for(lambda: service.waiting_jobs() == 1, 60)
    assert start_worker(app).wait(300) == 0

    film = service.find(asset_id)
    assert film.is_ready
    assert film.revision == "r2"
    assert not [key for key in keys(bucket) if "/r1/" in key]
    with transaction():
        service.publish(asset_id)
    with web(app) as site:
        played(site, film)

    assert lin.api("DELETE", f"/assets/{ids.encode('ast', asset_id)}").status_code == 204
    assert worker.discard() == 1
    assert keys(bucket) == []


def played(site: str, film: Asset) -> None:
    """What a player does: the master, a rung, its pieces; the lists come from us, the pieces from the bucket."""
    master = fetch(site + f"/media/{film.token}/{film.revision}/master.m3u8")
    assert master.headers["Content-Type"] == "application/vnd.apple.mpegurl"
    assert urlsplit(master.url).netloc == urlsplit(site).netloc
    rung = urljoin(
        master.url, next(row for row in master.read().decode().splitlines() if row.endswith(".m3u8"))
    )
    rows = fetch(rung).read().decode().splitlines()
    pieces = [urljoin(rung, row) for row in rows if row.endswith(".m4s")]
    assert pieces
    for each in pieces:
        answer = fetch(each)
        assert urlsplit(answer.url).hostname == "localhost"
        assert answer.headers["Content-Type"] == "video/iso.segment"
        assert len(answer.read()) > 1000
    part = fetch(site + f"/media/{film.token}/{film.revision}/{film.renditions['mp4']}", Range="bytes=4-7")
    assert (part.status, part.read()) == (HTTPStatus.PARTIAL_CONTENT, b"ftyp")


def stored(bucket: S3Storage, tmp_path: Path, asset: Asset) -> None:
    folder = tmp_path / "made"
    folder.mkdir()
    (folder / "720.mp4").write_bytes(b"0123456789")
    (folder / "master.m3u8").write_text("#EXTM3U\n")
    bucket.put_tree(folder, f"media/{asset.token}/r1")


@pytest.fixture
def asset(app: Flask, ctx: None, lin: Player, bucket: S3Storage, tmp_path: Path) -> Asset:
    ready = acts.asset(lin)
    ready.renditions = {"mp4": "720.mp4", "master": "master.m3u8"}
    with transaction():
        service.find(ready.id, lock=True).renditions = ready.renditions
    stored(bucket, tmp_path, ready)
    return ready


def test_only_who_may_see_a_film_is_given_an_address_and_a_short_lived_one(
    cast: dict[str, Player], asset: Asset
):
    answers = {name: who.browser().get(asset.mp4_url) for name, who in cast.items()}

    assert {name for name, answer in answers.items() if answer.status_code == HTTPStatus.FOUND} == {
        "lin",
        "zhou",
    }
    given = answers["lin"]
    said = parse_qs(urlsplit(given.headers["Location"]).query)
    assert said["X-Amz-Expires"] == [str(config().signed_url_s)]
    assert said["response-cache-control"] == ["private, max-age=300"]
    assert given.headers["Cache-Control"] == "private, max-age=240"
    assert "Set-Cookie" not in given.headers
    assert answers["bo"].status_code == HTTPStatus.NOT_FOUND
    assert "Location" not in answers["bo"].headers


def test_an_address_of_s3_is_for_one_file_as_it_was_given_and_for_some_minutes(
    lin: Player, asset: Asset, bucket: S3Storage
):
    given = lin.browser().get(asset.mp4_url).headers["Location"]
    now = datetime.now(UTC)
    seconds = config().signed_url_s
    path = urlsplit(given).path

    assert path == f"/{bucket.bucket}/shop/{asset.key(asset.renditions['mp4'])}", (
        "the installation's own prefix"
    )
    assert would_s3_send(given, "secret", now)
    assert not would_s3_send(given, "another secret", now)
    assert not would_s3_send(given, "secret", now + timedelta(seconds=seconds + 5))
    for altered in (
        given.replace("/shop/", "/another/"),
        given.replace(path, path.replace("720.mp4", "whole.mp4")),
        given.replace(path, f"{path}/../../other/720.mp4"),
        given.replace(f"/{bucket.bucket}/", "/bucket/"),
        given.replace(f"X-Amz-Expires={seconds}", "X-Amz-Expires=604800"),
        given.replace("response-cache-control=private", "response-cache-control=public"),
        given.replace("response-content-type=video", "response-content-type=text"),
        given.replace("://localhost", "://example.com"),
    ):
        assert altered != given
        assert not would_s3_send(altered, "secret", now), altered


def test_without_a_public_address_of_s3_the_pieces_come_through_us(app: Flask, lin: Player, asset: Asset):
    configure(replace(config(), s3_public_url=""))

    part = lin.browser().get(asset.mp4_url, headers={"Range": "bytes=2-4"})

    assert (part.status_code, part.data) == (206, b"234")


def test_a_cdn_is_given_the_bytes_and_not_sent_elsewhere(app: Flask, asset: Asset):
    configure(replace(config(), public_url="https://cdn.example.com"))
    with transaction():
        film = service.publish(asset.id)

    assert film.mp4_url == f"https://cdn.example.com/media/{film.token}/r1/720.mp4"
    answer = app.test_client().get(urlsplit(film.mp4_url).path)

    assert (answer.status_code, answer.data) == (200, b"0123456789")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_a_missing_object_is_not_found_and_a_bucket_away_says_so(lin: Player, asset: Asset):
    browser = lin.browser()

    assert browser.get(asset.url("480.mp4")).status_code == 404
    configure(replace(config(), s3_endpoint="http://127.0.0.1:9", s3_public_url=""))
    away = browser.get(asset.mp4_url, headers={"Accept-Language": "zh"})

    assert away.status_code == 503
    assert away.headers["Retry-After"] == "5"
    assert "文件存储" in away.text


def test_an_upload_whose_storing_failed_is_finished_by_the_next_question(
    app: Flask, ctx: None, lin: Player, bucket: S3Storage
):
    """All bytes are here, the bucket is not: the client asks again, as tus clients do, and it is done."""
    good = config()
    data = os.urandom(5000)
    path = begin(lin, size=len(data))
    configure(replace(good, s3_endpoint="http://127.0.0.1:9"))
    assert send(lin, path, 0, data).status_code == 503
    token = service.find(ids.decode("ast", path.rsplit("/", 1)[1])).token
    assert incoming.offset(token) == len(data)

    configure(good)
    assert offset(lin, path) == len(data)

    assert keys(bucket) == [f"shop/originals/{token}"]


def test_an_original_that_is_gone_is_our_fault_and_not_the_films(
    ctx: None, lin: Player, bucket: S3Storage, film: Path
):
    asset_id = put(lin, film)
    bucket.delete_tree(look(asset_id).original_key)

    assert worker.drain() == 1

    job = job_of(asset_id)
    assert job.state.value == "queued", "it is tried again"
    assert "FileNotFoundError" in (job.error or "")
    assert not list((config().root / "work").iterdir())
