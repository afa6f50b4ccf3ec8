"""Films with sums, and the computation of the hour."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from market.audience.counting import DAYS_OF
from market.audience.models import DailyViews
from market.audience.tokens import Surface
from market.kit.clock import now
from market.kit.db import db, transaction
from market.kit.ids import encode
from market.video import service as video
from market.video.kinds import FilmKind
from market.video.models import Video
from tests.conftest import Player
from tests.publication import acts
from workers import schedule


def played(video_id: UUID, plays: int, plays5: int, finishes: int, surface: Surface = Surface.PLAYER) -> None:
    """Today's sums of a film on a surface, as counting leaves them."""
    day = now().astimezone(DAYS_OF).date()
    with transaction():
        db.session.add(
            DailyViews(
                entry_id=video_id,
                day=day,
                surface=surface,
                exposures=plays,
                plays=plays,
                plays5=plays5,
                finishes=finishes,
            )
        )


class Films:
    """A good, a usual and a bad film of Mei's and Lin's in one category."""

    def __init__(self, mei: Player, lin: Player) -> None:
        from market.media import service as media
        from market.media.models import Kind

        self.product = acts.product(mei)
        made = []
        for title in ("好片", "平常的片", "差片"):
            asset = acts.asset(lin, Kind.VIDEO)
            with transaction():
                media.publish(asset.id)
                made.append(
                    video.add(
                        source_id=uuid4(),
                        kind=FilmKind.CONTENT,
                        creator_id=lin.party_id,
                        merchant_id=mei.party_id,
                        order_id=None,
                        asset_id=asset.id,
                        title=title,
                        category="home",
                        product_ids=[self.product.id],
                    )
                )
        self.good, self.usual, self.bad = (each.id for each in made)

    def play(self) -> None:
        played(self.good, 400, 380, 300)
        played(self.usual, 4000, 2400, 800)
        played(self.bad, 400, 20, 4)


@pytest.fixture
def films(ctx: Any, app: Flask, mei: Player, lin: Player) -> Films:
    return Films(mei, lin)


def rank() -> None:
    """What the schedule does twice an hour."""
    schedule.rank_films()
    db.session.expire_all()


def name(video_id: UUID) -> str:
    return encode("vid", video_id)


def on_home(app: Flask, video_id: UUID) -> bool:
    return name(video_id) in {each["id"] for each in app.test_client().get("/api/v1/videos").json["data"]}


def film(video_id: UUID) -> Video:
    return db.session.get_one(Video, video_id, populate_existing=True)
