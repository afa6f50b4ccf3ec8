"""Money out: onboarding, cooling, a transfer and a payout, and the whole way back when the bank says no."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from market.kit import clock
from market.kit.db import db
from market.kit.events import history
from market.kit.ids import decode
from market.payments.models import StripeCall, Withdrawal
from tests import play
from tests.conftest import Player, submit
from tests.sandbox import Sandbox

# 100,000 less 5 % fee, less 3 % tax of the rest.
SCRIPT_NET = 100_000 - 5_000 - 2_850


@pytest.fixture
def earned(app: Flask, mei: Player, lin: Player, sandbox: Sandbox) -> int:
    """Lin's script was accepted; the money has cooled down and may be taken out."""
    order_id = play.funded(mei, lin, sandbox)
    play.accept(mei, play.submit(lin, order_id))
    play.shift(73)
    sandbox.settle()
    return SCRIPT_NET


def withdraw(who: Player, fen: int, key: str = "one") -> Any:
    return who.api("POST", "/withdrawals", json={"amount_fen": fen}, headers={"Idempotency-Key": key})


def test_income_says_where_the_money_is_and_when_it_comes(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    order_id = play.funded(mei, lin, sandbox)
    before = lin.api("GET", "/income").json
    play.accept(mei, play.submit(lin, order_id))

    cooling = lin.api("GET", "/income").json
    play.shift(73)
    sandbox.settle()
    cooled = lin.api("GET", "/income").json

    assert (before["available_fen"], before["pending_fen"]) == (0, 0)
    assert (cooling["available_fen"], cooling["pending_fen"], cooling["next_fen"]) == (
        0,
        SCRIPT_NET,
        SCRIPT_NET,
    )
    assert (
        cooling["pending"][0]["stage"] == "script"
        and cooling["next_at"] == cooling["pending"][0]["matures_at"]
    )
    assert (cooled["available_fen"], cooled["pending_fen"]) == (SCRIPT_NET, 0)
    assert mei.api("GET", "/income").status_code == 403
    play.ledger_is_sound(app)


def test_a_withdrawal_goes_to_the_bank(app: Flask, lin: Player, sandbox: Sandbox, earned: int) -> None:
    play.onboard(lin, sandbox)
    assert lin.api("GET", "/connect").json["onboarded"] is True

    asked = withdraw(lin, earned)

    assert asked.status_code == 201 and asked.json["state"] == "requested"
    assert lin.api("GET", "/income").json["under_way_fen"] == earned
    sandbox.settle()
    sandbox.control("clock", advance_s=10)
    sandbox.settle()
    shown = lin.api("GET", f"/withdrawals/{asked.json['id']}").json
    assert shown["state"] == "paid"
    income = lin.api("GET", "/income").json
    assert (income["available_fen"], income["under_way_fen"], income["paid_fen"]) == (0, 0, earned)
    withdrawal = decode("wdr", asked.json["id"])
    assert play.balance(app, "PT", withdrawal) == 0
    assert play.balance(app, "SC") == sandbox.balance()
    with app.app_context():
        assert [e.name for e in history(withdrawal)] == ["payout.requested", "payout.paid"]
    play.ledger_is_sound(app)
    sandbox.check()


def test_without_an_account_nothing_goes_out(lin: Player, sandbox: Sandbox, earned: int) -> None:
    answer = withdraw(lin, earned)

    assert answer.status_code == 409 and answer.json["type"].endswith("not-onboarded")
    assert lin.api("GET", "/income").json["available_fen"] == earned


def test_bad_amounts_each_get_their_own_error(app: Flask, lin: Player, sandbox: Sandbox, earned: int) -> None:
    play.onboard(lin, sandbox)

    answers = {amount: withdraw(lin, amount, f"k{amount}") for amount in (0, -5, 99, earned + 1, 10**12)}

    assert {amount: answer.status_code for amount, answer in answers.items()} == {
        0: 422, -5: 422, 99: 422, earned + 1: 409, 10**12: 422,
    }  # fmt: skip
    assert "921.50" in answers[earned + 1].json["detail"]
    assert lin.api("POST", "/withdrawals", json={"amount_fen": 100}).status_code == 400
    assert withdraw(lin, "100").status_code == 201
    with app.app_context():
        assert db.session.query(Withdrawal).count() == 1


def test_the_same_key_withdraws_once(app: Flask, lin: Player, sandbox: Sandbox, earned: int) -> None:
    play.onboard(lin, sandbox)

    with ThreadPoolExecutor(8) as crowd:
        answers = list(crowd.map(lambda _: withdraw(lin, 10_000), range(8)))
    again = withdraw(lin, 10_000)

    assert {a.status_code for a in answers} <= {201, 409}
    assert again.status_code == 201 and again.headers["Idempotent-Replayed"] == "true"
    assert withdraw(lin, 10_001).status_code == 422
    with app.app_context():
        assert db.session.query(Withdrawal).count() == 1
    sandbox.settle()
    assert lin.api("GET", "/income").json["available_fen"] == earned - 10_000


def test_many_withdrawals_at_once_take_no_more_than_there_is(
    app: Flask, lin: Player, sandbox: Sandbox, earned: int
) -> None:
    play.onboard(lin, sandbox)
    part = earned // 4

    with ThreadPoolExecutor(8) as crowd:
        answers = list(crowd.map(lambda n: withdraw(lin, part, f"k{n}").status_code, range(10)))

    assert sorted(answers) == [201] * 4 + [409] * 6
    assert lin.api("GET", "/income").json["available_fen"] == earned - 4 * part
    sandbox.settle()
    play.ledger_is_sound(app)


def bounced(lin: Player, sandbox: Sandbox, fen: int, code: str = "could_not_process") -> Any:
    """A withdrawal the bank did not take."""
    play.onboard(lin, sandbox)
    sandbox.fault("payout", code=code)
    asked = withdraw(lin, fen).json
    sandbox.settle()
    sandbox.control("clock", advance_s=10)
    sandbox.settle()
    return asked


def test_a_payout_the_bank_returns_waits_for_the_payees_word_and_comes_back(
    app: Flask, lin: Player, sandbox: Sandbox, earned: int
) -> None:
    asked = bounced(lin, sandbox, earned, "account_closed")

    shown = lin.api("GET", f"/withdrawals/{asked['id']}").json
    assert (shown["state"], shown["failure"]) == ("bounced", "account_closed")
    retried = lin.api(
        "POST", f"/withdrawals/{asked['id']}/retry", headers={"Idempotency-Key": "again"}
    )  # the bank account is closed: Stripe wants another one first
    assert retried.status_code == 409 and retried.json["type"].endswith("account-restricted")
    for _ in range(2):
        back = lin.api("POST", f"/withdrawals/{asked['id']}/return", headers={"Idempotency-Key": "back"})
        assert back.status_code == 201, back.text
    sandbox.settle()

    shown = lin.api("GET", f"/withdrawals/{asked['id']}").json
    assert (shown["state"], shown["failure"]) == ("failed", "account_closed")
    assert lin.api("GET", "/income").json["available_fen"] == earned
    assert play.balance(app, "SC") == sandbox.balance()
    with app.app_context():
        calls = {c.purpose: c.state.value for c in db.session.query(StripeCall)}
        names = [e.name for e in history(decode("wdr", asked["id"]))]
    assert calls["reversal"] == "done"
    assert names == ["payout.requested", "payout.bounced", "payout.taken_back", "payout.failed"]
    play.ledger_is_sound(app)
    sandbox.check()


def test_a_payout_the_bank_returned_goes_out_at_the_second_try(
    app: Flask, lin: Player, sandbox: Sandbox, earned: int
) -> None:
    asked = bounced(lin, sandbox, earned)
    path = f"/withdrawals/{asked['id']}"

    with ThreadPoolExecutor(4) as crowd:
        answers = list(
            crowd.map(
                lambda way: (
                    lin.api("POST", f"{path}/{way[0]}", headers={"Idempotency-Key": f"k{way}"}).status_code
                ),
                [("retry", 1), ("return", 2), ("retry", 3), ("return", 4)],
            )
        )
    sandbox.settle()
    sandbox.control("clock", advance_s=10)
    sandbox.settle()

    assert sorted(answers) == [201, 409, 409, 409]
    state = lin.api("GET", path).json["state"]
    income = lin.api("GET", "/income").json
    assert (state, income["paid_fen"], income["available_fen"]) in [
        ("paid", earned, 0),
        ("failed", 0, earned),
    ]
    assert play.balance(app, "SC") == sandbox.balance()
    play.ledger_is_sound(app)
    sandbox.check()


def test_what_the_bank_returned_and_nobody_decided_comes_back_by_itself(
    app: Flask, lin: Player, sandbox: Sandbox, earned: int
) -> None:
    asked = bounced(lin, sandbox, earned)
    play.shift(73)

    sandbox.settle()

    assert lin.api("GET", f"/withdrawals/{asked['id']}").json["state"] == "failed"
    assert lin.api("GET", "/income").json["available_fen"] == earned
    play.ledger_is_sound(app)


def test_a_transfer_stripe_refuses_is_given_back(
    app: Flask, lin: Player, sandbox: Sandbox, earned: int
) -> None:
    play.onboard(lin, sandbox)
    sandbox.control("adjustments", amount=-(sandbox.balance() - 10))

    asked = withdraw(lin, earned).json
    sandbox.settle()

    shown = lin.api("GET", f"/withdrawals/{asked['id']}").json
    assert (shown["state"], shown["failure"]) == ("failed", "balance_insufficient")
    assert lin.api("GET", "/income").json["available_fen"] == earned
    assert withdraw(lin, earned, "two").status_code == 201
    play.ledger_is_sound(app)


@pytest.mark.parametrize("after_commit", [False, True])
def test_stripe_away_at_the_transfer_sends_it_once(
    app: Flask, lin: Player, sandbox: Sandbox, earned: int, after_commit: bool
) -> None:
    play.onboard(lin, sandbox)
    sandbox.fault(
        "api", path_prefix="/v1/transfers", method="POST", status=500, after_commit=after_commit, times=2
    )

    withdraw(lin, earned)
    sandbox.settle()
    clock.shift(clock._shift + timedelta(minutes=30))
    sandbox.settle()
    sandbox.control("clock", advance_s=10)
    sandbox.settle()

    income = lin.api("GET", "/income").json
    assert (income["available_fen"], income["paid_fen"]) == (0, earned)
    assert play.balance(app, "SC") == sandbox.balance()
    play.ledger_is_sound(app)


def test_a_call_older_than_a_day_is_looked_up_before_it_is_repeated(
    app: Flask, lin: Player, sandbox: Sandbox, earned: int
) -> None:
    play.onboard(lin, sandbox)
    sandbox.fault("api", path_prefix="/v1/transfers", method="POST", status=500, after_commit=True, times=2)
    withdraw(lin, earned)
    sandbox.settle()
    sandbox.control("clock", advance_s=25 * 3600)  # Stripe has forgotten the key
    clock.shift(clock._shift + timedelta(hours=25))

    sandbox.settle()
    sandbox.control("clock", advance_s=10)
    sandbox.settle()

    assert lin.api("GET", "/income").json["paid_fen"] == earned
    assert play.balance(app, "SC") == sandbox.balance()


def test_a_worker_killed_between_call_and_answer_changes_nothing(
    app: Flask, lin: Player, sandbox: Sandbox, earned: int
) -> None:
    """The lease runs out, the call is repeated under its key, and Stripe repeats its answer."""
    from market.payments import calls, gateway

    play.onboard(lin, sandbox)
    withdraw(lin, earned)
    with app.app_context():
        row = calls.lease(StripeCall)
        assert row is not None and row.purpose == "transfer"
        gateway.send(
            calls.Sending(row.id, row.purpose, row.subject_id, row.target, row.account, row.params, 1, None)
        )
        db.session.remove()

    sandbox.settle()
    assert lin.api("GET", "/income").json["paid_fen"] == 0
    clock.shift(clock._shift + timedelta(minutes=5))
    sandbox.settle()
    sandbox.control("clock", advance_s=10)
    sandbox.settle()

    assert lin.api("GET", "/income").json["paid_fen"] == earned
    assert play.balance(app, "SC") == sandbox.balance()


def test_onboarding_is_refused_to_those_who_are_not_paid(mei: Player, wen: Player, sandbox: Sandbox) -> None:
    assert mei.api("POST", "/connect/onboarding").status_code == 403
    assert wen.api("POST", "/connect/onboarding").status_code == 403


def test_onboarding_while_stripe_is_away_says_so_and_makes_one_account(
    app: Flask, lin: Player, sandbox: Sandbox
) -> None:
    sandbox.fault("api", path_prefix="/v1/accounts", method="POST", status=503, after_commit=True, times=2)

    away = lin.api("POST", "/connect/onboarding")
    clock.shift(timedelta(minutes=1))
    sandbox.settle()
    later = lin.api("POST", "/connect/onboarding")

    assert away.status_code == 503 and away.headers["Retry-After"]
    assert later.status_code == 201 and later.json["url"].startswith(sandbox.pages)
    with app.app_context():
        assert db.session.query(StripeCall).filter_by(purpose="account").count() == 1


def test_the_income_page_shows_the_form_and_takes_a_double_click_once(
    app: Flask, lin: Player, sandbox: Sandbox, earned: int
) -> None:
    import re

    browser = lin.browser()
    assert "开通收款账户" in browser.get("/u/income").text
    play.onboard(lin, sandbox)
    page = browser.get("/u/income").text
    assert "确认提现" in page and "921.50" in page
    key = re.search(r'name="idempotency_key" value="([^"]+)"', page)
    assert key

    for _ in range(2):
        answer = submit(
            browser, "/u/income", "/u/income/withdrawals", amount="100.00", idempotency_key=key.group(1)
        )
        assert answer.status_code == 303, answer.text
    wrong = submit(browser, "/u/income", "/u/income/withdrawals", amount="abc", idempotency_key="x")

    assert wrong.status_code == 422 and "请填写金额" in wrong.text
    with app.app_context():
        assert [w.amount_fen for w in db.session.query(Withdrawal)] == [10_000]


def test_workers_in_parallel_send_each_call_once(
    app: Flask, lin: Player, sandbox: Sandbox, earned: int
) -> None:
    from market.payments import outbox

    play.onboard(lin, sandbox)
    for n in range(6):
        assert withdraw(lin, 10_000, f"k{n}").status_code == 201

    def work(_: int) -> int:
        with app.app_context():
            return outbox.drain(seconds=20)

    with ThreadPoolExecutor(4) as crowd:
        list(crowd.map(work, range(4)))
    sandbox.control("clock", advance_s=10)
    sandbox.settle()

    income = lin.api("GET", "/income").json
    assert (income["available_fen"], income["paid_fen"]) == (earned - 60_000, 60_000)
    assert play.balance(app, "SC") == sandbox.balance()
    with app.app_context():
        assert db.session.query(StripeCall).filter_by(purpose="transfer").count() == 6
        assert {call.tries for call in db.session.query(StripeCall).filter_by(purpose="transfer")} == {1}
    play.ledger_is_sound(app)


def test_a_payout_whose_events_are_lost_is_found_by_the_poll(
    app: Flask, lin: Player, sandbox: Sandbox, earned: int
) -> None:
    from market.payments import outbox
    from tests.conftest import drain_all

    play.onboard(lin, sandbox)
    withdraw(lin, earned)
    with app.app_context():
        outbox.drain()
    sandbox.control("clock", advance_s=10)
    # Rows are born by the database's clock, which the fixture left 73 hours behind: the pause counts from there.
    clock.shift(clock._shift + timedelta(hours=40))

    with app.app_context():
        assert outbox.waiting()
        outbox.drain()
        drain_all()

    assert lin.api("GET", "/income").json["paid_fen"] == earned
