"""The three kinds of film: given where a film is made, they say what it must be, whose it is and where it stands."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from importlib.util import module_from_spec, spec_from_file_location
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from market.campaigns import service as campaigns
from market.creators.models import Profile
from market.kit import clock
from market.kit.db import db, transaction
from market.kit.ids import decode, encode
from market.media.models import Asset
from market.media.models import Kind as AssetKind
from market.standings.models import Standing
from market.video import service as video
from market.video.kinds import KINDS, FilmKind, Place, at
from market.video.models import Video
from tests.conftest import ROOT, Player, drain_all, submit
from tests.publication import acts
from tests.standings.conftest import played, rank

CODE = "double11-2026"
TITLES = {
    FilmKind.PRODUCT: "店铺自己拍的壶",
    FilmKind.CONTENT: "一分钟看懂这把壶",
    FilmKind.UGC: "我家用了一年的壶",
}


def publish(who: Player, film: Asset | None = None, status: int = 201, **values):  # type: ignore[no-untyped-def]
    film = film or acts.asset(who, AssetKind.VIDEO)
    body = {"asset_id": encode("ast", film.id), "title": "一条片子"} | values
    answer = who.api("POST", "/videos", json=body)
    assert answer.status_code == status, answer.text
    return answer.json


class Scene:
    """A product of Mei's with a film of each kind; nobody has chosen the viewer's film yet."""

    def __init__(self, app: Flask, mei: Player, lin: Player, zhou: Player) -> None:
        self.app, self.mei, self.lin, self.zhou = app, mei, lin, zhou
        self.product = acts.product(mei)
        self.prd = encode("prd", self.product.id)
        content = acts.put_on_shelf(
            acts.accepted(
                mei,
                lin,
                title=TITLES[FilmKind.CONTENT],
                products=[self.product],
                campaign=CODE,
            )
        )
        self.ids = {
            FilmKind.CONTENT: content.data["url"].removeprefix("/v/"),
            FilmKind.PRODUCT: publish(mei, title=TITLES[FilmKind.PRODUCT], product_ids=[self.prd])["id"],
            FilmKind.UGC: publish(
                lin, title=TITLES[FilmKind.UGC], product_ids=[self.prd], author_agrees=True
            )["id"],
        }
        self.ugc = f"/videos/{self.ids[FilmKind.UGC]}"
        drain_all()

    def kinds_on(self, page: str) -> set[FilmKind]:
        answer = self.app.test_client().get(page)
        assert answer.status_code == 200, (page, answer.status_code)
        return {kind for kind, key in self.ids.items() if TITLES[kind] in answer.text or key in answer.text}

    def row(self, kind: FilmKind) -> Video:
        return db.session.get_one(Video, decode("vid", self.ids[kind]), populate_existing=True)


@pytest.fixture
def scene(ctx, app: Flask, mei: Player, lin: Player, zhou: Player) -> Iterator[Scene]:
    with transaction():
        campaigns.write_calendar()
        db.session.add(Profile(party_id=lin.party_id, categories=["home"]))
    yield Scene(app, mei, lin, zhou)


ALL, OURS, VIEWERS = set(FilmKind), {FilmKind.PRODUCT, FilmKind.CONTENT}, {FilmKind.UGC}


def test_the_kind_comes_from_where_the_film_was_made(scene: Scene):
    told = {kind: scene.lin.api("GET", f"/videos/{key}").json for kind, key in scene.ids.items()}

    assert {kind: each["kind"] for kind, each in told.items()} == {kind: kind.value for kind in FilmKind}
    assert {kind for kind, each in told.items() if each["paid"]} == {FilmKind.CONTENT}
    assert told[FilmKind.UGC]["merchant_id"] is None, "it is not the merchant's"
    assert told[FilmKind.PRODUCT]["merchant_id"] == told[FilmKind.PRODUCT]["creator_id"]
    # Nobody chooses the kind himself.
    body = {
        "asset_id": encode("ast", uuid4()),
        "title": "片子",
        "product_ids": [scene.prd],
        "kind": "content",
    }
    assert scene.lin.api("POST", "/videos", json=body).status_code == 422


def test_home_and_start_page_and_watch_next_show_no_viewers_films(scene: Scene):
    for page in ("/", "/discover", "/api/v1/videos"):
        assert scene.kinds_on(page) == OURS, page
    watching = {kind: scene.kinds_on(f"/v/{key}") for kind, key in scene.ids.items()}
    assert watching == {FilmKind.PRODUCT: OURS, FilmKind.CONTENT: OURS, FilmKind.UGC: ALL}


def test_the_head_of_a_product_is_never_a_viewers_film(scene: Scene, app: Flask):
    """It is the newest film, and still not the head, not the badge, not a head in a collection."""
    page = app.test_client().get(f"/p/{scene.prd}").text
    assert page.index(TITLES[FilmKind.PRODUCT]) < page.index(TITLES[FilmKind.CONTENT])
    assert TITLES[FilmKind.UGC] not in page
    bare = acts.product(scene.mei, title="只有用户视频的杯")
    publish(scene.lin, product_ids=[encode("prd", bare.id)], author_agrees=True)
    reader = app.test_client()
    assert "head-video" not in reader.get(f"/p/{encode('prd', bare.id)}").text
    assert "head-video" in page
    store = scene.mei.api("GET", "/me").json["party"]["handle"]
    assert reader.get(f"/shops/{store}").text.count('class="card-tile product-card" data-view') == 1
    assert reader.get(f"/api/v1/videos?product_id={encode('prd', bare.id)}").json["data"] == []


def test_a_viewers_film_stands_on_the_product_page_by_both_their_words(scene: Scene, app: Flask, bo: Player):
    page = f"/p/{scene.prd}"
    mine = scene.mei.browser()
    assert any(TITLES[FilmKind.UGC] in each["text"] for each in scene.mei.api("GET", "/notices").json["data"])
    assert scene.kinds_on(page) == OURS
    assert "展示在商品页" in mine.get(page).text

    assert bo.api("PUT", f"{scene.ugc}/product-page").status_code == 403
    assert scene.lin.api("PUT", f"{scene.ugc}/product-page").status_code == 403, "the author does not choose"
    assert scene.mei.api("PUT", f"{scene.ugc}/product-page").json["on_product_page"] is True
    assert scene.mei.api("PUT", f"{scene.ugc}/product-page").status_code == 200

    assert scene.kinds_on(page) == ALL
    drain_all()
    assert any("已展示在商品页" in each["text"] for each in scene.lin.api("GET", "/notices").json["data"])
    found = app.test_client().get(f"/api/v1/videos?product_id={scene.prd}").json["data"]
    assert {each["kind"] for each in found} == {kind.value for kind in FilmKind}
    action = f"/v/{scene.ids[FilmKind.UGC]}/product-page"
    assert submit(mine, page, action, show="0").status_code == 303
    assert scene.kinds_on(page) == OURS
    assert submit(mine, page, action, show="1").status_code == 303
    assert scene.mei.api("DELETE", f"{scene.ugc}/product-page").json["on_product_page"] is False


def test_without_the_authors_consent_the_merchant_shows_nothing(scene: Scene):
    film = publish(scene.lin, title="不想上商品页", product_ids=[scene.prd])

    refused = scene.mei.api("PUT", f"/videos/{film['id']}/product-page")

    assert refused.status_code == 409
    assert refused.json["type"].endswith("author-did-not-agree")
    assert "不想上商品页" not in scene.mei.browser().get(f"/p/{scene.prd}").text
    with pytest.raises(IntegrityError, match="picked_with_consent"), transaction():
        db.session.execute(
            text("UPDATE videos SET picked_at = now() WHERE id = :id"), {"id": decode("vid", film["id"])}
        )


def test_only_the_products_merchant_chooses_and_only_viewers_films(scene: Scene):
    for kind in OURS:
        assert scene.mei.api("PUT", f"/videos/{scene.ids[kind]}/product-page").status_code == 403
    assert scene.zhou.api("PUT", f"{scene.ugc}/product-page").status_code == 403


def test_the_authors_page_shows_all_he_made(scene: Scene):
    handle = scene.lin.api("GET", "/me").json["party"]["handle"]

    assert scene.kinds_on(f"/c/{handle}") == {FilmKind.CONTENT, FilmKind.UGC}


def test_a_shop_and_its_collections_hold_no_viewers_films(scene: Scene, app: Flask):
    scene.mei.api("PUT", f"{scene.ugc}/product-page")
    shop = encode("pty", scene.mei.party_id)
    handle = scene.mei.api("GET", "/me").json["party"]["handle"]
    for page in (f"/shops/{handle}", f"/api/v1/videos?merchant_id={shop}"):
        assert FilmKind.UGC not in scene.kinds_on(page), page
    store = app.test_client().get(f"/api/v1/collections?merchant_id={shop}").json["data"]
    shown = {each["kind"]: scene.kinds_on(f"/collections/{each['id']}") for each in store}
    assert shown == {"arrivals": OURS, "heads": {FilmKind.PRODUCT}}
    own = scene.mei.api("POST", "/collections", json={"title": "精选"}).json
    etag = {"If-Match": scene.mei.api("GET", f"/collections/{own['id']}").headers["ETag"]}
    put = {"video_ids": [scene.ids[FilmKind.UGC]]}
    assert scene.mei.api("PATCH", f"/collections/{own['id']}", json=put, headers=etag).status_code == 422


def test_venues_show_product_and_content_films(scene: Scene):
    """The season's module takes the season's work; a merchant's module offers his own films and no viewer's."""
    made = scene.zhou.api(
        "POST", "/venues", json={"season": CODE, "slug": "double11", "title": "双11 主会场"}
    ).json
    assert scene.zhou.api("POST", f"/venues/{made['id']}/publication").status_code == 200
    offer = {"title": "青花专场", "rule": "newest", "size": 12}
    offered = scene.mei.api("PUT", f"/venues/{made['id']}/offer", json=offer)
    assert offered.status_code in (200, 201), offered.text
    scene.zhou.api("POST", f"/venues/{made['id']}/offers/{offered.json['id']}/admission")
    scene.zhou.api("POST", f"/venues/{made['id']}/publication")
    drain_all()

    assert scene.kinds_on("/venues/double11") == OURS
    by_hand = offer | {"rule": "hand", "video_ids": [scene.ids[FilmKind.UGC]]}
    assert scene.mei.api("PUT", f"/venues/{made['id']}/offer", json=by_hand).status_code == 422


def test_viewers_films_are_neither_scored_nor_on_the_red_list(scene: Scene):
    usual = publish(scene.mei, title="平常的片", product_ids=[scene.prd])
    played(decode("vid", usual["id"]), 8000, 4800, 1600)
    for kind in FilmKind:
        played(scene.row(kind).id, 400, 390, 380)

    rank()

    assert scene.kinds_on("/red-list") == OURS
    assert scene.kinds_on("/api/v1/red-list") == OURS
    assert db.session.get(Standing, scene.row(FilmKind.UGC).id) is None


def test_a_merchant_is_warned_of_his_own_film_and_may_appeal(scene: Scene):
    usual = publish(scene.mei, title="平常的片", product_ids=[scene.prd])
    played(decode("vid", usual["id"]), 8000, 4800, 1600)
    played(scene.row(FilmKind.PRODUCT).id, 400, 20, 4)
    rank()

    address = f"/videos/{scene.ids[FilmKind.PRODUCT]}/appeal"
    assert scene.lin.api("POST", address, json={"text": "这不是我的片子"}).status_code == 403
    appealed = scene.mei.api("POST", address, json={"text": "这条刚上，请看看"})

    assert appealed.status_code in (200, 201), appealed.text
    drain_all()
    warnings = [
        each
        for each in scene.mei.api("GET", "/notices").json["data"]
        if f"「{TITLES[FilmKind.PRODUCT]}」" in each["text"]
    ]
    assert len(warnings) == 1, "he is both of its owners, and told once"


def test_the_api_filters_by_kind(scene: Scene, app: Flask):
    reader = app.test_client()

    for kind in FilmKind:
        found = reader.get(f"/api/v1/videos?kind={kind.value}").json["data"]
        assert [each["id"] for each in found] == [scene.ids[kind]]
    lin = encode("pty", scene.lin.party_id)
    both = reader.get(f"/api/v1/videos?creator_id={lin}").json["data"]
    assert {each["kind"] for each in both} == {"content", "ugc"}
    assert reader.get("/api/v1/videos?kind=advert").status_code == 422


def test_readers_are_told_the_kind_in_their_language_and_paid_work_is_marked(scene: Scene, app: Flask):
    reader = app.test_client()
    words = {
        FilmKind.PRODUCT: ("商品视频", "Product film"),
        FilmKind.CONTENT: ("内容视频", "Content film"),
        FilmKind.UGC: ("用户视频", "Viewer&#39;s film"),
    }
    for kind, (chinese, english) in words.items():
        page = reader.get(f"/v/{scene.ids[kind]}?lang=zh").text
        assert f'<span class="tag">{chinese}</span>' in page
        assert ("付费合作" in page) == (kind is FilmKind.CONTENT)
        assert english in reader.get(f"/v/{scene.ids[kind]}?lang=en").text
    assert "<span>内容视频 · 合作</span>" in reader.get(f"/p/{scene.prd}?lang=zh").text


def test_the_rights_to_content_end_and_those_to_product_films_do_not(scene: Scene, app: Flask):
    clock.shift(timedelta(days=200))
    drain_all()

    gone = {kind for kind, key in scene.ids.items() if app.test_client().get(f"/v/{key}").status_code == 404}
    assert gone == {FilmKind.CONTENT}


def test_an_author_takes_his_film_down_at_any_time_also_from_the_product_page(
    scene: Scene, app: Flask, bo: Player
):
    scene.mei.api("PUT", f"{scene.ugc}/product-page")
    asset_id = scene.row(FilmKind.UGC).asset_id
    assert db.session.get_one(Asset, asset_id, populate_existing=True).published_at is not None
    assert bo.api("DELETE", scene.ugc).status_code == 403
    assert scene.mei.api("DELETE", scene.ugc).status_code == 403, "it is not the merchant's"

    assert scene.lin.api("DELETE", scene.ugc).status_code == 204

    assert scene.lin.api("DELETE", scene.ugc).status_code == 404
    assert scene.kinds_on(f"/p/{scene.prd}") == OURS
    assert db.session.get_one(Asset, asset_id, populate_existing=True).published_at is None
    drain_all()


def test_a_merchant_takes_his_own_film_down_and_nobody_the_paid_one_this_way(scene: Scene, lin: Player):
    page = f"/v/{scene.ids[FilmKind.PRODUCT]}"
    assert lin.api("DELETE", f"/videos/{scene.ids[FilmKind.PRODUCT]}").status_code == 403
    for who in (scene.mei, lin, scene.zhou):
        assert who.api("DELETE", f"/videos/{scene.ids[FilmKind.CONTENT]}").status_code == 403
    assert "确认下架" not in lin.browser().get(page).text

    assert submit(scene.mei.browser(), page, f"{page}/withdrawal").status_code == 303

    drain_all()
    assert scene.kinds_on(f"/p/{scene.prd}") == {FilmKind.CONTENT}
    shop = encode("pty", scene.mei.party_id)
    store = scene.app.test_client().get(f"/api/v1/collections?merchant_id={shop}").json["data"]
    assert {each["kind"]: scene.kinds_on(f"/collections/{each['id']}") for each in store} == {
        "arrivals": {FilmKind.CONTENT},
        "heads": {FilmKind.CONTENT},
    }


def test_an_operator_takes_a_film_down_and_its_maker_is_told(scene: Scene):
    assert scene.zhou.api("DELETE", scene.ugc).status_code == 204
    drain_all()

    assert any("已由平台下架" in each["text"] for each in scene.lin.api("GET", "/notices").json["data"])


@pytest.mark.parametrize(("length_ms", "status"), [(2_999, 422), (3_000, 201), (60_000, 201), (60_001, 422)])
@pytest.mark.parametrize("who", ["mei", "lin"])
def test_own_films_last_three_to_sixty_seconds(ctx, cast, mei: Player, who: str, length_ms: int, status: int):
    product = encode("prd", acts.product(mei).id)
    film = acts.asset(cast[who], AssetKind.VIDEO)
    with transaction():
        db.session.get_one(Asset, film.id).duration_ms = length_ms

    answer = publish(cast[who], film, status, product_ids=[product])

    if status == 422:
        assert answer["errors"][0]["pointer"].endswith("asset_id"), answer


def test_what_a_film_may_show_depends_on_its_kind(ctx, mei: Player, lin: Player, cast):
    one, two = (encode("prd", acts.product(mei, title=title).id) for title in ("壶", "盏"))
    foreign = encode("prd", uuid4())

    assert publish(mei, product_ids=[one, two])["product_ids"] == [one, two]
    publish(lin, status=422, product_ids=[one, two])
    publish(lin, status=422, product_ids=[])
    publish(lin, status=422, product_ids=[foreign])
    publish(mei, status=422, product_ids=[foreign])


def test_a_merchants_film_shows_only_his_own_products(ctx, app: Flask, mei: Player, lin: Player, bo: Player):
    from market.shops.models import Product

    foreign = acts.product(mei)
    with transaction():
        db.session.get_one(Product, foreign.id).merchant_id = bo.party_id

    refused = publish(mei, status=422, product_ids=[encode("prd", foreign.id)])

    assert refused["type"].endswith("foreign-product")
    assert publish(lin, product_ids=[encode("prd", foreign.id)])["kind"] == "ugc"


def test_only_merchants_and_creators_publish_and_only_their_own_ready_films(
    ctx, mei: Player, lin: Player, bo: Player, ada: Player, wen: Player, zhou: Player
):
    product = encode("prd", acts.product(mei).id)
    film = acts.asset(lin, AssetKind.VIDEO)

    for who in (ada, wen, zhou):
        publish(who, film, 403, product_ids=[product])
        assert who.browser().get("/uploads/publication").status_code == 403
    publish(bo, film, 422, product_ids=[product])
    publish(mei, film, 422, product_ids=[product])
    publish(lin, acts.asset(lin), 422, product_ids=[product])
    assert db.session.scalar(select(Video.id).limit(1)) is None


def test_paid_work_is_not_published_past_its_order(ctx, mei: Player, lin: Player):
    """Nor a second time: neither loses its mark or its term that way."""
    product = acts.product(mei)
    submission = acts.accepted(mei, lin, products=[product])
    film = db.session.get_one(Asset, submission.asset_id)

    refused = publish(lin, film, 409, product_ids=[encode("prd", product.id)])

    assert refused["type"].endswith("paid-work")
    page = lin.browser().get("/uploads/publication").text
    assert encode("ast", film.id) not in page


def test_of_two_who_publish_a_file_at_once_one_is_refused(app: Flask, ctx, mei: Player, lin: Player):
    film, product = acts.asset(lin, AssetKind.VIDEO), encode("prd", acts.product(mei).id)
    body = {"asset_id": encode("ast", film.id), "title": "一条片子", "product_ids": [product]}
    gate, answers = threading.Barrier(4), []

    def ask() -> None:
        gate.wait(30)
        answers.append(lin.api("POST", "/videos", json=body).status_code)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(answers) == [201, 409, 409, 409]


def test_a_viewers_film_takes_no_label(scene: Scene):
    etag = {"If-Match": scene.lin.api("GET", scene.ugc).headers["ETag"]}

    assert scene.lin.api("PATCH", scene.ugc, json={"label": "test"}, headers=etag).status_code == 409
    own = f"/videos/{scene.ids[FilmKind.PRODUCT]}"
    etag = {"If-Match": scene.mei.api("GET", own).headers["ETag"]}
    assert scene.mei.api("PATCH", own, json={"label": "test"}, headers=etag).json["label"] == "test"


def test_the_page_publishes_and_keeps_what_was_typed(ctx, app: Flask, mei: Player, lin: Player):
    product = acts.product(mei)
    film, own = acts.asset(lin, AssetKind.VIDEO), acts.asset(mei, AssetKind.VIDEO)
    creator, page = lin.browser(), "/uploads/publication"
    link = f"https://example.com/p/{encode('prd', product.id)}?from=x"
    assert (
        f"/uploads/publication?asset_id={encode('ast', film.id)}"
        in creator.get(f"/uploads/{encode('ast', film.id)}").text
    )
    assert (
        f"/uploads/publication?product_ids=/p/{encode('prd', product.id)}"
        in creator.get(f"/p/{encode('prd', product.id)}").text
    )

    wrong = submit(
        creator,
        page,
        asset_id=encode("ast", film.id),
        title="我的壶",
        caption="用了一年",
        product_ids="那把壶",
    )
    assert wrong.status_code == 422
    assert "请粘贴商品页的链接" in wrong.text
    assert "我的壶" in wrong.text
    done = submit(
        creator,
        page,
        asset_id=encode("ast", film.id),
        title="我的壶",
        caption="用了一年",
        product_ids=link,
        author_agrees="1",
    )
    assert done.status_code == 303
    assert "用户视频" in app.test_client().get(done.headers["Location"]).text

    shop = mei.browser()
    made = submit(
        shop, page, asset_id=encode("ast", own.id), title="自己的壶", product_ids=[encode("prd", product.id)]
    )
    assert made.status_code == 303
    assert "商品视频" in app.test_client().get(made.headers["Location"]).text
    assert "还没有可以发布的视频" in shop.get(page).text
    assert page not in shop.get(f"/uploads/{encode('ast', own.id)}").text


def test_films_of_before_get_their_kind_by_the_migration(ctx, mei: Player, lin: Player):
    path = ROOT / "migrations/versions/20261127_film_kinds.py"
    spec = spec_from_file_location("film_kinds", path)
    assert spec and spec.loader
    migration = module_from_spec(spec)
    spec.loader.exec_module(migration)
    made = {}
    for name, values in {
        "order": {"creator_id": lin.party_id, "merchant_id": mei.party_id, "order_id": uuid4()},
        "deal": {"creator_id": lin.party_id, "merchant_id": mei.party_id, "order_id": None},
        "shop": {"creator_id": mei.party_id, "merchant_id": mei.party_id, "order_id": None},
        "alone": {"creator_id": lin.party_id, "merchant_id": None, "order_id": None},
    }.items():
        asset = acts.asset(lin, AssetKind.VIDEO)
        with transaction():
            film = video.add(
                source_id=uuid4(),
                kind=FilmKind.CONTENT,
                asset_id=asset.id,
                title=name,
                category="home",
                **values,
            )
            made[film.id] = name

    with transaction():
        db.session.execute(text(migration.KINDS))

    found = {made[row.id]: row.kind.value for row in db.session.execute(select(Video.id, Video.kind))}
    assert found == {"order": "content", "deal": "content", "shop": "product", "alone": "ugc"}


def test_the_table_places_every_kind_and_only_paid_work_by_the_order():
    assert set(KINDS) == set(FilmKind)
    assert at(Place.VIEWERS) == [FilmKind.UGC]
    for place in set(Place) - {Place.VIEWERS}:
        assert set(at(place)) == OURS
    assert [kind for kind, terms in KINDS.items() if terms.is_paid] == [FilmKind.CONTENT]
