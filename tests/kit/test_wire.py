"""Writes that wait: nobody reads past them, their order holds where it matters, and a rollback takes them back."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from market.accounts.models import Party
from market.kit import wire
from market.kit.clock import now
from market.kit.db import db, transaction
from market.kit.events import CHANNEL, Event, record
from market.kit.work import WorkItem, cancel_timers, put, set_timer
from market.orders.errors import AlreadyEnded
from tests.conftest import Player

pytestmark = pytest.mark.usefixtures("ctx")


def names(subject: UUID) -> list[str]:
    return list(db.session.scalars(select(Event.name).where(Event.subject_id == subject).order_by(Event.id)))


def keys(subject: UUID) -> list[str]:
    return list(db.session.scalars(select(WorkItem.key).where(WorkItem.subject_id == subject)))


def test_who_asks_next_sees_what_waits():
    subject = uuid4()
    with transaction():
        record("a.first", subject, by=None)
        record("a.second", subject, by=None)

        assert names(subject) == ["a.first", "a.second"]
    assert names(subject) == ["a.first", "a.second"]


def test_what_is_rolled_back_is_never_sent():
    subject = uuid4()
    with pytest.raises(RuntimeError), transaction():
        record("a.lost", subject, by=None)
        raise RuntimeError
    with transaction():
        record("a.kept", subject, by=None)

    assert names(subject) == ["a.kept"]


def test_what_a_savepoint_takes_back_is_not_sent_and_what_waited_before_it_is():
    subject = uuid4()
    with transaction():
        record("a.before", subject, by=None)
        with pytest.raises(RuntimeError), db.session.begin_nested():
            record("a.inside", subject, by=None)
            raise RuntimeError
        with db.session.begin_nested():
            record("a.after", subject, by=None)

    assert names(subject) == ["a.before", "a.after"]


def test_a_session_left_without_a_commit_leaves_nothing_behind():
    subject = uuid4()
    record("a.left", subject, by=None)
    db.session.remove()
    with transaction():
        record("a.kept", subject, by=None)

    assert names(subject) == ["a.kept"]


def test_a_timer_taken_back_and_set_again_under_its_name_stands():
    subject = uuid4()
    with transaction():
        set_timer("nobody.calls", subject, now() + timedelta(days=1), key=f"again:{subject}")
    with transaction():
        cancel_timers(subject, "nobody.calls")
        set_timer("nobody.calls", subject, now() + timedelta(days=2), key=f"again:{subject}")

    assert keys(subject) == [f"again:{subject}"]
    due_at = db.session.scalar(select(WorkItem.due_at).where(WorkItem.subject_id == subject))
    assert due_at is not None and due_at > now() + timedelta(days=1, hours=12)


def test_a_timer_set_and_taken_back_is_gone():
    subject = uuid4()
    with transaction():
        set_timer("nobody.calls", subject, now() + timedelta(days=1))
        cancel_timers(subject, "nobody.calls")

    assert keys(subject) == []


def test_a_write_that_wrote_nothing_refuses_the_whole_transaction():
    subject = uuid4()
    with pytest.raises(AlreadyEnded), transaction():
        record("a.lost", subject, by=None)
        wire.write("x", "UPDATE parties SET city = %s WHERE id = %s", ["x", uuid4()], otherwise=AlreadyEnded)

    assert names(subject) == []


@contextmanager
def ears() -> Iterator[Callable[[], list[str]]]:
    """Who is called hears what was notified meanwhile; this process has woken nobody yet."""
    wire._rung.clear()
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as ear:
        ear.exec_driver_sql(f"LISTEN {CHANNEL}")
        driver: Any = ear.connection.driver_connection
        yield lambda: [notice.channel for notice in driver.notifies(timeout=0.3, stop_after=1)]


def test_listeners_are_woken_by_a_commit_and_by_nothing_else(app: Flask):
    heard: list[str] = []
    with ears() as listen:
        with pytest.raises(RuntimeError), transaction():
            record("a.lost", uuid4(), by=None)
            raise RuntimeError
        assert listen() == []
        with transaction():
            record("a.kept", uuid4(), by=None)
            db.session.flush()
            assert listen() == []
        heard += listen()
        with transaction():
            put("nobody.calls", uuid4(), key=str(uuid4()))
        assert listen() == []

    assert heard == [CHANNEL]


def test_what_is_committed_right_after_a_ring_needs_none_of_its_own(
    app: Flask, monkeypatch: pytest.MonkeyPatch
):
    """Who was woken looks once more (workers/relay.py); later it is woken again."""
    monkeypatch.setattr(wire, "RINGS_APART_S", 3600.0)
    with ears() as listen:
        with transaction():
            record("a.first", uuid4(), by=None)
        assert listen() == [CHANNEL]
        with transaction():
            record("a.second", uuid4(), by=None)
        assert listen() == []
        monkeypatch.setattr(wire, "RINGS_APART_S", 0.0)
        with transaction():
            record("a.third", uuid4(), by=None)
        assert listen() == [CHANNEL]


def test_what_is_new_is_there_before_what_is_told_of_it():
    from market.accounts.models import Party, Role

    with transaction():
        made = Party(role=Role.VIEWER, name="x", handle=f"x-{uuid4().hex}")
        db.session.add(made)
        record("a.made", uuid4(), by=None)

        assert made.id is not None


def test_what_a_savepoint_takes_back_the_object_does_not_keep(mei: Player):
    with transaction():
        party = db.session.get_one(Party, mei.party_id)
        with pytest.raises(RuntimeError), db.session.begin_nested():
            party.name = "Lost"
            wire.send()
            raise RuntimeError

        assert party.name == "Mei"
    assert party.name == "Mei"


@pytest.mark.parametrize("savepoint", [False, True])
def test_a_server_that_goes_away_takes_what_waited_with_it_and_the_next_transaction_stands(savepoint: bool):
    subject = uuid4()
    with pytest.raises(DBAPIError), transaction():
        db.session.execute(text("SELECT 1"))
        backend = db.session.connection().connection.driver_connection.info.backend_pid  # type: ignore[union-attr]
        with psycopg.connect(db.engine.url.render_as_string(hide_password=False), autocommit=True) as killer:
            killer.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])
        with db.session.begin_nested() if savepoint else nullcontext():
            record("a.lost", subject, by=None)
    with transaction():
        record("a.kept", subject, by=None)

    assert names(subject) == ["a.kept"]


def test_a_rollback_keeps_what_the_server_has_prepared():
    asked = text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT 42 AS kept%'")
    with db.engine.connect() as connection:
        for _ in range(8):  # the driver prepares what it is asked often
            connection.execute(text("SELECT 42 AS kept"))
            connection.rollback()

        assert connection.scalar(asked) == 1


def test_a_rollback_takes_back_what_was_written():
    subject = uuid4()
    record("a.lost", subject, by=None)
    wire.send()
    db.session.rollback()

    assert names(subject) == []
