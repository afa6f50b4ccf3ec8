"""The pictures of docs/video.md of where films are seen: `VTASK_PICTURES=1 ./vtask test tests/video/test_pictures.py`."""

from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from demo.clips import Look, draw_film
from market.kit.db import transaction
from market.kit.ids import encode
from market.media import service as media
from market.media.models import Asset
from market.shops.models import Product
from market.video import service as video
from market.video.kinds import FilmKind
from market.video.labels import HeadLabel
from tests.conftest import Player
from tests.front.conftest import Reader, site  # noqa: F401
from tests.media.conftest import shelf  # noqa: F401
from tests.media.test_in_a_browser import until
from tests.media.test_serving import ready_film
from tests.pictures import kept
from tests.publication import acts

pytestmark = pytest.mark.browser


@pytest.fixture
def bedding(app: Flask, mei: Player, lin: Player, shelf: Path, tmp_path: Path) -> Product:  # noqa: F811
    """A product with three films, the newest at its head and labelled."""
    asset = ready_film(app, lin, draw_film(Look("home", 0), tmp_path), shelf)
    with app.app_context():
        product = acts.product(mei, title="水洗棉四件套", description="六十支水洗棉，越睡越软，四季都能用。")
        with transaction():
            media.publish(asset.id)
            for title in ("三分钟铺好一张床", "一分钟看懂水洗棉", "开箱：水洗棉四件套"):
                film = add(mei, lin, asset, title, product)
            film.label = HeadLabel.UNBOXING
    return product


def add(mei: Player, lin: Player, asset: Asset, title: str, product: Product):  # type: ignore[no-untyped-def]
    return video.add(
        source_id=uuid4(),
        kind=FilmKind.CONTENT,
        creator_id=lin.party_id,
        merchant_id=mei.party_id,
        order_id=None,
        asset_id=asset.id,
        title=title,
        caption="双十一前，先摸摸料子。",
        category="home",
        product_ids=[product.id],
    )


def test_the_phones_feed_is_pictured(chromium: Browser, site: str, bedding: Product, tmp_path: Path):  # noqa: F811
    reader = Reader(chromium, site, 390)
    page = reader.page
    page.goto("/discover")
    expect(page.locator("#reel[data-on]")).to_be_visible()
    expect(page.locator("#reel")).to_contain_text("开箱：水洗棉四件套")

    kept("feed.webp", page.screenshot(), tmp_path)

    reader.context.close()


def test_a_product_with_its_head_film_is_pictured(
    chromium: Browser,
    site: str,  # noqa: F811
    bedding: Product,
    tmp_path: Path,
):
    reader = Reader(chromium, site)
    page = reader.page
    page.goto(f"/p/{encode('prd', bedding.id)}")
    expect(page.locator(".mark-video").first).to_be_visible()
    assert page.evaluate("Promise.all([...document.images].map(image => image.decode())).then(() => true)")
    until(page, "v.readyState > 1")
    page.wait_for_timeout(500)  # the browser's own controls fade their ring out

    kept("product.webp", page.screenshot(), tmp_path)

    reader.context.close()
