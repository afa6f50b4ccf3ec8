"""Kill -9 at seeded moments, and a stopwatch: how long until the killed part answers again, with nobody helping.

The supervisor's `processes.json` says who is who; what a process has started is found below it.
"""

import contextlib
import json
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import psutil  # type: ignore[import-untyped]

Tell = Callable[[], bool]


@dataclass(frozen=True)
class Way:
    """One way to die: which part, what is killed of it, and how often it is drawn."""

    name: str
    part: str
    weight: int
    victims: Callable[["Killer", int], list[psutil.Process]]
    restarts: bool = True
    """Whether the supervisor starts the part again; else its own master does."""
    before: Callable[["Killer"], None] | None = None


def _group(killer: "Killer", pid: int) -> list[psutil.Process]:
    main = psutil.Process(pid)
    return [main, *main.children(recursive=True)]


def _main(killer: "Killer", pid: int) -> list[psutil.Process]:
    return [psutil.Process(pid)]


def _child(killer: "Killer", pid: int) -> list[psutil.Process]:
    """One of those below: a web worker, a work-horse, a backend. None may be there."""
    below = psutil.Process(pid).children(recursive=True)
    return [killer.random.choice(below)] if below else []


def _backend(killer: "Killer", pid: int) -> list[psutil.Process]:
    """A session of PostgreSQL; its death makes all others end and recovery run."""
    below = [p for p in psutil.Process(pid).children() if " [local]" in " ".join(p.cmdline())]
    return [killer.random.choice(below)] if below else []


def _wipe(killer: "Killer") -> None:
    """Redis comes back empty: its files go while it still has them open."""
    for path in (killer.home / "redis").iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.suffix in (".aof", ".rdb"):
            path.unlink(missing_ok=True)


WAYS = (
    Way("web, the group", "web", 2, _group),
    Way("web, one worker", "web", 3, _child, restarts=False),
    Way("web, the parent", "web", 1, _main),
    Way("worker, the group", "worker", 2, _group),
    Way("worker, the parent", "worker", 2, _main),
    Way("worker, the horse", "worker", 3, _child, restarts=False),
    Way("relay", "relay", 3, _main),
    Way("schedule", "schedule", 1, _main),
    Way("PostgreSQL, the postmaster", "postgres", 2, _main),
    Way("PostgreSQL, a backend", "postgres", 2, _backend, restarts=False),
    Way("Redis, and its data", "redis", 3, _main, before=_wipe),
    Way("local Stripe", "stripe", 3, _main),
)
"""Each is met within as many kills as there are ways; afterwards by weight."""


@dataclass
class Killer(threading.Thread):
    """Kills until told to stop. `answers` says per part whether it is well again."""

    home: Path
    random: Random
    gap_s: float
    answers: dict[str, Tell]
    stop: threading.Event
    kills: list[dict[str, Any]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(name="killer", daemon=True)
        self._watches: list[threading.Thread] = []
        self._round: list[Way] = []
        self._away: set[str] = set()

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        while not self.stop.wait(self.random.uniform(0.5, 1.5) * self.gap_s):
            for _ in WAYS:  # a work-horse lives for a moment: take another way when there is none
                if self.strike(self._draw()):
                    break

    def _draw(self) -> Way:
        if not self._round:
            self._round = self.random.sample(WAYS, len(WAYS)) if not self.kills else []
        if self._round:
            return self._round.pop()
        return self.random.choices(WAYS, [way.weight for way in WAYS])[0]

    def strike(self, way: Way) -> bool:
        """Kill once; False when there was nobody to kill: no work-horse just now, or a part that is not back yet.

        One in five is killed again while it comes back; more would measure the killer's patience, not the recovery.
        """
        if way.part in self._away and self.random.random() > 0.2:
            return False
        state = self._state(way.part)
        if state is None or not state["pid"]:
            return False
        try:
            victims = way.victims(self, state["pid"])
        except psutil.NoSuchProcess:
            return False
        if not victims:
            return False
        if way.before:
            way.before(self)
        for victim in victims:
            with contextlib.suppress(psutil.NoSuchProcess):
                victim.send_signal(signal.SIGKILL)
        self._away.add(way.part)
        kill = {"way": way.name, "at": time.monotonic(), "back_s": None}
        self.kills.append(kill)
        watch = threading.Thread(target=self._watch, args=(way, state["restarts"], kill), daemon=True)
        watch.start()
        self._watches.append(watch)
        return True

    def _watch(self, way: Way, restarts: int, kill: dict[str, Any]) -> None:
        """Until the part has been started again and answers; a minute and a half, then it is a failure."""
        end = kill["at"] + 90
        while time.monotonic() < end:
            state = self._state(way.part)
            again = state is not None and state["pid"] and (state["restarts"] > restarts or not way.restarts)
            if again and self.answers[way.part]():
                kill["back_s"] = round(time.monotonic() - kill["at"], 2)
                self._away.discard(way.part)
                return
            time.sleep(0.1)
        self.failures.append(f"{way.name}: not back after 90 s")

    def _state(self, part: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = json.loads((self.home / "run" / "processes.json").read_text())[part]
        except (OSError, ValueError, KeyError):
            return None
        return found

    def all_back(self) -> None:
        for watch in self._watches:
            watch.join(95)

    @property
    def last(self) -> float:
        return max((kill["at"] for kill in self.kills), default=time.monotonic())

    def by_way(self) -> Counter[str]:
        return Counter(kill["way"] for kill in self.kills)
