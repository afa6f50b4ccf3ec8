"""Wallet money goes back the way it came: shown before the click, once, never more than is there."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import Flask

from tests import play
from tests.briefs import problem
from tests.conftest import Player, submit
from tests.payments.test_wallet import top_up
from tests.sandbox import Sandbox


def give_back(mei: Player, fen: int, key: str) -> Any:
    return mei.api("POST", "/wallet/returns", json={"amount_fen": fen}, headers={"Idempotency-Key": key})


def test_the_merchant_sees_where_it_goes_and_sends_it_once(app: Flask, mei: Player, sandbox: Sandbox) -> None:
    top_up(mei, sandbox, 300_000)
    top_up(mei, sandbox, 200_000)
    before = sandbox.balance()

    plan = mei.api("GET", "/wallet/return-plan?amount_fen=350000").json
    assert [part["amount_fen"] for part in plan["parts"]] == [200_000, 150_000]
    assert (plan["most_fen"], plan["fee_fen"]) == (500_000, 0)
    first, twice = give_back(mei, 350_000, "once"), give_back(mei, 350_000, "once")
    sandbox.settle()

    assert first.status_code == twice.status_code == 201 and first.json == twice.json
    assert sandbox.balance() == before - 350_000
    assert play.balance(app, "MW", mei.party_id) == 150_000
    states = [(each["state"], each["amount_fen"]) for each in mei.api("GET", "/wallet/returns").json["data"]]
    assert states == [("succeeded", 150_000), ("succeeded", 200_000)]
    play.ledger_is_sound(app)
    sandbox.check()


def test_what_the_bank_does_not_take_is_in_the_wallet_with_the_reason(
    app: Flask, mei: Player, sandbox: Sandbox
) -> None:
    top_up(mei, sandbox, 300_000)
    sandbox.fault("refund", reason="lost_or_stolen_card")
    page = mei.browser()
    seen = page.get("/m/wallet/return?amount_fen=1,000")
    assert "5–10" in seen.text and "¥1,000.00" in seen.text

    sent = submit(page, "/m/wallet", "/m/wallet/returns", amount_fen="1,000", idempotency_key="k")
    assert sent.status_code == 303
    assert "退款中" in page.get("/m/wallet").text
    sandbox.settle()
    sandbox.control("clock", advance_s=30 * 86_400)
    sandbox.settle()

    assert play.balance(app, "MW", mei.party_id) == 300_000
    assert "原来的卡已挂失" in page.get("/m/wallet").text
    play.ledger_is_sound(app)


def test_more_than_the_wallet_holds_or_the_charges_take_is_refused(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    top_up(mei, sandbox, 100_000)

    assert problem(give_back(mei, 100_001, "a"))[:2] == (422, "refund-too-large")
    assert problem(give_back(mei, 0, "b"))[:2] == (422, "invalid")
    assert problem(mei.api("GET", "/wallet/return-plan?amount_fen=100001"))[:2] == (422, "refund-too-large")
    assert give_back(lin, 1, "c").status_code == 403
    form = {"amount_fen": "1000.01", "idempotency_key": "d"}
    answer = submit(mei.browser(), "/m/wallet", "/m/wallet/returns", **form)
    assert answer.status_code == 422 and "¥1,000.00" in answer.text
    assert play.balance(app, "MW", mei.party_id) == 100_000


def test_ten_returns_racing_for_three(app: Flask, mei: Player, sandbox: Sandbox) -> None:
    top_up(mei, sandbox, 300_001)

    with ThreadPoolExecutor(10) as pool:
        codes = [done.result() for done in [pool.submit(give_back, mei, 100_000, str(n)) for n in range(10)]]

    assert sorted(c.status_code for c in codes) == [201] * 3 + [422] * 7
    assert play.balance(app, "MW", mei.party_id) == 1
    play.ledger_is_sound(app)
