"""The service call that accepts a script: whom the API key acts for and whether he may, idempotency, states, posting,
events, timers, the answer. What HTTP adds is measured by accept_http.

Eight processes, one transaction per call; against pgbench's TPC-B.
"""

import gc
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from multiprocessing.connection import Connection
from typing import Any, TypeAlias
from uuid import UUID

import psycopg

from bench.cost import Meter
from bench.posting import SCALE
from bench.rounds import Result, take_turns
from bench.server import CLIENTS, database, fill_tpcb, transactions_per_second
from bench.server import SECONDS as TPCB_SECONDS
from bench.world import World, add_submissions, open_app, world

SECONDS = 4.0

Pipe: TypeAlias = "Connection[Any, Any]"


def run(rounds: int) -> list[Result]:
    with database("tpcb") as plain, world() as market:
        fill_tpcb(plain, SCALE)
        with processes(market) as crew:
            each = calibrate(market, crew)
            turns = count()
            waiting = add_submissions(market.conninfo, each * CLIENTS * (rounds + 1))

            def ours() -> float:
                begin = next(turns) * each * CLIENTS
                return accept(crew, waiting[begin : begin + each * CLIENTS])

            took, tpcb = meters(market, plain)
            (result,) = take_turns(
                tpcb.on(lambda: transactions_per_second(plain), lambda rate: rate * TPCB_SECONDS),
                {"release": took.on(ours, lambda _rate: each * CLIENTS)},
                rounds=rounds,
                reference=f"pgbench TPC-B, scale {SCALE}",
                unit="transactions/s",
                processes=CLIENTS,
                calls_per_round=each * CLIENTS,
            )
        result.details.update(
            wrong=wrong(market), takes=took.per_transaction(), reference_takes=tpcb.per_transaction()
        )
        return [result]


def meters(market: World, plain: str) -> tuple[Meter, Meter]:
    """Of the processes that were started and of pgbench."""
    crew = [process.pid for process in multiprocessing.active_children() if process.pid]
    return Meter(market.conninfo, crew), Meter(plain)


def calibrate(market: World, crew: list[Pipe]) -> int:
    """How many calls each process makes in a round, so that it lasts some seconds; warms the processes up, too."""
    waiting = add_submissions(market.conninfo, 60 * CLIENTS)
    accept(crew, waiting[: 20 * CLIENTS])
    rate = accept(crew, waiting[20 * CLIENTS :])
    return max(50, round(rate * SECONDS / CLIENTS))


def accept(crew: list[Pipe], submissions: list[UUID]) -> float:
    """All of these by all processes at once; calls per second from the first start to the last end."""
    for n, process in enumerate(crew):
        process.send(submissions[n :: len(crew)])
    for process in crew:
        process.recv()  # has them, and waits
    for process in crew:
        process.send("go")
    times: list[tuple[float, float, list[Any]]] = [process.recv() for process in crew]
    refused = [answer for _, _, answers in times for answer in answers if answer != 201]
    if refused:
        raise RuntimeError(f"{len(refused)} of {len(submissions)} were not accepted, e.g. {refused[0]}")
    return len(submissions) / (max(end for _, end, _ in times) - min(begin for begin, _, _ in times))


@contextmanager
def processes(market: World) -> Iterator[list[Pipe]]:
    spawn = multiprocessing.get_context("spawn")
    crew: list[Pipe] = []
    started = []
    try:
        for _ in range(CLIENTS):
            near, far = spawn.Pipe()
            process = spawn.Process(target=serve, args=(far, market.url, market.key), daemon=True)
            process.start()
            started.append(process)
            crew.append(near)
        for pipe in crew:
            pipe.recv()
        yield crew
    finally:
        for process in started:
            process.terminate()
            process.join()


def serve(orders: Pipe, url: str, key: str) -> None:
    """One process: takes lists of submissions, and accepts them when told to."""
    from market.accounts.service import sha256
    from market.delivery import shortcut

    app = open_app(url)
    gc.freeze()  # as wsgi.py does
    orders.send("ready")
    while True:
        submissions: list[UUID] = orders.recv()
        orders.send("have them")
        orders.recv()
        answers: list[Any] = []
        begin = time.monotonic()
        for submission_id in submissions:
            called = f"accept:{submission_id}"
            with app.app_context():  # a request has one, and the session ends with it
                try:
                    answer = shortcut.accept(
                        submission_id,
                        key_sha256=sha256(key),
                        idempotency_key=called,
                        request_sha256=sha256(called),
                    )
                    answers.append(answer.status_code)
                except Exception as failure:
                    answers.append(repr(failure))
        orders.send((begin, time.monotonic(), answers))


def wrong(market: World) -> list[str]:
    """The ledger's self-check, and whether what was released was posted."""
    from market.kit.db import db, transaction
    from market.ledger.checks import check

    with market.app.app_context():
        with transaction():
            found = [f"{violation.rule}: {violation.what}" for violation in check()]
        db.session.remove()
        db.engine.dispose()
    with psycopg.connect(market.conninfo) as connection:
        row = connection.execute(
            """SELECT (SELECT count(*) FROM milestones WHERE state = 'released'),
                (SELECT count(*) FROM ledger_postings WHERE kind = 'release'),
                (SELECT count(*) FROM events WHERE name = 'delivery.accepted')"""
        ).fetchone()
    if row is None or len(set(row)) != 1:
        found.append(f"released milestones, postings, events: {row}")
    return found
