"""Saved searches of the hall: creators and agencies hear of a brief that fits, once, in the background."""

from datetime import timedelta
from itertools import product

import pytest

from market.finding import briefs, service
from market.kit import clock
from tests.briefs import drafted, later, opened, problem
from tests.conftest import submit
from tests.finding.test_square import caught_up


def saved(player, name="鱼竿", asked=None, **over):
    return player.api("POST", "/task-searches", json={"name": name, "asked": asked or {"q": "鱼竿"}} | over)


def keep(player, name="鱼竿", asked=None, **over):
    made = saved(player, name, asked, **over)
    assert made.status_code == 201, made.text
    return made.json


def notices(player):
    return [each for each in player.api("GET", "/notices").json["data"] if "您保存的搜索" in each["text"]]


def told(app, *, after: timedelta):
    """What is told when the clock stands so far after the test's begin; how many searches."""
    caught_up(app)
    clock.shift(after)
    with app.app_context():
        n = briefs.tell_due()
    caught_up(app)
    return n


def waiting(app):
    from sqlalchemy import func, select

    from market.finding.models import SearchHit
    from market.kit.db import db

    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(SearchHit))


HOUR = timedelta(hours=1)


def test_a_search_of_the_hall_is_saved_changed_and_deleted(lin, bo, ada, mei):
    made = saved(lin, asked={"q": "鱼竿", "category": "outdoor", "budget": "300000-1000000"})
    assert made.status_code == 201, made.text
    path = f"/task-searches/{made.json['id']}"
    etag = lin.api("GET", path).headers["ETag"]

    assert made.json["asked"] == {"q": "鱼竿", "category": "outdoor", "budget": "300000-1000000"}
    assert problem(saved(lin))[0] == 409
    assert problem(lin.api("POST", "/task-searches", json={"name": "全部", "asked": {}}))[0] == 422
    assert problem(saved(lin, name="符号", asked={"q": "！？"}))[0] == 422, "the hall hears no word in it"
    changed = lin.api("PATCH", path, json={"name": "渔具", "alerts": False}, headers={"If-Match": etag})
    assert (changed.json["name"], changed.json["alerts"]) == ("渔具", False)
    assert bo.api("GET", path).status_code == 404
    assert saved(ada).status_code == 201
    assert saved(mei).status_code == 403
    assert mei.api("GET", "/task-searches").status_code == 403
    assert lin.api("DELETE", path).status_code == 204
    assert lin.api("GET", "/task-searches").json["data"] == []


def test_the_two_kinds_of_saved_searches_do_not_answer_for_each_other(mei, lin):
    square = mei.api("POST", "/saved-searches", json={"name": "茶", "asked": {"q": "茶叶"}}).json["id"]
    hall = keep(lin)["id"]

    assert mei.api("GET", f"/task-searches/{square}").status_code == 404
    assert lin.api("GET", f"/saved-searches/{hall}").status_code == 404
    assert lin.api("GET", "/saved-searches").status_code == 403


def test_a_brief_that_fits_is_told_within_the_hour_and_the_next_ones_together_a_day_later(
    app, mei, lin, bo, ada
):
    keep(lin)
    keep(ada)
    keep(bo, "猫粮", {"q": "猫粮"})
    task = opened(mei, title="碳素鱼竿测评", bids_close_at=later(6))
    caught_up(app)

    assert told(app, after=timedelta(minutes=30)) == 0, "an hour's briefs go together"
    assert told(app, after=HOUR * 2) == 2
    assert told(app, after=HOUR * 2) == 0
    for player in (lin, ada):
        (notice,) = notices(player)
        assert notice["text"] == "您保存的搜索“鱼竿”有新需求：碳素鱼竿测评"
        assert notice["url"] == f"/t/{task['id']}"
    assert notices(bo) == []

    opened(mei, title="海竿鱼竿测评", bids_close_at=later(6))
    opened(mei, title="路亚鱼竿测评", bids_close_at=later(6))
    assert told(app, after=HOUR * 20) == 0, "at most once a day"
    assert told(app, after=HOUR * 27) == 2
    newest = notices(lin)[0]
    assert newest["text"] == "您保存的搜索“鱼竿”有 2 个新需求：路亚鱼竿测评、海竿鱼竿测评"
    assert newest["url"] == "/tasks?q=%E9%B1%BC%E7%AB%BF"
    assert waiting(app) == 0


def test_of_a_brief_that_fits_two_searches_one_is_told(app, mei, lin):
    keep(lin, "鱼竿")
    keep(lin, "户外", {"category": "outdoor"})
    opened(mei)

    assert told(app, after=HOUR * 2) == 1
    assert len(notices(lin)) == 1
    assert told(app, after=HOUR * 50) == 0


def test_a_search_that_is_deleted_leaves_the_brief_to_the_other_that_fits(app, mei, lin):
    first = keep(lin, "鱼竿")
    keep(lin, "户外", {"category": "outdoor"})
    opened(mei)
    caught_up(app)
    lin.api("DELETE", f"/task-searches/{first['id']}")

    assert told(app, after=HOUR * 2) == 1
    assert "户外" in notices(lin)[0]["text"]


def test_a_brief_taken_back_and_opened_again_is_told_once(app, mei, lin):
    keep(lin)
    task = opened(mei)
    caught_up(app)
    mei.api("DELETE", f"/tasks/{task['id']}/opening")
    assert told(app, after=HOUR * 2) == 0, "nobody can bid on it"
    assert waiting(app) == 0

    mei.api("POST", f"/tasks/{task['id']}/opening")
    assert told(app, after=HOUR * 4) == 1
    mei.api("DELETE", f"/tasks/{task['id']}/opening")
    mei.api("POST", f"/tasks/{task['id']}/opening")
    assert told(app, after=HOUR * 60) == 0
    assert len(notices(lin)) == 1


def test_what_closed_before_it_was_told_is_not_told(app, mei, lin):
    keep(lin)
    task = opened(mei)
    caught_up(app)
    mei.api("POST", f"/tasks/{task['id']}/closing")

    assert told(app, after=HOUR * 2) == 0
    assert notices(lin) == []


def test_without_alerts_nobody_is_told_and_alerts_begin_with_what_comes_from_now_on(app, mei, lin):
    made = keep(lin, alerts=False)
    path = f"/task-searches/{made['id']}"
    opened(mei, title="第一个鱼竿需求")
    assert told(app, after=HOUR * 2) == 0

    etag = lin.api("GET", path).headers["ETag"]
    lin.api("PATCH", path, json={"alerts": True}, headers={"If-Match": etag})
    assert told(app, after=HOUR * 4) == 0
    opened(mei, title="第二个鱼竿需求")
    caught_up(app)
    etag = lin.api("GET", path).headers["ETag"]
    lin.api("PATCH", path, json={"alerts": False}, headers={"If-Match": etag})
    assert told(app, after=HOUR * 8) == 0, "switched off while it waited"
    assert notices(lin) == []


def test_briefs_of_before_the_search_and_drafts_are_no_news(app, mei, lin):
    opened(mei, title="早先的鱼竿需求")
    keep(lin)
    drafted(mei, title="没有发布的鱼竿需求")

    assert told(app, after=HOUR * 2) == 0


def test_nobody_hears_of_their_own_brief(app, mei, lin):
    from market.accounts.models import Membership
    from market.kit.db import db, transaction

    keep(lin)
    with app.app_context(), transaction():
        db.session.add(Membership(person_id=lin.person_id, party_id=mei.party_id, rights=[]))
    opened(mei)

    assert told(app, after=HOUR * 2) == 0
    assert notices(lin) == []


def test_the_listener_may_hear_twice(app, mei, lin):
    from market.kit.db import db, transaction
    from market.kit.events import Event

    keep(lin)
    opened(mei)
    caught_up(app)
    for _again in range(2):
        with app.app_context(), transaction():
            briefs.match(db.session.query(Event).filter_by(name="task.opened").one())
    assert told(app, after=HOUR * 2) == 1
    with app.app_context(), transaction():
        briefs.match(db.session.query(Event).filter_by(name="task.opened").one())
    assert told(app, after=HOUR * 40) == 0
    assert len(notices(lin)) == 1


def test_what_alerts_is_what_the_hall_would_show(app, mei, lin, ctx):
    """The questions are met the other way round in another statement; both must say the same of every pair."""
    from market.finding.models import SavedSearch, SearchHit
    from market.kit.db import db
    from market.kit.ids import encode
    from market.tasks import queries

    for name, asked in enumerate(
        {
            name: value
            for name, value in zip(("category", "format", "budget", "q"), each, strict=True)
            if value
        }
        for each in product(
            (None, "outdoor", "food"),
            (None, "video"),
            (None, "300000-1000000", "3000000-"),
            (None, "鱼竿", "竿 实测", "Lin's rod", "測評"),
        )
        if any(each)
    ):
        if name < 44:
            keep(lin, f"搜索 {name}", asked)
    keep(lin, "时长", {"length": "short"})
    keep(lin, "报酬", {"budget_min_fen": 300_000})
    keep(lin, "活动", {"campaign_code": "it's \\ a ' code"})
    for title, category, format, budget_fen, length in (
        ("碳素鱼竿实测", "outdoor", "video", 300_000, "short"),
        ("茶叶测评 lin s ROD", "food", "article", 299_999, None),
        ("海竿与鱼漂", "outdoor", "article", 3_000_000, None),
        ("火锅底料", "food", "video", 1_000_000, "long"),
    ):
        opened(mei, title=title, category=category, format=format, budget_fen=budget_fen, length=length)
    caught_up(app)

    pairs = set(db.session.execute(db.select(SearchHit.search_id, SearchHit.task_id)).all())
    searches = db.session.scalars(db.select(SavedSearch)).all()
    assert len(searches) == 47
    shown = {(each.id, task.id) for each in searches for task in queries.hall(limit=50, **each.asked)}
    assert pairs == shown, {encode("sch", id) for id, _task in pairs ^ shown}
    assert 20 < len(shown) < 4 * len(searches)


def test_a_thousand_searches_cost_a_brief_no_more_statements_than_ten(app, mei, lin):
    from tests.house.test_statements import statements

    def opening() -> tuple[int, int]:
        opened(mei)
        with statements(app) as heard:
            caught_up(app)
        with statements(app) as telling:
            clock.shift(HOUR * 2)
            with app.app_context():
                briefs.tell_due()
        clock.shift(timedelta())
        caught_up(app)
        return len(heard), len(telling)

    many(app, "little", 10)
    few = opening()
    many(app, "much", 190)
    assert opening() == few


def many(app, name, n):
    """So many creators with a search that fits."""
    from market.accounts.actor import Role
    from market.accounts.models import Party
    from market.finding.models import Sought
    from market.kit.db import db, transaction

    with app.app_context(), transaction():
        parties = [Party(role=Role.CREATOR, name=f"{name} {k}", handle=f"{name}-{k}") for k in range(n)]
        db.session.add_all(parties)
        db.session.flush()
        from market.accounts.actor import RIGHTS, Actor

        for party in parties:
            actor = Actor(None, party.id, Role.CREATOR, RIGHTS[Role.CREATOR])
            service.save(Sought.BRIEFS, {"q": "鱼竿"}, "鱼竿", by=actor)


def test_two_tellers_at_once_tell_once(app, mei, lin):
    from concurrent.futures import ThreadPoolExecutor
    from threading import Barrier

    many(app, "one", 30)
    keep(lin, "鱼竿")
    keep(lin, "户外", {"category": "outdoor"})
    opened(mei)
    caught_up(app)
    clock.shift(HOUR * 2)
    gate = Barrier(3)

    def tell(_n):
        with app.app_context():
            gate.wait()
            return briefs.tell_due()

    with ThreadPoolExecutor(3) as pool:
        counted = list(pool.map(tell, range(3)))
    with app.app_context():
        counted.append(briefs.tell_due())
    caught_up(app)

    assert sum(counted) == 31
    assert len(notices(lin)) == 1


@pytest.mark.parametrize("who, prefix", [("lin", "/u"), ("ada", "/a")])
def test_the_page_saves_what_is_asked_and_keeps_what_was_typed(who, prefix, request, mei):
    player = request.getfixturevalue(who)
    browser = player.browser()
    query = "category=outdoor&budget=300000-1000000&budget_min_fen=3500"
    page = browser.get(f"/tasks?{query}").text
    assert "保存搜索" in page
    assert 'value="户外渔具，¥3,000–¥10,000，报酬不低于 ¥3,500"' in page, "a name is suggested"
    assert "保存搜索" not in browser.get("/tasks").text
    assert "保存搜索" in browser.get(f"{prefix}/tasks?tab=all&{query}").text

    path = f"{prefix}/searches"
    good = submit(browser, f"/tasks?{query}", path, name="户外", query=query, alerts="1")
    bad = submit(browser, f"/tasks?{query}", path, name="户外", query="category=food", alerts="1")

    assert (good.status_code, good.location) == (303, f"/tasks?{query}")
    assert bad.status_code == 422 or bad.status_code == 409
    assert "已经有一个叫" in bad.text
    assert 'value="户外"' in bad.text and "食品生鲜 · " in bad.text
    kept = player.api("GET", "/task-searches").json["data"]
    assert [each["asked"] for each in kept] == [
        {"category": "outdoor", "budget": "300000-1000000", "budget_min_fen": 350_000}
    ]
    listed = browser.get(path).text
    assert (
        "户外" in listed and "¥3,000–¥10,000" in listed and f"/tasks?{query.replace('&', '&amp;')}" in listed
    )
    renamed = submit(browser, path, f"{path}/{kept[0]['id']}", name="渔具")
    assert renamed.status_code == 303
    after = player.api("GET", f"/task-searches/{kept[0]['id']}").json
    assert (after["name"], after["alerts"]) == ("渔具", False)
    gone = submit(browser, path, f"{path}/{kept[0]['id']}/removal")
    assert gone.status_code == 303
    assert "还没有保存的搜索" in browser.get(path).text


def test_the_team_shares_its_searches(app, ada, lin):
    from market.accounts.models import Membership
    from market.kit.db import db, transaction

    keep(ada, "机构的搜索")
    with app.app_context(), transaction():
        db.session.add(Membership(person_id=lin.person_id, party_id=ada.party_id, rights=[]))

    assert "机构的搜索" in lin.browser().get("/a/searches").text


def test_visitors_and_merchants_are_not_offered_to_save(app, mei):
    assert "保存搜索" not in app.test_client().get("/tasks?category=outdoor").text
    assert "保存搜索" not in mei.browser().get("/tasks?category=outdoor").text
    assert mei.browser().get("/u/searches").status_code == 403
