"""Papers: numbered without gap, the same bytes each time, and sums that come to what the ledger says."""

import csv
import hashlib
import io
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from market.accounts.actor import SYSTEM
from market.delivery import service as delivery
from market.invoices import export, lines, listeners, paper, service
from market.invoices.models import Document, DocumentKind
from market.invoices.periods import bounds, last_month, month_of
from market.kit.clock import now
from market.kit.db import db, transaction
from market.kit.ids import encode
from market.ledger import service as ledger
from market.ledger.accounts import Account, AccountKind
from market.ledger.movements import Leg, PostingKind
from market.orders import exits
from market.orders import queries as orders
from market.orders.endings import Cause, go_on
from market.payments.refunds import Reason
from market.subsidies import service as subsidies
from market.subsidies.models import SubsidyKind
from tests import play
from tests.conftest import Player
from tests.sandbox import Sandbox

PRICE = 1_000_000
FEE = PRICE * 5 // 100


def completed(app: Flask, mei: Player, lin: Player, sandbox: Sandbox, **given: Any) -> UUID:
    order_id = play.funded(mei, lin, sandbox, price_fen=PRICE, **given)
    play.accept(mei, play.submit(lin, order_id))
    play.accept(mei, play.submit(lin, order_id, "video"))
    with app.app_context(), transaction():
        delivery.land(order_id, {})
    sandbox.settle()
    return order_id


def documents(app: Flask, kind: DocumentKind | None = None) -> list[Document]:
    with app.app_context():
        rows = db.session.query(Document).order_by(Document.series, Document.count).all()
        db.session.remove()
    return [each for each in rows if kind in (None, each.kind)]


def test_a_receipt_names_the_wallet_and_the_subsidy(
    app: Flask, mei: Player, lin: Player, zhou: Player, sandbox: Sandbox
) -> None:
    coupon = {"name": "双11", "kind": SubsidyKind.COUPON, "campaign_code": None, "fixed_fen": 100_000, "cap_fen": 100_000,
              "budget_fen": 1_000_000, "starts_at": now() - timedelta(days=1), "ends_at": now() + timedelta(days=9)}  # fmt: skip
    with app.app_context(), transaction():
        subsidies.make(coupon, zhou.actor)
    page = mei.api(
        "POST", "/wallet/top-ups", json={"amount_fen": 300_000}, headers={"Idempotency-Key": "k-top-up-1"}
    )
    sandbox.pay(play.session_of(app, page.json))
    sandbox.settle()
    order_id = play.award(mei, lin, price_fen=PRICE)
    plan = mei.api("GET", f"/orders/{encode('ord', order_id)}/payment-plan?wallet=true").json
    assert (plan["subsidy_fen"], plan["wallet_fen"]) == (100_000, 300_000), plan
    checkout = mei.api(
        "POST",
        f"/orders/{encode('ord', order_id)}/checkouts",
        json={"wallet": True},
        headers={"Idempotency-Key": "k-mixed-1"},
    )
    sandbox.pay(play.session_of(app, checkout.json))
    sandbox.settle()
    play.accept(mei, play.submit(lin, order_id))
    with app.app_context(), transaction():
        order = orders.find(order_id, lock=True)
        open_ = exits.open_stages(order)
        exits.end_stages(
            order,
            {m.id: 0 for m in open_},
            cause=Cause.EXIT,
            reason=Reason.EXIT,
            to_wallet=True,
            by=mei.actor,
        )
        go_on(order, mei.actor)
    sandbox.settle()

    content = next(d.content for d in documents(app, DocumentKind.RECEIPT))
    assert sorted((p["method"], p["fen"]) for p in content["payments"]) == [
        ("card", 600_000),
        ("fund", 300_000),
        ("promotion", 100_000),
    ]
    assert (content["returned_fen"], content["subsidy_back_fen"]) == (900_000, 90_000)


def test_a_completed_order_has_its_receipt_and_its_fee_invoice_once(
    app: Flask, mei: Player, lin: Player, bo: Player, sandbox: Sandbox
) -> None:
    order_id = completed(app, mei, lin, sandbox)
    with app.app_context(), transaction():
        assert service.documents_of_order(order_id) == []

    made = {each["kind"]: each for each in mei.api("GET", "/documents").json["data"]}
    assert set(made) == {"receipt", "invoice"}
    assert made["receipt"]["total_fen"] == PRICE == made["receipt"]["content"]["released_fen"]
    assert made["invoice"]["total_fen"] == FEE == play.balance(app, "FEE")
    assert re.fullmatch(r"INV-20\d\d-000001", made["invoice"]["number"])
    assert bo.api("GET", f"/documents/{made['invoice']['id']}").status_code == 404
    assert lin.api("GET", "/documents").json["data"] == []


def test_the_same_paper_is_the_same_bytes_small_and_with_its_own_letters(
    app: Flask, mei: Player, lin: Player, bo: Player, sandbox: Sandbox
) -> None:
    completed(app, mei, lin, sandbox, title="双十一手冲咖啡豆：60 秒")
    for each in mei.api("GET", "/documents").json["data"]:
        address = f"/documents/{each['id']}/pdf"
        first, second = mei.api("GET", address), mei.api("GET", address)
        assert first.status_code == 200 and first.mimetype == "application/pdf"
        assert first.data == second.data and first.data.startswith(b"%PDF-")
        assert len(first.data) < 60_000
        with app.app_context():
            again = paper.render(DocumentKind(each["kind"]), each["number"], each["content"])
        assert again == first.data, "printed anew it is the same"
        told = mei.api("GET", f"/documents/{each['id']}").json["pdf_sha256"]
        assert told == hashlib.sha256(first.data).hexdigest()
        assert b"/FontFile3" in first.data, "the letters are inside"
        assert bo.api("GET", address).status_code == 404


def test_a_content_that_was_changed_is_not_printed(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    completed(app, mei, lin, sandbox)
    with app.app_context():
        with transaction():
            found = db.session.query(Document).first()
            assert found is not None
            found.content = found.content | {"total_fen": 1}
        changed = db.session.query(Document).filter_by(id=found.id).one()
        with pytest.raises(ValueError, match="not what was issued"):
            paper.pdf_of(changed)


def test_numbers_have_no_gap_when_many_are_made_at_once_and_some_fail(
    app: Flask, cast: dict[str, Player]
) -> None:
    """Statements, as they need no orders: twelve at once, a third of them undone."""
    payees = [cast[name] for name in ("mei", "lin", "bo", "ada")]
    with app.app_context(), transaction():
        for player in payees:
            ledger.post(
                PostingKind.TOP_UP,
                f"charge:{player.name}",
                [
                    Leg(
                        Account(AccountKind.STRIPE_CLEARING),
                        Account(AccountKind.PAYEE_AVAILABLE, player.party_id),
                        100,
                    )
                ],
                source=("test", player.party_id),
            )
    play.shift(24 * 62)
    month = month_of(now() - timedelta(days=62))

    class Undone(Exception):
        pass

    def make(turn: int) -> None:
        player = payees[turn % 4]
        with app.app_context():
            try:
                with transaction():
                    service.statement(player.party_id, month)
                    if turn % 3 == 0:
                        raise Undone
            except Undone:
                pass
            db.session.remove()

    with ThreadPoolExecutor(4) as crowd:
        list(crowd.map(make, range(12)))
    for turn in (1, 2, 4, 5, 7, 8):
        make(turn)

    made = documents(app)
    assert [each.count for each in made] == list(range(1, len(made) + 1))
    assert {each.party_id for each in made} == {player.party_id for player in payees}
    assert len(made) == 4


def test_a_months_statement_comes_to_the_ledgers_balance(
    app: Flask, mei: Player, lin: Player, ada: Player, sandbox: Sandbox
) -> None:
    _, next_month = bounds(month_of(now()))
    play.shift((next_month - now()).total_seconds() / 3600 + 48)  # all of it in one month
    completed(app, mei, lin, sandbox, agency=ada)
    play.shift(24 * 4)
    sandbox.settle()
    with app.app_context():
        until = now() + timedelta(days=1)
        for player, kinds in ((lin, ("PP", "PA")), (ada, ("PP", "PA"))):
            held = sum(play.balance(app, kind, player.party_id) for kind in kinds)
            shown = list(lines.lines(player.party_id, until - timedelta(days=400), until))
            assert shown[-1].balance_fen == held > 0
            assert all(line.order.startswith("VT") for line in shown)
        merchants = list(lines.lines(mei.party_id, until - timedelta(days=400), until))
    assert [line.fen for line in merchants] == [PRICE, -100_000, -400_000, -500_000]
    assert merchants[-1].balance_fen == 0

    play.shift(24 * 35)
    with app.app_context():
        assert listeners.paper_month() == 3
        assert listeners.paper_month() == 0
    month = last_month()
    found = lin.api("GET", "/documents?kind=statement").json["data"]
    assert len(found) == 1 and found[0]["period"] == month
    content = found[0]["content"]
    assert content["opening_fen"] + content["in_fen"] + content["out_fen"] == content["total_fen"]
    assert lin.api("GET", f"/documents/{found[0]['id']}/pdf").status_code == 200


def test_the_export_opens_in_a_spreadsheet_and_runs_nothing(
    app: Flask, mei: Player, lin: Player, zhou: Player, sandbox: Sandbox
) -> None:
    with app.app_context(), transaction():
        ledger.post(
            PostingKind.TOP_UP,
            "=HYPERLINK(1)",
            [
                Leg(
                    Account(AccountKind.STRIPE_CLEARING),
                    Account(AccountKind.MERCHANT_WALLET, mei.party_id),
                    123_456,
                )
            ],
            source=("test", mei.party_id),
            by=SYSTEM,
            external_ref="=cmd|' /C calc'!A0",
        )
    month = month_of(now())

    mine = mei.api("GET", f"/ledger-lines.csv?month={month}")
    assert mine.status_code == 200 and mine.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(mine.data.decode("utf-8-sig"))))
    assert rows[1][3] == "1234.56" and rows[1][4] == "1234.56"
    whole = list(
        csv.reader(io.StringIO(zhou.api("GET", f"/ledger-lines.csv?month={month}").data.decode("utf-8-sig")))
    )
    assert whole[1][4] == "SC" and whole[1][6] == "MW"
    assert not [cell for row in rows + whole for cell in row if cell.startswith(export.FORMULA)]
    assert (
        len(list(csv.reader(io.StringIO(lin.api("GET", f"/ledger-lines.csv?month={month}").data.decode()))))
        == 1
    )
    assert mei.api("GET", "/ledger-lines.csv?month=2026-13").status_code == 422
    page = mei.browser().get(f"/documents/lines.csv?month={month}")
    assert page.status_code == 200 and page.mimetype == "text/csv"
