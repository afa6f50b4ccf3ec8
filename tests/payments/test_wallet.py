"""The merchant's wallet: filled by way of Stripe, spent on orders, never below zero."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from market.kit.db import db, transaction
from market.kit.ids import encode
from market.orders import queries
from market.orders.states import MilestoneState, OrderState
from tests import play
from tests.briefs import problem
from tests.conftest import Player
from tests.sandbox import Sandbox

PRICE = 1_000_000


def top_up(mei: Player, sandbox: Sandbox, fen: int) -> None:
    page = ask(mei, fen)
    assert page.status_code == 201, page.text
    sandbox.pay(play.session_of(mei.app, page.json))
    sandbox.settle()


def ask(mei: Player, fen: int, key: str | None = None) -> Any:
    return mei.api(
        "POST",
        "/wallet/top-ups",
        json={"amount_fen": fen},
        headers={"Idempotency-Key": key or secrets.token_hex(8)},
    )


def pay(mei: Player, order_id: UUID, key: str | None = None, **body: Any) -> Any:
    return mei.api(
        "POST",
        f"/orders/{encode('ord', order_id)}/wallet-payments",
        json=body,
        headers={"Idempotency-Key": key or secrets.token_hex(8)},
    )


def state_of(app: Flask, order_id: UUID) -> OrderState:
    with app.app_context():
        return queries.find(order_id).state


def test_a_top_up_arrives_once_by_whichever_way_it_is_heard_of(
    app: Flask, mei: Player, sandbox: Sandbox
) -> None:
    from market.kit.ids import decode
    from market.payments import polls

    page = ask(mei, 500_000).json
    sandbox.pay(play.session_of(app, page))
    events = [e for e in sandbox.new_events() if e["type"] == "checkout.session.completed"]
    browser = mei.browser()

    def webhook() -> None:
        sandbox.post(events[0])
        with app.app_context():
            from market.payments import inbox

            while inbox.handle_next():
                pass

    def back() -> None:
        browser.get(f"/checkouts/{page['id']}?back=1")

    def poll() -> None:
        with app.app_context():
            polls.look_at_checkout(decode("chk", page["id"]))

    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(act) for act in (webhook, back, poll) * 2]:
            done.result()
    sandbox.settle()

    assert play.balance(app, "MW", mei.party_id) == 500_000
    wallet = mei.api("GET", "/wallet").json
    assert wallet["balance_fen"] == 500_000
    assert [line["change_fen"] for line in mei.api("GET", "/wallet/entries").json["data"]] == [500_000]
    play.ledger_is_sound(app)


def test_the_wallet_pays_an_order_at_once(app: Flask, mei: Player, lin: Player, sandbox: Sandbox) -> None:
    top_up(mei, sandbox, PRICE + 5)
    order_id = play.award(mei, lin)

    first = pay(mei, order_id, "one", amount_fen=PRICE)
    twice = pay(mei, order_id, "one", amount_fen=PRICE)
    other = pay(mei, order_id, "two")

    assert first.status_code == twice.status_code == 201 and twice.json == first.json
    assert problem(other)[:2] == (409, "not-awaiting-funds")
    assert state_of(app, order_id) is OrderState.SCRIPTING
    assert play.balance(app, "MW", mei.party_id) == 5
    changes = [line["change_fen"] for line in mei.api("GET", "/wallet/entries").json["data"]]
    assert changes == [-PRICE, PRICE + 5]
    play.ledger_is_sound(app)


def test_an_exhausted_wallet_pays_nothing(app: Flask, mei: Player, lin: Player, sandbox: Sandbox) -> None:
    top_up(mei, sandbox, PRICE - 1)
    order_id = play.award(mei, lin)

    refused = pay(mei, order_id)

    assert problem(refused)[:2] == (409, "wallet-too-low") and "0.01" in refused.json["detail"]
    assert play.balance(app, "MW", mei.party_id) == PRICE - 1
    assert state_of(app, order_id) is OrderState.AWAITING_FUNDS


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"amount_fen": 0}, "invalid"),
        ({"amount_fen": -100}, "invalid"),
        ({"amount_fen": 50_000_001}, "top-up-limits"),
        ({"amount_fen": 10**15}, "invalid"),
        ({"amount_fen": 100.5}, "invalid"),
        ({"amount_fen": 100, "currency": "usd"}, "invalid"),
        ({}, "invalid"),
    ],
)
def test_a_top_up_that_makes_no_sense_is_refused(
    app: Flask, mei: Player, sandbox: Sandbox, body: dict[str, Any], kind: str
) -> None:
    answer = mei.api("POST", "/wallet/top-ups", json=body, headers={"Idempotency-Key": "k"})

    assert problem(answer)[:2] == (422, kind)
    with app.app_context():
        from market.payments.models import Checkout

        assert db.session.query(Checkout).count() == 0


def test_ten_orders_racing_for_a_wallet_worth_three(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    top_up(mei, sandbox, 3 * PRICE + 1)
    orders = [play.award(mei, lin) for _ in range(10)]

    with ThreadPoolExecutor(10) as pool:
        answers = [done.result() for done in [pool.submit(pay, mei, order) for order in orders]]

    assert sorted(a.status_code for a in answers) == [201] * 3 + [409] * 7
    assert play.balance(app, "MW", mei.party_id) == 1
    assert sum(state_of(app, order) is OrderState.SCRIPTING for order in orders) == 3
    play.ledger_is_sound(app)


def test_partly_wallet_partly_card_moves_both_or_nothing(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    top_up(mei, sandbox, 400_000)
    order_id = play.award(mei, lin)
    path = f"/orders/{encode('ord', order_id)}/checkouts"

    wrong = mei.api(
        "POST", path, json={"wallet": True, "amount_fen": PRICE}, headers={"Idempotency-Key": "a"}
    )
    page = mei.api(
        "POST", path, json={"wallet": True, "amount_fen": 600_000}, headers={"Idempotency-Key": "b"}
    )

    assert problem(wrong)[:2] == (409, "plan-changed")
    assert page.json["amount_fen"] == 600_000
    assert play.balance(app, "MW", mei.party_id) == 400_000
    sandbox.pay(play.session_of(app, page.json))
    sandbox.settle()
    assert play.balance(app, "MW", mei.party_id) == 0
    assert state_of(app, order_id) is OrderState.SCRIPTING
    play.ledger_is_sound(app)


def test_a_wallet_spent_elsewhere_in_the_meantime_leaves_the_rest_to_pay(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    top_up(mei, sandbox, 400_000)
    order_id, other = play.award(mei, lin), play.award(mei, lin, price_fen=300_000)
    path = f"/orders/{encode('ord', order_id)}"
    page = mei.api("POST", path + "/checkouts", json={"wallet": True}, headers={"Idempotency-Key": "b"}).json
    assert pay(mei, other).status_code == 201

    sandbox.pay(play.session_of(app, page))
    sandbox.settle()

    assert state_of(app, order_id) is OrderState.SCRIPTING  # the stages are covered one after the other
    plan = mei.api("GET", path + "/payment-plan").json
    assert plan["rest_fen"] == 300_000 and plan["stages"] == ["published"]
    play.ledger_is_sound(app)


def test_an_order_is_funded_stage_by_stage_and_waits_for_the_next(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    top_up(mei, sandbox, PRICE)
    order_id = play.award(mei, lin)
    assert pay(mei, order_id, stages="next", amount_fen=100_000).status_code == 201
    assert play.balance(app, "MW", mei.party_id) == 900_000

    play.accept(mei, play.submit(lin, order_id))

    with app.app_context():
        order = queries.find(order_id)
        assert order.waiting_stage is order.milestones[1] and order.current is None
        due = order.milestones[1].due_at
    room = f"/orders/{encode('ord', order_id)}"
    assert "请托管第 2 阶段" in mei.browser().get(room).text
    waiting = lin.browser().get(room).text
    assert "等待商家托管第 2 阶段" in waiting and 'name="kind"' not in waiting
    play.shift(30)
    sandbox.settle()  # the reminder
    assert pay(mei, order_id, stages="next", amount_fen=400_000).status_code == 201
    with app.app_context():
        order = queries.find(order_id)
        assert order.current is order.milestones[1]
        assert (order.milestones[1].due_at - due).total_seconds() >= 30 * 3600
    play.accept(mei, play.submit(lin, order_id, "video"))
    assert pay(mei, order_id).status_code == 201
    with app.app_context():
        assert [m.state for m in queries.find(order_id).milestones][1] is MilestoneState.RELEASED
    assert play.balance(app, "MW", mei.party_id) == 0
    sandbox.settle()
    assert state_of(app, order_id) is OrderState.COMPLETED
    play.ledger_is_sound(app)


def test_small_orders_are_funded_at_once(app: Flask, mei: Player, lin: Player, sandbox: Sandbox) -> None:
    top_up(mei, sandbox, 99_999)
    order_id = play.award(mei, lin, price_fen=99_999)

    assert problem(pay(mei, order_id, stages="next"))[:2] == (409, "stages-together")
    assert pay(mei, order_id).status_code == 201


def test_an_open_page_is_ended_before_the_wallet_pays(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    top_up(mei, sandbox, PRICE)
    order_id = play.award(mei, lin)
    page = play.open_checkout(mei, order_id)

    assert pay(mei, order_id).status_code == 201

    assert mei.api("GET", f"/checkouts/{page['id']}").json["state"] == "expired"
    play.ledger_is_sound(app)


def test_who_paid_on_the_open_page_is_not_charged_again(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    top_up(mei, sandbox, PRICE)
    order_id = play.award(mei, lin)
    page = play.open_checkout(mei, order_id)
    sandbox.pay(play.session_of(app, page))

    refused = pay(mei, order_id)

    assert refused.status_code == 409
    sandbox.settle()
    assert play.balance(app, "MW", mei.party_id) == PRICE
    assert state_of(app, order_id) is OrderState.SCRIPTING
    play.ledger_is_sound(app)


def test_the_wallet_is_its_owners(cast: dict[str, Player], sandbox: Sandbox) -> None:
    for name in ("lin", "ada", "wen", "zhou"):
        assert cast[name].api("GET", "/wallet").status_code == 403
        assert ask(cast[name], 1000).status_code == 403


def test_a_wallet_transaction_is_one(app: Flask, mei: Player, lin: Player, sandbox: Sandbox) -> None:
    """What fails after the money moved takes the movement back with it."""
    from market.orders import funding

    top_up(mei, sandbox, PRICE)
    order_id = play.award(mei, lin)
    with app.app_context(), pytest.raises(ZeroDivisionError), transaction():
        funding.pay_from_wallet(queries.find(order_id, lock=True), mei.actor)
        raise ZeroDivisionError

    assert play.balance(app, "MW", mei.party_id) == PRICE
    assert state_of(app, order_id) is OrderState.AWAITING_FUNDS
