"""What templates ask about looks: icons, initials, how near a deadline is. No business words."""

import hashlib
import os
import re
from datetime import datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from zlib import crc32

from babel import Locale
from flask import Flask, url_for
from flask_babel import get_timezone
from markupsafe import Markup

from market.kit.clock import now
from market.kit.words import _, joined, language

ROOT = Path(__file__).parents[2]
ICONS = ROOT / "node_modules" / "lucide-static" / "icons"
HUES = 8
MONTHS = Locale("en").months["format"]["abbreviated"]


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
    return language() == "en"


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
    local = moment.astimezone(get_timezone())
    near = abs((moment - now()).days) < 180
    if not zone:
        return day_and_time(local, year=not near)
    minutes = int((local.utcoffset() or timedelta()).total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    offset = f"{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "")
    return f"{day_and_time(local, year=not near)} UTC{offset}"


def day_and_time(local: datetime, *, year: bool) -> str:
    """`2026年11月3日 16:37`, in English `3 Nov 2026 16:37`. By hand, for a page says it dozens of times:
    Babel works its pattern out anew each time."""
    clock = f"{local.hour:02}:{local.minute:02}"
    if reads_english():
        named = f"{local.day} {MONTHS[local.month]} "
        return named + (f"{local.year} " if year else "") + clock
    return (f"{local.year}年" if year else "") + f"{local.month}月{local.day}日 {clock}"


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


FILES = {"static": "filename", "vendor": "name"}
"""What names the file in the addresses of these two."""


def version(endpoint: str, name: str) -> int | str | None:
    """When the file changed; for a library, when any of them did; for a script, the build. None when it is not there."""
    if endpoint == "static" and name.startswith("js/"):
        return scripts_build()
    try:
        return int(_file(endpoint, name).stat().st_mtime)
    except FileNotFoundError:
        return None


@cache
def _file(endpoint: str, name: str) -> Path:
    return ROOT / "static" / name if endpoint == "static" else ROOT / "package-lock.json"


def add_version(endpoint: str, values: dict[str, Any]) -> None:
    """Addresses of our static files and of the libraries change with their content, so browsers may keep them."""
    if endpoint in FILES and (name := values.get(FILES[endpoint])):
        values["v"] = version(endpoint, name)


def address(endpoint: str, **values: Any) -> str:
    """`url_for`; the files every page names are worked out once for each of their versions."""
    if endpoint in FILES and values.keys() == {FILES[endpoint]}:
        name = values[FILES[endpoint]]
        return _file_address(endpoint, name, version(endpoint, name))
    return url_for(endpoint, **values)


@cache
def _file_address(endpoint: str, name: str, version: int | str | None) -> str:
    if endpoint == "static" and name.startswith("js/"):
        return url_for("scripts", build=version, name=name.removeprefix("js/"))
    named: dict[str, Any] = {FILES[endpoint]: name}
    return url_for(endpoint, **named)


def scripts_build() -> str:
    """Changes with every one of our scripts: it is a folder of their addresses, so that what imports `./another.js`
    is given the one of its own release."""
    with os.scandir(ROOT / "static" / "js") as files:
        stats = [(file.name, file.stat()) for file in files if file.name.endswith(".js")]
    return _digest(tuple(sorted((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats)))


@lru_cache(1)
def _digest(files: tuple[tuple[str, int, int], ...]) -> str:
    """Of the contents: the same on every machine that serves this release."""
    seen = hashlib.sha256()
    for name, _changed_ns, size in files:
        seen.update(f"{name} {size}\n".encode() + (ROOT / "static" / "js" / name).read_bytes())
    return seen.hexdigest()[:12]


def teach(app: Flask) -> None:
    """Give every template these words, and every static address its version."""
    app.url_defaults(add_version)
    env = app.jinja_env
    # `1000000|money` depends on the reader: nothing is worked out once and for all while a template is compiled.
    env.optimized = False
    env.globals.update(icon=icon, url_for=address)
    env.filters.update(
        hue=hue,
        initials=initials,
        urgency=urgency,
        remaining=remaining,
        on=on,
        clock_face=clock_face,
        count=count,
        joined=joined,
    )
