"""Saved cards: kept by a tick on Stripe's page, charged without it, once, and only when the bank agrees."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
import requests
from flask import Flask

from market.kit.db import db
from market.kit.ids import decode, encode
from market.orders import queries
from market.orders.states import OrderState
from market.payments.models import Checkout, SavedCard, StripeCall
from tests import play
from tests.briefs import problem
from tests.conftest import Player, submit
from tests.sandbox import Sandbox

PRICE = 1_000_000


def save_card(mei: Player, sandbox: Sandbox, number: str = "4242424242424242") -> str:
    """A top-up of ten yuan on the page, with the tick; the card's id."""
    page = mei.api(
        "POST",
        "/wallet/top-ups",
        json={"amount_fen": 1000},
        headers={"Idempotency-Key": secrets.token_hex(8)},
    )
    assert page.status_code == 201, page.text
    paid = sandbox.pay(play.session_of(mei.app, page.json), number=number, save=True)
    if (url := paid.get("url") or "") and "/pay/card/" in url:
        answer_bank(url, "yes")
    sandbox.settle()
    card: str = mei.api("GET", "/cards").json["data"][-1]["id"]
    return card


def answer_bank(url: str, answer: str) -> None:
    """The holder at his bank's page."""
    assert requests.post(url, data={"answer": answer}, timeout=10, allow_redirects=False).status_code < 400


def pay(mei: Player, order_id: UUID, card: str, key: str | None = None, **body: Any) -> Any:
    return mei.api(
        "POST",
        f"/orders/{encode('ord', order_id)}/checkouts",
        json={"card_id": card, **body},
        headers={"Idempotency-Key": key or secrets.token_hex(8)},
    )


def state_of(app: Flask, order_id: UUID) -> OrderState:
    with app.app_context():
        return queries.find(order_id).state


def charges(sandbox: Sandbox) -> list[int]:
    """What was taken at Stripe, in fen, newest first."""
    import os

    headers = {"Authorization": f"Bearer {os.environ['STRIPE_API_KEY']}"}
    body = requests.get(f"{sandbox.url}/v1/charges?limit=100", headers=headers, timeout=10).json()
    return [each["amount"] for each in body["data"] if each["status"] == "succeeded"]


def test_a_saved_card_pays_an_order_without_a_page(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    card = save_card(mei, sandbox)
    order_id = play.award(mei, lin)

    done = pay(mei, order_id, card, amount_fen=PRICE)

    assert done.status_code == 201 and done.json["state"] == "paid" and done.json["means"] == "card"
    sandbox.settle()
    assert state_of(app, order_id) is OrderState.SCRIPTING
    assert charges(sandbox) == [PRICE, 1000]
    play.ledger_is_sound(app)


def test_a_double_click_charges_once(app: Flask, mei: Player, lin: Player, sandbox: Sandbox) -> None:
    card = save_card(mei, sandbox)
    order_id = play.award(mei, lin)

    with ThreadPoolExecutor(8) as pool:
        keys = ["same"] * 4 + [f"other{n}" for n in range(4)]
        answers = [done.result() for done in [pool.submit(pay, mei, order_id, card, key) for key in keys]]
    sandbox.settle()

    assert {a.status_code for a in answers} <= {201, 409}
    assert charges(sandbox) == [PRICE, 1000]
    assert state_of(app, order_id) is OrderState.SCRIPTING
    play.ledger_is_sound(app)


def test_webhook_page_and_poll_post_one_charge(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    from market.payments import inbox, polls

    card = save_card(mei, sandbox, "4000002760003184")
    order_id = play.award(mei, lin)
    page = pay(mei, order_id, card).json
    answer_bank(page["url"], "yes")
    events = [e for e in sandbox.new_events() if e["type"] == "payment_intent.succeeded"]
    browser = mei.browser()

    def webhook() -> None:
        sandbox.post(events[-1])
        with app.app_context():
            while inbox.handle_next():
                pass

    def back() -> None:
        assert browser.get(f"/checkouts/{page['id']}?back=1").status_code == 200

    def poll() -> None:
        with app.app_context():
            polls.look_at_checkout(decode("chk", page["id"]))

    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(act) for act in (webhook, back, poll) * 2]:
            done.result()
    sandbox.settle()

    assert mei.api("GET", f"/checkouts/{page['id']}").json["received_fen"] == PRICE
    assert state_of(app, order_id) is OrderState.SCRIPTING
    play.ledger_is_sound(app)


def test_the_bank_asks_and_only_its_yes_moves_money(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    card = save_card(mei, sandbox, "4000002760003184")
    order_id = play.award(mei, lin)

    asked = pay(mei, order_id, card).json
    assert asked["state"] == "open" and "/pay/card/" in asked["url"]
    page = mei.browser().get(f"/checkouts/{asked['id']}").text
    assert "去银行验证" in page and asked["url"] in page
    answer_bank(asked["url"], "no")
    sandbox.settle()
    refused = mei.api("GET", f"/checkouts/{asked['id']}").json
    assert refused["state"] == "failed" and state_of(app, order_id) is OrderState.AWAITING_FUNDS
    assert "身份验证" in mei.browser().get(f"/checkouts/{asked['id']}").text
    again = pay(mei, order_id, card).json
    answer_bank(again["url"], "yes")
    sandbox.settle()

    assert state_of(app, order_id) is OrderState.SCRIPTING
    play.ledger_is_sound(app)


def test_a_lost_event_is_found_by_the_poll(app: Flask, mei: Player, lin: Player, sandbox: Sandbox) -> None:
    from market.payments import outbox

    card = save_card(mei, sandbox, "4000002760003184")
    order_id = play.award(mei, lin)
    asked = pay(mei, order_id, card).json
    answer_bank(asked["url"], "yes")
    sandbox.new_events()  # thrown away
    play.shift(1)

    with app.app_context():
        assert outbox.waiting()
        outbox.drain()
    sandbox.settle()

    assert state_of(app, order_id) is OrderState.SCRIPTING


def test_a_payment_left_at_the_bank_ends_and_makes_room(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    card = save_card(mei, sandbox, "4000002760003184")
    order_id = play.award(mei, lin)
    left = pay(mei, order_id, card).json

    page = play.open_checkout(mei, order_id)  # he changes his mind: the page

    assert page["id"] != left["id"] and page["state"] == "open"
    assert mei.api("GET", f"/checkouts/{left['id']}").json["state"] == "expired"
    sandbox.pay(play.session_of(app, page))
    sandbox.settle()
    assert state_of(app, order_id) is OrderState.SCRIPTING
    play.ledger_is_sound(app)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("insufficient_funds", "余额或额度不足"),
        ("expired_card", "已过期"),
        ("generic_decline", "发卡行拒绝"),
        ("processing_error", "临时出错"),
        ("a_code_of_tomorrow", "a_code_of_tomorrow"),
    ],
)
def test_a_decline_says_what_to_do(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox, code: str, words: str
) -> None:
    card = save_card(mei, sandbox)
    order_id = play.award(mei, lin)
    sandbox.fault("decline", code=code)

    refused = pay(mei, order_id, card)

    assert refused.status_code == 201 and refused.json["state"] == "failed"
    browser = mei.browser()
    assert words in browser.get(f"/checkouts/{refused.json['id']}").text
    english = browser.get(f"/checkouts/{refused.json['id']}?lang=en").text
    assert words not in english or "_" in words
    sandbox.settle()
    assert state_of(app, order_id) is OrderState.AWAITING_FUNDS
    assert charges(sandbox) == [1000]
    assert pay(mei, order_id, card).json["state"] == "paid"


def test_an_answer_lost_after_the_charge_charges_no_second_time(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    card = save_card(mei, sandbox)
    order_id = play.award(mei, lin)
    sandbox.fault(
        "api", path_prefix="/v1/payment_intents", method="POST", status=0, after_commit=True, times=2
    )

    waiting = pay(mei, order_id, card)
    assert waiting.status_code == 201
    play.shift(1)
    sandbox.settle()

    assert charges(sandbox) == [PRICE, 1000]
    assert state_of(app, order_id) is OrderState.SCRIPTING


def test_a_call_older_than_its_key_is_looked_up_before_it_is_repeated(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    card = save_card(mei, sandbox)
    order_id = play.award(mei, lin)
    sandbox.fault(
        "api", path_prefix="/v1/payment_intents", method="POST", status=0, after_commit=True, times=2
    )
    pay(mei, order_id, card)
    sandbox.new_events()
    sandbox.control("clock", advance_s=26 * 3600)  # Stripe has forgotten the key
    play.shift(26)

    sandbox.settle()

    assert charges(sandbox) == [PRICE, 1000]
    assert state_of(app, order_id) is OrderState.SCRIPTING


def test_cards_are_listed_chosen_and_removed(app: Flask, cast: dict[str, Player], sandbox: Sandbox) -> None:
    mei, bo = cast["mei"], cast["bo"]
    assert "还没有保存的卡" in mei.browser().get("/m/cards").text
    first, second = save_card(mei, sandbox), save_card(mei, sandbox, "5555555555554444")
    assert first != second
    assert [c["is_default"] for c in mei.api("GET", "/cards").json["data"]] == [True, False]

    assert mei.api("POST", f"/cards/{second}/default").json["last4"] == "4444"
    assert mei.api("GET", "/cards").json["data"][0]["id"] == second
    assert bo.api("DELETE", f"/cards/{second}").status_code == 403
    page = mei.browser()
    assert "4444" in page.get("/m/cards").text
    assert submit(page, "/m/cards", f"/m/cards/{second}/removal").status_code == 303
    assert mei.api("DELETE", f"/cards/{second}").status_code == 404
    left = mei.api("GET", "/cards").json["data"]
    assert [c["id"] for c in left] == [first] and left[0]["is_default"]
    sandbox.settle()
    with app.app_context():
        call = db.session.query(StripeCall).filter_by(purpose="detach").one()
        assert call.state.value == "done"
        assert db.session.query(SavedCard).count() == 2
    assert [c["id"] for c in mei.api("GET", "/cards").json["data"]] == [first]


def test_a_card_of_another_merchant_pays_nothing(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    from market.accounts import service
    from market.accounts.actor import Role
    from market.kit.db import transaction

    card = save_card(mei, sandbox)
    with app.app_context(), transaction():
        stranger = service.sign_up(email="s@example.com", password="x" * 12, name="S", role=Role.MERCHANT)
        _key, secret = service.make_key(stranger.person_id, stranger.party_id, label="tests")
    other = Player(app, "s", "s@example.com", stranger.person_id, stranger.party_id, secret)

    answer = other.api(
        "POST",
        "/wallet/top-ups",
        json={"amount_fen": 1000, "card_id": card},
        headers={"Idempotency-Key": "k"},
    )

    assert problem(answer)[:2] == (404, "not-found")
    assert charges(sandbox) == [1000]


def test_an_expired_card_is_refused_before_stripe_is_asked(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    from market.kit.db import transaction

    card = save_card(mei, sandbox)
    with app.app_context(), transaction():
        db.session.query(SavedCard).update({"exp_year": 2020})
    order_id = play.award(mei, lin)

    assert problem(pay(mei, order_id, card))[:2] == (409, "card-expired")
    with app.app_context():
        assert db.session.query(Checkout).filter_by(subject_id=order_id).count() == 0


def test_on_the_page_a_saved_card_is_charged_only_what_was_seen(
    app: Flask, mei: Player, sandbox: Sandbox
) -> None:
    card, browser = save_card(mei, sandbox), mei.browser()

    shown = submit(browser, "/m/wallet", "/m/wallet/top-ups", amount_fen="1,000.50", card_id=card)

    assert shown.status_code == 200 and "充值 <strong>¥1,000.50</strong>" in shown.text
    assert play.balance(app, "MW", mei.party_id) == 1000  # what saving the card left there
    other = submit(
        browser, "/m/wallet", "/m/wallet/top-ups", amount_fen="2000", card_id=card, seen_fen="100050"
    )
    assert other.status_code == 200 and "¥2,000.00" in other.text
    done = submit(
        browser,
        "/m/wallet",
        "/m/wallet/top-ups",
        amount_fen="1000.50",
        card_id=card,
        seen_fen="100050",
        idempotency_key="k-seen-once",
    )
    assert done.status_code == 303
    assert play.balance(app, "MW", mei.party_id) == 101_050


def test_a_wallet_is_topped_up_with_a_saved_card(app: Flask, mei: Player, sandbox: Sandbox) -> None:
    card = save_card(mei, sandbox)

    done = mei.api(
        "POST",
        "/wallet/top-ups",
        json={"amount_fen": 5000, "card_id": card},
        headers={"Idempotency-Key": "k"},
    )

    assert done.json["state"] == "paid"
    assert play.balance(app, "MW", mei.party_id) == 6000
    play.ledger_is_sound(app)
