"""Looks at the books all the time: one statement sees one moment, whatever is being killed."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import psycopg

# Both sides of the books by the amounts that readers see, what is below zero, and money in suspense.
SAMPLE = """
    SELECT coalesce(sum(sign * ledger_amount(id)), 0),
        count(*) FILTER (WHERE NOT hot AND ledger_amount(id) < 0),
        coalesce(sum(ledger_amount(id)) FILTER (WHERE kind = 'SUSP'), 0)
    FROM ledger_accounts"""


@dataclass
class Sampler(threading.Thread):
    conninfo: str
    stop: threading.Event
    every_s: float = 0.5
    samples: int = 0
    away: int = 0
    breaches: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(name="sampler", daemon=True)

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        connection: psycopg.Connection | None = None
        while not self.stop.is_set():
            begin = time.monotonic()
            try:
                connection = connection or psycopg.connect(self.conninfo, connect_timeout=5, autocommit=True)
                self._look(connection)
            except psycopg.Error:
                self.away += 1  # killed: look again when it is back
                connection = None
            self.stop.wait(max(self.every_s, 4 * (time.monotonic() - begin)))

    def _look(self, connection: psycopg.Connection) -> None:
        row = connection.execute(SAMPLE).fetchone()
        assert row
        self.samples += 1
        for what, value in zip(
            ("the books are off by", "accounts below zero:", "in suspense:"), row, strict=True
        ):
            if value:
                self.breaches.append(f"sample {self.samples}: {what} {value}")


def until(truth: Callable[[], bool], limit_s: float, pause_s: float = 0.3) -> float | None:
    """Seconds until it holds, or None when it does not in time."""
    begin = time.monotonic()
    while not truth():
        if time.monotonic() - begin > limit_s:
            return None
        time.sleep(pause_s)
    return time.monotonic() - begin
