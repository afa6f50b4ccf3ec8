"""Score, warning and red list in Chromium: an owner answers, an operator rules, somebody learns."""

from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from market.kit.db import db, transaction
from market.kit.ids import decode
from tests.browser import axe_faults
from tests.conftest import Player
from tests.front.conftest import Reader, site  # noqa: F401
from tests.media.conftest import film, settings, shelf  # noqa: F401
from tests.media.test_serving import ready_film
from tests.standings.conftest import played, rank
from tests.video.test_in_a_browser import place

pytestmark = pytest.mark.browser


@pytest.fixture
def addresses(app: Flask, mei: Player, lin: Player, film: Path, shelf: Path) -> list[str]:  # noqa: F811
    """A good, a usual and a bad film: 2, 1, 0."""
    urls = place(app, mei, lin, ready_film(app, lin, film, shelf), 3)
    with app.app_context():
        for url, sums in zip(urls, ((400, 380, 300), (4000, 2400, 800), (400, 20, 4)), strict=True):
            played(decode("vid", url.removeprefix("/v/")), *sums)
        rank()
        db.session.remove()
    return urls


def test_a_warning_is_answered_and_ruled_and_the_home_follows(
    app: Flask,
    addresses,
    chromium: Browser,
    site: str,  # noqa: F811
    lin: Player,
    zhou: Player,
):
    bad = addresses[2]
    owner, operator, stranger = (Reader(chromium, site, width) for width in (390, 1280, 390))
    owner.sign_in(lin)
    owner.page.goto(bad)
    owner.page.get_by_role("link", name="看原因").click()
    expect(owner.page.get_by_text("只有您、合作方和平台知道")).to_be_visible()
    assert axe_faults(owner.page) == []
    owner.page.get_by_label("申诉理由").fill("多数播放来自误触，请复核")
    owner.page.get_by_role("button", name="提交申诉").click()
    expect(owner.page.get_by_text("申诉已提交")).to_be_visible()

    operator.sign_in(zhou)
    operator.page.goto("/ops/films")
    expect(operator.page.get_by_text("多数播放来自误触")).to_be_visible()
    assert axe_faults(operator.page) == []
    operator.page.get_by_label("理由").fill("五秒内几乎都划走了")
    operator.page.get_by_role("button", name="不在首页展示").click()
    expect(operator.page.get_by_text("已裁定")).to_be_visible()

    stranger.page.goto("/discover")
    expect(stranger.page.get_by_text("第 1 条片子")).to_have_count(1)
    expect(stranger.page.get_by_text("第 0 条片子")).to_have_count(0)
    owner.page.reload()
    expect(owner.page.get_by_text("五秒内几乎都划走了")).to_be_visible()
    for each in (owner, operator, stranger):
        assert not each.complaints
        each.context.close()


def test_somebody_learns_from_the_red_list(
    app: Flask,
    addresses,
    chromium: Browser,
    site: str,  # noqa: F811
    mei: Player,
    lin: Player,
):
    from market.taopai.models import EditDraft
    from market.video.models import Video

    with app.app_context(), transaction():
        asset = db.session.get_one(Video, decode("vid", addresses[0].removeprefix("/v/"))).asset_id
        clips = [
            {"asset_id": "ast_1", "in_ms": 0, "out_ms": 4000},
            {"asset_id": "ast_1", "in_ms": 0, "out_ms": 2000},
        ]
        made = {"title": "好片", "edit_list": {"clips": clips}, "film_id": asset, "film_digest": "x"}
        db.session.add(EditDraft(owner_id=lin.party_id, **made))
    reader = Reader(chromium, site, 390)
    reader.sign_in(mei)
    reader.page.goto("/discover")
    reader.page.get_by_role("link", name="红榜").click()
    expect(reader.page.get_by_role("heading", name="第 2 条片子")).to_be_visible()
    assert axe_faults(reader.page) == []

    reader.page.get_by_role("link", name="学它怎么拍").click()
    expect(reader.page.get_by_text("2 个镜头，共 6 秒")).to_be_visible()
    assert axe_faults(reader.page) == []
    reader.page.get_by_role("button", name="按这个结构开拍").click()

    reader.page.wait_for_url("**/uploads/capture/sht_*")
    reader.context.close()
