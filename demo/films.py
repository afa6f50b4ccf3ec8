"""The shelf beside the orders' work: shops' own films, viewers' films, labels at products' heads, four weeks of
views, and what the round of the night sees in them."""

import random
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import insert, select, update

from market.audience.counting import DAYS_OF
from market.audience.models import DailyViews
from market.audience.tokens import Surface
from market.kit.db import db, transaction
from market.publication import films
from market.standings import computing as standings
from market.traffic.rounds import look_at_all
from market.video import service as video
from market.video.kinds import FilmKind
from market.video.labels import HeadLabel
from market.video.models import Video

if TYPE_CHECKING:
    from demo.world import World

OWN = (
    ("qingshan", "outdoor", "五分钟学会绑子线：新手不跑鱼", (0, 1)),
    ("baicao", "beauty", "一瓶精华从草本到灌装的全过程", (0,)),
)
"""Of shops: whose, of what it is a picture, its title, which of the shop's products."""
VIEWERS_FILMS = (
    ("bo", "qingshan", "outdoor", "用了三个月的溪流竿，说说真实感受", 1, True),
    ("tang", "qingshan", "outdoor", "周末水库带这把椅子够不够", 2, False),
)
"""Of creators for nobody: whose, whose product, title, which product, and whether its merchant shows it."""
DAYS, A_DAY = 28, (40, 260)
SEEN = {Surface.PLAYER: 0.3, Surface.DISCOVER: 0.5, Surface.PRODUCT: 0.2}
BOUGHT = ("yezi", 4, 2_400)
"""Whose film was played so many days ago how often by a seller's machines, which watch five seconds and show nothing."""
LOVED, LEFT = 3, 1
"""So many films are watched to the end by far more than usual, and by far fewer."""


def shelf(world: "World") -> None:
    """After the orders' work is published."""
    for key, category, title, products in OWN:
        _publish(world, key, category, title, [world.products[key][at] for at in products], agrees=False)
    for key, merchant, category, title, product, is_shown in VIEWERS_FILMS:
        film = _publish(world, key, category, title, [world.products[merchant][product]], agrees=True)
        if is_shown:
            with transaction():
                films.show_beside(film, by=world.actors[merchant])
    with transaction():
        _label(world)
    with transaction():
        _watch(world)
    with transaction():
        _buy(world)
    with transaction():
        standings.recompute()
    look_at_all()


def _publish(
    world: "World", key: str, category: str, title: str, products: list[UUID], *, agrees: bool
) -> Video:
    by = world.actors[key]
    said = {"asset_id": world.studio.film(category, 1, by), "title": title, "caption": ""}
    with transaction():
        return films.publish(said | {"product_ids": products, "author_agrees": agrees}, by=by)


def _label(world: "World") -> None:
    """Most films that stand at a product's head say what they are there."""
    makers = {actor.party_id: actor for actor in world.actors.values()}
    labels = list(HeadLabel)
    for at, film in enumerate(_shown()):
        if film.product_ids and at % 4:
            video.label(film, labels[at % len(labels)], by=makers[film.creator_id])


def _watch(world: "World") -> None:
    draw = random.Random(world.seed + 2)
    last = world.today.astimezone(DAYS_OF).date()
    shown = _shown()
    favour = dict(zip((film.id for film in shown), [3.2] * LOVED + [0.08] * LEFT, strict=False))
    rows = []
    for film in shown:
        to_five, to_end = 0.55 + 0.1 * draw.random(), 0.2 + 0.06 * draw.random()
        liked = favour.get(film.id, 1.0)
        for ago in range(DAYS):
            plays_of_day = draw.randint(*A_DAY)
            for surface, part in SEEN.items():
                plays = int(plays_of_day * part)
                plays5 = int(plays * min(0.95, to_five * min(liked, 1.5)))
                rows.append(
                    {
                        "entry_id": film.id,
                        "day": last - timedelta(days=ago),
                        "surface": surface,
                        "exposures": plays * 3,
                        "plays": plays,
                        "plays5": plays5,
                        "finishes": min(plays5, int(plays * to_end * liked)),
                    }
                )
    db.session.execute(insert(DailyViews), rows)


def _buy(world: "World") -> None:
    key, ago, plays = BOUGHT
    film = next(each for each in _shown() if each.creator_id == world.actors[key].party_id)
    own = (DailyViews.entry_id == film.id) & (DailyViews.surface == Surface.PLAYER)
    day = world.today.astimezone(DAYS_OF).date() - timedelta(days=ago)
    more = {"plays": DailyViews.plays + plays, "plays5": DailyViews.plays5 + plays // 2}
    db.session.execute(update(DailyViews).where(own, DailyViews.day == day).values(more))


def _shown() -> list[Video]:
    scored = Video.withdrawn_at.is_(None), Video.kind != FilmKind.UGC
    return list(db.session.scalars(select(Video).where(*scored).order_by(Video.id)))
