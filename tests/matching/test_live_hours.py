"""K3: a live brief is matched by its hours times the price an hour; one that does not say them by one hour."""

import pytest

from tests.briefs import drafted, opened
from tests.conftest import drain_all
from tests.matching.conftest import listed, profile
from tests.matching.test_declared import RODS, spoken  # noqa: F401
from tests.matching.test_import import tell

BUDGET = 200_000  # matches up to 260,000
LIN, BO = {"price_live_hour_fen": 100_000}, {"price_live_hour_fen": 260_000}


@pytest.fixture
def two(lin, bo):
    profile(lin, **LIN)
    profile(bo, **BO)


def brief(mei, minutes, budget_fen=BUDGET):
    draft = drafted(mei, format="live", budget_fen=budget_fen)
    change(mei, draft, minutes)
    made = mei.api("POST", f"/tasks/{draft['id']}/opening")
    assert made.json["live_minutes"] == minutes, made.text
    return made.json


def change(mei, task, minutes):
    mei.api("PATCH", f"/tasks/{task['id']}", json={"live_minutes": minutes}, headers={"If-Match": "*"})


def names(rows):
    return sorted(row["name"] for row in rows)


def price_term(row):
    return next(term for term in row["terms"] if term["code"] == "price")


@pytest.mark.parametrize(
    ("minutes", "who"),
    [
        (None, ["Bo", "Lin"]),
        (30, ["Bo", "Lin"]),
        (60, ["Bo", "Lin"]),
        (90, ["Lin"]),
        (150, ["Lin"]),
        (180, []),
    ],
)
def test_who_asks_too_much_for_the_hours_is_not_listed(mei, two, minutes, who):
    assert names(listed(mei, brief(mei, minutes))) == who


def test_the_price_term_counts_and_names_the_whole(mei, two):
    rows = {
        minutes: {row["name"]: row for row in listed(mei, brief(mei, minutes))}["Lin"]
        for minutes in (30, 120, None)
    }
    terms = {minutes: price_term(row) for minutes, row in rows.items()}

    assert [row["price_fen"] for row in rows.values()] == [50_000, 200_000, 100_000]
    assert [term["numbers"]["price_fen"] for term in terms.values()] == [50_000, 200_000, 100_000]
    assert terms[30]["points"] > terms[120]["points"]
    assert "标价 ¥500.00（0.5 小时），比预算低 75%" in terms[30]["text"]
    assert "¥2,000.00（2 小时）" in terms[120]["text"]
    assert "¥1,000/小时，需求没有写直播多长" in terms[None]["text"] and "比预算低" not in terms[None]["text"]


def test_pages_say_the_whole_or_that_it_is_an_hours_in_both_languages(mei, two):
    browser = mei.browser()
    said, unsaid = brief(mei, 120), brief(mei, None)

    assert "¥2,000.00（2 小时）" in browser.get(f"/m/tasks/{said['id']}/matches").text
    assert "¥1,000/小时" in browser.get(f"/m/tasks/{unsaid['id']}/matches").text
    assert "CN¥2,000.00 (2 h)" in browser.get(f"/m/tasks/{said['id']}/matches?lang=en").text
    assert "CN¥1,000/h" in browser.get(f"/m/tasks/{unsaid['id']}/matches?lang=en").text


def test_a_creator_sees_briefs_whose_budget_reaches_their_hours(mei, lin, bo, two):
    wanted = {minutes: brief(mei, minutes)["id"] for minutes in (30, 60, 90, 150, 180, None)}

    def seen(player):
        found = {row["task_id"] for row in player.api("GET", "/matches?limit=50").json["data"]}
        return {minutes for minutes, id in wanted.items() if id in found}

    assert seen(lin) == {30, 60, 90, 150, None}
    assert seen(bo) == {30, 60, None}


def test_the_dearest_hour_does_not_break_the_list_of_briefs(mei, lin):
    profile(lin, price_live_hour_fen=1_000_000_000)
    brief(mei, 720)

    assert lin.api("GET", "/matches").json["data"] == []


def test_an_empty_list_says_how_long_a_show_would_be_done_and_keeps_the_promise(mei, two):
    task = brief(mei, 300)
    ways = {way["code"]: way for way in mei.api("GET", f"/tasks/{task['id']}/matches").json["loosenings"]}

    assert (ways["hours"]["live_minutes"], ways["hours"]["brings"]) == (150, 1)
    assert "2.5 小时" in ways["hours"]["text"]
    assert names(listed(mei, brief(mei, 150))) == ["Lin"] and names(listed(mei, brief(mei, 180))) == []
    assert ways["budget"]["brings"] == 2, "at five hours' price of the dearer"
    assert names(listed(mei, brief(mei, 300, ways["budget"]["budget_fen"]))) == ["Bo", "Lin"]
    assert "With a show of 2.5 h" in mei.browser().get(f"/m/tasks/{task['id']}/matches?lang=en").text


def test_no_shorter_show_is_promised_where_half_an_hour_is_too_dear(mei, lin):
    profile(lin, price_live_hour_fen=600_000)
    ways = mei.api("GET", f"/tasks/{brief(mei, 60)['id']}/matches").json["loosenings"]

    assert "hours" not in {way["code"] for way in ways} and "budget" in {way["code"] for way in ways}


def test_the_index_of_profiles_is_asked_for_the_price_of_an_hour_and_follows_it(mei, lin, bo, spoken):  # noqa: F811
    from market.accounts.vocabulary import Format
    from market.kit import ids
    from market.matching import declared, retrieval, text
    from market.tasks import queries as tasks

    profile(lin, bio=RODS, **LIN)
    profile(bo, bio=RODS, **BO)
    with mei.app.app_context():
        drain_all()

    def found(minutes):
        task = opened(mei, format="live", live_minutes=minutes, budget_fen=BUDGET)
        with mei.app.app_context():
            wanted = retrieval.question(tasks.find(ids.decode("tsk", task["id"]))).wanted
            assert wanted.format is Format.LIVE and wanted.ceiling_fen == 260_000 * 60 // minutes
            model_id, slot = text.space()
            at = text.place(model_id, RODS)
            ways = [way(slot, at, wanted, 50) for way in (declared.exact, declared.walked, declared.nearest)]
            who = [{id for id, _alike in each} for each in ways]
            assert who[0] == who[1] == who[2]
            return {name for name, each in (("lin", lin), ("bo", bo)) if each.party_id in who[0]}

    assert found(60) == {"lin", "bo"} and found(90) == {"lin"} and found(180) == set()

    profile(bo, bio=RODS, price_live_hour_fen=10_000)
    with mei.app.app_context():
        drain_all()
    assert found(180) == {"bo"}, "a saved price is a price found"


def test_the_import_door_takes_the_price_of_an_hour_or_of_a_show(zhou):
    def told(name, **prices):
        line = {"type": "account", "id": name, "roles": ["creator"], "categories": ["food"], **prices}
        report = tell(zhou, [line]).json
        if report["refused"]:
            return [each["pointer"] for each in report["refused"]]
        return zhou.api("GET", f"/creators/{report['parties'][0]['party_id']}").json["price_live_hour_fen"]

    assert told("a", price_live_hour_fen=80_000) == 80_000
    assert told("b", price_live_fen=160_000) == 80_000
    assert told("c", price_live_hour_fen=0) == ["/price_live_hour_fen"]
