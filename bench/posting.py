"""The posting function, three legs of a release with a fresh key, against pgbench's TPC-B on the same server."""

from tempfile import TemporaryDirectory

from bench import books
from bench.rounds import Result, take_turns
from bench.server import CLIENTS, database, fill_tpcb, transactions_per_second

SCALE = 50


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
