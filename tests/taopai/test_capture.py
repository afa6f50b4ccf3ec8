"""Filming in Chromium with its fake camera: shots by a template, lines that drop, pages that close, cameras that fail."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Route, expect

from market.kit import ids
from market.kit.db import db
from market.media import service
from market.media.models import Asset
from market.media.storage import storage
from market.taopai.models import EditDraft, Shoot
from tests.conftest import Player, drain_all
from tests.front.conftest import Reader
from tests.taopai.filming import film_shot, kept_hashes, plan, with_camera
from workers import media as worker

pytestmark = pytest.mark.browser
CHUNK = 16 * 1024


@pytest.fixture(scope="module")
def filming(chromium: Browser) -> Iterator[Browser]:
    browser = with_camera(chromium)
    yield browser
    browser.close()


@pytest.fixture
def template(zhou: Player) -> str:
    """Three shots of two seconds, with words on the first and music under all."""
    said = zhou.api("PUT", "/shot-templates/three", json=plan("开场", "", "", music="breeze"))
    assert said.status_code == 200, said.text
    return "three"


def begin(browser: Browser, site: str, lin: Player, template: str, width: int = 390) -> Reader:
    reader = Reader(browser, site, width)
    reader.sign_in(lin)
    page = reader.page
    page.goto("/uploads/capture?category=food")
    page.locator(".plan", has_text="三镜头").get_by_role("button").click()
    expect(page.locator("[data-studio]")).to_have_attribute("data-ready", "1")
    page.locator("[data-studio]").evaluate(f"studio => studio.dataset.chunkBytes = {CHUNK}")
    return reader


def test_shots_of_a_template_are_filmed_square_sent_while_the_next_is_filmed_and_made_into_a_film(
    app: Flask, filming: Browser, site: str, lin: Player, template: str
):
    reader = begin(filming, site, lin, template)
    page = reader.page
    assert reader.faults() == []
    page.get_by_role("button", name="打开摄像头").click()
    expect(page.locator("[data-record]")).to_be_visible()
    settings = page.locator("[data-live]").evaluate(
        "video => video.srcObject.getVideoTracks()[0].getSettings()"
    )
    assert settings["width"] == settings["height"] >= 720, "the track itself is square"
    expect(page.locator("[data-cropped]")).to_be_hidden()
    assert reader.faults() == []

    cut: list[int] = []
    offsets: list[int] = []

    def line(route: Route) -> None:
        if route.request.method == "PATCH":
            offsets.append(int(route.request.headers["upload-offset"]))
            if offsets[-1] and len(cut) < 3 and offsets[-1] not in cut:
                cut.append(offsets[-1])
                return route.abort("connectionreset")
        return route.continue_()

    page.route(re.compile(r"/uploads/files"), line)
    hashes = {}
    for number in range(3):
        film_shot(page)
        hashes |= {int(at): value for at, value in kept_hashes(page).items() if int(at) == number}
        if number == 1:
            before = hashes[1]
            page.get_by_role("button", name="重拍", exact=True).click()
            expect(page.locator("[data-record]")).to_be_visible()
            film_shot(page)
            hashes[1] = kept_hashes(page)["1"]
            assert hashes[1] != before
        page.get_by_role("button", name="用这个镜头").click()
    make = page.locator("[data-make]")
    expect(make).to_be_enabled(timeout=30_000)

    assert len(cut) == 3
    assert offsets.count(0) == 3, "no shot was sent from its beginning again"
    with app.app_context():
        shoot = db.session.query(Shoot).one()
        takes = {take.number: db.session.get(Asset, take.asset_id) for take in shoot.takes}
        assert {number: asset.sha256 for number, asset in takes.items()} == hashes
        assert db.session.query(Asset).count() == 3, "what was filmed again was never sent"
    assert kept_hashes(page) == {}

    make.click()
    expect(page.locator("[data-finish]")).to_contain_text("现在可以关闭页面")
    assert reader.faults() == []
    with app.app_context():
        assert worker.drain() == 3
        drain_all()
        assert worker.drain() == 1, "the film follows by itself"
        draft = db.session.query(EditDraft).one()
        clips = draft.edit_list["clips"]
        assert [clip["asset_id"] for clip in clips] == [ids.encode("ast", takes[at].id) for at in range(3)]
        assert all(1500 <= clip["out_ms"] <= 2000 for clip in clips)
        assert draft.edit_list["texts"][0] | {"end_ms": 0} == {
            "text": "开场", "start_ms": 0, "end_ms": 0, "x": 5000, "y": 1500, "size": "medium"
        }  # fmt: skip
        assert draft.edit_list["music"]["track"] == "breeze"
        assert draft.film_id
        film = service.find(draft.film_id)
        assert film.is_ready, film.refusal_code
        assert film.width == film.height
        assert storage().size(film.key(film.renditions["mp4"]))
    expect(page.locator("[data-film] [data-asset-state=ready]")).to_be_visible(timeout=10_000)
    assert [text for text in reader.complaints if "ERR_CONNECTION_RESET" not in text] == []
    reader.context.close()


def test_a_shot_survives_a_closed_page_and_a_dead_line(
    app: Flask, filming: Browser, site: str, lin: Player, template: str
):
    reader = begin(filming, site, lin, template)
    page = reader.page
    page.get_by_role("button", name="打开摄像头").click()
    film_shot(page)
    page.reload()
    expect(page.locator("[data-studio]")).to_have_attribute("data-mode", "review")
    seen: list[int] = []

    def die(route: Route) -> None:
        if route.request.method != "PATCH":
            return route.continue_()
        seen.append(int(route.request.headers["upload-offset"]))
        return route.abort("connectionreset") if seen[-1] else route.continue_()

    page.locator("[data-studio]").evaluate(f"studio => studio.dataset.chunkBytes = {CHUNK}")
    page.route(re.compile(r"/uploads/files/"), die)
    page.get_by_role("button", name="用这个镜头").click()
    first = page.locator("[data-shots] li").first
    expect(first.locator("[data-state]")).to_contain_text("网络不通", timeout=15_000)
    kept = kept_hashes(page)
    with app.app_context():
        assert db.session.query(Asset).one().sha256 is None

    page.unroute_all()
    went_on: list[int] = []
    page.on(
        "request",
        lambda sent: (
            sent.method == "PATCH"
            and "/uploads/files/" in sent.url
            and went_on.append(int(sent.headers["upload-offset"]))
        ),
    )
    page.reload()
    expect(page.locator("[data-status]")).to_contain_text("已找回")
    expect(first.locator("[data-state]")).to_contain_text("排队中", timeout=15_000)

    assert went_on[0] >= CHUNK, "what had arrived was not sent again"
    with app.app_context():
        assert db.session.query(Asset).one().sha256 == kept["0"]
        assert [take.number for take in db.session.query(Shoot).one().takes] == [0]
    assert kept_hashes(page) == {}
    reader.context.close()


def test_a_shot_taken_again_while_it_is_sent_goes_up_instead_of_the_first(
    app: Flask, filming: Browser, site: str, lin: Player, template: str
):
    reader = begin(filming, site, lin, template)
    page = reader.page

    def stall(route: Route) -> None:
        """The first piece arrives, the second never ends."""
        if route.request.method != "PATCH" or route.request.headers["upload-offset"] == "0":
            route.continue_()

    page.route(re.compile(r"/uploads/files/"), stall)
    page.get_by_role("button", name="打开摄像头").click()
    film_shot(page)
    first = kept_hashes(page)["0"]
    page.locator("[data-use]").click()
    state = page.locator("[data-shots] li [data-state]").first
    expect(state).to_contain_text("上传")
    expect(page.locator("[data-record]")).to_be_visible()

    page.locator("[data-shots] li").first.get_by_role("button").click()
    expect(page.locator("[data-count]")).to_contain_text("第 1 个")
    expect(page.locator("[data-record]")).to_be_visible()
    film_shot(page)
    second = kept_hashes(page)["0"]
    page.unroute_all()
    page.locator("[data-use]").click()
    expect(state).to_contain_text("排队中", timeout=20_000)

    assert first != second
    with app.app_context():
        (take,) = db.session.query(Shoot).one().takes
        assert db.session.get(Asset, take.asset_id).sha256 == second
    assert kept_hashes(page) == {}
    reader.context.close()


WITHOUT = {
    "recorder": "delete window.MediaRecorder",
    "insecure": "Object.defineProperty(navigator, 'mediaDevices', {value: undefined});"
    "Object.defineProperty(window, 'isSecureContext', {value: false})",
    "busy": "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotReadableError'))",
}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_camera_that_cannot_be_had_is_explained_and_a_film_of_the_album_is_taken_instead(
    app: Flask,
    chromium: Browser,
    filming: Browser,
    site: str,
    lin: Player,
    template: str,
    film: Path,
    lang: str,
):
    refusing = Reader(chromium, site, 390)  # no fake camera and nobody to press "allow"
    refusing.sign_in(lin)
    page = refusing.page
    page.goto(f"/uploads/capture?lang={lang}")
    page.locator(".plan").last.get_by_role("button").click()
    page.locator("[data-open]").click()
    shown = page.locator("[data-problem]:visible")
    expect(shown).to_have_count(1)
    assert shown.get_attribute("data-problem") in ("refused", "missing")
    assert refusing.faults() == []
    address = page.url

    for why, script in WITHOUT.items():
        broken = Reader(filming, site, 390)
        broken.sign_in(lin)
        broken.page.add_init_script(script)
        broken.page.goto(address + f"?lang={lang}")
        expect(broken.page.locator("[data-studio]")).to_have_attribute("data-ready", "1")
        if why == "busy":
            broken.page.locator("[data-open]").click()
        expect(broken.page.locator("[data-problem]:visible")).to_have_attribute("data-problem", why)
        assert broken.faults() == []
        assert broken.page.evaluate("document.documentElement.scrollWidth") <= 390
        broken.context.close()

    page.set_input_files("[data-file]", film)
    page.locator("[data-use]").click()
    expect(page.locator("[data-shots] li [data-state]").first).to_contain_text(
        "排队中" if lang == "zh" else "queue", timeout=15_000, ignore_case=True
    )
    with app.app_context():
        assert db.session.query(Asset).one().sha256 == hashlib.sha256(film.read_bytes()).hexdigest()
    refusing.context.close()


def test_the_camera_waits_for_its_script_so_that_no_press_is_lost(
    filming: Browser, site: str, lin: Player, template: str
):
    reader = Reader(filming, site, 390)
    reader.sign_in(lin)
    page = reader.page
    held: list[Route] = []
    page.route("**/capture.js", lambda route: held.append(route))
    page.goto("/uploads/capture", wait_until="commit")
    page.locator(".plan").last.get_by_role("button").click(no_wait_after=True)
    expect(page.locator("[data-open]")).to_be_disabled()
    expect(page.locator("[data-file]")).to_be_disabled()
    while not held:
        page.wait_for_timeout(20)
    held[0].continue_()
    page.locator("[data-open]").click()
    expect(page.locator("[data-record]")).to_be_visible()
    reader.context.close()


def test_a_permission_that_is_taken_away_is_told_as_that(
    filming: Browser, site: str, lin: Player, template: str
):
    """The real refusal: Chromium without the flag that presses "allow", in a context that was granted nothing."""
    browser = with_camera(filming, "--use-fake-device-for-media-stream", "--deny-permission-prompts")
    reader = begin(browser, site, lin, template)
    reader.page.get_by_role("button", name="打开摄像头").click()
    expect(reader.page.locator("[data-problem=refused]")).to_be_visible()
    expect(reader.page.locator("[data-problem=refused]")).to_contain_text("允许")
    browser.close()


def test_a_camera_that_is_not_square_is_cropped_and_a_page_that_is_left_keeps_what_was_filmed(
    app: Flask, filming: Browser, site: str, lin: Player, zhou: Player
):
    # Shots that are not over before the pause is pressed, however slow this machine is.
    assert zhou.api("PUT", "/shot-templates/three", json=plan("开场", "", seconds=30)).status_code == 200
    reader = Reader(filming, site, 390)
    reader.sign_in(lin)
    page = reader.page
    # A camera that knows no squares: it refuses the constraint, as Safari and old drivers do.
    page.add_init_script(
        """const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = (wanted) => wanted.video.aspectRatio
          ? Promise.reject(new OverconstrainedError('aspectRatio'))
          : real({...wanted, video: {width: 640, height: 480}});"""
    )
    page.goto("/uploads/capture")
    page.locator(".plan", has_text="三镜头").get_by_role("button").click()
    page.get_by_role("button", name="打开摄像头").click()
    expect(page.locator("[data-cropped]")).to_be_visible()
    page.locator("[data-record]").click()
    expect(page.locator("[data-stop]")).to_be_enabled(timeout=15_000)
    page.get_by_role("button", name="暂停").click()
    expect(page.locator("[data-status]")).to_contain_text("已暂停")
    page.get_by_role("button", name="继续录").click()
    page.evaluate(
        "Object.defineProperty(document, 'hidden', {value: true, configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    expect(page.locator("[data-status]")).to_contain_text("被打断")
    page.locator("[data-use]").click()
    expect(page.locator("[data-shots] li [data-state]").first).to_contain_text("排队中", timeout=15_000)
    with app.app_context():
        worker.drain()
        asset = db.session.query(Asset).one()
        assert (asset.width, asset.height) == (480, 480)
        assert 900 <= asset.duration_ms < 30_000
    reader.context.close()
