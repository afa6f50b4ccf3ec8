"""What such work costs: quartiles of the prices merchants accepted, never from so few that one could be guessed."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import BigInteger, cast, func, select

from market.accounts.vocabulary import Length, Piece
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
    live_minutes: int | None = None
    """What was paid for an hour of live, times these; None when shows of any length are taken together."""

    def over(self, price_fen: int) -> float:
        """How far a price lies above the middle: 0.12 is twelve percent."""
        return price_fen / self.mid_fen - 1


def accepted(category: str, piece: Piece, level: int | None = None) -> Prices | None:
    """The narrowest group that has enough: category and level, category, or the format alone, each rather of the wanted
    length than of all, and for live rather by the hour, of shows whose hours were said; None when none has."""
    any_length = Piece(piece.format)
    band = next((each for each in LEVELS if level is not None and each[0] <= level <= each[1]), None)
    tries: list[tuple[str | None, Piece, tuple[int, int] | None]] = [
        (category, piece, band),
        (category, piece, None),
        (category, any_length, band),
        (category, any_length, None),
        (None, piece, None),
        (None, any_length, None),
    ]
    for named, like, levels in dict.fromkeys(tries):
        if found := _quartiles(named, like, levels):
            return found
    return None


def _quartiles(category: str | None, piece: Piece, levels: tuple[int, int] | None) -> Prices | None:
    minutes = cast(Task.live_minutes, BigInteger)
    price = (Bid.price_fen * piece.minutes + minutes - 1) // minutes if piece.minutes else Bid.price_fen
    rows = (
        select(
            func.count(),
            func.count(Task.merchant_id.distinct()),
            func.count(Bid.creator_id.distinct()),
            func.percentile_disc([0.25, 0.5, 0.75]).within_group(price),
        )
        .join(Task, Task.id == Bid.task_id)
        .where(
            Bid.state == BidState.AWARDED,
            Bid.decided_at > now() - timedelta(days=WITHIN_DAYS),
            Task.format == piece.format,
        )
    )
    if category:
        rows = rows.where(Task.category == category)
    if piece.length:
        rows = rows.where(Task.length == piece.length)
    if piece.minutes:
        rows = rows.where(Task.live_minutes.is_not(None))
    if levels:
        rows = rows.join(Profile, Profile.party_id == Bid.creator_id).where(
            Profile.platform_level.between(*levels)
        )
    n, merchants, makers, quartiles = db.session.execute(rows).one()
    if n < LEAST_PRICES or merchants < LEAST_SIDES or makers < LEAST_SIDES:
        return None
    low, mid, high = quartiles
    return Prices(n, low, mid, high, levels, category, piece.length, piece.minutes)
