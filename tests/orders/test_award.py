"""The award: one order per brief, terms frozen, the losers told."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from flask import Flask

from market.kit.db import db, transaction
from market.kit.events import history
from market.kit.ids import decode, encode
from market.orders import queries
from market.orders.states import OrderState
from market.orders.terms import hash_of
from tests import play
from tests.conftest import Player, drain_all
from tests.sandbox import Sandbox


def award(mei: Player, task_id: object, bid_id: object, **more: object) -> object:
    return mei.api(
        "POST", f"/tasks/{encode('tsk', task_id)}/award", json={"bid_id": encode("bid", bid_id), **more}
    )


def test_award_makes_an_order_with_three_milestones_and_frozen_terms(
    app: Flask, mei: Player, lin: Player
) -> None:
    task_id, bid_id = play.bid_on_brief(mei, lin, price_fen=1_000_001)

    answer = award(mei, task_id, bid_id)

    assert answer.status_code == 201, answer.text
    shown = answer.json
    assert shown["state"] == "awaiting_funds"
    assert [(m["kind"], m["amount_fen"], m["state"]) for m in shown["milestones"]] == [
        ("script", 100_001, "pending"),
        ("draft", 400_000, "pending"),
        ("published", 500_000, "pending"),
    ]
    assert shown["terms"]["fee_bps"] == 500 and shown["terms"]["tax_bps"] == 300
    assert shown["terms"]["revisions"] == 2 and shown["terms"]["auto_accept_h"] == 72
    with app.app_context():
        order = queries.find(decode("ord", shown["id"]))
        assert hash_of(order.terms).hex() == shown["terms_sha256"]
        assert order.number.startswith("VT") and order.number.endswith("-000001")
        assert [e.name for e in history(order.id)] == ["order.awarded"]


def test_a_second_award_is_refused(mei: Player, lin: Player) -> None:
    task_id, bid_id = play.bid_on_brief(mei, lin)
    assert award(mei, task_id, bid_id).status_code == 201

    again = award(mei, task_id, bid_id)

    assert again.status_code == 409
    assert again.json["type"].endswith("already-awarded")


def test_eight_awards_at_once_make_one_order(app: Flask, mei: Player, lin: Player) -> None:
    task_id, bid_id = play.bid_on_brief(mei, lin)

    with ThreadPoolExecutor(8) as crowd:
        answers = list(crowd.map(lambda _: award(mei, task_id, bid_id).status_code, range(8)))

    assert sorted(answers) == [201] + [409] * 7
    with app.app_context():
        assert queries.of_task(task_id) is not None


def test_the_other_bids_are_lost(app: Flask, cast: dict[str, Player]) -> None:
    from market.bids import queries as bids
    from market.bids import service as bidding
    from market.kit.clock import now

    mei, lin, bo = cast["mei"], cast["lin"], cast["bo"]
    task_id, bid_id = play.bid_on_brief(mei, lin)
    offer = {
        "price_fen": 900_000,
        "plan": "我来拍，一天交脚本。",
        "delivery_on": (now() + timedelta(days=9)).date(),
    }
    with app.app_context(), transaction():
        other = bidding.place(task_id, bo.party_id, offer, by=bo.actor).id

    assert award(mei, task_id, bid_id).status_code == 201

    with app.app_context():
        assert bids.find(other).state == "lost"
    lost = award(mei, task_id, other)
    assert lost.status_code == 409


def test_a_bid_edited_between_the_price_shown_and_the_click_is_not_awarded(
    app: Flask, mei: Player, lin: Player
) -> None:
    task_id, bid_id = play.bid_on_brief(mei, lin, price_fen=1_000_000)
    from market.bids import service as bidding

    with app.app_context(), transaction():
        bidding.change(bid_id, {"price_fen": 1_500_000}, by=lin.actor)

    answer = award(mei, task_id, bid_id, price_fen=1_000_000)

    assert answer.status_code == 409
    assert answer.json["type"].endswith("bid-changed")
    assert "15,000.00" in answer.json["detail"]


def test_only_the_brief_s_own_merchant_awards(cast: dict[str, Player]) -> None:
    mei, lin, bo = cast["mei"], cast["lin"], cast["bo"]
    task_id, bid_id = play.bid_on_brief(mei, lin)

    assert award(bo, task_id, bid_id).status_code == 403
    assert award(mei, task_id, task_id).status_code == 404
    anonymous = mei.app.test_client().post(f"/api/v1/tasks/{encode('tsk', task_id)}/award", json={})
    assert anonymous.status_code in (401, 422)


def test_a_bid_for_another_brief_is_not_there(mei: Player, lin: Player) -> None:
    task_id, _ = play.bid_on_brief(mei, lin)
    _, foreign = play.bid_on_brief(mei, lin)

    assert award(mei, task_id, foreign).status_code == 404


def test_an_agency_that_lost_its_creator_does_not_win(app: Flask, cast: dict[str, Player]) -> None:
    from market.agencies import queries as rosters
    from market.agencies import service as agencies

    mei, lin, ada = cast["mei"], cast["lin"], cast["ada"]
    task_id, bid_id = play.bid_on_brief(mei, lin, agency=ada)
    with app.app_context(), transaction():
        link = rosters.active_link(ada.party_id, lin.party_id)
        agencies.give_notice(link, by=lin.actor)

    answer = award(mei, task_id, bid_id)

    assert answer.status_code == 409


def test_nobody_else_sees_the_order(cast: dict[str, Player]) -> None:
    mei, lin = cast["mei"], cast["lin"]
    order = encode("ord", play.award(mei, lin, agency=cast["ada"]))

    for party in ("mei", "lin", "ada", "zhou"):
        assert cast[party].api("GET", f"/orders/{order}").status_code == 200, party
    for stranger in ("bo", "wen"):
        for path in (f"/orders/{order}", f"/orders/{order}/money", f"/orders/{order}/submissions"):
            assert cast[stranger].api("GET", path).status_code == 404
    assert cast["bo"].api("GET", "/orders").json["data"] == []
    assert [o["id"] for o in lin.api("GET", "/orders?tab=pay").json["data"]] == [order]


def test_an_award_nobody_funds_lapses(app: Flask, mei: Player, lin: Player) -> None:
    order_id = play.award(mei, lin)
    play.shift(71)
    with app.app_context():
        drain_all()
        assert queries.find(order_id).state is OrderState.AWAITING_FUNDS
    play.shift(2)

    with app.app_context():
        drain_all()
        db.session.expire_all()

        assert queries.find(order_id).state is OrderState.LAPSED
        assert [e.name for e in history(order_id)] == ["order.awarded", "order.lapsed"]
    answer = mei.api(
        "POST", f"/orders/{encode('ord', order_id)}/checkouts", headers={"Idempotency-Key": "late"}
    )
    assert answer.status_code == 409


def test_the_merchant_may_cancel_before_he_paid(app: Flask, mei: Player, lin: Player) -> None:
    order_id = play.award(mei, lin)

    answer = mei.api("POST", f"/orders/{encode('ord', order_id)}/cancellation")

    assert answer.status_code == 201 and answer.json == {"cancelled": True}
    with app.app_context():
        assert queries.find(order_id).state is OrderState.CANCELLED
    assert lin.api("POST", f"/orders/{encode('ord', order_id)}/cancellation").status_code == 403


def test_a_cancelled_order_ends_as_soon_as_its_payment_page_is_closed(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    order_id = play.award(mei, lin)
    checkout = play.open_checkout(mei, order_id)

    answer = mei.api("POST", f"/orders/{encode('ord', order_id)}/cancellation")
    with app.app_context():
        drain_all()
    sandbox.settle()

    assert answer.json == {"cancelled": False}
    assert mei.api("GET", f"/orders/{encode('ord', order_id)}").json["state"] == "cancelled"
    assert mei.api("GET", f"/checkouts/{checkout['id']}").json["state"] == "expired"


def test_a_payment_page_that_stripe_opens_after_the_order_was_cancelled_is_closed_at_once(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    sandbox.fault("api", path_prefix="/v1/checkout/sessions", status=500, times=2)
    order_id = play.award(mei, lin)
    checkout = play.open_checkout(mei, order_id)

    mei.api("POST", f"/orders/{encode('ord', order_id)}/cancellation")
    with app.app_context():
        drain_all()
    play.shift(1 / 60)
    sandbox.settle()

    assert checkout["state"] == "created"
    assert mei.api("GET", f"/orders/{encode('ord', order_id)}").json["state"] == "cancelled"
    assert mei.api("GET", f"/checkouts/{checkout['id']}").json["state"] == "expired"
