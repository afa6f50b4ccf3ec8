"""Films of several creators, played here every day of eight weeks: what counting would have left."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID, uuid4

from market.audience.counting import DAYS_OF
from market.audience.models import DailyViews, HourlyPlays
from market.audience.tokens import Surface
from market.kit.clock import now
from market.kit.db import db, transaction
from market.kit.ids import decode
from market.media import service as media
from market.media.models import Kind
from market.video import service as video
from market.video.kinds import FilmKind
from tests.conftest import Player
from tests.matching.test_import import tell
from tests.publication import acts

DAYS = 56
USUAL = 120


def others(zhou: Player, names: Iterable[str]) -> list[UUID]:
    """Further creators."""
    lines = [{"type": "account", "id": name, "roles": ["creator"]} for name in names]
    return [decode("pty", row["party_id"]) for row in tell(zhou, lines).json["parties"]]


def films(mei: Player, makers: Iterable[UUID]) -> list[UUID]:
    """One film of each, on the shelf."""
    shown = acts.asset(mei, Kind.VIDEO)
    with transaction():
        media.publish(shown.id)
        return [
            video.add(
                source_id=uuid4(),
                kind=FilmKind.CONTENT,
                creator_id=maker,
                merchant_id=mei.party_id,
                order_id=None,
                asset_id=shown.id,
                title=f"第 {n} 条",
                category="outdoor",
                product_ids=[],
            ).id
            for n, maker in enumerate(makers)
        ]


def day(ago: int):
    return now().astimezone(DAYS_OF).date() - timedelta(days=ago)


def played(film: UUID, ago: int, plays: int, watched: int, exposures: int | None = None) -> None:
    """So many more plays of a film on the player's page; `exposures` as many as plays, if not said."""
    with transaction():
        row = db.session.get(DailyViews, (film, day(ago), Surface.PLAYER), with_for_update=True)
        if row is None:
            row = DailyViews(entry_id=film, day=day(ago), surface=Surface.PLAYER)
            row.exposures = row.plays = row.plays5 = row.finishes = 0
            db.session.add(row)
        row.exposures += plays if exposures is None else exposures
        row.plays += plays
        row.plays5 += watched


def played_as_usual(keys: Sequence[UUID]) -> None:
    """Every day the same, half of it watched; today too, which is not over."""
    with transaction():
        for film in keys:
            for ago in range(DAYS):
                db.session.add(
                    DailyViews(
                        entry_id=film,
                        day=day(ago),
                        surface=Surface.PLAYER,
                        exposures=USUAL,
                        plays=USUAL,
                        plays5=USUAL // 2,
                        finishes=USUAL // 5,
                    )
                )
                db.session.add(HourlyPlays(entry_id=film, day=day(ago), hours=[0] * 8 + [7] * 16))
