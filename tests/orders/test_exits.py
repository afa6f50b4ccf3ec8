"""A running order ends early by the split both saw, and its money is shared out once."""

import secrets
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from market.kit.ids import encode
from tests import play
from tests.conftest import Player, submit
from tests.sandbox import Sandbox

PRICE = 1_000_000


@pytest.fixture
def order_id(mei: Player, lin: Player, sandbox: Sandbox) -> UUID:
    return play.funded(mei, lin, sandbox, price_fen=PRICE)


def quote(who: Player, order_id: UUID, **query: Any) -> Any:
    answer = who.api("GET", f"/orders/{encode('ord', order_id)}/exit", query_string=query)
    assert answer.status_code == 200, answer.text
    return answer.json


def ask(who: Player, order_id: UUID, seen: Any = None, *, key: str | None = None, **more: Any) -> Any:
    seen = seen or quote(who, order_id)
    return who.api(
        "POST",
        f"/orders/{encode('ord', order_id)}/exits",
        json={"token": seen["token"], "reason": "双十一改期，不做了", **more},
        headers={"Idempotency-Key": key or secrets.token_hex(8)},
    )


def answer(who: Player, order_id: UUID, made: Any, what: str, **body: Any) -> Any:
    return who.api(
        "POST",
        f"/orders/{encode('ord', order_id)}/exits/{made['id']}/{what}",
        headers={"Idempotency-Key": secrets.token_hex(8)},
        **({"json": body} if body else {}),
    )


def order_of(who: Player, order_id: UUID) -> Any:
    return who.api("GET", f"/orders/{encode('ord', order_id)}").json


def test_both_sides_see_the_same_computation(mei: Player, lin: Player, order_id: UUID) -> None:
    play.submit(lin, order_id)
    play.shift(48)

    hers, his, later = quote(mei, order_id), quote(lin, order_id), quote(mei, order_id)

    for line, seen, then in zip(hers["lines"], his["lines"], later["lines"], strict=True):
        assert line.keys() == seen.keys()
        for name in line:  # a day of idleness counts by seconds, which pass meanwhile
            assert min(line[name], then[name]) <= seen[name] <= max(line[name], then[name]), name
    assert hers["creator_fen"] + hers["merchant_fen"] == PRICE
    assert [line["rung"] for line in hers["lines"]] == ["handed_in", "not_begun", "not_begun"]
    # 70 % of 1,000.00, and a day of idleness beyond the grace, by whole seconds
    assert 71_990 <= hers["creator_fen"] <= 72_000


def test_agreed_money_goes_back_where_it_came_from(
    app: Flask, mei: Player, lin: Player, order_id: UUID, sandbox: Sandbox
) -> None:
    play.submit(lin, order_id)
    seen = quote(mei, order_id)
    before = sandbox.balance()
    made = ask(mei, order_id, seen).json

    assert made["state"] == "open" and order_of(mei, order_id)["state"] == "scripting"
    done = answer(lin, order_id, made, "consent", round=1)
    sandbox.settle()

    assert done.status_code == 201, done.text
    order = order_of(mei, order_id)
    assert order["state"] == "settled"
    assert [m["state"] for m in order["milestones"]] == ["split", "refunded", "refunded"]
    assert sandbox.balance() == before - seen["merchant_fen"]
    assert play.balance(app, "MW", mei.party_id) == 0
    play.ledger_is_sound(app)


def test_to_the_wallet_when_the_merchant_wants_it_there(
    app: Flask, mei: Player, lin: Player, order_id: UUID, sandbox: Sandbox
) -> None:
    made = ask(mei, order_id, to_wallet=True).json
    answer(lin, order_id, made, "consent", round=1)
    sandbox.settle()

    order = order_of(mei, order_id)
    assert order["state"] == "settled"
    assert play.balance(app, "MW", mei.party_id) == PRICE - sum(made["computed"].values())
    play.ledger_is_sound(app)


def test_what_was_released_before_does_not_go_back_again(
    app: Flask, mei: Player, lin: Player, order_id: UUID, sandbox: Sandbox
) -> None:
    script = order_of(mei, order_id)["milestones"][0]
    here = f"/orders/{encode('ord', order_id)}"
    mei.api(
        "POST",
        f"{here}/milestones/{script['id']}/releases",
        json={"amount_fen": 30_000},
        headers={"Idempotency-Key": "k-part-release"},
    )
    seen = quote(mei, order_id)
    assert seen["merchant_fen"] == PRICE - 30_000 - seen["creator_fen"]

    made = ask(mei, order_id, seen, to_wallet=True).json
    said = f"退回 ¥{seen['merchant_fen'] / 100:,.2f}"
    assert said in lin.browser().get(f"{here}/exit").text
    answer(lin, order_id, made, "consent", round=1)

    assert play.balance(app, "MW", mei.party_id) == seen["merchant_fen"]
    assert f"退回商家 ¥{seen['merchant_fen'] / 100:,.2f}" in mei.browser().get(here).text


def test_silence_is_the_computed_split_and_not_the_counter_proposal(
    app: Flask, mei: Player, lin: Player, order_id: UUID, sandbox: Sandbox
) -> None:
    made = ask(mei, order_id, to_wallet=True).json
    script = next(iter(made["computed"]))
    countered = answer(
        lin,
        order_id,
        made,
        "counter-proposals",
        round=1,
        parts=[{"milestone_id": script, "creator_fen": 100_000}],
    )
    assert countered.status_code == 201, countered.text
    assert countered.json["proposal"][script] == 100_000

    play.shift(73)
    sandbox.settle()

    assert play.balance(app, "MW", mei.party_id) == PRICE - sum(made["computed"].values())
    play.ledger_is_sound(app)


def test_a_counter_proposal_that_is_agreed_to_is_carried_out(
    app: Flask, mei: Player, lin: Player, order_id: UUID, sandbox: Sandbox
) -> None:
    made = ask(lin, order_id).json
    first = next(iter(made["computed"]))
    parts = [{"milestone_id": first, "creator_fen": 60_001}]
    countered = answer(mei, order_id, made, "counter-proposals", round=1, parts=parts).json

    stale = answer(lin, order_id, made, "consent", round=1)
    done = answer(lin, order_id, countered, "consent", round=2)
    sandbox.settle()

    assert stale.status_code == 409
    assert done.status_code == 201, done.text
    rest = sum(fen for milestone, fen in made["computed"].items() if milestone != first)
    money = lin.api("GET", f"/orders/{encode('ord', order_id)}/money").json
    assert sum(part["fen"] for part in money["totals"] if part["what"] != "returned") == 60_001 + rest
    play.ledger_is_sound(app)


def test_what_changed_after_it_was_seen_is_computed_anew(
    app: Flask, mei: Player, lin: Player, order_id: UUID
) -> None:
    seen = quote(mei, order_id)
    play.submit(lin, order_id)

    changed = ask(mei, order_id, seen)
    play.shift(1)
    old = ask(mei, order_id, quote(mei, order_id) | {"token": seen["token"]})

    for refused in (changed, old):
        assert refused.status_code == 409 and refused.json["type"].endswith("quote-changed")
    assert order_of(mei, order_id)["state"] == "scripting"
    play.ledger_is_sound(app)


def test_a_stage_accepted_meanwhile_is_paid_and_only_the_rest_ends(
    app: Flask, mei: Player, lin: Player, order_id: UUID, sandbox: Sandbox
) -> None:
    script = play.submit(lin, order_id)
    made = ask(lin, order_id).json
    play.accept(mei, script)

    done = answer(mei, order_id, made, "consent", round=1, to_wallet=True)
    sandbox.settle()

    assert done.status_code == 201, done.text
    assert [m["state"] for m in order_of(mei, order_id)["milestones"]] == ["released", "refunded", "refunded"]
    assert play.balance(app, "MW", mei.party_id) == 900_000
    play.ledger_is_sound(app)


def test_a_part_released_ahead_stays_with_the_creator(
    app: Flask, mei: Player, lin: Player, order_id: UUID, sandbox: Sandbox
) -> None:
    order = order_of(mei, order_id)
    part = mei.api(
        "POST",
        f"/orders/{encode('ord', order_id)}/milestones/{order['milestones'][0]['id']}/releases",
        json={"amount_fen": 33_333},
        headers={"Idempotency-Key": "part-1"},
    )
    assert part.status_code == 201, part.text
    made = ask(mei, order_id, to_wallet=True).json
    answer(lin, order_id, made, "consent", round=1)
    sandbox.settle()

    assert sum(made["computed"].values()) == 0
    assert [m["state"] for m in order_of(mei, order_id)["milestones"]] == ["split", "refunded", "refunded"]
    assert play.balance(app, "MW", mei.party_id) == PRICE - 33_333
    play.shift(80)
    sandbox.settle()
    assert play.balance(app, "PP", lin.party_id) == 0
    assert play.balance(app, "PA", lin.party_id) == 30_717  # 333.33 less 5 %, less 3 % of the rest
    play.ledger_is_sound(app)


def test_bad_input_gets_its_own_error_and_nothing_moves(
    app: Flask, cast: dict[str, Player], order_id: UUID
) -> None:
    mei, lin, bo = cast["mei"], cast["lin"], cast["bo"]
    seen = quote(mei, order_id)

    assert ask(bo, order_id, seen).status_code == 404
    assert ask(cast["zhou"], order_id, seen).status_code == 403
    assert ask(mei, order_id, seen | {"token": "1.x"}).status_code == 409
    assert ask(mei, order_id, seen | {"token": "x"}).status_code == 409
    assert ask(mei, order_id, sample_fen=-1).status_code == 422
    made = ask(mei, order_id).json
    assert ask(lin, order_id).json["type"].endswith("exit-open")
    assert answer(mei, order_id, made, "consent", round=1).json["type"].endswith("not-your-answer")
    for fen in (-1, 100_001):
        script = next(iter(made["computed"]))
        parts = [{"milestone_id": script, "creator_fen": fen}]
        assert answer(lin, order_id, made, "counter-proposals", round=1, parts=parts).status_code == 422
    assert answer(lin, order_id, made, "withdrawal").status_code == 409
    assert answer(mei, order_id, made, "withdrawal").json["state"] == "withdrawn"
    assert answer(lin, order_id, made, "consent", round=1).json["type"].endswith("exit-over")
    play.ledger_is_sound(app)


def test_the_same_key_asks_and_ends_once(app: Flask, mei: Player, lin: Player, order_id: UUID) -> None:
    seen = quote(mei, order_id)
    first, again = (ask(mei, order_id, seen, key="one") for _ in range(2))

    assert first.json == again.json and again.headers["Idempotent-Replayed"] == "true"


def test_on_the_page_the_computation_comes_before_the_question(
    app: Flask, mei: Player, lin: Player, order_id: UUID, sandbox: Sandbox
) -> None:
    page = f"/orders/{encode('ord', order_id)}/exit"
    hers, his = mei.browser(), lin.browser()
    play.submit(lin, order_id)
    shown = hers.get(page).text
    token = shown.split('name="token" value="')[1].split('"')[0]

    empty = submit(hers, page, page + "s", token=token, reason="", idempotency_key="a")
    asked = submit(
        hers, page, page + "s", token=token, reason="不做了", to_wallet="true", idempotency_key="b"
    )

    assert "怎么算出来的" in shown and "¥700.00" in shown
    assert empty.status_code == 422 and 'href="#f-reason"' in empty.text
    assert asked.status_code == 303, asked.text
    assert "同意这个方案" not in hers.get(page).text and "同意这个方案" in his.get(page).text
    assert "等答复" in his.get(f"/orders/{encode('ord', order_id)}").text
    url = his.get(page).text.split('action="')[1:]
    consent = next(each.split('"')[0] for each in url if each.split('"')[0].endswith("/consent"))
    done = submit(his, page, consent, round="1", idempotency_key="c")
    assert done.status_code == 303, done.text
    assert "提前结束" in his.get(f"/orders/{encode('ord', order_id)}/money").text
    assert hers.get(page + "?lang=en").status_code == 200
    play.ledger_is_sound(app)
