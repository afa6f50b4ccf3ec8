"""The short way to the database, for what every request asks and writes: statements built once and sent straight to
the driver, which keeps them prepared, and writes that wait for each other to go out as one statement.

It is the session's own connection and transaction, and the rows are the session's own objects. What waits is sent
before anything else is asked there and before the commit, so nobody reads past it; what is rolled back is never sent.
"""

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from itertools import count
from math import inf
from time import monotonic
from typing import Any, NamedTuple, TypeVar, cast

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import (
    ClauseElement,
    Connection,
    Engine,
    PoolProxiedConnection,
    Select,
    event,
    inspect,
    select,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapper, Session
from sqlalchemy.orm.attributes import instance_state, manager_of_class
from sqlalchemy.orm.exc import StaleDataError

from market.kit.db import Base, db
from market.kit.line import MOST_PREPARED, Line, Statement

Model = TypeVar("Model", bound=Base)
Bind = Callable[[Any], Any] | None
Refused = Callable[[psycopg.Error], Exception | None]

WAITING, RINGS, LINE, HERE = "vtask writes", "vtask rings", "vtask line", "vtask here"
RINGS_APART_S = 0.05
_rung: dict[str, float] = {}
"""When this process last had who listens on a channel woken."""
WROTE_NOTHING = "VT010"
"""Raised by the SQL function wrote_nothing: so that a COMMIT in the same round trip is not done."""


@dataclass(slots=True)
class Write:
    """Something that waits: `head`, `row` as often as there are `rows`, `tail`, with a `%s` for each of `values`."""

    touches: Hashable
    head: str
    values: list[Any]
    row: str
    tail: str
    name: str
    otherwise: type[Exception] | None
    refused: Refused | None
    alone: bool = False
    rows: int = 1

    @property
    def shape(self) -> "Shape":
        checked = self.otherwise is not None
        return Shape(self.head, self.row, self.rows, self.tail, self.name, checked)


class Shape(NamedTuple):
    head: str
    row: str
    rows: int
    tail: str
    name: str
    checked: bool

    @property
    def sql(self) -> str:
        return self.head + ", ".join([self.row] * self.rows) + self.tail


def write(
    touches: Hashable,
    head: str,
    values: Sequence[Any] = (),
    *,
    row: str = "",
    tail: str = "",
    name: str = "",
    otherwise: type[Exception] | None = None,
    refused: Refused | None = None,
    alone: bool = False,
) -> None:
    """Have an INSERT, UPDATE or DELETE done with what else waits, all as one statement; none of them sees what the
    others did.

    What `touches` the same (rows) as one before comes after it; only more rows of the same INSERT (`row`) join it.
    A later write may select from this one's RETURNING rows by `name`.
    `otherwise` is raised when nothing was written; `refused` puts the database's refusal into our words. A call of a
    function that writes goes `alone`: what is no INSERT, UPDATE or DELETE would not be done as a part of a statement.
    """
    session = db.session()
    if session.autoflush and (session.new or session.deleted):
        session.flush()  # what is told of must be there first, and have its id
    waiting = _here(session).waiting
    if row and not name:
        for earlier in reversed(waiting):
            if (earlier.head, earlier.row, earlier.tail, earlier.name) == (head, row, tail, ""):
                earlier.values.extend(values)
                earlier.rows += 1
                return
            if earlier.touches == touches:
                break
    waiting.append(Write(touches, head, list(values), row, tail, name, otherwise, refused, alone))


class Here(NamedTuple):
    """Where a session is: looking for its connection takes SQLAlchemy longer than most statements take."""

    begun: Any
    connection: Connection
    waiting: list[Write]


def _here(session: Session) -> Here:
    """Its connection in the transaction or savepoint it is in, and what waits there: one list, known to both."""
    known = session.info.get(HERE)
    if known is not None and known.begun is _innermost(session) and not known.connection.invalidated:
        return cast(Here, known)
    connection = session.connection()  # which begins a savepoint that is due
    made = session.info[HERE] = Here(_innermost(session), connection, connection.info.setdefault(WAITING, []))
    return made


def _innermost(session: Session) -> Any:
    return session.get_nested_transaction() or session.get_transaction()


def ring(channel: str) -> None:
    """Have who listens on this channel woken as soon as this transaction is committed, and only then.

    With the COMMIT, not before it: a transaction that has notified holds a lock of the whole database until its commit
    is on disk, so that no two of them could share a write of the log. A NOTIFY costs a write of its own: who was woken
    by this process within RINGS_APART_S is not woken again, but looks once more by himself (workers/relay.py)."""
    _here(db.session()).connection.info.setdefault(RINGS, set()).add(channel)


def _notify(channels: Iterable[str]) -> list[Statement]:
    return [
        (f"NOTIFY {name}", ()) for name in channels if monotonic() - _rung.get(name, -inf) > RINGS_APART_S
    ]


def _was_rung(statements: Sequence[Statement], sent_at: float) -> None:
    """The server has heard these, which were sent then."""
    for text, _ in statements:
        _rung[text.removeprefix("NOTIFY ")] = sent_at


class Question:
    """A SELECT of columns whose parameters are bindparams, compiled when it is first asked."""

    def __init__(self, statement: Select[*tuple[Any, ...]]) -> None:
        self.statement = statement

    def bound(self, values: dict[str, Any]) -> tuple[str, list[Any]]:
        text, parameters, _ = self._compiled
        given = [(values.get(name, fixed), bind) for name, fixed, bind in parameters]
        return text, [value if bind is None or value is None else bind(value) for value, bind in given]

    def read(self, rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """As SQLAlchemy would give them: states as members, not as text."""
        readers = self._compiled[2]
        if not readers:
            return list(rows)
        found = []
        for row in rows:
            values = list(row)
            for at, reader in readers:
                if values[at] is not None:
                    values[at] = reader(values[at])
            found.append(tuple(values))
        return found

    @cached_property
    def _compiled(self) -> tuple[str, list[tuple[str, Any, Bind]], list[tuple[int, Any]]]:
        dialect = db.engine.dialect
        compiled = self.statement.compile(dialect=dialect)
        names: list[str] = []

        def number(found: re.Match[str]) -> str:
            if found[1] not in names:
                names.append(found[1])
            return f"${names.index(found[1]) + 1}"

        text = re.sub(r"%\((\w+)\)s", number, str(compiled)).replace("%%", "%")
        parameters: list[tuple[str, Any, Any]] = [
            (
                name,
                compiled.params[name],
                compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect),
            )
            for name in names
        ]
        columns = enumerate(self.statement.selected_columns)
        readers = [(at, c.type.dialect_impl(dialect).result_processor(dialect, None)) for at, c in columns]
        return text, parameters, [(at, reader) for at, reader in readers if reader is not None]


def rows_of(*models: type[Base]) -> Select[*tuple[Any, ...]]:
    """All columns of a model, or of several `side_by_side`: a Question's rows that can be adopted."""
    return select(*(column for model in models for column in inspect(model).columns))


def ask(*asked: tuple[Question, dict[str, Any]]) -> list[list[tuple[Any, ...]]]:
    """The rows of each question, all in one round trip; each sees what was committed before it began, and what waited
    here."""
    session = db.session()
    if session.autoflush:
        session.flush()
    bound = [question.bound(values) for question, values in asked]
    found = _send(_here(session).connection, bound)
    return [question.read(rows) for (question, _), rows in zip(asked, found, strict=True)]


def call(text: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement, `%s` for each value; after what waits."""
    session = db.session()
    if session.autoflush:
        session.flush()
    (rows,) = _send(_here(session).connection, [(_numbered(text), list(values))])
    return rows


def adopt(model: type[Model], rows: Sequence[tuple[Any, ...]]) -> list[Model]:
    """Rows of `rows_of(model)` as the session's objects, also those it has had before: they are as read now."""
    if not rows:
        return []
    session, mapper = db.session(), cast(Mapper[Any], inspect(model))
    keys, create = _made_of(model)
    made = []
    for row in rows:
        values = dict(zip(keys, row, strict=True))
        key = mapper.identity_key_from_primary_key((values["id"],))
        known = session.identity_map.get(key)
        if known is not None:
            known.__dict__.update(values)
            inspect(known)._commit_all(known.__dict__, session.identity_map)
            made.append(known)
            continue
        new = create()
        new.__dict__.update(values)
        state = instance_state(new)  # it becomes the session's as SQLAlchemy's own loading makes it
        state.key, state.session_id = key, session.hash_key
        session.identity_map._add_unpresent(state, key)
        made.append(new)
    return made


def side_by_side(rows: Sequence[tuple[Any, ...]], *models: type[Base]) -> list[list[tuple[Any, ...]]]:
    """Of rows with the columns of these models one after the other, each model's to adopt; of an outer join's that
    found nothing, none."""
    parts, begin = [], 0
    for model in models:
        end = begin + len(_made_of(model)[0])
        parts.append([row[begin:end] for row in rows if row[begin] is not None])
        begin = end
    return parts


def attributes_of(model: type[Base]) -> list[str]:
    """The names of its attributes, in the order of `rows_of`."""
    return _made_of(model)[0]


@cache
def _made_of(model: type[Base]) -> tuple[list[str], Callable[[], Any]]:
    """Its attributes in the order of `rows_of`, and how an object is made without its constructor."""
    mapper = cast(Mapper[Any], inspect(model))
    keys = [mapper.get_property_by_column(column).key for column in mapper.columns]
    return keys, manager_of_class(model).new_instance


def send() -> None:
    """Send what waits now, for its refusals to be heard here."""
    session = db.session()
    session.flush()
    _send(_here(session).connection)


def _send(connection: Connection, then: Sequence[Statement] = ()) -> list[list[tuple[Any, ...]]]:
    """What waits, and then these questions, in one round trip; the rows of the questions.

    Raises what a write that wrote nothing has `otherwise`, or made of a refusal; DBAPIError, as SQLAlchemy does."""
    waiting: list[Write] = connection.info.get(WAITING, [])[:]
    _forget(connection)
    if not waiting and not then:
        return []
    batches = _batches(waiting)
    sent: list[Statement] = [
        (_compose(tuple(one.shape for one in batch)), [value for one in batch for value in one.values])
        for batch in batches
    ]
    statements = [*sent, *then]
    try:
        found, failure = line(connection).ask(statements)
    except psycopg.Error as gone:
        raise _as_sqlalchemy(connection, statements[0][0], gone) from gone
    except BaseException as interrupted:  # answers are on their way that nobody will read
        connection.invalidate(interrupted)
        raise
    if failure is None:
        return found[len(batches) :]
    if len(found) < len(batches):
        batch = batches[len(found)]
        if failure.sqlstate == WROTE_NOTHING:
            raise cast("type[Exception]", batch[int(failure.diag.message_detail or 0)].otherwise) from failure
        for one in batch:
            if one.refused and (refusal := one.refused(failure)):
                raise refusal from failure
    raise _as_sqlalchemy(connection, statements[len(found)][0], failure) from failure


class Aside:
    """A connection of its own, for transactions that are one round trip each: the session, its objects and what waits
    there have no part in them. It is the pool's: what SQLAlchemy puts around one takes longer than a question does."""

    def __init__(self, connection: PoolProxiedConnection) -> None:
        self.connection = connection

    def ask(self, question: Question, **values: Any) -> list[tuple[Any, ...]]:
        """Its rows, of what was committed before."""
        (rows,) = self._commit([question.bound(values)])
        return question.read(rows)

    def commit(self, *statements: Statement, ring: str, refused: Refused = lambda _failure: None) -> None:
        """All of them or none, `%s` for each value; then have who listens on this channel woken. `refused` puts the
        database's refusal into our words."""
        numbered = [(_numbered(text), values) for text, values in statements]
        rings, sent_at = _notify([ring]), monotonic()
        self._commit(numbered, *([rings] if rings else []), refused=refused)
        _was_rung(rings, sent_at)

    def _commit(
        self, *transactions: Sequence[Statement], refused: Refused = lambda _failure: None
    ) -> list[list[tuple[Any, ...]]]:
        try:
            found, failure = line(self.connection).commit(*transactions)
        except psycopg.Error as gone:
            raise _as_sqlalchemy(self.connection, transactions[0][0][0], gone) from gone
        except BaseException as interrupted:  # answers are on their way that nobody will read
            self.connection.invalidate(interrupted)
            raise
        if failure is None:
            return found
        text = [text for statements in transactions for text, _ in statements][len(found)]
        raise (refused(failure) or _as_sqlalchemy(self.connection, text, failure)) from failure


@contextmanager
def aside() -> Iterator[Aside]:
    """For a caller that is in no transaction: it would hold two connections."""
    connection = db.engine.raw_connection()
    try:
        yield Aside(connection)
    finally:
        connection.close()


def line(connection: Connection | PoolProxiedConnection) -> Line:
    """The one of this connection, for as long as it is open."""
    info = connection.info
    known: Line | None = info.get(LINE)
    if known is None:
        known = info[LINE] = Line(_driver(connection))
    return known


def _driver(connection: Connection | PoolProxiedConnection) -> "psycopg.Connection[Any]":
    pooled = connection.connection if isinstance(connection, Connection) else connection
    return cast("psycopg.Connection[Any]", pooled.driver_connection)


def _as_sqlalchemy(
    connection: Connection | PoolProxiedConnection, text: str, failure: psycopg.Error
) -> Exception:
    """The driver's error as the exception SQLAlchemy makes of it; a connection that is lost is not used again."""
    lost = bool(_driver(connection).closed)
    if lost:
        connection.invalidate(failure)
    return cast(
        Exception,
        DBAPIError.instance(text, None, failure, psycopg.Error, connection_invalidated=lost),
    )


def _batches(waiting: Sequence[Write]) -> list[list[Write]]:
    """In their order; within one nothing is touched twice."""
    batches: list[list[Write]] = []
    touched: set[Hashable] = set()
    for one in waiting:
        if not batches or one.touches in touched or one.alone or batches[-1][-1].alone:
            batches.append([])
            touched = set()
        batches[-1].append(one)
        touched.add(one.touches)
    return batches


@lru_cache(1024)
def _compose(shapes: tuple[Shape, ...]) -> str:
    """One statement of all these, its parameters numbered in their order."""
    numbers = count(1)
    texts = [re.sub("%s", lambda _: f"${next(numbers)}", each.sql) for each in shapes]
    if len(shapes) == 1 and not shapes[0].checked:
        return texts[0]
    names = [each.name or f"w{n}" for n, each in enumerate(shapes)]
    parts = [
        f"{name} AS ({text}{' RETURNING 1' if each.checked else ''})"
        for name, text, each in zip(names, texts, shapes, strict=True)
    ]
    checks = [
        f"CASE WHEN NOT EXISTS (SELECT FROM {name}) THEN wrote_nothing({n}) END"
        for n, (name, each) in enumerate(zip(names, shapes, strict=True))
        if each.checked
    ]
    return f"WITH {', '.join(parts)} SELECT {', '.join(checks)}"


@cache
def _numbered(text: str) -> str:
    numbers = count(1)
    return re.sub("%s", lambda _: f"${next(numbers)}", text)


# The session's own objects


def write_changes(session: Session, *_flush: Any) -> None:
    """Before a flush: changed columns of rows that are there wait as writes; anything else is SQLAlchemy's to flush.

    One UPDATE per row, of the columns that changed."""
    if session.new or session.deleted:
        return  # these depend on each other, and SQLAlchemy knows how
    for state in sorted(map(inspect, session.dirty), key=_place):
        columns = _plain(state.mapper)
        old = state.committed_state
        if not columns or not old.keys() <= columns.keys():
            continue
        new = {key: state.dict.get(key) for key, before in old.items() if state.dict.get(key) != before}
        if any(
            isinstance(value, ClauseElement) or hasattr(value, "__clause_element__") for value in new.values()
        ):
            continue
        if new:
            names = ", ".join(f"{columns[key][0]} = %s" for key in new)
            values = [bind(new[key]) if (bind := columns[key][1]) else new[key] for key in new]
            table = state.mapper.local_table.description
            (key,) = state.identity
            write(
                (table, key),
                f"UPDATE {table} SET {names} WHERE id = %s",
                [*values, key],
                otherwise=StaleDataError,
            )
        state._commit_all(state.dict, session.identity_map)
        session._register_altered([state])  # read anew when a savepoint takes this back


def _place(state: Any) -> tuple[str, Any]:
    """The same rows in the same order whenever, and the oldest first: or what is one statement to the reader would be
    another to the server each time, and planned anew."""
    return state.mapper.local_table.description, state.identity


@cache
def _plain(mapper: Mapper[Any]) -> dict[str, tuple[str, Bind]]:
    """By attribute: the column and how its values are bound. Empty for a mapper with more to it than one table and `id`."""
    table = mapper.local_table
    if mapper.inherits or mapper.version_id_col is not None or [c.name for c in mapper.primary_key] != ["id"]:
        return {}
    if any(column.onupdate or column.server_onupdate for column in table.columns):
        return {}
    dialect = db.engine.dialect
    return {
        mapper.get_property_by_column(column).key: (
            column.name,
            column.type.dialect_impl(dialect).bind_processor(dialect),
        )
        for column in table.columns
        if column.name != "id"
    }


def attach(engine: Engine) -> None:
    """Keep the promise of this module for an engine and the session."""

    def before_statement(connection: Connection, *_statement: Any) -> None:
        if connection.info.get(WAITING):
            _send(connection)

    def checkin(_connection: Any, record: Any) -> None:
        record.info.pop(WAITING, None)
        record.info.pop(RINGS, None)

    def connected(driver: Any, _record: Any) -> None:
        driver.prepared_max = MOST_PREPARED
        # After every ROLLBACK, of a savepoint too, psycopg has the server forget all prepared statements, in case a
        # table was made and unmade: here nobody makes tables, and every request that only reads ends with one.
        driver._prepared.clear = lambda: False

    def forget_all(connection: Connection) -> None:
        _forget(connection)
        if not connection.invalidated:
            connection.info.pop(RINGS, None)

    def unless_idle(do: Callable[[Any], None]) -> Callable[[Any], None]:
        def done(driver: Any) -> None:
            if driver.pgconn.transaction_status != TransactionStatus.IDLE:
                do(driver)

        return done

    # A COMMIT that went with the last writes needs no second one, nor a ROLLBACK on the way back into the pool.
    engine.dialect.do_commit = unless_idle(engine.dialect.do_commit)  # type: ignore[method-assign, assignment]
    engine.dialect.do_rollback = unless_idle(engine.dialect.do_rollback)  # type: ignore[method-assign, assignment]
    event.listen(engine, "connect", connected)
    event.listen(engine, "before_cursor_execute", before_statement)
    event.listen(engine, "rollback", forget_all)
    event.listen(engine, "rollback_savepoint", _forget)
    event.listen(engine, "checkin", checkin)


def _forget(connection: Connection, *_savepoint: Any) -> None:
    if connection.invalidated:
        return  # the server is gone and what waited with it: the next connection begins with nothing
    connection.info.get(WAITING, []).clear()


def send_all(session: Session) -> None:
    """Before a commit, of a savepoint too. What waits goes with the COMMIT itself, in one round trip; so does waking
    who listens, after it. SQLAlchemy then finds nothing left to commit."""
    write_changes(session)  # so that there is mostly nothing left to flush
    session.flush()
    if session.info.get(HERE) is None:
        return
    connection = _here(session).connection
    if session.in_nested_transaction():
        _send(connection)
    elif connection.info.get(WAITING) or connection.info.get(RINGS):
        rings, sent_at = _notify(sorted(connection.info.pop(RINGS, ()))), monotonic()
        _send(connection, [("COMMIT", ()), *rings])
        _was_rung(rings, sent_at)


event.listen(db.session, "before_flush", write_changes)
event.listen(db.session, "before_commit", send_all)
