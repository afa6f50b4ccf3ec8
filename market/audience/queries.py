"""Reading the sums, and one's own footprints."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import Select, false, func, select

from market.accounts.actor import Actor
from market.audience.counting import DAYS_OF
from market.audience.models import CountingGap, DailyViews, Footprint
from market.audience.tokens import Surface
from market.kit.db import db

SHOWN_DAYS = 28


@dataclass(frozen=True)
class Numbers:
    """Sums of events."""

    exposures: int = 0
    plays: int = 0
    plays5: int = 0
    finishes: int = 0


@dataclass(frozen=True)
class Reach:
    """How often a work was seen since its first view: in all, by surface (most seen first), by day (newest first)."""

    total: Numbers
    surfaces: list[tuple[Surface, Numbers]]
    days: list[tuple[date, Numbers]]
    gaps: Sequence[CountingGap]
    """Stretches since the first of these days in which views may have been lost."""

    @property
    def is_empty(self) -> bool:
        return not self.days


SUMS = [
    func.coalesce(func.sum(getattr(DailyViews, name)), 0)
    for name in ("exposures", "plays", "plays5", "finishes")
]


def reach(entry_id: UUID) -> Reach:
    """Whoever asks has been found to be an owner."""
    own = DailyViews.entry_id == entry_id
    by_surface = select(DailyViews.surface, *SUMS).where(own).group_by(DailyViews.surface)
    by_day = select(DailyViews.day, *SUMS).where(own).group_by(DailyViews.day).order_by(DailyViews.day.desc())
    days = [(row[0], _numbers(row)) for row in db.session.execute(by_day.limit(SHOWN_DAYS))]
    surfaces = [(row[0], _numbers(row)) for row in db.session.execute(by_surface)]
    surfaces.sort(key=lambda pair: (-pair[1].exposures, -pair[1].plays, pair[0]))
    total = Numbers(
        *(sum(getattr(each, name) for _, each in surfaces) for name in Numbers.__dataclass_fields__)
    )
    gaps: Sequence[CountingGap] = []
    if days:
        first = datetime.combine(days[-1][0], time(), DAYS_OF)
        rows = select(CountingGap).where(CountingGap.until >= first)
        gaps = db.session.scalars(rows.order_by(CountingGap.id.desc()).limit(5)).all()
    return Reach(total, surfaces, days, gaps)


def _numbers(row: Sequence[int]) -> Numbers:
    return Numbers(*(int(each) for each in row[1:]))


def visible_to(actor: Actor | None) -> Select[Footprint]:
    """One's own, and nobody else's: operators neither."""
    if actor is None or actor.person_id is None:
        return select(Footprint).where(false())
    return select(Footprint).where(Footprint.person_id == actor.person_id)
