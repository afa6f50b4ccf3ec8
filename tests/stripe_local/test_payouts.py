"""Payouts: pending, in transit, paid; what fails returns to the balance."""

from typing import Any

import pytest
import stripe

from tests.stripe_local.conftest import Hooks, Sandbox


def funded(sandbox: Sandbox, amount: int = 20_000, **onboarding: str) -> dict[str, Any]:
    account = sandbox.payee(**onboarding)
    sandbox.charge(2 * amount)
    sandbox.v1.transfers.create({"amount": amount, "currency": "cny", "destination": account})
    return {"stripe_account": account}


def test_a_payout_arrives(sandbox: Sandbox, hooks: Hooks) -> None:
    options = funded(sandbox)

    payout = sandbox.v1.payouts.create({"amount": 15_000, "currency": "cny"}, options=options)
    sandbox.advance(10)

    found = sandbox.v1.payouts.retrieve(payout.id, options=options)
    assert (payout.status, found.status) == ("pending", "paid")
    assert sandbox.funds(options["stripe_account"]) == (5_000, 0)
    states = [
        e["data"]["object"]["status"]
        for t in ("created", "updated", "paid")
        for e in hooks.wait(payout.id, f"payout.{t}")
    ]
    assert states == ["pending", "in_transit", "paid"]
    assert hooks.of(payout.id)[0]["account"] == options["stripe_account"]


def test_a_closed_bank_account_returns_the_money_and_must_be_replaced(sandbox: Sandbox, hooks: Hooks) -> None:
    options = funded(sandbox, account_number="000111111113")
    account = options["stripe_account"]
    payout = sandbox.v1.payouts.create({"amount": 15_000, "currency": "cny"}, options=options)

    sandbox.advance(10)

    failed = sandbox.v1.payouts.retrieve(payout.id, options=options)
    assert (failed.status, failed.failure_code) == ("failed", "account_closed")
    assert sandbox.funds(account) == (20_000, 0)
    assert hooks.wait(payout.id, "payout.failed")[0]["account"] == account
    assert sandbox.v1.accounts.retrieve(account).requirements.currently_due == ["external_account"]
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sandbox.v1.payouts.create({"amount": 1, "currency": "cny"}, options=options)
    assert refusal.value.code == "payouts_not_allowed"
    sandbox.control(f"onboard/{account}", {"account_number": "000123456789"})
    assert sandbox.v1.payouts.create({"amount": 1, "currency": "cny"}, options=options).status == "pending"


def test_an_ordered_failure_hits_the_next_payout(sandbox: Sandbox) -> None:
    options = funded(sandbox)
    sandbox.fault("payout", code="could_not_process", account=options["stripe_account"])

    first, second = (
        sandbox.v1.payouts.create({"amount": 1_000, "currency": "cny"}, options=options) for _ in range(2)
    )
    sandbox.advance(10)

    assert sandbox.v1.payouts.retrieve(first.id, options=options).status == "failed"
    assert sandbox.v1.payouts.retrieve(second.id, options=options).status == "paid"


def test_a_payout_beyond_the_balance_or_to_another_currency_is_refused(sandbox: Sandbox) -> None:
    options = funded(sandbox)

    with pytest.raises(stripe.InvalidRequestError) as beyond:
        sandbox.v1.payouts.create({"amount": 20_001, "currency": "cny"}, options=options)
    with pytest.raises(stripe.InvalidRequestError) as foreign:
        sandbox.v1.payouts.create({"amount": 1, "currency": "usd"}, options=options)

    assert beyond.value.code == "balance_insufficient"
    assert foreign.value.param == "currency"


def test_a_pending_payout_can_be_canceled(sandbox: Sandbox) -> None:
    sandbox.control("config", {"pace": "bank"})
    account = sandbox.payee()
    sandbox.control("adjustments", {"amount": 9_000, "account": account})
    options = {"stripe_account": account}
    payout = sandbox.v1.payouts.create({"amount": 9_000, "currency": "cny"}, options=options)

    canceled = sandbox.v1.payouts.cancel(payout.id, options=options)

    assert (canceled.status, sandbox.funds(account)[0]) == ("canceled", 9_000)
    with pytest.raises(stripe.InvalidRequestError):
        sandbox.v1.payouts.cancel(payout.id, options=options)


def test_a_daily_schedule_pays_out_by_itself_and_a_manual_one_never(sandbox: Sandbox) -> None:
    account = sandbox.payee()
    sandbox.control("adjustments", {"amount": 9_000, "account": account})
    options = {"stripe_account": account}
    sandbox.advance(2 * 86_400)
    assert sandbox.funds(account)[0] == 9_000

    sandbox.v1.balance_settings.update(
        {"payments": {"payouts": {"schedule": {"interval": "daily"}}}}, options=options
    )
    sandbox.advance(86_400 + 10)

    payout = sandbox.v1.payouts.list(options=options).data[0]
    assert (payout.automatic, payout.amount, payout.status) == (True, 9_000, "paid")
    assert sandbox.funds(account)[0] == 0
