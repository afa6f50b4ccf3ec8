"""Transfers and their reversals: both sides of one movement, never beyond what is there."""

import pytest
import stripe

from tests.stripe_local.conftest import Hooks, Sandbox


def transfer(sandbox: Sandbox, account: str, amount: int, **extra: object) -> stripe.Transfer:
    made: stripe.Transfer = sandbox.v1.transfers.create(
        {"amount": amount, "currency": "cny", "destination": account, **extra}
    )
    return made


def test_a_transfer_moves_money_from_one_balance_to_the_other(sandbox: Sandbox, hooks: Hooks) -> None:
    account = sandbox.payee()
    sandbox.charge(50_000)
    before = sandbox.funds()[0]

    made = transfer(sandbox, account, 30_000, transfer_group="ord_1", metadata={"withdrawal": "wd_1"})

    assert (before - sandbox.funds()[0], sandbox.funds(account)[0]) == (30_000, 30_000)
    options = {"stripe_account": account}
    payment = sandbox.v1.charges.retrieve(made.destination_payment, options=options)
    assert (payment.amount, payment.source_transfer) == (30_000, made.id)
    hooks.wait(made.id, "transfer.created")


def test_what_the_balance_does_not_cover_is_refused(sandbox: Sandbox) -> None:
    account, available = sandbox.payee(), sandbox.funds()[0]

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        transfer(sandbox, account, available + 1)

    assert refusal.value.code == "balance_insufficient"
    assert sandbox.funds() == (available, sandbox.funds()[1])


def test_pending_money_can_be_transferred_from_its_charge_only(sandbox: Sandbox) -> None:
    sandbox.control("config", {"pace": "bank"})
    account, charge = sandbox.payee(), sandbox.charge(50_000, currency="hkd")
    params = {"currency": "hkd"}
    with pytest.raises(stripe.InvalidRequestError):
        transfer(sandbox, account, 40_000, **params)

    made = transfer(sandbox, account, 40_000, source_transaction=charge.id, **params)

    assert charge.balance_transaction.status == "pending"
    assert made.transfer_group == f"group_{charge.payment_intent}"
    held = sandbox.v1.accounts.retrieve(account).default_currency
    assert sandbox.funds(account, held)[0] == 0
    assert sandbox.funds(account, held)[1] > 0
    sandbox.advance(2 * 86_400 + 1)
    assert sandbox.funds(account, held)[1] == 0
    assert sandbox.funds(account, held)[0] > 0


def test_all_transfers_of_a_charge_stay_within_it(sandbox: Sandbox) -> None:
    account, charge = sandbox.payee(), sandbox.charge(10_000)
    sandbox.charge(10_000)
    first = transfer(sandbox, account, 7_000, source_transaction=charge.id)

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        transfer(sandbox, account, 3_001, source_transaction=charge.id)
    sandbox.v1.transfers.reversals.create(first.id, {"amount": 1})

    assert refusal.value.code == "balance_insufficient"
    assert transfer(sandbox, account, 3_001, source_transaction=charge.id).amount == 3_001


@pytest.mark.parametrize(
    ("extra", "code"),
    [
        ({"destination": "acct_nobody"}, "resource_missing"),
        ({"source_transaction": "ch_nobody"}, "resource_missing"),
        ({"amount": -5}, "parameter_invalid_integer"),
    ],
)
def test_a_transfer_to_nowhere_is_refused(sandbox: Sandbox, extra: dict[str, object], code: str) -> None:
    params = {"amount": 100, "currency": "cny", "destination": sandbox.payee(), **extra}

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sandbox.v1.transfers.create(params)

    assert refusal.value.code == code


def test_a_charge_of_another_group_or_currency_is_refused(sandbox: Sandbox) -> None:
    account, charge = sandbox.payee(), sandbox.charge(10_000, transfer_group="ord_1")

    for extra in ({"transfer_group": "ord_2"}, {"currency": "usd"}):
        with pytest.raises(stripe.InvalidRequestError):
            transfer(sandbox, account, 100, source_transaction=charge.id, **extra)


def test_a_reversal_takes_back_at_most_what_was_sent(sandbox: Sandbox, hooks: Hooks) -> None:
    account = sandbox.payee()
    sandbox.charge(50_000)
    made = transfer(sandbox, account, 10_000)
    before = sandbox.funds()[0]

    part = sandbox.v1.transfers.reversals.create(made.id, {"amount": 4_000})
    rest = sandbox.v1.transfers.reversals.create(made.id)

    found = sandbox.v1.transfers.retrieve(made.id)
    assert (part.amount, rest.amount, found.reversed) == (4_000, 6_000, True)
    assert [r.id for r in found.reversals.data] == [rest.id, part.id]
    assert (sandbox.funds()[0] - before, sandbox.funds(account)[0]) == (10_000, 0)
    hooks.wait(made.id, "transfer.reversed", 2)
    with pytest.raises(stripe.InvalidRequestError, match="already fully reversed"):
        sandbox.v1.transfers.reversals.create(made.id, {"amount": 1})


def test_money_that_has_left_cannot_be_taken_back(sandbox: Sandbox) -> None:
    account = sandbox.payee()
    sandbox.charge(50_000)
    made = transfer(sandbox, account, 10_000)
    sandbox.v1.payouts.create({"amount": 6_000, "currency": "cny"}, options={"stripe_account": account})

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sandbox.v1.transfers.reversals.create(made.id)

    assert refusal.value.code == "balance_insufficient"
    assert sandbox.funds(account)[0] == 4_000


def test_a_payee_with_another_currency_is_paid_in_it(sandbox: Sandbox) -> None:
    account = sandbox.payee(currency="hkd")
    sandbox.v1.accounts.update(account, {"default_currency": "hkd"})
    sandbox.charge(50_000)

    made = transfer(sandbox, account, 10_000)

    payment = sandbox.v1.charges.retrieve(
        made.destination_payment, {"expand": ["balance_transaction"]}, options={"stripe_account": account}
    )
    assert payment.balance_transaction.exchange_rate == pytest.approx(0.14 / 0.128, rel=1e-4)
    assert sandbox.funds(account, "hkd")[0] == payment.amount == 10_938
