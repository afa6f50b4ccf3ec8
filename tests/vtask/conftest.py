"""Real processes on folders of their own. Paths are short: a socket's name must fit 107 bytes."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from workers.manager import Supervisor, living_in, marked
from workers.servers import Home, Postgres, Redis

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="vt-", dir="/tmp"))
    path.chmod(0o711)  # as root, PostgreSQL's account must pass
    yield path
    shutil.rmtree(path)


@pytest.fixture
def home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """An empty data folder; whatever a test leaves running on it is a failure."""
    home = Home(folder / "var")
    home.prepare()
    yield home
    left = marked(home.path) + living_in(Postgres(home).folder, "postgres")
    left += living_in(Redis(home).folder, "redis-server")
    for process in left:
        process.kill()
    assert not left, f"left running: {left}"


@pytest.fixture
def supervisor(home: Home) -> Iterator[Supervisor]:
    supervisor = Supervisor(home.path)
    with supervisor.signals():
        yield supervisor
        supervisor.stop()


@pytest.fixture
def clean_environment() -> dict[str, str]:
    """Without what the suite itself was started with."""
    ours = re.compile(r"DATABASE_URL|REDIS_URL|STRIPE_|VTASK_|PG|PYTHONPATH")
    return {name: value for name, value in os.environ.items() if not ours.match(name)}


class Run:
    """`./vtask …` in the background, with its words."""

    def __init__(self, arguments: list[str], env: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("wb") as sink:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "workers.supervisor", *arguments],
                env=env, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, start_new_session=True,
            )  # fmt: skip

    def said(self) -> str:
        return self.log.read_text()

    def ends(self, limit_s: float = 30) -> int:
        return self.process.wait(limit_s)

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)


@pytest.fixture
def vtask(home: Home, clean_environment: dict[str, str]) -> Iterator[Callable[..., Run]]:
    """Start a verb of the supervisor on the test's data folder, without the installing step before it."""
    runs: list[Run] = []

    def start(*arguments: str, **env: str) -> Run:
        log = home.path.parent / f"said-{len(runs)}.log"
        runs.append(Run(list(arguments), {**clean_environment, "VTASK_HOME": str(home.path), **env}, log))
        return runs[-1]

    yield start
    for run in runs:
        if run.process.poll() is None:
            run.process.terminate()
            run.process.wait(60)


def eventually(truth: Callable[[], object], limit_s: float = 60.0, what: str = "") -> None:
    """Until it holds; a condition is asked for, never a time hoped for."""
    until = time.monotonic() + limit_s
    while not truth():
        assert time.monotonic() < until, what or "it did not come true"
        time.sleep(0.02)
