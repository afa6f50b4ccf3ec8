"""A frozen order's money stands still, the payees' other money does not, and afterwards everything goes on."""

from uuid import UUID

import pytest
from flask import Flask

from market.accounts.actor import SYSTEM
from market.kit.db import db, transaction
from market.kit.ids import encode
from market.orders import freezes, queries, service
from market.orders.freezes import FreezeSource
from market.orders.states import OrderState, Stage
from market.payments import earnings
from tests import play
from tests.conftest import Player
from tests.sandbox import Sandbox

PRICE = 1_000_000


@pytest.fixture
def order_id(cast: dict[str, Player], sandbox: Sandbox) -> UUID:
    return play.funded(cast["mei"], cast["lin"], sandbox, price_fen=PRICE)


def freeze(app: Flask, order_id: UUID, source: FreezeSource = FreezeSource.OPERATOR, key: str = "") -> None:
    with app.app_context(), transaction():
        freezes.freeze(order_id, source, "核对", by=SYSTEM, key=key)


def lift(app: Flask, order_id: UUID, source: FreezeSource = FreezeSource.OPERATOR, key: str = "") -> bool:
    with app.app_context(), transaction():
        return freezes.lift(order_id, source, by=SYSTEM, key=key)


def test_work_goes_on_but_is_not_paid_until_the_last_freeze_is_lifted(
    app: Flask, cast: dict[str, Player], order_id: UUID, sandbox: Sandbox
) -> None:
    mei, lin = cast["mei"], cast["lin"]
    freeze(app, order_id)
    freeze(app, order_id)
    freeze(app, order_id, FreezeSource.CHARGEBACK, "dp_1")

    submission = play.submit(lin, order_id)
    where, key = f"/submissions/{encode('sub', submission)}/acceptance", {"Idempotency-Key": "accept-1"}
    refused = mei.api("POST", where, headers=key)
    assert refused.status_code == 409
    assert refused.json["type"].endswith("order-frozen"), refused.text
    assert play.balance(app, "PP", lin.party_id) == 0

    assert lift(app, order_id, FreezeSource.CHARGEBACK, "dp_1")
    assert not lift(app, order_id, FreezeSource.CHARGEBACK, "dp_1")
    assert mei.api("POST", where, headers=key).status_code == 409
    assert lift(app, order_id)
    play.accept(mei, submission)
    assert play.balance(app, "PP", lin.party_id) > 0
    play.ledger_is_sound(app)


def test_silence_is_paid_after_the_freeze(
    app: Flask, cast: dict[str, Player], order_id: UUID, sandbox: Sandbox
) -> None:
    play.submit(cast["lin"], order_id)
    freeze(app, order_id)

    play.shift(24 * 30)
    sandbox.settle()
    with app.app_context():
        assert queries.find(order_id).state is OrderState.SCRIPTING
    lift(app, order_id)
    play.shift(2)
    sandbox.settle()

    with app.app_context():
        assert queries.find(order_id).state is OrderState.DRAFTING


def test_a_landing_is_kept_and_paid_when_the_freeze_is_lifted(
    app: Flask, cast: dict[str, Player], order_id: UUID, sandbox: Sandbox
) -> None:
    mei, lin = cast["mei"], cast["lin"]
    play.accept(mei, play.submit(lin, order_id))
    play.accept(mei, play.submit(lin, order_id, "video"))
    freeze(app, order_id)
    with app.app_context(), transaction():
        assert service.land(queries.find(order_id, lock=True), {"url": "/v/1"})
    with app.app_context():
        assert queries.find(order_id).state is OrderState.PUBLISHING

    lift(app, order_id)
    sandbox.settle()

    with app.app_context():
        order = queries.find(order_id)
        assert order.state is OrderState.COMPLETED
        assert order.milestone(Stage.PUBLISHED).released_at is not None
    play.ledger_is_sound(app)


def test_what_was_earned_by_it_neither_matures_nor_leaves(
    app: Flask, cast: dict[str, Player], order_id: UUID, sandbox: Sandbox
) -> None:
    mei, lin = cast["mei"], cast["lin"]
    other = play.funded(mei, lin, sandbox, price_fen=PRICE)
    play.onboard(lin, sandbox)
    for each in (order_id, other):
        play.accept(mei, play.submit(lin, each))
    play.shift(24 * 8)
    sandbox.settle()
    play.accept(mei, play.submit(lin, order_id, "video"))
    whole = play.balance(app, "PA", lin.party_id)
    freeze(app, order_id)
    play.shift(24 * 8)
    sandbox.settle()

    assert play.balance(app, "PA", lin.party_id) == whole, "what cools down goes on cooling"
    assert play.balance(app, "PP", lin.party_id) > 0
    income = lin.api("GET", "/income").json
    assert income["available_fen"] + income["frozen_fen"] == whole
    with app.app_context():
        free = earnings.withdrawable(lin.party_id)
        assert 0 < free < whole

    def withdraw(fen: int, key: str) -> int:
        answer = lin.api("POST", "/withdrawals", json={"amount_fen": fen}, headers={"Idempotency-Key": key})
        if answer.status_code != 201:
            assert answer.json["type"].endswith("held-back"), answer.text
        return int(answer.status_code)

    assert withdraw(free + 1, "too-much-1") == 409
    assert withdraw(free, "the-rest-1") == 201
    lift(app, order_id)
    sandbox.settle()
    play.shift(24 * 8)  # the landing that waited for the thaw cools down too
    sandbox.settle()
    assert play.balance(app, "PP", lin.party_id) == 0
    assert withdraw(whole - free, "and-then-1") == 201
    sandbox.settle()
    play.ledger_is_sound(app)


def test_freezes_are_one_row_however_many_ask_at_once(app: Flask, order_id: UUID) -> None:
    from threading import Thread

    threads = [Thread(target=freeze, args=(app, order_id)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with app.app_context():
        assert len(freezes.active(order_id)) == 1
        db.session.remove()
