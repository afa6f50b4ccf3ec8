"""Debts: why, how they come back, and that two persons are needed to give one up."""

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import text

from market.accounts.actor import SYSTEM
from market.kit.clock import now
from market.kit.db import db, transaction
from market.kit.ids import encode
from market.ledger import service as ledger
from market.ledger.accounts import Account, AccountKind
from market.ledger.movements import Leg, PostingKind
from market.orders import cases, endings, exits
from market.orders import queries as orders
from market.orders import service as orders_service
from market.orders.endings import Cause
from market.payments import chargebacks, debts
from market.payments.chargebacks import Chargeback, ChargebackState
from market.payments.checks import check as check_payments
from market.payments.debts import Debt, DebtCause
from market.payments.refunds import Reason
from market.payments.views import Booked, DisputeView
from tests import play
from tests.conftest import Player, drain_all, submit
from tests.payments import bank
from tests.sandbox import Sandbox

K = AccountKind
SCRIPT_NET = 100_000 - 5_000 - 2_850


def owe(app: Flask, who: Player, fen: int) -> UUID:
    """A debt out of a lost chargeback, as its settlement posts it."""
    source = uuid4()
    with app.app_context(), transaction():
        account = debts.account_of(who.party_id)
        ledger.post(
            PostingKind.CHARGEBACK_LOST,
            f"cb-lost:{source}",
            [Leg(account, Account(K.LOSSES), fen)],
            source=("chargeback", source),
            by=SYSTEM,
        )
        return debts.owe(
            who.party_id, fen, cause=DebtCause.CHARGEBACK, source_id=source, subject_id=None,
            number="VT1", title="咖啡", by=SYSTEM,
        ).id  # fmt: skip


def is_sound(app: Flask) -> None:
    play.ledger_is_sound(app)
    with app.app_context():
        assert check_payments() == []


def earned(app: Flask, mei: Player, lin: Player, sandbox: Sandbox) -> UUID:
    order_id = play.funded(mei, lin, sandbox)
    play.accept(mei, play.submit(lin, order_id))
    return order_id


def approve(qian: Player, approval: Any) -> Any:
    return qian.api(
        "POST",
        f"/approvals/{approval['id']}/consent",
        json={"content_hash": approval["content_hash"]},
        headers={"Idempotency-Key": "ok"},
    )


def test_the_next_earnings_pay_the_oldest_debt_first(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    first, second = owe(app, lin, 50_000), owe(app, lin, 60_000)
    earned(app, mei, lin, sandbox)

    play.shift(80)
    sandbox.settle()

    shown = {d["id"]: d["open_fen"] for d in lin.api("GET", "/debts").json["data"]}
    assert shown == {encode("dbt", first): 0, encode("dbt", second): 110_000 - SCRIPT_NET}
    assert play.balance(app, "PA", lin.party_id) == 0
    assert lin.api("GET", "/income").json["owed_fen"] == 110_000 - SCRIPT_NET
    detail = lin.api("GET", f"/debts/{encode('dbt', second)}").json
    assert [r["way"] for r in detail["recoveries"]] == ["earnings"]
    is_sound(app)


def test_a_small_debt_leaves_the_rest_to_the_payee(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    owe(app, lin, 1_000)
    earned(app, mei, lin, sandbox)

    play.shift(80)
    sandbox.settle()

    assert play.balance(app, "PA", lin.party_id) == SCRIPT_NET - 1_000
    assert play.balance(app, "PREC", lin.party_id) == 0
    is_sound(app)


@pytest.mark.parametrize("seed", range(4))
def test_sweep_and_withdrawal_at_once_spend_nothing_twice(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox, seed: int
) -> None:
    play.onboard(lin, sandbox)
    order_id = earned(app, mei, lin, sandbox)
    play.shift(80)
    sandbox.settle()
    play.accept(mei, play.submit(lin, order_id, "video"))
    debt = owe(app, lin, 500_000)
    play.shift(80)
    choice = random.Random(seed)
    fens = [choice.randrange(100, SCRIPT_NET) for _ in range(3)]

    def take(n: int) -> int:
        return int(
            lin.api(
                "POST", "/withdrawals", json={"amount_fen": fens[n]}, headers={"Idempotency-Key": f"k{n}"}
            ).status_code
        )

    def mature() -> int:
        with app.app_context():
            return drain_all()

    acts = [mature, mature, *(lambda n=n: take(n) for n in range(3))]
    choice.shuffle(acts)
    with ThreadPoolExecutor(5) as crowd:
        list(crowd.map(lambda act: act(), acts))
    play.shift(1)
    sandbox.settle()

    with app.app_context():
        assert db.session.get(Debt, debt).open_fen >= 0  # type: ignore[union-attr]
    is_sound(app)
    sandbox.check()


def top_up(app: Flask, mei: Player, fen: int, key: str = "charge:ch_1", source: UUID = UUID(int=1)) -> None:
    with app.app_context(), transaction():
        ledger.post(
            PostingKind.TOP_UP,
            key,
            [Leg(Account(K.LOSSES), Account(K.MERCHANT_WALLET, mei.party_id), fen)],
            source=("test", source),
            by=SYSTEM,
        )


def test_what_comes_into_the_wallet_pays_the_merchants_debts_once(app: Flask, mei: Player) -> None:
    owe(app, mei, 700)

    top_up(app, mei, 1_000)

    assert play.balance(app, "MW", mei.party_id) == 300
    owe(app, mei, 100)
    top_up(app, mei, 1_000)
    assert play.balance(app, "MW", mei.party_id) == 300, (
        "told of the same payment again, nothing new has come"
    )
    top_up(app, mei, 50, "charge:ch_2")
    assert play.balance(app, "MREC", mei.party_id) == 50
    with app.app_context():
        assert check_payments() == []


def by_split(app: Flask, mei: Player, order_id: UUID, sandbox: Sandbox) -> None:
    end_all(order_id, to_wallet=True)


def by_decision(app: Flask, mei: Player, order_id: UUID, sandbox: Sandbox) -> None:
    order, case = orders.find(order_id, lock=True), uuid4()
    cases.hold(order, order.milestones[0], case, SYSTEM)
    cases.decide(order, order.milestones[0], case, 0, to_wallet=True, by=SYSTEM)


def by_failed_refund(app: Flask, mei: Player, order_id: UUID, sandbox: Sandbox) -> None:
    sandbox.fault("refund", reason="lost_or_stolen_card")
    end_all(order_id, to_wallet=False)


def by_surplus(app: Flask, mei: Player, order_id: UUID, sandbox: Sandbox) -> None:
    ledger.post(
        PostingKind.FUND,
        f"fund:{order_id}:2",
        [Leg(Account(K.LOSSES), Account(K.ESCROW_UNALLOCATED, order_id), 40_000)],
        source=("order", order_id),
    )
    orders_service.fund(order_id)


def by_won_chargeback(app: Flask, mei: Player, order_id: UUID, sandbox: Sandbox) -> None:
    found = Chargeback(
        dispute_id="du_w", charge_id="ch_w", subject_id=mei.party_id, payer_id=mei.party_id, title="充值",
        amount_fen=500, fee_fen=0, reason="fraudulent", status="needs_response", state=ChargebackState.INQUIRY,
        disputed_at=now(),
    )  # fmt: skip
    db.session.add(found)
    db.session.flush()
    view = DisputeView(
        id="du_w", charge="ch_w", amount=500, currency="CNY", reason="fraudulent", status="needs_response",
        created=now(), due_by=None, submission_count=0, taken=Booked(500, 0, "CNY"), given_back=None,
    )  # fmt: skip
    chargebacks.apply(view)
    chargebacks.apply(replace(view, status="won", given_back=Booked(500, 0, "CNY")))


def end_all(order_id: UUID, *, to_wallet: bool) -> None:
    order = orders.find(order_id, lock=True)
    nothing = dict.fromkeys([m.id for m in order.milestones], 0)
    exits.end_stages(order, nothing, cause=Cause.EXIT, reason=Reason.EXIT, to_wallet=to_wallet, by=SYSTEM)
    endings.go_on(order, SYSTEM)


@pytest.mark.parametrize(
    ("way", "kind", "came_fen"),
    [
        (by_split, "split", 1_000_000),
        (by_decision, "decide", 100_000),
        (by_failed_refund, "refund_failed", 1_000_000),
        (by_surplus, "surplus", 40_000),
        (by_won_chargeback, "chargeback_won", 500),
    ],
)
def test_whatever_brings_money_into_the_wallet_pays_the_debts_in_the_same_transaction(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox, way: Any, kind: str, came_fen: int
) -> None:
    order_id = play.funded(mei, lin, sandbox)
    if way is by_won_chargeback:
        top_up(app, mei, came_fen)
    debt = owe(app, mei, 300)

    with app.app_context(), transaction():
        way(app, mei, order_id, sandbox)
    sandbox.settle()
    sandbox.control("clock", advance_s=30 * 86_400)
    sandbox.settle()

    with app.app_context():
        found = db.session.get(Debt, debt)
        assert found is not None and found.open_fen == 0
        swept = db.session.execute(
            text(
                "SELECT p.kind FROM ledger_postings r JOIN ledger_postings p ON r.idem_key = 'sweep:' || p.id"
                " WHERE r.kind = 'recovery' AND (SELECT min(xid) FROM ledger_transfers WHERE posting_id = r.id)"
                " = (SELECT min(xid) FROM ledger_transfers WHERE posting_id = p.id)"
            )
        ).scalars()
        assert kind in set(swept)
    assert play.balance(app, "MREC", mei.party_id) == 0
    assert play.balance(app, "MW", mei.party_id) == came_fen - 300
    is_sound(app)


def test_a_write_off_takes_two_persons(
    app: Flask, mei: Player, lin: Player, zhou: Player, qian: Player
) -> None:
    debt = owe(app, lin, 5_000)
    path = f"/debts/{encode('dbt', debt)}"

    asked = zhou.api("POST", f"{path}/write-off", json={"amount_fen": 5_000, "reason": "联系不上"})
    own = approve(zhou, asked.json)
    before = zhou.api("GET", path).json["open_fen"]
    done = approve(qian, asked.json)

    assert (asked.status_code, own.status_code, before) == (201, 403, 5_000)
    assert done.status_code == 200 and qian.api("GET", path).json["open_fen"] == 0
    assert play.balance(app, "PREC", lin.party_id) == 0
    assert zhou.api("POST", f"{path}/write-off", json={"amount_fen": 1, "reason": "x"}).status_code == 409
    assert [w.api("POST", f"{path}/write-off", json={"amount_fen": 1, "reason": "x"}).status_code for w in (lin, mei)] == [403, 404]  # fmt: skip
    with app.app_context():
        assert check_payments() == []


def test_a_write_off_of_more_than_is_left_by_then_does_nothing(
    app: Flask, mei: Player, lin: Player, zhou: Player, qian: Player, sandbox: Sandbox
) -> None:
    debt = owe(app, lin, 5_000)
    asked = zhou.api(
        "POST", f"/debts/{encode('dbt', debt)}/write-off", json={"amount_fen": 5_000, "reason": "x"}
    )
    earned(app, mei, lin, sandbox)
    play.shift(47)
    play.shift(30)
    sandbox.settle()

    late = approve(qian, asked.json)

    assert late.status_code == 409
    is_sound(app)


def test_a_debt_is_taken_back_from_the_stripe_account_by_two_persons(
    app: Flask, mei: Player, lin: Player, zhou: Player, qian: Player, sandbox: Sandbox
) -> None:
    play.onboard(lin, sandbox)
    earned(app, mei, lin, sandbox)
    play.shift(80)
    sandbox.settle()
    sandbox.fault("payout", code="could_not_process")
    taken = lin.api(
        "POST", "/withdrawals", json={"amount_fen": SCRIPT_NET}, headers={"Idempotency-Key": "w"}
    ).json
    from market.payments import outbox

    with app.app_context():
        outbox.drain()  # transferred; the payout to the bank is on its way
    debt = owe(app, lin, 30_000)
    path = f"/debts/{encode('dbt', debt)}"
    wrong = zhou.api(
        "POST", f"{path}/reversal", json={"amount_fen": 30_001, "reason": "x", "withdrawal_id": taken["id"]}
    )

    asked = zhou.api(
        "POST", f"{path}/reversal", json={"amount_fen": 30_000, "reason": "x", "withdrawal_id": taken["id"]}
    )
    assert approve(qian, asked.json).status_code == 200
    sandbox.settle()
    refused = zhou.api("GET", path).json["open_fen"]  # the bank has it for the moment
    sandbox.control("clock", advance_s=10)
    sandbox.settle()
    again = zhou.api(
        "POST", f"{path}/reversal", json={"amount_fen": 30_000, "reason": "y", "withdrawal_id": taken["id"]}
    )
    outcome = again.json["type"].rsplit("/")[-1] if again.status_code != 201 else "asked"

    assert wrong.status_code == 409
    assert refused == 30_000
    assert outcome == "nothing-to-reverse", "a payout that came back is the payee's to decide about"
    back = lin.api("POST", f"/withdrawals/{taken['id']}/return", headers={"Idempotency-Key": "back"})
    assert back.status_code == 201
    sandbox.settle()
    assert zhou.api("GET", path).json["open_fen"] == 0
    assert play.balance(app, "PA", lin.party_id) == SCRIPT_NET - 30_000
    assert play.balance(app, "SC") == sandbox.balance()
    is_sound(app)


def test_a_reversal_stripe_makes_shrinks_the_debt(
    app: Flask, mei: Player, lin: Player, zhou: Player, qian: Player, sandbox: Sandbox
) -> None:
    stripe_id = play.onboard(lin, sandbox)
    earned(app, mei, lin, sandbox)
    play.shift(80)
    sandbox.settle()
    taken = lin.api(
        "POST", "/withdrawals", json={"amount_fen": SCRIPT_NET}, headers={"Idempotency-Key": "w"}
    ).json
    sandbox.settle()
    sandbox.control("clock", advance_s=10)
    sandbox.settle()
    sandbox.control("adjustments", amount=50_000, account=stripe_id)  # his own money there
    debt = owe(app, lin, 30_000)
    path = f"/debts/{encode('dbt', debt)}"

    asked = zhou.api(
        "POST", f"{path}/reversal", json={"amount_fen": 20_000, "reason": "x", "withdrawal_id": taken["id"]}
    )
    assert approve(qian, asked.json).status_code == 200
    sandbox.settle()

    detail = lin.api("GET", path).json
    assert detail["open_fen"] == 10_000 and detail["recoveries"][0]["way"] == "reversal"
    assert play.balance(app, "SC") == sandbox.balance()
    is_sound(app)


def test_the_pages_tell_the_debtor_why_and_the_operators_how_old(
    app: Flask, mei: Player, lin: Player, zhou: Player, qian: Player
) -> None:
    debt = owe(app, lin, 5_000)
    owe(app, mei, 7_000)
    page = f"/ops/debts/{encode('dbt', debt)}"
    browser = zhou.browser()

    assert (
        "50.00" in lin.browser().get("/u/debts").text
        and "付款被银行追回" in lin.browser().get("/u/debts").text
    )
    assert "70.00" in mei.browser().get("/m/debts").text
    desk = browser.get("/ops/debts").text
    assert "Lin" in desk and "Mei" in desk
    wrong = submit(browser, page, page + "/write-off", amount="99999", reason="")
    assert wrong.status_code == 422
    asked = submit(browser, page, page + "/write-off", amount="50", reason="联系不上")
    assert asked.status_code == 303 and "/ops/approvals/" in asked.headers["Location"]
    assert "等待审批" in browser.get(page).text
    assert lin.browser().get(page).status_code == 403


def charged_back_after_release(app: Flask, mei: Player, lin: Player, sandbox: Sandbox) -> str:
    """An order that is over, whose payment the bank then took back; Stripe's id of the dispute."""
    from market.delivery import service as delivery

    order_id = play.funded(mei, lin, sandbox, price_fen=300_000)
    play.accept(mei, play.submit(lin, order_id))
    play.accept(mei, play.submit(lin, order_id, "video"))
    with app.app_context(), transaction():
        delivery.land(order_id, {})
    play.shift(80)
    sandbox.settle()
    return bank.dispute(app, sandbox, order_id)


def test_a_debt_is_paid_at_once_by_what_the_wallet_holds(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    dispute = charged_back_after_release(app, mei, lin, sandbox)
    top_up(app, mei, 120_000)

    bank.decide(sandbox, dispute, "lost")

    assert play.balance(app, "MW", mei.party_id) == 0
    assert play.balance(app, "MREC", mei.party_id) == 180_000
    debt = mei.api("GET", "/debts").json["data"][0]
    assert (debt["amount_fen"], debt["open_fen"]) == (300_000, 180_000)
    is_sound(app)


def test_a_refund_after_release_into_the_wallet_pays_the_merchants_debt_first(
    app: Flask, mei: Player, lin: Player, zhou: Player, sandbox: Sandbox
) -> None:
    order_id = earned(app, mei, lin, sandbox)
    owe(app, mei, 15_000)
    script = mei.api("GET", f"/orders/{encode('ord', order_id)}").json["milestones"][0]["id"]

    made = zhou.api(
        "POST",
        f"/orders/{encode('ord', order_id)}/milestones/{script}/refunds",
        json={"amount_fen": 20_000, "reason": "双方同意退一部分", "to_wallet": True},
        headers={"Idempotency-Key": "k"},
    )

    assert made.status_code == 201
    assert play.balance(app, "MREC", mei.party_id) == 0
    assert play.balance(app, "MW", mei.party_id) == 5_000
    is_sound(app)


@pytest.mark.parametrize("seed", range(4))
def test_a_new_debt_spending_and_new_money_at_once_leave_no_debt_beside_money(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox, seed: int
) -> None:
    """The bank decides while the merchant pays an order from the wallet, sends money back, and tops it up."""
    dispute = charged_back_after_release(app, mei, lin, sandbox)
    top_up(app, mei, 100_000)
    next_id = play.award(mei, lin, price_fen=90_000, title="第二条片子：手冲壶开箱")
    bank.decide(sandbox, dispute, "lost", settle=False)

    def lose() -> None:
        sandbox.deliver()
        with app.app_context():
            from market.payments import outbox

            outbox.drain()
            drain_all()

    def spend() -> int:
        return int(
            mei.api(
                "POST",
                f"/orders/{encode('ord', next_id)}/checkouts",
                json={"means": "wallet"},
                headers={"Idempotency-Key": "spend"},
            ).status_code
        )

    acts: list[Any] = [
        lose,
        spend,
        *(
            lambda n=n: top_up(app, mei, 10_000, f"charge:ch_r{n}", UUID(int=100 + n))  # type: ignore[misc]
            for n in range(3)
        ),
    ]
    random.Random(seed).shuffle(acts)
    with ThreadPoolExecutor(5) as crowd:
        for done in [crowd.submit(act) for act in acts]:
            done.result()
    sandbox.settle()

    wallet, owed = play.balance(app, "MW", mei.party_id), play.balance(app, "MREC", mei.party_id)
    spent = 90_000 if play.balance(app, "EU", next_id) or wallet + 300_000 - owed != 130_000 else 0
    assert not (wallet and owed), (wallet, owed)
    assert owed == 300_000 - (130_000 - spent), (wallet, owed, spent)
    is_sound(app)


def write_off(who: Player, debt: UUID, fen: int) -> Any:
    return who.api(
        "POST", f"/debts/{encode('dbt', debt)}/write-off", json={"amount_fen": fen, "reason": "联系不上"}
    )


def test_a_write_off_agreed_to_by_many_at_once_is_done_once(
    app: Flask, lin: Player, zhou: Player, qian: Player
) -> None:
    debt = owe(app, lin, 5_000)
    asked = write_off(zhou, debt, 5_000).json

    with ThreadPoolExecutor(4) as crowd:
        answers = list(
            crowd.map(
                lambda n: (
                    qian.api(
                        "POST",
                        f"/approvals/{asked['id']}/consent",
                        json={"content_hash": asked["content_hash"]},
                        headers={"Idempotency-Key": f"k{n}"},
                    ).status_code
                ),
                range(4),
            )
        )

    assert sorted(answers) == [200, 409, 409, 409]
    assert play.balance(app, "LOSS") == 5_000 - 5_000, "owe() took it from there"
    assert play.balance(app, "PREC", lin.party_id) == 0
    is_sound(app)


def test_two_persons_who_each_ask_and_agree_at_once_give_a_debt_up_once(
    app: Flask, lin: Player, zhou: Player, qian: Player
) -> None:
    """Two requests over 3,000 and 4,000 of 5,000; each agrees to the other's at the same moment."""
    debt = owe(app, lin, 5_000)
    of_zhou, of_qian = write_off(zhou, debt, 3_000).json, write_off(qian, debt, 4_000).json

    with ThreadPoolExecutor(2) as crowd:
        answers = [
            done.result().status_code
            for done in (crowd.submit(approve, qian, of_zhou), crowd.submit(approve, zhou, of_qian))
        ]

    assert sorted(answers) == [200, 409], answers
    done = 3_000 if answers[0] == 200 else 4_000
    assert play.balance(app, "PREC", lin.party_id) == 5_000 - done
    with app.app_context():
        found = db.session.get(Debt, debt)
        assert found is not None and found.open_fen == 5_000 - done
        db.session.remove()
    is_sound(app)
