"""What templates ask about looks: icons, initials, how near a deadline is. No business words."""

import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

from flask import Flask
from flask_babel import format_datetime, get_locale, get_timezone
from markupsafe import Markup

from market.kit.clock import now
from market.kit.words import _

ROOT = Path(__file__).parents[2]
ICONS = ROOT / "node_modules" / "lucide-static" / "icons"
HUES = 8


@cache
def icon(name: str) -> Markup:
    """The drawing `name` of lucide, inline and hidden from screen readers: the words beside it speak."""
    drawing = (ICONS / f"{name}.svg").read_text(encoding="utf-8")
    lines = re.findall(r"<(?!svg|/svg|!--)[^>]+/>", drawing)
    return Markup(
        '<svg class="icon" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" focusable="false">'
        + "".join(lines)
        + "</svg>"
    )


def hue(text: str) -> int:
    """One of the eight decorative colours, always the same one for the same text."""
    return crc32(text.encode()) % HUES


def initials(name: str) -> str:
    """What stands in a picture's place: the first Chinese character, or two Latin letters."""
    name = name.strip()
    if not name:
        return "·"
    if ord(name[0]) > 0x2E80:
        return name[0]
    return "".join(word[0] for word in name.split()[:2]).upper()


def reads_english() -> bool:
    """Whether the reader of this page chose English; Chinese is the other language."""
    return str(get_locale() or "zh").startswith("en")


def urgency(due: datetime) -> str:
    """`past`, `soon` (a day), `near` (three days) or `far`."""
    hours = (due - now()).total_seconds() / 3600
    return "past" if hours < 0 else "soon" if hours < 24 else "near" if hours < 72 else "far"


def remaining(due: datetime) -> str:
    """How long until `due`, in words, at the size a person plans with."""
    seconds = int((due - now()).total_seconds())
    late, seconds = seconds < 0, abs(seconds)
    if seconds >= 2 * 86400:
        days = seconds // 86400
        return _("已过 %(n)s 天", n=days) if late else _("还有 %(n)s 天", n=days)
    if seconds >= 2 * 3600:
        hours = seconds // 3600
        return _("已过 %(n)s 小时", n=hours) if late else _("还有 %(n)s 小时", n=hours)
    minutes = max(1, seconds // 60)
    return _("已过 %(n)s 分钟", n=minutes) if late else _("还有 %(n)s 分钟", n=minutes)


def on(moment: datetime, zone: bool = False) -> str:
    """A moment, without the year when it is near; `zone` adds the reader's: 11月23日 16:37 UTC+8."""
    english = reads_english()
    near = abs((moment - now()).days) < 180
    pattern = (
        ("d MMM HH:mm" if near else "d MMM y HH:mm")
        if english
        else ("M月d日 HH:mm" if near else "y年M月d日 HH:mm")
    )
    offset = moment.astimezone(get_timezone()).strftime("%z")
    hours = f"{offset[0]}{int(offset[1:3])}" + (f":{offset[3:]}" if offset[3:] != "00" else "")
    return str(format_datetime(moment, pattern)) + (f" UTC{hours}" if zone else "")


def clock_face(seconds: float) -> str:
    """A length of time as players write it: `0:07`, `12:34`, `1:02:03`."""
    minutes, second = divmod(int(seconds), 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02}:{second:02}" if hour else f"{minute}:{second:02}"


def count(number: int) -> str:
    """A large count as its readers write it: 9,999 · 1.2万 · 3.4亿, in English 12k · 3.4m."""
    if number < 10_000:
        return f"{number:,}"
    steps = ((1_000_000, "m"), (1000, "k")) if reads_english() else ((100_000_000, "亿"), (10_000, "万"))
    size, unit = next(step for step in steps if number >= step[0])
    return f"{number / size:.1f}".removesuffix(".0") + unit


def add_version(endpoint: str, values: dict[str, Any]) -> None:
    """Addresses of our static files and of the libraries change with their content, so browsers may keep them."""
    if endpoint == "static" and "filename" in values:
        file = ROOT / "static" / values["filename"]
        values["v"] = int(file.stat().st_mtime) if file.exists() else None
    elif endpoint == "vendor":
        values["v"] = int((ROOT / "package-lock.json").stat().st_mtime)


def teach(app: Flask) -> None:
    """Give every template these words, and every static address its version."""
    app.url_defaults(add_version)
    env = app.jinja_env
    # `1000000|money` depends on the reader: nothing is worked out once and for all while a template is compiled.
    env.optimized = False
    env.globals.update(icon=icon)
    env.filters.update(
        hue=hue,
        initials=initials,
        urgency=urgency,
        remaining=remaining,
        on=on,
        clock_face=clock_face,
        count=count,
    )
