"""Reading a file of captions, WebVTT or SubRip, into lines of the edit list. Styles and places are left out."""

import html
import re
from typing import Any

from market.kit.errors import Invalid
from market.kit.words import _
from market.taopai.schemas import LONGEST_MS, MOST_CAPTIONS

TIME = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{2})[.,](\d{3})"
TIMES = re.compile(rf"\s*{TIME}\s+-->\s+{TIME}(?:\s.*)?", re.ASCII)
ASIDE = ("WEBVTT", "NOTE", "STYLE", "REGION")
MOST_LETTERS = 200


def read(text: str) -> list[dict[str, Any]]:
    """Times in milliseconds, in the order of the file. Raises Invalid and names the line that cannot be read."""
    found: list[dict[str, Any]] = []
    at = 0
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    while at < len(lines):
        begin = at
        while at < len(lines) and lines[at].strip():
            at += 1
        block, first = lines[begin:at], begin + 1
        at += 1
        if not block or block[0].startswith(ASIDE):
            continue
        if len(block) > 1 and "-->" not in block[0]:
            block, first = block[1:], first + 1
        found.append(_caption(block, first))
    if not found:
        raise Invalid({"text": [_("文件里没有字幕。请使用 .vtt 或 .srt 文件。")]})
    if len(found) > MOST_CAPTIONS:
        raise Invalid({"text": [_("最多 %(most)s 条，现在是 %(n)s 条。", most=MOST_CAPTIONS, n=len(found))]})
    return found


def _caption(block: list[str], line: int) -> dict[str, Any]:
    times = TIMES.fullmatch(block[0])
    said = "\n".join(re.sub(r"<[^>]*>|\{\\[^}]*\}", "", each).strip() for each in block[1:])
    said = html.unescape(said).strip()
    start, end = (_ms(*times.groups("0")[:4]), _ms(*times.groups("0")[4:])) if times else (0, 0)
    if not start < end <= LONGEST_MS:
        raise Invalid({"text": [_("第 %(line)s 行不是字幕的时间：%(said)s", line=line, said=block[0][:40])]})
    if not said or len(said) > MOST_LETTERS:
        raise Invalid(
            {
                "text": [
                    _("第 %(line)s 行的字幕没有文字，或超过 %(most)s 个字。", line=line, most=MOST_LETTERS)
                ]
            }
        )
    return {"start_ms": start, "end_ms": end, "text": said}


def _ms(hours: str, minutes: str, seconds: str, thousandths: str) -> int:
    return ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(thousandths)
