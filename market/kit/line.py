"""Statements sent prepared, all in one write, and their rows read as they come: libpq's own pipeline.

psycopg's pipeline does the same with a cursor, adapters and several system calls for each statement, which together took
longer than the statements. Here values go as text of no type: the server takes the type of the place they stand in.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import zip_longest
from select import POLLIN, POLLOUT, poll
from typing import Any, cast
from uuid import UUID

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import FeatureNotSupported, InvalidSqlStatementName, error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

Statement = tuple[str, Sequence[Any]]
"""Its text, with $1, $2 …, and their values."""

DONE = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)
FORGETTING = (FeatureNotSupported, InvalidSqlStatementName)
"""A table was changed under a prepared statement, or somebody had the server forget: next time they are prepared anew."""
MOST_PREPARED = 500
"""Statements a connection keeps prepared; the product has a few hundred."""


class Line:
    """A connection of psycopg's, spoken to directly; whatever psycopg does on it goes on as ever."""

    def __init__(self, driver: "psycopg.Connection[Any]") -> None:
        self._driver = driver
        self._reader = Transformer(driver)
        self._prepared: dict[str, bytes] = {}
        self._count = 0

    def ask(
        self, statements: Sequence[Statement]
    ) -> tuple[list[list[tuple[Any, ...]]], psycopg.Error | None]:
        """The rows of each, and why the first that failed did; what comes after it is not done.

        In the transaction that is open; else one begins. Raises psycopg.OperationalError when the server has gone."""
        begins = self._driver.pgconn.transaction_status == TransactionStatus.IDLE
        rows, failure = self._run([[(self._begin(), ()), *statements] if begins else statements])
        return rows[begins:], failure

    def commit(
        self, *transactions: Sequence[Statement]
    ) -> tuple[list[list[tuple[Any, ...]]], psycopg.Error | None]:
        """The same for statements that are a whole transaction, so that neither BEGIN nor COMMIT need be sent. Several
        go in one round trip, each whether or not the one before it was done. Only where none is open."""
        return self._run(transactions)

    def _run(
        self, transactions: Sequence[Sequence[Statement]]
    ) -> tuple[list[list[tuple[Any, ...]]], psycopg.Error | None]:
        server = self._driver.pgconn
        sent: list[list[tuple[str, bytes] | None]] = []
        server.enter_pipeline_mode()
        for statements in transactions:
            made: list[
                tuple[str, bytes] | None
            ] = []  # what each command prepares; None for a statement itself
            sent.append(made)
            for text, values in statements:
                name = self._prepared.pop(text, None)
                if name is None:
                    self._count += 1
                    name = b"vtask_%d" % self._count
                    server.send_prepare(name, text.encode())
                    made.append((text, name))
                else:
                    self._prepared[text] = name  # used last
                server.send_query_prepared(
                    name, [None if v is None else (AS_TEXT.get(type(v)) or self._other)(v) for v in values]
                )
                made.append(None)
            if len(self._prepared) > MOST_PREPARED:
                server.send_close_prepared(self._prepared.pop(next(iter(self._prepared))))
            server.pipeline_sync()
        results = _results(server, len(transactions))
        if server.status == ConnStatus.OK:
            server.exit_pipeline_mode()

        rows: list[list[tuple[Any, ...]]] = []
        for made, answered in zip(sent, results, strict=False):
            for prepares, result in zip_longest(made, answered):
                if result.status not in DONE:
                    failure = error_from_result(result)
                    if isinstance(failure, FORGETTING):
                        self._prepared.clear()
                    return rows, failure
                if prepares:
                    self._prepared[prepares[0]] = prepares[1]
                else:
                    rows.append(self._read(result))
        return rows, None

    def _begin(self) -> str:
        level = self._driver.isolation_level
        return "BEGIN" if level is None else f"BEGIN ISOLATION LEVEL {level.name.replace('_', ' ')}"

    def _other(self, value: Any) -> bytes | None:
        if isinstance(value, str):  # a state
            return value.encode()
        return cast("bytes | None", self._reader.get_dumper(value, PyFormat.TEXT).dump(value))

    def _read(self, result: PGresult) -> list[tuple[Any, ...]]:
        if not result.ntuples:
            return []
        self._reader.set_pgresult(result)
        return self._reader.load_rows(0, result.ntuples, tuple)


def _list(values: Sequence[Any]) -> bytes:
    return b"{%s}" % b",".join(map(_element, values))


def _element(value: Any) -> bytes:
    if value is None:
        return b"NULL"
    if isinstance(value, str):
        return b'"%s"' % value.replace("\\", r"\\").replace('"', r"\"").encode()
    return AS_TEXT[type(value)](value)


AS_TEXT: dict[type, Callable[[Any], bytes]] = {
    str: str.encode,
    UUID: lambda value: value.hex.encode(),
    int: b"%d".__mod__,
    bool: lambda value: b"t" if value else b"f",
    datetime: lambda value: value.isoformat().encode(),
    bytes: lambda value: b"\\x" + value.hex().encode(),
    list: _list,
}
"""Most values; for others psycopg is asked."""


def _results(server: PGconn, transactions: int) -> list[list[PGresult]]:
    """Of each transaction one for each command, after all were sent; one more when it could not be committed.

    What was answered is not yet committed: only the server's word at the end is. Raises psycopg.OperationalError when it
    does not come."""
    wait = poll()
    wait.register(server.socket, POLLIN | POLLOUT)
    while server.flush():
        if wait.poll()[0][1] & POLLIN:
            server.consume_input()
    wait.modify(server.socket, POLLIN)
    ended: list[list[PGresult]] = []
    results: list[PGresult] = []
    while True:
        while server.is_busy():
            wait.poll()
            server.consume_input()
        result = server.get_result()
        if result is not None and result.status == ExecStatus.PIPELINE_SYNC:
            ended.append(results)
            if len(ended) == transactions:
                return ended
            results = []
        elif result is not None:
            results.append(result)
        if server.status != ConnStatus.OK:
            if any(each.status not in DONE for each in results):  # it said why it goes
                return [*ended, results]
            raise psycopg.OperationalError(server.get_error_message())
