"""Everything that moves money, against pgbench's TPC-B on the same server, in turns: the posting function from pgbench
and from psycopg, the release service call, accepting over HTTP, and django-hordak's posting; and hot against cold."""

import os
from contextlib import ExitStack
from itertools import count
from tempfile import TemporaryDirectory

from bench import books, hordak, hot, release
from bench.accepting import acceptances_per_second
from bench.cost import Meter, family
from bench.posting import SCALE, from_psycopg
from bench.rounds import Measure, Result, take_turns
from bench.server import CLIENTS, SECONDS, Missing, database, fill_tpcb, transactions_per_second
from bench.web import granian
from bench.world import add_submissions, world

ROUNDS = 5


def run(rounds: int) -> list[Result]:
    rounds = max(rounds, ROUNDS)
    without = ""
    with ExitStack() as stack:
        plain, ledger = stack.enter_context(database("tpcb")), stack.enter_context(database("ledger"))
        market = stack.enter_context(world())
        folder = stack.enter_context(TemporaryDirectory())
        fill_tpcb(plain, SCALE)
        books.build(ledger)
        script = books.script_file(folder, books.RELEASE)
        crew = stack.enter_context(release.processes(market))
        took, tpcb = release.meters(market, plain)
        others = family(os.getpid())
        port = stack.enter_context(
            granian("wsgi:app", "/healthz", DATABASE_URL=market.url, VTASK_API_PER_MINUTE="100000000")
        )
        took_http = Meter(market.conninfo, sorted(family(os.getpid()) - others))
        each = release.calibrate(market, crew) * CLIENTS
        by_call, by_http = count(), count()
        called = add_submissions(market.conninfo, each * (rounds + 1))
        half = each // 2
        posted = add_submissions(market.conninfo, half * (rounds + 1))

        def call() -> float:
            turn = next(by_call) * each
            return release.accept(crew, called[turn : turn + each])

        def accept() -> float:
            turn = next(by_http) * half
            return acceptances_per_second(port, market.key, posted[turn : turn + half])

        ours: dict[str, Measure] = {
            "posting": lambda: transactions_per_second(ledger, "-f", script),
            "posting_psycopg": lambda: from_psycopg(ledger),
            "release": took.on(call, lambda _rate: each),
            "accept_http": took_http.on(accept, lambda _rate: half),
        }
        try:
            ours["hordak"] = stack.enter_context(hordak.posting())
        except Missing as missing:
            without = str(missing)
        results = take_turns(
            tpcb.on(lambda: transactions_per_second(plain), lambda rate: rate * SECONDS),
            ours,
            rounds=rounds,
            reference=f"pgbench TPC-B, scale {SCALE}",
            unit="transactions/s",
            clients=CLIENTS,
        )
        for result in results:
            if result.name.startswith("posting"):
                result.details["off_by_fen"] = books.wrong(ledger)
            elif result.name != "hordak":
                meter = took if result.name == "release" else took_http
                result.details.update(
                    wrong=release.wrong(market),
                    takes=meter.per_transaction(),
                    reference_takes=tpcb.per_transaction(),
                )
        results += hot.measure(ledger, rounds)
    if without:
        results[0].details["without_hordak"] = without
    return results
