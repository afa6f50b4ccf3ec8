"""The timers of an order: each once, none early, none lost, however many workers and however far the clock jumps."""

import threading
from collections import Counter
from datetime import timedelta
from uuid import UUID

from flask import Flask
from sqlalchemy import select

from market.kit import clock
from market.kit.clock import now
from market.kit.db import db, transaction
from market.kit.events import history
from market.kit.ids import encode
from market.kit.work import WorkItem, WorkState, do_next, hasten
from market.orders import queries, timers
from market.orders.states import MilestoneState
from tests import play
from tests.conftest import Player, submit
from tests.sandbox import Sandbox
from workers.drain import call


def names(app: Flask, order_id: UUID) -> list[str]:
    with app.app_context():
        return sorted(item.handler for item in timers.of_order(order_id))


def test_two_schedulers_and_a_clock_that_jumps(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    orders = [play.funded(mei, lin, sandbox) for _ in range(3)]
    for order_id in orders:
        play.submit(lin, order_id)
    calls: Counter[UUID] = Counter()
    early: list[str] = []

    def counted(item: WorkItem) -> None:
        calls[item.id] += 1
        if item.due_at > now():
            early.append(item.handler)
        call(item)

    def run() -> None:
        with app.app_context():
            while do_next(counted):
                db.session.remove()

    for hours in (1, 37, 66, 73, 160):  # before anything, half, nine tenths, the end, and long after
        clock.shift(timedelta(hours=hours))
        workers = [threading.Thread(target=run) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    with app.app_context():
        late = select(WorkItem).where(WorkItem.state != WorkState.DONE, WorkItem.due_at <= now())
        assert db.session.scalars(late).all() == []
        for order_id in orders:
            script = queries.find(order_id).milestones[0]
            assert script.state is MilestoneState.RELEASED and script.released_fen == script.amount_fen
            told = Counter(event.name for event in history(order_id))
            assert told["delivery.accepted"] == 1 == told["auto_accept.half"] == told["auto_accept.soon"]
    assert early == [] and set(calls.values()) == {1}
    play.ledger_is_sound(app)


def test_run_now_does_not_bring_forward_what_was_promised_and_loses_nothing(
    app: Flask, mei: Player, lin: Player, zhou: Player, sandbox: Sandbox
) -> None:
    order_id = play.funded(mei, lin, sandbox)
    play.submit(lin, order_id)
    page, here = zhou.browser(), f"/ops/orders/{encode('ord', order_id)}"
    with app.app_context():
        item = next(t for t in timers.of_order(order_id) if t.handler == "delivery.auto_accept")
        due = item.due_at
    assert "自动验收" in page.get(here).text

    run = submit(page, here, f"{here}/timers/{encode('wrk', item.id)}/run")
    assert run.status_code == 303
    sandbox.settle()

    with app.app_context():
        after = db.session.get(WorkItem, item.id)
        assert after and (after.state, after.due_at, after.attempts) == (WorkState.WAITING, due, 0)
        assert queries.find(order_id).milestones[0].state is MilestoneState.SUBMITTED
    play.shift(73)
    sandbox.settle()
    with app.app_context():
        assert queries.find(order_id).milestones[0].state is MilestoneState.RELEASED


def test_what_failed_for_good_is_shown_and_woken_and_others_orders_are_left_alone(
    app: Flask, mei: Player, lin: Player, zhou: Player, sandbox: Sandbox
) -> None:
    order_id, other = play.funded(mei, lin, sandbox), play.funded(mei, lin, sandbox)
    play.submit(lin, order_id)
    page, here = zhou.browser(), f"/ops/orders/{encode('ord', order_id)}"
    with app.app_context(), transaction():
        dead = next(t for t in timers.of_order(order_id) if t.handler == "delivery.auto_accept")
        dead.state, dead.attempts, dead.last_error = WorkState.DEAD, 5, "ValueError: x"
    play.shift(73)
    assert "ValueError: x" in page.get(here).text

    elsewhere = f"/ops/orders/{encode('ord', other)}"
    assert submit(page, here, f"{elsewhere}/timers/{encode('wrk', dead.id)}/run").status_code == 404
    assert submit(page, here, f"{here}/timers/{encode('wrk', dead.id)}/run").status_code == 303
    sandbox.settle()

    with app.app_context():
        assert queries.find(order_id).milestones[0].state is MilestoneState.RELEASED
        assert hasten(dead.id) is None
    assert "payments.mature" in names(app, order_id)
