"""发票: asked for once over settled fees, issued with a number or refused with a reason, by whoever may."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from market.invoices.schemas import is_credit_code
from tests.conftest import Player, submit
from tests.invoices.test_documents import FEE, completed
from tests.sandbox import Sandbox

ASK = {"title": "杭州山野咖啡有限公司", "tax_number": "91350100M000100Y43", "email": "caiwu@example.com"}


def ask(mei: Player, fen: int = FEE, **given: Any) -> Any:
    return mei.api("POST", "/fapiao-requests", json=ASK | {"amount_fen": fen} | given)


@pytest.mark.parametrize(
    ("code", "good"),
    [
        ("91350100M000100Y43", True),
        ("91350100M000100Y44", False),
        ("91350100M000100I43", False),
        ("9135", False),
    ],
)
def test_a_tax_number_has_its_check_digit(code: str, good: bool) -> None:
    """91350100M000100Y43 is the example of GB 32100-2015."""
    assert is_credit_code(code) is good


def test_it_is_asked_for_once_and_issued_once(
    app: Flask, mei: Player, lin: Player, zhou: Player, sandbox: Sandbox
) -> None:
    assert ask(mei).status_code == 409, "nothing is settled"
    completed(app, mei, lin, sandbox)
    assert ask(lin).status_code == 403
    assert ask(mei, tax_number="123").status_code == 422
    assert ask(mei, tax_number="91350100M000100Y44").status_code == 422
    assert ask(mei, fen=FEE - 1).status_code == 409

    with ThreadPoolExecutor(4) as crowd:
        answers = list(crowd.map(lambda _: ask(mei), range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    made = next(answer.json for answer in answers if answer.status_code == 201)
    assert made["amount_fen"] == FEE

    where = f"/fapiao-requests/{made['id']}"
    assert mei.api("POST", f"{where}/issue", json={"number": "12345678"}).status_code == 403
    assert zhou.api("POST", f"{where}/issue", json={"number": "1234"}).status_code == 422
    bad = zhou.api("POST", f"{where}/issue", json={"number": "12345678", "link": "javascript:alert(1)"})
    assert bad.status_code == 422
    done = zhou.api(
        "POST", f"{where}/issue", json={"number": "12345678", "link": "https://tax.example/1.pdf"}
    )
    assert done.status_code == 200 and done.json["state"] == "issued"
    assert zhou.api("POST", f"{where}/refusal", json={"reason": "x"}).status_code == 409
    assert ask(mei).status_code == 409, "its fees are covered"


def test_refused_or_withdrawn_its_fees_may_be_asked_for_again(
    app: Flask, mei: Player, lin: Player, zhou: Player, sandbox: Sandbox
) -> None:
    completed(app, mei, lin, sandbox)
    first = ask(mei).json["id"]
    refused = zhou.api("POST", f"/fapiao-requests/{first}/refusal", json={"reason": "抬头与执照不符"})
    assert refused.json["state"] == "refused"
    sandbox.settle()
    notices = mei.api("GET", "/notices").json["data"]
    assert any("抬头与执照不符" in notice["text"] for notice in notices)

    second = ask(mei).json["id"]
    assert mei.api("POST", f"/fapiao-requests/{second}/withdrawal").json["state"] == "withdrawn"
    assert lin.api("POST", f"/fapiao-requests/{second}/withdrawal").status_code == 403
    assert ask(mei).status_code == 201


def test_the_pages_of_both_sides(
    app: Flask, mei: Player, lin: Player, zhou: Player, sandbox: Sandbox
) -> None:
    completed(app, mei, lin, sandbox)
    shop, desk = mei.browser(), zhou.browser()
    here = "/m/documents"
    page = shop.get(here)
    assert page.status_code == 200 and "INV-" in page.text and "RCP-" in page.text
    wrong = submit(shop, here, f"{here}/fapiao", **ASK | {"tax_number": "1", "amount_fen": str(FEE)})
    assert wrong.status_code == 422 and ASK["title"] in wrong.text, "nothing typed is lost"
    assert submit(shop, here, f"{here}/fapiao", **ASK, amount_fen=str(FEE)).status_code == 303

    queue = desk.get("/ops/fapiao")
    assert ASK["title"] in queue.text and "INV-" in queue.text
    request_id = mei.api("GET", "/fapiao-requests").json["data"][0]["id"]
    issue = f"/ops/fapiao/{request_id}/issue"
    assert submit(desk, "/ops/fapiao", issue, number="12").status_code == 422
    assert submit(desk, "/ops/fapiao", issue, number="12345678").status_code == 303
    assert "12345678" in shop.get(here).text
    assert "12345678" in desk.get("/ops/fapiao?tab=past").text
    assert lin.browser().get("/u/documents").status_code == 200
    assert lin.browser().get("/ops/fapiao").status_code == 403
    pdf = shop.get(f"/documents/{mei.api('GET', '/documents').json['data'][0]['id']}.pdf")
    assert pdf.status_code == 200 and pdf.data.startswith(b"%PDF")
