"""The shortlist in Chromium: another brief, other prices; nothing that was ticked or typed is lost."""

import pytest
from playwright.sync_api import expect

from tests.bids.test_shortlist import keep, priced  # noqa: F401
from tests.briefs import opened
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


def test_shortlist_and_price_list_are_readable_everywhere(mei, lin, priced, reader: Reader):  # noqa: F811
    opened(mei, length="short")
    reader.sign_in(mei)
    reader.looks_at("/m/shortlist")
    reader.looks_at("/creators")
    reader.looks_at(f"/c/{lin.api('GET', '/profile').json['handle']}")


def test_the_form_of_prices_is_readable_everywhere(lin, priced, reader: Reader):  # noqa: F811
    reader.sign_in(lin)
    reader.looks_at("/u/profile")
