"""One declarative base, one session, one way to open a transaction."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from functools import cache
from select import POLLIN, poll
from typing import Any, TypeVar
from uuid import UUID

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    ColumnElement,
    DateTime,
    Enum,
    ForeignKey,
    MetaData,
    Select,
    Uuid,
    any_,
    bindparam,
    cast,
    func,
    inspect,
    literal,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """The base of every table; models import it without Flask."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        datetime: DateTime(timezone=True),
        UUID: Uuid(),
        dict[str, Any]: JSONB(),
        list[Any]: JSONB(),
        # By value, not by member name; as text, so that a new state needs no ALTER TYPE.
        StrEnum: Enum(
            StrEnum,
            native_enum=False,
            length=32,
            create_constraint=False,
            values_callable=lambda states: [state.value for state in states],
        ),
    }


class Row:
    """What almost every table has: a time-ordered key (id, sort order and cursor in one) and a birth date."""

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"), sort_order=-2)
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp(), sort_order=-1)


def belongs_to(table: str, *, unique: bool = False, index: bool = True, **column: Any) -> Any:
    """A foreign key column to `table`.id; deleting what others point at is refused by the database."""
    return mapped_column(ForeignKey(f"{table}.id"), unique=unique, index=index and not unique, **column)


Model = TypeVar("Model", bound=Base)

# The rows a request touched stay readable after its commit, so that the edge can dump them.
db = SQLAlchemy(metadata=Base.metadata, session_options={"expire_on_commit": False})


def among(column: Any, ids: "Iterable[UUID]") -> ColumnElement[bool]:
    """`column` is one of these. One value to the database however many there are: a statement with a place for each is put
    together, and planned, anew for every number of them."""
    found: ColumnElement[bool] = column == any_(cast(literal(array_of(ids)), ARRAY(Uuid())))
    return found


def array_of(ids: "Iterable[UUID]") -> str:
    """PostgreSQL's text of an array of these, to be cast to uuid[]: the driver takes ten times as long to make one of a list."""
    return "{" + ",".join(map(str, ids)) + "}"


def by_key(model: type[Model], keys: "Iterable[UUID | None]") -> dict[UUID, Model]:
    """The rows with these keys, by key; unknown ones are left out. One statement, none for no keys."""
    wanted = {key for key in keys if key}
    if not wanted:
        return {}
    statement, name = _by_key(model)
    return {getattr(row, name): row for row in db.session.scalars(statement, {"keys": list(wanted)})}


@cache  # lists of names are on every page: the statement is built once, and the same however many keys there are
def _by_key(model: type[Model]) -> tuple[Select[Model], str]:
    mapper = inspect(model)
    (column,) = mapper.primary_key
    keys = bindparam("keys", type_=ARRAY(Uuid()))
    return select(model).where(column == any_(keys)), mapper.get_property_by_column(column).key


def refuse_dead(connection: Any, _record: Any, _proxy: Any) -> None:
    """On a connection's way out of the pool: a server that went away has closed it, so there is something to read.

    `pool_pre_ping` asks the server instead, which costs every page a round trip."""
    heard = poll()
    heard.register(connection.fileno(), POLLIN)
    if heard.poll(0):
        raise InvalidatePoolError


@contextmanager
def transaction() -> Iterator[None]:
    """All or nothing. Only the edge and the jobs open one; services flush and never commit."""
    session = db.session()
    if session.info.get("open"):
        raise RuntimeError("a transaction is already open: services do not open their own")
    session.info["open"] = True
    try:
        yield
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info["open"] = False
