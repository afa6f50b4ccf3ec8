"""The posting function, three legs of a release with a fresh key, against pgbench's TPC-B on the same server."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

import psycopg

from bench import books
from bench.rounds import Result, take_turns
from bench.server import CLIENTS, SECONDS, database, fill_tpcb, transactions_per_second

SCALE = 50


def from_psycopg(conninfo: str) -> float:
    """The same posting by as many threads, each with a connection of its own; transactions per second."""
    end = time.monotonic() + SECONDS

    def post(n: int) -> int:
        dice, done = random.Random(), 0
        with psycopg.connect(conninfo, autocommit=True, prepare_threshold=0) as connection:
            while time.monotonic() < end:
                milestone, creator, agency = (
                    UUID(int=number)
                    for number in (
                        dice.randint(1, books.MILESTONES),
                        dice.randint(1, books.CREATORS),
                        dice.randint(1_000_001, 1_000_000 + books.AGENCIES),
                    )
                )
                connection.execute(
                    POST, [f"release:{uuid4()}", uuid4(), [milestone] * 3, [creator, agency, UUID(int=0)]]
                )
                done += 1
        return done

    with ThreadPoolExecutor(CLIENTS) as threads:
        begin = time.monotonic()
        return sum(threads.map(post, range(CLIENTS))) / (time.monotonic() - begin)


POST = """SELECT ledger_post('release', %s, 'CNY', 'milestone', %s, ARRAY['EM', 'EM', 'EM'], %s::uuid[],
    ARRAY['PP', 'PP', 'FEE'], %s::uuid[], ARRAY[9000, 500, 500]::bigint[])"""


def run(rounds: int) -> list[Result]:
    with database("tpcb") as plain, database("ledger") as ledger, TemporaryDirectory() as folder:
        fill_tpcb(plain, SCALE)
        books.build(ledger)
        script = books.script_file(folder, books.RELEASE)
        (result,) = take_turns(
            lambda: transactions_per_second(plain),
            {"posting": lambda: transactions_per_second(ledger, "-f", script)},
            rounds=rounds,
            reference=f"pgbench TPC-B, scale {SCALE}",
            unit="transactions/s",
            clients=CLIENTS,
            legs=3,
            milestones=books.MILESTONES,
        )
        result.details["off_by_fen"] = books.wrong(ledger)
        return [result]
