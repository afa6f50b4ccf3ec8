"""How long work may stay on a shelf."""

from calendar import monthrange
from datetime import datetime
from zoneinfo import ZoneInfo

CONTRACT_ZONE = ZoneInfo("Asia/Shanghai")


def months_later(moment: datetime, months: int) -> datetime:
    """The same day and hour `months` later where contracts are made; the month's last day if it is shorter."""
    local = moment.astimezone(CONTRACT_ZONE)
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    day = min(local.day, monthrange(year, month + 1)[1])
    return local.replace(year=year, month=month + 1, day=day)
