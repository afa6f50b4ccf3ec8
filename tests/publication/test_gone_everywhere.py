"""A film that leaves the shelf is on no page, in no list and behind no address any more, whoever asks."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from market.audience.buffer import Buffer
from market.audience.tokens import Surface
from market.campaigns import service as campaigns
from market.creators.models import Profile
from market.kit.db import db, transaction
from market.kit.ids import decode, encode
from market.media import service as media
from market.video.models import Video
from tests.audience.conftest import count, line, open_page  # noqa: F401
from tests.conftest import Player, drain_all
from tests.publication import acts
from tests.standings.conftest import played, rank

CODE = "double11-2026"
GONE, STAYS = "会消失的片子", "留下来的片子"


class Scene:
    """Two films of Mei's on every surface there is; one of them is about to go."""

    def __init__(self, app: Flask, mei: Player, lin: Player, wen: Player, zhou: Player) -> None:
        self.app, self.mei, self.lin, self.wen, self.zhou = app, mei, lin, wen, zhou
        self.product = acts.product(mei)
        made = zhou.api(
            "POST", "/venues", json={"season": CODE, "slug": "double11", "title": "双11 主会场"}
        ).json
        self.venue = made["id"]
        assert zhou.api("POST", f"/venues/{self.venue}/publication").status_code == 200
        for title in (STAYS, GONE):
            acts.accepted(mei, lin, title=title, campaign=CODE, products=[self.product])
        drain_all()
        found = {each["title"]: each["id"] for each in mei.api("GET", "/videos").json["data"]}
        self.gone, self.stays = found[GONE], found[STAYS]
        for film in found.values():
            etag = mei.api("GET", f"/videos/{film}").headers["ETag"]
            mei.api("PATCH", f"/videos/{film}", json={"label": "unboxing"}, headers={"If-Match": etag})
        own = mei.api("POST", "/collections", json={"title": "三步泡茶"}).json["id"]
        self.own = f"/collections/{own}"
        etag = mei.api("GET", self.own).headers["ETag"]
        films = {"video_ids": [self.gone, self.stays], "cover_id": self.gone}
        assert mei.api("PATCH", self.own, json=films, headers={"If-Match": etag}).status_code == 200
        offer = mei.api(
            "PUT", f"/venues/{self.venue}/offer", json={"title": "开箱看细节", "rule": "newest"}
        ).json
        zhou.api("POST", f"/venues/{self.venue}/offers/{offer['id']}/admission")
        assert zhou.api("POST", f"/venues/{self.venue}/publication").status_code == 200
        self.shop = f"/shops/{mei.api('GET', '/me').json['party']['handle']}"
        self.handle = lin.api("GET", "/me").json["party"]["handle"]

    @property
    def row(self) -> Video:
        return db.session.get_one(Video, decode("vid", self.gone), populate_existing=True)

    @property
    def pages(self) -> list[str]:
        """Where films are shown to everybody."""
        shop, product = encode("pty", self.mei.party_id), encode("prd", self.product.id)
        store = self.app.test_client().get(f"/api/v1/collections?merchant_id={shop}").json["data"]
        return [
            "/", "/discover", "/discover?label=unboxing", "/discover?category=home", self.shop,
            f"{self.shop}?label=unboxing", f"/p/{product}", f"/v/{self.stays}", f"/c/{self.handle}", "/venues/double11",
            "/red-list", *(f"/collections/{each['id']}" for each in store),
        ]  # fmt: skip

    @property
    def lists(self) -> list[str]:
        """The same for programs."""
        shop = encode("pty", self.mei.party_id)
        return [
            "/videos", "/videos?label=unboxing", f"/videos?merchant_id={shop}", self.own, f"/collections?merchant_id={shop}",
            "/venues/double11", "/red-list",
        ]  # fmt: skip


def showing(client: FlaskClient, pages: list[str], scene: Scene) -> list[str]:
    """Which of these still name the film, by title or by address."""
    found = []
    for page in pages:
        answer = client.get(page)
        assert answer.status_code == 200, (page, answer.status_code)
        if GONE in answer.text or scene.gone in answer.text:
            found.append(page)
    return found


@pytest.fixture
def scene(
    ctx,
    app: Flask,
    line: Buffer,  # noqa: F811
    mei: Player,
    lin: Player,
    wen: Player,
    zhou: Player,
) -> Iterator[Scene]:
    with transaction():
        campaigns.write_calendar()
        db.session.add(Profile(party_id=lin.party_id, categories=["home"]))
    made = Scene(app, mei, lin, wen, zhou)
    open_page(wen.browser(), f"/v/{made.gone}").send("play5")
    count(app)
    yield made


def do_well(scene: Scene) -> None:
    played(decode("vid", scene.stays), 4000, 2400, 800, Surface.DISCOVER)
    played(decode("vid", scene.gone), 400, 380, 300, Surface.DISCOVER)
    rank()


def do_badly(scene: Scene) -> None:
    played(decode("vid", scene.stays), 4000, 2400, 800, Surface.DISCOVER)
    played(decode("vid", scene.gone), 400, 20, 4, Surface.DISCOVER)
    rank()


def test_a_withdrawn_film_is_gone_from_every_surface(scene: Scene):
    """By the merchant's word, or because its rights ended: no page, list, saved list, footprint or file keeps it."""
    do_well(scene)
    stranger, viewer = scene.app.test_client(), scene.wen.browser()
    api = [f"/api/v1{each}" for each in scene.lists]
    seen = showing(stranger, [*scene.pages, *api], scene)
    assert set(scene.pages + api) - set(seen) <= {scene.shop, f"{scene.shop}?label=unboxing", "/"}, (
        "it was everywhere before, but for pages that show its product's badge or too few films"
    )
    assert GONE in viewer.get("/footprints").text
    asset = media.find(scene.row.asset_id)
    assert asset.published_at

    mine = next(p for p in scene.mei.api("GET", "/publications").json["data"] if p["title"] == GONE)
    assert scene.mei.api("POST", f"/publications/{mine['id']}/withdrawal").status_code == 200
    drain_all()

    assert showing(stranger, [*scene.pages, *api], scene) == []
    assert showing(scene.mei.browser(), scene.pages, scene) == []
    assert GONE not in viewer.get("/footprints").text
    assert scene.wen.api("GET", "/footprints").json["data"] == []
    assert stranger.get(f"/v/{scene.gone}").status_code == 404
    assert stranger.get(f"/api/v1/videos/{scene.gone}").status_code == 404
    assert scene.mei.browser().get(f"/v/{scene.gone}/standing").status_code == 404
    assert media.find(asset.id).published_at is None
    for address in (asset.hls_url, asset.mp4_url, asset.poster_url):
        assert stranger.get(address).status_code == 404, address
    # What points at it may still be changed: it is neither in the way nor shown there.
    assert GONE not in scene.mei.browser().get(f"/m{scene.own}").text
    cover = re.search(r'<img[^>]+src="([^"]+)"', stranger.get(scene.own).text)
    assert cover
    assert asset.token not in cover.group(1)


def test_a_withdrawn_film_is_off_the_lists_before_any_listener_ran(scene: Scene):
    """The lists look at the shelf themselves; only a venue's kept rendering waits, seconds at most, to be told."""
    do_well(scene)
    stranger = scene.app.test_client()
    mine = next(p for p in scene.mei.api("GET", "/publications").json["data"] if p["title"] == GONE)

    scene.mei.api("POST", f"/publications/{mine['id']}/withdrawal")

    waits = {"/venues/double11", "/api/v1/venues/double11"}
    places = [*scene.pages, *(f"/api/v1{each}" for each in scene.lists)]
    assert showing(stranger, [each for each in places if each not in waits], scene) == []


def test_a_film_kept_out_by_a_ruling_is_gone_from_what_the_platform_recommends_and_stays_its_owners(
    scene: Scene,
):
    """Home, square, watch next, red list, venues; not its own page, product and shop. Shown again, it is back."""
    stranger = scene.app.test_client()
    recommended = [
        "/",
        "/discover",
        f"/v/{scene.stays}",
        "/venues/double11",
        "/red-list",
        "/api/v1/videos",
        "/api/v1/red-list",
    ]
    owned = [f"/v/{scene.gone}", scene.own, f"/p/{encode('prd', scene.product.id)}"]
    do_badly(scene)
    assert "/venues/double11" in showing(stranger, recommended, scene), "its rendering is kept"
    scene.lin.api("POST", f"/videos/{scene.gone}/appeal", json={"text": "这条是刚开播时的误点，请看看"})
    case = scene.zhou.api("GET", "/film-cases").json["data"][0]["id"]

    ruling = {"hold": True, "reason": "五秒内几乎都划走了"}
    assert scene.zhou.api("POST", f"/film-cases/{case}/ruling", json=ruling).status_code == 200
    drain_all()

    assert showing(stranger, recommended, scene) == []
    assert showing(stranger, owned, scene) == owned
    undone = scene.zhou.api(
        "POST", f"/film-cases/{case}/ruling", json={"hold": False, "reason": "复核后撤销"}
    )
    assert undone.status_code == 200
    drain_all()
    assert {"/discover", "/venues/double11", "/api/v1/videos"} <= set(showing(stranger, recommended, scene))
