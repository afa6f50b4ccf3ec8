"""Events reach their listeners once, timers fire when due, whatever dies in between."""

import threading
import time
import uuid
from datetime import timedelta

import pytest
import redis

from market.kit import clock, work
from market.kit.clock import now
from market.kit.db import db, transaction
from market.kit.events import Event, record
from market.kit.work import WorkItem, WorkState, do_next, hasten, put, set_timer
from tests.conftest import Player
from workers import bell, relay
from workers.drain import drain
from workers.subscriptions import listeners

pytestmark = pytest.mark.usefixtures("ctx")


def items() -> list[WorkItem]:
    db.session.rollback()
    return list(db.session.query(WorkItem).order_by(WorkItem.id).execution_options(populate_existing=True))


def test_an_event_gets_its_work_once_however_many_relays_run(app, mei: Player, lin: Player):
    relay.relay()
    for _ in range(20):
        with transaction():
            record(
                "order.completed",
                uuid.uuid4(),
                by=mei.actor,
                audience=[lin.party_id],
                number="VT1",
                title="x",
            )
    before = len(items())

    def run() -> None:
        with app.app_context():
            while relay.relay():
                pass

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(items()) - before == 20 * len(
        listeners(Event(name="order.completed", audience=[lin.party_id]))
    )


def test_what_is_rolled_back_leaves_no_event(mei: Player):
    relay.relay()
    with pytest.raises(RuntimeError), transaction():
        record("order.completed", uuid.uuid4(), by=mei.actor, audience=[mei.party_id])
        raise RuntimeError("the change failed")

    assert relay.relay() == 0


def test_four_workers_do_each_row_once(app):
    done: list[uuid.UUID] = []
    with transaction():
        for n in range(40):
            put("count", uuid.uuid4(), key=f"count:{n}")

    def run() -> None:
        with app.app_context():
            while do_next(lambda item: done.append(item.id)):
                db.session.remove()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(done) == len(set(done)) == 40


def test_a_timer_waits_for_its_time_and_catches_up_after_an_outage():
    with transaction():
        set_timer("count", uuid.uuid4(), now() + timedelta(hours=1), key="later")

    assert do_next(lambda item: None) is None
    clock.shift(timedelta(hours=30))
    assert do_next(lambda item: None) is not None
    assert do_next(lambda item: None) is None


def test_a_failure_undoes_its_own_changes_and_is_tried_again_later():
    subject = uuid.uuid4()
    with transaction():
        put("fails", subject, key="fails")

    def fail(item: WorkItem) -> None:
        set_timer("count", subject, now(), key="half done")
        raise ValueError("no such thing")

    do_next(fail)

    (item,) = items()
    assert (item.state, item.attempts) == (WorkState.WAITING, 1)
    assert "no such thing" in (item.last_error or "")
    assert item.due_at > now()


def test_poison_stops_after_five_tries_and_an_operator_can_wake_it(zhou: Player):
    with transaction():
        put("poison", uuid.uuid4(), key="poison")

    def fail(item: WorkItem) -> None:
        raise ValueError

    for _ in range(work.MAX_ATTEMPTS + 2):
        clock.shift(clock._shift + timedelta(hours=1))
        while do_next(fail):
            pass
    (item,) = [each for each in items() if each.key == "poison"]
    assert (item.state, item.attempts) == (WorkState.DEAD, work.MAX_ATTEMPTS)

    with transaction():
        hasten(item.id)
    done = []
    while do_next(lambda each: done.append(each.key)):
        pass
    assert "poison" in done


def test_a_key_is_put_once():
    with transaction():
        put("count", uuid.uuid4(), key="same")
        put("count", uuid.uuid4(), key="same")

    assert len(items()) == 1


def test_without_redis_the_bell_says_so_and_the_sweeper_does_the_work():
    nowhere = redis.Redis(unix_socket_path="/tmp/there-is-no-redis-here.sock")
    with transaction():
        put("tasks.close_bids", uuid.uuid4(), key="waited")

    assert bell.ring(nowhere, "drain") is False
    assert drain(waited_s=relay.SWEEP_AFTER_S) == 0, "the young are left to the workers"
    clock.shift(timedelta(seconds=relay.SWEEP_AFTER_S + 1))
    assert drain(waited_s=relay.SWEEP_AFTER_S) == 1


def test_a_bell_that_rings_often_is_one_job_a_second(app):
    pool = redis.Redis.from_url(app.config["SETTINGS"].redis_url).connection_pool
    # A database nobody's workers look at.
    aside = redis.ConnectionPool(pool.connection_class, **pool.connection_kwargs | {"db": 9})
    server = redis.Redis(connection_pool=aside)
    server.flushdb()

    began = time.monotonic()
    for _ in range(50):
        assert bell.ring(server, "media")

    assert 1 <= bell.queue("media", server).count <= 1 + (time.monotonic() - began)
    server.flushdb()
