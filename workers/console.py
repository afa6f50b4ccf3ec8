"""What a person in front of the terminal sees: timed lines, and refusals that name their cure.

Standard library only: the script needs it before anything is installed.
"""
# ruff: noqa: T201  (it speaks to a terminal)

import contextlib
import os
import re
import sys
import time
from typing import NoReturn, TextIO

# Kept over the hand-over from the script to the supervisor, so that the clock on screen does not start again.
_BEGAN = float(os.environ.pop("VTASK_BEGAN", 0) or time.monotonic())


class Trouble(Exception):
    """Something a person has to put right: what is wrong, and what to do about it."""

    def __init__(self, cause: str, cure: str = "", detail: str = "") -> None:
        super().__init__(cause)
        self.cause, self.cure, self.detail = cause, cure, detail


def began() -> str:
    return repr(_BEGAN)


def elapsed_s() -> float:
    return time.monotonic() - _BEGAN


def paint(text: str, colour: int, stream: TextIO = sys.stderr) -> str:
    plain = not stream.isatty() or "NO_COLOR" in os.environ
    return text if plain else f"\033[{colour}m{text}\033[0m"


def say(text: str) -> None:
    with contextlib.suppress(OSError):  # the terminal is gone; what was to be done must be done all the same
        print(f"{paint(f'{elapsed_s():6.1f} s', 90)}  {text}", file=sys.stderr, flush=True)


def warn(text: str) -> None:
    say(paint(text, 33))


def explain(trouble: Trouble) -> None:
    print(f"\n{paint('Stopped:', 31)} {trouble.cause}", file=sys.stderr)
    if trouble.cure:
        print(f"{paint('Cure:', 32)}    {trouble.cure}", file=sys.stderr)
    if trouble.detail:
        print("\n" + "\n".join(f"    {line}" for line in trouble.detail.splitlines()), file=sys.stderr)
    sys.stderr.flush()


def leave(trouble: Trouble) -> NoReturn:
    explain(trouble)
    raise SystemExit(1)


class Progress:
    """One step that takes a while: a line when it begins, a beat while it lasts, a line when it is done."""

    def __init__(self, doing: str) -> None:
        self.doing, self.since = doing, time.monotonic()
        self._live = sys.stderr.isatty()
        self._next_beat = self.since + (0.2 if self._live else 10)
        if not self._live:
            say(f"{doing} …")

    def beat(self, note: str = "") -> None:
        now = time.monotonic()
        if now < self._next_beat:
            return
        text = f"{self.doing} … {now - self.since:.0f} s{f', {note}' if note else ''}"
        if self._live:
            self._next_beat = now + 0.2
            with contextlib.suppress(OSError):
                print(f"\r\033[K{elapsed_s():6.1f} s  {text}", end="", file=sys.stderr, flush=True)
        else:
            self._next_beat = now + 10
            say(text)

    def done(self, result: str = "") -> None:
        if self._live:
            with contextlib.suppress(OSError):
                print("\r\033[K", end="", file=sys.stderr)
        say(f"{self.doing}: {result or 'done'} ({time.monotonic() - self.since:.1f} s)")


# What a log says when it ends badly → the sentence a person needs. First match wins.
_ANYWHERE = [
    (
        r"No space left on device|ENOSPC|Disk quota exceeded",
        "The disk is full.",
        "Free some space (df -h shows where), or set VTASK_HOME to a folder on another disk.",
    ),
    (
        r"Permission denied|EACCES",
        "A file or folder belongs to another user.",
        "Run as the user who owns the checkout and the data folder, or give it back with chown.",
    ),
    (
        r"Address already in use|address in use",
        "The port is taken.",
        "Stop the program that holds it, or choose another one: VTASK_PORT=8001 ./vtask run",
    ),
]
_INSTALLING = [
    (
        r"Name or service not known|name resolution|Network is unreachable|Connection refused|Max retries exceeded"
        r"|NewConnectionError|ConnectTimeout|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|dns error|Could not connect"
        r"|error sending request|tcp connect error|from versions: none",
        "The package index cannot be reached.",
        "Connect to the network, or name a mirror (PIP_INDEX_URL, UV_INDEX_URL, npm_config_registry) "
        "or a folder of wheels (PIP_FIND_LINKS with PIP_NO_INDEX=1).",
    ),
    (
        r"No matching distribution found|no version of|not found in the package registry",
        "A pinned package does not exist for this Python or this machine.",
        "Use Python 3.11 to 3.13 on x86-64 or arm64 Linux or macOS; the line below names the package.",
    ),
]


def recognise(text: str, *, installing: bool = False) -> tuple[str, str]:
    """Cause and cure, when the log of a failure shows a known one."""
    for pattern, cause, cure in _ANYWHERE + (_INSTALLING if installing else []):
        if re.search(pattern, text, re.IGNORECASE):
            return cause, cure
    return "", ""


def diagnose(text: str, what: str, cure: str, *, installing: bool = False) -> Trouble:
    """A failure with the end of its log; `cure` is for causes we do not recognise."""
    cause, known_cure = recognise(text, installing=installing)
    return Trouble(f"{what} {cause}".strip(), known_cure or cure, "\n".join(text.strip().splitlines()[-12:]))
