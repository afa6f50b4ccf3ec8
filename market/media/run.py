"""Start a program inside limits, follow its output, and end its whole group whatever happens."""

import os
import resource
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

LAUNCHER = Path(__file__).parent / "confined" / "launch.py"
KEEP = 256 * 1024


@dataclass(frozen=True)
class Limits:
    """What a child may use; `wall_s` is counted by us, the rest by the kernel."""

    wall_s: float
    cpu_s: int
    memory: int
    file_bytes: int
    open_files: int = 256
    nice: int = 10


class Watch(Protocol):
    """Who follows the work. Either call may raise: that ends the child and the work."""

    def step(self, name: str, percent: int) -> None:
        """The work has come this far in this step."""

    def alive(self) -> None:
        """Called at least every second while something runs, whether or not it gets on."""


class Silent:
    def step(self, name: str, percent: int) -> None:
        pass

    def alive(self) -> None:
        pass


SILENT: Watch = Silent()


@dataclass(frozen=True)
class Outcome:
    code: int
    """Exit code, or minus the signal that ended it."""
    out: str
    err: str
    late: bool
    """It was ended because `wall_s` was over."""
    spent: bool = False
    """Its processor time was used up (ffmpeg catches that signal and leaves with an ordinary code)."""

    @property
    def starved(self) -> bool:
        """It met one of the limits on memory or processor time."""
        return self.spent or any(sign in self.err for sign in ("allocate memory", "MemoryError"))


def run(
    program: Sequence[str | Path],
    limits: Limits,
    *,
    cwd: Path,
    watch: Watch = SILENT,
    on_line: Callable[[str], None] | None = None,
) -> Outcome:
    """Run to the end; `on_line` is given each line of its output, and whatever it raises ends the child.

    A program that ends in `.py` is run by our Python, with its packages.
    """
    ours = str(program[0]).endswith(".py")
    command = [
        sys.executable, "-I", *([] if ours else ["-S"]), str(LAUNCHER),
        f"--memory={limits.memory}", f"--cpu={limits.cpu_s}", f"--file={limits.file_bytes}",
        f"--open-files={limits.open_files}", f"--nice={limits.nice}", f"--parent={os.getpid()}",
        "--", *map(str, program),
    ]  # fmt: skip
    before = _children_cpu()
    child = subprocess.Popen(
        command,
        cwd=cwd,
        env={"LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "2"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        out, err, late = _follow(child, time.monotonic() + limits.wall_s, watch, on_line)
    finally:
        _end(child)
    spent = child.returncode == -signal.SIGXCPU or _children_cpu() - before >= 0.98 * limits.cpu_s
    return Outcome(child.returncode, out.decode(errors="replace"), err.decode(errors="replace"), late, spent)


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _follow(
    child: subprocess.Popen[bytes], until: float, watch: Watch, on_line: Callable[[str], None] | None
) -> tuple[bytes, bytes, bool]:
    """Read both pipes until the child closes them or its time is over; keep the last part of each."""
    assert child.stdout and child.stderr
    kept = {child.stdout.fileno(): b"", child.stderr.fileno(): b""}
    pending = b""
    with selectors.DefaultSelector() as ready:
        for pipe in kept:
            ready.register(pipe, selectors.EVENT_READ)
        while ready.get_map():
            left = until - time.monotonic()
            if left <= 0:
                return *_both(child, kept), True
            watch.alive()
            for key, _ in ready.select(min(left, 1.0)):
                chunk = os.read(key.fd, 65536)
                if not chunk:
                    ready.unregister(key.fd)
                    continue
                kept[key.fd] = (kept[key.fd] + chunk)[-KEEP:]
                if on_line and key.fd == child.stdout.fileno():
                    *lines, pending = (pending + chunk)[-KEEP:].split(b"\n")
                    for line in lines:
                        on_line(line.decode(errors="replace"))
        try:
            child.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            return *_both(child, kept), True
    return *_both(child, kept), False


def _both(child: subprocess.Popen[bytes], kept: dict[int, bytes]) -> tuple[bytes, bytes]:
    assert child.stdout and child.stderr
    return kept[child.stdout.fileno()], kept[child.stderr.fileno()]


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the group, and reap the child."""
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    for pipe in (child.stdout, child.stderr):
        if pipe:
            pipe.close()
