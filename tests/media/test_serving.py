"""Who may fetch a file, and how it is sent: type, ranges, caches, nothing a browser could run."""

import json
import re
import shutil
import time
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from flask import Flask

from market.app import create_app
from market.kit import ids
from market.kit.db import db, transaction
from market.media import service, signing
from market.media.config import MediaConfig, config, configure
from market.media.models import Asset, Kind
from market.media.storage import storage
from tests.conftest import Player
from tests.media.test_work import put
from workers import media as worker


def ready_film(app: Flask, who: Player, source: Path, shelf: Path) -> Asset:
    """A ready asset of `who`. The transcoding is done once per source and remembered on the shelf."""
    kept = shelf / f"{source.stem}-renditions"
    with app.app_context():
        asset_id = put(who, source)
        if kept.exists():
            facts = json.loads(kept.with_suffix(".json").read_text())
            with transaction():
                order = service.take("test")
                assert order
            shutil.copytree(kept, shelf / "copy")
            storage().put_tree(shelf / "copy", order.prefix)
            with transaction():
                service.finish(order, service.Made(shelf, **facts))
        else:
            worker.drain()
            ready = service.find(asset_id)
            shutil.copytree(config().root / "store" / "media" / ready.token / "r1", kept)
            names = ("content_type", "renditions", "duration_ms", "width", "height")
            kept.with_suffix(".json").write_text(json.dumps({name: getattr(ready, name) for name in names}))
        db.session.expire_all()
        ready = service.find(asset_id)
        assert ready.is_ready, ready.refusal_code
        db.session.expunge_all()
        return ready


@pytest.fixture
def asset(app: Flask, lin: Player, film: Path, shelf: Path) -> Asset:
    """Lin's film, ready and not published."""
    return ready_film(app, lin, film, shelf)


def publish(app: Flask, asset: Asset) -> None:
    with app.app_context(), transaction():
        service.publish(asset.id)


def share(app: Flask, asset: Asset, who: Player) -> None:
    with app.app_context(), transaction():
        service.share(asset.id, who.party_id)
        service.share(asset.id, who.party_id)


def test_before_publication_only_those_concerned_see_it(app: Flask, cast: dict[str, Player], asset: Asset):
    share(app, asset, cast["mei"])
    seen = {name: player.browser().get(asset.hls_url).status_code for name, player in cast.items()}

    assert seen == {"lin": 200, "mei": 200, "zhou": 200, "bo": 404, "ada": 404, "wen": 404}
    assert app.test_client().get(asset.hls_url).status_code == 404


def test_after_publication_everybody_sees_it_and_may_keep_it(app: Flask, asset: Asset, wen: Player):
    publish(app, asset)
    browser = wen.browser()

    for client in (app.test_client(), browser):
        answer = client.get(asset.hls_url)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert "Set-Cookie" not in answer.headers


def test_an_unpublished_file_is_kept_by_no_cache_in_between(lin: Player, asset: Asset):
    answer = lin.browser().get(asset.hls_url)

    assert answer.headers["Cache-Control"] == "private, max-age=300"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("master.m3u8", "application/vnd.apple.mpegurl"),
        ("320/index.m3u8", "application/vnd.apple.mpegurl"),
        ("320/000.m4s", "video/iso.segment"),
        ("320.mp4", "video/mp4"),
        ("poster.jpg", "image/jpeg"),
        ("sprite.vtt", "text/vtt; charset=utf-8"),
    ],
)
def test_each_piece_has_its_type_and_cannot_run(app: Flask, asset: Asset, name: str, content_type: str):
    publish(app, asset)

    answer = app.test_client().get(asset.url(name))

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == content_type
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert len(answer.data) == int(answer.headers["Content-Length"])


def test_a_document_is_only_ever_saved(app: Flask, lin: Player, tmp_path: Path):
    page = tmp_path / "脚本<script>.txt"
    page.write_text("<script>alert(1)</script>")
    with app.app_context():
        asset_id = put(lin, page, Kind.FILE)
        worker.drain()
        url = service.find(asset_id).download_url

    answer = lin.browser().get(url)

    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''%E8%84%9A%E6%9C%AC")
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_parts_are_sent_on_request(app: Flask, asset: Asset):
    publish(app, asset)
    client = app.test_client()
    with app.app_context():
        whole = b"".join(storage().read(asset.key("320.mp4")))
    size = len(whole)

    def ask(wanted: str, **headers: str) -> Any:
        return client.get(asset.mp4_url, headers={"Range": wanted, **headers})

    for wanted, start, stop in (
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, size),
        ("bytes=-50", size - 50, size),
        (f"bytes=10-{size * 2}", 10, size),
    ):
        part = ask(wanted)
        assert part.status_code == 206, wanted
        assert part.data == whole[start:stop]
        assert part.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{size}"
    beyond = ask(f"bytes={size}-")
    assert beyond.status_code == 416
    assert beyond.headers["Cache-Control"] == "no-store"
    assert beyond.headers["Content-Range"] == f"bytes */{size}"
    for nonsense in ("bytes=abc", "apples=1-2", "bytes=0-1,5-6"):
        assert ask(nonsense).data == whole
    etag = client.get(asset.mp4_url).headers["ETag"]
    assert ask("bytes=0-9", **{"If-Range": etag}).status_code == 206
    assert ask("bytes=0-9", **{"If-Range": '"other"'}).status_code == 200
    assert client.get(asset.mp4_url, headers={"If-None-Match": etag}).status_code == HTTPStatus.NOT_MODIFIED
    head = client.head(asset.mp4_url)
    assert (head.data, head.headers["Content-Length"]) == (b"", str(size))


@pytest.mark.parametrize(
    "path",
    [
        "/media/{token}/r2/master.m3u8",
        "/media/{token}/r1/missing.m3u8",
        "/media/{token}/r1/../../originals/{token}",
        "/media/{token}/r1/%2e%2e/%2e%2e/%2e%2e/originals/{token}",
        "/media/{token}/r1/320",
        "/media/originals/{token}/master.m3u8",
        "/media/xxxxxxxxxxxxxxxxxxxxxx/r1/master.m3u8",
    ],
)
def test_nothing_else_is_reached(app: Flask, asset: Asset, path: str):
    publish(app, asset)

    assert app.test_client().get(path.format(token=asset.token)).status_code == 404


def test_the_api_hands_out_addresses_that_work_without_a_key(app: Flask, lin: Player, asset: Asset):
    """A player follows a playlist's relative links: they keep the signature."""
    told = lin.api("GET", f"/assets/{ids.encode('ast', asset.id)}").json
    assert set(told["urls"]) == {"hls", "mp4", "poster", "preview", "sprite"}
    nobody = app.test_client()

    master = nobody.get(told["urls"]["hls"])
    assert master.status_code == 200
    variant = urljoin(
        told["urls"]["hls"], next(row for row in master.text.splitlines() if row.endswith("m3u8"))
    )
    rung = nobody.get(variant)
    assert rung.status_code == 200
    piece = urljoin(variant, next(row for row in rung.text.splitlines() if row.endswith("m4s")))
    assert nobody.get(piece).status_code == 200
    assert nobody.get(asset.hls_url).status_code == 404


def test_a_signed_address_is_for_one_file_and_a_few_minutes(
    app: Flask, lin: Player, asset: Asset, film: Path
):
    secret = app.config["SECRET_KEY"]
    nobody = app.test_client()
    good = signing.sign(asset.hls_url, secret, 60)
    head, _, signature, expires, token, revision, name = good.lstrip("/").split("/")
    other = "A" * 22

    assert nobody.get(good).status_code == 200
    for wrong in (
        signing.sign(asset.hls_url, secret, -1),
        signing.sign(asset.hls_url, "another secret", 60),
        f"/{head}/s/{signature}/{int(expires) + 3600}/{token}/{revision}/{name}",
        f"/{head}/s/{signature}/{expires}/{other}/{revision}/{name}",
        f"/{head}/s/{'x' * len(signature)}/{expires}/{token}/{revision}/{name}",
    ):
        assert nobody.get(wrong).status_code == 403, wrong
    assert int(expires) <= time.time() + 60
    own = f"/{head}/s/{signature}/{expires}/{token}"
    for beside in (
        f"{own}/other/{name}",
        f"{own}/{revision}/../../{other}/{revision}/{name}",
        f"{own}/{revision}/..%2f..%2f{other}%2f{revision}%2f{name}",
        f"{own}/{revision}//etc/passwd",
        f"{own}/{revision}/%00{name}",
        f"{own}/{revision}/whole.mp4",
        f"/{head}/{signature}/{expires}/{token}/{revision}/{name}",
    ):
        assert nobody.get(beside).status_code == 404, beside


def test_published_files_have_plain_addresses_on_the_api(app: Flask, wen: Player, asset: Asset):
    publish(app, asset)

    told = wen.api("GET", f"/assets/{ids.encode('ast', asset.id)}").json

    assert told["urls"]["hls"] == asset.hls_url
    assert told["state"] == "ready"
    assert told["progress"]["percent"] == 100
    assert told["published_at"]


def test_a_foreign_file_looks_like_none_at_all(cast: dict[str, Player], asset: Asset):
    there, nowhere = ids.encode("ast", asset.id), ids.encode("ast", asset.owner_id)

    for name in ("bo", "wen"):
        answers = [cast[name].api("GET", f"/assets/{each}") for each in (there, nowhere)]
        assert [answer.status_code for answer in answers] == [404, 404]
        bodies = [{**answer.json, "instance": ""} for answer in answers]
        assert bodies[0] == bodies[1]
        for page in (f"/uploads/{there}", f"/uploads/{there}/progress"):
            assert cast[name].browser().get(page).status_code == 404


def test_a_refusal_is_told_in_the_readers_language(app: Flask, lin: Player, tmp_path: Path):
    fake = tmp_path / "film.mp4"
    fake.write_text("#EXTM3U\nhttp://127.0.0.1/a.ts\n")
    with app.app_context():
        asset_id = put(lin, fake)
        worker.drain()
    address = f"/assets/{ids.encode('ast', asset_id)}"

    told = lin.api("GET", address, headers={"Accept-Language": "zh"}).json
    assert told["refusal"]["code"] == "playlist"
    assert "清单" in told["refusal"]["detail"]
    assert told["urls"] == {}
    page = lin.browser().get(f"/uploads/{ids.encode('ast', asset_id)}")
    assert "清单" in page.text
    assert "every 2s" not in page.text


def test_the_list_is_ones_own_by_pages(app: Flask, lin: Player, bo: Player, tmp_path: Path):
    paper = tmp_path / "a.txt"
    paper.write_text("hello")
    with app.app_context():
        mine = [ids.encode("ast", put(lin, paper, Kind.FILE)) for _ in range(3)]
        put(bo, paper, Kind.FILE)

    first = lin.api("GET", "/assets?limit=2").json
    rest = lin.api("GET", f"/assets?limit=2&cursor={first['next_cursor']}").json

    assert [each["id"] for each in first["data"] + rest["data"]] == mine[::-1]
    assert rest["next_cursor"] is None
    assert lin.browser().get("/uploads").text.count("<span>a.txt</span>") == 3


def test_a_ready_film_has_a_page_with_its_player(lin: Player, asset: Asset):
    page = lin.browser().get(f"/uploads/{ids.encode('ast', asset.id)}").text

    assert f'data-hls="{asset.hls_url}"' in page
    assert re.search(r'"/static/js\.\w+/player\.js"', page)
    assert "<style" not in page
    assert 'style="' not in page


def test_taking_a_film_down_ends_its_public_name(app: Flask, lin: Player, asset: Asset):
    publish(app, asset)
    nobody = app.test_client()
    etag = nobody.get(asset.mp4_url).headers["ETag"]
    with app.app_context(), transaction():
        service.unpublish(asset.id)

    for name in (*asset.renditions.values(), "320/000.m4s"):
        if isinstance(name, str):
            assert nobody.get(asset.url(name)).status_code == 404, name
    assert nobody.head(asset.mp4_url).status_code == 404
    gone = nobody.get(asset.mp4_url, headers={"If-None-Match": etag, "Range": "bytes=0-1"})
    assert gone.status_code == 404
    assert "immutable" not in gone.headers.get("Cache-Control", "")
    assert lin.browser().get(asset.mp4_url).headers["Cache-Control"] == "private, max-age=300"


def test_players_of_other_sites_may_read_what_everybody_or_its_address_may(
    app: Flask, lin: Player, asset: Asset
):
    nobody = app.test_client()
    signed = nobody.get(signing.sign(asset.hls_url, app.config["SECRET_KEY"], 60))
    own = lin.browser().get(asset.hls_url)
    publish(app, asset)
    public = nobody.get(asset.hls_url)

    for answer in (signed, public):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Content-Range" in answer.headers["Access-Control-Expose-Headers"]
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert "Access-Control-Allow-Credentials" not in answer.headers
    assert signed.headers["Cache-Control"] == "private, max-age=300"
    assert "Access-Control-Allow-Origin" not in own.headers
    assert own.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_a_cdn_serves_published_films_alone(app: Flask, lin: Player, asset: Asset):
    configure(replace(config(), public_url="https://cdn.example.com"))
    assert asset.hls_url.startswith("/media/")
    publish(app, asset)
    with app.app_context():
        shown = service.find(asset.id)

    assert shown.hls_url == f"https://cdn.example.com/media/{asset.token}/r1/master.m3u8"
    assert shown.image_url() == ""
    assert shown.whole_url.startswith("/media/"), "the uncut picture is its owner's"
    told = lin.api("GET", f"/assets/{ids.encode('ast', asset.id)}").json
    assert told["urls"]["mp4"].startswith("https://cdn.example.com/media/")


def test_pages_load_films_from_the_hosts_the_operator_names(app: Flask):
    configure(replace(config(), public_url="https://cdn.example.com", s3_public_url="https://s3.example.com"))
    other = create_app(app.config["SETTINGS"])

    said = other.test_client().get("/login").headers["Content-Security-Policy"]

    rules = dict(rule.strip().split(" ", 1) for rule in said.split(";"))
    for name in ("img-src", "media-src", "connect-src"):
        assert rules[name].endswith(" https://cdn.example.com https://s3.example.com"), name
    assert "example" not in rules["script-src"]


@pytest.mark.parametrize(
    "said", ["cdn.example.com", "https://cdn.example.com/films", "https://a.b; script-src *", "ftp://a.b"]
)
def test_a_host_that_is_none_is_refused_at_the_start(said: str):
    with pytest.raises(ValueError, match="VTASK_MEDIA_URL"):
        MediaConfig.from_env({"VTASK_MEDIA_URL": said})
