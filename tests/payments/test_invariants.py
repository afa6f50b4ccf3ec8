"""I7 and its eleven brothers: each is registered under its number, holds in a lived-in world, and finds who tampers."""

import secrets
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text

from market.kit.db import db
from market.kit.ids import encode
from market.kit.roles import as_owner
from market.ledger.checks import NUMBERS, TWELVE, check_all, rules
from market.orders import queries
from tests import play
from tests.conftest import Player
from tests.sandbox import Sandbox


@pytest.fixture
def lived_in(app: Flask, mei: Player, lin: Player, zhou: Player, sandbox: Sandbox) -> UUID:
    """A paid order, a part of it released, at the bank, and a part of that refunded to the payer's card."""
    order_id = play.funded(mei, lin, sandbox)
    play.accept(mei, play.submit(lin, order_id))
    play.onboard(lin, sandbox)
    play.shift(73)
    sandbox.settle()
    out = lin.api("POST", "/withdrawals", json={"amount_fen": 50_000}, headers={"Idempotency-Key": "w"})
    assert out.status_code == 201, out.text
    with app.app_context():
        script = encode("mil", queries.find(order_id).milestones[0].id)
    back = zhou.api(
        "POST",
        f"/orders/{encode('ord', order_id)}/milestones/{script}/refunds",
        json={"amount_fen": 20_000, "reason": "双方同意退一部分"},
        headers={"Idempotency-Key": secrets.token_hex(8)},
    )
    assert back.status_code == 201, back.text
    sandbox.settle()
    return order_id


def broken(app: Flask) -> set[str]:
    with app.app_context():
        found = {each.rule for each in check_all()}
        db.session.remove()
    return found


def test_all_twelve_are_registered_by_number_and_printed(app: Flask) -> None:
    assert set(NUMBERS.values()) == set(TWELVE)
    assert set(NUMBERS) <= set(rules())

    said = app.test_cli_runner().invoke(args=["ledger", "check"])

    assert said.exit_code == 0, said.output
    for number in TWELVE:
        assert f"ok      {number:4} " in said.output


OBJECT, CALL, POSTING = "payments: object", "payments: call", "payments: posting"
PAID = "UPDATE stripe_calls SET {} WHERE purpose = '{}'"
TAMPERING = {
    "a transfer's call forgotten": ("DELETE FROM stripe_calls WHERE purpose = 'transfer'", {OBJECT, POSTING}),
    "a payment page's call forgotten": ("DELETE FROM stripe_calls WHERE purpose = 'checkout'", {OBJECT}),
    "an account's call forgotten": ("DELETE FROM stripe_calls WHERE purpose = 'account'", {OBJECT}),
    "a refund's call names another": (PAID.format("object_id = 're_other'", "refund"), {OBJECT, CALL}),
    "a transfer's call names another": (
        PAID.format("object_id = 'tr_other'", "transfer"),
        {OBJECT, CALL, POSTING},
    ),
    "one transfer by two calls": (
        "INSERT INTO stripe_calls (purpose, subject_id, attempt, target, account, params, state, tries, due_at,"
        " object_id, error) SELECT purpose, subject_id, 2, target, account, params, state, tries, due_at, object_id, ''"
        " FROM stripe_calls WHERE purpose = 'transfer'",
        {OBJECT, POSTING},
    ),
    "a withdrawal that names another transfer": (
        "UPDATE withdrawals SET transfer_id = 'tr_other'",
        {OBJECT, CALL},
    ),
    "a withdrawal that forgot its payout": ("UPDATE withdrawals SET payout_id = NULL", {CALL}),
    "a refund that names another": ("UPDATE refunds SET stripe_id = 're_other'", {OBJECT, CALL, POSTING}),
    "a payment that names another charge": ("UPDATE checkouts SET charge_id = 'ch_other'", {CALL, POSTING}),
}


@pytest.mark.parametrize("how", TAMPERING)
def test_an_object_without_its_call_or_its_posting_is_found(app: Flask, lived_in: UUID, how: str) -> None:
    assert broken(app) == set()
    sql, expected = TAMPERING[how]

    with app.app_context(), as_owner() as owner:
        assert owner.execute(text(sql)).rowcount >= 1

    assert broken(app) == expected


def test_a_share_that_is_not_by_the_frozen_rates_is_found(app: Flask, lived_in: UUID) -> None:
    with app.app_context(), as_owner() as owner:
        owner.execute(
            text(
                "UPDATE milestones SET fee_fen = fee_fen - 1, creator_fen = creator_fen + 1"
                " WHERE creator_fen IS NOT NULL"
            )
        )

    assert broken(app) == {"orders: shares"}
