"""What every worker process does first: an app, a log, and an orderly end on SIGTERM."""

import signal
import threading

import structlog
from flask import Flask

from market.app import create_app

stopping = threading.Event()


def start(name: str, *, catch_signals: bool = True) -> Flask:
    """The app for this process; `stopping` is set when SIGTERM or SIGINT arrives."""
    structlog.contextvars.bind_contextvars(process=name)
    if catch_signals:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
    return create_app()
