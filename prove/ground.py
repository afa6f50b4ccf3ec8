"""A database for one proof, and how a proof fails."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from bench.world import product


class Broken(AssertionError):
    """The claim does not hold; says what was found instead."""


def hold(claim: bool, otherwise: object) -> None:
    if not claim:
        raise Broken(str(otherwise))


@contextmanager
def ground() -> Iterator[Flask]:
    """The product, migrated, empty, as the web role; inside its app context."""
    with product("prove") as (app, _, _), app.app_context():
        yield app


def sound() -> None:
    """The ledger's own checks find nothing."""
    from market.kit.db import transaction
    from market.ledger.checks import check

    with transaction():
        found = check()
    hold(not found, found)
