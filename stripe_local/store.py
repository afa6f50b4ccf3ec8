"""The state of the local Stripe: one SQLite file, one connection, one lock.

Every change happens inside `transaction()`, which commits or leaves nothing; WAL makes that hold when the process
is killed at any moment.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stripe_local.errors import Json

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS objects (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, account TEXT NOT NULL,
  created INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS objects_by_kind ON objects (kind, account, seq);
CREATE TABLE IF NOT EXISTS balances (
  account TEXT NOT NULL, currency TEXT NOT NULL, pending INTEGER NOT NULL DEFAULT 0,
  available INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (account, currency)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entries (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, account TEXT NOT NULL, currency TEXT NOT NULL,
  net INTEGER NOT NULL, available INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS entries_by_account ON entries (account, currency, seq, net);
CREATE TABLE IF NOT EXISTS checkpoints (
  account TEXT NOT NULL, currency TEXT NOT NULL, upto INTEGER NOT NULL, total INTEGER NOT NULL,
  PRIMARY KEY (account, currency)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS timers (
  id INTEGER PRIMARY KEY, due INTEGER NOT NULL, kind TEXT NOT NULL, object TEXT NOT NULL, account TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS timers_by_due ON timers (due, id);
CREATE TABLE IF NOT EXISTS idempotency (
  account TEXT NOT NULL, key TEXT NOT NULL, path TEXT NOT NULL, params TEXT NOT NULL, request TEXT NOT NULL,
  status INTEGER NOT NULL, body TEXT NOT NULL, created INTEGER NOT NULL, PRIMARY KEY (account, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deliveries (
  id INTEGER PRIMARY KEY, event TEXT NOT NULL, endpoint TEXT NOT NULL, queued REAL NOT NULL, due REAL NOT NULL,
  attempts INTEGER NOT NULL, state TEXT NOT NULL, answer TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due, id) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS deliveries_by_event ON deliveries (event);
CREATE INDEX IF NOT EXISTS deliveries_undone ON deliveries (event) WHERE state <> 'delivered';
CREATE TABLE IF NOT EXISTS contents (file TEXT PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS faults (
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, spec TEXT NOT NULL, remaining INTEGER NOT NULL);
"""
_FILTERED = (
    "payment_intent",
    "charge",
    "transfer_group",
    "source",
    "destination",
    "customer",
    "type",
    "transfer",
)


class Store:
    """The open database; `db` is only used inside `transaction()`."""

    def __init__(self, path: Path) -> None:
        self.lock = threading.RLock()
        self.db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=NORMAL")
        self.db.executescript(_SCHEMA)
        for field in _FILTERED:
            self.db.execute(
                f"CREATE INDEX IF NOT EXISTS objects_{field} ON objects (kind, json_extract(body, '$.{field}'), seq)"
                f" WHERE json_extract(body, '$.{field}') IS NOT NULL"
            )

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        with self.lock:
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield self.db
            except BaseException:
                self.db.execute("ROLLBACK")
                raise
            self.db.execute("COMMIT")

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Inside a transaction: undo only this part when it fails."""
        self.db.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK TO part")
            self.db.execute("RELEASE part")
            raise
        self.db.execute("RELEASE part")

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> tuple[Any, ...] | None:
        found: tuple[Any, ...] | None = self.db.execute(sql, values).fetchone()
        return found

    def meta(self, key: str, default: Any = None) -> Any:
        found = self.row("SELECT value FROM meta WHERE key = ?", key)
        return json.loads(found[0]) if found else default

    def set_meta(self, key: str, value: Any) -> None:
        self.db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, json.dumps(value)))

    def clear(self) -> None:
        """Forget everything but the platform's own identity."""
        for (table,) in self.rows(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        ):
            self.db.execute(f"DELETE FROM {table}" + (" WHERE key <> 'platform'" if table == "meta" else ""))

    def close(self) -> None:
        with self.lock:
            self.db.close()


def dump(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
