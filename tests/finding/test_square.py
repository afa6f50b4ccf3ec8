"""达人广场: finding providers by words and facets."""

from urllib.parse import quote

import pytest

from market.accounts.models import Party, Verification
from market.kit.db import db, transaction
from tests.briefs import PROFILE
from tests.conftest import drain_all

BO = {
    "fans": 9_000,
    "price_video_fen": 200_000,
    "categories": ["food"],
    "audience": {"gender": {"female": 70}},
    "bio": "家常菜与茶叶，also tea tastings and baking",
    "city": "成都",
}


@pytest.fixture
def two(lin, bo, app):
    lin.api("PATCH", "/profile", json=PROFILE)
    bo.api("PATCH", "/profile", json=PROFILE | BO)
    caught_up(app)
    return lin, bo


def caught_up(app):
    """The listeners have heard everything."""
    with app.app_context():
        drain_all()


def names(player, query=""):
    answer = player.api("GET", f"/creators{query}")
    assert answer.status_code == 200, answer.text
    return [each["name"] for each in answer.json["data"]]


def counts(player, query=""):
    answer = player.api("GET", f"/creators/facets{query}")
    assert answer.status_code == 200, answer.text
    return {
        facet["group"]: {each["value"]: each["n"] for each in facet["values"]}
        for facet in answer.json["facets"]
    }


def test_filters_hold_together(two, mei):
    assert names(mei, "?category=outdoor") == ["Lin"]
    assert names(mei, "?format=video&price_max_fen=300000") == ["Bo"]
    assert names(mei, "?format=live") == []
    assert names(mei, "?fans_min=100000") == ["Lin"]
    assert names(mei, "?city=成都") == ["Bo"]
    assert names(mei, "?gender=female") == ["Bo"]
    assert names(mei, "?price=100000-300000") == ["Bo"]
    assert names(mei, "?format=video&price=300000-1000000") == ["Lin"]
    assert names(mei, "?category=food&fans_min=100000") == []


def test_values_of_one_facet_are_alternatives(two, mei):
    assert sorted(names(mei, "?category=food&category=outdoor")) == ["Bo", "Lin"]
    assert names(mei, "?category=food&category=outdoor&gender=male") == ["Lin"]


def test_words_are_found_in_chinese_without_spaces(two, mei):
    assert names(mei, "?q=茶叶") == ["Bo"]
    assert names(mei, "?q=茶") == ["Bo"]
    assert names(mei, "?q=路亚实测") == ["Lin"], "the words of a question may stand apart"
    assert names(mei, "?q=溪流") == ["Lin"]
    assert names(mei, "?q=溪流茶叶") == []
    assert names(mei, "?q=%27%20OR%201") == []


def test_traditional_characters_find_simplified_ones_and_the_other_way_round(two, mei, bo, app):
    assert names(mei, "?q=茶葉") == ["Bo"]
    assert names(mei, "?q=路亞實測") == ["Lin"]
    changed = bo.api("PATCH", "/profile", json={"bio": "專做釣魚竿評測"}, headers={"If-Match": "*"})
    assert changed.status_code in (200, 201), changed.text
    caught_up(app)

    assert names(mei, "?q=钓鱼竿评测") == ["Bo"]


def test_english_words_are_found_by_their_stems(two, mei):
    assert names(mei, "?q=tasting") == ["Bo"]
    assert names(mei, "?q=bake%20teas") == ["Bo"]
    assert names(mei, "?q=outdoors") == ["Lin"], "a category is known by its English code, too"
    assert names(mei, "?q=茶叶%20baking") == ["Bo"]


def test_what_a_name_says_ranks_before_what_a_bio_says(two, mei, bo, app):
    with app.app_context(), transaction():
        db.session.get(Party, bo.party_id).name = "溪流边的厨房"
    bo.api(
        "PATCH",
        "/profile",
        json={"fans": 9_001},
        headers={"If-Match": bo.api("GET", "/profile").headers["ETag"]},
    )
    caught_up(app)

    assert names(mei, "?q=溪流") == ["溪流边的厨房", "Lin"]
    first = mei.api("GET", "/creators?q=溪流&limit=1").json
    assert names(mei, f"?q=溪流&limit=1&cursor={first['next_cursor']}") == ["Lin"]


def test_counts_respect_the_other_facets_and_not_their_own(two, mei):
    assert counts(mei)["category"] == {"outdoor": 1, "digital": 1, "food": 1}

    chosen = counts(mei, "?category=food")
    assert chosen["category"] == {"outdoor": 1, "digital": 1, "food": 1}
    assert chosen["city"] == {"成都": 1}
    assert chosen["gender"] == {"female": 1}

    both = counts(mei, "?category=food&gender=male")
    assert both["category"] == {"outdoor": 1, "digital": 1}
    assert both["gender"] == {"female": 1}
    assert mei.api("GET", "/creators/facets?category=food&gender=male").json["total"] == 0


def test_counted_is_what_is_found(two, mei):
    for group, values in counts(mei, "?q=实测").items():
        for value, n in values.items():
            assert len(names(mei, f"?q=实测&{group}={quote(value)}")) == n, (group, value)


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

    assert names(mei) == ["Bo"], "even before the index knows"
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
    page = app.test_client().get("/creators?price_max_fen=abc&category=nonsense")

    assert page.status_code == 200
    assert "请填写金额" in page.text


def test_nobody_found_names_what_to_drop_and_how_many_that_brings(two, app):
    page = app.test_client().get("/creators?category=food&gender=male&q=溪流").text

    assert "没有符合条件的达人" in page
    assert "去掉“类目：食品生鲜”" in page
    assert "去掉“粉丝性别：男性”" not in page, "that would still find nobody"


def test_a_chip_drops_its_condition_and_keeps_the_others(two, app):
    page = app.test_client().get("/creators?category=food&gender=female&sort=fans").text

    assert 'href="/creators?gender=female&amp;sort=fans"' in page
    assert 'href="/creators?category=food&amp;sort=fans"' in page


def test_of_very_many_those_with_the_most_fans_are_ranked(two, mei, monkeypatch):
    from market.finding import queries

    lin, _bo = two  # Lin has the most fans by a band; Bo's words fit as well
    etag = lin.api("GET", "/profile").headers["ETag"]
    lin.api("PATCH", "/profile", json={"works": [{"title": "tea"}]}, headers={"If-Match": etag})
    caught_up(mei.app)
    assert set(names(mei, "?q=tea")) == {"Lin", "Bo"}

    monkeypatch.setattr(queries, "COUNTED", 1)
    monkeypatch.setattr(queries, "RANKED", 2)

    assert names(mei, "?q=tea") == ["Lin"]


def test_counts_beyond_the_bound_are_called_approximate(two, mei, monkeypatch):
    from market.finding import queries

    assert mei.api("GET", "/creators/facets").json["exact"] is True
    monkeypatch.setattr(queries, "COUNTED", 1)

    wide, narrow = mei.api("GET", "/creators/facets").json, mei.api("GET", "/creators/facets?city=成都").json

    assert (wide["exact"], narrow["exact"]) == (False, True)
    assert narrow["total"] == 1


def test_of_many_only_some_lots_are_counted_and_stand_for_the_others(two, mei, monkeypatch):
    from market.finding import queries
    from market.finding.models import IndexedCreator

    lin, bo = two
    with mei.app.app_context(), transaction():
        for player, lot in ((lin, 0), (bo, 1)):
            db.session.query(IndexedCreator).filter_by(party_id=player.party_id).update({"lot": lot})
    monkeypatch.setattr(queries, "COUNTED", 0)
    monkeypatch.setattr(queries, "DRAWN", 0)

    assert counts(mei)["category"] == {"outdoor": 260, "digital": 260}, "one lot of 256, to two digits"
    assert counts(mei, "?gender=female")["gender"] == {"male": 260}


def test_own_tags_are_a_facet(two, mei):
    lin, _bo = two
    etag = lin.api("GET", "/profile").headers["ETag"]
    lin.api("PATCH", "/profile", json={"tags": ["夜钓", "碳素竿"]}, headers={"If-Match": etag})
    caught_up(mei.app)

    assert names(mei, "?tag=夜钓") == ["Lin"]
    assert counts(mei)["tag"]["碳素竿"] == 1
    assert names(mei, "?q=夜钓") == ["Lin"]


BY_LENGTH = {"price_video_short_fen": 60_000, "price_video_medium_fen": 200_000, "price_video_long_fen": None}


@pytest.fixture
def lengths(two, bo, app):
    """Bo asks less for short ones and makes no long ones; Lin asks 8,000 for any."""
    bo.api("PATCH", "/profile", json=BY_LENGTH, headers={"If-Match": "*"})
    caught_up(app)


def test_who_offers_a_length_is_found_by_it(lengths, mei):
    assert names(mei, "?length=long") == ["Lin"]
    assert sorted(names(mei, "?length=short")) == ["Bo", "Lin"]
    assert sorted(names(mei, "?length=long&length=short")) == ["Bo", "Lin"]
    assert counts(mei)["length"] == {"short": 2, "medium": 2, "long": 1}
    assert mei.api("GET", "/creators?length=endless").status_code == 422


def test_with_a_length_a_price_is_the_price_of_that_length(lengths, mei):
    assert names(mei, "?length=short&price_max_fen=100000") == ["Bo"]
    assert names(mei, "?length=medium&price_max_fen=100000") == []
    assert names(mei, "?length=medium&price=100000-300000") == ["Bo"]
    assert names(mei, "?length=short&price=50000-100000") == ["Bo"]
    assert names(mei, "?format=video&length=medium&price=50000-100000") == []
    assert names(mei, "?format=video&price=50000-100000") == ["Bo"], "of no particular length the lowest"
    assert names(mei, "?length=medium&sort=price") == names(mei, "?format=video&sort=price") == ["Bo", "Lin"]
    assert counts(mei, "?length=medium")["price"] == {"100000-300000": 1, "300000-1000000": 1}


def test_cards_show_the_asked_length_or_from_with_all_lengths(lengths, mei):
    browser = mei.browser()
    every, short = browser.get("/creators").text, browser.get("/creators?length=short").text

    assert "起价" in every and "¥600.00" in every and "1–20 秒" in every
    assert "起价" not in short and "¥600.00" in short
    assert "1–20 s" in browser.get("/creators?lang=en").text


def test_a_rebuilt_index_knows_the_lengths_as_well(lengths, mei, app):
    from market.finding import index

    with app.app_context():
        index.rebuild()

    assert names(mei, "?length=long") == ["Lin"]
    assert names(mei, "?length=short&price_max_fen=100000") == ["Bo"]


def test_with_live_a_price_is_that_of_an_hour(two, bo, mei, app):
    bo.api("PATCH", "/profile", json={"price_live_hour_fen": 80_000}, headers={"If-Match": "*"})
    caught_up(app)

    assert names(mei, "?format=live") == ["Bo"]
    assert names(mei, "?format=live&price_max_fen=80000") == ["Bo"]
    assert names(mei, "?format=live&price_max_fen=79999") == []
    assert names(mei, "?format=live&price=50000-100000") == ["Bo"]
    page = mei.browser().get("/creators?format=live").text
    assert "¥800/小时" in page and "报价（每小时）" in page
    assert "Price an hour" in mei.browser().get("/creators?format=live&lang=en").text
