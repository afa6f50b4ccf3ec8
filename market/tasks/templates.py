"""K4: a filled brief for each goods category and format. The texts stand in templates.toml: they are content."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from market.accounts.vocabulary import Format, Length


@dataclass(frozen=True)
class BriefTemplate:
    """What a merchant of this category usually asks for; `deliverables` and `shots` by format."""

    category: str
    title: dict[str, str]
    goal: str
    key_messages: list[str]
    dos: list[str]
    donts: list[str]
    audience: dict[str, list[str]]
    channels: list[str]
    length: Length
    """Of the video, as the deliverables say it."""
    live_minutes: int
    """Of the live show, as the deliverables say it."""
    deliverables: dict[str, list[str]]
    shots: dict[str, list[str]]


@cache
def templates() -> dict[str, BriefTemplate]:
    """All templates by category."""
    read = tomllib.loads((Path(__file__).parent / "templates.toml").read_text(encoding="utf-8"))
    return {
        category: BriefTemplate(category=category, **filled | {"length": Length(filled["length"])})
        for category, filled in read.items()
    }


def filled(category: str, format: str) -> dict[str, Any]:
    """The fields of a brief that the template gives, ready for a draft."""
    template = templates()[category]
    return {
        "title": template.title[format],
        "goal": template.goal,
        "key_messages": list(template.key_messages),
        "deliverables": list(template.deliverables[format]),
        "shots": list(template.shots[format]),
        "dos": list(template.dos),
        "donts": list(template.donts),
        "audience": dict(template.audience),
        "rights_channels": list(template.channels),
        "length": template.length if format == Format.VIDEO else None,
        "live_minutes": template.live_minutes if format == Format.LIVE else None,
    }
