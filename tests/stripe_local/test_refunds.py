"""Refunds: never more than was taken, and what fails comes back."""

import pytest
import stripe

from tests.stripe_local.conftest import Hooks, Sandbox


def test_a_card_is_refunded_at_once_and_in_parts(sandbox: Sandbox, hooks: Hooks) -> None:
    charge = sandbox.charge(10_000)
    before = sandbox.funds()[0]

    first = sandbox.v1.refunds.create({"charge": charge.id, "amount": 4_000, "metadata": {"case": "c1"}})
    second = sandbox.v1.refunds.create({"payment_intent": charge.payment_intent})

    assert (first.status, second.status, second.amount) == ("succeeded", "succeeded", 6_000)
    assert sandbox.v1.charges.retrieve(charge.id).refunded
    assert sandbox.funds()[0] - before == -10_000
    assert sandbox.v1.balance_transactions.retrieve(first.balance_transaction).source == first.id
    hooks.wait(first.id, "refund.created")
    hooks.wait(charge.id, "charge.refunded", 2)


def test_no_more_than_was_taken_can_be_refunded(sandbox: Sandbox) -> None:
    charge = sandbox.charge(10_000)
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        sandbox.v1.refunds.create({"charge": charge.id, "amount": 10_001})
    sandbox.v1.refunds.create({"charge": charge.id})

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sandbox.v1.refunds.create({"charge": charge.id, "amount": 1})

    assert refusal.value.code == "charge_already_refunded"


def test_a_wallet_refund_is_pending_first(sandbox: Sandbox, hooks: Hooks) -> None:
    session = sandbox.session(20_000)
    intent = sandbox.pay(session.id, method="alipay")["payment_intent"]

    refund = sandbox.v1.refunds.create({"payment_intent": intent})
    sandbox.advance(5)

    assert (refund.status, refund.pending_reason) == ("pending", "processing")
    assert sandbox.v1.refunds.retrieve(refund.id).status == "succeeded"
    hooks.wait(refund.id, "refund.updated")


def test_a_failed_refund_gives_the_money_back(sandbox: Sandbox, hooks: Hooks) -> None:
    charge = sandbox.charge(10_000, "pm_card_refundFail")
    before = sandbox.funds()[0]

    refund = sandbox.v1.refunds.create({"charge": charge.id})
    assert sandbox.funds()[0] - before == -10_000
    sandbox.advance(5)

    failed = sandbox.v1.refunds.retrieve(refund.id)
    assert (refund.status, failed.status) == ("succeeded", "failed")
    assert failed.failure_reason == "expired_or_canceled_card"
    assert failed.failure_balance_transaction
    assert sandbox.funds()[0] == before
    assert sandbox.v1.charges.retrieve(charge.id).amount_refunded == 0
    hooks.wait(refund.id, "refund.failed")


def test_an_ordered_failure_hits_any_refund(sandbox: Sandbox) -> None:
    charge = sandbox.charge(10_000)
    sandbox.fault("refund", reason="lost_or_stolen_card")

    refund = sandbox.v1.refunds.create({"charge": charge.id})
    sandbox.advance(5)

    assert sandbox.v1.refunds.retrieve(refund.id).failure_reason == "lost_or_stolen_card"


def test_a_refund_of_everything_costs_the_fee(sandbox: Sandbox) -> None:
    charge = sandbox.charge(10_000, currency="eur")
    assert sandbox.funds(currency="eur") == (9_510, 0)

    refund = sandbox.v1.refunds.create({"charge": charge.id})

    assert (refund.status, sandbox.funds(currency="eur")) == ("succeeded", (-490, 0))
    sandbox.control("adjustments", {"amount": 490, "currency": "eur"})


def test_a_refund_waits_for_money_and_can_be_taken_back(sandbox: Sandbox) -> None:
    sandbox.control("config", {"refund_overdraft": False})
    charge = sandbox.charge(10_000, currency="usd")
    sandbox.control("adjustments", {"amount": -sandbox.funds(currency="usd")[0], "currency": "usd"})

    waiting, dropped = (sandbox.v1.refunds.create({"charge": charge.id, "amount": 5_000}) for _ in range(2))
    sandbox.v1.refunds.cancel(dropped.id)
    assert (waiting.status, waiting.pending_reason) == ("pending", "insufficient_funds")
    assert sandbox.funds(currency="usd") == (0, 0)
    sandbox.control("adjustments", {"amount": 5_000, "currency": "usd"})
    sandbox.advance(10)

    assert sandbox.v1.refunds.retrieve(waiting.id).status == "succeeded"
    assert sandbox.v1.refunds.retrieve(dropped.id).status == "canceled"
    assert sandbox.v1.charges.retrieve(charge.id).amount_refunded == 5_000
    assert sandbox.funds(currency="usd") == (0, 0)


def test_what_was_never_taken_cannot_be_refunded(sandbox: Sandbox) -> None:
    intent = sandbox.v1.payment_intents.create({"amount": 900, "currency": "cny"})

    for params in ({"payment_intent": intent.id}, {"charge": "ch_nobody"}, {}):
        with pytest.raises(stripe.InvalidRequestError):
            sandbox.v1.refunds.create(params)
