"""The rush through the API: an operator asks, the schedule carries it out, both sides may decline, a new run proposes others."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from market.kit import ids
from market.kit.events import history
from tests.briefs import opened, problem
from tests.conftest import submit
from tests.effect.conftest import more
from tests.matching.conftest import profile


@pytest.fixture
def market(app, cast):
    """Three creators with one free slot each; the first is known best."""
    made = more(app, "creator", 3)
    for at, creator in enumerate(made):
        profile(creator, fans=9000 - at, price_video_fen=300_000 + 1000 * at, slots_per_week=1)
    return made


def assigned(app, operator, **how):
    """A run asked for and carried out; the run."""
    from market.planning import rush

    asked = operator.api("POST", "/rush-runs", json=how)
    assert asked.status_code == 201, asked.text
    with app.app_context():
        assert rush.do_next() is not None
        assert rush.do_next() is None
    return operator.api("GET", "/rush-runs").json["data"][0]


def offers(player):
    return [each for each in player.api("GET", "/rush-offers").json["data"] if each["state"] == "offered"]


def test_each_brief_gets_somebody_and_nobody_gets_more_than_fits(app, mei, zhou, market):
    tasks = [opened(mei)["id"] for _each in range(3)]

    run = assigned(app, zhou)

    assert (run["state"], run["briefs"], run["briefs_done"]) == ("done", 3, 3)
    assert run["report"]["offers"] == 3 and run["report"]["with_nobody"] == 0
    assert {each["task_id"] for each in offers(mei)} == set(tasks)
    assert len({each["creator_id"] for each in offers(mei)}) == 3


def test_what_is_declined_is_not_proposed_again_and_somebody_else_is(app, mei, zhou, market):
    opened(mei)
    assigned(app, zhou)
    first = offers(mei)[0]
    chosen = next(each for each in market if ids.encode("pty", each.party_id) == first["creator_id"])

    answer = chosen.api("POST", f"/rush-offers/{first['id']}/decline")
    again = chosen.api("POST", f"/rush-offers/{first['id']}/decline")
    assigned(app, zhou)

    assert answer.json["state"] == "declined"
    assert problem(again)[0] == 409
    assert offers(chosen) == []
    assert offers(mei)[0]["creator_id"] != first["creator_id"]


def test_the_creator_sees_what_was_proposed_at_his_desk_and_says_no_with_one_click(app, mei, lin, bo, zhou):
    profile(lin, price_video_fen=300_000, slots_per_week=1)
    task = opened(mei)
    assigned(app, zhou)
    offer = offers(lin)[0]
    action = f"/u/offers/{offer['id']}/decline"
    browser = lin.browser()
    assert "高峰期平台为您安排的需求" in browser.get("/u").text
    assert bo.browser().post(action).status_code in (400, 404), "it is another's"

    answer = submit(browser, "/u", action)

    assert answer.status_code == 303
    assert "高峰期平台为您安排的需求" not in browser.get("/u").text
    assigned(app, zhou)
    assert task["id"] not in [each["task_id"] for each in offers(lin)], "the pair is left out of the next run"


def test_the_merchant_invites_whom_the_run_proposed(app, mei, zhou, market):
    task = opened(mei)
    assigned(app, zhou)
    offer = offers(mei)[0]
    browser = mei.browser()

    assert "平台为这条需求安排的人选" in browser.get(f"/m/tasks/{task['id']}/plan").text
    answer = mei.api("POST", f"/rush-offers/{offer['id']}/invitation")

    assert answer.json["state"] == "invited"
    invited = mei.api("GET", f"/tasks/{task['id']}/invitations").json["data"]
    assert [each["creator"]["id"] for each in invited] == [offer["creator_id"]]


def test_others_see_no_offer_and_answer_none(app, mei, bo, zhou, market):
    opened(mei)
    assigned(app, zhou)
    offer = offers(mei)[0]

    assert offers(bo) == []
    assert problem(bo.api("POST", f"/rush-offers/{offer['id']}/decline"))[0] == 404
    assert problem(bo.api("POST", "/rush-runs"))[0] == 403


def test_however_many_ask_at_once_one_run_is_asked_for(app, zhou):
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _n: zhou.api("POST", "/rush-runs").status_code, range(6)))

    assert sorted(answers) == [201, 409, 409, 409, 409, 409]


def test_no_open_brief_is_a_run_with_nothing_to_do(app, zhou):
    run = assigned(app, zhou)

    assert (run["state"], run["report"]["offers"]) == ("done", 0)


def test_a_killed_run_is_taken_over_when_it_has_been_silent(app, zhou, mei, market):
    from datetime import timedelta

    from market.kit.clock import now
    from market.kit.db import db, transaction
    from market.planning import rush
    from market.planning.rush_models import RunState, RushRun

    opened(mei)
    zhou.api("POST", "/rush-runs")
    with app.app_context():
        with transaction():
            run = db.session.query(RushRun).one()
            run.state, run.beat_at = RunState.RUNNING, now()
        assert rush.do_next() is None
        with transaction():
            db.session.query(RushRun).one().beat_at = now() - rush.SILENT - timedelta(seconds=1)
        assert rush.do_next().state is RunState.DONE


def test_a_quiet_run_says_when_somebody_else_takes_it_over(app, zhou):
    from datetime import timedelta

    from market.kit.clock import now
    from market.kit.db import db, transaction
    from market.planning.rush_models import RunState, RushRun

    with app.app_context(), transaction():
        run = RushRun(state=RunState.RUNNING, briefs=40, briefs_done=12, beat_at=now())
        db.session.add(run)
        db.session.flush()
        run_id = run.id
    desk = zhou.browser()
    assert "没有动静" not in desk.get("/ops/rush").text

    with app.app_context(), transaction():
        db.session.get(RushRun, run_id).beat_at = now() - timedelta(minutes=2)
    page = desk.get("/ops/rush").text
    assert "有一会儿没有动静" in page and "从头再做一遍，不用再点" in page


def test_who_was_silent_too_long_leaves_the_run_to_who_took_it_over(app, zhou, mei, market, monkeypatch):
    from market.kit.clock import now
    from market.kit.db import db, transaction
    from market.planning import rush
    from market.planning.rush_models import RunState, RushOffer, RushRun

    opened(mei)
    zhou.api("POST", "/rush-runs")
    solve = rush._solve

    def overslept(*known):
        """The solver takes its time, and meanwhile another process takes over and is done."""
        monkeypatch.setattr(rush, "_solve", solve)
        with transaction():
            db.session.query(RushRun).one().beat_at = now() - rush.SILENT * 2
        assert rush.do_next().state is RunState.DONE
        return solve(*known)

    monkeypatch.setattr(rush, "_solve", overslept)
    with app.app_context():
        late = rush.do_next()

        assert late.state is RunState.DONE and late.error == ""
        offered = db.session.query(RushOffer).count()
        assert offered == late.report["offers"] > 0
        assert [e.name for e in history(late.id)].count("rush.done") == 1


def test_the_operators_page_starts_a_run_and_shows_it(app, zhou):
    from market.planning import rush

    browser = zhou.browser()

    assert submit(browser, "/ops/rush").status_code == 303
    assert "进行中" in browser.get("/ops/rush").text
    with app.app_context():
        rush.do_next()
    assert "完成" in browser.get("/ops/rush").text


def test_the_operators_page_shows_how_far_the_search_for_better_sets_is(app, zhou):
    from market.kit.clock import now
    from market.kit.db import db, transaction
    from market.planning import rush
    from market.planning.rush_models import RunState, RushRun

    zhou.api("POST", "/rush-runs")
    with app.app_context():
        with transaction():
            run = db.session.query(RushRun).one()
            run.state, run.beat_at = RunState.RUNNING, now() - 2 * rush.SIGN
            hand = rush.Hand(run.id, run.beat_at)
        hand.polished(0.4)
        hand.polished(0.5)

        assert db.session.query(RushRun).one().report == {"polished": 0.4}, "not more often than every SIGN"
    assert "40%" in zhou.browser().get("/ops/rush").text


def test_again_takes_from_those_the_last_run_looked_at_without_who_declined(app, mei, lin, zhou, market):
    task = opened(mei)["id"]
    whole = assigned(app, zhou)
    first = offers(mei)[0]
    chosen = player_of(market, first)
    chosen.api("POST", f"/rush-offers/{first['id']}/decline")
    profile(lin, fans=90_000, price_video_fen=200_000, slots_per_week=1)

    run = assigned(app, zhou, again=True)

    assert (whole["again"], run["again"], run["state"], run["briefs_done"]) == (False, True, "done", 1)
    assert run["report"]["offers"] == 1 and run["report"]["candidates"] == whole["report"]["candidates"]
    (offer,) = offers(mei)
    assert offer["task_id"] == task
    others = {ids.encode("pty", each.party_id) for each in market} - {first["creator_id"]}
    assert offer["creator_id"] in others, "neither who declined nor who was not looked at"


def test_a_no_moves_nobody_who_said_nothing(app, mei, lin, zhou, market):
    profile(lin, fans=100, price_video_fen=300_000, slots_per_week=1)
    for _each in range(3):
        opened(mei)
    assigned(app, zhou)
    market = [*market, lin]
    before = {each["task_id"]: each["creator_id"] for each in offers(mei)}
    declined = offers(mei)[0]
    player_of(market, declined).api("POST", f"/rush-offers/{declined['id']}/decline")

    run = assigned(app, zhou, again=True)

    (fourth,) = {ids.encode("pty", each.party_id) for each in market} - set(before.values())
    assert {each["task_id"]: each["creator_id"] for each in offers(mei)} == before | {
        declined["task_id"]: fourth
    }
    assert run["report"]["with_nobody"] == 0


def test_again_offers_no_brief_that_was_closed_and_nobody_who_may_not_work_now(app, mei, zhou, market):
    from market.accounts.models import Party, Verification
    from market.kit.db import db, transaction

    closed, open_ = opened(mei)["id"], opened(mei)["id"]
    assigned(app, zhou)
    mei.api("POST", f"/tasks/{closed}/cancellation", json={"reason": "不做了"})
    refused = next(each for each in offers(mei) if each["task_id"] == open_)["creator_id"]
    with app.app_context(), transaction():
        party = db.session.get_one(Party, player_of(market, {"creator_id": refused}).party_id)
        party.verification = Verification.REFUSED

    assigned(app, zhou, again=True)

    (offer,) = offers(mei)
    assert offer["task_id"] == open_ and offer["creator_id"] != refused


def test_again_needs_something_to_choose_from_that_is_not_old(app, mei, zhou, market):
    from sqlalchemy import update

    from market.kit.db import db, transaction
    from market.planning import rush
    from market.planning.rush_models import RushCandidates

    assert problem(zhou.api("POST", "/rush-runs", json={"again": True}))[:2] == (409, "nothing-kept")
    opened(mei)
    assigned(app, zhou)
    assert "补上谢绝的" in zhou.browser().get("/ops/rush").text
    with app.app_context(), transaction():
        db.session.execute(update(RushCandidates).values(made_at=RushCandidates.made_at - rush.KEPT))

    assert problem(zhou.api("POST", "/rush-runs", json={"again": True}))[:2] == (409, "nothing-kept")
    assert "补上谢绝的" not in zhou.browser().get("/ops/rush").text


def test_a_no_is_made_good_by_itself_after_a_pause(app, mei, zhou, market):
    from sqlalchemy import update

    from market.kit.db import db, transaction
    from market.planning import rush
    from market.planning.rush_models import RushRun
    from workers.schedule import assign, propose_others

    def turn() -> int:
        """What the schedule does; the number of runs there are then."""
        with app.app_context():
            propose_others()
            assign()
            return db.session.query(RushRun).count()

    def later() -> None:
        with app.app_context(), transaction():
            db.session.execute(update(RushRun).values(ended_at=RushRun.ended_at - rush.PAUSE))

    opened(mei)
    assigned(app, zhou)
    later()
    assert turn() == 1, "nobody said no"
    first = offers(mei)[0]
    player_of(market, first).api("POST", f"/rush-offers/{first['id']}/decline")

    assert turn() == 2
    assert offers(mei)[0]["creator_id"] != first["creator_id"]
    second = offers(mei)[0]
    player_of(market, second).api("POST", f"/rush-offers/{second['id']}/decline")
    assert turn() == 2, "not before the pause is over"
    later()
    assert turn() == 3


def player_of(market, offer):
    return next(each for each in market if ids.encode("pty", each.party_id) == offer["creator_id"])


def test_an_offer_is_made_at_the_price_of_the_wanted_length_to_who_offers_it(app, mei, zhou, market):
    first, second, third = market
    profile(first, fans=9000, slots_per_week=1, price_video_long_fen=None)
    profile(second, fans=8999, slots_per_week=1, price_video_fen=90_000, price_video_long_fen=1_200_000)
    profile(third, fans=8998, slots_per_week=1, price_video_fen=90_000, price_video_long_fen=700_000)
    opened(mei, length="long", budget_fen=1_000_000)

    assigned(app, zhou)

    assert [(each["creator_id"], each["price_fen"]) for each in offers(mei)] == [
        (ids.encode("pty", third.party_id), 700_000)
    ], "the first makes none so long, the second asks more than the budget"


def test_an_offer_of_a_show_is_made_at_hours_times_price(app, mei, zhou, market):
    first, second, third = market
    profile(first, fans=9000, slots_per_week=1, price_live_hour_fen=500_000)
    profile(second, fans=8999, slots_per_week=1, price_live_hour_fen=300_000)
    profile(third, fans=8998, slots_per_week=1)
    opened(mei, format="live", live_minutes=150, budget_fen=1_000_000)

    assigned(app, zhou)

    assert [(each["creator_id"], each["price_fen"]) for each in offers(mei)] == [
        (ids.encode("pty", second.party_id), 750_000)
    ], "the first's hours cost more than the budget, the third does not play live"
