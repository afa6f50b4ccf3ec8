"""Uploading and playing in Chromium: lines that drop, pages that close, a film that plays, a remark on a second."""

import hashlib
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, render_template_string
from playwright.sync_api import Browser, Page, Route, expect
from werkzeug.serving import make_server

from market.app import create_app
from market.kit import ids
from market.kit.db import db
from market.media.config import config, configure
from market.media.models import Asset, AssetState
from tests.conftest import Player
from tests.front.conftest import Reader, site  # noqa: F401
from tests.media import clips
from tests.media.test_serving import publish, ready_film
from tests.media.test_uploads import only_asset
from workers import media as worker

pytestmark = pytest.mark.browser
CHUNK = 64 * 1024


@pytest.fixture
def reader(chromium: Browser, site: str, lin: Player) -> Iterator[Reader]:  # noqa: F811
    """Lin, signed in, on the uploads page; small pieces, so that there is a middle to break in."""
    here = Reader(chromium, site)
    here.sign_in(lin)
    open_uploads(here)
    yield here
    here.context.close()


def open_uploads(here: Reader) -> None:
    here.page.goto("/uploads")
    here.page.evaluate(
        f"document.querySelectorAll('[data-uploader]').forEach(b => b.dataset.chunkBytes = {CHUNK})"
    )


def choose(page: Page, path: Path) -> None:
    page.set_input_files("#f-video_id-picker", path)


class Line:
    """Watches what goes to the upload address, and cuts the line when told to."""

    def __init__(self, page: Page) -> None:
        self.created = 0
        self.offsets: list[int] = []
        self.cut: set[int] = set()
        self.dead = False
        page.route(re.compile(r"/uploads/files"), self.handle)

    def handle(self, route: Route) -> None:
        request = route.request
        if request.method == "POST":
            self.created += 1
        if request.method == "PATCH":
            self.offsets.append(int(request.headers["upload-offset"]))
            if self.dead or len(self.offsets) in self.cut:
                route.abort("connectionreset")
                return
        route.continue_()


def in_background(app: Flask) -> threading.Thread:
    def work() -> None:
        with app.app_context():
            worker.drain()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_a_film_arrives_over_a_bad_line_is_transcoded_and_told_step_by_step(
    app: Flask, reader: Reader, film: Path
):
    page, line = reader.page, Line(reader.page)
    line.cut = {2, 4}
    choose(page, film)

    row = page.locator("[data-rows] > li")
    expect(row).to_have_attribute("data-state", "done", timeout=60_000)
    expect(row.locator("[data-note]")).to_contain_text("现在可以关闭页面")
    asset = only_asset(app)
    assert asset.sha256 == hashlib.sha256(film.read_bytes()).hexdigest()
    assert line.created == 1
    assert line.offsets.count(0) == 1, "never from the start again"
    assert page.locator("input[name=video_id]").last.input_value() == ids.encode("ast", asset.id)
    expect(row.locator("[data-server]")).to_contain_text("排队中，第 1 位")

    thread = in_background(app)
    expect(row.locator("[data-asset-state=ready]")).to_be_visible(timeout=60_000)
    thread.join()
    expect(row.get_by_role("link", name="观看成片")).to_be_visible()
    assert [text for text in reader.complaints if "ERR_CONNECTION_RESET" not in text] == []


def test_an_upload_goes_on_after_the_page_was_closed(app: Flask, reader: Reader, film: Path):
    page, line = reader.page, Line(reader.page)
    line.cut = set(range(3, 100))
    choose(page, film)
    expect(page.locator("[data-rows] [data-note]")).to_contain_text("连接中断")
    assert only_asset(app).state is AssetState.UPLOADING

    page.on("dialog", lambda dialog: dialog.accept())
    line.cut = set()
    page.goto("about:blank")
    open_uploads(reader)
    expect(page.locator("[data-unfinished]").first).to_contain_text(film.name)
    seen = len(line.offsets)
    choose(page, film)

    expect(page.locator("[data-rows] > li")).to_have_attribute("data-state", "done", timeout=60_000)
    assert line.offsets[seen] >= CHUNK
    assert line.created == 1
    assert only_asset(app).sha256 == hashlib.sha256(film.read_bytes()).hexdigest()


def test_an_upload_is_paused_continued_and_removed(app: Flask, reader: Reader, film: Path):
    page = reader.page
    page.route(re.compile(r"/uploads/files/"), lambda route: (page.wait_for_timeout(150), route.continue_()))
    choose(page, film)
    row = page.locator("[data-rows] > li")
    row.get_by_role("button", name="暂停").click()
    expect(row.locator("[data-note]")).to_have_text("已暂停，随时可以继续")
    row.get_by_role("button", name="继续").click()
    expect(row).to_have_attribute("data-state", "done", timeout=60_000)

    choose(page, film)
    second = page.locator("[data-rows] > li").nth(1)
    second.get_by_role("button", name="暂停").click()
    second.get_by_role("button", name="移除").click()
    expect(page.locator("[data-rows] > li")).to_have_count(1)

    def kept() -> int:
        with app.app_context():
            return db.session.query(Asset).count()

    end = time.monotonic() + 60
    while kept() != 1:
        assert time.monotonic() < end, "an upload was left behind"
        page.wait_for_timeout(50)


def test_an_upload_continued_before_the_server_has_named_it_is_not_begun_twice(
    app: Flask, reader: Reader, film: Path
):
    page, held, sent = reader.page, [], []

    def naming(route: Route) -> None:
        sent.append(route.request.method)
        if route.request.method == "POST":
            held.append(route)
        else:
            route.continue_()

    page.route(re.compile(r"/uploads/files"), naming)
    choose(page, film)
    row = page.locator("[data-rows] > li")
    for word in ("暂停", "继续", "暂停", "继续"):
        row.get_by_role("button", name=word).click()
    page.wait_for_timeout(300)  # what would be sent a second time is sent by now
    for each in held:
        each.continue_()

    expect(row).to_have_attribute("data-state", "done", timeout=60_000)
    assert sent.count("POST") == 1
    with app.app_context():
        assert db.session.query(Asset).count() == 1


def test_a_file_that_is_refused_says_why(app: Flask, reader: Reader, tmp_path: Path):
    fake, empty = tmp_path / "清单.mp4", tmp_path / "空.mp4"
    fake.write_text("#EXTM3U\nhttp://127.0.0.1/a.ts\n")
    empty.touch()
    choose(reader.page, empty)
    expect(reader.page.get_by_role("alert")).to_contain_text("0 字节")

    choose(reader.page, fake)
    thread = in_background(app) if _uploaded(reader.page) else None
    refused = reader.page.locator("[data-asset-state=refused]")
    expect(refused.first).to_contain_text("清单", timeout=60_000)
    if thread:
        thread.join()


def _uploaded(page: Page) -> bool:
    expect(page.locator("[data-rows] > li").last).to_have_attribute("data-state", "done", timeout=60_000)
    return True


def test_a_form_waits_for_its_file(app: Flask, reader: Reader, film: Path):
    page, line = reader.page, Line(reader.page)
    line.dead = True
    form = """() => { const form = document.createElement('form'); form.action = '/help'; form.method = 'get';
        const box = document.querySelector('[data-uploader]'); box.before(form); form.append(box);
        const button = document.createElement('button'); button.textContent = 'send'; form.append(button); }"""
    page.evaluate(form)
    choose(page, film)
    expect(page.locator("[data-rows] > li")).to_have_attribute("data-state", "uploading")

    page.get_by_role("button", name="send").click()

    expect(page.locator("[data-wait]").first).to_have_text("文件还在上传，传完后再提交")
    assert page.url.endswith("/uploads")


@pytest.fixture
def asset(app: Flask, lin: Player, shelf: Path) -> Asset:
    """Eight seconds in two rungs."""
    source = shelf / "rungs.mp4"
    if not source.exists():
        clips.clip(source, size="1280x720", seconds=8)
    return ready_film(app, lin, source, shelf)


def video(page: Page, what: str) -> Any:
    return page.evaluate(f"(() => {{ const v = document.querySelector('video'); return {what}; }})()")


def play(page: Page) -> None:
    page.evaluate(
        "(() => { const v = document.querySelector('video'); v.muted = true; v.autoplay = true; v.play().catch(() => {}) })()"
    )


def until(page: Page, what: str, seconds: float = 60) -> None:
    """Asked by us: the page's own policy forbids the eval that Playwright's waiting would use."""
    end = time.monotonic() + seconds
    while not video(page, what):
        assert time.monotonic() < end, what
        page.wait_for_timeout(50)


def test_a_film_plays_by_hls_and_remarks_stand_on_their_seconds(app: Flask, reader: Reader, asset: Asset):
    page = reader.page
    fetched: list[str] = []
    page.on("response", lambda answer: fetched.append(answer.url) if "/media/" in answer.url else None)
    page.goto(f"/uploads/{ids.encode('ast', asset.id)}")
    play(page)
    until(page, "v.currentTime > 4")

    assert video(page, "v.getVideoPlaybackQuality().totalVideoFrames") > 40
    assert video(page, "v.webkitAudioDecodedByteCount") > 0
    assert video(page, "v.videoWidth === v.videoHeight")
    assert any(url.endswith(".m4s") for url in fetched)
    assert not any(url.endswith(".mp4") and "init" not in url for url in fetched)
    expect(page.locator("select[data-level] option")).to_have_text(["自动", "720p", "480p"])

    with app.test_request_context("/"):
        forms = render_template_string(
            "{% import 'media/ui.html' as media with context %}<form data-pin='player' id='remark'>{{ media.pin() }}"
            "<label>text<textarea name='text'></textarea></label></form>{{ media.seek(2500, 5000, 2500) }}"
        )
    page.evaluate(
        "html => { document.querySelector('main').insertAdjacentHTML('beforeend', html);"
        " document.dispatchEvent(new Event('htmx:after:swap')) }",
        forms,
    )
    page.get_by_role("button", name="00:02.5").click()
    until(page, "Math.abs(v.currentTime - 2.5) < 0.1")
    assert video(page, "v.paused")
    expect(page.locator("[data-point]")).to_be_visible()
    expect(page.locator("[data-track] span")).to_have_count(1)

    page.get_by_role("button", name="批注当前画面").click()
    expect(page.locator("[data-pin-words]")).to_contain_text("00:02.5")
    aim = page.locator("[data-aim]")
    box = aim.bounding_box()
    assert box
    aim.click(position={"x": box["width"] / 4, "y": box["height"] / 2})
    at = {name: page.locator(f"#remark input[name={name}]").input_value() for name in ("at_ms", "x", "y")}
    assert abs(int(at["at_ms"]) - 2500) < 60
    assert abs(int(at["x"]) - 2500) < 60
    assert 3000 < int(at["y"]) < 5100
    assert reader.faults() == []
    page.get_by_role("button", name="取消定位").click()
    assert page.locator("#remark input[name=at_ms]").input_value() == ""
    assert reader.complaints == []


def test_without_hls_the_one_file_plays(reader: Reader, asset: Asset):
    page = reader.page
    page.route(re.compile(r"\.m3u8$"), lambda route: route.abort())
    page.goto(f"/uploads/{ids.encode('ast', asset.id)}")
    play(page)

    until(page, "v.currentTime > 1")
    assert video(page, "v.currentSrc").endswith(asset.mp4_url)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_uploads_page_has_no_accessibility_fault(reader: Reader, asset: Asset, lang: str):
    reader.page.goto(f"/uploads?lang={lang}")
    assert reader.faults() == []
    reader.page.set_viewport_size({"width": 320, "height": 800})
    assert reader.page.evaluate("document.documentElement.scrollWidth") <= 320
    assert reader.complaints == []


def test_a_published_film_plays_from_another_host(
    app: Flask,
    chromium: Browser,
    lin: Player,
    asset: Asset,
    site: str,  # noqa: F811
):
    """A CDN, as far as a browser can tell: another origin, without cookies; our pages' policy lets it in and no other."""
    cdn = site.replace("127.0.0.1", "localhost")
    configure(replace(config(), public_url=cdn))
    publish(app, asset)
    pages = make_server("127.0.0.1", 0, create_app(app.config["SETTINGS"]), threaded=True)
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    here = Reader(chromium, f"http://127.0.0.1:{pages.server_port}")
    try:
        here.sign_in(lin)
        fetched: list[str] = []
        here.page.on("request", lambda ask: fetched.append(ask.url) if "/media/" in ask.url else None)
        here.page.goto(f"/uploads/{ids.encode('ast', asset.id)}")
        play(here.page)
        until(here.page, "v.currentTime > 2")

        assert any(url.endswith(".m4s") for url in fetched)
        assert [url for url in fetched if not url.startswith(cdn + "/media/")] == []
        assert here.complaints == []
    finally:
        here.context.close()
        pages.shutdown()
