"""A finished film really plays in Chromium: pictures that move, are not black and are heard, on each rung and as a file."""

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from market.kit import ids
from market.media.models import Asset
from tests.conftest import Player
from tests.front.conftest import Reader, site  # noqa: F401
from tests.media import clips
from tests.media.test_in_a_browser import play, until, video
from tests.media.test_serving import ready_film

pytestmark = pytest.mark.browser
LIGHT = """(() => {
  const film = document.querySelector('video');
  const canvas = Object.assign(document.createElement('canvas'), {width: 32, height: 32});
  const pen = canvas.getContext('2d');
  pen.drawImage(film, 0, 0, 32, 32);
  const bytes = pen.getImageData(0, 0, 32, 32).data;
  return bytes.reduce((sum, value, at) => (at % 4 === 3 ? sum : sum + value), 0) / (32 * 32 * 3);
})()"""


@pytest.fixture
def asset(app: Flask, lin: Player, shelf: Path) -> Asset:
    """Six lively seconds with a tone, in two rungs."""
    source = shelf / "lively.mp4"
    if not source.exists():
        clips.clip(source, size="1280x720", rate=30, seconds=6)
    return ready_film(app, lin, source, shelf)


def watched(page: Page) -> dict[str, Any]:
    """Play beyond the fourth second; what was seen and heard until then."""
    play(page)
    until(page, "v.currentTime > 4")
    told: dict[str, Any] = video(
        page,
        "({pictures: v.getVideoPlaybackQuality().totalVideoFrames, heard: v.webkitAudioDecodedByteCount,"
        " wide: v.videoWidth, high: v.videoHeight})",
    )
    return told | {"light": page.evaluate(LIGHT)}


@pytest.mark.parametrize("way", ["720", "480", "file"])
def test_a_film_is_seen_and_heard_on_every_way_to_it(
    chromium: Browser,
    site: str,  # noqa: F811
    lin: Player,
    asset: Asset,
    way: str,
):
    reader = Reader(chromium, site)
    reader.sign_in(lin)
    page = reader.page
    if way == "file":
        page.route("**/*.m3u8", lambda route: route.abort())
    page.goto(f"/uploads/{ids.encode('ast', asset.id)}")
    if way != "file":
        page.locator("select[data-level]").select_option(label=f"{way}p")

    seen = watched(page)

    assert seen["pictures"] > 60, seen
    assert seen["heard"] > 0, seen
    assert seen["light"] > 20, "the picture is not black"
    assert seen["wide"] == seen["high"] == (720 if way == "file" else int(way))
    assert video(page, "v.currentSrc").endswith(asset.mp4_url) is (way == "file")
    reader.context.close()
