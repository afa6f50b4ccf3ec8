"""The round of the night: what we counted ourselves becomes signals, by the way all signals go."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Barrier, Thread
from uuid import UUID

import pytest
from sqlalchemy import event, update

from market.audience.models import CountingGap, HourlyPlays
from market.kit.clock import now
from market.kit.db import db, transaction
from market.kit.ids import encode
from market.traffic.rounds import look_at_all
from tests.briefs import opened
from tests.conftest import Player, drain_all, submit
from tests.matching.conftest import listed, profile
from tests.play import shift as later
from tests.traffic.conftest import appeal, signals, told
from tests.traffic.films import day, films, others, played, played_as_usual


@pytest.fixture
def film(ctx, zhou, mei, account) -> UUID:
    """Lin's, and one of each of eight others, played as usual for eight weeks."""
    keys = films(mei, [account.party_id, *others(zhou, (f"maker{n}" for n in range(8)))])
    played_as_usual(keys)
    return keys[0]


def test_plays_that_nobody_watched_are_told_to_the_creator_first_and_to_nobody_else(
    film, account, bo, mei, zhou
):
    played(film, 3, 3000, 40)

    assert look_at_all()[1] == 1

    (signal,) = signals(account)
    assert (signal["kind"], signal["state"], signal["counts"]) == ("unwatched", "standing", False)
    assert (signal["from_day"], signal["until_day"]) == (day(3).isoformat(), day(3).isoformat())
    assert (signal["evidence"]["plays"], signal["evidence"]["usual"]) == (3120, 120)
    assert signal["evidence"]["films"] == [{"id": encode("vid", film), "title": "第 0 条", "plays": 3120}]
    assert "3,120" in signal["text"]
    assert signals(bo) == signals(mei) == []
    assert [row["id"] for row in signals(zhou)] == [signal["id"]]
    drain_all()
    notices = [row["text"] for row in account.api("GET", "/notices").json["data"]]
    assert any("72 小时" in text for text in notices)


def test_it_costs_points_after_the_warning_and_the_merchant_reads_sums_and_no_title(film, account, bo, mei):
    profile(bo)
    task = opened(mei)
    played(film, 3, 3000, 40)
    look_at_all()
    before = {row["name"]: row["score"] for row in listed(mei, task)}

    later(73)
    after = {row["name"]: row for row in listed(mei, task)}

    assert after["Lin"]["score"] < before["Lin"]
    against = after["Lin"]["against"]
    assert against["code"] == "traffic"
    assert "3,120" in against["text"]
    assert "第 0 条" not in str(after["Lin"])


def test_lifted_it_gives_the_points_back_and_those_days_are_not_held_against_them_again(
    film, account, mei, zhou
):
    task = opened(mei)
    played(film, 3, 3000, 40)
    look_at_all()
    (signal,) = signals(account)
    later(73)
    charged = listed(mei, task)[0]["score"]
    assert appeal(account, signal, "那天视频没能加载。").status_code == 200
    given = {"ruling": "lifted", "reason": "核实了故障。"}

    assert zhou.api("POST", f"/traffic-signals/{signal['id']}/ruling", json=given).json["state"] == "lifted"

    assert listed(mei, task)[0]["score"] > charged
    assert look_at_all()[1] == 0
    assert [row["state"] for row in signals(account)] == ["lifted"]


def test_another_round_finds_nothing_new_and_days_told_by_an_importer_take_nothing_back(film, account, zhou):
    played(film, 3, 3000, 40)
    look_at_all()

    told(zhou, jump=0)
    assert look_at_all()[1] == 0

    assert [(row["kind"], row["state"]) for row in signals(account)] == [("unwatched", "standing")]


def test_plays_without_a_view_are_seen_though_they_were_watched(film, account):
    played(film, 3, 900, 600, exposures=0)

    look_at_all()

    (signal,) = signals(account)
    assert (signal["kind"], signal["evidence"]["unseen"]) == ("unseen", 900)


def test_plays_in_one_hour_on_three_nights_are_seen(film, account):
    with transaction():
        for ago in (2, 5, 9):
            hours = [7 if hour >= 8 else 0 for hour in range(24)]
            hours[3] = 2000
            own = (HourlyPlays.entry_id == film) & (HourlyPlays.day == day(ago))
            db.session.execute(update(HourlyPlays).where(own).values(hours=hours))

    look_at_all()

    (signal,) = signals(account)
    assert (signal["kind"], len(signal["evidence"]["days"])) == ("pace", 3)


def test_of_fewer_than_eight_creators_nothing_is_usual(ctx, zhou, mei, account):
    keys = films(mei, [account.party_id, *others(zhou, (f"maker{n}" for n in range(6)))])
    played_as_usual(keys)
    played(keys[0], 3, 3000, 40)

    assert look_at_all()[1] == 0
    assert signals(account) == []


def test_a_day_on_which_counting_was_interrupted_is_not_held_against_anybody(film, account):
    played(film, 3, 3000, 40)
    with transaction():
        since = now() - timedelta(days=3)
        db.session.add(CountingGap(since=since, until=since + timedelta(minutes=1)))

    assert look_at_all()[1] == 0


def test_today_is_not_judged_before_it_is_over(film, account):
    played(film, 0, 3000, 40)

    assert look_at_all()[1] == 0
    later(24)
    assert look_at_all()[1] == 1


def test_two_rounds_at_once_find_one_signal(app, film, account):
    played(film, 3, 3000, 40)
    ready = Barrier(2)
    found: list[int] = []

    def round_() -> None:
        with app.app_context():
            ready.wait()
            found.append(look_at_all()[1])

    rounds = [Thread(target=round_) for _ in range(2)]
    for each in rounds:
        each.start()
    for each in rounds:
        each.join()

    assert sorted(found) == [0, 1]
    assert len(signals(account)) == 1


@contextmanager
def statements() -> Iterator[list[str]]:
    asked: list[str] = []

    def note(*args) -> None:
        asked.append(args[2])

    event.listen(db.engine, "before_cursor_execute", note)
    yield asked
    event.remove(db.engine, "before_cursor_execute", note)


def test_more_creators_ask_no_more_statements(film, zhou, mei):
    with statements() as of_nine:
        look_at_all()
    played_as_usual(films(mei, others(zhou, (f"further{n}" for n in range(20)))))

    with statements() as of_many:
        assert look_at_all() == (30, 0)

    assert len(of_many) == len(of_nine)


def test_the_pages_say_what_was_counted_and_how(film, account: Player, zhou):
    browser, desk = account.browser(), zhou.browser()
    quiet = browser.get("/u/traffic").text
    assert "没有发现异常" in quiet
    assert "平台统计的播放" in quiet
    played(film, 3, 3000, 40)
    look_at_all()
    (signal,) = signals(account)

    page = browser.get("/u/traffic").text

    assert "播放几乎没人看" in page
    assert "3,120" in page
    assert f"/v/{encode('vid', film)}" in page
    sent = submit(browser, "/u/traffic", f"/u/traffic/{signal['id']}/appeal", text="那天视频没能加载。")
    assert sent.status_code == 303
    one = desk.get(f"/ops/traffic/{signal['id']}?lang=en").text
    assert "Plays hardly anybody watched" in one
    assert "那天视频没能加载。" in one
