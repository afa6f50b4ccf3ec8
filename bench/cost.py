"""What a transaction takes, whatever else the machine does meanwhile: processor time of both sides, write-ahead log.

Rates fall when others are busy; these hardly do. They need a PostgreSQL on this machine, whose processes can be read.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import psycopg

from bench.rounds import Measure

TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")


@dataclass
class Meter:
    """What the transactions of one side took, round by round; the first round does not count."""

    conninfo: str
    clients: Sequence[int] = ()
    """The processes that ask. Children of this one that end within a round (pgbench) are counted without it."""
    rounds: list[tuple[float, float, float]] = field(default_factory=list)

    def on(self, work: Measure, transactions: Callable[[float], float]) -> Measure:
        """`work`, metered; `transactions` says how many there were at the rate it gives."""

        def metered() -> float:
            before = self._now()
            rate = work()
            many = transactions(rate)
            client, server, wal = (new - old for new, old in zip(self._now(), before, strict=True))
            self.rounds.append((client / many, server / many, wal / many))
            return rate

        return metered

    def per_transaction(self) -> dict[str, float]:
        """Medians over the rounds that count."""
        client, server, wal = (median(values) for values in zip(*self.rounds[1:], strict=True))
        return {
            "client_cpu_ms": round(client, 3),
            "postgresql_cpu_ms": round(server, 3),
            "wal_bytes": round(wal),
        }

    def _now(self) -> tuple[float, float, float]:
        """Milliseconds of the clients, of the server with all its processes, and bytes of its log, so far."""
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            row = connection.execute(
                "SELECT pg_backend_pid(), (pg_current_wal_insert_lsn() - '0/0')::bigint"
            ).fetchone()
            assert row is not None
            server = _server_ms(row[0])
        ended = os.times()
        client = 1000 * (ended.children_user + ended.children_system) + sum(map(_took, self.clients))
        return client, server, float(row[1])


def _stat(pid: int) -> list[int]:
    """The numbers of /proc/PID/stat after the state: [1] is the parent, [11:13] own ticks, [13:15] those of children
    that have ended."""
    text = Path(f"/proc/{pid}/stat").read_text()
    return [0, *map(int, text[text.rindex(")") + 4 :].split())]


def _took(pid: int, *, ended: bool = False) -> float:
    try:
        numbers = _stat(pid)
    except FileNotFoundError:  # it has ended this moment
        return 0
    return TICK_MS * sum(numbers[11 : 15 if ended else 13])


def _children(pid: int) -> list[int]:
    threads = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for started in threads for child in started.read_text().split()]


def cpu_s(pids: Iterable[int]) -> float:
    """Seconds of processor time that these processes have used so far."""
    return sum(map(_took, pids)) / 1000


def postgresql_s(conninfo: str) -> float:
    """The same of the server, with all its processes, those that have ended too."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        return _server_ms(connection.info.backend_pid) / 1000


def _server_ms(backend: int) -> float:
    postmaster = _stat(backend)[1]
    return _took(postmaster, ended=True) + sum(map(_took, _children(postmaster)))


def family(pid: int) -> set[int]:
    """The process and all that it has started."""
    return {pid}.union(*(family(child) for child in _children(pid)))
