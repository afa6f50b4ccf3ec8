"""Changing, withdrawing, seeing, sealing, winning and losing."""

import threading

import pytest
from sqlalchemy.exc import IntegrityError

from market.bids import service
from market.bids.errors import StillSealed
from market.bids.models import Bid, BidState
from market.bids.queries import find
from market.kit.db import db, transaction
from market.kit.ids import decode
from market.kit.states import IllegalMove
from market.tasks import queries as tasks
from tests.briefs import bid, offer, opened, problem, signed
from tests.conftest import drain_all, submit


def key(public):
    return decode(public.split("_")[0], public)


def win(app, mei, public):
    """What orders.award does with a bid, under its lock."""
    with app.app_context(), transaction():
        tasks.find(find(key(public)).task_id, lock=True)
        service.win(find(key(public), lock=True), mei.actor)


def test_a_bid_is_changed_by_whoever_placed_it(mei, lin, bo):
    placed = bid(lin, opened(mei))
    etag = lin.api("GET", f"/bids/{placed['id']}").headers["ETag"]

    changed = lin.api(
        "PATCH", f"/bids/{placed['id']}", json={"price_fen": 700_000}, headers={"If-Match": etag}
    )
    stale = lin.api("PATCH", f"/bids/{placed['id']}", json={"price_fen": 1_000}, headers={"If-Match": etag})
    blind = lin.api("PATCH", f"/bids/{placed['id']}", json={"price_fen": 1_000})

    assert changed.json["price_fen"] == 700_000
    assert (stale.status_code, blind.status_code) == (412, 428)
    assert problem(bo.api("PATCH", f"/bids/{placed['id']}", json={}))[0] == 404
    assert problem(mei.api("PATCH", f"/bids/{placed['id']}", json={}))[0] == 403


def test_a_change_keeps_the_rules_of_a_new_bid(mei, lin):
    placed = bid(lin, opened(mei, budget_fen=900_000))
    etag = lin.api("GET", f"/bids/{placed['id']}").headers["ETag"]

    answer = lin.api(
        "PATCH", f"/bids/{placed['id']}", json={"price_fen": 900_001}, headers={"If-Match": etag}
    )

    assert problem(answer) == (409, "budget-exceeded", ["/price_fen"])


def test_a_foreign_bid_is_not_there(mei, lin, bo, ada):
    task = opened(mei)
    placed = bid(lin, task)

    for who in (bo, ada):
        assert problem(who.api("GET", f"/bids/{placed['id']}"))[0] == 404
        assert problem(who.api("POST", f"/bids/{placed['id']}/withdrawal"))[0] == 404
        assert who.api("GET", f"/tasks/{task['id']}/bids").json["data"] == []
    assert bo.browser().get(f"/u/bids/{placed['id']}").status_code == 404


def test_a_creator_may_take_back_what_the_agency_bid_for_them(mei, lin, ada):
    signed(ada, lin)
    placed = bid(ada, opened(mei), creator_id=lin.api("GET", "/me").json["party"]["id"])

    change = lin.api("PATCH", f"/bids/{placed['id']}", json={})
    taken = lin.api("POST", f"/bids/{placed['id']}/withdrawal")

    assert problem(change)[0] == 403
    assert taken.json["state"] == "withdrawn"


def test_sealed_bids_stay_shut_until_the_brief_closes(mei, lin, bo, app):
    task = opened(mei, sealed=True)
    placed = bid(lin, task)
    bid(bo, task, price_fen=700_000)

    shut = mei.api("GET", f"/tasks/{task['id']}/bids").json["data"]
    one = mei.api("GET", f"/bids/{placed['id']}")
    page = mei.browser().get(f"/m/tasks/{task['id']}").text
    with app.app_context():
        drain_all()
    notices = mei.browser().get("/inbox").text
    with pytest.raises(StillSealed):
        win(app, mei, placed["id"])
    mei.api("POST", f"/tasks/{task['id']}/closing")

    assert shut == []
    assert problem(one)[0] == 404
    assert "8,800" not in page
    assert "2 份密封投稿" in page
    assert "8,800" not in notices
    assert len(mei.api("GET", f"/tasks/{task['id']}/bids").json["data"]) == 2
    win(app, mei, placed["id"])


def test_one_wins_and_the_rest_lose(mei, lin, bo, app):
    task = opened(mei)
    first, second = bid(lin, task), bid(bo, task)

    win(app, mei, first["id"])

    assert lin.api("GET", f"/bids/{first['id']}").json["state"] == "awarded"
    assert bo.api("GET", f"/bids/{second['id']}").json["state"] == "lost"
    assert problem(bo.api("POST", f"/bids/{second['id']}/withdrawal"))[:2] == (409, "bid-decided")
    with pytest.raises(IllegalMove):
        win(app, mei, second["id"])


def test_the_database_knows_one_award_per_brief(mei, lin, bo, app):
    task = opened(mei)
    first, second = bid(lin, task), bid(bo, task)
    win(app, mei, first["id"])

    with app.app_context(), pytest.raises(IntegrityError), transaction():
        db.session.query(Bid).filter_by(id=key(second["id"])).update({"state": BidState.AWARDED})


def test_a_withdrawal_and_an_award_at_once_leave_one_outcome(mei, lin, app):
    for _turn in range(5):
        task = opened(mei)
        placed = bid(lin, task)
        outcomes = []

        def award(public=placed["id"], told=outcomes):
            try:
                win(app, mei, public)
                told.append("awarded")
            except IllegalMove:
                told.append("refused")

        def take_back(public=placed["id"], told=outcomes):
            told.append(lin.api("POST", f"/bids/{public}/withdrawal").status_code)

        threads = [threading.Thread(target=award), threading.Thread(target=take_back)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        state = lin.api("GET", f"/bids/{placed['id']}").json["state"]
        assert (state == "awarded") == ("awarded" in outcomes)
        assert (state == "withdrawn") == (200 in outcomes)


def test_bids_end_with_a_cancelled_brief(mei, lin, app):
    task = opened(mei)
    placed = bid(lin, task)
    mei.api("POST", f"/tasks/{task['id']}/cancellation")
    with app.app_context():
        drain_all()
        drain_all()

    assert lin.api("GET", f"/bids/{placed['id']}").json["state"] == "lost"
    assert "不再有效" in lin.browser().get("/inbox").text


def test_an_agencys_bids_end_with_the_notice(mei, lin, ada, app):
    link = signed(ada, lin)
    task = opened(mei)
    placed = bid(ada, task, creator_id=lin.api("GET", "/me").json["party"]["id"])
    lin.api("POST", f"/roster-links/{link['id']}/notice")
    with app.app_context():
        drain_all()

    assert ada.api("GET", f"/bids/{placed['id']}").json["state"] == "withdrawn"
    assert mei.api("GET", f"/tasks/{task['id']}").json["bids"] == 0
    assert bid(lin, task)["agency"] is None


def test_the_pages_change_and_withdraw(mei, lin):
    task = opened(mei)
    placed = bid(lin, task)
    browser = lin.browser()
    page = f"/u/bids/{placed['id']}"
    sample = offer()

    changed = submit(browser, page, price_fen="7,500", plan=sample["plan"], delivery_on=sample["delivery_on"])
    wrong = submit(
        browser, page, price_fen="七千", plan="改后的方案，写得够长了吧。", delivery_on=sample["delivery_on"]
    )
    taken = submit(browser, page, f"{page}/withdrawal")

    assert changed.status_code == 303
    assert lin.api("GET", f"/bids/{placed['id']}").json["price_fen"] == 750_000
    assert wrong.status_code == 422
    assert "七千" in wrong.text
    assert "改后的方案" in wrong.text
    assert taken.status_code == 303
    assert lin.api("GET", f"/bids/{placed['id']}").json["state"] == "withdrawn"


def test_a_conversation_starts_from_the_brief_and_from_the_bid(mei, lin):
    task = opened(mei)
    placed = bid(lin, task)

    asked = submit(lin.browser(), f"/t/{task['id']}", f"/t/{task['id']}/thread")
    answered = submit(mei.browser(), f"/m/tasks/{task['id']}", f"/m/bids/{placed['id']}/thread")

    assert asked.status_code == answered.status_code == 303
    assert asked.location == answered.location
