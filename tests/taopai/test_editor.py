"""The editor in Chromium: cut, words, undo, the film; what the page shows is what the film holds."""

import io
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from flask import Flask
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, expect

from market.kit import ids
from market.kit.db import db
from market.media import service
from market.media.storage import storage
from market.taopai.models import EditDraft
from tests.conftest import Player
from tests.front.conftest import Reader
from tests.media import clips
from tests.media.test_in_a_browser import in_background, until
from tests.media.test_serving import ready_film

pytestmark = pytest.mark.browser


@pytest.fixture
def dark(shelf: Path) -> Path:
    """Three dark seconds with a tone: white words are easily found on them."""
    return clips.make(
        shelf / "深色.mp4", "-f", "lavfi", "-i", "color=navy:size=480x480:rate=10:duration=3",
        "-f", "lavfi", "-i", "sine=frequency=440:duration=3", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p",
    )  # fmt: skip


def box(picture: NDArray[np.uint8]) -> list[float]:
    """Where the white is: left, top, right, bottom in parts of the side; the rounded corners of the stage do not count."""
    side = picture.shape[0]
    rim = side // 20
    lit = (np.argwhere(picture[rim:-rim, rim:-rim, :3].min(axis=2) > 160) + rim) / side
    assert len(lit), "white letters"
    return [*lit.min(axis=0)[::-1], *lit.max(axis=0)[::-1]]


def test_a_film_is_cut_and_made_and_looks_as_the_page_showed_it(
    app: Flask,
    chromium: Browser,
    site: str,
    lin: Player,
    dark: Path,
    shelf: Path,
):
    ready_film(app, lin, dark, shelf)
    reader = Reader(chromium, site, 390)
    reader.sign_in(lin)
    page = reader.page
    page.goto("/uploads/edits")
    page.get_by_role("button", name="新建片子").click()
    status, clip_row = page.locator("[data-status]"), page.locator("[data-clips] button")
    page.locator("[data-films] button").click()
    expect(clip_row).to_have_count(1)
    expect(status).to_contain_text("已保存")

    page.locator("[data-head]").fill("1500")
    page.get_by_role("button", name="在播放头分割").click()
    expect(clip_row).to_have_count(2)
    page.get_by_label("终点（秒）").fill("2.5")
    page.keyboard.press("Tab")
    expect(page.locator("[data-long]")).to_have_text("2.5 秒")
    page.get_by_role("button", name="前移").click()
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(page.locator("[data-long]")).to_have_text("3.0 秒")
    page.get_by_role("button", name="重做").click()
    expect(page.locator("[data-long]")).to_have_text("2.5 秒")

    page.locator("[data-head]").fill("300")
    page.get_by_role("button", name="在播放头加字", exact=True).click()
    words = page.locator("#texts-0-text")
    words.fill("双十一😀")
    expect(page.locator("#texts-0-text-error")).to_contain_text("😀")
    words.fill("双十一 SALE\n全场五折")
    page.locator("#texts-0-size").select_option("large")
    expect(page.locator(".field-error")).to_have_count(0)
    expect(status).to_contain_text("已保存")
    page.get_by_label("音乐", exact=True).select_option("breeze")
    page.get_by_role("button", name="用当前画面").click()
    expect(page.locator("[data-cover]")).to_contain_text("0.3")
    page.evaluate("document.fonts.ready")
    shot = page.locator("[data-stage]").screenshot()
    page.evaluate("scrollTo(0, 0)")  # what is half under the stage would count as too small a target
    assert reader.faults() == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    page.get_by_role("button", name="生成成片").click()
    expect(status).to_contain_text("已开始生成成片")
    thread = in_background(app)
    expect(page.locator("[data-progress] [data-asset-state=ready]")).to_be_visible(timeout=60_000)
    thread.join()

    with app.app_context():
        draft = db.session.query(EditDraft).one()
        assert draft.film_id
        film = service.find(draft.film_id)
        poster = b"".join(storage().read(film.key("poster.jpg")))
        whole = storage().local(film.key(film.renditions["mp4"]), shelf)
        with av.open(str(whole)) as container:
            assert container.duration / av.time_base == pytest.approx(2.5, abs=0.1)
        film_id = ids.encode("ast", film.id)
    preview = box(np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")))
    made = box(np.asarray(Image.open(io.BytesIO(poster)).convert("RGB")))
    assert made == pytest.approx(preview, abs=0.012), "the preview is the film"
    page.goto(f"/uploads/{film_id}")
    expect(page.locator(".checks .is-ok")).to_have_count(5)
    assert [text for text in reader.complaints if "422" not in text] == []
    reader.context.close()


def test_a_draft_plays_across_its_clips_and_gives_back_what_could_not_be_saved(
    app: Flask, chromium: Browser, site: str, lin: Player, dark: Path, shelf: Path
):
    film_id = ids.encode("ast", ready_film(app, lin, dark, shelf).id)
    parts = [{"asset_id": film_id, "in_ms": at, "out_ms": at + 1000} for at in (1500, 0)]
    draft = lin.api("POST", "/edits", json={"title": "两段", "edit_list": {"clips": parts}}).json
    path = f"/edits/{draft['id']}"
    reader = Reader(chromium, site)
    reader.sign_in(lin)
    page = reader.page
    page.goto(f"/uploads{path}")

    page.get_by_role("button", name="播放", exact=True).click()
    expect(page.locator("[data-clock]")).to_have_text("2.0 / 2.0", timeout=20_000)
    at = page.locator("[data-video]").evaluate("video => video.currentTime")
    assert at == pytest.approx(1, abs=0.3), "the second clip is the film's beginning"

    etag = lin.api("GET", path).headers["ETag"]
    assert lin.api("PATCH", path, json={"title": "别人改的"}, headers={"If-Match": etag}).status_code == 200
    page.get_by_role("button", name="在播放头加字", exact=True).click()
    page.locator("#texts-0-text").fill("我的字")
    status = page.locator("[data-status]")
    expect(status).to_contain_text("在别处被改过")
    page.evaluate("scrollTo(0, 0)")
    assert reader.faults() == []
    page.reload()
    expect(status).to_contain_text("重做")
    expect(page.locator("#f-title")).to_have_value("别人改的")
    page.get_by_role("button", name="重做").click()
    expect(page.locator("#texts-0-text")).to_have_value("我的字")
    expect(status).to_contain_text("已保存")
    assert lin.api("GET", path).json["edit_list"]["texts"][0]["text"] == "我的字"
    assert [text for text in reader.complaints if "412" not in text] == []
    reader.context.close()


def test_clips_are_reordered_by_hand_and_keys_and_stickers_moved_on_the_stage(
    app: Flask, chromium: Browser, site: str, lin: Player, dark: Path, shelf: Path
):
    film_id = ids.encode("ast", ready_film(app, lin, dark, shelf).id)
    parts = [{"asset_id": film_id, "in_ms": 0, "out_ms": 1000 + 100 * at} for at in range(3)]
    draft = lin.api("POST", "/edits", json={"title": "三段", "edit_list": {"clips": parts}}).json
    reader = Reader(chromium, site, 390)
    reader.sign_in(lin)
    page = reader.page
    page.goto(f"/uploads/edits/{draft['id']}")
    status = page.locator("[data-status]")

    def saved() -> Any:
        until(page, f"localStorage.getItem('edit:{draft['id']}') === null")
        return lin.api("GET", f"/edits/{draft['id']}").json["edit_list"]

    page.locator("[data-clips]").evaluate("row => row.scrollIntoView({block: 'end'})")
    grips = page.locator("[data-clips] .grip")
    first, last = grips.nth(0).bounding_box(), grips.nth(2).bounding_box()
    assert first and last
    page.mouse.move(first["x"] + 9, first["y"] + 9)
    page.mouse.down()
    page.mouse.move(last["x"] + 9, last["y"] + 9, steps=5)
    page.mouse.up()
    expect(status).to_contain_text("第 1 段移到了第 3 段")
    assert [clip["out_ms"] for clip in saved()["clips"]] == [1100, 1200, 1000]
    page.locator("[data-clips] button").nth(2).press("Alt+ArrowLeft")
    expect(status).to_contain_text("第 3 段移到了第 2 段")
    assert [clip["out_ms"] for clip in saved()["clips"]] == [1100, 1000, 1200]
    assert page.evaluate(
        "document.activeElement.closest('li') === document.querySelector('[data-clips]').children[1]"
    )

    page.get_by_role("button", name="加贴纸：爱心").click()
    page.evaluate("scrollTo(0, 0)")
    heart = page.locator("[data-words] img")
    place = heart.bounding_box()
    assert place
    page.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    page.mouse.down()
    page.mouse.move(place["x"] + place["width"] / 2 + 54, place["y"] + place["height"] / 2 - 27, steps=5)
    page.mouse.up()
    kept = saved()["stickers"]
    stage = page.locator("[data-stage]").bounding_box()
    assert stage
    assert kept[0]["x"] == pytest.approx(5000 + 540_000 / stage["width"], abs=60)
    assert kept[0]["y"] == pytest.approx(5000 - 270_000 / stage["height"], abs=60)
    assert page.locator("#stickers-0-x").input_value() == str(round(kept[0]["x"], -2))
    page.keyboard.press("Control+z")
    expect(page.locator("#stickers-0-x")).to_have_value("5000")
    page.locator("#stickers-0-width").fill("60")
    page.locator("#stickers-0-turn").fill("-30")
    assert {"width": 60, "turn": -30}.items() <= saved()["stickers"][0].items()
    page.evaluate("scrollTo(0, 0)")
    assert reader.faults() == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert reader.complaints == []
    reader.context.close()
