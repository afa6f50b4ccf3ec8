"""A merchant's shelf: own things only, money exact, refused input stays in the form."""

from market.kit.ids import encode
from tests.conftest import Player, submit
from tests.publication import acts

TEA = {"title": "桂花乌龙茶礼盒", "category": "food", "price_fen": 12_850, "stock": 10}


def test_a_product_goes_through_the_api(mei: Player, app):
    made = mei.api("POST", "/products", json=TEA)

    assert made.status_code == 201, made.json
    assert made.json["state"] == "on"
    anonymous = app.test_client().get(f"/api/v1/products/{made.json['id']}")
    assert anonymous.json["price_fen"] == 12_850
    change = mei.api(
        "PATCH",
        f"/products/{made.json['id']}",
        json={"stock": 0},
        headers={"If-Match": anonymous.headers["ETag"]},
    )
    assert change.json["stock"] == 0
    assert mei.api("PATCH", f"/products/{made.json['id']}", json={"stock": 1}).status_code == 428


def test_off_the_shelf_it_is_gone_for_others(mei: Player, wen: Player, app):
    made = mei.api("POST", "/products", json=TEA).json["id"]

    for _ in range(2):
        assert mei.api("DELETE", f"/products/{made}/shelf").json["state"] == "off"

    assert wen.api("GET", f"/products/{made}").status_code == 404
    assert app.test_client().get(f"/p/{made}").status_code == 404
    assert mei.api("GET", f"/products/{made}").status_code == 200
    assert wen.api("GET", "/products").json["data"] == []
    assert mei.api("PUT", f"/products/{made}/shelf").json["state"] == "on"


def test_foreign_products_are_not_there(mei: Player, lin: Player, app, ctx):
    from market.accounts import service
    from market.accounts.actor import Role
    from market.kit.db import transaction

    made = mei.api("POST", "/products", json=TEA).json["id"]
    with transaction():
        other = service.sign_up(
            email="hu@example.com", password="correct horse battery", name="Hu", role=Role.MERCHANT
        )
        _key, secret = service.make_key(other.person_id, other.party_id)
    hu = Player(app, "hu", "hu@example.com", other.person_id, other.party_id, secret)

    assert hu.api("PATCH", f"/products/{made}", json={"stock": 1}).status_code == 404
    assert hu.api("DELETE", f"/products/{made}/shelf").status_code == 404
    assert hu.browser().get(f"/m/products/{made}").status_code == 404
    assert lin.api("POST", "/products", json=TEA).status_code == 403


def test_bad_input_is_told_at_the_field_in_the_readers_words(mei: Player):
    wrong = {"title": "x", "category": "cars", "price_fen": 0, "stock": -1}

    told = mei.api("POST", "/products", json=wrong)

    assert told.status_code == 422
    assert {error["pointer"] for error in told.json["errors"]} == {
        "/title",
        "/category",
        "/price_fen",
        "/stock",
    }
    english = mei.api(
        "POST", "/products", json=wrong | {"price_fen": 10**12}, headers={"Accept-Language": "en"}
    )
    assert english.status_code == 422
    page = submit(
        mei.browser(), "/m/products/new", title="青花茶具", category="home", price_fen="12,x", stock="5"
    )
    assert page.status_code == 422
    assert "请填写金额" in page.text
    assert 'value="青花茶具"' in page.text


def test_absurd_prices_are_refused_not_broken(mei: Player):
    browser = mei.browser()
    for price in ("Infinity", "NaN", "1e999999", "-1", "0", "10000000000000", "1.234"):
        page = submit(
            browser, "/m/products/new", title="青花茶具", category="home", price_fen=price, stock="5"
        )
        assert page.status_code == 422, price


def test_a_form_puts_a_product_on_the_shelf_in_yuan(mei: Player, app):
    browser = mei.browser()
    answer = submit(
        browser,
        "/m/products/new",
        title="青花茶具",
        category="home",
        price_fen="1,268.50",
        stock="5",
        number="QH-1",
    )

    assert answer.status_code == 303
    assert mei.api("GET", "/products").json["data"][0]["price_fen"] == 126_850
    twice = submit(
        browser, "/m/products/new", title="另一件", category="home", price_fen="1", stock="5", number="QH-1"
    )
    assert twice.status_code == 422
    assert "QH-1" in twice.text


def test_a_foreign_picture_is_refused(ctx, mei: Player, lin: Player):
    picture = encode("ast", acts.asset(lin).id)

    told = mei.api("POST", "/products", json=TEA | {"image_ids": [picture]})

    assert told.status_code == 422
    assert told.json["errors"][0]["pointer"] == "/image_ids"


def test_a_product_shows_the_badge_of_its_video(ctx, app, mei: Player, lin: Player):
    with_film, without = acts.product(mei), acts.product(mei, title="白瓷茶具")
    acts.put_on_shelf(acts.accepted(mei, lin, products=[with_film]))
    shop = mei.api("GET", "/me").json["party"]["handle"]

    page = app.test_client().get(f"/shops/{shop}").text

    assert page.count('class="mark-video"') == 1
    assert "主图视频" in app.test_client().get(f"/p/{encode('prd', with_film.id)}").text
    assert "主图视频" not in app.test_client().get(f"/p/{encode('prd', without.id)}").text
    assert mei.browser().get("/m/products").text.count('class="mark-video"') == 1


def test_a_shop_page_is_open_to_everybody_and_holds_hostile_words(ctx, app, mei: Player):
    acts.product(mei, title="<script>alert(1)</script>", description='"><img src=x onerror=1>')
    shop = mei.api("GET", "/me").json["party"]["handle"]

    page = app.test_client().get(f"/shops/{shop}?q=%00%25&category=nope")
    shown = app.test_client().get(f"/shops/{shop}")

    assert page.status_code == 200
    assert "<script>alert(1)" not in shown.text
    assert "&lt;script&gt;" in shown.text
    assert app.test_client().get("/shops/nobody").status_code == 404
