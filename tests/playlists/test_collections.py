"""A store's collections: made and ordered by hand or filled by themselves, shown where they belong, nobody else's."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from market.kit import clock
from market.kit.db import transaction
from market.kit.ids import encode
from market.playlists import service
from tests.conftest import Player, drain_all, submit
from tests.publication import acts
from workers import schedule


@pytest.fixture
def films(ctx, mei: Player, lin: Player) -> list[str]:
    """Three films of Mei's store, in the order they were published."""
    for title in ("开壶", "注水", "分茶"):
        acts.put_on_shelf(acts.accepted(mei, lin, title=title))
    return [each["id"] for each in reversed(mei.api("GET", "/videos").json["data"])]


@pytest.fixture
def own(mei: Player, films: list[str]) -> str:
    """An empty collection of Mei's."""
    made = mei.api("POST", "/collections", json={"title": "三步泡茶"})
    assert made.status_code == 201, made.text
    address: str = f"/collections/{made.json['id']}"
    return address


def change(who: Player, address: str, **data: object):  # type: ignore[no-untyped-def]
    etag = who.app.test_client().get(f"/api/v1{address}").headers["ETag"]
    return who.api("PATCH", address, json=data, headers={"If-Match": etag})


def told(app: Flask, address: str) -> dict:
    answer: dict = app.test_client().get(f"/api/v1{address}").json
    return answer


def titles(page: str, *names: str) -> list[str]:
    return sorted(names, key=page.index)


def act(browser: FlaskClient, address: str, do: str, film: str = "", **more: object):  # type: ignore[no-untyped-def]
    fields = {"do": do, **({"video_id": film} if film else {}), **more}
    return submit(browser, "/m/collections", f"/m{address}", **fields)


def test_films_are_put_in_ordered_taken_out_and_played_in_that_order(
    app: Flask, mei: Player, films, own: str
):
    first, second, third = films
    browser = mei.browser()
    for film in films:
        assert act(browser, own, "add", film).status_code == 303
    act(browser, own, "add", first)
    assert told(app, own)["video_ids"] == films

    act(browser, own, "up", third)
    act(browser, own, "down", first)
    assert told(app, own)["video_ids"] == [third, first, second]
    act(browser, own, "up", third)
    assert told(app, own)["video_ids"] == [third, first, second]
    act(browser, own, "order", video_ids=[second, third, first])
    assert told(app, own)["video_ids"] == [second, third, first]

    public = app.test_client()
    page = public.get(own).text
    assert titles(page, "开壶", "注水", "分茶") == ["注水", "分茶", "开壶"]
    assert "下一条：分茶" in page
    assert "下一条" not in public.get(f"{own}?film={first}").text
    act(browser, own, "take_out", second)
    assert told(app, own)["video_ids"] == [third, first]


def test_the_cover_is_the_first_films_or_the_chosen_one(app: Flask, mei: Player, films, own: str):
    change(mei, own, video_ids=films)
    assert change(mei, own, cover_id=films[1]).json["cover_id"] == films[1]
    assert change(mei, own, video_ids=[films[0]]).json["cover_id"] is None
    assert change(mei, own, cover_id=films[2]).status_code == 422


def test_a_collection_is_its_stores_own(app: Flask, mei: Player, lin: Player, wen: Player, films, own: str):
    for who in (lin, wen):
        assert who.api("POST", "/collections", json={"title": "x"}).status_code == 403
        assert who.api("DELETE", own).status_code == 404
        assert change(who, own, title="别人的").status_code == 404
        assert who.browser().get(f"/m{own}").status_code == 403
    assert mei.api("PATCH", own, json={"title": "x"}).status_code == 428
    assert mei.api("POST", "/collections", json={"title": " "}).status_code == 422
    assert mei.api("DELETE", own).status_code == 204
    assert app.test_client().get(own).status_code == 404
    assert mei.api("DELETE", own).status_code == 404


def test_only_films_of_the_store_that_are_on_the_shelf_go_in(app: Flask, mei: Player, films, own: str):
    stranger = encode("vid", acts.nobody())

    assert change(mei, own, video_ids=[stranger]).status_code == 422
    publication = mei.api("GET", "/publications").json["data"][0]
    mei.api("POST", f"/publications/{publication['id']}/withdrawal")
    assert change(mei, own, video_ids=films).status_code == 422
    assert change(mei, own, video_ids=films[:2]).status_code == 200


def test_what_is_withdrawn_leaves_the_collection(app: Flask, mei: Player, films, own: str):
    change(mei, own, video_ids=films)
    publication = mei.api("GET", "/publications").json["data"][0]
    mei.api("POST", f"/publications/{publication['id']}/withdrawal")

    assert told(app, own)["video_ids"] == films[:2]
    assert "分茶" not in app.test_client().get(own).text
    assert mei.browser().get(f"/m{own}").status_code == 200


def automatic(mei: Player, kind: str) -> dict:
    party = mei.api("GET", "/me").json["party"]["id"]
    found: list[dict] = mei.api("GET", f"/collections?merchant_id={party}").json["data"]
    return next(each for each in found if each["kind"] == kind)


def test_publishing_fills_the_automatic_ones(ctx, app: Flask, mei: Player, lin: Player):
    product = acts.product(mei, title="青花六件套")
    acts.accepted(mei, lin, title="旧片", products=[product])
    drain_all()
    acts.accepted(mei, lin, title="新片", products=[product])
    drain_all()
    drain_all()

    newest = [each["id"] for each in mei.api("GET", "/videos").json["data"]]
    assert automatic(mei, "arrivals")["video_ids"] == newest
    assert automatic(mei, "heads")["video_ids"] == newest[:1]
    shop = mei.api("GET", "/me").json["party"]["handle"]
    page = app.test_client().get(f"/shops/{shop}").text
    assert "新品视频" in page
    assert "主图视频" in page


def test_pinned_stays_first_and_left_out_stays_out(app: Flask, mei: Player, films):
    with transaction():
        service.fill(mei.party_id)
    arrivals = automatic(mei, "arrivals")
    address = f"/collections/{arrivals['id']}"
    assert arrivals["video_ids"] == films[::-1]
    browser = mei.browser()
    act(browser, address, "pin", films[0])
    act(browser, address, "leave_out", films[2])

    clock.shift(timedelta(days=1))
    schedule.fill_collections()
    assert told(app, address)["video_ids"] == [films[0], films[1]]
    act(browser, address, "put_back", films[2])
    act(browser, address, "unpin", films[0])
    assert told(app, address)["video_ids"] == films[::-1]

    act(browser, address, "pin", films[0])
    clock.shift(timedelta(days=31))
    schedule.fill_collections()
    assert told(app, address)["video_ids"] == [films[0]]


def test_the_automatic_ones_are_not_arranged_by_hand(app: Flask, mei: Player, films):
    with transaction():
        service.fill(mei.party_id)
    address = f"/collections/{automatic(mei, 'arrivals')['id']}"

    assert change(mei, address, video_ids=films[:1]).status_code == 409
    assert change(mei, address, title="我的").status_code == 409
    assert mei.api("DELETE", address).status_code == 409
    assert "排除" in mei.browser().get(f"/m{address}").text


def test_a_product_names_its_collections_and_why(ctx, app: Flask, mei: Player, lin: Player):
    product, other = acts.product(mei, title="青花六件套"), acts.product(mei, title="白瓷")
    acts.put_on_shelf(acts.accepted(mei, lin, title="开壶", products=[product]))
    film = mei.api("GET", "/videos").json["data"][0]["id"]
    address = f"/collections/{mei.api('POST', '/collections', json={'title': '三步泡茶'}).json['id']}"
    change(mei, address, video_ids=[film])

    shows, near = (app.test_client().get(f"/p/{encode('prd', each.id)}").text for each in (product, other))

    assert "三步泡茶" in shows
    assert "有 1 条视频介绍这件商品" in shows
    assert "三步泡茶" in near
    assert "同类目的视频" in near
    assert address in shows
