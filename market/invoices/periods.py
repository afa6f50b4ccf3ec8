"""Months of the books: `2026-11`, by the zone of the books."""

import re
from datetime import datetime

from market.kit.clock import now
from market.orders.models import BOOKKEEPING_ZONE

MONTH = re.compile(r"20\d{2}-(0[1-9]|1[0-2])")


def month_of(moment: datetime) -> str:
    return f"{moment.astimezone(BOOKKEEPING_ZONE):%Y-%m}"


def bounds(month: str) -> tuple[datetime, datetime]:
    """From the first moment of the month to the first of the next. Raises ValueError on what is no month."""
    if not MONTH.fullmatch(month):
        raise ValueError(month)
    year, number = int(month[:4]), int(month[5:])
    begins = datetime(year, number, 1, tzinfo=BOOKKEEPING_ZONE)
    return begins, datetime(year + number // 12, number % 12 + 1, 1, tzinfo=BOOKKEEPING_ZONE)


def last_month() -> str:
    here = now().astimezone(BOOKKEEPING_ZONE)
    year, number = (here.year, here.month - 1) if here.month > 1 else (here.year - 1, 12)
    return f"{year}-{number:02}"


def recent(count: int = 13) -> list[str]:
    """This month and those before it, newest first."""
    here = now().astimezone(BOOKKEEPING_ZONE)
    months = [here.year * 12 + here.month - 1 - back for back in range(count)]
    return [f"{month // 12}-{month % 12 + 1:02}" for month in months]
