"""The jobs RQ knows by name: each opens the app's context and drains one kind of work."""

import os
from functools import cache

from flask import Flask

from market.app import create_app
from workers.drain import drain as drain_work

COUNTING_NICE = 10


@cache
def app() -> Flask:
    return create_app()


def drain() -> int:
    with app().app_context():
        return drain_work()


def payments() -> int:
    from workers.payments import drain as drain_calls

    with app().app_context():
        return drain_calls()


def media() -> int:
    from workers.media import drain as drain_media

    with app().app_context():
        return drain_media()


def views() -> int:
    from workers.views import drain as count_views

    os.nice(COUNTING_NICE)  # of this job's process alone: a page does not wait for a number
    with app().app_context():
        return count_views()
