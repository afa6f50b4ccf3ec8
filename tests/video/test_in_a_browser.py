"""Films in Chromium: the feed on a phone, what may start by itself, and what is counted of it."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from market.audience.buffer import Buffer
from market.audience.models import DailyViews
from market.kit.db import db, transaction
from market.kit.ids import encode
from market.media import service as media
from market.media.models import Asset
from market.shops import service as shops
from market.video import service as video
from market.video.kinds import FilmKind
from tests.audience.conftest import count, line  # noqa: F401
from tests.browser import axe_faults
from tests.conftest import Player
from tests.front.conftest import Reader, site  # noqa: F401
from tests.media import clips
from tests.media.conftest import film, shelf  # noqa: F401
from tests.media.test_serving import ready_film

pytestmark = pytest.mark.browser

WIFI = "{ type: 'wifi' }"
LINES = {
    "wifi": (WIFI, True),
    "cable": ("{ type: 'ethernet' }", True),
    "mobile network": ("{ type: 'cellular', effectiveType: '4g' }", False),
    "data saver on wifi": ("{ type: 'wifi', saveData: true }", False),
    "unknown, slow": ("{ effectiveType: '3g' }", False),
    "unknown, on a desk": ("{ effectiveType: '4g' }", True),
    "nothing said, on a desk": ("undefined", True),
}


def place(app: Flask, mei: Player, lin: Player, asset: Asset, number: int) -> list[str]:
    """So many films of one asset on the shelf, newest first: their addresses."""
    with app.app_context():
        with transaction():
            media.publish(asset.id)
            made = [
                video.add(
                    source_id=uuid4(),
                    kind=FilmKind.CONTENT,
                    creator_id=lin.party_id,
                    merchant_id=mei.party_id,
                    order_id=None,
                    asset_id=asset.id,
                    title=f"第 {at} 条片子",
                    category="home",
                )
                for at in range(number)
            ]
        return [f"/v/{encode('vid', each.id)}" for each in reversed(made)]


@pytest.fixture(scope="session")
def long_film(shelf: Path) -> Path:  # noqa: F811
    return clips.clip(shelf / "long.mp4", seconds=6)


@pytest.fixture
def films(app: Flask, mei: Player, lin: Player, film: Path, shelf: Path) -> list[str]:  # noqa: F811
    return place(app, mei, lin, ready_film(app, lin, film, shelf), 4)


Open = Callable[..., Reader]


@pytest.fixture
def opened(chromium: Browser, site: str) -> Iterator[Open]:  # noqa: F811
    """A browser of this width on a line that tells this of itself."""
    readers = []

    def open_(width: int = 390, connection: str = WIFI, *, calm: bool = False) -> Reader:
        reader = Reader(chromium, site, width)
        readers.append(reader)
        told = (
            f"Object.defineProperty(navigator, 'connection', {{ value: {connection}, configurable: true }})"
        )
        reader.context.add_init_script(told)
        if not calm:
            reader.page.emulate_media(reduced_motion="no-preference")
        return reader

    yield open_
    for reader in readers:
        assert not reader.complaints
        reader.context.close()


PLAYING = "[...document.querySelectorAll('video')].filter(v => !v.paused && v.currentTime > 0)"


def playing(reader: Reader) -> list[str]:
    """The titles of the cards whose film runs."""
    found: list[str] = reader.page.evaluate(
        f"{PLAYING}.map(v => v.closest('article').querySelector('h2, h3').innerText)"
    )
    return found


def wait_for(reader: Reader, title: str) -> None:
    reader.page.wait_for_function(
        f"title => {PLAYING}.map(v => v.closest('article').querySelector('h2, h3').innerText).join() === title",
        arg=title,
    )


def test_the_feed_plays_one_film_and_the_arrows_turn_to_the_next(films, opened: Open):
    reader = opened()
    reader.page.goto("/discover")
    wait_for(reader, "第 3 条片子")
    assert reader.page.evaluate(f"{PLAYING}.every(v => v.muted)")
    # The next one is there before it is asked for, and waits.
    reader.page.wait_for_function(
        "() => document.querySelectorAll('.reel-item')[1].querySelector('video')?.readyState >= 2"
    )

    reader.page.locator("#reel").focus()
    for title in ("第 2 条片子", "第 1 条片子"):
        reader.page.keyboard.press("ArrowDown")
        wait_for(reader, title)
    reader.page.keyboard.press("ArrowUp")
    wait_for(reader, "第 2 条片子")
    reader.page.keyboard.press("m")
    expect(reader.page.locator(".reel-item").nth(1).get_by_role("button", name="关闭声音")).to_be_visible()
    reader.page.keyboard.press(" ")
    reader.page.wait_for_function(f"() => {PLAYING}.length === 0")
    assert reader.page.evaluate("document.querySelectorAll('.reel-item video').length") <= 3
    assert axe_faults(reader.page) == []


def test_a_swipe_turns_to_the_next_film(films, opened: Open):
    reader = opened()
    reader.page.goto("/discover")
    wait_for(reader, "第 3 条片子")

    reader.page.mouse.move(195, 400)
    reader.page.mouse.wheel(0, 600)

    wait_for(reader, "第 2 条片子")


@pytest.mark.parametrize(("connection", "calm"), [("{ type: 'cellular' }", False), (WIFI, True)])
def test_where_nothing_may_start_by_itself_the_poster_waits_for_a_tap(films, opened: Open, connection, calm):
    reader = opened(connection=connection, calm=calm)
    fetched: list[str] = []
    reader.page.on("request", lambda request: fetched.append(request.url))
    reader.page.goto("/discover")
    first = reader.page.locator(".reel-item").first
    expect(first.locator("img")).to_be_visible()
    reader.page.wait_for_load_state("networkidle")

    assert not [url for url in fetched if url.endswith((".m3u8", ".m4s", ".mp4"))]
    first.get_by_role("button", name="播放").click()
    wait_for(reader, "第 3 条片子")
    assert reader.page.locator(".reel-item video").count() == 1


@pytest.mark.parametrize("name", LINES)
def test_previews_on_a_desk_run_one_at_a_time_where_the_line_costs_nothing(films, opened: Open, name: str):
    connection, may = LINES[name]
    reader = opened(1280, connection)
    reader.page.goto("/discover")
    reader.page.wait_for_load_state("networkidle")
    rule = reader.page.evaluate("import('/static/js/autoplay.js').then(rule => rule.mayAutoplay())")

    assert rule is may
    if may:
        reader.page.wait_for_function(f"() => {PLAYING}.length === 1")
        assert reader.page.evaluate(f"{PLAYING}.every(v => v.muted && v.src.includes('preview'))")
    else:
        assert reader.page.locator("video").count() == 0


def test_a_phone_that_says_nothing_of_its_line_starts_nothing(films, chromium: Browser, site: str):  # noqa: F811
    context = chromium.new_context(
        base_url=site, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True, locale="zh-CN"
    )
    context.add_init_script("Object.defineProperty(navigator, 'connection', { value: undefined })")
    page = context.new_page()
    page.goto("/discover")

    assert page.evaluate("import('/static/js/autoplay.js').then(rule => rule.mayAutoplay())") is False
    context.close()


def test_the_switch_stops_it_for_a_stranger_and_for_a_person(films, opened: Open, wen: Player):
    stranger = opened(1280)
    stranger.page.goto("/discover")
    stranger.page.wait_for_function(f"() => {PLAYING}.length === 1")
    stranger.page.get_by_role("button", name="Wi-Fi 自动播放").click()
    stranger.page.wait_for_function("() => document.querySelectorAll('video').length === 0")
    stranger.page.goto("/")
    assert (
        stranger.page.evaluate("import('/static/js/autoplay.js').then(rule => rule.mayAutoplay())") is False
    )

    person = opened(1280)
    person.sign_in(wen)
    person.page.goto("/discover")
    person.page.get_by_role("button", name="Wi-Fi 自动播放").click()
    expect(person.page.locator("body")).to_have_attribute("data-autoplay", "off")
    other = opened(390)
    other.sign_in(wen)
    other.page.goto("/discover")
    assert other.page.evaluate("import('/static/js/autoplay.js').then(rule => rule.mayAutoplay())") is False


def sums(app: Flask) -> dict[str, tuple[int, ...]]:
    count(app)
    with app.app_context():
        rows = db.session.scalars(select(DailyViews)).all()
        found: dict[str, tuple[int, ...]] = {}
        for row in rows:
            old = found.get(row.surface, (0, 0, 0, 0))
            new = (row.exposures, row.plays, row.plays5, row.finishes)
            found[row.surface.value] = tuple(map(sum, zip(old, new, strict=True)))
        return found


def leave(reader: Reader, line: Buffer) -> None:  # noqa: F811
    """Going away sends what was noted, after the page is gone: the server is asked whether it came."""
    reader.page.goto("/help")
    patience = time.monotonic() + 20
    while not line.is_waiting() and time.monotonic() < patience:
        time.sleep(0.05)
    assert line.is_waiting()


def test_what_was_in_view_and_what_was_played_is_counted_once(
    app: Flask,
    mei: Player,
    lin: Player,
    long_film: Path,
    shelf: Path,  # noqa: F811
    opened: Open,
    line: Buffer,  # noqa: F811
):
    films = place(app, mei, lin, ready_film(app, lin, long_film, shelf), 1)
    reader = opened(1280)
    reader.page.goto(films[0])
    reader.page.locator("video").evaluate("video => { video.muted = true; return video.play() }")
    reader.page.wait_for_function("() => document.querySelector('figure video').ended", timeout=60_000)
    leave(reader, line)
    first = sums(app)["player"]
    reader.page.goto(films[0])
    reader.page.locator("figure video").evaluate("video => { video.muted = true; return video.play() }")
    reader.page.wait_for_function("() => document.querySelector('figure video').currentTime > 0.5")
    leave(reader, line)

    assert first[1:] == (1, 1, 1)
    assert sums(app)["player"][1:] == first[1:]


def test_an_exposure_takes_a_second_and_previews_are_no_plays(
    films,
    app: Flask,
    opened: Open,
    line: Buffer,  # noqa: F811
):
    reader = opened(1280)
    reader.page.goto("/discover")
    reader.page.wait_for_function(f"() => {PLAYING}.length === 1")
    reader.page.wait_for_timeout(1500)  # the rule's own second
    leave(reader, line)

    exposures, plays, plays5, finishes = sums(app)["discover"]

    assert 1 <= exposures <= 4
    assert (plays, plays5, finishes) == (0, 0, 0)


def test_the_head_film_of_a_product_starts_silently_and_stays_stopped(
    app: Flask,
    mei: Player,
    lin: Player,
    film: Path,  # noqa: F811
    shelf: Path,  # noqa: F811
    opened: Open,
):
    asset = ready_film(app, lin, film, shelf)
    with app.app_context(), transaction():
        product = shops.add(
            {
                "title": "青花六件套",
                "category": "home",
                "price_fen": 9900,
                "stock": 3,
                "number": "",
                "description": "",
                "image_ids": [],
            },
            by=mei.actor,
        )
        media.publish(asset.id)
        video.add(
            source_id=uuid4(),
            kind=FilmKind.CONTENT,
            creator_id=lin.party_id,
            merchant_id=mei.party_id,
            order_id=None,
            asset_id=asset.id,
            title="一分钟看懂",
            category="home",
            product_ids=[product.id],
        )
        url = f"/p/{encode('prd', product.id)}"
    reader = opened(1280)
    reader.page.goto(url)
    reader.page.wait_for_function(f"() => {PLAYING}.length === 1")
    head = reader.page.locator("figure video")
    assert head.evaluate("video => video.muted")

    head.evaluate("video => video.pause()")
    reader.page.mouse.wheel(0, 900)
    reader.page.mouse.wheel(0, -900)
    reader.page.wait_for_timeout(600)  # longer than the page waits before it chooses

    assert head.evaluate("video => video.paused")


def test_the_pages_hold_in_both_languages_and_widths(films, opened: Open, wen: Player):
    reader = opened(calm=True)
    reader.sign_in(wen)
    reader.looks_at("/discover", "/footprints", films[0])
