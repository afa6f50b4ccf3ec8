"""The pages of orders, money and review, as each party sees them."""

import csv
import io
import re
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from market.kit.ids import encode
from tests import play
from tests.conftest import Player, submit
from tests.sandbox import Sandbox


@pytest.fixture
def order_id(mei: Player, lin: Player) -> UUID:
    return play.award(mei, lin)


def key_of(page: str) -> str:
    found = re.search(r'name="idempotency_key" value="([^"]+)"', page)
    assert found, page
    return found.group(1)


def test_each_party_reads_whose_turn_it_is(app: Flask, cast: dict[str, Player], sandbox: Sandbox) -> None:
    mei, lin, ada = (cast[name].browser() for name in ("mei", "lin", "ada"))
    order_id = play.award(cast["mei"], cast["lin"], agency=cast["ada"])
    room = f"/orders/{encode('ord', order_id)}"

    assert "请托管资金" in mei.get(room).text and "btn-money" in mei.get(room).text
    assert "等待商家托管" in lin.get(room).text and "btn-money" not in lin.get(room).text
    assert "等待商家托管" in ada.get(room).text
    play.fund(cast["mei"], sandbox, order_id)
    assert "请提交脚本" in lin.get(room).text and 'name="text"' in lin.get(room).text
    assert "等待创作者提交脚本" in mei.get(room).text
    sub = play.submit(cast["lin"], order_id)
    assert "请验收脚本" in mei.get(room).text and encode("sub", sub) in mei.get(room).text
    assert "等待商家验收" in lin.get(room).text
    for browser in (mei, lin, ada):
        for page in (room, room + "/money", f"/submissions/{encode('sub', sub)}"):
            assert browser.get(page).status_code == 200, page
            assert browser.get(page + "?lang=en").status_code == 200
            browser.get(page + "?lang=zh")


def test_strangers_find_nothing(cast: dict[str, Player], order_id: UUID) -> None:
    order = encode("ord", order_id)
    for name in ("bo", "wen"):
        browser = cast[name].browser()
        for page in (f"/orders/{order}", f"/orders/{order}/money", f"/orders/{order}/pulse"):
            assert browser.get(page).status_code == 404
    anonymous = cast["mei"].app.test_client().get(f"/orders/{order}")
    assert anonymous.status_code in (302, 303) and "/login" in anonymous.headers["Location"]


def test_pay_goes_to_stripe_and_a_double_click_to_the_same_page(
    mei: Player, order_id: UUID, sandbox: Sandbox
) -> None:
    browser, room = mei.browser(), f"/orders/{encode('ord', order_id)}"
    key = key_of(browser.get(room).text)

    answers = [submit(browser, room, room + "/checkouts", idempotency_key=key) for _ in range(2)]

    assert {a.status_code for a in answers} == {303}
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert answers[0].headers["Location"].startswith(sandbox.pages)
    csp = browser.get(room).headers["Content-Security-Policy"]
    assert "form-action" in csp


def test_pay_without_stripe_waits_on_our_own_page(mei: Player, order_id: UUID, sandbox: Sandbox) -> None:
    sandbox.fault("api", path_prefix="/v1/checkout/sessions", status=503, times=2)
    browser, room = mei.browser(), f"/orders/{encode('ord', order_id)}"

    answer = submit(browser, room, room + "/checkouts", idempotency_key="k")

    assert answer.status_code == 303 and answer.headers["Location"].startswith("/checkouts/")
    page = browser.get(answer.headers["Location"]).text
    assert "自动重试" in page and 'hx-trigger="every 2s"' in page


def test_the_award_button_clicked_twice_leads_to_the_one_order(app: Flask, mei: Player, lin: Player) -> None:
    task_id, bid_id = play.bid_on_brief(mei, lin)
    browser = mei.browser()
    fields: dict[str, Any] = {"bid_id": encode("bid", bid_id), "price_fen": "1000000"}

    answers = [
        submit(browser, "/m/orders", f"/m/tasks/{encode('tsk', task_id)}/award", **fields) for _ in range(2)
    ]

    assert {a.status_code for a in answers} == {303}
    assert answers[0].headers["Location"] == answers[1].headers["Location"]


def test_the_script_form_keeps_what_was_typed(app: Flask, mei: Player, lin: Player, sandbox: Sandbox) -> None:
    order_id = play.funded(mei, lin, sandbox)
    browser, room = lin.browser(), f"/orders/{encode('ord', order_id)}"

    short = submit(browser, room, room + "/submissions", kind="script", text="太短")
    good = submit(browser, room, room + "/submissions", kind="script", text="开场三秒：热水注入，产品入画。")
    twice = submit(browser, room, room + "/submissions", kind="script", text="开场三秒：热水注入，产品入画。")

    assert short.status_code == 422 and "太短" in short.text and "至少 10 个字" in short.text
    assert good.status_code == 303
    assert twice.status_code == 303
    assert "不在等待提交的阶段" in browser.get(twice.headers["Location"]).text


def test_review_on_the_page(app: Flask, mei: Player, lin: Player, sandbox: Sandbox) -> None:
    order_id = play.funded(mei, lin, sandbox)
    play.accept(mei, play.submit(lin, order_id))
    first = encode("sub", play.submit(lin, order_id, "video"))
    browser, page = mei.browser(), f"/submissions/{first}"

    assert "data-hls" in browser.get(page).text and "确认验收，放款" in browser.get(page).text
    pinned = submit(browser, page, page + "/remarks", text="商标再大一点", at_ms="12300", x="5000", y="2500")
    whole = submit(browser, page, page + "/remarks", text="整体偏暗", at_ms="", x="", y="")
    wrong = submit(browser, page, page + "/remarks", text="", at_ms="")
    assert (pinned.status_code, whole.status_code, wrong.status_code) == (303, 303, 422)
    assert 'data-seek="12300"' in browser.get(page).text
    back = submit(browser, page, page + "/revision", text="")
    assert back.status_code == 303
    room = lin.browser().get(f"/orders/{encode('ord', order_id)}").text
    assert "商标再大一点" in room and "请按意见修改" in room
    second = encode("sub", play.submit(lin, order_id, "video"))
    compared = browser.get(f"/submissions/{second}?beside=1").text
    assert compared.count("data-player") >= 2 and "当时的批注" in compared
    key = key_of(compared)
    for _ in range(2):
        accepted = submit(
            browser, f"/submissions/{second}", f"/submissions/{second}/acceptance", idempotency_key=key
        )
        assert accepted.status_code == 303
    play.ledger_is_sound(app)


def test_the_lists_have_their_tabs_and_a_file(cast: dict[str, Player], sandbox: Sandbox) -> None:
    mei, lin = cast["mei"], cast["lin"]
    waiting = play.award(mei, lin, title="=1+1 咖啡")
    running = play.funded(mei, lin, sandbox)
    play.submit(lin, running)
    browser = mei.browser()

    everything = browser.get("/m/orders").text
    to_review = browser.get("/m/orders?tab=review").text
    file = browser.get("/m/orders?form=csv")

    assert encode("ord", waiting) in everything and encode("ord", running) in everything
    assert encode("ord", running) in to_review and encode("ord", waiting) not in to_review
    assert file.mimetype == "text/csv" and "'=1+1" in file.text
    row = next(line for line in csv.reader(io.StringIO(file.text)) if line[0] and "=1+1" in line[1])
    assert row[4] == "" and row[6] == "待托管" and re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", row[7])
    assert browser.get("/m/orders?tab=done").status_code == 200
    assert browser.get("/m/orders?cursor=nonsense").status_code == 422
    assert lin.browser().get("/u/orders").status_code == 200
    assert browser.get("/u/orders").status_code == 403


def test_funds_in_four_numbers(cast: dict[str, Player], sandbox: Sandbox) -> None:
    mei, lin = cast["mei"], cast["lin"]
    assert "首次托管怎么用" in mei.browser().get("/m/funds").text
    play.award(mei, lin, price_fen=500_000)
    order_id = play.funded(mei, lin, sandbox, price_fen=1_000_000)
    play.accept(mei, play.submit(lin, order_id))
    play.submit(lin, order_id, "video")

    page = mei.browser().get("/m/funds").text

    for figure in ("5,000.00", "9,000.00", "4,000.00", "1,000.00"):
        assert figure in page, figure
    assert "放款" in page and "收到付款" in page


def test_the_open_page_hears_of_news(mei: Player, lin: Player, order_id: UUID, sandbox: Sandbox) -> None:
    room = f"/orders/{encode('ord', order_id)}"
    browser = lin.browser()
    seen = re.search(r"pulse\?seen=([0-9a-f]+)", browser.get(room).text)
    assert seen
    assert browser.get(f"{room}/pulse?seen={seen.group(1)}&quiet=1").status_code == 204

    play.fund(mei, sandbox, order_id)

    news = browser.get(f"{room}/pulse?seen={seen.group(1)}&quiet=1")
    assert news.headers["HX-Refresh"] == "true"
    shown = browser.get(f"{room}/pulse?seen={seen.group(1)}")
    assert "新的进展" in shown.text and "hx-trigger" not in shown.text
