"""Alembic's environment: every market module is imported, so that no table is forgotten."""

import importlib
import pkgutil

from alembic import context
from flask import current_app

import market
from market.kit.db import db

for package in pkgutil.iter_modules(market.__path__):
    if package.ispkg:
        for module in pkgutil.iter_modules(importlib.import_module(f"market.{package.name}").__path__):
            if module.name == "models":
                importlib.import_module(f"market.{package.name}.models")


def run() -> None:
    """Online only: the migrations run where the database is."""
    figures = current_app.extensions["migrate"].configure_args
    with db.engine.connect() as connection:
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


run()
