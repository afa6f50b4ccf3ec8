"""An insert-only (hot) account that all clients pay into, against one with a balance row they queue for."""

from tempfile import TemporaryDirectory

from bench import books
from bench.rounds import Result, take_turns
from bench.server import CLIENTS, database, transactions_per_second


def run(rounds: int) -> list[Result]:
    with database("ledger") as ledger:
        books.build(ledger)
        return measure(ledger, rounds)


def measure(ledger: str, rounds: int) -> list[Result]:
    """In books that are built."""
    with TemporaryDirectory() as for_hot, TemporaryDirectory() as for_cold:
        hot = books.script_file(for_hot, books.INTO_HOT)
        cold = books.script_file(for_cold, books.INTO_COLD)
        (result,) = take_turns(
            lambda: transactions_per_second(ledger, "-f", cold),
            {"hot": lambda: transactions_per_second(ledger, "-f", hot)},
            rounds=rounds,
            reference="the same posting into one account with a balance row",
            unit="transactions/s",
            clients=CLIENTS,
        )
        result.details["off_by_fen"] = books.wrong(ledger)
        return [result]
