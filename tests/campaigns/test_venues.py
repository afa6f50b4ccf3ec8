"""Venues: filled by event once, composed by operators, shown to everybody as published."""

import pytest
from sqlalchemy import select

from market.accounts.vocabulary import Format
from market.campaigns import filling, service
from market.campaigns.models import VenueEntry, VenueModule
from market.kit.db import db, transaction
from market.kit.ids import encode
from tests.conftest import Player, drain_all, submit
from tests.publication import acts

CODE = "double11-2026"


@pytest.fixture(autouse=True)
def calendar(ctx):
    with transaction():
        service.write_calendar()


@pytest.fixture
def venue(zhou: Player) -> dict:
    made = zhou.api(
        "POST",
        "/venues",
        json={"season": CODE, "slug": "double11", "title": "双11 主会场", "subtitle": "好内容，好物返场"},
    )
    assert made.status_code == 201, made.json
    return dict(made.json)


def sections(app, slug: str = "double11") -> dict[str, list[str]]:
    shown = app.test_client().get(f"/api/v1/venues/{slug}")
    assert shown.status_code == 200, shown.json
    return {one["kind"]: one["entries"] for one in shown.json["sections"]}


def publish(zhou: Player, venue: dict) -> None:
    assert zhou.api("POST", f"/venues/{venue['id']}/publication").status_code == 200


def test_accepted_work_of_all_formats_fills_the_venue(
    app, mei: Player, lin: Player, zhou: Player, venue: dict
):
    product = acts.product(mei)
    publish(zhou, venue)
    for format_ in Format:
        acts.accepted(mei, lin, format_, products=[product], campaign=CODE)

    drain_all()

    filled = sections(app)
    assert {kind: len(entries) for kind, entries in filled.items()} == {
        "countdown": 0, "video": 1, "live": 1, "feed": 1, "products": 1,
    }  # fmt: skip
    assert filled["products"] == [encode("prd", product.id)]
    page = app.test_client().get("/venues/double11").text
    assert page.count("一分钟看懂青花茶具") >= 3
    assert 'class="mark-video"' in page


def test_filling_twice_places_once(mei: Player, lin: Player, venue: dict):
    event = acts.put_on_shelf(acts.accepted(mei, lin, campaign=CODE, products=[acts.product(mei)]))

    for _ in range(3):
        with transaction():
            filling.fill_venue(event)

    assert len(db.session.scalars(select(VenueEntry)).all()) == 2


def test_work_of_no_or_another_season_stays_outside(app, mei: Player, lin: Player, zhou: Player, venue: dict):
    publish(zhou, venue)
    for campaign in (None, "double12-2026"):
        acts.accepted(mei, lin, campaign=campaign)

    drain_all()

    assert sections(app)["video"] == []


def test_theme_and_category_choose(mei: Player, lin: Player, zhou: Player, venue: dict, app):
    def module(**data):
        made = zhou.api("POST", f"/venues/{venue['id']}/modules", json={"kind": "video", "size": 4, **data})
        assert made.status_code == 201, made.json
        return made.json["id"]

    module(title="咖啡", theme="咖啡 手冲")
    module(title="茶", theme="茶具、茶叶")
    module(title="食品", category="food")
    acts.accepted(mei, lin, campaign=CODE)
    drain_all()
    publish(zhou, venue)

    shown = app.test_client().get("/api/v1/venues/double11").json["sections"]

    assert {one["title"]: len(one["entries"]) for one in shown if one["kind"] == "video"} == {
        "热播短视频": 1, "咖啡": 0, "茶": 1, "食品": 0,
    }  # fmt: skip


def test_a_module_added_later_is_filled_from_the_shelves(mei: Player, lin: Player, zhou: Player, app):
    for title in ("旧片子", "新片子"):
        acts.accepted(mei, lin, title=title, campaign=CODE)
    drain_all()

    made = zhou.api("POST", "/venues", json={"season": CODE, "slug": "late", "title": "晚来的会场"}).json
    publish(zhou, made)

    newest = app.test_client().get("/api/v1/videos").json["data"]
    assert sections(app, "late")["video"] == [video["id"] for video in newest]


def test_withdrawn_work_is_gone_from_the_kept_rendering_at_once(
    app, mei: Player, lin: Player, zhou: Player, venue: dict
):
    publish(zhou, venue)
    acts.accepted(mei, lin, campaign=CODE)
    drain_all()
    assert "一分钟看懂青花茶具" in app.test_client().get("/venues/double11").text

    mine = mei.api("GET", "/publications").json["data"][0]["id"]
    mei.api("POST", f"/publications/{mine}/withdrawal")
    drain_all()

    assert "一分钟看懂青花茶具" not in app.test_client().get("/venues/double11").text


def test_the_public_sees_the_last_publication_not_the_draft(app, zhou: Player, venue: dict):
    assert app.test_client().get("/venues/double11").status_code == 404
    publish(zhou, venue)
    module = venue["modules"][1]
    zhou.api("DELETE", f"/venues/{venue['id']}/modules/{module['id']}")
    assert "video" in sections(app)

    publish(zhou, venue)

    assert "video" not in sections(app)
    assert db.session.scalars(select(VenueModule).where(VenueModule.removed_at.is_not(None))).all() == []
    assert zhou.api("DELETE", f"/venues/{venue['id']}/publication").json["state"] == "draft"
    assert app.test_client().get("/venues/double11").status_code == 404


def test_modules_move_and_are_pinned_by_clicks(app, mei: Player, lin: Player, zhou: Player, venue: dict):
    for title in ("旧片子", "新片子"):
        acts.accepted(mei, lin, title=title, campaign=CODE)
    drain_all()
    browser = zhou.browser()
    page = f"/ops/venues/{venue['id']}"
    kinds = [module["kind"] for module in venue["modules"]]
    second, last = venue["modules"][1]["id"], venue["modules"][-1]["id"]

    assert submit(browser, page, f"{page}/modules/{second}/move", to="up").status_code == 303
    assert submit(browser, page, f"{page}/modules/{last}/move", to="down").status_code == 303
    moved = zhou.api("GET", f"/venues/{venue['id']}/draft").json["modules"]
    assert [module["kind"] for module in moved] == [kinds[1], kinds[0], *kinds[2:]]

    newest, oldest = app.test_client().get("/api/v1/videos").json["data"]
    zhou.api("POST", f"/venues/{venue['id']}/modules/{second}/entries/{oldest['id']}", json={"pinned": True})
    publish(zhou, venue)
    assert sections(app)["video"] == [oldest["id"], newest["id"]]
    zhou.api(
        "POST", f"/venues/{venue['id']}/modules/{second}/entries/{oldest['id']}", json={"left_out": True}
    )
    assert sections(app)["video"] == [newest["id"]]
    assert "不放的" in browser.get(page).text


def test_only_operators_compose(app, mei: Player, lin: Player, wen: Player, venue: dict):
    for player in (mei, lin, wen):
        assert (
            player.api(
                "POST", "/venues", json={"season": CODE, "slug": "mine", "title": "我的会场"}
            ).status_code
            == 403
        )
        assert player.api("GET", f"/venues/{venue['id']}/draft").status_code == 403
        assert player.browser().get("/ops/venues").status_code == 403
    assert app.test_client().get("/api/v1/venues").json["data"] == []
    assert app.test_client().post(f"/api/v1/venues/{venue['id']}/publication").status_code == 401


def test_input_that_makes_no_sense_is_told(zhou: Player, venue: dict):
    base = {"season": CODE, "slug": "other", "title": "另一个会场"}

    assert zhou.api("POST", "/venues", json=base | {"slug": "double11"}).status_code == 409
    assert zhou.api("POST", "/venues", json=base | {"slug": "不行"}).status_code == 422
    assert zhou.api("POST", "/venues", json=base | {"season": "double99"}).status_code == 404
    reversed_ = {"opens_at": "2026-12-02T00:00:00+08:00", "closes_at": "2026-12-01T00:00:00+08:00"}
    assert zhou.api("POST", "/venues", json=base | reversed_).status_code == 422
    foreign = zhou.api("POST", "/venues", json=base).json
    assert (
        zhou.api("DELETE", f"/venues/{foreign['id']}/modules/{venue['modules'][0]['id']}").status_code == 404
    )
    assert (
        zhou.api(
            "POST", f"/venues/{venue['id']}/order", json={"module_ids": [foreign["modules"][0]["id"]]}
        ).status_code
        == 404
    )
    page = submit(
        zhou.browser(), "/ops/venues/new", season=CODE, slug="Nein!", title="会场", opens_at="gestern"
    )
    assert page.status_code == 422
    assert 'value="Nein!"' in page.text


def test_before_it_opens_the_venue_counts_down_and_shows_nothing(
    app, mei: Player, lin: Player, zhou: Player, venue: dict
):
    acts.accepted(mei, lin, campaign=CODE)
    drain_all()
    etag = zhou.api("GET", f"/venues/{venue['id']}/draft").headers["ETag"]
    later = {"opens_at": "2099-01-01T00:00:00+08:00"}
    assert (
        zhou.api("PATCH", f"/venues/{venue['id']}/draft", json=later, headers={"If-Match": etag}).status_code
        == 200
    )
    publish(zhou, venue)

    page = app.test_client().get("/venues/double11").text

    assert "会场还没有开放" in page
    assert "一分钟看懂青花茶具" not in page
    assert sections(app) == {}


def test_a_brief_may_be_for_an_open_season(app, mei: Player):
    from market.tasks.registry import campaigns

    with app.test_request_context("/?lang=zh"):
        assert campaigns() == {CODE: "双11 2026", "double12-2026": "双12 2026"}
    brief = {"category": "home", "format": "video"}
    assert mei.api("POST", "/tasks", json=brief | {"campaign_code": CODE}).status_code == 201
    assert mei.api("POST", "/tasks", json=brief | {"campaign_code": "double99"}).status_code == 422


def test_the_calendar_is_written_once():
    with transaction():
        service.write_calendar()

    from market.campaigns.queries import seasons

    assert [season.code for season in seasons()] == ["double12-2026", CODE]
    assert [phase.kind.value for phase in seasons()[1].phases] == ["warm-up", "pre-sale", "peak", "return"]
