"""The label of a film at a product's head: set by its owners, shown and filtered wherever the head is."""

import pytest
from flask import Flask

from market.kit.ids import decode, encode
from tests.conftest import Player, submit
from tests.publication import acts


@pytest.fixture
def scene(ctx, mei: Player, lin: Player) -> dict[str, str]:
    """Two products of Mei's with a film each, and a third without; the first film's address."""
    first, second, third = (acts.product(mei, title=title) for title in ("青花壶", "青花盏", "青花盘"))
    film = acts.put_on_shelf(acts.accepted(mei, lin, title="开一箱茶具", products=[first])).data["url"]
    acts.put_on_shelf(acts.accepted(mei, lin, title="三步泡茶", products=[second]))
    names = {"first": encode("prd", first.id), "second": encode("prd", second.id)}
    return {"film": film, "third": encode("prd", third.id), **names}


def label(who: Player, film: str, code: str | None):  # type: ignore[no-untyped-def]
    address = film.replace("/v/", "/videos/")
    etag = who.api("GET", address).headers["ETag"]
    return who.api("PATCH", address, json={"label": code}, headers={"If-Match": etag})


def test_merchant_and_creator_label_a_film_and_nobody_else(
    scene, mei: Player, lin: Player, bo: Player, zhou: Player, app: Flask
):
    film = scene["film"]

    assert label(mei, film, "unboxing").json["label"] == "unboxing"
    assert label(lin, film, "test").json["label"] == "test"
    assert label(bo, film, "tutorial").status_code == 403
    assert label(zhou, film, "tutorial").status_code == 403
    assert label(lin, film, "advert").status_code == 422
    stale = {"If-Match": '"old"'}
    assert (
        mei.api("PATCH", film.replace("/v/", "/videos/"), json={"label": None}, headers=stale).status_code
        == 412
    )
    assert "保存标签" not in bo.browser().get(film).text
    assert app.test_client().get(f"/api/v1{film.replace('/v/', '/videos/')}").json["label"] == "test"


def test_the_label_stands_on_the_head_and_is_taken_off_by_the_form(scene, lin: Player, app: Flask):
    film, product = scene["film"], scene["first"]
    browser = lin.browser()

    assert submit(browser, film, f"{film}/label", label="unboxing").status_code == 303
    on_head, on_card = "</span>开箱</span>", "<span>开箱</span>"
    for page, words in {
        "/discover": on_card,
        film: '<span class="tag tag-act">开箱</span>',
        f"/p/{product}": '<span class="tag">开箱</span>',
        f"/shops/{shop_of(app, film)}": on_head,
    }.items():
        assert words in app.test_client().get(page).text, page
    assert ">Unboxing<" in app.test_client().get(f"{film}?lang=en").text

    assert submit(browser, film, f"{film}/label", label="").status_code == 303
    assert '<span class="tag">开箱</span>' not in app.test_client().get(f"/p/{product}").text


def shop_of(app: Flask, film: str) -> str:
    from market.accounts.queries import find_party
    from market.video import queries

    with app.app_context():
        return find_party(queries.find(decode("vid", film.removeprefix("/v/"))).merchant_id).handle


def test_home_and_shop_are_filtered_by_it(scene, mei: Player, lin: Player, app: Flask):
    film = scene["film"]
    label(lin, film, "unboxing")
    reader = app.test_client()
    shop = shop_of(app, film)

    home = reader.get("/discover?label=unboxing").text
    assert "开一箱茶具" in home
    assert "三步泡茶" not in home
    assert "还没有这一类的视频" in reader.get("/discover?label=making&category=home").text
    found = reader.get("/api/v1/videos?label=unboxing").json["data"]
    assert [each["title"] for each in found] == ["开一箱茶具"]
    window = reader.get(f"/shops/{shop}?label=unboxing").text
    assert "青花壶" in window
    assert "青花盏" not in window
    mine = encode("pty", mei.party_id)
    shown = reader.get(f"/api/v1/shops/{mine}/products?label=unboxing").json["data"]
    assert [each["id"] for each in shown] == [scene["first"]]
    assert len(reader.get(f"/api/v1/shops/{mine}/products").json["data"]) == 3


def test_a_newer_film_at_the_head_brings_its_own_label(scene, mei: Player, lin: Player, app: Flask):
    from market.shops.queries import products

    label(lin, scene["film"], "unboxing")
    [first] = products([decode("prd", scene["first"])])

    acts.put_on_shelf(acts.accepted(mei, lin, title="怎样温壶", products=[first]))

    mine = encode("pty", mei.party_id)
    assert app.test_client().get(f"/api/v1/shops/{mine}/products?label=unboxing").json["data"] == []


def test_a_film_without_a_product_has_no_label(ctx, mei: Player, lin: Player):
    film = acts.put_on_shelf(acts.accepted(mei, lin)).data["url"]

    assert label(lin, film, "test").status_code == 409
    assert "保存标签" not in lin.browser().get(film).text
