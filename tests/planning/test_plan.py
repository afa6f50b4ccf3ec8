"""A plan through API and pages: whom, at what price of each limit, and what to relax when there is none."""

import html
import re
from datetime import UTC, datetime, timedelta

import pytest

from market.kit import ids
from tests.briefs import drafted, opened, problem, signed
from tests.conftest import submit
from tests.effect.conftest import more
from tests.matching.conftest import profile


@pytest.fixture
def market(app, cast):
    """Six creators; the price rises, and with it what they are worth."""
    made = more(app, "creator", 6)
    for at, creator in enumerate(made):
        profile(creator, fans=1000 * (at + 1), price_video_fen=100_000 * (at + 1), platform_level=at)
    return made


def public(player):
    return ids.encode("pty", player.party_id)


def planned(merchant, task, budget_fen, **wish):
    answer = merchant.api("GET", f"/tasks/{task['id']}/plan", query_string={"budget_fen": budget_fen, **wish})
    assert answer.status_code == 200, answer.text
    return answer.json


def taken(plan):
    return {pick["creator"]["creator_id"] for pick in plan["picks"]}


def test_the_set_keeps_budget_and_number(mei, market):
    plan = planned(mei, opened(mei), 700_000, most=3)

    assert 1 <= len(plan["picks"]) <= 3
    assert plan["price_fen"] == sum(pick["creator"]["price_fen"] for pick in plan["picks"]) <= 700_000
    assert plan["gap"] == 0
    assert plan["goal"] == "fit"  # nothing is known of plays yet


def test_whom_one_wants_is_in_and_whom_one_does_not_want_is_out(mei, market):
    task = opened(mei)
    dear, cheap = public(market[5]), public(market[0])

    plan = planned(mei, task, 700_000, must=[dear], never=[cheap])

    assert dear in taken(plan) and cheap not in taken(plan)


def test_of_one_agency_no_more_than_said_and_the_plan_names_the_price_of_that(mei, ada, market):
    for creator in market[:4]:
        signed(ada, creator)
    task = opened(mei)

    plan = planned(mei, task, 1_000_000, of_an_agency=1)

    house = {public(creator) for creator in market[:4]}
    assert len(taken(plan) & house) == 1
    assert next(gain for gain in plan["gains"] if gain["code"] == "agency")["people"] > 0


def test_a_budget_below_every_price_says_what_is_needed(mei, market):
    plan = planned(mei, opened(mei), 50_000)

    assert plan["picks"] == []
    assert [cure["code"] for cure in plan["cures"]] == ["budget"]
    assert "1,000" in plan["cures"][0]["text"]


def test_a_level_nobody_has_says_how_many_there_are_without_it(mei, market):
    plan = planned(mei, opened(mei), 700_000, level_min=6)

    level = next(cure for cure in plan["cures"] if cure["code"] == "level")
    assert plan["picks"] == [] and level["people"] >= 1
    assert plan["kept_out"]["level"] == 6


def test_two_limits_at_once_are_named_together(mei, market):
    plan = planned(mei, opened(mei), 50_000, level_min=6)

    assert [(cure["code"], cure["people"]) for cure in plan["cures"]] == [("level+budget", 1)]


def test_no_creator_at_all_is_said_as_such(mei):
    plan = planned(mei, opened(mei), 700_000)

    assert [cure["code"] for cure in plan["cures"]] == ["nobody_at_all"]


def test_prices_far_above_the_briefs_budget_are_named_as_the_reason(mei, market):
    plan = planned(mei, opened(mei, budget_fen=10_000), 700_000)

    assert [(cure["code"], cure["people"]) for cure in plan["cures"]] == [("nobody_near", 6)]

    page = mei.browser().get(f"/m/tasks/{opened(mei, budget_fen=10_000)['id']}/plan?budget_fen=7000").text
    assert "单条预算提到" in page and "5 人可选" in page, "and the page says how much would do"


def test_a_day_too_near_is_one_click_from_the_earliest(mei, market):
    task = opened(mei)
    browser = mei.browser()
    near = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()

    late = browser.get(f"/m/tasks/{task['id']}/plan?budget_fen=7000&d_day={near}").text
    href = re.search(r'href="([^"]+)"[^>]*>(?:(?!</a>).)*改成最早这一天', late, re.S)
    assert href and "邀请这" not in late

    assert "邀请这" in browser.get(html.unescape(href[1])).text


def test_a_day_that_is_over_is_refused_at_its_field_and_stays_there(mei, market):
    task = opened(mei)
    over = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()

    asked = mei.api("GET", f"/tasks/{task['id']}/plan", query_string={"budget_fen": 700_000, "d_day": over})
    page = mei.browser().get(f"/m/tasks/{task['id']}/plan?budget_fen=7000&d_day={over}")

    assert problem(asked)[0] == 422 and "/d_day" in problem(asked)[2]
    assert page.status_code == 422 and "这一天已经过去" in page.text
    assert f'value="{over}"' in page.text and "天余量" not in page.text and "先改好标出的地方" in page.text


def test_an_english_reader_finds_english_joints(mei, market):
    task = opened(mei)
    page = mei.browser().get(f"/m/tasks/{task['id']}/plan?budget_fen=3000&most=2&lang=en").text
    prices = page.partition("What each limit costs")[2].partition("</section>")[0]

    assert "A tenth less budget" in prices and not re.search("[，、：；（）]", prices)


def test_a_query_name_that_is_not_known_is_refused(mei, market):
    asked = {"budget_fen": 700_000, "budget": 7000}
    answer = mei.api("GET", f"/tasks/{opened(mei)['id']}/plan", query_string=asked)

    assert problem(answer)[0] == 422 and "/budget" in problem(answer)[2]


def test_odds_that_rest_on_no_record_say_so(mei, market):
    page = mei.browser().get(f"/m/tasks/{opened(mei)['id']}/plan?budget_fen=7000&most=3").text

    assert "3 人还没有履约记录，各按一半算" in page


def test_wishes_that_contradict_each_other_are_refused_at_the_field(mei, market):
    task = opened(mei)
    both = public(market[0])

    few = mei.api(
        "GET", f"/tasks/{task['id']}/plan", query_string={"budget_fen": 1000, "least": 5, "most": 2}
    )
    same = mei.api(
        "GET", f"/tasks/{task['id']}/plan", query_string={"budget_fen": 1000, "must": both, "never": both}
    )

    assert problem(few)[0] == 422 and "/least" in problem(few)[2]
    assert problem(same)[0] == 422 and any("must" in pointer for pointer in problem(same)[2])


def test_the_chosen_get_a_brief_each_and_a_second_click_changes_nothing(mei, market):
    task = drafted(mei)
    plan = planned(mei, task, 700_000, most=3)
    body = {
        "creators": sorted(taken(plan)),
        "d_day": (datetime.now(UTC) + timedelta(days=40)).date().isoformat(),
    }

    first = mei.api("POST", f"/tasks/{task['id']}/plan/invitations", json=body)
    again = mei.api("POST", f"/tasks/{task['id']}/plan/invitations", json=body)

    assert first.status_code == again.status_code == 201, first.text
    assert first.json == again.json
    assert {each["creator_id"] for each in first.json["data"]} == taken(plan)
    invited = next(creator for creator in market if public(creator) in taken(plan))
    brief = next(each for each in first.json["data"] if each["creator_id"] == public(invited))
    seen = invited.api("GET", f"/tasks/{brief['task_id']}").json
    assert seen["budget_fen"] == brief["price_fen"] and seen["state"] == "open"


def test_a_day_too_near_is_refused_with_the_earliest_one(mei, market):
    task = drafted(mei)
    body = {
        "creators": [public(market[0])],
        "d_day": (datetime.now(UTC) + timedelta(days=2)).date().isoformat(),
    }

    answer = mei.api("POST", f"/tasks/{task['id']}/plan/invitations", json=body)

    assert problem(answer)[:2] == (409, "too-late")


def test_another_merchants_plan_is_not_there(app, mei, market):
    other = more(app, "merchant", 1)[0]
    task = drafted(mei)

    assert problem(other.api("GET", f"/tasks/{task['id']}/plan", query_string={"budget_fen": 1000}))[0] == 404


def test_the_page_recomputes_and_invites(mei, market):
    task = opened(mei)
    browser = mei.browser()

    first = browser.get(f"/m/tasks/{task['id']}/plan")
    none = browser.get(f"/m/tasks/{task['id']}/plan?budget_fen=10")
    wrong = browser.get(f"/m/tasks/{task['id']}/plan?budget_fen=abc")

    assert first.status_code == 200 and "选出的人" in first.text
    assert none.status_code == 200 and "预算至少" in none.text
    assert wrong.status_code == 422
    sent = submit(
        browser,
        f"/m/tasks/{task['id']}/plan",
        f"/m/tasks/{task['id']}/plan/invitations",
        creators=[public(market[0]), public(market[1])],
    )
    assert sent.status_code == 303
    assert "已按计划邀请" in browser.get(f"/m/tasks/{task['id']}/plan").text


def test_a_plan_counts_the_price_of_the_wanted_length_and_takes_nobody_who_does_not_offer_it(mei, market):
    for creator in market:
        profile(creator, price_video_short_fen=50_000, price_video_long_fen=400_000)
    profile(market[0], price_video_short_fen=50_000, price_video_long_fen=None)
    briefs = {length: opened(mei, length=length) for length in ("short", "long", None)}

    short, long, any_length = (planned(mei, briefs[length], 1_000_000, most=6) for length in briefs)

    assert {pick["creator"]["price_fen"] for pick in short["picks"]} == {50_000} and len(short["picks"]) == 6
    assert {pick["creator"]["price_fen"] for pick in long["picks"]} == {400_000} and len(long["picks"]) == 2
    assert public(market[0]) not in taken(long)
    assert {pick["creator"]["price_fen"] for pick in any_length["picks"]} == {50_000}


def live(merchant, minutes):
    task = drafted(merchant, format="live")
    merchant.api("PATCH", f"/tasks/{task['id']}", json={"live_minutes": minutes}, headers={"If-Match": "*"})
    assert merchant.api("POST", f"/tasks/{task['id']}/opening").json["live_minutes"] == minutes
    return task


def test_a_plan_of_shows_counts_their_hours(mei, market):
    for creator in market:
        profile(creator, price_live_hour_fen=100_000)

    plans = {minutes: planned(mei, live(mei, minutes), 400_000, most=6) for minutes in (60, 150, None)}

    assert {minutes: (len(plan["picks"]), plan["price_fen"]) for minutes, plan in plans.items()} == {
        60: (4, 400_000),
        150: (1, 250_000),
        None: (4, 400_000),
    }


def test_a_plan_for_nobody_said_how_long_says_it_counts_an_hour_and_asks_for_one(mei, market):
    for creator in market:
        profile(creator, price_live_hour_fen=100_000)
    task, browser = live(mei, None), mei.browser()

    page = browser.get(f"/m/tasks/{task['id']}/plan?budget_fen=4000").text
    sent = mei.api("POST", f"/tasks/{task['id']}/plan/invitations", json={"creators": [public(market[0])]})
    briefs = mei.api("GET", "/tasks?mine=true").json["data"]
    made = [brief for brief in briefs if brief["id"] != task["id"]]

    assert "¥1,000/小时" in page and "按每人 1 小时计算" in page and "需求里写明直播 1 小时" in page
    assert sent.status_code == 201, sent.text
    assert [(brief["live_minutes"], brief["budget_fen"]) for brief in made] == [(60, 100_000)]
    assert "/小时" not in browser.get(f"/m/tasks/{live(mei, 120)['id']}/plan?budget_fen=4000").text
