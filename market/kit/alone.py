"""Long work of which one runs at a time, in any process: the turn is the database's, and ends with its connection."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import func, select

from market.kit.db import db


@contextmanager
def alone(name: str) -> Iterator[bool]:
    """Whether the turn was ours to take; held while open, by a connection of its own."""
    lock = func.hashtextextended(name, 0)
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as own:
        taken = bool(own.scalar(select(func.pg_try_advisory_lock(lock))))
        try:
            yield taken
        finally:
            if taken:
                own.execute(select(func.pg_advisory_unlock(lock)))
