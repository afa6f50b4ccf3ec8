"""The payer's bank takes money back: before and after release, won and lost, twice and in any order."""

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from market.kit import figures as figures_module
from market.kit.clock import now
from market.kit.db import db, transaction
from market.kit.events import history
from market.kit.ids import encode
from market.orders import queries as orders
from market.orders.states import MilestoneState, OrderState
from market.payments import chargebacks, debts
from market.payments.chargebacks import ChargebackHold, ChargebackState
from market.payments.checks import check as check_payments
from market.payments.models import Earning
from market.subsidies import service as subsidies
from market.subsidies.models import Subsidy, SubsidyKind
from tests import play
from tests.conftest import Player
from tests.payments.bank import chargeback, decide, dispute
from tests.sandbox import Sandbox

PRICE = 1_000_000
FEE = 10_000
SCRIPT_NET = 100_000 - 5_000 - 2_850


@pytest.fixture
def order_id(mei: Player, lin: Player, sandbox: Sandbox) -> UUID:
    return play.funded(mei, lin, sandbox, price_fen=PRICE)


def is_sound(app: Flask, sandbox: Sandbox) -> None:
    """Books, business and Stripe agree, to the fen."""
    play.ledger_is_sound(app)
    with app.app_context():
        assert check_payments() == []
    assert play.balance(app, "SC") == sandbox.balance()
    sandbox.check()


def stages(app: Flask, order_id: UUID) -> list[int]:
    """What lies in the order's three stages."""
    with app.app_context():
        ids = [m.id for m in orders.milestones(order_id)]
    return [play.balance(app, "EM", each) for each in ids]


def set_figures(monkeypatch: pytest.MonkeyPatch, **given: int) -> None:
    changed = replace(figures_module.figures, **given)
    for module in ("market.payments.chargebacks", "market.payments.debts", "market.orders.chargebacks"):
        monkeypatch.setattr(f"{module}.figures", changed)


def accept(mei: Player, submission: UUID, key: str = "a") -> Any:
    return mei.api(
        "POST",
        f"/submissions/{encode('sub', submission)}/acceptance",
        headers={"Idempotency-Key": key},
    )


def test_opened_takes_the_cash_and_sets_the_orders_money_aside(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox, order_id: UUID
) -> None:
    submission = play.submit(lin, order_id)

    found = chargeback(app, dispute(app, sandbox, order_id))

    assert (found.state, found.amount_fen, found.fee_fen) == (ChargebackState.OPEN, PRICE, FEE)
    assert play.balance(app, "CBR", found.id) == PRICE
    assert play.balance(app, "DFE") == FEE
    assert play.balance(app, "EH", found.id) == PRICE and stages(app, order_id) == [0, 0, 0]
    refused = accept(mei, submission)
    assert refused.status_code == 409 and refused.json["type"].endswith("order-frozen")
    with app.app_context():
        assert "chargeback.opened" in [e.name for e in history(order_id)]
    is_sound(app, sandbox)


def test_the_frozen_order_leads_its_payer_to_the_dispute(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox, order_id: UUID
) -> None:
    found = chargeback(app, dispute(app, sandbox, order_id))
    room, there = f"/orders/{encode('ord', order_id)}", f"/chargebacks/{encode('cbk', found.id)}"

    for page in (room, f"{room}/money"):
        assert there in mei.browser().get(page).text
        assert there not in lin.browser().get(page).text
    for page in ("/m", "/m/funds"):  # one figure, wherever it stands
        assert f"¥{PRICE / 100:,.2f}" in mei.browser().get(page).text
    assert f"其中冻结 ¥{PRICE / 100:,.2f}" in mei.browser().get("/m/funds").text
    early = mei.browser().get(f"{room}/exit").text
    assert there in early and 'name="reason"' not in early  # it would be refused
    assert mei.browser().get(there).status_code == 200


def test_won_everything_is_exactly_where_it_was(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox, order_id: UUID
) -> None:
    play.accept(mei, play.submit(lin, order_id))
    draft = play.submit(lin, order_id, "video")
    before = stages(app, order_id), play.balance(app, "PP", lin.party_id)
    dispute_id = dispute(app, sandbox, order_id)
    during = stages(app, order_id), play.balance(app, "PP", lin.party_id)
    for who in (mei, lin):
        money = who.api("GET", f"/orders/{encode('ord', order_id)}/money").json
        parts = [part for row in money["rows"] for part in row["parts"]]
        assert sum(part["fen"] for part in parts) == PRICE
        assert "frozen" in {part["status"] for part in parts}

    decide(sandbox, dispute_id, "won")

    found = chargeback(app, dispute_id)
    assert during == ([0, 0, 0], 0)
    assert (stages(app, order_id), play.balance(app, "PP", lin.party_id)) == before
    assert play.balance(app, "CBR", found.id) == play.balance(app, "EH", found.id) == 0
    assert play.balance(app, "DFE") == FEE  # Stripe keeps it
    assert accept(mei, draft).status_code in (200, 201)
    is_sound(app, sandbox)
    play.shift(80)
    sandbox.settle()
    assert play.balance(app, "PA", lin.party_id) > SCRIPT_NET
    is_sound(app, sandbox)


def test_lost_before_release_ends_the_order_and_costs_nobody_more(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox, order_id: UUID
) -> None:
    play.submit(lin, order_id)
    dispute_id = dispute(app, sandbox, order_id)

    decide(sandbox, dispute_id, "lost")

    found = chargeback(app, dispute_id)
    assert found.state is ChargebackState.LOST and found.settled_at is not None
    assert play.balance(app, "CBR", found.id) == play.balance(app, "EH", found.id) == 0
    assert play.balance(app, "MREC", mei.party_id) == 0 and play.balance(app, "LOSS") == 0
    with app.app_context():
        order = orders.find(order_id)
        assert order.state is OrderState.SETTLED and order.frozen_at is None
        assert {m.state for m in order.milestones} == {MilestoneState.REFUNDED}
    for reader in (mei, lin):
        assert "付款被付款方的银行追回" in reader.browser().get(f"/orders/{encode('ord', order_id)}").text
        money = reader.browser().get(f"/orders/{encode('ord', order_id)}/money").text
        assert "被付款方银行追回" in money and "退回商家" not in money
    is_sound(app, sandbox)


@pytest.mark.parametrize("script_released", [False, True])
def test_a_lost_stage_gives_the_subsidy_its_part_back(
    app: Flask, mei: Player, lin: Player, zhou: Player, sandbox: Sandbox, script_released: bool
) -> None:
    """900,000 came from the card, 100,000 from promotions; the bank takes the 900,000 back."""
    coupon, begin, end = 100_000, now() - timedelta(days=1), now() + timedelta(days=30)
    with app.app_context(), transaction():
        made = subsidies.make(
            {
                "name": "双11", "kind": SubsidyKind.COUPON, "campaign_code": None, "fixed_fen": coupon,
                "cap_fen": coupon, "budget_fen": 500_000, "starts_at": begin, "ends_at": end,
            },
            zhou.actor,
        )  # fmt: skip
        subsidy_id = made.id
    order_id = play.funded(mei, lin, sandbox, price_fen=PRICE)
    assert play.balance(app, "PRO") == coupon
    if script_released:
        play.accept(mei, play.submit(lin, order_id))
    dispute_id = dispute(app, sandbox, order_id)
    found = chargeback(app, dispute_id)
    assert found.amount_fen == PRICE - coupon

    decide(sandbox, dispute_id, "lost")

    kept = coupon // 10 if script_released else 0  # the script is a tenth of the price
    assert play.balance(app, "PRO") == kept
    with app.app_context():
        subsidy = db.session.get(Subsidy, subsidy_id)
        assert subsidy is not None and subsidy.taken_fen == kept
        states = [m.state.value for m in orders.find(order_id).milestones]
    assert states == ["released" if script_released else "refunded", "refunded", "refunded"]
    # What the subsidy has back covers nothing of the loss: the merchant owes as much more.
    assert play.balance(app, "MREC", mei.party_id) == (coupon - kept if script_released else 0)
    assert play.balance(app, "MW", mei.party_id) == play.balance(app, "LOSS") == 0
    assert play.balance(app, "CBR", found.id) == play.balance(app, "EH", found.id) == 0
    is_sound(app, sandbox)


def test_lost_after_release_takes_what_was_frozen_and_the_merchant_owes_the_rest(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox, order_id: UUID
) -> None:
    play.accept(mei, play.submit(lin, order_id))
    play.shift(80)
    sandbox.settle()  # the script's money is Lin's to take
    play.accept(mei, play.submit(lin, order_id, "video"))
    cooling = play.balance(app, "PP", lin.party_id)
    dispute_id = dispute(app, sandbox, order_id)

    decide(sandbox, dispute_id, "lost")

    rest = PRICE - 500_000 - cooling
    assert play.balance(app, "MREC", mei.party_id) == rest
    assert play.balance(app, "PA", lin.party_id) == SCRIPT_NET
    assert play.balance(app, "PREC", lin.party_id) == 0 and play.balance(app, "LOSS") == 0
    with app.app_context():
        [debt] = debts.open_of(mei.party_id)
        assert (debt.open_fen, debt.source_id) == (rest, chargeback(app, dispute_id).id)
    is_sound(app, sandbox)


def test_a_loss_goes_by_contract_up_to_the_caps_and_the_platform_bears_the_rest(
    app: Flask,
    mei: Player,
    lin: Player,
    sandbox: Sandbox,
    order_id: UUID,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    set_figures(
        monkeypatch,
        merchant_debt_cap_fen=30_000,
        payee_debt_cap_fen=15_000,
        chargeback_payee_bps=10_000,
    )
    play.accept(mei, play.submit(lin, order_id))
    play.shift(80)
    sandbox.settle()

    decide(sandbox, dispute(app, sandbox, order_id), "lost")

    assert play.balance(app, "MREC", mei.party_id) == 30_000
    assert play.balance(app, "PREC", lin.party_id) == 15_000
    assert play.balance(app, "LOSS") == 100_000 - 45_000
    assert play.balance(app, "PA", lin.party_id) == SCRIPT_NET  # never below zero, and not touched
    is_sound(app, sandbox)


def test_accepted_work_is_not_clawed_below_zero(
    app: Flask,
    mei: Player,
    lin: Player,
    sandbox: Sandbox,
    order_id: UUID,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    set_figures(monkeypatch, merchant_debt_cap_fen=0)
    play.accept(mei, play.submit(lin, order_id))
    play.shift(80)
    sandbox.settle()

    decide(sandbox, dispute(app, sandbox, order_id), "lost")

    assert play.balance(app, "PREC", lin.party_id) == 0
    assert play.balance(app, "LOSS") == 100_000
    is_sound(app, sandbox)


def test_by_policy_what_has_matured_is_set_aside_too_and_comes_back(
    app: Flask,
    mei: Player,
    lin: Player,
    sandbox: Sandbox,
    order_id: UUID,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    set_figures(monkeypatch, chargeback_freezes_available=1)
    play.accept(mei, play.submit(lin, order_id))
    play.shift(80)
    sandbox.settle()
    dispute_id = dispute(app, sandbox, order_id)
    during = play.balance(app, "PA", lin.party_id)

    decide(sandbox, dispute_id, "won")

    assert (during, play.balance(app, "PA", lin.party_id)) == (0, SCRIPT_NET)
    is_sound(app, sandbox)


@pytest.mark.parametrize("outcome", ["won", "lost"])
@pytest.mark.parametrize("seed", range(3))
def test_news_in_any_order_and_several_times_comes_to_the_same(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox, order_id: UUID, outcome: str, seed: int
) -> None:
    play.accept(mei, play.submit(lin, order_id))
    sandbox.settle()
    dispute_id = dispute(app, sandbox, order_id, settle=False)
    decide(sandbox, dispute_id, outcome, settle=False)
    events = sandbox.new_events() * 3
    random.Random(seed).shuffle(events)

    for event in events:
        assert sandbox.post(event).status_code == 200
        if random.Random(seed).random() < 0.4:
            sandbox.settle()
    sandbox.settle()

    found = chargeback(app, dispute_id)
    assert found.state.value == outcome
    assert play.balance(app, "CBR", found.id) == play.balance(app, "EH", found.id) == 0
    assert play.balance(app, "DFE") == FEE
    with app.app_context():
        names = [e.name for e in history(order_id) if e.name.startswith("chargeback.")]
        assert names == ["chargeback.opened", f"chargeback.{outcome}"]
        assert orders.find(order_id).frozen_at is None
    is_sound(app, sandbox)


def test_a_dispute_that_is_heard_of_before_its_payment_waits_for_it(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    order_id = play.award(mei, lin)
    session = play.session_of(app, play.open_checkout(mei, order_id))
    sandbox.deliver()
    sandbox.pay(session)
    payment = sandbox.new_events()
    charge = next(
        e["data"]["object"] for e in payment if e["type"] in ("charge.succeeded", "charge.updated")
    )["id"]
    opened = sandbox.control("disputes", charge=charge)
    sandbox.settle()

    for event in payment:
        sandbox.post(event)
    play.shift(1)
    sandbox.settle()

    assert chargeback(app, opened["id"]).state is ChargebackState.OPEN
    with app.app_context():
        assert orders.find(order_id).frozen_at is not None
    is_sound(app, sandbox)


def test_a_dispute_whose_news_is_lost_is_found_by_the_poll(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox, order_id: UUID
) -> None:
    dispute_id = dispute(app, sandbox, order_id)
    decide(sandbox, dispute_id, "won", settle=False)
    sandbox.new_events()  # dropped
    play.shift(48)

    sandbox.settle()

    assert chargeback(app, dispute_id).state is ChargebackState.WON
    is_sound(app, sandbox)


def test_an_order_frozen_for_another_reason_too_is_settled_when_that_is_lifted(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox, order_id: UUID
) -> None:
    from market.accounts.actor import SYSTEM
    from market.orders import freezes
    from market.orders.freezes import FreezeSource

    with app.app_context(), transaction():
        freezes.freeze(order_id, FreezeSource.RECONCILIATION, "核对", by=SYSTEM)
    dispute_id = dispute(app, sandbox, order_id)
    decide(sandbox, dispute_id, "lost")
    waiting = chargeback(app, dispute_id).settled_at

    with app.app_context(), transaction():
        freezes.lift(order_id, FreezeSource.RECONCILIATION, by=SYSTEM)
    sandbox.settle()

    assert waiting is None and chargeback(app, dispute_id).settled_at is not None
    is_sound(app, sandbox)


@pytest.mark.parametrize("seed", range(4))
def test_dispute_release_and_withdrawal_at_once_leave_one_outcome(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox, order_id: UUID, seed: int
) -> None:
    play.onboard(lin, sandbox)
    play.accept(mei, play.submit(lin, order_id))
    play.shift(80)
    sandbox.settle()
    draft = play.submit(lin, order_id, "video")
    dispute_id = dispute(app, sandbox, order_id, settle=False)
    events = sandbox.new_events()

    def hear() -> Any:
        from market.payments import outbox
        from tests.conftest import drain_all

        for event in events * 2:
            sandbox.post(event)
        with app.app_context():
            return outbox.drain(seconds=5) + drain_all()

    def take() -> Any:
        return lin.api(
            "POST",
            "/withdrawals",
            json={"amount_fen": SCRIPT_NET},
            headers={"Idempotency-Key": f"w{seed}"},
        ).status_code

    acts = [hear, hear, take, lambda: accept(mei, draft).status_code]
    random.Random(seed).shuffle(acts)
    with ThreadPoolExecutor(4) as crowd:
        list(crowd.map(lambda act: act(), acts))
    sandbox.settle()
    is_sound(app, sandbox)
    decide(sandbox, dispute_id, ["won", "lost"][seed % 2])
    sandbox.control("clock", advance_s=10)
    sandbox.settle()

    is_sound(app, sandbox)
    with app.app_context():
        assert {h.left_fen for h in db.session.query(ChargebackHold)} <= {0}
        assert all(e.taken_fen <= e.amount_fen for e in db.session.query(Earning))


def test_money_of_a_wallet_is_set_aside_and_the_rest_is_owed(
    app: Flask, mei: Player, sandbox: Sandbox
) -> None:
    """Payments alone settle it: no order is concerned."""
    from market.accounts.actor import SYSTEM
    from market.ledger import service as ledger
    from market.ledger.accounts import Account, AccountKind
    from market.ledger.movements import Leg, PostingKind
    from market.payments.models import Checkout
    from market.payments.states import CheckoutState
    from market.payments.views import Booked, DisputeView

    with app.app_context(), transaction():
        paid = Checkout(
            subject_id=mei.party_id, payer_id=mei.party_id, amount_fen=500, title="充值", key="k",
            state=CheckoutState.PAID, charge_id="ch_wallet", received_fen=500, method="card", failure="",
        )  # fmt: skip
        db.session.add(paid)
        db.session.flush()
        wallet = Account(AccountKind.MERCHANT_WALLET, mei.party_id)
        for kind, key, leg in (
            (PostingKind.TOP_UP, "charge:ch_wallet", Leg(Account(AccountKind.STRIPE_CLEARING), wallet, 500)),
            (PostingKind.FUND, "fund:x:1", Leg(wallet, Account(AccountKind.SUSPENSE), 200)),
        ):
            ledger.post(kind, key, [leg], source=("checkout", paid.id), by=SYSTEM, external_ref="ch_wallet")
    view = DisputeView(
        id="du_w", charge="ch_wallet", amount=500, currency="CNY", reason="fraudulent", status="needs_response",
        created=paid.created_at, due_by=None, submission_count=0, taken=Booked(500, 100, "CNY"), given_back=None,
    )  # fmt: skip

    for each in (view, view, replace(view, status="lost"), replace(view, status="lost"), view):
        with app.app_context(), transaction():
            chargebacks.apply(each)

    assert play.balance(app, "MW", mei.party_id) == 0
    assert play.balance(app, "MREC", mei.party_id) == 200
    assert play.balance(app, "CBR", chargeback(app, "du_w").id) == 0
    with app.app_context():
        assert check_payments() == []


def test_what_the_bank_took_back_is_not_refunded_as_well(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox, order_id: UUID
) -> None:
    from market.payments import refunds

    with app.app_context():
        before = refunds.refundable(order_id)
    dispute_id = dispute(app, sandbox, order_id)
    with app.app_context():
        during = refunds.refundable(order_id)
    decide(sandbox, dispute_id, "lost")

    with app.app_context():
        assert (before, during, refunds.refundable(order_id)) == (PRICE, 0, 0)
    is_sound(app, sandbox)
