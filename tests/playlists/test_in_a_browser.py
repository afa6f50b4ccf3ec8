"""Collections in Chromium: ordered by dragging and by keys, played as one list."""

from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import expect

from market.kit.db import transaction
from market.kit.ids import decode, encode
from market.playlists import service
from tests.browser import axe_faults
from tests.conftest import Player
from tests.front.conftest import Reader, reader, site  # noqa: F401
from tests.media.conftest import film, settings, shelf  # noqa: F401
from tests.media.test_serving import ready_film
from tests.video.test_in_a_browser import place

pytestmark = pytest.mark.browser


@pytest.fixture
def address(app: Flask, mei: Player, lin: Player, film: Path, shelf: Path) -> str:  # noqa: F811
    """A collection of three films of Mei's store: 2, 1, 0."""
    urls = place(app, mei, lin, ready_film(app, lin, film, shelf), 3)
    with app.app_context(), transaction():
        made = service.create("三步泡茶", by=mei.actor)
        service.change(made, {"video_ids": [decode("vid", url.removeprefix("/v/")) for url in urls]})
        return f"/collections/{encode('col', made.id)}"


def order(reader: Reader) -> str:  # noqa: F811
    return " ".join(word[2] for word in reader.page.locator("[data-arrange] .good-words a").all_inner_texts())


def test_the_order_is_changed_by_dragging_and_by_keys(address: str, reader: Reader, mei: Player):  # noqa: F811
    reader.sign_in(mei)
    reader.page.goto(f"/m{address}")
    assert order(reader) == "2 1 0"
    rows = reader.page.locator("[data-arrange] > li")

    with reader.page.expect_navigation():
        rows.nth(2).drag_to(rows.nth(0), target_position={"x": 60, "y": 4})
    assert order(reader) == "0 2 1"
    with reader.page.expect_navigation():
        rows.nth(0).get_by_role("button", name="下移").press("Enter")
    assert order(reader) == "2 0 1"
    reader.page.reload()
    assert order(reader) == "2 0 1"
    assert axe_faults(reader.page) == []
    assert not reader.complaints


def test_it_plays_as_one_list(address: str, reader: Reader):  # noqa: F811
    reader.page.goto(address)
    expect(reader.page.locator(".playlist-now")).to_have_text("第 2 条片子")
    video = reader.page.locator("figure video")
    video.evaluate("video => { video.muted = true; return video.play() }")

    for title in ("第 1 条片子", "第 0 条片子"):
        expect(reader.page.locator(".playlist-now")).to_have_text(title, timeout=30_000)
    reader.page.wait_for_function("() => document.querySelector('figure video').ended")
    assert "第 0 条片子" in reader.page.locator(".playlist-list [aria-current]").inner_text()
    assert not reader.complaints


def test_the_pages_hold_in_both_languages_and_widths(address: str, reader: Reader, mei: Player):  # noqa: F811
    reader.sign_in(mei)
    reader.looks_at("/m/collections", f"/m{address}", address)
