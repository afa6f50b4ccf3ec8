"""A merchant's video module in a venue: offered, admitted by an operator, filled by hand or by rule."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from market.campaigns import service
from market.kit.db import transaction
from market.kit.ids import encode
from tests.conftest import Player, drain_all, submit
from tests.publication import acts

CODE = "double11-2026"


@pytest.fixture(autouse=True)
def calendar(ctx):
    with transaction():
        service.write_calendar()


@pytest.fixture
def films(mei: Player, lin: Player) -> list[str]:
    """Three films of Mei's in the season, the oldest first; the first has a label."""
    product = acts.product(mei)
    for title in ("开壶", "注水", "分茶"):
        acts.accepted(mei, lin, title=title, campaign=CODE, products=[product])
    drain_all()
    found = [each["id"] for each in reversed(mei.api("GET", "/videos").json["data"])]
    etag = mei.api("GET", f"/videos/{found[0]}").headers["ETag"]
    mei.api("PATCH", f"/videos/{found[0]}", json={"label": "unboxing"}, headers={"If-Match": etag})
    return found


@pytest.fixture
def venue(zhou: Player) -> str:
    """The public id of a published venue without any module but a countdown."""
    made = zhou.api("POST", "/venues", json={"season": CODE, "slug": "double11", "title": "双11 主会场"}).json
    for module in made["modules"][1:]:
        zhou.api("DELETE", f"/venues/{made['id']}/modules/{module['id']}")
    publish(zhou, made["id"])
    return str(made["id"])


def publish(zhou: Player, venue: str) -> None:
    assert zhou.api("POST", f"/venues/{venue}/publication").status_code == 200


def offer(mei: Player, venue: str, **data: object) -> dict:
    answer = mei.api("PUT", f"/venues/{venue}/offer", json={"title": "开箱看细节", "rule": "newest", **data})
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def admitted(mei: Player, zhou: Player, venue: str, **data: object) -> dict:
    made = offer(mei, venue, **data)
    assert zhou.api("POST", f"/venues/{venue}/offers/{made['id']}/admission").json["state"] == "admitted"
    publish(zhou, venue)
    return made


def shown(app: Flask) -> list[str]:
    sections = app.test_client().get("/api/v1/venues/double11").json["sections"]
    return [entry for one in sections if one["kind"] == "video" for entry in one["entries"]]


def test_it_shows_only_after_an_operator_admitted_and_published_it(
    app: Flask, mei: Player, zhou: Player, films, venue: str
):
    made = offer(mei, venue)
    publish(zhou, venue)
    assert (made["state"], shown(app)) == ("waiting", [])
    composer = f"/ops/venues/{venue}"
    assert "商家想放的模块" in zhou.browser().get(composer).text

    assert submit(zhou.browser(), composer, f"{composer}/offers/{made['id']}", do="admit").status_code == 303
    assert shown(app) == []
    publish(zhou, venue)

    assert shown(app) == films[::-1]
    page = app.test_client().get("/venues/double11").text
    assert "开箱看细节" in page
    assert 'class="mark-video"' in page
    drain_all()
    assert "已放进" in mei.browser().get("/inbox").text


def test_rules_fill_it_and_follow_what_is_published(
    app: Flask, mei: Player, lin: Player, zhou: Player, films, venue: str
):
    admitted(mei, zhou, venue, rule="label", label="unboxing")
    assert shown(app) == films[:1]
    offer(mei, venue, rule="category", category="home", size=2)
    assert shown(app) == [films[2], films[1]]
    offer(mei, venue, rule="hand", video_ids=[films[1], films[0]])
    assert shown(app) == [films[1], films[0]]
    offer(mei, venue, rule="newest", size=2)

    acts.accepted(mei, lin, title="收壶", category="home")
    drain_all()
    assert "收壶" in app.test_client().get("/venues/double11").text
    mine = mei.api("GET", "/publications").json["data"][0]["id"]
    mei.api("POST", f"/publications/{mine}/withdrawal")
    drain_all()

    assert "收壶" not in app.test_client().get("/venues/double11").text


def test_another_title_waits_again_while_the_old_one_stands(
    app: Flask, mei: Player, zhou: Player, films, venue: str
):
    made = admitted(mei, zhou, venue)

    assert offer(mei, venue, title="全场最低价")["state"] == "waiting"
    publish(zhou, venue)
    page = app.test_client().get("/venues/double11").text
    assert "全场最低价" not in page
    assert "开箱看细节" in page
    zhou.api("POST", f"/venues/{venue}/offers/{made['id']}/admission")
    publish(zhou, venue)

    assert "全场最低价" in app.test_client().get("/venues/double11").text
    modules = zhou.api("GET", f"/venues/{venue}/draft").json["modules"]
    assert [each["offer_id"] for each in modules] == [None, made["id"]]


def test_taken_back_or_refused_it_is_gone_at_once(app: Flask, mei: Player, zhou: Player, films, venue: str):
    made = admitted(mei, zhou, venue)
    assert mei.api("DELETE", f"/venues/{venue}/offer").status_code == 204
    assert shown(app) == []
    assert "开箱看细节" not in app.test_client().get("/venues/double11").text

    admitted(mei, zhou, venue)
    assert shown(app) == films[::-1]
    refused = zhou.api("POST", f"/venues/{venue}/offers/{made['id']}/refusal", json={"reason": "和主题不符"})
    assert refused.json["state"] == "refused"
    assert shown(app) == []
    assert "和主题不符" in mei.browser().get(f"/m/venues/{venue}").text

    admitted(mei, zhou, venue)
    module = zhou.api("GET", f"/venues/{venue}/draft").json["modules"][-1]["id"]
    zhou.api("DELETE", f"/venues/{venue}/modules/{module}")
    assert shown(app) == []
    assert "移出会场" in mei.browser().get(f"/m/venues/{venue}").text
    english = mei.browser().get(f"/m/venues/{venue}?lang=en").text
    assert "taken this module out" in english


def test_films_of_others_and_rules_without_a_theme_are_refused(
    mei: Player, lin: Player, zhou: Player, films, venue: str
):
    from uuid import uuid4

    foreign = mei.api(
        "PUT",
        f"/venues/{venue}/offer",
        json={"title": "块", "rule": "hand", "video_ids": [encode("vid", uuid4())]},
    )
    assert foreign.status_code == 422
    for rule in ("label", "category"):
        answer = mei.api("PUT", f"/venues/{venue}/offer", json={"title": "块", "rule": rule})
        assert answer.json["errors"][0]["pointer"] == f"/{rule}"
    page = submit(
        mei.browser(), f"/m/venues/{venue}", title="我的模块", rule="label", label="", category="", size="8"
    )
    assert page.status_code == 422
    assert 'value="我的模块"' in page.text


def test_only_who_takes_part_offers_and_only_operators_admit(
    app: Flask, mei: Player, lin: Player, bo: Player, zhou: Player, venue: str
):
    data = {"title": "我的模块", "rule": "newest"}
    assert mei.api("PUT", f"/venues/{venue}/offer", json=data).status_code == 409
    assert "还没有可以放模块的会场" in mei.browser().get("/m/venues").text
    acts.accepted(mei, lin, campaign=CODE)
    made = offer(mei, venue)
    assert "双11 主会场" in mei.browser().get("/m/venues").text

    assert lin.api("PUT", f"/venues/{venue}/offer", json=data).status_code == 403
    assert lin.browser().get("/m/venues").status_code == 403
    for who in (mei, lin):
        assert who.api("POST", f"/venues/{venue}/offers/{made['id']}/admission").status_code == 403
        assert who.api("GET", f"/venues/{venue}/offers").status_code == 403
    zhou.api("DELETE", f"/venues/{venue}/publication")
    assert mei.api("PUT", f"/venues/{venue}/offer", json=data).status_code == 404


def test_the_operator_moves_a_merchants_module_but_does_not_fill_it(
    mei: Player, zhou: Player, films, venue: str
):
    made = admitted(mei, zhou, venue)
    module = zhou.api("GET", f"/venues/{venue}/draft").json["modules"][-1]
    assert module["offer_id"] == made["id"]
    address = f"/venues/{venue}/modules/{module['id']}"
    etag = zhou.api("GET", address).headers["ETag"]

    changed = zhou.api("PATCH", address, json={"title": "别的"}, headers={"If-Match": etag})

    assert changed.status_code == 409
    composer = f"/ops/venues/{venue}"
    assert (
        submit(zhou.browser(), composer, f"{composer}/modules/{module['id']}/move", to="up").status_code
        == 303
    )
    assert zhou.api("GET", f"/venues/{venue}/draft").json["modules"][0]["id"] == module["id"]


def test_hand_made_order_is_changed_by_clicks(mei: Player, zhou: Player, app: Flask, films, venue: str):
    admitted(mei, zhou, venue, rule="hand", video_ids=films[:2])
    browser, page = mei.browser(), f"/m/venues/{venue}"

    for do, film in (("add", films[2]), ("up", films[2]), ("take_out", films[0])):
        assert submit(browser, page, f"{page}/films", do=do, video_id=film).status_code == 303

    assert shown(app) == [films[2], films[1]]


def test_two_at_once_make_one_module(app: Flask, mei: Player, zhou: Player, films, venue: str):
    with ThreadPoolExecutor(4) as crowd:
        sent = [crowd.submit(offer, mei, venue) for _ in range(4)]
        made = {each.result()["id"] for each in sent}
    with ThreadPoolExecutor(4) as crowd:
        path = f"/venues/{venue}/offers/{made.copy().pop()}/admission"
        list(crowd.map(lambda _: zhou.api("POST", path), range(4)))

    assert len(made) == 1
    modules = zhou.api("GET", f"/venues/{venue}/draft").json["modules"]
    assert len([each for each in modules if each["offer_id"]]) == 1
