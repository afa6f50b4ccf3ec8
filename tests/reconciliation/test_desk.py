"""The operators' page: both sides of a difference, two persons to post it, one to freeze an order."""

from uuid import UUID

import pytest
from flask import Flask

from market.accounts import service as accounts
from market.accounts.actor import Role
from market.kit.db import db, transaction
from market.kit.ids import encode
from market.orders import queries as orders
from market.reconciliation import service
from market.reconciliation.models import Difference, Kind
from prove.reconcile import stripe
from tests import play
from tests.conftest import PASSWORD, Player, submit
from tests.reconciliation.test_faults import run
from tests.sandbox import Sandbox


@pytest.fixture
def zhao(app: Flask, cast: dict[str, Player]) -> Player:
    """A second operator."""
    with app.app_context(), transaction():
        made = accounts.sign_up(email="zhao@example.com", password=PASSWORD, name="Zhao", role=Role.OPERATOR)
        _key, secret = accounts.make_key(made.person_id, made.party_id, label="tests")
    return Player(app, "zhao", "zhao@example.com", made.person_id, made.party_id, secret)


def only(app: Flask, kind: Kind) -> Difference:
    with app.app_context():
        found = [each for each in service.open_differences() if each.kind is kind]
        db.session.remove()
    assert len(found) == 1
    return found[0]


def test_what_is_in_suspense_is_posted_by_two_persons_and_once(
    app: Flask, zhou: Player, zhao: Player, mei: Player, sandbox: Sandbox
) -> None:
    sandbox.control("adjustments", amount=4_200)
    run(app)
    known = only(app, Kind.SUSPENSE)
    where = f"/reconciliation/differences/{encode('dif', known.id)}"
    assert zhou.api("GET", where).json["theirs_fen"] == 4_200
    assert mei.api("GET", where).status_code == 404
    assert mei.api("GET", "/reconciliation/differences").status_code == 403

    key = {"Idempotency-Key": "clear-1"}
    wrong = zhou.api("POST", f"{where}/clearing", json={"target": "wallet", "reason": "x"}, headers=key)
    assert wrong.status_code == 422
    body = {"target": "wallet", "owner_id": encode("pty", mei.party_id), "reason": "线下汇款，商家来电核实"}
    asked = zhou.api("POST", f"{where}/clearing", json=body, headers=key)
    assert asked.status_code == 201, asked.text
    assert play.balance(app, "MW", mei.party_id) == 0

    consent = f"/approvals/{asked.json['id']}/consent"
    word = {"content_hash": asked.json["content_hash"]}
    assert zhou.api("POST", consent, json=word, headers={"Idempotency-Key": "a"}).status_code == 403
    assert zhao.api("POST", consent, json=word, headers={"Idempotency-Key": "b"}).status_code == 200
    assert zhao.api("POST", consent, json=word, headers={"Idempotency-Key": "c"}).status_code == 409

    assert play.balance(app, "MW", mei.party_id) == 4_200
    assert play.balance(app, "SUSP") == 0
    found = run(app)
    assert {kind for kind, _ in found} <= {"cover"}
    assert play.balance(app, "SC") == sandbox.balance()


def test_a_charge_nobody_knows_is_posted_by_two_persons(
    app: Flask, zhou: Player, zhao: Player, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    """The fee too: what arrived is what is posted."""
    order_id = play.award(mei, lin, price_fen=1_000_000)
    stripe(sandbox, "POST", "topups", amount=1_000_000, currency="cny")
    sandbox.control("clock", advance_s=5 * 24 * 3600)
    stripe(
        sandbox, "POST", "payment_intents", amount=20_000, currency="cny", confirm="true",
        payment_method="pm_card_visa", description="by phone",
    )  # fmt: skip
    run(app)
    known = only(app, Kind.ENTRY_ALONE)
    where = f"/reconciliation/differences/{encode('dif', known.id)}"
    with app.app_context():
        number = orders.find(order_id).number

    asked = zhou.api(
        "POST",
        f"{where}/clearing",
        json={"target": "order", "order_number": number, "reason": "电话下单"},
        headers={"Idempotency-Key": "clear-1"},
    )
    assert asked.status_code == 201, asked.text
    done = zhao.api(
        "POST",
        f"/approvals/{asked.json['id']}/consent",
        json={"content_hash": asked.json["content_hash"]},
        headers={"Idempotency-Key": "b"},
    )

    assert done.status_code == 200, done.text
    assert play.balance(app, "EU", order_id) == known.theirs_fen
    assert play.balance(app, "SUSP") == 0
    assert "entry_alone" not in {kind for kind, _ in run(app)}
    assert play.balance(app, "SC") == sandbox.balance()


def test_the_pages_show_both_sides_and_freeze_one_order(
    app: Flask, zhou: Player, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    order_id: UUID = play.funded(mei, lin, sandbox, price_fen=1_000_000)
    sandbox.control("adjustments", amount=4_200)
    with app.app_context():
        number = orders.find(order_id).number
    browser = zhou.browser()
    page = "/ops/reconciliation"
    assert browser.get(page).status_code == 200
    assert submit(browser, page, f"{page}/runs").status_code == 303
    waiting = browser.get(page)
    assert "hx-trigger" in waiting.text
    with app.app_context():
        done = service.do_next()
        assert done is not None
        run_id = done.id
    over = browser.get(f"{page}/progress/{encode('run', run_id)}")
    assert over.headers["HX-Refresh"] == "true"

    known = only(app, Kind.SUSPENSE)
    one = f"{page}/{encode('dif', known.id)}"
    shown = browser.get(one)
    assert "¥42.00" in shown.text and "adjustment" in shown.text
    refused = submit(browser, one, f"{one}/clearing", target="order", reason="")
    assert refused.status_code == 422
    asked = submit(browser, one, f"{one}/waiver", reason="等银行回复")
    assert asked.status_code == 303 and "/ops/approvals/" in asked.headers["Location"]

    none = submit(browser, page, f"{page}/freezes", order_number="VT20000101-000000", reason="查")
    assert none.status_code == 422 and "没有这个订单号" in none.text
    assert submit(browser, page, f"{page}/freezes", order_number=number, reason="查").status_code == 303
    assert "资金正在核查" in mei.browser().get(f"/orders/{encode('ord', order_id)}").text
    thaw = f"{page}/freezes/{encode('ord', order_id)}/end"
    assert submit(browser, page, thaw, idempotency_key="k-1").status_code == 303
    with app.app_context():
        assert orders.find(order_id).frozen_at is None
    assert mei.browser().get(page).status_code == 403
