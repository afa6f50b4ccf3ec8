"""`flask ledger explain`: the order's postings as an operator reads them in a terminal."""

import re
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask

from market.kit.ids import encode
from tests import play
from tests.conftest import Player
from tests.sandbox import Sandbox


@pytest.fixture
def order_id(cast: dict[str, Player], sandbox: Sandbox) -> UUID:
    return play.funded(cast["mei"], cast["lin"], sandbox, agency=cast["ada"], price_fen=777_777)


def test_every_leg_is_printed_and_the_books_balance(
    app: Flask, cast: dict[str, Player], order_id: UUID
) -> None:
    play.accept(cast["mei"], play.submit(cast["lin"], order_id))
    number = cast["zhou"].api("GET", f"/orders/{encode('ord', order_id)}").json["number"]
    shown = cast["zhou"].api("GET", f"/orders/{encode('ord', order_id)}/money").json

    told = app.test_cli_runner().invoke(args=["ledger", "explain", number])

    assert told.exit_code == 0, told.output
    postings = shown["postings"] + [posting for row in shown["rows"] for posting in row["postings"]]
    legs = [leg["fen"] for posting in postings for leg in posting["legs"]]
    assert len(legs) == 9, "charge 2, award 3, release 4"
    lines = [line for line in told.output.splitlines() if "→" in line]
    assert sorted(line.split()[0] for line in lines) == sorted(f"{fen // 100}.{fen % 100:02}" for fen in legs)
    assert told.output.endswith("  0.00  what we owe, less what we have\n")


def test_the_last_part_of_the_number_is_enough_and_a_strange_one_is_refused(
    app: Flask, cast: dict[str, Player], order_id: UUID
) -> None:
    number = cast["zhou"].api("GET", f"/orders/{encode('ord', order_id)}").json["number"]
    run = app.test_cli_runner()

    assert run.invoke(args=["ledger", "explain", number.rpartition("-")[2]]).output.startswith(number)
    for strange in ("VT20200101-" + number.rpartition("-")[2], "VT20261123-999999", "fish"):
        refused = run.invoke(args=["ledger", "explain", strange])
        assert refused.exit_code == 1 and f"no order has the number {strange}" in refused.output


def test_it_goes_from_the_card_to_the_bank_with_stripes_own_lines(
    app: Flask, cast: dict[str, Player], order_id: UUID, sandbox: Sandbox
) -> None:
    mei, lin = cast["mei"], cast["lin"]
    play.onboard(lin, sandbox)
    play.accept(mei, play.submit(lin, order_id))
    sandbox.control("clock", advance_s=5 * 24 * 3600)
    play.shift(24 * 5)
    sandbox.settle()
    body = {"amount_fen": 5_000}
    assert lin.api("POST", "/withdrawals", json=body, headers={"Idempotency-Key": "out-1"}).status_code == 201
    sandbox.settle()
    copied = app.test_cli_runner().invoke(args=["reconcile", "run", "--money"])
    assert "entries" in copied.output, copied.output
    number = cast["zhou"].api("GET", f"/orders/{encode('ord', order_id)}").json["number"]

    ran = app.test_cli_runner().invoke(args=["ledger", "explain", number])

    assert ran.exit_code == 0, (ran.output, ran.exception)
    told = ran.output
    assert "charge ch_" in told or "payment py_" in told, told
    assert "PA payee available (creator Lin) → PT payout in transit (creator Lin)" in told
    assert "PT payout in transit (creator Lin) → SC stripe clearing" in told
    assert "transfer tr_" in told and "to the bank by Stripe's po_" in told
    assert "was not copied yet" not in told
    assert shapes(walk_through()) == shapes(told), "docs/money.md shows what the command prints today"


def walk_through() -> str:
    """The example in docs/money.md."""
    page = (Path(__file__).parents[2] / "docs" / "money.md").read_text()
    return page.partition("ledger explain 7` prints this")[2].split("```")[1]


def shapes(told: str) -> set[str]:
    """The lines of legs and of Stripe's entries, without what differs from order to order."""
    lines = [line for line in told.splitlines() if "→" in line or "Stripe's" in line]
    words = (
        ("\\(.*?\\)", "()"),
        ("(txn|ch|py|tr|po)_\\w+", "id"),
        ("payment|charge", "paid"),
        ("[0-9.]+", "0"),
        (": (paid|transferred)$", ""),
    )
    for pattern, word in words:
        lines = [re.sub(pattern, word, line) for line in lines]
    return {" ".join(line.split()) for line in lines}
