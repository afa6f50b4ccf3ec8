"""A running order is changed by both sides: money first, then an addendum; nothing twice, nothing half."""

import re
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from market.delivery import service as delivery
from market.kit.db import db, transaction
from market.kit.errors import Conflict
from market.kit.ids import decode, encode
from market.orders import amendments, changes, exits, freezes, queries
from market.orders.freezes import FreezeSource
from market.orders.terms import hash_of
from tests import play
from tests.conftest import Player, submit
from tests.sandbox import Sandbox

PRICE = 1_000_000


@pytest.fixture
def order_id(mei: Player, lin: Player, sandbox: Sandbox) -> UUID:
    return play.funded(mei, lin, sandbox, price_fen=PRICE)


def post(who: Player, order_id: UUID, path: str, *, key: str | None = None, **body: Any) -> Any:
    return who.api(
        "POST",
        f"/orders/{encode('ord', order_id)}/{path}",
        json=body,
        headers={"Idempotency-Key": key or secrets.token_hex(8)},
    )


def propose(who: Player, order_id: UUID, *, stage: str = "script", **more: Any) -> Any:
    return post(who, order_id, "changes", **{"stage": stage, "text": "再加一个 30 秒的竖版剪辑"} | more)


def answer(who: Player, order_id: UUID, made: Any, what: str = "acceptance", **body: Any) -> Any:
    return post(who, order_id, f"changes/{made['id']}/{what}", **{"version": made["version"]} | body)


def order_of(who: Player, order_id: UUID) -> Any:
    return who.api("GET", f"/orders/{encode('ord', order_id)}").json


def addenda_of(who: Player, order_id: UUID) -> Any:
    return who.api("GET", f"/orders/{encode('ord', order_id)}/addenda").json


def views_sum_to_the_price(price: int, order_id: UUID, *who: Player) -> None:
    for each in who:
        money = each.api("GET", f"/orders/{encode('ord', order_id)}/money").json
        assert money["price_fen"] == price
        assert sum(row["amount_fen"] for row in money["rows"]) == price
        assert sum(total["fen"] for total in money["totals"]) == price


def fill_wallet(app: Flask, mei: Player, sandbox: Sandbox, fen: int) -> None:
    made = mei.api(
        "POST", "/wallet/top-ups", json={"amount_fen": fen}, headers={"Idempotency-Key": secrets.token_hex(8)}
    )
    assert made.status_code == 201, made.text
    sandbox.pay(play.session_of(app, made.json))
    sandbox.settle()


def test_time_alone_counts_at_once_and_the_signed_terms_stay(
    app: Flask, mei: Player, lin: Player, order_id: UUID
) -> None:
    before = order_of(mei, order_id)
    made = propose(lin, order_id, stage="draft", added_days=5).json

    done = answer(mei, order_id, made)

    assert done.status_code == 201 and done.json["state"] == "in_force", done.text
    order = order_of(mei, order_id)
    assert order["terms"] == before["terms"] and order["terms_sha256"] == before["terms_sha256"]
    moved = [
        new["due_at"] != old["due_at"]
        for new, old in zip(order["milestones"], before["milestones"], strict=True)
    ]
    assert moved == [False, True, True]
    written = addenda_of(lin, order_id)["addenda"]
    assert written[0]["follows_sha256"] == before["terms_sha256"]
    assert hash_of(written[0]["says"]).hex() == written[0]["sha256"]
    play.ledger_is_sound(app)


def test_added_money_is_in_escrow_before_the_change_counts(
    app: Flask, mei: Player, lin: Player, order_id: UUID, sandbox: Sandbox
) -> None:
    made = propose(lin, order_id, added_fen=33_333, added_days=2).json

    agreed = answer(mei, order_id, made)

    assert agreed.json["state"] == "agreed", agreed.text
    assert order_of(mei, order_id)["price_fen"] == PRICE and addenda_of(mei, order_id)["addenda"] == []
    views_sum_to_the_price(PRICE, order_id, mei, lin)
    checkout = play.open_checkout(mei, order_id)
    assert checkout["amount_fen"] == 33_333
    sandbox.pay(play.session_of(app, checkout))
    sandbox.settle()
    order = order_of(mei, order_id)
    assert order["price_fen"] == PRICE + 33_333 and order["milestones"][0]["amount_fen"] == 133_333
    views_sum_to_the_price(PRICE + 33_333, order_id, mei, lin)
    play.ledger_is_sound(app)


def test_the_wallet_pays_with_the_click_or_nothing_happens(
    app: Flask, mei: Player, lin: Player, order_id: UUID, sandbox: Sandbox
) -> None:
    made = propose(lin, order_id, added_fen=50_001).json
    short = answer(mei, order_id, made, wallet=True)
    assert short.status_code == 409 and short.json["type"].endswith("wallet-too-low")
    fill_wallet(app, mei, sandbox, 60_000)

    other = answer(mei, order_id, made, wallet=True, amount_fen=50_000)
    done, again = (answer(mei, order_id, made, wallet=True, amount_fen=50_001, key="click") for _ in range(2))

    assert other.json["type"].endswith("plan-changed")
    assert done.json["state"] == "in_force" and again.json == done.json
    assert play.balance(app, "MW", mei.party_id) == 9_999
    assert order_of(mei, order_id)["price_fen"] == PRICE + 50_001
    play.ledger_is_sound(app)


def test_the_merchants_proposal_may_be_paid_by_the_wallet_when_the_creator_agrees(
    app: Flask, mei: Player, lin: Player, order_id: UUID, sandbox: Sandbox
) -> None:
    fill_wallet(app, mei, sandbox, 20_000)
    made = propose(mei, order_id, added_fen=20_000, from_wallet=True).json

    assert answer(lin, order_id, made).json["state"] == "in_force"
    assert play.balance(app, "MW", mei.party_id) == 0
    more = propose(mei, order_id, added_fen=1, from_wallet=True).json
    assert answer(lin, order_id, more).json["state"] == "agreed"
    assert propose(lin, order_id, added_fen=1, from_wallet=True).status_code == 403
    play.ledger_is_sound(app)


def test_shares_of_a_changed_stage_are_exact_over_parts(
    app: Flask, cast: dict[str, Player], sandbox: Sandbox
) -> None:
    mei, lin, ada = cast["mei"], cast["lin"], cast["ada"]
    order_id = play.funded(mei, lin, sandbox, price_fen=999_999, agency=ada, commission_bps=1333)
    fill_wallet(app, mei, sandbox, 77_777)
    script = order_of(mei, order_id)["milestones"][0]
    part = post(mei, order_id, f"milestones/{script['id']}/releases", amount_fen=33_331)
    assert part.status_code == 201, part.text
    made = propose(lin, order_id, added_fen=77_777).json
    assert answer(mei, order_id, made, wallet=True).json["state"] == "in_force"

    play.accept(mei, play.submit(lin, order_id))

    views_sum_to_the_price(999_999 + 77_777, order_id, mei, lin, ada)
    whole = script["amount_fen"] + 77_777
    fee = whole * 500 // 10_000
    agency = (whole - fee) * 1333 // 10_000
    tax = (whole - fee - agency) * 300 // 10_000
    assert play.balance(app, "PP", ada.party_id) == agency
    assert play.balance(app, "PP", lin.party_id) == whole - fee - agency - tax
    play.ledger_is_sound(app)


def test_each_addendum_names_the_one_before_and_cannot_be_rewritten(
    app: Flask, mei: Player, lin: Player, order_id: UUID
) -> None:
    for who, other in ((mei, lin), (lin, mei), (mei, lin)):
        answer(other, order_id, propose(who, order_id, added_days=1).json)

    chain = addenda_of(mei, order_id)
    hashes = [chain["terms_sha256"], *(each["sha256"] for each in chain["addenda"])]
    assert [each["follows_sha256"] for each in chain["addenda"]] == hashes[:-1]
    with app.app_context(), pytest.raises(DBAPIError, match=r"stands|permission denied"), transaction():
        db.session.execute(text("UPDATE order_addenda SET number = 9"))


def test_a_counter_is_a_version_and_the_old_one_cannot_be_agreed_to(
    app: Flask, mei: Player, lin: Player, order_id: UUID
) -> None:
    first = propose(lin, order_id, added_days=9).json

    blind = propose(mei, order_id, added_days=3)
    second = propose(mei, order_id, added_days=3, instead_of=first["id"]).json

    assert blind.status_code == 409 and blind.json["type"].endswith("change-open")
    assert second["version"] == 2
    assert answer(mei, order_id, first).json["type"].endswith("change-over")
    assert answer(mei, order_id, second).json["type"].endswith("not-your-answer")
    assert answer(lin, order_id, second | {"version": 1}).json["type"].endswith("change-moved")
    assert answer(lin, order_id, second).json["state"] == "in_force"
    assert propose(lin, order_id, instead_of=second["id"]).json["type"].endswith("change-over")


def test_declined_withdrawn_or_unanswered_nothing_changes(
    app: Flask, mei: Player, lin: Player, order_id: UUID, sandbox: Sandbox
) -> None:
    before = order_of(mei, order_id)
    declined = answer(mei, order_id, propose(lin, order_id, added_fen=5).json, "refusal", reason="太贵")
    mine = propose(lin, order_id, added_fen=5).json
    path = f"/orders/{encode('ord', order_id)}/changes/{mine['id']}"
    assert mei.api("DELETE", path).status_code == 409
    assert lin.api("DELETE", path).status_code == 204
    late = propose(lin, order_id, added_fen=5).json
    unpaid = None
    play.shift(73)
    sandbox.settle()
    unpaid = propose(lin, order_id, added_fen=7).json
    assert answer(mei, order_id, unpaid).json["state"] == "agreed"
    play.shift(73)
    sandbox.settle()

    assert declined.json["state"] == "declined" and declined.json["reason"] == "太贵"
    assert answer(mei, order_id, late).json["type"].endswith("change-over")
    listed = lin.api("GET", f"/orders/{encode('ord', order_id)}/changes").json["data"]
    assert [each["state"] for each in listed] == ["expired", "expired", "withdrawn", "declined"]
    assert order_of(mei, order_id)["milestones"] == before["milestones"]
    play.ledger_is_sound(app)


def test_a_stage_that_is_not_funded_grows_and_is_paid_whole(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    order_id = play.award(mei, lin, price_fen=PRICE)
    fill_wallet(app, mei, sandbox, PRICE + 10_000)
    assert post(mei, order_id, "wallet-payments", stages="next").status_code == 201
    made = propose(lin, order_id, stage="draft", added_fen=10_000).json

    assert answer(mei, order_id, made).json["state"] == "in_force"
    plan = mei.api("GET", f"/orders/{encode('ord', order_id)}/payment-plan?stages=next").json
    assert plan["stages"] == ["draft"] and plan["stages_fen"] == 410_000
    funded = propose(lin, order_id, stage="script", added_fen=2).json
    assert answer(mei, order_id, funded).json["state"] == "agreed"
    both = mei.api("GET", f"/orders/{encode('ord', order_id)}/payment-plan").json
    assert both["stages_fen"] == 910_002 and both["change_fen"] == 2
    assert post(mei, order_id, "wallet-payments", stages="next").status_code == 201
    assert order_of(mei, order_id)["milestones"][0]["amount_fen"] == 100_002
    assert post(mei, order_id, "wallet-payments").status_code == 409  # 2 fen short
    views_sum_to_the_price(PRICE + 10_002, order_id, mei, lin)
    play.ledger_is_sound(app)


def test_where_nothing_may_change_each_refusal_says_why(
    app: Flask, cast: dict[str, Player], order_id: UUID, sandbox: Sandbox
) -> None:
    mei, lin, bo = cast["mei"], cast["lin"], cast["bo"]
    assert propose(bo, order_id, added_fen=1).status_code == 404
    assert propose(cast["zhou"], order_id, added_fen=1).status_code == 403
    for bad in ({"added_fen": -1}, {"added_days": 91}, {"text": ""}, {"stage": "x"}, {"added_fen": 10**12}):
        assert propose(lin, order_id, **bad).status_code == 422
    assert "added_fen" in propose(lin, order_id, added_fen=1_000_000_000).text
    open_ = propose(lin, order_id, stage="draft", added_fen=1).json
    with app.app_context(), transaction():
        freezes.freeze(order_id, FreezeSource.OPERATOR, "看一看", by=cast["zhou"].actor)
    assert answer(mei, order_id, open_).json["type"].endswith("order-frozen")
    with app.app_context(), transaction():
        freezes.lift(order_id, FreezeSource.OPERATOR, by=cast["zhou"].actor)
    with app.app_context(), transaction():
        order = queries.find(order_id, lock=True)
        asked = exits.ask(order, lin.actor, token=exits.quote(order).token, reason="不做了").id
    assert answer(mei, order_id, open_).json["type"].endswith("exit-waits")
    with app.app_context(), transaction():
        order = queries.find(order_id, lock=True)
        exits.withdraw(order, exits.find_exit(asked, order), lin.actor)
    play.accept(mei, play.submit(lin, order_id))
    assert (
        propose(lin, order_id, stage="script", instead_of=open_["id"]).json["type"].endswith("already-ended")
    )
    assert answer(mei, order_id, open_).json["state"] == "agreed"
    play.ledger_is_sound(app)


def test_money_that_comes_while_frozen_counts_after_the_thaw(
    app: Flask, cast: dict[str, Player], order_id: UUID, sandbox: Sandbox
) -> None:
    mei, lin, zhou = cast["mei"], cast["lin"], cast["zhou"]
    answer(mei, order_id, propose(lin, order_id, added_fen=4_000).json)
    checkout = play.open_checkout(mei, order_id)
    with app.app_context(), transaction():
        freezes.freeze(order_id, FreezeSource.OPERATOR, "看一看", by=zhou.actor)
    sandbox.pay(play.session_of(app, checkout))
    sandbox.settle()
    assert order_of(mei, order_id)["price_fen"] == PRICE

    with app.app_context(), transaction():
        freezes.lift(order_id, FreezeSource.OPERATOR, by=zhou.actor)
    sandbox.settle()

    assert order_of(mei, order_id)["price_fen"] == PRICE + 4_000
    play.ledger_is_sound(app)


# Races: real threads, real transactions


def race(app: Flask, *acts: Callable[[], Any]) -> list[Any]:
    """All at once; what each gave, or the refusal it met."""
    gate, results = threading.Barrier(len(acts)), [None] * len(acts)

    def run(at: int) -> None:
        with app.app_context():
            gate.wait()
            try:
                with transaction():
                    results[at] = acts[at]() or "done"
            except Conflict as refusal:
                results[at] = refusal

    threads = [threading.Thread(target=run, args=(at,)) for at in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.parametrize("rival", ["accept", "release", "exit"])
@pytest.mark.parametrize("turn", range(3))
def test_an_acceptance_races_and_the_order_stays_whole(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox, rival: str, turn: int
) -> None:
    order_id = play.funded(mei, lin, sandbox, price_fen=PRICE)
    fill_wallet(app, mei, sandbox, 50_000)
    script = play.submit(lin, order_id)
    if rival == "exit":
        with app.app_context(), transaction():
            order = queries.find(order_id, lock=True)
            made_exit = exits.ask(
                order, lin.actor, token=exits.quote(order).token, reason="不做了", to_wallet=True
            ).id
        with app.app_context(), transaction():
            order = queries.find(order_id, lock=True)
            exits.withdraw(order, exits.find_exit(made_exit, order), lin.actor)
    made = propose(lin, order_id, added_fen=12_345).json

    def accept() -> None:
        order = queries.find(order_id, lock=True)
        found = changes.find_change(decode("chg", made["id"]), order)
        changes.accept(order, found, mei.actor, version=1, wallet=True)

    def exit_() -> None:
        order = queries.find(order_id, lock=True)
        asked = exits.ask(order, lin.actor, token=exits.quote(order).token, reason="不做了")
        exits.agree(order, asked, mei.actor, round_=1, to_wallet=True)

    rivals = {"accept": accept, "release": lambda: delivery.accept(script, mei.actor), "exit": exit_}
    first, second = race(app, accept, rivals[rival])
    sandbox.settle()

    order = order_of(mei, order_id)
    changed = order["price_fen"] == PRICE + 12_345
    assert changed == (not isinstance(first, Conflict) or (rival == "accept" and second == "done"))
    assert len(addenda_of(mei, order_id)["addenda"]) == int(changed)
    if rival == "accept":
        assert sorted(isinstance(each, Conflict) for each in (first, second)) == [False, True]
    else:
        assert second == "done" or not isinstance(second, Conflict)
        stage = order["milestones"][0]
        assert stage["released_fen"] + stage["returned_fen"] == stage["amount_fen"]
    views_sum_to_the_price(order["price_fen"], order_id, mei, lin)
    play.ledger_is_sound(app)


def test_on_the_page_the_numbers_come_before_the_click(
    app: Flask, mei: Player, lin: Player, order_id: UUID, sandbox: Sandbox
) -> None:
    fill_wallet(app, mei, sandbox, 30_000)
    room = f"/orders/{encode('ord', order_id)}"
    page, hers, his = room + "/changes", mei.browser(), lin.browser()
    assert "计算结果" in his.get(page).text and "如果对方同意" not in his.get(page).text

    seen = his.get(page + "?stage=script&added_fen=300&added_days=2").text
    empty = submit(
        his, page, page, stage="script", added_fen="300.00", added_days="2", text="", idempotency_key="a"
    )
    asked = submit(
        his,
        page,
        page,
        stage="script",
        added_fen="300.00",
        added_days="2",
        text="加竖版",
        idempotency_key="b",
    )

    assert "¥10,000.00 → ¥10,300.00" in seen and "¥276.45" in seen  # less 5 %, less 3 % of the rest
    assert empty.status_code == 422 and 'href="#f-text"' in empty.text and "如果对方同意" in empty.text
    assert asked.status_code == 303, asked.text
    assert "有一个变更在等答复" in hers.get(room).text
    shown = hers.get(page).text
    assert "加竖版" in shown and "¥276.45" not in shown  # how it is shared out is not the merchant's
    accept = re.search(r'action="([^"]+/acceptance)"', shown)
    assert accept and "从钱包托管" in shown
    done = submit(
        hers, page, accept.group(1), version="1", wallet="1", amount_fen="30000", idempotency_key="c"
    )
    assert done.status_code == 303 and "/changes" not in done.headers["Location"], done.text
    for browser in (hers, his):
        text_ = browser.get(room).text
        assert "补充 1" in text_ and "加竖版" in text_ and "变更生效" in text_
        assert browser.get(page + "?lang=en").status_code == 200
        browser.get(page + "?lang=zh")


def test_a_case_about_the_stage_makes_its_change_void(
    app: Flask, mei: Player, lin: Player, order_id: UUID, sandbox: Sandbox
) -> None:
    from market.disputes import service as disputes
    from market.disputes.models import Ground

    answer(mei, order_id, propose(lin, order_id, added_fen=900).json)
    page = play.open_checkout(mei, order_id)
    due = mei.api("GET", "/funds").json["due"]
    assert [each["fen"] for each in due] == [900]
    play.submit(lin, order_id)
    with app.app_context(), transaction():
        order = queries.find(order_id, lock=True)
        disputes.open_case(
            order,
            order.milestones[0],
            mei.actor,
            ground=Ground.QUALITY,
            text="不符合约定",
            claim_fen=0,
            to_wallet=True,
        )

    listed = lin.api("GET", f"/orders/{encode('ord', order_id)}/changes").json["data"]
    assert [each["state"] for each in listed] == ["overtaken"]
    assert propose(lin, order_id, added_fen=1).json["type"].endswith("not-running")
    assert post(mei, order_id, "checkouts").json["type"].endswith("not-awaiting-funds")
    assert mei.api("GET", "/funds").json["due"] == []
    sandbox.pay(play.session_of(app, page))  # in the moment before the page closes
    sandbox.settle()
    assert order_of(mei, order_id)["price_fen"] == PRICE
    assert play.balance(app, "EU", order_id) == 0 and play.balance(app, "MW", mei.party_id) == 900
    play.ledger_is_sound(app)


def test_operators_see_the_timer_of_a_change(mei: Player, lin: Player, order_id: UUID) -> None:
    from market.orders import timers

    made = propose(lin, order_id, added_days=1).json

    with mei.app.app_context():
        waiting = {item.handler for item in timers.of_order(order_id)}
        assert "orders.change_due" in waiting
    answer(mei, order_id, made)
    with mei.app.app_context():
        assert "orders.change_due" not in {item.handler for item in timers.of_order(order_id)}


def test_the_agency_proposes_for_its_creator_and_the_merchant_answers(
    app: Flask, mei: Player, lin: Player, ada: Player, bo: Player, sandbox: Sandbox
) -> None:
    order_id = play.funded(mei, lin, sandbox, agency=ada, price_fen=PRICE)
    given = {"stage": "draft", "added_fen": 20_000, "added_days": 2}

    assert propose(bo, order_id, **given).status_code == 404
    made = propose(ada, order_id, **given)
    assert made.status_code == 201, made.text
    assert made.json["proposed_by"] == encode("pty", ada.party_id)
    for own in (lin, ada):  # one side, two parties of it
        assert answer(own, order_id, made.json).status_code in (403, 409), own.name
    sandbox.settle()
    for who in (mei, lin):
        events = [each["event"] for each in who.api("GET", "/notices").json["data"]]
        assert "change.proposed" in events
    path = f"/orders/{encode('ord', order_id)}/changes"
    page = ada.browser().get(path)
    assert page.status_code == 200 and "改一版" in page.text and "同意这个变更" not in page.text
    assert "同意" in mei.browser().get(path).text

    agreed = answer(mei, order_id, made.json)
    assert agreed.status_code == 201 and agreed.json["state"] == "agreed"
    play.fund(mei, sandbox, order_id)
    addenda = ada.api("GET", f"/orders/{encode('ord', order_id)}/addenda").json["addenda"]
    assert [each["says"]["added_fen"] for each in addenda] == [20_000]
    play.ledger_is_sound(app)


def test_the_agency_counters_the_merchant_but_the_creator_answers_and_may_take_back(
    app: Flask, mei: Player, lin: Player, ada: Player, sandbox: Sandbox
) -> None:
    order_id = play.funded(mei, lin, sandbox, agency=ada, price_fen=PRICE)
    given = {"stage": "draft", "added_fen": 20_000, "added_days": 2}
    first = propose(mei, order_id, **given).json
    assert answer(ada, order_id, first).status_code == 403
    assert answer(ada, order_id, first, "refusal").status_code == 403

    countered = propose(ada, order_id, **given | {"added_fen": 30_000, "instead_of": first["id"]})
    assert countered.status_code == 201
    sandbox.settle()
    events = [each["event"] for each in mei.api("GET", "/notices").json["data"]]
    assert "change.countered" in events
    back = lin.api("DELETE", f"/orders/{encode('ord', order_id)}/changes/{countered.json['id']}")

    assert back.status_code == 204, "nobody works against his will"
    with app.app_context():
        assert amendments.live_of(order_id) is None


def test_creator_and_agency_at_once_put_one_proposal_on_the_table(
    app: Flask, mei: Player, lin: Player, ada: Player, sandbox: Sandbox
) -> None:
    order_id = play.funded(mei, lin, sandbox, agency=ada, price_fen=PRICE)
    given = {"stage": "draft", "added_fen": 20_000, "added_days": 2}

    with ThreadPoolExecutor(4) as crowd:
        answers = list(crowd.map(lambda who: propose(who, order_id, **given), [lin, ada, lin, ada]))

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    play.ledger_is_sound(app)
