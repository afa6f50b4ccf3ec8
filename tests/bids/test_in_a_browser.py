"""The shortlist in Chromium: another brief, other prices; nothing that was ticked or typed is lost."""

import pytest
from playwright.sync_api import expect

from tests.bids.test_shortlist import keep, priced  # noqa: F401
from tests.briefs import drafted, opened
from tests.front.conftest import Reader, reader, site  # noqa: F401

pytestmark = pytest.mark.browser


def test_another_brief_shows_its_prices_and_what_those_ticked_ask_together(
    mei,
    priced,  # noqa: F811
    reader: Reader,  # noqa: F811
):
    short = opened(mei, length="short")
    opened(mei, length="medium")
    reader.sign_in(mei)
    page = reader.page
    page.goto("/m/shortlist")
    prices, total = page.locator(".kept-price:visible"), page.locator("[data-sum]")
    expect(prices).to_have_text(["标价 ¥2,100.00（21–60 秒）", "标价 ¥8,000.00（21–60 秒）"])
    expect(total).to_have_text("还没有勾选创作者。")

    page.get_by_label("Lin").first.check()
    page.get_by_label("Bo").first.check()
    page.fill("[name=message]", "夏天拍")
    expect(total).to_have_text("已选 2 人，标价合计 ¥10,100.00。")
    page.select_option("[name=task_id]", short["id"])

    expect(prices).to_have_text(["没有标这类作品的价，由对方报价", "标价 ¥900.00（1–20 秒）"])
    expect(total).to_have_text("已选 2 人，标价合计 ¥900.00，另有 1 人由对方报价。")
    expect(page.locator("[name=message]")).to_have_value("夏天拍")
    assert reader.complaints == []


def test_hours_are_added_up_and_what_is_an_hours_sum_says_so(
    mei,
    lin,
    bo,
    priced,  # noqa: F811
    reader: Reader,  # noqa: F811
):
    for player in (lin, bo):
        player.api("PATCH", "/profile", json={"price_live_hour_fen": 80_000}, headers={"If-Match": "*"})
    hours, unsaid = opened(mei, format="live", live_minutes=90), drafted(mei, format="live")
    mei.api("PATCH", f"/tasks/{unsaid['id']}", json={"live_minutes": None}, headers={"If-Match": "*"})
    mei.api("POST", f"/tasks/{unsaid['id']}/opening")
    reader.sign_in(mei)
    page = reader.page
    page.goto(f"/m/shortlist?task_id={hours['id']}")
    page.get_by_label("Lin").first.check()
    page.get_by_label("Bo").first.check()
    expect(page.locator("[data-sum]")).to_have_text("已选 2 人，标价合计 ¥2,400.00。")

    page.select_option("[name=task_id]", unsaid["id"])

    expect(page.locator(".kept-price:visible")).to_have_text(["标价 ¥800/小时"] * 2)
    expect(page.locator("[data-sum]")).to_have_text("已选 2 人，标价合计 ¥1,600/小时。")
    assert reader.complaints == []


def test_the_length_of_a_show_is_asked_of_live_only(mei, reader: Reader):  # noqa: F811
    brief = drafted(mei, format="live")
    reader.sign_in(mei)
    page = reader.page
    page.goto(f"/m/tasks/{brief['id']}/edit")
    expect(page.locator("[name=live_minutes]")).to_have_value("150")
    expect(page.locator("[name=length]")).not_to_be_visible()

    page.locator("[name=format][value=video]").check(force=True)

    expect(page.locator("[name=live_minutes]")).not_to_be_visible()
    expect(page.locator("[name=length]")).to_be_visible()
    reader.looks_at(f"/m/tasks/{brief['id']}/edit")


def test_shortlist_and_price_list_are_readable_everywhere(mei, lin, priced, reader: Reader):  # noqa: F811
    opened(mei, length="short")
    reader.sign_in(mei)
    reader.looks_at("/m/shortlist")
    reader.looks_at("/creators")
    reader.looks_at(f"/c/{lin.api('GET', '/profile').json['handle']}")


def test_the_form_of_prices_is_readable_everywhere(lin, priced, reader: Reader):  # noqa: F811
    reader.sign_in(lin)
    reader.looks_at("/u/profile")
