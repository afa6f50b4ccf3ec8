"""A merchant's module in Chromium: offered, ordered by dragging, admitted, seen in the venue."""

import re
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from market.campaigns import service
from market.kit.db import transaction
from tests.browser import axe_faults
from tests.conftest import Player
from tests.front.conftest import Reader, site  # noqa: F401
from tests.media.conftest import film, settings, shelf  # noqa: F401
from tests.media.test_serving import ready_film
from tests.publication import acts
from tests.video.test_in_a_browser import place

pytestmark = pytest.mark.browser
CODE = "double11-2026"


@pytest.fixture
def venue(app: Flask, mei: Player, lin: Player, zhou: Player, film: Path, shelf: Path) -> str:  # noqa: F811
    with app.app_context():
        with transaction():
            service.write_calendar()
        acts.accepted(mei, lin, campaign=CODE)
    place(app, mei, lin, ready_film(app, lin, film, shelf), 3)
    made = zhou.api("POST", "/venues", json={"season": CODE, "slug": "double11", "title": "双11 主会场"}).json
    zhou.api("POST", f"/venues/{made['id']}/publication")
    return str(made["id"])


def test_a_module_is_offered_ordered_admitted_and_seen(
    venue: str,
    chromium: Browser,
    site: str,  # noqa: F811
    mei: Player,
    zhou: Player,
):
    merchant, operator, phone = (Reader(chromium, site, width) for width in (1280, 1280, 390))
    merchant.sign_in(mei)
    merchant.page.goto("/m/venues")
    merchant.page.get_by_role("link", name="放一个模块").click()
    merchant.page.get_by_label("标题").fill("三步看懂")
    merchant.page.get_by_label("自己挑选和排序").check()
    merchant.page.get_by_role("button", name="提交给运营").click()
    for number in (2, 1, 0):
        merchant.page.get_by_role("button", name=re.compile(f"放入.*第 {number} 条片子")).click()
    rows = merchant.page.locator("[data-arrange] > li")
    expect(rows).to_have_count(3)
    with merchant.page.expect_navigation():
        rows.nth(2).drag_to(rows.nth(0), target_position={"x": 60, "y": 4})
    assert "0" in rows.nth(0).inner_text()
    assert axe_faults(merchant.page) == []

    operator.sign_in(zhou)
    operator.page.goto(f"/ops/venues/{venue}")
    expect(operator.page.get_by_role("heading", name="三步看懂")).to_be_visible()
    operator.page.get_by_role("button", name="放进会场").click()
    operator.page.get_by_role("button", name="发布修改").click()
    expect(operator.page.get_by_text("会场已发布")).to_be_visible()
    assert axe_faults(operator.page) == []

    for reader in (phone, merchant):
        reader.page.goto("/venues/double11")
        module = reader.page.locator("section", has=reader.page.get_by_role("heading", name="三步看懂"))
        cards = module.locator(".video-card")
        assert [text[2] for text in cards.locator("h3").all_inner_texts()] == ["0", "2", "1"]
        expect(cards.first.locator(".mark-video")).to_be_visible()
        expect(cards.first.locator("[data-preview]")).to_have_count(1)
    assert axe_faults(phone.page) == []
    for each in (merchant, operator, phone):
        assert not each.complaints
        each.context.close()
