"""A1 and A2: rosters, accepted shares, notice, history."""

import threading
from datetime import timedelta
from uuid import uuid4

from market.accounts import service as accounts
from market.accounts.actor import Role
from market.accounts.models import Party, Verification
from market.agencies import service
from market.agencies.models import RosterLink
from market.kit import clock
from market.kit.db import db, transaction
from tests.briefs import problem, signed
from tests.conftest import drain_all, submit


def ask(agency, creator="lin@example.com", bps=1500):
    return agency.api("POST", "/roster-links", json={"creator": creator, "commission_bps": bps})


def test_a_share_holds_once_the_creator_accepts(ada, lin):
    asked = ask(ada).json
    seen = lin.api("GET", "/roster-links").json["data"][0]
    answer = lin.api("POST", f"/roster-links/{asked['id']}/reply", json={"accept": True})

    assert (asked["state"], seen["commission_bps"]) == ("invited", 1500)
    assert answer.json["state"] == "active"


def test_a_creator_is_found_by_handle_too(ada, lin, app):
    with app.app_context():
        handle = db.session.get(Party, lin.party_id).handle

    assert ask(ada, handle).status_code == 201
    assert problem(ask(ada, "nobody@example.com")) == (422, "no-such-creator", ["/creator"])
    assert problem(ask(ada, "mei@example.com"))[1] == "no-such-creator"


def test_the_agency_cannot_accept_for_the_creator(ada, lin):
    asked = ask(ada).json

    answer = ada.api("POST", f"/roster-links/{asked['id']}/reply", json={"accept": True})

    assert problem(answer)[0] == 403


def test_a_foreign_link_is_not_there(ada, lin, bo, mei):
    asked = ask(ada).json

    assert problem(bo.api("GET", f"/roster-links/{asked['id']}"))[0] == 404
    assert problem(bo.api("POST", f"/roster-links/{asked['id']}/reply", json={"accept": True}))[0] == 404
    assert problem(mei.api("GET", f"/roster-links/{asked['id']}/history"))[0] == 404


def test_an_unverified_agency_invites_nobody(ada, app):
    with app.app_context(), transaction():
        db.session.get(Party, ada.party_id).verification = Verification.UNVERIFIED

    assert problem(ask(ada))[:2] == (403, "not-verified")


def test_shares_above_half_are_refused(ada):
    assert problem(ask(ada, bps=5001)) == (422, "invalid", ["/commission_bps"])


def test_a_pair_has_one_open_link(ada, lin):
    ask(ada)

    assert problem(ask(ada))[:2] == (409, "already-linked")


def test_of_two_agencies_only_one_is_accepted_whatever_races(app, ada, lin):
    with app.app_context(), transaction():
        other = accounts.sign_up(
            email="second@example.com", password="correct horse battery", name="第二机构", role=Role.AGENCY
        )
        other.party.verification = Verification.VERIFIED
        rival = service.invite(other.party_id, "lin@example.com", 1000, by=other.actor()).id
    first = ask(ada).json["id"]
    from market.kit.ids import encode

    links = [first, encode("rst", rival)]
    answers = []
    threads = [
        threading.Thread(
            target=lambda at=at: answers.append(
                lin.api("POST", f"/roster-links/{links[at % 2]}/reply", json={"accept": True}).status_code
            )
        )
        for at in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [200] + [409] * 7
    states = sorted(each["state"] for each in lin.api("GET", "/roster-links").json["data"])
    assert states == ["active", "invited"]


def test_another_share_waits_for_the_creator(ada, lin):
    link = signed(ada, lin)
    asked = ada.api("POST", f"/roster-links/{link['id']}/proposal", json={"commission_bps": 2000}).json
    refused = lin.api("POST", f"/roster-links/{link['id']}/proposal/reply", json={"accept": False}).json
    ada.api("POST", f"/roster-links/{link['id']}/proposal", json={"commission_bps": 1800})
    agreed = lin.api("POST", f"/roster-links/{link['id']}/proposal/reply", json={"accept": True}).json

    assert (asked["commission_bps"], asked["proposed_bps"]) == (1500, 2000)
    assert (refused["commission_bps"], refused["proposed_bps"]) == (1500, None)
    assert agreed["commission_bps"] == 1800
    again = lin.api("POST", f"/roster-links/{link['id']}/proposal/reply", json={"accept": True})
    assert problem(again)[:2] == (409, "nothing-proposed")


def test_a_link_ends_after_the_notice_even_when_the_timer_is_late(ada, lin, app):
    link = signed(ada, lin)
    given = lin.api("POST", f"/roster-links/{link['id']}/notice").json
    with app.app_context():
        drain_all()
    before = ada.api("GET", f"/roster-links/{link['id']}").json["state"]
    clock.shift(timedelta(days=9))
    with app.app_context():
        drain_all()

    assert given["state"] == "ending"
    assert before == "ending"
    assert ada.api("GET", f"/roster-links/{link['id']}").json["state"] == "ended"


def test_only_the_side_that_gave_notice_takes_it_back(ada, lin, app):
    link = signed(ada, lin)
    lin.api("POST", f"/roster-links/{link['id']}/notice")

    by_other = ada.api("DELETE", f"/roster-links/{link['id']}/notice")
    by_giver = lin.api("DELETE", f"/roster-links/{link['id']}/notice")
    clock.shift(timedelta(days=9))
    with app.app_context():
        drain_all()

    assert problem(by_other)[0] == 403
    assert by_giver.json["state"] == "active"
    assert lin.api("GET", f"/roster-links/{link['id']}").json["state"] == "active"


def test_no_unlink_while_an_order_runs(ada, lin, app):
    link = signed(ada, lin)
    order = uuid4()
    with app.app_context(), transaction():
        service.hold(ada.party_id, lin.party_id, order)
        service.hold(ada.party_id, lin.party_id, order)

    refused = ada.api("POST", f"/roster-links/{link['id']}/notice")
    with app.app_context(), transaction():
        service.let_go(order)
        service.let_go(order)
    allowed = ada.api("POST", f"/roster-links/{link['id']}/notice")

    assert problem(refused)[:2] == (409, "order-runs")
    assert "1" in refused.json["detail"]
    assert allowed.status_code == 200


def test_both_sides_see_the_same_history(ada, lin):
    link = signed(ada, lin)
    ada.api("POST", f"/roster-links/{link['id']}/notice")

    theirs, ours = (who.api("GET", f"/roster-links/{link['id']}/history").json for who in (lin, ada))

    assert theirs == ours
    assert [fact["name"] for fact in ours] == ["roster.invited", "roster.accepted", "roster.ending"]


def test_an_example_sums_to_the_price(ctx):
    for bps in (0, 1, 1500, 4999, 5000):
        part = service.example(bps, price_fen=1_000_001)
        assert part["fee"] + part["agency"] + part["tax"] + part["creator"] == 1_000_001


def test_the_pages_tell_the_rate_with_an_example_in_yuan(ada, lin, app):
    agency, creator = ada.browser(), lin.browser()

    sent = submit(agency, "/a/roster", creator="lin@example.com", commission_bps="12.5", note="一起做大")
    asked = creator.get("/u/agency").text
    with app.app_context():
        link = db.session.query(RosterLink).one()
        from market.kit.ids import encode

        address = encode("rst", link.id)
    accepted = submit(creator, "/u/agency", f"/u/agency/{address}/reply", accept="1")

    assert sent.status_code == 303
    assert "12.5%" in asked
    # ¥10,000: fee 500, agency 12.5 % of 9,500, tax 3 % of 8,312.50
    assert all(amount in asked for amount in ("¥10,000.00", "¥500.00", "¥1,187.50", "¥249.37", "¥8,063.13"))
    assert accepted.status_code == 303
    assert "签约中" in agency.get("/a/roster").text
    assert "¥1,187.50" in agency.get(f"/a/roster/{address}").text
    assert "接受邀请" in creator.get("/u/agency").text


def test_the_invite_form_keeps_what_was_typed(ada):
    answer = submit(ada.browser(), "/a/roster", creator="nobody", commission_bps="80", note="附言在此")

    assert answer.status_code == 422
    assert "附言在此" in answer.text
    assert 'value="nobody"' in answer.text
    assert "须在 0% 到 50% 之间" in answer.text
