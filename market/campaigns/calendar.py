"""The seasons of the business year, as they are written into the database once (`service.write_calendar`)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from market.kit.words import N_

SHANGHAI = ZoneInfo("Asia/Shanghai")


class PhaseKind(StrEnum):
    WARM_UP = "warm-up"
    PRE_SALE = "pre-sale"
    PEAK = "peak"
    RETURN = "return"


PHASES = {
    PhaseKind.WARM_UP: N_("预热"),
    PhaseKind.PRE_SALE: N_("预售"),
    PhaseKind.PEAK: N_("狂欢"),
    PhaseKind.RETURN: N_("返场"),
}


@dataclass(frozen=True)
class Planned:
    """A season before it is a row: when each phase begins, and when the last one ends (Beijing time)."""

    code: str
    name_zh: str
    name_en: str
    begins: tuple[tuple[PhaseKind, str], ...]
    ends: str

    def plan(self) -> list[dict[str, str]]:
        """The phases as a season row keeps them; each lasts until the next one begins."""
        starts = [at(begin) for _kind, begin in self.begins]
        stops = [*starts[1:], at(self.ends)]
        return [
            {"kind": kind.value, "starts_at": start.isoformat(), "ends_at": stop.isoformat()}
            for (kind, _), start, stop in zip(self.begins, starts, stops, strict=True)
        ]


def at(local: str) -> datetime:
    return datetime.fromisoformat(local).replace(tzinfo=SHANGHAI)


SEASONS = (
    Planned(
        "double11-2026",
        "双11 2026",
        "Double 11 2026",
        (
            (PhaseKind.WARM_UP, "2026-10-10T00:00"),
            (PhaseKind.PRE_SALE, "2026-10-20T20:00"),
            (PhaseKind.PEAK, "2026-10-31T20:00"),
            (PhaseKind.RETURN, "2026-11-12T00:00"),
        ),
        "2026-12-01T00:00",
    ),
    Planned(
        "double12-2026",
        "双12 2026",
        "Double 12 2026",
        (
            (PhaseKind.WARM_UP, "2026-12-01T00:00"),
            (PhaseKind.PRE_SALE, "2026-12-05T20:00"),
            (PhaseKind.PEAK, "2026-12-09T20:00"),
            (PhaseKind.RETURN, "2026-12-13T00:00"),
        ),
        "2026-12-21T00:00",
    ),
)
