"""达人广场: finding providers."""

import pytest

from market.accounts.models import Party, Verification
from market.kit.db import db, transaction
from tests.briefs import PROFILE


@pytest.fixture
def two(lin, bo):
    lin.api("PATCH", "/profile", json=PROFILE)
    bo.api(
        "PATCH",
        "/profile",
        json=PROFILE
        | {
            "fans": 9_000,
            "price_video_fen": 200_000,
            "categories": ["food"],
            "bio": "家常菜与茶叶",
            "city": "成都",
        },
    )
    return lin, bo


def names(player, query=""):
    return [each["name"] for each in player.api("GET", f"/creators{query}").json["data"]]


def test_filters_hold_together(two, mei):
    assert names(mei, "?category=outdoor") == ["Lin"]
    assert names(mei, "?format=video&price_max_fen=300000") == ["Bo"]
    assert names(mei, "?format=live") == []
    assert names(mei, "?fans_min=100000") == ["Lin"]
    assert names(mei, "?city=成都") == ["Bo"]
    assert names(mei, "?category=food&fans_min=100000") == []


def test_words_are_found_in_chinese_without_spaces(two, mei):
    assert names(mei, "?q=茶叶") == ["Bo"]
    assert names(mei, "?q=茶") == ["Bo"]
    assert names(mei, "?q=路亚实测") == []
    assert names(mei, "?q=溪流") == ["Lin"]
    assert names(mei, "?q=%27%20OR%201") == []


def test_sorting_pages_by_key(two, mei):
    first = mei.api("GET", "/creators?sort=fans&limit=1").json
    second = mei.api("GET", f"/creators?sort=fans&limit=1&cursor={first['next_cursor']}").json

    assert [first["data"][0]["name"], second["data"][0]["name"]] == ["Lin", "Bo"]
    assert second["next_cursor"] is None
    assert names(mei, "?sort=price") == ["Bo", "Lin"]
    assert mei.api("GET", "/creators?sort=fans&cursor=nonsense").status_code == 422


def test_only_verified_providers_stand_on_the_square(two, mei, app):
    lin, _bo = two
    with app.app_context(), transaction():
        db.session.get(Party, lin.party_id).verification = Verification.REFUSED

    assert names(mei) == ["Bo"]
    shown = lin.api("GET", "/profile").json
    assert mei.api("GET", f"/creators/{shown['id']}").status_code == 404
    assert lin.api("GET", f"/creators/{shown['id']}").status_code == 200


def test_everybody_may_look_without_signing_in(two, app, lin):
    square = app.test_client().get("/creators?q=溪流")
    handle = lin.api("GET", "/profile").json["handle"]
    page = app.test_client().get(f"/c/{handle}")

    assert ">Lin<" in square.text
    assert ">Bo<" not in square.text
    assert "¥8,000.00" in page.text
    assert app.test_client().get("/c/nobody").status_code == 404


def test_a_wrong_filter_says_so_and_still_shows_the_page(two, app):
    page = app.test_client().get("/creators?price_max_fen=abc")

    assert page.status_code == 200
    assert "请填写金额" in page.text


def test_a_renamed_creator_is_found_by_the_new_name(two, mei, app):
    lin, _bo = two
    with app.app_context(), transaction():
        db.session.get(Party, lin.party_id).name = "溪水边"

    assert names(mei, "?q=水边") == ["溪水边"]
