"""Operators make subsidies, on the page and by the API; nobody else sees them."""

from typing import Any

import pytest

from tests.briefs import problem
from tests.conftest import Player, submit

RULE: dict[str, Any] = {
    "name": "双11 首单补贴",
    "kind": "coupon",
    "campaign_code": "double11-2026",
    "fixed_fen": 5_000,
    "cap_fen": 5_000,
    "budget_fen": 100_000,
    "starts_at": "2026-11-01T00:00:00+08:00",
    "ends_at": "2026-12-01T00:00:00+08:00",
}


def test_an_operator_makes_one_and_ends_it(zhou: Player, mei: Player) -> None:
    made = zhou.api("POST", "/subsidies", json=RULE)
    assert made.status_code == 201, made.text
    assert made.json["left_fen"] == 100_000

    assert [each["id"] for each in zhou.api("GET", "/subsidies").json["data"]] == [made.json["id"]]
    assert zhou.api("POST", f"/subsidies/{made.json['id']}/ending").json["stopped_at"]
    assert problem(zhou.api("POST", f"/subsidies/{made.json['id']}/ending"))[:2] == (409, "subsidy-over")
    assert mei.api("GET", "/subsidies").status_code == 403
    assert mei.api("POST", "/subsidies", json=RULE).status_code == 403


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"budget_fen": 0}, "/budget_fen"),
        ({"fixed_fen": -5}, "/fixed_fen"),
        ({"percent_bps": 100}, "/fixed_fen"),
        ({"kind": "fee"}, "/percent_bps"),
        ({"cap_fen": 100_001}, "/cap_fen"),
        ({"ends_at": "2026-10-01T00:00:00+08:00"}, "/ends_at"),
        ({"campaign_code": "double11-1999"}, "/campaign_code"),
        ({"currency": "usd"}, "/currency"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_at_its_field(
    zhou: Player, over: dict[str, Any], field: str
) -> None:
    status, _, pointers = problem(zhou.api("POST", "/subsidies", json=RULE | over))

    assert status == 422 and any(pointer.endswith(field) for pointer in pointers), pointers


def test_the_page_makes_one_and_keeps_what_was_typed(zhou: Player) -> None:
    browser = zhou.browser()
    assert "还没有补贴" in browser.get("/ops/subsidies").text
    typed = {
        "name": "双11 补贴",
        "kind": "coupon",
        "campaign_code": "",
        "percent_bps": "12.5",
        "cap_fen": "80",
        "budget_fen": "5,000",
        "audience": "new",
        "starts_at": "2026-11-01T00:00",
        "ends_at": "2026-12-01T00:00",
    }

    wrong = submit(browser, "/ops/subsidies", **typed | {"cap_fen": "0"})
    assert wrong.status_code == 422 and "5,000" in wrong.text and "双11 补贴" in wrong.text
    assert submit(browser, "/ops/subsidies", **typed).status_code == 303

    page = browser.get("/ops/subsidies").text
    assert "12.5%" in page and "5,000.00" in page
