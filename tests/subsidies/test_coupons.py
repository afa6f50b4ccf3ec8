"""What the platform adds to a payment: exact, never above its budget, never paid out to the merchant."""

import re
import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from market.kit.clock import now
from market.kit.db import db, transaction
from market.kit.ids import encode
from market.orders import queries
from market.orders.states import OrderState
from market.subsidies import service
from market.subsidies.models import Grant, Subsidy, SubsidyKind
from tests import play
from tests.briefs import problem
from tests.conftest import Player
from tests.sandbox import Sandbox

PRICE = 1_000_000


def subsidy(zhou: Player, **over: Any) -> UUID:
    given_ = {
        "name": "双11 首单补贴",
        "kind": SubsidyKind.COUPON,
        "campaign_code": None,
        "fixed_fen": 100_000,
        "cap_fen": 100_000,
        "budget_fen": 1_000_000,
        "starts_at": now() - timedelta(days=1),
        "ends_at": now() + timedelta(days=30),
    } | over
    with zhou.app.app_context(), transaction():
        return service.make(given_, zhou.actor).id


def top_up(mei: Player, sandbox: Sandbox, fen: int) -> None:
    page = mei.api(
        "POST", "/wallet/top-ups", json={"amount_fen": fen}, headers={"Idempotency-Key": secrets.token_hex(8)}
    )
    sandbox.pay(play.session_of(mei.app, page.json))
    sandbox.settle()


def pay(mei: Player, order_id: UUID, **body: Any) -> Any:
    return mei.api(
        "POST",
        f"/orders/{encode('ord', order_id)}/wallet-payments",
        json=body,
        headers={"Idempotency-Key": secrets.token_hex(8)},
    )


def taken(app: Flask, subsidy_id: UUID) -> int:
    with app.app_context():
        return db.session.get_one(Subsidy, subsidy_id).taken_fen


def state_of(app: Flask, order_id: UUID) -> OrderState:
    with app.app_context():
        return queries.find(order_id).state


def test_a_coupon_is_laid_beside_the_payment(
    app: Flask, mei: Player, lin: Player, zhou: Player, sandbox: Sandbox
) -> None:
    of = subsidy(zhou)
    order_id = play.award(mei, lin)
    plan = mei.api("GET", f"/orders/{encode('ord', order_id)}/payment-plan").json
    assert (plan["subsidy_fen"], plan["rest_fen"]) == (100_000, 900_000)
    assert "平台补贴" in mei.browser().get(f"/orders/{encode('ord', order_id)}").text

    page = play.open_checkout(mei, order_id)

    assert page["amount_fen"] == 900_000 and taken(app, of) == 100_000
    assert play.balance(app, "PRO") == 0
    sandbox.pay(play.session_of(app, page))
    sandbox.settle()
    assert state_of(app, order_id) is OrderState.SCRIPTING
    assert play.balance(app, "PRO") == 100_000
    money = mei.api("GET", f"/orders/{encode('ord', order_id)}/money").json
    assert money["paid_fen"] == PRICE
    assert "promotion" in [posting["kind"] for posting in money["postings"]]
    play.ledger_is_sound(app)


def test_fifty_orders_racing_for_a_budget_worth_ten(
    app: Flask, mei: Player, lin: Player, zhou: Player, sandbox: Sandbox
) -> None:
    top_up(mei, sandbox, 50 * 100_000)
    of = subsidy(zhou, fixed_fen=5_000, cap_fen=5_000, budget_fen=52_000)
    orders = [play.award(mei, lin, price_fen=100_000) for _ in range(50)]

    def pay_until_done(order_id: UUID) -> list[int]:
        statuses = []
        while True:
            answer = pay(mei, order_id)
            statuses.append(answer.status_code)
            if answer.status_code == 201:
                return statuses
            assert problem(answer)[1] == "subsidy-used-up", answer.text

    with ThreadPoolExecutor(10) as pool:
        answers = [done.result() for done in [pool.submit(pay_until_done, order) for order in orders]]

    assert all(statuses[-1] == 201 for statuses in answers)
    with app.app_context():
        assert db.session.query(Grant).filter(Grant.used_fen == 5_000).count() == 10
        assert db.session.query(Grant).filter(Grant.used_fen != 5_000).count() == 0
    assert taken(app, of) == 50_000 and play.balance(app, "PRO") == 50_000
    assert play.balance(app, "MW", mei.party_id) == 50_000
    play.ledger_is_sound(app)


def test_stages_get_their_share_to_the_fen(
    app: Flask, mei: Player, lin: Player, zhou: Player, sandbox: Sandbox
) -> None:
    subsidy(zhou, fixed_fen=33_333, cap_fen=33_333)
    top_up(mei, sandbox, PRICE)
    order_id = play.award(mei, lin)

    parts = []
    for _ in range(3):
        plan = mei.api("GET", f"/orders/{encode('ord', order_id)}/payment-plan?stages=next").json
        parts.append(plan["subsidy_fen"])
        assert pay(mei, order_id, stages="next").status_code == 201

    assert parts == [3333, 13333, 16667] and sum(parts) == 33_333
    assert play.balance(app, "MW", mei.party_id) == 33_333
    play.ledger_is_sound(app)


def test_a_payment_that_came_to_nothing_gives_the_budget_back(
    app: Flask, mei: Player, lin: Player, zhou: Player, sandbox: Sandbox
) -> None:
    of = subsidy(zhou)
    order_id = play.award(mei, lin)
    play.open_checkout(mei, order_id)
    assert taken(app, of) == 100_000

    sandbox.control("clock", advance_s=86_401)
    sandbox.settle()
    assert taken(app, of) == 0
    play.fund(mei, sandbox, order_id)

    assert taken(app, of) == 100_000
    assert state_of(app, order_id) is OrderState.SCRIPTING
    play.ledger_is_sound(app)


def test_a_lapsed_order_gives_the_budget_back(
    app: Flask, mei: Player, lin: Player, zhou: Player, sandbox: Sandbox
) -> None:
    of = subsidy(zhou)
    order_id = play.award(mei, lin)
    play.open_checkout(mei, order_id)
    play.shift(73)
    sandbox.settle()
    play.shift(1)
    sandbox.settle()

    assert state_of(app, order_id) is OrderState.LAPSED
    assert taken(app, of) == 0


@pytest.mark.parametrize(
    ("over", "worth"),
    [
        ({"fixed_fen": 0, "percent_bps": 1_000, "cap_fen": 80_000}, 80_000),
        ({"fixed_fen": 0, "percent_bps": 500, "cap_fen": 80_000}, 50_000),
        ({"campaign_code": "double11-2026"}, 0),
        ({"least_price_fen": PRICE + 1}, 0),
        ({"budget_fen": 99_999}, 0),
        ({"starts_at": "later"}, 0),
        ({"audience": "new"}, 100_000),
    ],
)
def test_who_gets_how_much(
    app: Flask, mei: Player, lin: Player, zhou: Player, sandbox: Sandbox, over: dict[str, Any], worth: int
) -> None:
    if over.get("starts_at") == "later":
        over = {"starts_at": now() + timedelta(days=1)}
    subsidy(zhou, **over)
    order_id = play.award(mei, lin)

    plan = mei.api("GET", f"/orders/{encode('ord', order_id)}/payment-plan").json

    assert plan["subsidy_fen"] == worth and plan["rest_fen"] == PRICE - worth


def test_a_lower_fee_is_frozen_at_signing_and_has_a_budget_too(
    app: Flask, mei: Player, lin: Player, zhou: Player, sandbox: Sandbox
) -> None:
    of = subsidy(zhou, kind=SubsidyKind.FEE, fixed_fen=0, percent_bps=200, cap_fen=50_000, budget_fen=20_000)
    first, second = play.award(mei, lin), play.award(mei, lin)

    with app.app_context():
        cheap, dear = queries.find(first), queries.find(second)
        assert (cheap.fee_bps, cheap.terms["fee_bps"], cheap.terms["fee_discount_bps"]) == (300, 300, 200)
        assert (dear.fee_bps, dear.terms["fee_discount_bps"]) == (500, 0)
    assert taken(app, of) == 20_000
    play.fund(mei, sandbox, first)
    play.accept(mei, play.submit(lin, first))
    assert play.balance(app, "FEE") == 3_000
    play.ledger_is_sound(app)


def test_an_early_end_says_before_the_click_what_of_it_is_the_platforms(
    app: Flask, mei: Player, lin: Player, zhou: Player, sandbox: Sandbox
) -> None:
    subsidy(zhou)
    order_id = play.funded(mei, lin, sandbox)
    here = f"/orders/{encode('ord', order_id)}/exit"
    page = mei.browser().get(here).text
    seen = mei.api("GET", here).json

    assert (seen["merchant_fen"], seen["subsidy_fen"]) == (PRICE, PRICE // 10)
    assert "退回 ¥9,000.00" in page and "平台补贴收回" in page

    made = mei.api(
        "POST",
        here + "s",
        json={"token": seen["token"], "reason": "改期", "to_wallet": True},
        headers={"Idempotency-Key": secrets.token_hex(8)},
    ).json
    assert "商家退回 ¥9,000.00" in lin.browser().get(here).text
    lin.api(
        "POST", f"{here}s/{made['id']}/consent", json={"round": 1}, headers={"Idempotency-Key": "k-agree-1"}
    )

    assert play.balance(app, "MW", mei.party_id) == 900_000
    money = mei.api("GET", here.replace("/exit", "/money")).json
    assert (money["paid_fen"], money["subsidy_fen"], money["subsidy_back_fen"]) == (PRICE, 100_000, 100_000)
    over = mei.browser()
    assert "平台补贴收回" in over.get(here).text
    assert "退回的钱里有 ¥1,000.00 是平台补贴" in over.get(here.replace("/exit", "/money")).text
    assert "退回商家 ¥9,000.00" in over.get(here.removesuffix("/exit")).text  # the order's story


def test_an_early_end_shares_out_what_was_paid_and_no_more(
    app: Flask, mei: Player, lin: Player, zhou: Player, sandbox: Sandbox
) -> None:
    subsidy(zhou)
    order_id = play.award(mei, lin)
    checkout = mei.api(
        "POST",
        f"/orders/{encode('ord', order_id)}/checkouts",
        json={"stages": "next"},
        headers={"Idempotency-Key": "k-next-stage"},
    )
    sandbox.pay(play.session_of(app, checkout.json))
    sandbox.settle()
    here = f"/orders/{encode('ord', order_id)}/exit"

    seen, page = mei.api("GET", here).json, mei.browser().get(here)

    assert (seen["creator_fen"] + seen["merchant_fen"], seen["subsidy_fen"]) == (100_000, 10_000)
    assert page.status_code == 200 and page.text.count("还没托管") == 2
    assert "退回 ¥900.00" in page.text


def test_the_merchant_reads_what_he_paid_and_what_the_platform_added(
    mei: Player, lin: Player, zhou: Player, sandbox: Sandbox
) -> None:
    subsidy(zhou)
    order_id = play.funded(mei, lin, sandbox)

    page = re.sub(r"\s+", " ", mei.browser().get(f"/orders/{encode('ord', order_id)}/money").text)

    assert re.search(r"您支付</dt>\s*<dd[^>]*>¥9,000.00", page), page


@pytest.mark.parametrize("to_wallet", [True, False])
def test_a_refund_gives_the_subsidy_back_to_its_budget_and_not_to_the_merchant(
    app: Flask, mei: Player, lin: Player, zhou: Player, sandbox: Sandbox, to_wallet: bool
) -> None:
    from market.orders import endings, exits
    from market.payments.refunds import Reason

    of = subsidy(zhou)
    order_id = play.funded(mei, lin, sandbox)
    play.accept(mei, play.submit(lin, order_id))

    with app.app_context(), transaction():
        order = queries.find(order_id, lock=True)
        exits.end_stages(
            order,
            {m.id: 0 for m in exits.open_stages(order)},
            cause=endings.Cause.EXIT,
            reason=Reason.EXIT,
            to_wallet=to_wallet,
            by=mei.actor,
        )
        endings.go_on(order, mei.actor)
    sandbox.settle()

    assert play.balance(app, "PRO") == 10_000  # nine tenths of the price went back, and of the subsidy
    assert taken(app, of) == 10_000
    assert play.balance(app, "MW", mei.party_id) == (810_000 if to_wallet else 0)
    play.ledger_is_sound(app)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    subsidy_fen=st.integers(0, 10_000),
    own_fen=st.integers(0, 1_000_000),
    cuts=st.lists(st.floats(0, 1), max_size=6),
)
def test_refunds_in_any_number_of_parts_return_the_whole_subsidy_and_no_more(
    subsidy_fen: int, own_fen: int, cuts: list[float]
) -> None:
    paid_in = subsidy_fen + own_fen
    stops = [*sorted(int(cut * paid_in) for cut in cuts), paid_in]
    before = returned = 0
    for stop in stops:
        part = service.part_of_refund(
            stop - before, paid_in_fen=paid_in, subsidy_fen=subsidy_fen, before_fen=before
        )
        assert 0 <= part <= stop - before
        returned, before = returned + part, stop
    assert returned == subsidy_fen
