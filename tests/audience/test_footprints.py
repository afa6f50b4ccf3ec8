"""What one watched for five seconds is remembered for oneself alone, and gone when one says so."""

from flask import Flask

from market.audience.buffer import Buffer
from tests.audience.conftest import count, open_page
from tests.conftest import Player, submit
from tests.publication import acts


def shelf(mei: Player, lin: Player, *titles: str) -> list[str]:
    return [acts.put_on_shelf(acts.accepted(mei, lin, title=title)).data["url"] for title in titles]


def watched(who: Player) -> list[str]:
    return ["/v/" + each["video_id"] for each in who.api("GET", "/footprints").json["data"]]


def test_five_seconds_leave_one_footprint_the_newest_first(
    ctx, app: Flask, line: Buffer, cast, mei, lin, wen
):
    first, second = shelf(mei, lin, "第一条片子", "第二条片子")
    browser = wen.browser()
    open_page(browser, first).send("exposure", "play")
    count(app)
    assert watched(wen) == []
    for url in (first, second):
        open_page(browser, url).send("play5")
        count(app)

    assert watched(wen) == [second, first]
    page = browser.get("/footprints").text
    assert page.index("第二条片子") < page.index("第一条片子")
    assert watched(lin) == []
    assert watched(cast["zhou"]) == []
    assert app.test_client().get("/footprints").status_code == 302
    assert app.test_client().get("/api/v1/footprints").status_code == 401


def test_strangers_leave_none(ctx, app: Flask, line: Buffer, mei, lin):
    open_page(app.test_client(), shelf(mei, lin, "第一条片子")[0]).send("play5")

    assert count(app) == 1


def test_one_and_all_can_be_taken_away_and_what_is_on_its_way_does_not_come_back(
    ctx, app: Flask, line: Buffer, mei, lin, wen
):
    urls = shelf(mei, lin, "第一条片子", "第二条片子", "第三条片子")
    browser = wen.browser()
    pages = [open_page(browser, url) for url in urls]
    for page in pages[:2]:
        page.send("play5")
    count(app)

    assert submit(browser, "/footprints", video_id=urls[0].removeprefix("/v/")).status_code == 303
    assert watched(wen) == [urls[1]]
    pages[2].send("play5")
    assert submit(browser, "/footprints").status_code == 303
    count(app)

    assert watched(wen) == []
    assert "还没有看过的视频" in browser.get("/footprints").text


def test_by_the_api_too_and_nobody_elses(ctx, app: Flask, line: Buffer, mei, lin, wen, bo):
    url = shelf(mei, lin, "第一条片子")[0]
    for who in (wen, bo):
        open_page(who.browser(), url).send("play5")
    count(app)

    assert bo.api("DELETE", f"/footprints/{url.removeprefix('/v/')}").status_code == 204
    assert (watched(bo), watched(wen)) == ([], [url])
    assert wen.api("DELETE", "/footprints").status_code == 204
    assert watched(wen) == []


def test_what_was_withdrawn_is_not_shown(ctx, app: Flask, line: Buffer, mei, lin, wen):
    url = shelf(mei, lin, "第一条片子")[0]
    browser = wen.browser()
    open_page(browser, url).send("play5")
    count(app)
    publication = mei.api("GET", "/publications").json["data"][0]["id"]
    mei.api("POST", f"/publications/{publication}/withdrawal")

    assert "第一条片子" not in browser.get("/footprints").text


def test_the_switch_is_the_persons_own(app: Flask, wen: Player):
    browser = wen.browser()
    assert 'data-autoplay="on"' in browser.get("/discover").text

    assert submit(browser, "/settings", "/settings/autoplay", on="0").status_code == 303
    assert 'data-autoplay="off"' in browser.get("/").text
    me = wen.api("GET", "/me")
    assert me.json["autoplay"] is False
    changed = wen.api("PATCH", "/me", json={"autoplay": True}, headers={"If-Match": me.headers["ETag"]})
    assert changed.json["autoplay"] is True
    assert wen.api("PATCH", "/me", json={"autoplay": False}).status_code == 428
    assert wen.api("PATCH", "/me", json={"autoplay": False}, headers={"If-Match": '"x"'}).status_code == 412
    assert 'data-autoplay="on"' in browser.get("/").text
