"""Payouts: who may be paid, when by itself, at what fee, and what is still to come."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from market.kit import clock
from market.kit import figures as figures_module
from market.kit.db import db
from market.kit.events import history
from market.payments.models import ConnectAccount, Withdrawal
from market.payments.rhythm import HOUR, ZONE, next_of
from market.payments.states import PayoutRhythm
from tests import play
from tests.conftest import Player, submit
from tests.sandbox import Sandbox

SCRIPT_NET = 100_000 - 5_000 - 2_850


@pytest.fixture
def stripe_id(app: Flask, mei: Player, lin: Player, sandbox: Sandbox) -> str:
    """Lin has money to take out, and an account for it."""
    order_id = play.funded(mei, lin, sandbox)
    play.accept(mei, play.submit(lin, order_id))
    play.shift(73)
    sandbox.settle()
    return play.onboard(lin, sandbox)


def withdraw(who: Player, fen: int = SCRIPT_NET, key: str = "one") -> Any:
    return who.api("POST", "/withdrawals", json={"amount_fen": fen}, headers={"Idempotency-Key": key})


def change_bank(sandbox: Sandbox, stripe_id: str, number: str) -> None:
    answer = requests.post(
        f"{sandbox.url}/v1/accounts/{stripe_id}/external_accounts",
        headers={"Authorization": f"Bearer {os.environ['STRIPE_API_KEY']}"},
        data={
            "external_account[object]": "bank_account",
            "external_account[country]": "CN",
            "external_account[currency]": "cny",
            "external_account[account_number]": number,
        },
        timeout=10,
    )
    assert answer.status_code == 200, answer.text
    sandbox.settle()


def test_an_account_stripe_restricts_is_refused_by_name_and_says_what_is_missing(
    app: Flask, lin: Player, sandbox: Sandbox, stripe_id: str
) -> None:
    sandbox.control(f"accounts/{stripe_id}", currently_due=["individual.id_number", "external_account"])
    sandbox.settle()

    refused = withdraw(lin)
    page = lin.browser().get("/u/income").text

    assert refused.status_code == 409 and refused.json["type"].endswith("account-restricted")
    assert lin.api("GET", "/connect").json["payable"] is False
    assert "身份证件号码" in page and "收款银行账户" in page and page.count("去补充") == 1
    assert "确认提现" not in page
    sandbox.control(f"accounts/{stripe_id}", currently_due=[])
    sandbox.settle()
    assert withdraw(lin).status_code == 201


def test_an_account_without_transfers_is_refused_before_the_click_as_after_it(
    app: Flask, lin: Player, sandbox: Sandbox, stripe_id: str
) -> None:
    sandbox.control(f"accounts/{stripe_id}", stopped=["transfers"])
    sandbox.settle()

    assert withdraw(lin).json["type"].endswith("account-restricted")
    assert play.balance(app, "PA", lin.party_id) == SCRIPT_NET


def test_a_transfer_stripe_refuses_meanwhile_comes_back(
    app: Flask, lin: Player, sandbox: Sandbox, stripe_id: str
) -> None:
    assert withdraw(lin).status_code == 201
    sandbox.control(f"accounts/{stripe_id}", stopped=["transfers"])
    sandbox.settle()

    shown = lin.api("GET", "/withdrawals").json["data"][0]
    assert shown["state"] == "failed"
    assert play.balance(app, "PA", lin.party_id) == SCRIPT_NET
    play.ledger_is_sound(app)


def test_after_another_bank_account_nothing_goes_out_for_a_day(
    app: Flask, lin: Player, sandbox: Sandbox, stripe_id: str
) -> None:
    change_bank(sandbox, stripe_id, "000123456789")

    held = withdraw(lin)
    page = lin.browser().get("/u/income").text
    with app.app_context():
        told = [e.name for e in history(lin.party_id)]
    play.shift(25)

    assert held.status_code == 409 and held.json["type"].endswith("payout-held")
    assert "刚刚更换" in page and "确认提现" not in page
    assert "connect.bank_changed" in told
    assert withdraw(lin).status_code == 201


def test_the_fee_is_shown_before_the_click_and_comes_back_with_a_failure(
    app: Flask, lin: Player, sandbox: Sandbox, stripe_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = replace(figures_module.figures, payout_fee_fen=200)
    for module in ("withdrawals", "pages"):
        monkeypatch.setattr(f"market.payments.{module}.figures", changed)
    page = lin.browser().get("/u/income").text

    asked = withdraw(lin).json
    sandbox.control(f"accounts/{stripe_id}", stopped=["transfers"])
    fee = play.balance(app, "FEE")
    sandbox.settle()

    assert "平台手续费" in page and "2.00" in page
    assert (asked["amount_fen"], asked["fee_fen"]) == (SCRIPT_NET, 200)
    assert play.balance(app, "FEE") == fee - 200
    assert play.balance(app, "PA", lin.party_id) == SCRIPT_NET
    sandbox.control(f"accounts/{stripe_id}", stopped=[])
    sandbox.settle()
    withdraw(lin, key="two")
    sandbox.settle()
    sandbox.control("clock", advance_s=10)
    sandbox.settle()
    assert lin.api("GET", "/income").json["paid_fen"] == SCRIPT_NET
    assert play.balance(app, "SC") == sandbox.balance()
    play.ledger_is_sound(app)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)))
def test_a_rhythm_pays_at_its_own_day_and_hour_and_soon_enough(moment: datetime) -> None:
    after = moment.replace(tzinfo=UTC)

    week, month = next_of(PayoutRhythm.WEEKLY, after), next_of(PayoutRhythm.MONTHLY, after)

    assert next_of(PayoutRhythm.MANUAL, after) is None
    assert week and after < week <= after + timedelta(days=7, hours=1)
    assert month and after < month <= after + timedelta(days=31, hours=1)
    assert week.astimezone(ZONE).weekday() == 0 and month.astimezone(ZONE).day == 1
    assert week.astimezone(ZONE).time() == month.astimezone(ZONE).time() == HOUR


def test_a_weekly_payout_takes_what_is_there_and_comes_again(
    app: Flask, lin: Player, sandbox: Sandbox, stripe_id: str
) -> None:
    chosen = lin.api("PUT", "/connect/rhythm", json={"rhythm": "weekly"})
    assert chosen.status_code == 200 and chosen.json["next_payout_at"]
    due = datetime.fromisoformat(chosen.json["next_payout_at"])

    clock.shift(due - datetime.now(UTC) + timedelta(hours=3))
    sandbox.settle()
    sandbox.settle()

    with app.app_context():
        assert [(w.amount_fen, w.requested_by) for w in db.session.query(Withdrawal)] == [(SCRIPT_NET, None)]
        assert db.session.query(ConnectAccount).one().next_payout_at == due + timedelta(days=7)
    play.ledger_is_sound(app)


def test_by_hand_again_nothing_goes_out_by_itself(
    app: Flask, lin: Player, sandbox: Sandbox, stripe_id: str
) -> None:
    browser = lin.browser()
    for choice in ("monthly", "weekly", "manual"):
        answer = submit(browser, "/u/income", "/u/income/rhythm", rhythm=choice)
        assert answer.status_code == 303, answer.text
    wrong = submit(browser, "/u/income", "/u/income/rhythm", rhythm="daily")
    play.shift(24 * 40)
    sandbox.settle()

    assert wrong.status_code == 422
    with app.app_context():
        assert db.session.query(Withdrawal).count() == 0


def test_a_payout_by_itself_that_cannot_be_made_is_told(
    app: Flask, lin: Player, sandbox: Sandbox, stripe_id: str
) -> None:
    lin.api("PUT", "/connect/rhythm", json={"rhythm": "weekly"})
    sandbox.control(f"accounts/{stripe_id}", stopped=["transfers"])
    sandbox.settle()
    play.shift(24 * 8)
    sandbox.settle()

    with app.app_context():
        assert "payout.skipped" in [e.name for e in history(lin.party_id)]
        assert db.session.query(Withdrawal).count() == 0


def test_what_running_orders_will_bring_sums_to_what_they_brought(
    app: Flask, mei: Player, lin: Player, ada: Player, sandbox: Sandbox
) -> None:
    order_id = play.funded(mei, lin, sandbox, agency=ada, price_fen=1_234_567)
    expected = {who.name: lambda who=who: who.api("GET", "/income").json for who in (lin, ada)}
    before = {name: read()["forecast"] for name, read in expected.items()}
    member = expected["ada"]()["members"]
    pages = ada.browser().get("/a/income").text, lin.browser().get("/u/income").text

    play.to_publishing(mei, lin, order_id)
    sandbox.settle()

    for name, read in expected.items():
        after = read()
        left = sum(each["fen"] for each in after["forecast"])
        assert len(before[name]) == 3
        assert sum(each["fen"] for each in before[name]) == after["pending_fen"] + left
    assert [(m["name"], m["orders"], m["earned_fen"]) for m in member] == [("Lin", 1, 0)]
    [now_] = expected["ada"]()["members"]
    assert now_["earned_fen"] == expected["ada"]()["pending_fen"]
    assert "按达人" in pages[0] and "预计收入" in pages[1] and "按达人" not in pages[1]


def test_what_stripe_still_asks_is_one_list_with_one_way_and_a_refused_account_none(
    app: Flask, lin: Player, sandbox: Sandbox, stripe_id: str
) -> None:
    sandbox.control(f"accounts/{stripe_id}", currently_due=["individual.id_number", "external_account"])
    sandbox.settle()
    missing = lin.browser().get("/u/income").text
    sandbox.control(
        f"accounts/{stripe_id}",
        currently_due=[],
        disabled_reason="under_review",
        stopped=["transfers", "payouts"],
    )
    sandbox.settle()
    looked_at = lin.browser().get("/u/income").text
    sandbox.control(
        f"accounts/{stripe_id}", disabled_reason="rejected.fraud", stopped=["transfers", "payouts"]
    )
    sandbox.settle()
    refused = lin.browser().get("/u/income").text

    assert missing.count("/u/income/onboarding") == 1
    assert "不用您做什么" in looked_at and "/u/income/onboarding" not in looked_at
    assert "请联系客服" in refused and "/u/income/onboarding" not in refused


def test_what_the_bank_returned_is_not_sent_again_to_an_account_that_cannot_be_paid(
    app: Flask, lin: Player, sandbox: Sandbox, stripe_id: str
) -> None:
    sandbox.fault("payout", code="account_closed")
    assert withdraw(lin).status_code == 201
    sandbox.settle()
    sandbox.control("clock", advance_s=10)
    sandbox.settle()
    sandbox.control(f"accounts/{stripe_id}", currently_due=["external_account"])
    sandbox.settle()

    page = lin.browser().get("/u/income").text

    assert "银行退回了" in page and "/back" in page and "/retry" not in page
    sandbox.control(f"accounts/{stripe_id}", currently_due=[])
    change_bank(sandbox, stripe_id, "000123456789")
    held = lin.browser().get("/u/income").text
    play.shift(25)
    assert "/retry" not in held and "之后才能重试" in held
    assert "/retry" in lin.browser().get("/u/income").text


def test_while_withdrawals_are_paused_the_page_says_so_before_the_click(
    app: Flask, lin: Player, sandbox: Sandbox, stripe_id: str
) -> None:
    from market.kit.db import transaction
    from market.payments import holds

    with app.app_context(), transaction():
        holds.hold("differs")

    page = lin.browser().get("/u/income").text

    assert "暂停提现" in page and "确认提现" not in page
