"""Alembic's environment: every market module is imported, so that no table is forgotten."""

import importlib
import pkgutil

from alembic import context
from flask import current_app
from sqlalchemy import Connection, text

import market
from market.kit.db import db
from market.kit.roles import owner_engine

for package in pkgutil.iter_modules(market.__path__):
    if package.ispkg:
        for module in pkgutil.iter_modules(importlib.import_module(f"market.{package.name}").__path__):
            if module.name == "models":
                importlib.import_module(f"market.{package.name}.models")

ONE_AT_A_TIME = "SELECT pg_advisory_lock(hashtextextended('vtask.migrations', 0))"

# For the tables that are there, and those that will be. The ledger's are taken back at once, and what its functions
# need is given instead.
ADMISSION = """
    GRANT USAGE ON SCHEMA public TO {web};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {web};
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {web};
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {web};
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {web};
    REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {web};
    SELECT ledger_admit('{web}');
"""


def run() -> None:
    """Online only, as the owner: the migrations run where the database is."""
    figures = current_app.extensions["migrate"].configure_args
    with owner_engine().connect() as connection:
        # Several machines may be started at once; who comes second finds it done. Let go of with the connection.
        connection.exec_driver_sql(ONE_AT_A_TIME)
        # A migration behind a long reader must give up rather than stall all writers behind it.
        connection.exec_driver_sql("SET lock_timeout = '5s'")
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            compare_type=True,
            **{name: value for name, value in figures.items() if name != "compare_type"},
        )
        with context.begin_transaction():
            context.run_migrations()
        with connection.begin():
            admit_web_role(connection)


def admit_web_role(owner: Connection) -> None:
    """Give the role of DATABASE_URL what it needs and no more; nothing, where it is the owner itself."""
    current_role = text("SELECT quote_ident(current_user)")
    with db.engine.connect() as connection:
        web = connection.scalar(current_role)
    migrated = owner.scalar(text("SELECT to_regprocedure('ledger_admit(regrole)') IS NOT NULL"))
    if migrated and web != owner.scalar(current_role):
        owner.exec_driver_sql(ADMISSION.format(web=web), execution_options={"no_parameters": True})


run()
