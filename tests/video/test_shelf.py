"""The video shelf: newest first, badges in one query, the player's page open to everybody."""

from sqlalchemy import event

from market.creators.models import Profile
from market.kit.db import db, transaction
from market.kit.ids import encode
from market.video import queries
from tests.conftest import Player
from tests.publication import acts


def test_the_shelf_is_open_and_pages_by_cursor(ctx, app, mei: Player, lin: Player):
    for title in ("第一条片子", "第二条片子", "第三条片子"):
        acts.put_on_shelf(acts.accepted(mei, lin, title=title))
    anonymous = app.test_client()

    first = anonymous.get("/api/v1/videos?limit=2").json
    second = anonymous.get(f"/api/v1/videos?limit=2&cursor={first['next_cursor']}").json

    assert [v["title"] for v in first["data"] + second["data"]] == ["第三条片子", "第二条片子", "第一条片子"]
    assert second["next_cursor"] is None
    assert anonymous.get("/api/v1/videos?category=food").json["data"] == []
    page = anonymous.get("/discover").text
    assert page.index("第三条片子") < page.index("第一条片子")
    assert 'data-hls="/media/' in page


def test_the_player_page_shows_film_people_and_goods(ctx, app, mei: Player, lin: Player):
    product = acts.product(mei, title="青花六件套")
    handle = lin.api("GET", "/me").json["party"]["handle"]
    with transaction():
        db.session.add(Profile(party_id=lin.party_id, categories=["home"]))
    url = acts.put_on_shelf(acts.accepted(mei, lin, products=[product])).data["url"]

    page = app.test_client().get(url).text

    for word in (
        "一分钟看懂青花茶具",
        "Lin",
        "Mei",
        "付费合作",
        "青花六件套",
        "找TA合作",
        'data-hls="/media/',
    ):
        assert word in page, word
    assert f'href="/c/{handle}"' in page
    assert "下架" not in page
    assert "一分钟看懂青花茶具" in app.test_client().get(f"/c/{handle}").text
    assert "确认下架" in mei.browser().get(url).text


def test_a_creator_without_a_profile_is_named_but_not_linked(ctx, app, mei: Player, lin: Player):
    url = acts.put_on_shelf(acts.accepted(mei, lin)).data["url"]

    page = app.test_client().get(url).text

    assert "Lin" in page
    assert 'href="/c/' not in page
    assert 'href="/c/' not in app.test_client().get("/discover").text


def test_what_is_not_there_is_404(app, ctx):
    assert app.test_client().get("/v/vid_1111111111111111111111").status_code == 404
    assert app.test_client().get("/v/vid_0OIl").status_code == 404
    assert app.test_client().get("/api/v1/videos/vid_1111111111111111111111").status_code == 404


def test_badges_of_many_products_take_one_query(ctx, mei: Player, lin: Player):
    with_film = acts.product(mei)
    products = [with_film, *(acts.product(mei, title=f"白瓷 {at}") for at in range(12))]
    acts.put_on_shelf(acts.accepted(mei, lin, title="旧片", products=[with_film]))
    newest = acts.put_on_shelf(acts.accepted(mei, lin, title="新片", products=[with_film]))
    asked: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))

    heads = queries.for_products([product.id for product in products])

    assert len(asked) == 1
    assert {key: encode("vid", video.id) for key, video in heads.items()} == {
        with_film.id: newest.data["url"].removeprefix("/v/")
    }
    assert queries.for_products([]) == {}
