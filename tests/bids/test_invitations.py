"""K8: invitations with expiry, and answers that are measured."""

from datetime import timedelta

from market.bids import invitations
from market.kit import clock
from market.kit.figures import Figures
from market.orders.models import BOOKKEEPING_ZONE
from tests.briefs import PROFILE, bid, later, offer, opened, problem, signed
from tests.conftest import drain_all, submit


def party(player):
    return player.api("GET", "/me").json["party"]["id"]


def ask(mei, task, creator, message="很喜欢您的水下镜头"):
    return mei.api(
        "POST", f"/tasks/{task['id']}/invitations", json={"creator_id": party(creator), "message": message}
    )


def test_a_bid_accepts_the_invitation(mei, lin):
    task = opened(mei)
    asked = ask(mei, task, lin).json
    seen = lin.api("GET", "/invitations?state=sent").json["data"]

    placed = bid(lin, task)

    assert [each["message"] for each in seen] == ["很喜欢您的水下镜头"]
    answered = mei.api("GET", f"/invitations/{asked['id']}").json
    assert (answered["state"], answered["bid_id"]) == ("accepted", placed["id"])
    assert lin.api("GET", "/profile").json["reply_bps"] == 10_000


def test_a_reply_accepts_with_a_bid_or_declines_with_a_reason(mei, lin, bo):
    task = opened(mei)
    yes, no = ask(mei, task, lin).json, ask(mei, task, bo).json

    bare = lin.api("POST", f"/invitations/{yes['id']}/reply", json={"accept": True})
    accepted = lin.api("POST", f"/invitations/{yes['id']}/reply", json={"accept": True, "bid": offer()})
    declined = bo.api("POST", f"/invitations/{no['id']}/reply", json={"accept": False, "reason": "档期满了"})
    again = bo.api("POST", f"/invitations/{no['id']}/reply", json={"accept": True, "bid": offer()})

    assert problem(bare) == (422, "invalid", ["/bid"])
    assert accepted.json["state"] == "accepted"
    assert declined.json["state"] == "declined"
    assert mei.api("GET", f"/invitations/{no['id']}").json["reason"] == "档期满了"
    assert problem(again)[:2] == (409, "invitation-over")


def test_rate_and_time_of_answers_are_measured_and_shown(mei, lin, app):
    lin.api("PATCH", "/profile", json=PROFILE)
    first = ask(mei, opened(mei, bids_close_at=later(20)), lin).json
    clock.shift(timedelta(hours=3))
    lin.api("POST", f"/invitations/{first['id']}/reply", json={"accept": False})
    second = ask(mei, opened(mei, bids_close_at=later(20), deadline=later(30)), lin).json
    clock.shift(timedelta(days=5))
    with app.app_context():
        drain_all()
        drain_all()

    shown = mei.api("GET", f"/creators/{party(lin)}").json

    assert mei.api("GET", f"/invitations/{second['id']}").json["state"] == "expired"
    assert shown["reply_bps"] == 5_000
    assert 3 * 3600 - 60 < shown["reply_median_s"] < 3 * 3600 + 60
    page = app.test_client().get(f"/c/{shown['handle']}").text
    assert "50%" in page
    assert "约 3 小时" in page


def test_an_invitation_never_outlives_the_brief(mei, lin):
    task = opened(mei, bids_close_at=later(1))

    assert ask(mei, task, lin).json["expires_at"] == task["bids_close_at"]


def test_a_brief_that_ends_early_is_not_held_against_the_creator(mei, lin, app):
    task = opened(mei)
    asked = ask(mei, task, lin).json
    mei.api("POST", f"/tasks/{task['id']}/closing")
    with app.app_context():
        drain_all()
    clock.shift(timedelta(days=9))
    with app.app_context():
        drain_all()

    assert lin.api("GET", f"/invitations/{asked['id']}").json["state"] == "expired"
    assert lin.api("GET", "/profile").status_code == 404  # nothing was measured


def test_one_asks_once_and_only_providers_who_have_not_bid(mei, lin, bo, wen):
    task = opened(mei)
    ask(mei, task, lin)
    bid(bo, task)

    assert problem(ask(mei, task, lin))[:2] == (409, "already-invited")
    assert problem(ask(mei, task, bo))[:2] == (409, "already-bid")
    assert problem(ask(mei, task, wen))[:2] == (422, "not-creator")


def test_only_the_merchant_invites_and_only_while_open(mei, lin, bo):
    task = opened(mei)
    foreign = lin.api("POST", f"/tasks/{task['id']}/invitations", json={"creator_id": party(bo)})
    mei.api("POST", f"/tasks/{task['id']}/closing")

    assert problem(foreign)[0] == 403
    assert problem(ask(mei, task, lin))[:2] == (409, "brief-closed")


def test_a_foreign_invitation_is_not_there(mei, lin, bo):
    asked = ask(mei, opened(mei), lin).json

    assert problem(bo.api("GET", f"/invitations/{asked['id']}"))[0] == 404
    assert problem(bo.api("POST", f"/invitations/{asked['id']}/reply", json={"accept": False}))[0] == 404


def test_an_agency_sees_and_answers_for_its_member_by_bidding(mei, lin, ada):
    signed(ada, lin)
    task = opened(mei)
    asked = ask(mei, task, lin).json

    seen = ada.api("GET", "/invitations").json["data"]
    declined = ada.api("POST", f"/invitations/{asked['id']}/reply", json={"accept": False})
    bid(ada, task, creator_id=party(lin))

    assert [each["id"] for each in seen] == [asked["id"]]
    assert problem(declined)[0] == 403
    assert mei.api("GET", f"/invitations/{asked['id']}").json["state"] == "accepted"


def test_invitations_are_counted_per_brief_and_strangers_per_day(mei, lin, bo, monkeypatch):
    monkeypatch.setattr(invitations, "figures", Figures(pending_invitations=1))
    task = opened(mei)
    ask(mei, task, lin)
    full = ask(mei, task, bo)
    monkeypatch.setattr(invitations, "figures", Figures(stranger_invitations_a_day=1))
    spam = ask(mei, opened(mei), bo)

    assert problem(full)[:2] == (409, "too-many-invitations")
    assert problem(spam)[:2] == (409, "too-many-strangers")
    again = clock.now() + timedelta(days=1)
    assert f"{again.astimezone(BOOKKEEPING_ZONE):%-m月%-d日}" in spam.json["detail"], (
        "when there is room again"
    )


def test_the_pages_say_how_many_strangers_may_still_be_invited(mei, lin, bo, monkeypatch):
    few = Figures(stranger_invitations_a_day=1)
    monkeypatch.setattr(invitations, "figures", few)
    monkeypatch.setattr("market.bids.merchant_pages.figures", few)
    monkeypatch.setattr("market.bids.shortlist_pages.figures", few)
    task, merchant = opened(mei), mei.browser()
    merchant.get("/m/shortlist")
    submit(merchant, "/m/shortlist", creator_id=party(lin), keep="true")
    pages = [
        f"/m/tasks/{task['id']}",
        f"/m/invite?creator={bo.api('GET', '/me').json['party']['handle']}",
        "/m/shortlist",
    ]
    for path in pages:
        assert "现在还能发 1 份" in merchant.get(path).text, path

    ask(mei, task, lin)

    for path in pages:
        assert "已满 1 份" in merchant.get(path).text, path


def test_the_pages_invite_and_decline(mei, lin, bo):
    lin.api("PATCH", "/profile", json=PROFILE)
    task = opened(mei)
    merchant, creator = mei.browser(), lin.browser()

    wrong = submit(
        merchant,
        f"/m/tasks/{task['id']}",
        f"/m/tasks/{task['id']}/invitations",
        creator="nobody",
        message="附言在此",
    )
    sent = submit(
        merchant,
        f"/m/tasks/{task['id']}",
        f"/m/tasks/{task['id']}/invitations",
        creator=lin.email,
        message="请来报价",
    )
    handle = bo.api("GET", "/me").json["party"]["handle"]
    chosen = merchant.get(f"/m/invite?creator={handle}").text
    from_page = submit(
        merchant,
        f"/m/invite?creator={handle}",
        f"/m/tasks/{task['id']}/invitations",
        creator_id=party(bo),
        back="brief",
    )
    inbox = creator.get("/u/tasks?tab=invited").text
    asked = lin.api("GET", "/invitations").json["data"][0]
    declined = submit(
        creator, "/u/tasks?tab=invited", f"/u/invitations/{asked['id']}/decline", reason="档期满了"
    )

    assert wrong.status_code == 422
    assert "附言在此" in wrong.text
    assert "没有找到这位已认证的创作者" in wrong.text
    assert sent.status_code == from_page.status_code == declined.status_code == 303
    assert task["title"] in chosen
    assert "请来报价" in inbox
    assert "档期满了" in merchant.get(f"/m/tasks/{task['id']}").text
