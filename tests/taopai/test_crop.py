"""The square of a film that is not square: moved by hand and by keys, shown as it will be, exported just so."""

from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from market.kit import ids
from market.kit.db import db, transaction
from market.media import service
from market.media.models import Asset
from market.media.storage import storage
from market.taopai.models import EditDraft
from tests.conftest import Player
from tests.front.conftest import Reader
from tests.media import clips
from tests.media.test_in_a_browser import in_background, until
from tests.media.test_serving import ready_film
from tests.pictures import opened, psnr, ssim

SIDE = 240


@pytest.fixture
def wide(app: Flask, lin: Player, shelf: Path) -> Asset:
    """Four seconds of 16:9 in which every place looks different."""
    source = shelf / "横屏.mp4"
    if not source.exists():
        clips.make(
            source, "-f", "lavfi", "-i", "mandelbrot=size=854x480:rate=10:start_scale=1.2:end_scale=1.0:end_pts=400",
            "-t", "4", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p",
        )  # fmt: skip
    return ready_film(app, lin, source, shelf)


def test_the_uncut_picture_is_its_owners_alone(app: Flask, lin: Player, bo: Player, wide: Asset):
    address = wide.whole_url
    assert address

    assert lin.browser().get(address).status_code == 200
    with app.app_context(), transaction():
        service.publish(wide.id)
    assert bo.browser().get(wide.mp4_url).status_code == 200
    assert bo.browser().get(address).status_code == 404
    assert app.test_client().get(address).status_code == 404
    told = bo.api("GET", f"/assets/{ids.encode('ast', wide.id)}").json
    assert not [url for url in told["urls"].values() if "whole" in url]
    signed = lin.api("GET", f"/assets/{ids.encode('ast', wide.id)}").json["urls"]["mp4"]
    assert app.test_client().get(signed.replace(wide.renditions["mp4"], "whole.mp4")).status_code == 404


def test_a_square_film_has_no_uncut_picture(app: Flask, lin: Player, silent: Path, shelf: Path):
    assert ready_film(app, lin, silent, shelf).whole_url == ""


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_film_of_before_the_uncut_picture_is_edited_as_it_was_cut_and_the_page_says_so(
    app: Flask, chromium: Browser, site: str, lin: Player, wide: Asset, silent: Path, shelf: Path, lang: str
):
    """It has its square alone: that plays on the stage, the page says why there is nothing to move, the film is made."""
    square = ready_film(app, lin, silent, shelf)
    with app.app_context(), transaction():
        old = service.find(wide.id, lock=True)
        old.renditions = {
            name: made for name, made in old.renditions.items() if name not in ("whole", "checks")
        }
    clips_ = [{"asset_id": ids.encode("ast", each.id), "in_ms": 0, "out_ms": 1500} for each in (wide, square)]
    draft = lin.api("POST", "/edits", json={"title": "老素材", "edit_list": {"clips": clips_}}).json
    reader = Reader(chromium, site, 390)
    reader.sign_in(lin)
    page = reader.page

    assert lin.browser().get(f"/uploads/{ids.encode('ast', wide.id)}").status_code == 200
    page.goto(f"/uploads/edits/{draft['id']}?lang={lang}")

    said = page.locator("[data-crop-gone]")
    expect(said).to_be_visible()
    expect(said).to_contain_text("没有保留完整画面" if lang == "zh" else "uploaded before")
    expect(said.get_by_role("link")).to_have_attribute("href", "/uploads")
    expect(page.locator("[data-crop-desk]")).to_be_hidden()
    until(page, "v.readyState > 1 && !v.seeking")
    source = page.locator("[data-stage] video").first.evaluate("video => video.currentSrc")
    assert source.endswith(wide.mp4_url)
    page.locator("[data-clips] button").nth(1).click()
    expect(said).to_be_hidden()
    assert reader.faults() == []
    assert reader.complaints == []
    reader.context.close()


def stage_at(page: Page, ms: int) -> bytes:
    """The stage as it shows this moment."""
    page.locator("[data-head]").fill(str(ms))
    until(page, "v.readyState > 1 && !v.seeking")
    page.evaluate("document.fonts.ready")
    return page.locator("[data-stage]").screenshot()


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_square_is_moved_by_hand_and_keys_and_the_film_is_what_the_page_showed(
    app: Flask, chromium: Browser, site: str, lin: Player, wide: Asset, tmp_path: Path, lang: str
):
    clip = {"asset_id": ids.encode("ast", wide.id), "in_ms": 500, "out_ms": 3000}
    words = {"text": "双十一 SALE", "start_ms": 0, "end_ms": 2500, "y": 8000, "size": "large"}
    arrow = {"sticker": "arrow", "start_ms": 0, "end_ms": 2500, "x": 3000, "y": 3000, "width": 40, "turn": 45}
    later = {"sticker": "heart", "start_ms": 2000, "end_ms": 2500, "x": 7000}
    edit = {"clips": [clip], "texts": [words], "stickers": [arrow, later], "cover_ms": 1000}
    draft = lin.api("POST", "/edits", json={"title": "取景", "edit_list": edit}).json
    reader = Reader(chromium, site, 390)
    reader.sign_in(lin)
    page = reader.page
    page.goto(f"/uploads/edits/{draft['id']}?lang={lang}")
    frame, slider = page.locator("[data-crop-frame]"), page.locator("[data-focus]")
    expect(page.locator("[data-crop-desk]")).to_be_visible()
    expect(slider).to_have_value("5000")
    page.locator("[data-crop]").evaluate("area => area.scrollIntoView({block: 'end'})")  # not under the stage
    at = frame.bounding_box()
    assert at
    assert at["width"] == pytest.approx(at["height"], abs=2), "the frame is a square"
    page.mouse.move(at["x"] + at["width"] / 2, at["y"] + at["height"] / 2)
    page.mouse.down()
    page.mouse.move(at["x"] + at["width"] / 2 - 40, at["y"] + at["height"] / 2, steps=4)
    page.mouse.up()
    dragged = int(slider.input_value())
    assert dragged < 4000
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    moved = int(slider.input_value())
    assert moved == pytest.approx(dragged - 500, abs=100)
    expect(page.locator("[data-status]")).to_contain_text("已保存" if lang == "zh" else "Saved")
    page.evaluate("scrollTo(0, 0)")
    assert reader.faults() == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    page.set_viewport_size({"width": 1280, "height": 900})
    shot = stage_at(page, 1000)
    page.locator("[data-make]").click()
    expect(page.locator("[data-progress] [data-asset-state]")).to_be_visible()
    thread = in_background(app)
    expect(page.locator("[data-progress] [data-asset-state=ready]")).to_be_visible(timeout=60_000)
    thread.join()
    with app.app_context():
        kept = db.session.query(EditDraft).one()
        assert kept.edit_list["clips"][0]["focus_x"] == moved
        assert kept.film_id
        film = service.find(kept.film_id)
        poster = b"".join(storage().read(film.key("poster.jpg")))
    preview, made = opened(shot, SIDE), opened(poster, SIDE)
    rim = SIDE // 20  # the stage has round corners
    preview, made = preview[rim:-rim, rim:-rim], made[rim:-rim, rim:-rim]
    red = (preview[..., 0] > 180) & (preview[..., 1:].max(axis=2) < 80)
    assert red[:120, :120].any(), "the sticker is in the picture that is compared"
    alike, decibel = ssim(preview, made), psnr(preview, made)
    assert alike > 0.9, (alike, decibel)
    assert decibel > 25, (alike, decibel)
    assert reader.complaints == []
    reader.context.close()
