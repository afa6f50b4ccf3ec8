"""What such work costs: quartiles of the prices merchants accepted, never from so few that one could be guessed."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select

from market.accounts.vocabulary import Format, Length
from market.bids.models import Bid, BidState
from market.creators.models import Profile
from market.kit.clock import now
from market.kit.db import db
from market.tasks.models import Task

LEAST_PRICES = 8
LEAST_SIDES = 3
"""So many merchants and so many creators at least stand behind a figure."""
WITHIN_DAYS = 365
LEVELS = ((0, 1), (2, 3), (4, 6))


@dataclass(frozen=True)
class Prices:
    """Quartiles in fen of accepted bids. `levels` is None when creators of all levels had to be taken together."""

    n: int
    low_fen: int
    mid_fen: int
    high_fen: int
    levels: tuple[int, int] | None
    category: str | None
    """None when all categories had to be taken together."""
    length: Length | None = None
    """Of the videos; None when all lengths are taken together."""

    def over(self, price_fen: int) -> float:
        """How far a price lies above the middle: 0.12 is twelve percent."""
        return price_fen / self.mid_fen - 1


def accepted(
    category: str, format: Format, level: int | None = None, length: Length | None = None
) -> Prices | None:
    """The narrowest group that has enough: category and level, category, or the format alone, each rather of the wanted
    length than of all; None when none has."""
    band = next((each for each in LEVELS if level is not None and each[0] <= level <= each[1]), None)
    tries: list[tuple[str | None, Length | None, tuple[int, int] | None]] = [
        (category, length, band),
        (category, length, None),
        (category, None, band),
        (category, None, None),
        (None, length, None),
        (None, None, None),
    ]
    for named, of_length, levels in dict.fromkeys(tries):
        if found := _quartiles(named, format, of_length, levels):
            return found
    return None


def _quartiles(
    category: str | None, format: Format, length: Length | None, levels: tuple[int, int] | None
) -> Prices | None:
    rows = (
        select(
            func.count(),
            func.count(Task.merchant_id.distinct()),
            func.count(Bid.creator_id.distinct()),
            func.percentile_disc([0.25, 0.5, 0.75]).within_group(Bid.price_fen),
        )
        .join(Task, Task.id == Bid.task_id)
        .where(
            Bid.state == BidState.AWARDED,
            Bid.decided_at > now() - timedelta(days=WITHIN_DAYS),
            Task.format == format,
        )
    )
    if category:
        rows = rows.where(Task.category == category)
    if length:
        rows = rows.where(Task.length == length)
    if levels:
        rows = rows.join(Profile, Profile.party_id == Bid.creator_id).where(
            Profile.platform_level.between(*levels)
        )
    n, merchants, makers, quartiles = db.session.execute(rows).one()
    if n < LEAST_PRICES or merchants < LEAST_SIDES or makers < LEAST_SIDES:
        return None
    low, mid, high = quartiles
    return Prices(n, low, mid, high, levels, category, length)
