"""Saved searches: kept, changed, deleted, and told about newcomers."""

from datetime import timedelta

from market.finding import service
from market.kit import clock
from tests.briefs import PROFILE, problem
from tests.conftest import submit
from tests.finding.test_square import caught_up


def saved(player, name="茶", **over):
    return player.api("POST", "/saved-searches", json={"name": name, "asked": {"q": "茶叶"}} | over)


def notices(player):
    return [each["text"] for each in player.api("GET", "/notices").json["data"]]


def told(app):
    with app.app_context():
        n = service.tell_due()
    caught_up(app)
    return n


def test_a_search_is_saved_changed_and_deleted(mei, bo):
    made = saved(mei)
    assert made.status_code == 201, made.text
    path = f"/saved-searches/{made.json['id']}"
    etag = mei.api("GET", path).headers["ETag"]

    assert made.json["asked"] == {"q": "茶叶"}
    assert problem(saved(mei))[0] == 409
    assert problem(saved(mei, name="全部", asked={}))[0] == 422
    assert mei.api("PATCH", path, json={"alerts": False}).status_code == 428
    changed = mei.api("PATCH", path, json={"name": "茶叶", "alerts": False}, headers={"If-Match": etag})
    assert (changed.json["name"], changed.json["alerts"]) == ("茶叶", False)
    assert bo.api("GET", path).status_code == 404
    assert bo.api("POST", "/saved-searches", json={"name": "x", "asked": {"q": "x"}}).status_code == 403
    assert mei.api("DELETE", path).status_code == 204
    assert mei.api("GET", "/saved-searches").json["data"] == []


def test_a_newcomer_who_matches_is_told_once_and_the_next_one_a_day_later(app, mei, lin, bo):
    saved(mei)
    clock.shift(timedelta(hours=2))
    assert told(app) == 0

    bo.api("PATCH", "/profile", json=PROFILE | {"bio": "茶叶与家常菜"})
    caught_up(app)
    clock.shift(timedelta(hours=4))
    assert told(app) == 1
    assert told(app) == 0
    assert [text for text in notices(mei) if "茶" in text] == ["您保存的搜索“茶”有 1 位新达人：Bo"]

    lin.api("PATCH", "/profile", json=PROFILE | {"bio": "茶叶评测"})
    caught_up(app)
    clock.shift(timedelta(hours=20))
    assert told(app) == 0, "at most once a day"
    clock.shift(timedelta(hours=29))
    assert told(app) == 1


def test_without_alerts_nobody_is_told(app, mei, bo):
    saved(mei, alerts=False)
    clock.shift(timedelta(hours=1))
    bo.api("PATCH", "/profile", json=PROFILE | {"bio": "茶叶与家常菜"})
    caught_up(app)
    clock.shift(timedelta(hours=30))

    assert told(app) == 0


def test_the_page_saves_what_is_asked_and_keeps_what_was_typed(app, mei, bo):
    bo.api("PATCH", "/profile", json=PROFILE)
    caught_up(app)
    browser = mei.browser()
    page = "/creators?category=outdoor&price_max_fen=9000"

    good = submit(
        browser, page, "/m/searches", name="户外", query="category=outdoor&price_max_fen=9000", alerts="1"
    )
    bad = submit(browser, page, "/m/searches", name="户外", query="category=outdoor", alerts="1")

    assert (good.status_code, good.location) == (303, "/creators?category=outdoor&price_max_fen=9000")
    assert bad.status_code == 409 or bad.status_code == 422
    assert "已经有一个叫" in bad.text
    kept = mei.api("GET", "/saved-searches").json["data"]
    assert [each["asked"] for each in kept] == [{"category": ["outdoor"], "price_max_fen": 900_000}]
    listed = browser.get("/m/searches")
    assert "户外" in listed.text
    renamed = submit(browser, "/m/searches", f"/m/searches/{kept[0]['id']}", name="户外达人")
    assert renamed.status_code == 303
    after = mei.api("GET", f"/saved-searches/{kept[0]['id']}").json
    assert (after["name"], after["alerts"]) == ("户外达人", False)
    gone = submit(browser, "/m/searches", f"/m/searches/{kept[0]['id']}/removal")
    assert gone.status_code == 303
    assert "还没有保存的搜索" in browser.get("/m/searches").text
