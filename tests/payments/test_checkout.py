"""Paying on Stripe's page: one page per order, money taken once, by whichever way the news comes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import requests
from flask import Flask
from sqlalchemy import select

from market.kit import clock
from market.kit.db import db, transaction
from market.kit.events import history
from market.kit.ids import decode, encode
from market.orders import funding, queries
from market.orders.states import MilestoneState, OrderState
from market.payments import outbox, polls, till
from market.payments.alarms import alarms
from market.payments.checkouts import find
from market.payments.models import Checkout, StripeCall
from market.payments.states import CheckoutState
from tests import play
from tests.conftest import Player, drain_all
from tests.sandbox import Sandbox

PRICE = 1_000_000
CARD_FEE = 29_200  # 2.9 % and 2.00


def state_of(app: Flask, order_id: object) -> OrderState:
    with app.app_context():
        return queries.find(order_id).state


def test_payment_moves_the_order_to_its_script_and_the_money_to_its_milestones(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    order_id = play.award(mei, lin, price_fen=PRICE)
    checkout = play.open_checkout(mei, order_id)
    assert checkout["state"] == "open" and checkout["url"].startswith(sandbox.pages)

    sandbox.pay(play.session_of(app, checkout))
    sandbox.settle()

    assert mei.api("GET", f"/checkouts/{checkout['id']}").json["state"] == "paid"
    with app.app_context():
        order = queries.find(order_id)
        assert order.state is OrderState.SCRIPTING
        assert [m.state for m in order.milestones] == [
            MilestoneState.ACTIVE,
            MilestoneState.PENDING,
            MilestoneState.PENDING,
        ]
        held = [play.balance(app, "EM", m.id) for m in order.milestones]
        names = [e.name for e in history(order_id)]
    assert held == [100_000, 400_000, 500_000]
    assert play.balance(app, "EU", order_id) == 0
    assert play.balance(app, "SC") == PRICE - CARD_FEE == sandbox.balance()
    assert play.balance(app, "SFE") == CARD_FEE
    assert names == ["order.awarded", "checkout.created", "payments.received", "order.funded"]
    play.ledger_is_sound(app)
    sandbox.check()


def test_alipay_and_wechat_pay_are_taken_too(app: Flask, mei: Player, lin: Player, sandbox: Sandbox) -> None:
    for method in ("alipay", "wechat_pay"):
        order_id = play.award(mei, lin)
        play.fund(mei, sandbox, order_id, method=method)
        assert state_of(app, order_id) is OrderState.SCRIPTING, method
    play.ledger_is_sound(app)


def test_the_browser_s_return_alone_moves_nothing(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    order_id = play.award(mei, lin)
    checkout = play.open_checkout(mei, order_id)

    page = mei.browser().get(f"/checkouts/{checkout['id']}?back=1")

    assert page.status_code == 200 and "还没有收到付款结果" in page.text
    assert state_of(app, order_id) is OrderState.AWAITING_FUNDS
    assert play.balance(app, "EU", order_id) == 0


def test_the_return_page_fetches_the_session_when_the_event_is_late(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    order_id = play.award(mei, lin)
    checkout = play.open_checkout(mei, order_id)
    sandbox.pay(play.session_of(app, checkout))

    page = mei.browser().get(f"/checkouts/{checkout['id']}?back=1")

    assert "已收到" in page.text
    with app.app_context():
        drain_all()
    assert state_of(app, order_id) is OrderState.SCRIPTING
    sandbox.settle()
    assert play.balance(app, "SC") == PRICE - CARD_FEE
    play.ledger_is_sound(app)


def test_event_page_and_poll_race_to_one_posting(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    order_id = play.award(mei, lin)
    checkout = play.open_checkout(mei, order_id)
    sandbox.pay(play.session_of(app, checkout))
    events = sandbox.new_events()

    def look(_: int) -> None:
        with app.app_context():
            polls.look_at_checkout(decode("chk", checkout["id"]))

    def hear(event: object) -> None:
        sandbox.post(event)
        with app.app_context():
            outbox.drain(seconds=10)

    with ThreadPoolExecutor(8) as crowd:
        jobs = [crowd.submit(look, n) for n in range(4)] + [crowd.submit(hear, e) for e in events * 2]
        for job in jobs:
            job.result()
    sandbox.settle()

    assert state_of(app, order_id) is OrderState.SCRIPTING
    assert play.balance(app, "SC") == PRICE - CARD_FEE
    with app.app_context():
        assert [e.name for e in history(order_id)].count("payments.received") == 1
        assert db.session.scalars(alarms()).all() == []
    play.ledger_is_sound(app)


def test_a_lost_event_is_made_good_by_the_poll(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    order_id = play.award(mei, lin)
    checkout = play.open_checkout(mei, order_id)
    sandbox.pay(play.session_of(app, checkout))
    with app.app_context():
        assert not outbox.waiting()
    clock.shift(timedelta(minutes=3))

    with app.app_context():
        assert outbox.waiting()
        assert outbox.drain() == 1
        drain_all()

    assert state_of(app, order_id) is OrderState.SCRIPTING


def test_a_double_click_opens_one_page(app: Flask, mei: Player, lin: Player, sandbox: Sandbox) -> None:
    order_id = play.award(mei, lin)

    with ThreadPoolExecutor(6) as crowd:
        pages = list(crowd.map(lambda n: play.open_checkout(mei, order_id, f"key-{n % 3}"), range(6)))

    assert len({page["id"] for page in pages}) == 1
    with app.app_context():
        assert db.session.query(Checkout).count() == 1
        assert db.session.query(StripeCall).filter_by(purpose="checkout").count() == 1
    events = [e["type"] for e in sandbox.new_events()]
    assert events == [
        "customer.created"
    ]  # once, on the first visit; opening a page is no event, paying twice would be
    first = play.open_checkout(mei, order_id, "key-0")
    assert first["url"].startswith(sandbox.pages)


def test_who_pays_while_a_worker_asks_stripe_is_led_to_the_page_all_the_same(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    """The relay hears of the call at the commit, and may be quicker than who clicked."""
    order_id = play.award(mei, lin)

    def in_a_worker() -> bool:
        with app.app_context():
            return outbox.send_next()

    with app.app_context():
        with transaction():
            order = queries.find(order_id)
            url = "http://localhost/checkouts/{checkout}"
            checkout_id = funding.checkout(order, mei.actor, key="click", return_url=url).id
        call = select(StripeCall.leased_until).where(StripeCall.purpose == "checkout")
        sandbox.fault("api", path_prefix="/v1/checkout/sessions", delay_s=1, times=1)
        with ThreadPoolExecutor(1) as crowd:
            working = crowd.submit(in_a_worker)
            while db.session.scalar(call) is None:
                assert not working.done()
                db.session.rollback()
            db.session.rollback()

            till.start(checkout_id)

            assert find(checkout_id).url
            assert working.result() is True
        assert db.session.query(StripeCall).filter_by(purpose="checkout").one().tries == 1


def test_the_same_key_for_another_order_is_refused(mei: Player, lin: Player, sandbox: Sandbox) -> None:
    one, other = play.award(mei, lin), play.award(mei, lin)
    play.open_checkout(mei, one, "same")

    answer = mei.api("POST", f"/orders/{encode('ord', other)}/checkouts", headers={"Idempotency-Key": "same"})

    assert answer.status_code == 422
    assert mei.api("POST", f"/orders/{encode('ord', other)}/checkouts").status_code == 400


def test_paying_twice_is_refused(mei: Player, lin: Player, sandbox: Sandbox) -> None:
    order_id = play.funded(mei, lin, sandbox)

    answer = mei.api(
        "POST", f"/orders/{encode('ord', order_id)}/checkouts", headers={"Idempotency-Key": "again"}
    )

    assert answer.status_code == 409


def test_only_the_merchant_pays(cast: dict[str, Player], sandbox: Sandbox) -> None:
    order = encode("ord", play.award(cast["mei"], cast["lin"]))

    for name, status in (("lin", 403), ("bo", 404), ("wen", 404), ("zhou", 403)):
        answer = cast[name].api("POST", f"/orders/{order}/checkouts", headers={"Idempotency-Key": "k"})
        assert answer.status_code == status, name


def test_stripe_down_keeps_the_intent_and_goes_on_with_the_same_key(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    sandbox.fault("api", path_prefix="/v1/checkout/sessions", status=500, times=2)
    order_id = play.award(mei, lin)

    checkout = play.open_checkout(mei, order_id)

    assert checkout["state"] == "created" and checkout["url"] is None
    page = mei.browser().get(f"/checkouts/{checkout['id']}")
    assert "自动重试" in page.text and "没有发生扣款" in page.text
    with app.app_context():
        call = db.session.query(StripeCall).filter_by(purpose="checkout").one()
        key, tries = call.id, call.tries
    assert tries == 1
    play.shift(1)
    sandbox.settle()
    assert mei.api("GET", f"/checkouts/{checkout['id']}").json["state"] == "open"
    with app.app_context():
        assert db.session.query(StripeCall).filter_by(purpose="checkout").one().id == key
    sandbox.pay(play.session_of(app, checkout))
    sandbox.settle()
    assert state_of(app, order_id) is OrderState.SCRIPTING


def test_an_answer_lost_after_the_session_was_made_makes_no_second_one(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    sandbox.fault("api", path_prefix="/v1/checkout/sessions", status=500, after_commit=True, times=2)
    order_id = play.award(mei, lin)

    checkout = play.open_checkout(mei, order_id)
    play.shift(1)
    sandbox.settle()

    assert mei.api("GET", f"/checkouts/{checkout['id']}").json["state"] == "open"
    play.ledger_is_sound(app)


def test_a_stored_fault_is_gone_round_with_a_new_key(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    """Stripe repeats a 500 it stored for a key for ever: nothing was made, so the next attempt has its own key."""
    sandbox.fault("api", path_prefix="/v1/checkout/sessions", status=500, store=True)
    order_id = play.award(mei, lin)

    checkout = play.open_checkout(mei, order_id)
    play.shift(1)
    sandbox.settle()

    assert mei.api("GET", f"/checkouts/{checkout['id']}").json["state"] == "open"
    with app.app_context():
        assert [
            (c.attempt, c.state.value)
            for c in db.session.query(StripeCall).filter_by(purpose="checkout").order_by(StripeCall.attempt)
        ] == [
            (1, "refused"),
            (2, "done"),
        ]


def test_an_expired_page_makes_room_for_a_new_one(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    order_id = play.award(mei, lin)
    first = play.open_checkout(mei, order_id, "first")
    sandbox.control("clock", advance_s=86_401)
    sandbox.settle()
    assert mei.api("GET", f"/checkouts/{first['id']}").json["state"] == "expired"

    second = play.open_checkout(mei, order_id, "second")

    assert second["id"] != first["id"] and second["state"] == "open"
    sandbox.pay(play.session_of(app, second))
    sandbox.settle()
    assert state_of(app, order_id) is OrderState.SCRIPTING


def test_a_declined_card_leaves_the_page_open(app: Flask, mei: Player, lin: Player, sandbox: Sandbox) -> None:
    order_id = play.award(mei, lin)
    checkout = play.open_checkout(mei, order_id)
    refused = {"method": "card", "number": "4000000000000002"}
    answer = requests.post(
        f"{sandbox.url}/_sandbox/pay/{play.session_of(app, checkout)}", json=refused, timeout=10
    )
    assert answer.json()["error"]["code"] == "card_declined"

    sandbox.settle()

    assert mei.api("GET", f"/checkouts/{checkout['id']}").json["state"] == "open"
    assert state_of(app, order_id) is OrderState.AWAITING_FUNDS


def test_a_lapse_closes_the_open_page_first(app: Flask, mei: Player, lin: Player, sandbox: Sandbox) -> None:
    order_id = play.award(mei, lin)
    checkout = play.open_checkout(mei, order_id)
    play.shift(73)
    with app.app_context():
        drain_all()
    assert state_of(app, order_id) is OrderState.AWAITING_FUNDS
    sandbox.settle()
    play.shift(1)

    sandbox.settle()

    assert state_of(app, order_id) is OrderState.LAPSED
    assert mei.api("GET", f"/checkouts/{checkout['id']}").json["state"] == "expired"
    refused = requests.post(
        f"{sandbox.url}/_sandbox/pay/{play.session_of(app, checkout)}", json={}, timeout=10
    )
    assert refused.status_code >= 400


def test_who_pays_in_the_last_moment_has_paid(app: Flask, mei: Player, lin: Player, sandbox: Sandbox) -> None:
    order_id = play.award(mei, lin)
    checkout = play.open_checkout(mei, order_id)
    sandbox.pay(play.session_of(app, checkout))
    play.shift(73)
    with app.app_context():
        drain_all()

    sandbox.settle()
    play.shift(1)
    sandbox.settle()

    assert state_of(app, order_id) is OrderState.SCRIPTING
    play.ledger_is_sound(app)


def test_money_nobody_asked_for_is_kept_in_suspense_and_an_alarm_says_so(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    order_id = play.award(mei, lin)
    checkout = play.open_checkout(mei, order_id)
    session = play.session_of(app, checkout)
    with app.app_context(), transaction():
        db.session.query(StripeCall).delete()
        db.session.query(Checkout).delete()
    sandbox.pay(session)

    sandbox.settle()

    assert play.balance(app, "SUSP") == -PRICE
    assert play.balance(app, "SC") == PRICE - CARD_FEE
    with app.app_context():
        assert [a.data["kind"] for a in db.session.scalars(alarms())] == ["unknown_payment"]
    sandbox.settle()
    assert play.balance(app, "SUSP") == -PRICE


def test_settlement_in_another_currency_is_two_postings(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    sandbox.control("config", settle_in="usd")
    try:
        order_id = play.funded(mei, lin, sandbox)
    finally:
        sandbox.control("config", settle_in="")

    assert state_of(app, order_id) is OrderState.SCRIPTING
    with app.app_context():
        from market.ledger import queries as books
        from market.ledger.accounts import Account, AccountKind

        dollars = books.balance(Account(AccountKind.STRIPE_CLEARING, currency="USD"))
        fee = books.balance(Account(AccountKind.STRIPE_FEES, currency="USD"))
        assert dollars + fee == 140_000
        assert books.balance(Account(AccountKind.EXCHANGE)) == PRICE
    play.ledger_is_sound(app)


def test_checkout_states_end(app: Flask) -> None:
    from market.payments.states import CHECKOUT_MOVES

    assert CheckoutState.PAID not in CHECKOUT_MOVES
