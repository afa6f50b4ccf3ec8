"""K10, K3: the team's shortlist, and one brief to several creators."""

import re

import pytest

from market.accounts.actor import RIGHTS, Role
from market.accounts.models import Membership
from market.kit.db import db, transaction
from market.kit.ids import encode
from tests.briefs import PROFILE, bid, drafted, opened, problem
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
    browser.get("/m/shortlist")
    submit(browser, "/m/shortlist", creator_id=lin_id, note="会拍鱼竿")
    page = browser.get("/m/shortlist").text
    assert "会拍鱼竿" in page
    assert ("备注已保存" in page, "已加入候选名单" in page) == (True, False)
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


@pytest.fixture
def priced(mei, lin, bo):
    """Lin and Bo on the list; Bo makes no short ones."""
    lin.api("PATCH", "/profile", json=PROFILE | {"price_video_short_fen": 90_000})
    bo.api("PATCH", "/profile", json=PROFILE | {"price_video_fen": 210_000, "price_video_short_fen": None})
    keep(mei, lin)
    keep(mei, bo)


def test_each_says_what_they_ask_for_the_brief_that_is_to_be_sent(mei, bo, priced):
    task = opened(mei, length="short")

    def asked(query=""):
        rows = mei.api("GET", f"/shortlist{query}").json["data"]
        return {row["name"]: row["price_fen"] for row in rows}

    assert asked() == {"Lin": 90_000, "Bo": 210_000}, "without a brief the lowest"
    assert asked(f"?task_id={task['id']}") == {"Lin": 90_000, "Bo": None}
    assert asked(f"?task_id={opened(mei, length='medium')['id']}") == {"Lin": 800_000, "Bo": 210_000}
    assert asked(f"?task_id={opened(mei, format='live')['id']}") == {"Lin": None, "Bo": None}
    assert problem(mei.api("GET", "/shortlist?task_id=tsk_nothing"))[0] == 422
    hidden = drafted(mei)["id"]
    assert problem(bo.api("GET", f"/shortlist?task_id={hidden}"))[0] == 403


def shown(page: str) -> list[str]:
    """The prices that stand on the page before anything is clicked."""
    lines = re.findall(r'<p class="kept-price"[^>]*data-piece="[^"]+"([^>]*)>(.*?)</p>', page)
    return [re.sub(r"<[^>]+>", "", text).strip() for rest, text in lines if "hidden" not in rest]


def test_the_page_shows_each_ones_price_for_the_brief_before_the_click(mei, priced):
    old, new = opened(mei, length="short"), opened(mei, length="medium")
    browser = mei.browser()

    assert shown(browser.get("/m/shortlist").text) == [
        "标价 ¥2,100.00（21–60 秒）",
        "标价 ¥8,000.00（21–60 秒）",
    ]
    chosen = browser.get(f"/m/shortlist?task_id={old['id']}").text
    assert shown(chosen) == ["没有标这类作品的价，由对方报价", "标价 ¥900.00（1–20 秒）"]
    assert "短视频（1–20 秒） · 预算" in chosen and new["id"] in chosen
    assert "Listed price CN¥900.00 (1–20 s)" in shown(
        browser.get(f"/m/shortlist?task_id={old['id']}&lang=en").text
    )
    for nonsense in ("tsk_1", "%22%3E%3Cscript%3E", drafted(mei)["id"]):
        assert (
            shown(browser.get(f"/m/shortlist?task_id={nonsense}&lang=zh").text)[0]
            == "标价 ¥2,100.00（21–60 秒）"
        )


def test_what_was_chosen_stays_when_nobody_is_ticked(mei, priced):
    old, _new = opened(mei, length="short"), opened(mei, length="medium")
    refused = submit(
        mei.browser(), "/m/shortlist", "/m/shortlist/invitations", task_id=old["id"], message="夏天拍"
    )

    assert refused.status_code == 422
    assert "夏天拍" in refused.text
    assert f'<option value="{old["id"]}" selected>' in refused.text
    assert shown(refused.text)[1] == "标价 ¥900.00（1–20 秒）"


def test_from_a_creators_page_each_brief_says_what_they_ask_for_it(mei, lin, priced):
    opened(mei, length="short", title="短的那一条")
    opened(mei, format="live", title="直播的那一场")

    page = mei.browser().get(f"/m/invite?creator={lin.api('GET', '/profile').json['handle']}").text

    assert "对方标价 ¥900.00（1–20 秒）" in page and "对方没有标这类作品的价" in page


def test_of_live_each_ones_hours_or_what_is_plainly_an_hours(mei, lin, bo, priced):
    lin.api("PATCH", "/profile", json={"price_live_hour_fen": 80_000}, headers={"If-Match": "*"})
    hours, unsaid = opened(mei, format="live", live_minutes=90), drafted(mei, format="live")
    mei.api("PATCH", f"/tasks/{unsaid['id']}", json={"live_minutes": None}, headers={"If-Match": "*"})
    mei.api("POST", f"/tasks/{unsaid['id']}/opening")
    browser = mei.browser()

    def asked(task):
        rows = mei.api("GET", f"/shortlist?task_id={task['id']}").json["data"]
        return {row["name"]: row["price_fen"] for row in rows}

    assert asked(hours) == {"Lin": 120_000, "Bo": None}
    assert asked(unsaid) == {"Lin": 80_000, "Bo": None}
    page = browser.get(f"/m/shortlist?task_id={hours['id']}").text
    assert shown(page)[1] == "标价 ¥1,200.00（1.5 小时）" and "直播（1.5 小时） · 预算" in page
    assert shown(browser.get(f"/m/shortlist?task_id={unsaid['id']}").text)[1] == "标价 ¥800/小时"
    handle = lin.api("GET", "/profile").json["handle"]
    invite = browser.get(f"/m/invite?creator={handle}").text
    assert "对方标价 ¥1,200.00（1.5 小时）" in invite and "对方标价 ¥800/小时" in invite
    english = browser.get(f"/m/shortlist?task_id={hours['id']}&lang=en").text
    assert shown(english)[1] == "Listed price CN¥1,200.00 (1.5 h)"
    assert "您的公开报价 ¥1,200.00（1.5 小时）" in lin.browser().get(f"/u/tasks/{hours['id']}/bid").text
