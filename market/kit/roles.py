"""The two roles of the database: the owner makes the tables; all that runs is the web role, which changes rows only.

The web role is let in at the end of each migration (migrations/env.py).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import current_app
from sqlalchemy import Connection, Engine, NullPool, create_engine


def owner_engine() -> Engine:
    """Connections of the owner, none of them kept open. Where only one role is named, it is both."""
    settings = current_app.config["SETTINGS"]
    return create_engine(
        settings.owner_database_url or settings.database_url,
        poolclass=NullPool,
        connect_args={"connect_timeout": 5, "application_name": "vtask owner"},
    )


@contextmanager
def as_owner() -> Iterator[Connection]:
    """A transaction of the owner's, for what nobody does in production, such as emptying the tables."""
    with owner_engine().begin() as connection:
        yield connection
