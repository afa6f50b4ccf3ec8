"""K23: weeks and slots; an award beyond them is refused, also when two come at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest

from market.creators import calendar
from market.kit import clock
from market.kit.clock import now
from market.kit.db import transaction
from market.kit.ids import encode
from tests import play
from tests.briefs import PROFILE, opened, problem, signed
from tests.conftest import Player, submit
from tests.orders.test_award import award


def at(player: Player) -> str:
    return f"/creators/{encode('pty', player.party_id)}/calendar"


def state(player: Player, monday: date, of: Player | None = None, **said):
    return player.api("PUT", at(of or player), json={"monday": monday.isoformat(), **said})


def weeks(player: Player, n: int = 8) -> list[dict]:
    answer = player.api("GET", f"{at(player)}?weeks={n}")
    assert answer.status_code == 200, answer.text
    return list(answer.json["weeks"])


@pytest.fixture
def due(app) -> date:
    """The Monday of the week in which the work of play's bids is due."""
    with app.app_context():
        return calendar.week_of(now() + timedelta(days=14))


@pytest.fixture
def one_slot(lin):
    lin.api("PATCH", "/profile", json=PROFILE | {"slots_per_week": 1, "categories": ["food"]})
    return lin


def week_of(player: Player, monday: date) -> dict:
    return next(week for week in weeks(player) if week["monday"] == monday.isoformat())


def test_an_order_takes_a_slot_in_the_week_it_is_due_until_its_draft_is_accepted(
    app, mei, one_slot, due, sandbox
):
    assert week_of(one_slot, due)["free"] == 1

    order_id = play.funded(mei, one_slot, sandbox)
    assert (week_of(one_slot, due)["taken"], week_of(one_slot, due)["full"]) == (1, True)
    assert sum(week["taken"] for week in weeks(one_slot)) == 1

    with app.app_context(), transaction():
        from market.orders import queries
        from market.orders.states import OrderState

        order = queries.find(order_id, lock=True)
        order.go(OrderState.DRAFTING)
        order.go(OrderState.PUBLISHING)
    assert week_of(one_slot, due)["taken"] == 0


def test_what_is_overdue_is_work_of_the_present_week(mei, one_slot, due):
    play.award(mei, one_slot)

    clock.shift(timedelta(days=30))

    assert [week["taken"] for week in weeks(one_slot, 2)] == [1, 0]


def test_an_award_beyond_the_stated_slots_is_refused_and_says_when_there_is_room(mei, one_slot, due):
    play.award(mei, one_slot)
    task_id, bid_id = play.bid_on_brief(mei, one_slot)
    state(one_slot, due + timedelta(days=7), slots=0)

    answer = award(mei, task_id, bid_id)

    assert problem(answer) == (409, "creator-full", ["/bid_id"])
    free = due + timedelta(days=14)
    assert f"Lin的档期到 {(free - timedelta(days=1)).isoformat()} 为止已经排满" in answer.json["detail"]
    assert free.isoformat() in answer.json["detail"]
    state(one_slot, due, slots=2)
    assert award(mei, task_id, bid_id).status_code == 201


def test_who_takes_nothing_for_half_a_year_is_refused_in_whole_sentences(mei, one_slot):
    one_slot.api(
        "PATCH",
        "/profile",
        json={"slots_per_week": 0},
        headers={"If-Match": one_slot.api("GET", "/profile").headers["ETag"]},
    )
    task_id, bid_id = play.bid_on_brief(mei, one_slot)

    answer = award(mei, task_id, bid_id)

    assert answer.json["detail"].endswith("为止已经排满。半年内没有空档，请另选一份报价。")


def test_the_merchants_page_says_so_and_keeps_the_bids(mei, one_slot):
    play.award(mei, one_slot)
    task_id, bid_id = play.bid_on_brief(mei, one_slot)
    path = f"/m/tasks/{encode('tsk', task_id)}"
    browser = mei.browser()

    back = submit(browser, path, f"{path}/award", bid_id=encode("bid", bid_id), price_fen="1000000")

    assert back.status_code == 303, back.text
    page = browser.get(back.headers["Location"]).text
    assert "为止已经排满" in page
    assert encode("bid", bid_id) in page


def test_two_merchants_who_award_the_last_slot_at_once_one_wins(app, mei, one_slot, due):
    asked = [play.bid_on_brief(mei, one_slot, title=f"手冲咖啡豆短视频 {n}") for n in range(4)]

    with ThreadPoolExecutor(4) as crowd:
        answers = list(crowd.map(lambda pair: award(mei, *pair), asked))

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert all("排满" in answer.json["detail"] for answer in answers if answer.status_code == 409)
    assert week_of(one_slot, due)["taken"] == 1


def test_who_takes_the_week_off_while_an_award_is_made_is_either_before_or_after_it(mei, one_slot, due):
    """Both lock the profile: the week is then full, or it holds the one order that came first."""
    task_id, bid_id = play.bid_on_brief(mei, one_slot)

    with ThreadPoolExecutor(2) as crowd:
        made = crowd.submit(award, mei, task_id, bid_id)
        crowd.submit(state, one_slot, due, slots=0).result()

    assert (made.result().status_code, week_of(one_slot, due)["taken"]) in [(201, 1), (409, 0)]


def test_who_stated_nothing_is_never_full(mei, lin):
    lin.api("PATCH", "/profile", json={"categories": ["food"]})
    assert lin.api("GET", at(lin)).json["slots_per_week"] is None
    for n in range(3):
        play.award(mei, lin, title=f"手冲咖啡豆短视频 {n}")

    assert not any(week["full"] for week in weeks(lin))


def test_a_week_is_as_stated_and_else_days_off_take_their_part(one_slot, due):
    days = [(due + timedelta(days=n)).isoformat() for n in range(7)]
    state(one_slot, due, slots=4)
    assert (week_of(one_slot, due)["slots"], week_of(one_slot, due)["stated"]) == (4, True)

    assert state(one_slot, due, slots=None, days_off=days[:6]).json["weeks"][0]["slots"] == 1
    assert state(one_slot, due, days_off=days).json["weeks"][0]["full"] is True
    assert week_of(one_slot, due)["days_off"] == days
    assert state(one_slot, due, days_off=[]).json["weeks"][0]["slots"] == 1


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"monday": "soon"}, "/monday"),
        ({"slots": 51}, "/slots"),
        ({"slots": -1}, "/slots"),
        ({"days_off": ["2020-01-01"]}, "/days_off"),
    ],
)
def test_nonsense_is_named(one_slot, due, said, pointer):
    answer = one_slot.api("PUT", at(one_slot), json={"monday": due.isoformat()} | said)

    assert problem(answer)[0] == 422
    assert problem(answer)[2][0].startswith(pointer)


@pytest.mark.parametrize("days", [1, -70, 7 * 60])
def test_only_mondays_of_the_coming_year_can_be_stated(one_slot, due, days):
    assert state(one_slot, due + timedelta(days=days), slots=1).status_code == 422


def test_the_creator_and_the_agency_state_weeks_and_nobody_else(mei, lin, bo, ada, one_slot, due):
    assert [state(each, due, lin, slots=1).status_code for each in (mei, bo, ada)] == [403, 403, 403]
    signed(ada, lin)

    assert state(ada, due, lin, slots=3).json["weeks"][0]["slots"] == 3
    page = ada.browser()
    path = f"/a/creators/{encode('pty', lin.party_id)}/calendar"
    assert page.get(path).status_code == 200
    assert page.get(f"/a/creators/{encode('pty', bo.party_id)}/calendar").status_code == 404
    submit(page, path, monday=due.isoformat(), slots="5")
    assert week_of(lin, due)["slots"] == 5


def test_the_calendar_is_changed_by_single_clicks(one_slot, due):
    browser = one_slot.browser()
    day = (due + timedelta(days=2)).isoformat()

    submit(browser, "/u/calendar", monday=due.isoformat(), slots="2")
    submit(browser, "/u/calendar", monday=due.isoformat(), off=day)
    assert (week_of(one_slot, due)["slots"], week_of(one_slot, due)["days_off"]) == (2, [day])

    submit(browser, "/u/calendar", monday=due.isoformat(), work=day)
    submit(browser, "/u/calendar", monday=due.isoformat(), usual="1")
    assert (week_of(one_slot, due)["slots"], week_of(one_slot, due)["days_off"]) == (1, [])

    submit(browser, "/u/calendar", slots_per_week="3")
    assert week_of(one_slot, due)["slots"] == 3


def test_who_is_full_until_the_deadline_is_not_proposed(mei, lin, due):
    lin.api("PATCH", "/profile", json=PROFILE | {"slots_per_week": 0})
    task = opened(mei)

    def proposed() -> list[dict]:
        return list(mei.api("GET", f"/tasks/{task['id']}/matches").json["data"])

    assert proposed() == []
    state(lin, due, slots=2)
    assert [row["odds"].split("，")[-1] for row in proposed()] == ["截止前还能接 2 单"]
