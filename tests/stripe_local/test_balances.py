"""Money: every change has one balance transaction, and the sums hold."""

import random

import pytest
import stripe

from tests.stripe_local.conftest import Sandbox


def test_every_change_has_exactly_one_transaction(sandbox: Sandbox) -> None:
    account, before = sandbox.payee(), sandbox.funds()[0]
    charge = sandbox.charge(80_000)
    transfer = sandbox.v1.transfers.create({"amount": 30_000, "currency": "cny", "destination": account})
    reversal = sandbox.v1.transfers.reversals.create(transfer.id, {"amount": 5_000})
    refund = sandbox.v1.refunds.create({"charge": charge.id, "amount": 1_000})

    entries = [
        sandbox.v1.balance_transactions.list({"source": thing.id}).data
        for thing in (charge, transfer, reversal, refund)
    ]

    assert [len(found) for found in entries] == [1, 1, 1, 1]
    assert [found[0].type for found in entries] == ["charge", "transfer", "transfer_refund", "refund"]
    assert before + sum(found[0].net for found in entries) == sandbox.funds()[0]


def test_fees_follow_the_method_and_the_settings(sandbox: Sandbox) -> None:
    assert sandbox.charge(10_001).balance_transaction.fee == 290 + 200
    old = sandbox.control("config")["fees"]

    sandbox.control("config", {"fees": {"card": {"bps": 100, "fixed": 0}}})
    cheap = sandbox.charge(10_001).balance_transaction
    sandbox.control("config", {"fees": old})

    assert (cheap.fee, cheap.net, cheap.fee_details[0].type) == (100, 9_901, "stripe_fee")


@pytest.mark.parametrize(
    "config",
    [
        {"pace": "warp"},
        {"settle_in": "xyz"},
        {"fees": {"card": {"bps": -1}}},
        {"fees": {"card": {"percent": 1}}},
        {"fees": {"card": 5}},
        {"usd_rates": {"cny": 0}},
        {"weather": "fine"},
    ],
)
def test_settings_that_make_no_sense_are_refused(sandbox: Sandbox, config: dict[str, object]) -> None:
    before = sandbox.control("config")

    assert sandbox.refused("config", config)["status"] == 400
    assert sandbox.control("config") == before


def test_at_the_banks_pace_money_is_pending_for_two_days(sandbox: Sandbox) -> None:
    sandbox.control("config", {"pace": "bank"})
    available, pending = sandbox.funds()

    charge, fast = sandbox.charge(10_000), sandbox.charge(10_000, "pm_card_bypassPending")

    assert sandbox.funds() == (available + 9_510, pending + 9_510)
    assert (charge.balance_transaction.status, fast.balance_transaction.status) == ("pending", "available")
    assert charge.balance_transaction.available_on == charge.created + 2 * 86_400
    sandbox.advance(2 * 86_400)
    assert sandbox.funds() == (available + 2 * 9_510, pending)


def test_yuan_may_settle_in_another_currency(sandbox: Sandbox) -> None:
    sandbox.control("config", {"settle_in": "hkd"})
    before = sandbox.funds(currency="hkd")[0]

    charge = sandbox.charge(10_000)
    entry = charge.balance_transaction

    assert (charge.currency, entry.currency, entry.exchange_rate) == ("cny", "hkd", 1.09375)
    assert entry.amount == 10_938
    refund = sandbox.v1.refunds.create({"charge": charge.id, "expand": ["balance_transaction"]})
    assert (refund.amount, refund.balance_transaction.amount) == (10_000, -10_938)
    assert sandbox.funds(currency="hkd")[0] - before == -entry.fee


def test_a_shortfall_can_be_made(sandbox: Sandbox) -> None:
    account = sandbox.payee()
    sandbox.control("adjustments", {"amount": -sandbox.funds()[0] - 500})

    with pytest.raises(stripe.InvalidRequestError):
        sandbox.v1.transfers.create({"amount": 1, "currency": "cny", "destination": account})

    assert sandbox.funds()[0] == -500


def test_a_topup_brings_the_platforms_own_money(sandbox: Sandbox) -> None:
    before = sandbox.funds()[0]
    made, dropped = (sandbox.v1.topups.create({"amount": 7_000, "currency": "cny"}) for _ in range(2))
    assert sandbox.funds()[0] == before

    sandbox.v1.topups.cancel(dropped.id)
    sandbox.advance(5)

    assert sandbox.v1.topups.retrieve(made.id).status == "succeeded"
    assert sandbox.funds()[0] - before == 7_000


def test_sums_hold_over_a_random_day(sandbox: Sandbox) -> None:
    seed = random.randrange(1 << 30)
    rng, payees = random.Random(seed), [sandbox.payee() for _ in range(3)]
    charges, transfers = [sandbox.charge(90_000)], []
    for _ in range(80):
        try:
            match rng.randrange(6):
                case 0:
                    charges.append(sandbox.charge(rng.randint(400, 90_000)))
                case 1:
                    extra = {"source_transaction": rng.choice(charges).id} if rng.random() < 0.5 else {}
                    params = {
                        "amount": rng.randint(1, 50_000),
                        "currency": "cny",
                        "destination": rng.choice(payees),
                    }
                    transfers.append(sandbox.v1.transfers.create({**params, **extra}))
                case 2:
                    sandbox.v1.refunds.create(
                        {"charge": rng.choice(charges).id, "amount": rng.randint(1, 20_000)}
                    )
                case 3 if transfers:
                    sandbox.v1.transfers.reversals.create(
                        rng.choice(transfers).id, {"amount": rng.randint(1, 9_000)}
                    )
                case 4:
                    options = {"stripe_account": rng.choice(payees)}
                    sandbox.v1.payouts.create(
                        {"amount": rng.randint(1, 30_000), "currency": "cny"}, options=options
                    )
                case _:
                    sandbox.advance(rng.randint(1, 3_600))
        except stripe.InvalidRequestError as refusal:
            assert refusal.code in ("balance_insufficient", "charge_already_refunded", None), (seed, refusal)

    assert sandbox.control("check")["ok"], seed
    for payee in payees:
        entries = sandbox.v1.balance_transactions.list({"limit": 100}, options={"stripe_account": payee})
        assert sum(e.net for e in entries.auto_paging_iter()) == sum(sandbox.funds(payee)), seed
