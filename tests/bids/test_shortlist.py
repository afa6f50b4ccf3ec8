"""K10, K3: the team's shortlist, and one brief to several creators."""

import pytest

from market.accounts.actor import RIGHTS, Role
from market.accounts.models import Membership
from market.kit.db import db, transaction
from market.kit.ids import encode
from tests.briefs import bid, opened, problem
from tests.conftest import Player, submit


def kept(player: Player) -> list[str]:
    answer = player.api("GET", "/shortlist")
    assert answer.status_code == 200, answer.text
    return [row["name"] for row in answer.json["data"]]


def keep(player: Player, creator: Player, **said):
    return player.api("PUT", f"/shortlist/{encode('pty', creator.party_id)}", json=said)


@pytest.fixture
def mate(app, cast, mei) -> Player:
    """A second member of Mei's company."""
    from market.accounts import service

    wen = cast["wen"]
    with app.app_context(), transaction():
        db.session.add(
            Membership(person_id=wen.person_id, party_id=mei.party_id, rights=sorted(RIGHTS[Role.MERCHANT]))
        )
        db.session.flush()
        _key, secret = service.make_key(wen.person_id, mei.party_id, label="tests")
    return Player(app, "mate", wen.email, wen.person_id, mei.party_id, secret)


def test_the_team_shares_one_list_and_others_see_nothing(mei, mate, lin, bo, cast):
    assert keep(mei, lin, note="会拍鱼竿").status_code == 200
    keep(mate, bo)

    assert kept(mei) == kept(mate) == ["Bo", "Lin"]
    assert keep(mate, lin).json["note"] == "会拍鱼竿"
    mate.api("DELETE", f"/shortlist/{encode('pty', lin.party_id)}")
    assert kept(mei) == ["Bo"]
    assert [cast[name].api("GET", "/shortlist").status_code for name in ("lin", "ada", "zhou")] == [403] * 3


def test_only_verified_creators_and_so_many(mei, lin, bo, wen, monkeypatch):
    assert problem(keep(mei, wen))[1] == "not-creator"
    monkeypatch.setattr("market.bids.shortlists.MOST", 1)
    keep(mei, lin)

    assert problem(keep(mei, bo))[:2] == (409, "shortlist-full")
    assert keep(mei, lin, note="还是他").status_code == 200


def test_one_brief_goes_to_all_and_who_cannot_be_asked_keeps_nobody_else_from_it(mei, lin, bo, wen):
    task = opened(mei)
    bid(bo, task)
    ids = [encode("pty", each.party_id) for each in (bo, lin, wen, lin)]

    sent = mei.api("POST", f"/tasks/{task['id']}/invitation-batches", json={"creator_ids": ids}).json["data"]

    assert [(row["creator_id"], bool(row["invitation"]), bool(row["refused"])) for row in sent] == [
        (ids[0], False, True),
        (ids[1], True, False),
        (ids[2], False, True),
    ]
    again = mei.api("POST", f"/tasks/{task['id']}/invitation-batches", json={"creator_ids": ids[1:2]})
    assert again.json["data"][0]["refused"]
    assert (
        lin.api("POST", f"/tasks/{task['id']}/invitation-batches", json={"creator_ids": ids}).status_code
        == 403
    )


def test_the_page_keeps_notes_and_sends(mei, lin, bo):
    browser = mei.browser()
    assert "名单还是空的" in browser.get("/m/shortlist").text
    lin_id, bo_id = encode("pty", lin.party_id), encode("pty", bo.party_id)
    task = opened(mei)

    submit(browser, "/m/shortlist", creator_id=lin_id, keep="true")
    submit(browser, "/m/shortlist", creator_id=bo_id, keep="true")
    submit(browser, "/m/shortlist", creator_id=lin_id, note="会拍鱼竿")
    assert "会拍鱼竿" in browser.get("/m/shortlist").text
    submit(browser, "/m/shortlist", creator_id=lin_id, note="")
    assert "会拍鱼竿" not in browser.get("/m/shortlist").text

    nobody = submit(browser, "/m/shortlist", "/m/shortlist/invitations", task_id=task["id"])
    assert (nobody.status_code, "请勾选 1 到 50 位创作者" in nobody.text) == (422, True)
    sent = submit(
        browser,
        "/m/shortlist",
        "/m/shortlist/invitations",
        task_id=task["id"],
        creator_ids=[lin_id, bo_id],
    )
    assert sent.status_code == 303
    assert "已邀请 2 位创作者" in browser.get(sent.headers["Location"]).text
    submit(browser, "/m/shortlist", creator_id=lin_id, keep="false")
    assert kept(mei) == ["Bo"]
