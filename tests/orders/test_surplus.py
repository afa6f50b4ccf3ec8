"""Money an order has no use for is the merchant's again, once, and the order does end."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text

from market.accounts.actor import SYSTEM
from market.kit.clock import now
from market.kit.db import db, transaction
from market.kit.ids import decode, encode
from market.messages.models import Notice
from market.orders import checks, endings, exits, freezes, funding, queries, service
from market.orders.endings import Cause
from market.orders.freezes import FreezeSource
from market.orders.states import OrderState
from market.payments import receipts, refunds, wallet
from market.payments.checkouts import find as checkout_of
from market.payments.refunds import Reason
from market.payments.views import ChargeView, SessionView
from market.subsidies import service as subsidies
from market.subsidies.models import SubsidyKind
from tests import play
from tests.conftest import Player, drain_all
from tests.sandbox import Sandbox

PRICE, HALF = 1_000_000, 50_000


def is_sound(app: Flask, sandbox: Sandbox) -> None:
    play.ledger_is_sound(app)
    with app.app_context():
        assert checks.check() == []
    sandbox.check()


def state_of(app: Flask, order_id: UUID) -> OrderState:
    with app.app_context():
        return queries.find(order_id).state


def half_paid(app: Flask, mei: Player, lin: Player, sandbox: Sandbox, fen: int = HALF) -> UUID:
    """An order with less than its first stage in escrow, out of the wallet."""
    page = mei.api("POST", "/wallet/top-ups", json={"amount_fen": fen}, headers={"Idempotency-Key": "top-up"})
    sandbox.pay(play.session_of(app, page.json))
    sandbox.settle()
    order_id = play.award(mei, lin)
    with app.app_context(), transaction():
        wallet.spend(order_id, mei.party_id, fen, mei.actor)
    return order_id


def late(app: Flask, checkout: Any, fen: int, charge: str = "ch_late") -> None:
    """The payment of a page we had given up, in the words of its session."""
    with app.app_context(), transaction():
        found = checkout_of(decode("chk", checkout["id"]))
        receipts.apply(
            SessionView(
                id=str(found.session_id),
                reference=str(found.id),
                status="complete",
                url="",
                expires_at=now(),
                intent_status="succeeded",
                charge=ChargeView(charge, fen, "CNY", 0, fen, "CNY", "card"),
            )
        )


def given_up(mei: Player, sandbox: Sandbox, order_id: UUID) -> Any:
    """A page that has expired."""
    page = play.open_checkout(mei, order_id)
    sandbox.control("clock", advance_s=86_401)
    sandbox.settle()
    assert mei.api("GET", f"/checkouts/{page['id']}").json["state"] == "expired"
    return page


def notices(app: Flask, mei: Player) -> list[int]:
    with app.app_context():
        rows = db.session.query(Notice).filter_by(party_id=mei.party_id, name="order.surplus_returned")
        return sorted(each.data["amount_fen"] for each in rows)


def surpluses(app: Flask) -> int:
    with app.app_context():
        return int(
            db.session.scalar(text("SELECT count(*) FROM ledger_postings WHERE kind = 'surplus'")) or 0
        )


def test_a_half_paid_order_lapses_and_its_money_is_back_in_the_wallet(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    order_id = half_paid(app, mei, lin, sandbox)
    play.shift(73)

    sandbox.settle()

    assert state_of(app, order_id) is OrderState.LAPSED
    assert (play.balance(app, "EU", order_id), play.balance(app, "MW", mei.party_id)) == (0, HALF)
    assert notices(app, mei) == [HALF]
    money = mei.api("GET", f"/orders/{encode('ord', order_id)}/money").json
    assert (money["paid_fen"], money["unused_fen"]) == (HALF, HALF)
    assert "surplus" in [each["kind"] for each in money["postings"]]
    lines = mei.api("GET", "/funds/entries").json["data"]
    assert [line["change_fen"] for line in lines][:1] == [-HALF]
    assert "¥500.00" in mei.browser().get(f"/orders/{encode('ord', order_id)}/money").text
    is_sound(app, sandbox)


@pytest.mark.parametrize("to_wallet", [True, False])
def test_a_half_paid_order_that_is_cancelled_pays_back_the_way_the_merchant_chose(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox, to_wallet: bool
) -> None:
    order_id = play.award(mei, lin)
    late(app, given_up(mei, sandbox, order_id), HALF)
    sandbox.settle()
    assert state_of(app, order_id) is OrderState.AWAITING_FUNDS
    assert "¥500.00" in mei.browser().get(f"/orders/{encode('ord', order_id)}").text

    answer = mei.api("POST", f"/orders/{encode('ord', order_id)}/cancellation", json={"to_wallet": to_wallet})

    assert answer.json == {"cancelled": True}
    assert state_of(app, order_id) is OrderState.CANCELLED
    with app.app_context():
        asked = [(r.reason, r.amount_fen) for r in refunds.of_subject(order_id)]
    assert asked == ([] if to_wallet else [(Reason.SURPLUS, HALF)])
    assert play.balance(app, "MW", mei.party_id) == (HALF if to_wallet else 0)
    assert play.balance(app, "EU", order_id) == 0
    is_sound(app, sandbox)


def test_what_is_paid_twice_is_back_at_once_and_the_order_goes_on(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    order_id = play.award(mei, lin)
    page = given_up(mei, sandbox, order_id)
    play.fund(mei, sandbox, order_id)

    late(app, page, PRICE)
    sandbox.settle()

    assert state_of(app, order_id) is OrderState.SCRIPTING
    assert play.balance(app, "MW", mei.party_id) == PRICE and notices(app, mei) == [PRICE]
    is_sound(app, sandbox)


def test_money_after_the_end_goes_to_the_wallet_each_payment_once(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    order_id = half_paid(app, mei, lin, sandbox)
    page = given_up(mei, sandbox, order_id)
    play.shift(73)
    sandbox.settle()
    assert state_of(app, order_id) is OrderState.LAPSED

    for _ in range(3):
        late(app, page, PRICE - HALF)
        sandbox.settle()
        with app.app_context(), transaction():
            service.fund(order_id)

    assert play.balance(app, "MW", mei.party_id) == PRICE
    assert notices(app, mei) == [HALF, PRICE - HALF] and surpluses(app) == 2
    is_sound(app, sandbox)


def test_a_frozen_order_keeps_it_until_it_is_thawed(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    order_id = half_paid(app, mei, lin, sandbox)
    with app.app_context(), transaction():
        freezes.freeze(order_id, FreezeSource.OPERATOR, "?", by=SYSTEM)
    play.shift(73)
    sandbox.settle()
    assert state_of(app, order_id) is OrderState.LAPSED and play.balance(app, "EU", order_id) == HALF

    with app.app_context(), transaction():
        freezes.lift(order_id, FreezeSource.OPERATOR, by=SYSTEM)
    sandbox.settle()

    assert play.balance(app, "MW", mei.party_id) == HALF
    is_sound(app, sandbox)


def test_an_early_end_returns_the_next_stages_half_as_the_exit_said(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    page = mei.api(
        "POST", "/wallet/top-ups", json={"amount_fen": PRICE}, headers={"Idempotency-Key": "top-up"}
    )
    sandbox.pay(play.session_of(app, page.json))
    sandbox.settle()
    order_id = play.award(mei, lin)
    with app.app_context(), transaction():
        order = queries.find(order_id, lock=True)
        funding.pay_from_wallet(order, mei.actor, whole=False)
        wallet.spend(order_id, mei.party_id, HALF, mei.actor)
        seen = exits.quote(order)
        exits.ask(order, mei.actor, token=seen.token, reason="?", to_wallet=True)
    with app.app_context(), transaction():
        order = queries.find(order_id, lock=True)
        found = exits.open_of(order_id)
        assert found is not None
        exits.agree(order, found, lin.actor, round_=found.round)
    sandbox.settle()

    assert state_of(app, order_id) is OrderState.SETTLED
    assert play.balance(app, "EU", order_id) == 0 and surpluses(app) == 1
    is_sound(app, sandbox)


def test_the_subsidy_has_its_part_of_a_half_and_none_of_what_was_paid_twice(
    app: Flask, mei: Player, lin: Player, zhou: Player, sandbox: Sandbox
) -> None:
    with app.app_context(), transaction():
        given = {"name": "s", "kind": SubsidyKind.COUPON, "campaign_code": None, "fixed_fen": 100_000}
        times = {"starts_at": now() - timedelta(days=1), "ends_at": now() + timedelta(days=30)}
        subsidies.make({**given, **times, "cap_fen": 100_000, "budget_fen": 1_000_000}, zhou.actor)
    order_id = play.award(mei, lin)
    page = given_up(mei, sandbox, order_id)
    play.fund(mei, sandbox, order_id)
    late(app, page, PRICE)
    sandbox.settle()
    assert play.balance(app, "MW", mei.party_id) == PRICE and play.balance(app, "PRO") == 100_000

    with app.app_context(), transaction():
        order = queries.find(order_id, lock=True)
        everything = dict.fromkeys([m.id for m in order.milestones], 0)
        exits.end_stages(order, everything, cause=Cause.EXIT, reason=Reason.EXIT, to_wallet=True, by=SYSTEM)
        endings.go_on(order, SYSTEM)

    assert play.balance(app, "PRO") == 0
    assert play.balance(app, "MW", mei.party_id) == PRICE + PRICE - 100_000
    is_sound(app, sandbox)


@pytest.mark.parametrize("seed", range(6))
def test_lapse_and_late_money_at_once_leave_it_paid_or_in_the_wallet(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox, seed: int
) -> None:
    order_id = half_paid(app, mei, lin, sandbox)
    page = given_up(mei, sandbox, order_id)
    play.shift(73)

    def work() -> None:
        with app.app_context():
            drain_all()

    def cancel() -> None:
        mei.api("POST", f"/orders/{encode('ord', order_id)}/cancellation")

    acts = [work, work, cancel, lambda: late(app, page, PRICE - HALF), work]
    random.Random(seed).shuffle(acts)
    with ThreadPoolExecutor(len(acts)) as crowd:
        list(crowd.map(lambda act: act(), acts))
    sandbox.settle()

    state, purse = state_of(app, order_id), play.balance(app, "MW", mei.party_id)
    if state is OrderState.SCRIPTING:
        assert purse == 0
    else:
        assert state in (OrderState.LAPSED, OrderState.CANCELLED)
        assert purse == PRICE and sum(notices(app, mei)) == PRICE
    is_sound(app, sandbox)
