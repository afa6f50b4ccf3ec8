"""An invoiced fee that goes back has its credit note: once, over exactly what went back, and the sums are the ledger's."""

import csv
import io
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text

from market.invoices import service
from market.invoices.models import Document, DocumentKind
from market.invoices.periods import month_of
from market.kit.clock import now
from market.kit.db import db, transaction
from market.kit.ids import encode
from market.kit.roles import as_owner
from market.ledger.checks import broken, check_all, registered
from market.orders import queries
from tests import play
from tests.conftest import Player
from tests.invoices.test_documents import FEE, completed, documents
from tests.invoices.test_fapiao import ask
from tests.sandbox import Sandbox

STAGES = {"script": 100_000, "draft": 400_000, "published": 500_000}


def refund(zhou: Player, order_id: UUID, stage: str, fen: int, key: str, **more: Any) -> Any:
    with zhou.app.app_context():
        milestone = next(m for m in queries.find(order_id).milestones if m.kind == stage)
    made = zhou.api(
        "POST",
        f"/orders/{encode('ord', order_id)}/milestones/{encode('mil', milestone.id)}/refunds",
        json={"amount_fen": fen, "reason": "双方同意退一部分", "to_wallet": True} | more,
        headers={"Idempotency-Key": key},
    )
    assert made.status_code == 201, made.text
    return made.json["refund"]


def notes(who: Player) -> Any:
    return who.api("GET", "/documents?kind=credit_note").json["data"]


def books_agree(app: Flask) -> None:
    with app.app_context():
        assert check_all() == []
        papers = db.session.query(Document).all()
        db.session.remove()
    assert sum(
        each.signed_fen for each in papers if each.kind in (DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE)
    ) == play.balance(app, "FEE")


def test_a_refund_after_the_invoice_is_credited_with_a_number_of_its_own(
    app: Flask, mei: Player, lin: Player, bo: Player, zhou: Player, sandbox: Sandbox
) -> None:
    order_id = completed(app, mei, lin, sandbox)
    assert notes(mei) == []

    first = refund(zhou, order_id, "draft", 100_001, "a")
    sandbox.settle()
    second = refund(zhou, order_id, "draft", 299_999, "b")
    sandbox.settle()

    invoice = mei.api("GET", "/documents?kind=invoice").json["data"][0]
    made = notes(mei)[::-1]
    assert [each["total_fen"] for each in made] == [first["fee_fen"], second["fee_fen"]]
    assert sum(each["total_fen"] for each in made) == STAGES["draft"] * 5 // 100
    assert [each["number"][-6:] for each in made] == ["000001", "000002"]
    assert re.fullmatch(r"CRN-20\d\d-000001", made[0]["number"])
    for each in made:
        assert each["corrects_id"] == invoice["id"]
        assert each["content"]["corrects"] == invoice["number"]
        assert [row["stage"] for row in each["content"]["rows"]] == ["draft"]
        pdf = mei.api("GET", f"/documents/{each['id']}/pdf")
        assert pdf.status_code == 200 and pdf.data.startswith(b"%PDF-")
        assert mei.api("GET", f"/documents/{each['id']}/pdf").data == pdf.data
        assert bo.api("GET", f"/documents/{each['id']}").status_code == 404
    assert made[0]["content"]["rows"][0]["base_fen"] == 100_001
    assert invoice["total_fen"] == FEE, "the invoice stays as it was issued"
    books_agree(app)

    page = mei.browser().get("/m/documents").text
    assert made[0]["number"] in page and invoice["number"] in page
    month = month_of(now())
    rows = list(
        csv.reader(io.StringIO(mei.api("GET", f"/documents.csv?month={month}").data.decode("utf-8-sig")))
    )
    lines = {row[1]: row for row in rows}
    assert lines[made[0]["number"]][5:] == [
        f"-{first['fee_fen'] // 100}.{first['fee_fen'] % 100:02}",
        invoice["number"],
    ]
    assert lines[invoice["number"]][5] == f"{FEE // 100}.00"
    assert mei.browser().get(f"/documents/papers.csv?month={month}").status_code == 200
    assert len(list(csv.reader(io.StringIO(lin.api("GET", f"/documents.csv?month={month}").text)))) == 1


def test_a_refund_before_the_end_is_on_the_invoice_and_needs_no_note(
    app: Flask, mei: Player, lin: Player, zhou: Player, sandbox: Sandbox
) -> None:
    order_id = play.funded(mei, lin, sandbox, price_fen=1_000_000)
    play.accept(mei, play.submit(lin, order_id))
    refund(zhou, order_id, "script", 50_000, "early")
    sandbox.settle()
    play.accept(mei, play.submit(lin, order_id, "video"))
    from market.delivery import service as delivery

    with app.app_context(), transaction():
        delivery.land(order_id, {})
    sandbox.settle()

    assert notes(mei) == []
    assert mei.api("GET", "/documents?kind=invoice").json["data"][0]["total_fen"] == FEE - 2_500
    books_agree(app)


def test_however_often_and_at_once_the_news_is_heard_there_is_one_note(
    app: Flask, mei: Player, lin: Player, zhou: Player, sandbox: Sandbox
) -> None:
    order_id = completed(app, mei, lin, sandbox)
    refund(zhou, order_id, "script", 60_000, "a")
    refund(zhou, order_id, "published", 70_000, "b")

    def hear(_: int) -> int:
        with app.app_context():
            with transaction():
                made = len(service.documents_of_order(order_id))
            db.session.remove()
            return made

    with ThreadPoolExecutor(6) as crowd:
        assert sum(crowd.map(hear, range(12))) == 1
    sandbox.settle()

    made = documents(app, DocumentKind.CREDIT_NOTE)
    assert [each.total_fen for each in made] == [3_000 + 3_500]
    assert [row["stage"] for row in made[0].content["rows"]] == ["script", "published"]
    books_agree(app)


def test_news_and_refunds_at_once_come_to_the_ledgers_sum(
    app: Flask, mei: Player, lin: Player, zhou: Player, sandbox: Sandbox
) -> None:
    order_id = completed(app, mei, lin, sandbox)

    def act(turn: int) -> None:
        if turn % 2:
            refund(zhou, order_id, ("script", "draft", "published")[turn % 3], 3_333, str(turn))
            return
        with app.app_context():
            with transaction():
                service.documents_of_order(order_id)
            db.session.remove()

    with ThreadPoolExecutor(4) as crowd:
        list(crowd.map(act, range(12)))
    sandbox.settle()

    made = documents(app, DocumentKind.CREDIT_NOTE)
    assert [each.count for each in made] == list(range(1, len(made) + 1))
    books_agree(app)


def test_a_dispute_while_it_cools_waits_for_its_decision_and_is_credited_then(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    order_id = completed(app, mei, lin, sandbox)
    with app.app_context():
        last = encode("mil", queries.find(order_id).milestones[-1].id)
    case = mei.api(
        "POST",
        f"/orders/{encode('ord', order_id)}/milestones/{last}/disputes",
        json={"ground": "quality", "text": "成片和约定的不一样，声音不对。", "claim_fen": 100_000},
        headers={"Idempotency-Key": "open"},
    )
    assert case.status_code == 201, case.text
    sandbox.settle()
    assert notes(mei) == [] and play.balance(app, "FEE") == FEE - 25_000
    with app.app_context():
        assert check_all() == []

    play.shift(24 * 8)
    sandbox.settle()

    assert [each["total_fen"] for each in notes(mei)] == [25_000 - 5_000]
    books_agree(app)


def test_an_order_that_ends_while_a_released_stage_is_in_a_case_is_invoiced_after_the_decision(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    from market.delivery import service as delivery

    order_id = play.funded(mei, lin, sandbox, price_fen=1_000_000)
    play.accept(mei, play.submit(lin, order_id))
    with app.app_context():
        script = encode("mil", queries.find(order_id).milestones[0].id)
    opened = mei.api(
        "POST",
        f"/orders/{encode('ord', order_id)}/milestones/{script}/disputes",
        json={"ground": "quality", "text": "脚本和约定的不一样，缺了卖点。", "claim_fen": 40_000},
        headers={"Idempotency-Key": "open"},
    )
    play.accept(mei, play.submit(lin, order_id, "video"))
    with app.app_context(), transaction():
        delivery.land(order_id, {})
    sandbox.settle()
    assert documents(app) == []
    with app.app_context():
        assert check_all() == []

    play.shift(24 * 8)
    sandbox.settle()

    assert opened.status_code == 201
    assert [each.total_fen for each in documents(app, DocumentKind.INVOICE)] == [FEE - 3_000]
    assert notes(mei) == []
    books_agree(app)


def test_what_was_credited_is_not_asked_for_again_and_an_open_request_shows_it(
    app: Flask, mei: Player, lin: Player, zhou: Player, sandbox: Sandbox
) -> None:
    order_id = completed(app, mei, lin, sandbox)
    refund(zhou, order_id, "script", 100_000, "a")
    sandbox.settle()

    assert ask(mei, FEE).status_code == 409, "more than what is left of the invoice"
    assert ask(mei, FEE - 5_000).status_code == 201
    play.shift(1)
    refund(zhou, order_id, "draft", 20_000, "b")
    sandbox.settle()
    assert notes(mei)[0]["number"] in zhou.browser().get("/ops/fapiao").text
    assert notes(mei)[1]["number"] not in zhou.browser().get("/ops/fapiao").text


@pytest.mark.parametrize(
    ("harm", "rule"),
    [
        ("UPDATE documents SET total_fen = total_fen - 1 WHERE kind = 'credit_note'", "invoices: fee"),
        ("UPDATE documents SET total_fen = 60000 WHERE kind = 'credit_note'", "invoices: credit_note"),
        ("DELETE FROM documents WHERE kind = 'credit_note'", "invoices: fee"),
    ],
)
def test_a_note_that_is_missing_or_wrong_is_found(
    app: Flask, mei: Player, lin: Player, zhou: Player, sandbox: Sandbox, harm: str, rule: str
) -> None:
    order_id = completed(app, mei, lin, sandbox)
    refund(zhou, order_id, "script", 50_000, "a")
    sandbox.settle()
    books_agree(app)

    with app.app_context():
        with as_owner() as connection:
            connection.execute(text(harm))
        found = broken({rule: registered()[rule]})
        assert len(found) == 1, found
        db.session.remove()
