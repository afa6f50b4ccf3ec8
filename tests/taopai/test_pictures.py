"""The pictures of docs/video.md, taken of the pages: `VTASK_PICTURES=1 ./vtask test tests/taopai/test_pictures.py`."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from demo.clips import Look, draw_film
from market.kit import ids
from tests.conftest import Player
from tests.front.conftest import Reader
from tests.media import clips
from tests.media.test_in_a_browser import until
from tests.media.test_serving import ready_film
from tests.pictures import kept
from tests.taopai.filming import with_camera

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Something to film: a drawing of the demo's, slowly panned over."""
    return draw_film(Look("food", 0), tmp_path_factory.mktemp("scene"))


@pytest.fixture
def filming(chromium: Browser, scene: Path) -> Iterator[Browser]:
    """A Chromium whose camera looks at the scene."""
    seen = clips.make(scene.with_suffix(".mjpeg"), "-i", scene, "-vf", "scale=720:720", "-q:v", "4", "-an")
    browser = with_camera(
        chromium,
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={seen}",
    )
    yield browser
    browser.close()


def test_filming_is_pictured(filming: Browser, site: str, lin: Player, tmp_path: Path):
    reader = Reader(filming, site, 390)
    reader.sign_in(lin)
    page = reader.page
    page.goto("/uploads/capture?category=food")
    page.locator(".plan", has_text="开袋到上桌").get_by_role("button").click()
    page.get_by_role("button", name="打开摄像头").click()
    page.locator("[data-record]").click()
    expect(page.locator("[data-stop]")).to_be_enabled(timeout=15_000)
    page.get_by_role("button", name="暂停").click()
    page.evaluate("scrollTo(0, 0)")

    kept("capture.webp", page.screenshot(), tmp_path)

    reader.context.close()


def test_the_editor_is_pictured(
    app: Flask, chromium: Browser, site: str, lin: Player, scene: Path, shelf: Path, tmp_path: Path
):
    film_id = ids.encode("ast", ready_film(app, lin, scene, shelf).id)
    edit = {
        "clips": [{"asset_id": film_id, "in_ms": at, "out_ms": at + 1200} for at in (0, 1300, 2600)],
        "texts": [{"text": "现煮现尝\n双十一", "start_ms": 0, "end_ms": 3600, "y": 2200, "size": "large"}],
        "stickers": [
            {"sticker": "ring", "start_ms": 0, "end_ms": 3600, "x": 5000, "y": 6200, "width": 55},
            {"sticker": "arrow", "start_ms": 0, "end_ms": 3600, "x": 1900, "y": 6200, "width": 26},
        ],
        "music": {"track": "breeze"},
    }
    draft = lin.api("POST", "/edits", json={"title": "开袋到上桌", "edit_list": edit}).json
    reader = Reader(chromium, site)
    reader.sign_in(lin)
    page = reader.page
    page.goto(f"/uploads/edits/{draft['id']}")
    page.locator("[data-head]").fill("600")
    until(page, "v.readyState > 1 && !v.seeking")
    page.evaluate("document.fonts.ready")

    kept("editor.webp", page.screenshot(), tmp_path)

    reader.context.close()
