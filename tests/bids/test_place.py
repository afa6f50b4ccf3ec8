"""Placing bids: who may, at what price, on what."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import text

from market.accounts.models import Party, Verification
from market.kit import clock
from market.kit.db import db, transaction
from market.kit.figures import Figures
from tests.briefs import PROFILE, bid, drafted, later, offer, opened, problem, signed
from tests.conftest import submit


def test_a_bid_reaches_the_merchant(mei, lin):
    task = opened(mei)
    placed = bid(lin, task)

    seen = mei.api("GET", f"/tasks/{task['id']}/bids").json["data"]

    assert [each["id"] for each in seen] == [placed["id"]]
    assert (placed["state"], placed["agency"], placed["commission_bps"]) == ("placed", None, 0)
    assert mei.api("GET", f"/tasks/{task['id']}").json["bids"] == 1


def test_a_bid_above_the_budget_is_refused_at_the_price(mei, lin):
    task = opened(mei, budget_fen=500_000)

    answer = lin.api("POST", f"/tasks/{task['id']}/bids", json=offer(price_fen=500_001))

    assert problem(answer) == (409, "budget-exceeded", ["/price_fen"])
    assert "5,000.00" in answer.json["detail"]
    assert bid(lin, task, price_fen=500_000)["price_fen"] == 500_000


def test_a_closed_brief_takes_no_bids(mei, lin, bo):
    task = opened(mei)
    mei.api("POST", f"/tasks/{task['id']}/closing")
    late = opened(mei, bids_close_at=later(1))
    clock.shift(timedelta(days=2))

    assert problem(lin.api("POST", f"/tasks/{task['id']}/bids", json=offer()))[:2] == (409, "brief-closed")
    assert problem(bo.api("POST", f"/tasks/{late['id']}/bids", json=offer()))[:2] == (409, "brief-closed")


def test_a_draft_is_not_there_for_bidders(mei, lin):
    task = drafted(mei)

    assert problem(lin.api("POST", f"/tasks/{task['id']}/bids", json=offer()))[0] == 404


@pytest.mark.parametrize(
    ("over", "pointer"),
    [
        ({"price_fen": 0}, "/price_fen"),
        ({"price_fen": 10**12}, "/price_fen"),
        ({"plan": "太短"}, "/plan"),
        ({"delivery_on": "2020-01-01"}, "/delivery_on"),
        ({"delivery_on": "2099-01-01"}, "/delivery_on"),
        ({"delivery_on": "soon"}, "/delivery_on"),
        ({"links": [{"url": "javascript:alert(1)"}]}, "/links/0/url"),
        ({"commission_bps": 0}, "/commission_bps"),
        ({"asset_ids": ["ast_1111111111111111111114"]}, "/asset_ids"),
    ],
)
def test_nonsense_is_refused_at_its_field(mei, lin, over, pointer):
    task = opened(mei)

    status, _slug, pointers = problem(lin.api("POST", f"/tasks/{task['id']}/bids", json=offer(**over)))

    assert status in (409, 422)
    assert pointers == [pointer]
    assert mei.api("GET", f"/tasks/{task['id']}").json["bids"] == 0


def test_one_live_bid_per_creator_and_a_new_one_after_withdrawing(mei, lin):
    task = opened(mei)
    first = bid(lin, task)

    twice = lin.api("POST", f"/tasks/{task['id']}/bids", json=offer())
    lin.api("POST", f"/bids/{first['id']}/withdrawal")
    again = bid(lin, task)

    assert problem(twice)[:2] == (409, "already-bid")
    assert again["id"] != first["id"]
    assert mei.api("GET", f"/tasks/{task['id']}").json["bids"] == 1


def test_twenty_clicks_at_once_make_one_bid(mei, lin, app):
    task = opened(mei)
    answers = []
    threads = [
        threading.Thread(
            target=lambda: answers.append(
                lin.api("POST", f"/tasks/{task['id']}/bids", json=offer()).status_code
            )
        )
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(set(answers)) == [201, 409]
    assert answers.count(201) == 1
    assert mei.api("GET", f"/tasks/{task['id']}").json["bids"] == 1
    with app.app_context():
        assert db.session.scalar(text("SELECT count(*) FROM bids")) == 1
        assert db.session.scalar(text("SELECT count(*) FROM events WHERE name = 'bid.placed'")) == 1


def test_only_verified_providers_bid(mei, lin, wen, app):
    task = opened(mei)
    with app.app_context(), transaction():
        db.session.get(Party, lin.party_id).verification = Verification.PENDING

    assert problem(lin.api("POST", f"/tasks/{task['id']}/bids", json=offer()))[:2] == (403, "not-verified")
    assert problem(wen.api("POST", f"/tasks/{task['id']}/bids", json=offer()))[:2] == (403, "forbidden")
    assert problem(mei.api("POST", f"/tasks/{task['id']}/bids", json=offer()))[:2] == (403, "forbidden")


def test_a_creator_bids_for_nobody_else(mei, lin, bo):
    task = opened(mei)
    other = bo.api("GET", "/me").json["party"]["id"]

    assert problem(lin.api("POST", f"/tasks/{task['id']}/bids", json=offer(creator_id=other)))[0] == 403


def test_nobody_bids_on_their_own_shops_brief(mei, app):
    from market.accounts import service as accounts
    from market.accounts.actor import Role
    from market.accounts.models import Person
    from tests.conftest import Player

    task = opened(mei)
    with app.app_context(), transaction():
        hat = accounts.take_hat(db.session.get(Person, mei.person_id), Role.CREATOR, "美美自己拍")
        hat.party.verification = Verification.VERIFIED
        _key, secret = accounts.make_key(mei.person_id, hat.party_id)
        other = Player(app, "mei", mei.email, mei.person_id, hat.party_id, secret)

    assert problem(other.api("POST", f"/tasks/{task['id']}/bids", json=offer()))[:2] == (409, "own-brief")


def test_open_bids_are_counted_per_creator(mei, lin, monkeypatch):
    from market.bids import service

    monkeypatch.setattr(service, "figures", Figures(live_bids=2))
    bid(lin, opened(mei))
    bid(lin, opened(mei))

    answer = lin.api("POST", f"/tasks/{opened(mei)['id']}/bids", json=offer())

    assert problem(answer)[:2] == (409, "too-many-bids")
    assert "2" in answer.json["detail"]


def test_an_agency_bids_under_the_accepted_share_and_keeps_it(mei, lin, ada):
    link = signed(ada, lin, 1500)
    creator = lin.api("GET", "/me").json["party"]["id"]
    first = opened(mei)
    placed = bid(ada, first, creator_id=creator)
    ada.api("POST", f"/roster-links/{link['id']}/proposal", json={"commission_bps": 2500})
    lin.api("POST", f"/roster-links/{link['id']}/proposal/reply", json={"accept": True})

    later_one = bid(ada, opened(mei), creator_id=creator)

    assert (placed["commission_bps"], placed["agency"]["name"], placed["creator"]["name"]) == (
        1500,
        "Ada",
        "Lin",
    )
    assert lin.api("GET", f"/bids/{placed['id']}").json["commission_bps"] == 1500
    assert later_one["commission_bps"] == 2500
    assert problem(lin.api("POST", f"/tasks/{first['id']}/bids", json=offer()))[1] == "already-bid"


def test_an_agency_bids_for_nobody_off_its_roster(mei, lin, bo, ada):
    creator = lin.api("GET", "/me").json["party"]["id"]
    asked = ada.api("POST", "/roster-links", json={"creator": lin.email, "commission_bps": 1000}).json
    task = opened(mei)

    not_yet = ada.api("POST", f"/tasks/{task['id']}/bids", json=offer(creator_id=creator))
    nobody = ada.api("POST", f"/tasks/{task['id']}/bids", json=offer())
    lin.api("POST", f"/roster-links/{asked['id']}/reply", json={"accept": True})
    ada.api("POST", f"/roster-links/{asked['id']}/notice")
    ending = ada.api("POST", f"/tasks/{task['id']}/bids", json=offer(creator_id=creator))

    assert problem(not_yet) == (422, "not-on-roster", ["/creator_id"])
    assert problem(nobody)[1] == "not-on-roster"
    assert problem(ending)[1] == "not-on-roster"


def test_a_member_without_verification_is_not_offered(mei, lin, ada, app):
    signed(ada, lin)
    with app.app_context(), transaction():
        db.session.get(Party, lin.party_id).verification = Verification.REFUSED

    answer = ada.api(
        "POST",
        f"/tasks/{opened(mei)['id']}/bids",
        json=offer(creator_id=lin.api("GET", "/me").json["party"]["id"]),
    )

    assert problem(answer)[:2] == (403, "creator-not-verified")


def typed(**over):
    sample = offer()
    return {"price_fen": "8,800", "plan": sample["plan"], "delivery_on": sample["delivery_on"], **over}


def test_the_page_places_a_bid_and_a_second_click_finds_it(mei, lin):
    lin.api("PATCH", "/profile", json=PROFILE)
    task = opened(mei)
    browser = lin.browser()
    page = f"/u/tasks/{task['id']}/bid"

    first = submit(
        browser, page, **typed(**{"links.0.url": "https://example.com/a", "links.0.title": "旧作"})
    )
    second = submit(browser, page, **typed())

    assert first.status_code == second.status_code == 303
    assert first.location == second.location
    made = lin.api("GET", "/bids").json["data"]
    assert [(each["price_fen"], each["links"]) for each in made] == [
        (880_000, [{"title": "旧作", "url": "https://example.com/a"}])
    ]
    assert 'value="8800"' in browser.get(first.location).text
    assert "8,800" in mei.browser().get(f"/m/tasks/{task['id']}").text


def test_the_page_says_above_budget_at_the_price_and_keeps_the_plan(mei, lin):
    task = opened(mei, budget_fen=500_000)

    answer = submit(lin.browser(), f"/u/tasks/{task['id']}/bid", **typed(price_fen="5000.01"))

    assert answer.status_code == 409 or answer.status_code == 422
    assert 'id="f-price_fen-error"' in answer.text
    assert "报价不能高于预算" in answer.text
    assert offer()["plan"] in answer.text


def test_the_agencys_page_names_whom_it_bids_for(mei, lin, ada):
    signed(ada, lin)
    task = opened(mei)
    browser = ada.browser()
    creator = lin.api("GET", "/me").json["party"]["id"]

    without = submit(browser, f"/a/tasks/{task['id']}/bid", **typed())
    placed = submit(browser, f"/a/tasks/{task['id']}/bid", **typed(creator_id=creator))

    assert without.status_code == 422
    assert "请选择代谁投稿" in without.text
    assert placed.status_code == 303
    assert "由 Ada 代投" in lin.browser().get("/u/bids").text


def test_who_bids_reads_the_listed_price_for_the_briefs_length(mei, lin, ada):
    lin.api("PATCH", "/profile", json=PROFILE | {"price_video_short_fen": 90_000})
    signed(ada, lin)
    address = f"tasks/{opened(mei, length='short')['id']}/bid"

    assert "您的公开报价 ¥900.00（1–20 秒）" in lin.browser().get(f"/u/{address}").text
    assert "标价 ¥900.00（1–20 秒）</option>" in ada.browser().get(f"/a/{address}").text
    assert "listed price CN¥900.00 (1–20 s)</option>" in ada.browser().get(f"/a/{address}?lang=en").text


def test_an_agency_sees_what_the_work_of_the_named_member_may_bring(mei, lin, ada):
    lin.api("PATCH", "/profile", json=PROFILE)
    signed(ada, lin)
    task, me = opened(mei), lin.api("GET", "/me").json["party"]["id"]

    page = ada.browser().get(f"/a/tasks/{task['id']}/bid?creator={me}")

    assert page.status_code == 200
    assert "成交价和预计效果" in page.text
    assert ada.browser().get(f"/a/tasks/{task['id']}/bid?creator=nobody").status_code == 200
