"""The line to PostgreSQL: values arrive as they were sent, a failure leaves it usable, an interruption does not."""

import signal
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb
from sqlalchemy import text

from market.kit import wire
from market.kit.db import db, transaction
from market.kit.line import Line

pytestmark = pytest.mark.usefixtures("ctx")


class Colour(StrEnum):
    RED = "red"


@pytest.fixture
def line(ctx: Any) -> Line:
    return wire.line(db.session.connection())


@pytest.mark.parametrize(
    ("kind", "value", "back"),
    [
        ("text", 'it\'s "so" \\ 中文', None),
        ("text", "", None),
        ("text", Colour.RED, "red"),
        ("int8", 2**62, None),
        ("int2", -7, None),
        ("bool", True, None),
        ("bool", False, None),
        ("uuid", uuid4(), None),
        ("bytea", b"\x00\\x\xff", None),
        ("timestamptz", datetime(2026, 11, 27, 1, 2, 3, 456789, UTC), None),
        ("date", date(2026, 11, 27), None),
        ("numeric", Decimal("12.340"), None),
        ("jsonb", Jsonb({"a": [1, None, '"']}), {"a": [1, None, '"']}),
        ("text[]", ["a,b", '"', "\\", "", "NULL", None, "{}"], None),
        ("uuid[]", [uuid4(), uuid4()], None),
        ("int8[]", [], None),
        ("text", None, None),
    ],
)
def test_a_value_arrives_as_it_was_sent(line: Line, kind: str, value: Any, back: Any):
    ((row,),), failure = line.ask([(f"SELECT $1::{kind}", [value])])

    assert failure is None
    assert row == ((value if back is None else back),)


def test_what_comes_after_a_failure_is_not_done(line: Line):
    found, failure = line.ask(
        [("SELECT 1", []), ("SELECT 1 / $1::int", [0]), ("SELECT 2", []), ("COMMIT", [])]
    )

    assert found == [[(1,)]]
    assert isinstance(failure, psycopg.errors.DivisionByZero)
    db.session.rollback()
    assert line.ask([("SELECT 1 / $1::int", [1])]) == ([[(1,)]], None)


def test_a_table_that_changed_under_a_prepared_statement_is_read_as_it_is_now(line: Line):
    line.ask([("CREATE TEMP TABLE growing (a int)", []), ("SELECT * FROM growing", [])])
    line.ask([("ALTER TABLE growing ADD b int", []), ("SAVEPOINT before", [])])
    _, failure = line.ask([("SELECT * FROM growing", [])])
    line.ask([("ROLLBACK TO before", []), ("INSERT INTO growing VALUES (1, 2)", [])])

    assert isinstance(failure, psycopg.errors.FeatureNotSupported)
    assert line.ask([("SELECT * FROM growing", [])]) == ([[(1, 2)]], None)


def test_an_answer_that_nobody_waited_for_is_never_taken_for_another():
    """A job whose time is up is interrupted by a signal, wherever it is."""

    class TimeIsUp(Exception):
        pass

    def end(*_signal: Any) -> None:
        raise TimeIsUp

    before = signal.signal(signal.SIGALRM, end)
    try:
        with pytest.raises(TimeIsUp), transaction():
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            wire.call("SELECT pg_sleep(%s), 'late'", [30])
    finally:
        signal.signal(signal.SIGALRM, before)

    with transaction():
        assert wire.call("SELECT %s::text", ["prompt"]) == [("prompt",)]
        assert db.session.scalar(text("SELECT 1")) == 1


def test_a_transaction_that_fails_is_not_done_and_what_comes_behind_it_is(ctx: Any):
    with wire.aside() as aside:
        line = wire.line(aside.connection)
        line.commit([("CREATE TEMP TABLE kept (a int)", [])])
        one, two = ("INSERT INTO kept VALUES (1)", []), ("INSERT INTO kept VALUES (2)", [])

        found, failure = line.commit([one, ("SELECT 1 / $1::int", [0])], [two])

        assert found == [[]] and isinstance(failure, psycopg.errors.DivisionByZero)
        kept = (
            "SELECT a FROM kept ORDER BY a DESC",
            [],
        )  # the room of a row that is undone may be used again
        assert line.commit([kept], [one], [kept]) == (
            [[(2,)], [], [(2,), (1,)]],
            None,
        )
        line.commit([("DROP TABLE kept", [])])


def test_a_transaction_that_cannot_be_committed_is_heard_of(ctx: Any):
    """Its statements had all been answered."""
    with wire.aside() as aside:
        line = wire.line(aside.connection)
        line.commit([("CREATE TEMP TABLE single (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)", [])])
        add = ("INSERT INTO single VALUES (1)", [])

        found, failure = line.commit([add, add], [("SELECT a FROM single", [])])

        assert found == [[], []] and isinstance(failure, psycopg.errors.UniqueViolation)
        assert line.commit([("SELECT a FROM single", [])]) == ([[]], None)
        line.commit([("DROP TABLE single", [])])
