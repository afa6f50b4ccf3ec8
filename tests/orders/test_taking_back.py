"""Refunds after release: everybody gives back his share, nobody more than the cap, and never twice."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from market.kit.db import db, transaction
from market.kit.figures import figures
from market.kit.ids import encode
from market.ledger import service as ledger
from market.ledger.accounts import Account, AccountKind
from market.ledger.checks import check_all
from market.orders import queries, taking_back
from market.orders.shares import Shares
from market.payments import service as payments
from market.payments.models import Earning
from tests import play
from tests.briefs import problem
from tests.conftest import Player, submit
from tests.sandbox import Sandbox

SCRIPT = 100_000
RATES = {"fee_bps": 500, "commission_bps": 2000, "tax_bps": 300}


def released(mei: Player, lin: Player, sandbox: Sandbox, **kwargs: Any) -> UUID:
    """An order whose script is accepted and paid out."""
    order_id = play.funded(mei, lin, sandbox, **kwargs)
    play.accept(mei, play.submit(lin, order_id))
    return order_id


def script_of(app: Flask, order_id: UUID) -> str:
    with app.app_context():
        return encode("mil", queries.find(order_id).milestones[0].id)


def refund(who: Player, order_id: UUID, fen: int, key: str = "k", **more: Any) -> Any:
    return who.api(
        "POST",
        f"/orders/{encode('ord', order_id)}/milestones/{script_of(who.app, order_id)}/refunds",
        json={"amount_fen": fen, "reason": "双方同意退一部分"} | more,
        headers={"Idempotency-Key": key},
    )


def test_while_it_cools_each_gives_back_his_share_and_the_merchant_has_it(
    app: Flask, mei: Player, lin: Player, ada: Player, zhou: Player, sandbox: Sandbox
) -> None:
    order_id = released(mei, lin, sandbox, agency=ada)
    before, shares = sandbox.balance(), Shares.of(SCRIPT, **RATES)

    first, twice = refund(zhou, order_id, 33_333), refund(zhou, order_id, 33_333)
    sandbox.settle()

    left = Shares.of(SCRIPT - 33_333, **RATES)
    made = first.json["refund"]
    assert first.status_code == 201 and twice.json == first.json
    assert made["creator_fen"] == shares.creator - left.creator
    assert play.balance(app, "PP", lin.party_id) == left.creator
    assert play.balance(app, "PP", ada.party_id) == left.agency
    assert (play.balance(app, "FEE"), play.balance(app, "TAX")) == (left.fee, left.tax)
    assert sandbox.balance() == before - 33_333
    for player in (mei, lin, ada):
        events = [each["event"] for each in player.api("GET", "/notices").json["data"]]
        assert "milestone.taken_back" in events
        yuan = player.api("GET", f"/orders/{encode('ord', order_id)}/money").json
        assert sum(part["fen"] for part in yuan["totals"]) == 1_000_000
    play.ledger_is_sound(app)

    rest = refund(zhou, order_id, SCRIPT - 33_333, "rest")
    assert rest.status_code == 201
    assert play.balance(app, "PP", lin.party_id) == play.balance(app, "FEE") == 0
    assert problem(refund(zhou, order_id, 1, "more"))[:2] == (409, "not-released")
    play.shift(73)
    sandbox.settle()
    assert play.balance(app, "PA", lin.party_id) == 0
    play.ledger_is_sound(app)


def test_what_the_creator_has_no_more_is_a_debt_and_beyond_the_cap_nothing_moves(
    app: Flask, mei: Player, lin: Player, zhou: Player, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = released(mei, lin, sandbox)
    play.onboard(lin, sandbox)
    play.shift(73)
    sandbox.settle()
    net = play.balance(app, "PA", lin.party_id)
    wd = lin.api("POST", "/withdrawals", json={"amount_fen": net - 1_000}, headers={"Idempotency-Key": "w"})
    assert wd.status_code == 201, wd.text

    cap = figures.payee_debt_cap_fen
    object.__setattr__(figures, "payee_debt_cap_fen", 20_000)
    try:
        beyond = refund(zhou, order_id, SCRIPT, "beyond")
        assert problem(beyond)[:2] == (409, "beyond-debt-cap")
        assert play.balance(app, "PA", lin.party_id) == 1_000
        within = refund(zhou, order_id, 20_000, "within", to_wallet=True)
    finally:
        object.__setattr__(figures, "payee_debt_cap_fen", cap)

    assert within.json["refund"]["owed_fen"] == within.json["refund"]["creator_fen"] - 1_000
    assert play.balance(app, "PA", lin.party_id) == 0
    assert play.balance(app, "PREC", lin.party_id) == within.json["refund"]["owed_fen"]
    assert play.balance(app, "MW", mei.party_id) == 20_000
    assert lin.api("GET", "/debts").json["data"][0]["cause"] == "refund"
    play.ledger_is_sound(app)


def test_from_the_limit_on_two_operators_and_many_small_ones_count_together(
    app: Flask, mei: Player, lin: Player, zhou: Player, qian: Player, sandbox: Sandbox
) -> None:
    order_id = released(mei, lin, sandbox, price_fen=6_000_000)
    small = refund(zhou, order_id, figures.refund_two_from_fen - 1, "small")
    assert small.json["refund"] and not small.json["approval_id"]

    asked = refund(zhou, order_id, 1_000, "large").json
    assert asked["refund"] is None and asked["approval_id"]
    approval = zhou.api("GET", f"/approvals/{asked['approval_id']}").json
    answer = qian.api(
        "POST",
        f"/approvals/{asked['approval_id']}/consent",
        json={"content_hash": approval["content_hash"]},
        headers={"Idempotency-Key": "c"},
    )

    assert answer.status_code in (200, 201), answer.text
    with app.app_context():
        assert queries.find(order_id).milestones[0].reversed_fen == figures.refund_two_from_fen + 999
    play.ledger_is_sound(app)


def test_what_is_not_over_or_not_ours_to_give_is_refused(
    app: Flask, mei: Player, lin: Player, zhou: Player, sandbox: Sandbox
) -> None:
    order_id = play.funded(mei, lin, sandbox)

    assert problem(refund(zhou, order_id, 1))[:2] == (409, "not-released")
    play.accept(mei, play.submit(lin, order_id))
    assert problem(refund(zhou, order_id, SCRIPT + 1))[:2] == (422, "refund-too-large")
    assert problem(refund(zhou, order_id, 0))[:2] == (422, "invalid")
    assert refund(mei, order_id, 1).status_code == 403
    assert refund(lin, order_id, 1).status_code == 403


@pytest.mark.parametrize("turn", [1, 2])
def test_a_refund_races_with_the_end_of_cooling(
    app: Flask, mei: Player, lin: Player, zhou: Player, sandbox: Sandbox, turn: int
) -> None:
    """Whoever is first: what is taken comes out of where the money then is, once."""
    order_id = released(mei, lin, sandbox)
    with app.app_context():
        stage = db.session.scalars(select(Earning.source_id)).one()
    play.shift(73)  # its hour has come, and no worker runs here
    net = play.balance(app, "PP", lin.party_id)

    def mature() -> None:
        from market.kit.db import transaction

        with app.app_context(), transaction():
            payments.mature(stage, {"part": 0})

    acts: list[Any] = [mature, lambda: refund(zhou, order_id, 60_000)]
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(act) for act in (acts if turn == 1 else acts[::-1])]:
            done.result()

    taken = net - (play.balance(app, "PA", lin.party_id) + play.balance(app, "PP", lin.party_id))
    assert taken == Shares.between(40_000, SCRIPT, fee_bps=500, commission_bps=0, tax_bps=300).creator
    assert play.balance(app, "PREC", lin.party_id) == 0
    play.ledger_is_sound(app)


@pytest.mark.parametrize("turn", [1, 2])
def test_a_refund_races_with_a_withdrawal(
    app: Flask, mei: Player, lin: Player, zhou: Player, sandbox: Sandbox, turn: int
) -> None:
    """Either the payee had it, or he owes it; no fen is paid twice."""
    order_id = released(mei, lin, sandbox)
    play.onboard(lin, sandbox)
    play.shift(73)
    sandbox.settle()
    net = play.balance(app, "PA", lin.party_id)

    def withdraw() -> Any:
        return lin.api("POST", "/withdrawals", json={"amount_fen": net}, headers={"Idempotency-Key": "w"})

    acts: list[Any] = [withdraw, lambda: refund(zhou, order_id, SCRIPT)]
    with ThreadPoolExecutor(2) as pool:
        answers = [done.result() for done in [pool.submit(a) for a in (acts if turn == 1 else acts[::-1])]]
    wd, back = answers if turn == 1 else answers[::-1]

    assert back.status_code == 201, back.text
    assert play.balance(app, "PREC", lin.party_id) == (net if wd.status_code == 201 else 0)
    assert play.balance(app, "PA", lin.party_id) == 0
    play.ledger_is_sound(app)


def test_the_operator_sees_who_gives_what_before_the_click(
    app: Flask, mei: Player, lin: Player, zhou: Player, sandbox: Sandbox
) -> None:
    order_id = released(mei, lin, sandbox)
    page, here = zhou.browser(), f"/ops/orders/{encode('ord', order_id)}"
    stage = script_of(app, order_id)

    seen = page.get(f"{here}?milestone_id={stage}&amount_fen=100")
    assert seen.status_code == 200 and "¥92.15" in seen.text
    fields = {"milestone_id": stage, "amount_fen": "100", "to_wallet": "true", "idempotency_key": "k"}
    assert submit(page, here, here + "/refunds", **fields).status_code == 422
    done = submit(page, here, here + "/refunds", reason="商家与创作者商定", **fields)
    assert done.status_code == 303 and done.headers["Location"] == here
    assert "商家与创作者商定" in page.get(here).text
    assert play.balance(app, "MW", mei.party_id) == 10_000
    assert mei.browser().get(here).status_code in (303, 403, 404)
    play.ledger_is_sound(app)


@contextmanager
def capped(fen: int) -> Iterator[None]:
    """So much a payee may come to owe."""
    cap = figures.payee_debt_cap_fen
    object.__setattr__(figures, "payee_debt_cap_fen", fen)
    try:
        yield
    finally:
        object.__setattr__(figures, "payee_debt_cap_fen", cap)


def agree(qian: Player, asked: Any) -> Any:
    approval = qian.api("GET", f"/approvals/{asked['approval_id']}").json
    return qian.api(
        "POST",
        f"/approvals/{asked['approval_id']}/consent",
        json={"content_hash": approval["content_hash"]},
        headers={"Idempotency-Key": "ok"},
    )


def withdraw(lin: Player, fen: int, key: str = "w") -> None:
    made = lin.api("POST", "/withdrawals", json={"amount_fen": fen}, headers={"Idempotency-Key": key})
    assert made.status_code == 201, made.text


def test_what_nobody_can_be_made_to_pay_the_platform_bears_by_two_operators(
    app: Flask, mei: Player, lin: Player, zhou: Player, qian: Player, sandbox: Sandbox
) -> None:
    order_id = released(mei, lin, sandbox)
    play.onboard(lin, sandbox)
    play.shift(73)
    sandbox.settle()
    net = play.balance(app, "PA", lin.party_id)
    withdraw(lin, net - 1_000)
    sandbox.settle()

    with capped(20_000):
        assert problem(refund(zhou, order_id, SCRIPT, "alone"))[:2] == (409, "beyond-debt-cap")
        asked = refund(zhou, order_id, SCRIPT, "borne", platform_bears=True)
        assert asked.status_code == 201 and asked.json["refund"] is None, asked.text
        assert play.balance(app, "LOSS") == 0, "nothing before the second word"
        page = zhou.browser().get(
            f"/ops/orders/{encode('ord', order_id)}?milestone_id={script_of(app, order_id)}"
            "&amount_fen=1000&platform_bears=true"
        )
        assert page.status_code == 200 and "平台承担" in page.text
        done = agree(qian, asked.json)
    sandbox.settle()

    assert done.status_code == 200, done.text
    lost = net - 1_000 - 20_000
    assert play.balance(app, "LOSS") == lost
    assert play.balance(app, "PREC", lin.party_id) == 20_000
    assert play.balance(app, "PA", lin.party_id) == play.balance(app, "FEE") == play.balance(app, "TAX") == 0
    with app.app_context():
        made = taking_back.of_order(order_id)[0]
        assert (made.amount_fen, made.owed_fen, made.lost_fen) == (SCRIPT, 20_000, lost)
        assert check_all() == []
    for player in (mei, lin, zhou):
        yuan = player.api("GET", f"/orders/{encode('ord', order_id)}/money").json
        assert sum(part["fen"] for part in yuan["totals"]) == 1_000_000
    assert "平台承担" not in mei.api("GET", f"/orders/{encode('ord', order_id)}/money").get_data(as_text=True)


def test_a_loss_that_grew_since_it_was_asked_for_is_asked_for_again(
    app: Flask, mei: Player, lin: Player, zhou: Player, qian: Player, sandbox: Sandbox
) -> None:
    order_id = released(mei, lin, sandbox)
    play.onboard(lin, sandbox)
    play.shift(73)
    sandbox.settle()
    net = play.balance(app, "PA", lin.party_id)
    withdraw(lin, net // 2)

    with capped(0):
        asked = refund(zhou, order_id, SCRIPT, "borne", platform_bears=True)
        withdraw(lin, 1_000, "more")
        late = agree(qian, asked.json)

    assert problem(late)[:2] == (409, "quote-changed"), late.text
    assert play.balance(app, "LOSS") == 0 and play.balance(app, "PREC", lin.party_id) == 0
    play.ledger_is_sound(app)


@pytest.mark.parametrize("turn", [1, 2])
def test_a_refund_races_with_earnings_that_mature_and_no_debt_stays_beside_money(
    app: Flask, mei: Player, lin: Player, zhou: Player, sandbox: Sandbox, turn: int
) -> None:
    """What matures meanwhile either is there to be taken, or finds the debt and pays it."""
    order_id = released(mei, lin, sandbox)
    play.onboard(lin, sandbox)
    play.shift(73)
    sandbox.settle()
    withdraw(lin, play.balance(app, "PA", lin.party_id))
    play.accept(mei, play.submit(lin, order_id, "video"))
    play.shift(73)  # the draft's earning is due, and no worker runs here
    with app.app_context():
        stage = db.session.scalars(select(Earning.source_id).where(Earning.matured_at.is_(None))).one()

    def mature() -> None:
        with app.app_context(), transaction():
            payments.mature(stage, {"part": 0})

    acts: list[Any] = [mature, lambda: refund(zhou, order_id, SCRIPT)]
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(act) for act in (acts if turn == 1 else acts[::-1])]:
            done.result()
    sandbox.settle()

    assert play.balance(app, "PREC", lin.party_id) == 0
    assert play.balance(app, "PA", lin.party_id) > 0
    play.ledger_is_sound(app)


@pytest.mark.parametrize("turn", range(4))
def test_one_timer_ends_the_cooling_for_all_payees_while_the_next_stage_is_paid_to_them(
    app: Flask, cast: dict[str, Player], sandbox: Sandbox, turn: int
) -> None:
    """Both move money of the same two payees; neither waits for the other in a circle, and nothing is moved twice."""
    mei, lin, ada = cast["mei"], cast["lin"], cast["ada"]
    with (
        app.app_context(),
        transaction(),
    ):  # an agency that was here before the creator: the ledger's order is not ours
        ledger.lock([Account(AccountKind.PAYEE_PENDING, ada.party_id)])
    order_id = released(mei, lin, sandbox, agency=ada)
    draft = play.submit(lin, order_id, "video")
    play.shift(73)  # the script's hour has come, and no worker runs here
    with app.app_context():
        script = queries.find(order_id).milestones[0].id
    together = Barrier(3)

    def mature() -> None:
        together.wait()
        with app.app_context(), transaction():
            payments.mature(script, {"part": 0})

    def accept() -> None:
        together.wait()
        play.accept(mei, draft)

    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(act) for act in (mature, accept, mature)]:
            done.result()

    with app.app_context():
        earned = db.session.scalars(select(Earning)).all()
        assert {each.party_id for each in earned} == {lin.party_id, ada.party_id}
        for who in (lin, ada):
            mine = [each for each in earned if each.party_id == who.party_id]
            for account, is_mature in (("PA", True), ("PP", False)):
                fen = sum(each.net_fen for each in mine if (each.matured_at is not None) is is_mature)
                assert play.balance(app, account, who.party_id) == fen > 0
        assert not check_all()


def test_a_timer_of_before_that_stands_on_one_earning_is_still_understood(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    released(mei, lin, sandbox)
    pending = play.balance(app, "PP", lin.party_id)
    play.shift(73)

    with app.app_context(), transaction():
        payments.mature(db.session.scalars(select(Earning.id)).one(), {})

    assert pending > 0 and play.balance(app, "PA", lin.party_id) == pending


def test_the_money_page_says_when_it_went_back_and_no_empty_parts(
    app: Flask, mei: Player, lin: Player, ada: Player, zhou: Player, sandbox: Sandbox
) -> None:
    order_id = released(mei, lin, sandbox, agency=ada)
    play.shift(100)
    sandbox.settle()
    whole = refund(zhou, order_id, SCRIPT)
    assert whole.status_code == 201, whole.text

    for who in (lin, ada, mei):
        script = who.api("GET", f"/orders/{encode('ord', order_id)}/money").json["rows"][0]

        assert [part["fen"] for part in script["parts"]] == [SCRIPT], script
        assert script["parts"][0]["at"] > script["released_at"], "the day of the refund, not of the release"
