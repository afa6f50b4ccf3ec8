"""From a day told to a ruling: the creator hears first, it costs points later, one appeal, the ruling stands."""

from datetime import date
from threading import Barrier, Thread

import pytest

from market.kit import ids
from market.kit.clock import now
from tests.briefs import opened, problem
from tests.conftest import Player, submit
from tests.matching.conftest import listed, profile
from tests.matching.test_import import tell
from tests.play import shift as later
from tests.traffic.conftest import DAYS, appeal, signals, told


def test_the_creator_sees_what_was_seen_and_nobody_else_does(zhou, account, bo, mei):
    assert told(zhou)["days"] == DAYS

    (signal,) = signals(account)

    assert (signal["kind"], signal["state"], signal["counts"]) == ("growth", "standing", False)
    assert signal["evidence"]["rise"] == pytest.approx(6020, abs=3)
    assert "6,02" in signal["text"]
    assert signals(bo) == signals(mei) == []
    assert problem(bo.api("GET", f"/traffic-signals/{signal['id']}"))[0] == 404
    assert [row["id"] for row in signals(zhou)] == [signal["id"]]


def test_it_costs_points_only_after_the_warning_and_says_why(zhou, account, bo, mei):
    profile(bo)
    task = opened(mei)
    told(zhou)
    before = {row["name"]: row for row in listed(mei, task)}

    later(73)
    after = {row["name"]: row for row in listed(mei, task)}

    assert before["Lin"]["score"] == before["Bo"]["score"]
    assert after["Lin"]["score"] < after["Bo"]["score"] == before["Bo"]["score"]
    against = after["Lin"]["against"]
    assert against["code"] == "traffic"
    assert against["points"] < 0
    assert "6,02" in against["text"]
    terms = after["Lin"]["terms"]
    fit = sum(term["points"] for term in terms)
    assert after["Lin"]["fit"] == pytest.approx(fit / (fit + 12), abs=1e-3), "the terms still add up"


def test_telling_the_same_days_again_finds_nothing_new(zhou, account):
    told(zhou)
    told(zhou)

    assert len(signals(account)) == 1


def test_corrected_figures_take_the_signal_back(zhou, account):
    told(zhou)
    told(zhou, jump=0)

    (signal,) = signals(account)
    assert signal["state"] == "withdrawn"


def test_an_old_archive_charges_nobody(zhou, account):
    told(zhou, until=date(2025, 3, 1))

    assert signals(account) == []


def test_it_ends_by_itself(zhou, account, mei):
    task = opened(mei)
    told(zhou)
    later(24 * 91)
    told_terms = [term["code"] for row in listed(mei, task) for term in row["terms"]]

    assert "traffic" not in told_terms


def rule(player: Player, signal: dict, ruling: str, reason: str = "核实了转发记录。"):
    return player.api(
        "POST", f"/traffic-signals/{signal['id']}/ruling", json={"ruling": ruling, "reason": reason}
    )


def test_only_the_creator_appeals_once_and_only_operators_rule(zhou, account, bo):
    told(zhou)
    (signal,) = signals(account)

    assert problem(appeal(bo, signal))[0] == 404
    assert problem(appeal(zhou, signal))[0] == 403
    assert problem(rule(account, signal, "lifted"))[0] == 403
    assert problem(rule(zhou, signal, "upheld"))[:2] == (409, "not-appealed")
    assert appeal(account, signal).json["state"] == "appealed"
    assert problem(appeal(account, signal))[:2] == (409, "already-ruled")


def test_a_lifted_signal_gives_the_points_back_and_those_days_are_not_held_against_them_again(
    zhou, account, mei
):
    today = now().date()
    task = opened(mei)
    told(zhou, until=today)
    (signal,) = signals(account)
    later(73)
    charged = listed(mei, task)[0]["score"]
    appeal(account, signal)
    assert listed(mei, task)[0]["score"] == charged, "an appeal alone changes nothing"

    ruled = rule(zhou, signal, "lifted").json

    assert (ruled["state"], ruled["reason"]) == ("lifted", "核实了转发记录。")
    assert listed(mei, task)[0]["score"] > charged
    told(zhou, until=today)
    assert [each["state"] for each in signals(account)] == ["lifted"]


def test_an_upheld_signal_goes_on_counting_and_the_ruling_stands(zhou, account, mei):
    task = opened(mei)
    told(zhou)
    (signal,) = signals(account)
    later(73)
    appeal(account, signal)

    assert rule(zhou, signal, "upheld").json["state"] == "upheld"
    assert problem(rule(zhou, signal, "lifted"))[:2] == (409, "already-ruled")
    assert problem(appeal(account, signal))[:2] == (409, "already-ruled")
    assert listed(mei, task)[0]["against"]["code"] == "traffic"


def test_of_two_rulings_at_once_one_stands(zhou, account):
    told(zhou)
    (signal,) = signals(account)
    appeal(account, signal)
    answers, ready = [], Barrier(2)

    def judge(ruling: str) -> None:
        ready.wait()
        answers.append(rule(zhou, signal, ruling).status_code)

    judges = [Thread(target=judge, args=(ruling,)) for ruling in ("upheld", "lifted")]
    for each in judges:
        each.start()
    for each in judges:
        each.join()

    assert sorted(answers) == [200, 409]


def test_two_imports_of_one_account_at_once_find_one_signal(zhou, account):
    ready = Barrier(2)

    def door() -> None:
        ready.wait()
        told(zhou)

    doors = [Thread(target=door) for _ in range(2)]
    for each in doors:
        each.start()
    for each in doors:
        each.join()

    assert len(signals(account)) == 1


def test_a_day_of_somebody_unknown_or_of_23_hours_is_refused(zhou):
    rows = [
        {"type": "account", "id": "shop", "roles": ["merchant"]},
        {"type": "day", "account": "shop", "day": "2026-11-01"},
        {"type": "day", "account": "shop", "day": "2026-11-01", "hours": [1] * 23},
        {"type": "day", "account": "shop", "day": "gestern"},
        {"type": "day", "account": "shop", "day": "0001-01-01"},
        {"type": "day", "account": "shop", "day": "2099-01-01"},
    ]

    report = tell(zhou, rows).json

    assert [(row["line"], row["pointer"]) for row in report["refused"]] == [
        (2, "/account"),
        (3, "/hours"),
        (4, "/day"),
        (5, "/day"),
        (6, "/day"),
    ]


def test_of_comments_only_what_repeats_is_kept(app, zhou, account):
    from market.kit.db import db
    from market.traffic.models import AccountDay

    day = {"type": "day", "account": "c0", "day": "2026-11-01"}
    said = ["我的电话是 13800138000 请联系我", "这个真的太好用了！", "这个真的太好用了"]
    assert tell(zhou, [day | {"comments": said}]).json["days"] == 1

    with app.app_context():
        row = db.session.query(AccountDay).one()
        assert (row.comments_read, row.phrases) == (3, {"这个真的太好用了": 2})


def test_the_pages_lead_from_the_finding_to_the_ruling(zhou, account):
    browser, desk = account.browser(), zhou.browser()
    assert "还没有您账号的每日数据" in browser.get("/u/traffic").text
    told(zhou)
    (signal,) = signals(account)
    page = browser.get("/u/traffic").text
    assert "涨粉来路不明" in page
    assert "6,02" in page

    refused = submit(browser, "/u/traffic", f"/u/traffic/{signal['id']}/appeal", text="")
    assert refused.status_code == 422
    sent = submit(browser, "/u/traffic", f"/u/traffic/{signal['id']}/appeal", text="那天被大号转发。")
    assert sent.status_code == 303
    assert "涨粉来路不明" in desk.get("/ops/traffic").text
    one = f"/ops/traffic/{signal['id']}"
    assert "那天被大号转发。" in desk.get(one).text
    assert submit(desk, one, f"{one}/ruling", ruling="upheld", reason="").status_code == 422
    assert submit(desk, one, f"{one}/ruling", ruling="upheld", reason="没有查到转发。").status_code == 303
    assert "没有查到转发。" in browser.get("/u/traffic").text
    assert "Followers from nowhere" in desk.get(f"{one}?lang=en").text
    assert ids.encode("pty", account.party_id) == signal["party_id"]


def test_of_a_lifted_signal_no_page_says_that_it_costs_points(zhou, account):
    told(zhou)
    (signal,) = signals(account)
    one, desk = f"/ops/traffic/{signal['id']}", zhou.browser()
    assert "自动失效" in desk.get(one).text

    assert submit(desk, one, f"{one}/ruling", ruling="lifted", reason="那天上了热门。").status_code == 303

    page = desk.get(one).text
    assert "不影响匹配" in page
    assert "自动失效" not in page
