"""What every worker process does first: an app, a log, and an orderly end on SIGTERM."""

import gc
import signal
import threading

import structlog
from flask import Flask
from sqlalchemy.exc import DBAPIError

from market.app import create_app
from market.kit.db import db

stopping = threading.Event()


def start(name: str, *, catch_signals: bool = True) -> Flask:
    """The app for this process; `stopping` is set when SIGTERM or SIGINT arrives."""
    structlog.contextvars.bind_contextvars(process=name)
    if catch_signals:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
    app = create_app()
    gc.freeze()  # what is made by now stays, and is not looked through again
    return app


def let_go() -> None:
    """End the session after the database went away: its connection may be too dead even to be rolled back."""
    try:
        db.session.remove()
    except DBAPIError:
        db.session.registry.clear()  # the engine has thrown the connection away; so do we
