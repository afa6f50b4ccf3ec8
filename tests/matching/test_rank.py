"""Creators for a brief and briefs for a creator, through the API."""

import html
import random
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.bids.test_invitations import ask
from tests.briefs import drafted, opened
from tests.conftest import drain_all
from tests.matching.conftest import listed, profile, worked


def names(rows):
    return [row["name"] for row in rows]


def test_who_did_such_work_lately_stands_first_and_the_list_says_why(mei, lin, bo, creators):
    worked(mei, bo, name="w1", tags=["路亚", "承重"])
    task = opened(mei, tags=["路亚"])

    rows = listed(mei, task)

    assert names(rows) == ["Bo", "Lin"]
    assert rows[0]["score"] == pytest.approx(rows[0]["fit"] * rows[0]["acceptance"])
    assert sum(term["points"] for term in rows[0]["terms"]) > sum(term["points"] for term in rows[1]["terms"])
    assert [term["code"] for term in rows[0]["reasons"]][:2] == ["together", "history"]
    assert rows[1]["against"]["code"] in {"together", "history"}


def test_a_rare_tag_says_more_than_a_common_one(mei, ada, lin, bo, creators):
    for n in range(6):
        worked(ada, lin, name=f"common{n}", tags=["视频", f"其他{n}"], days_ago=30)
    worked(ada, bo, name="rare", tags=["视频", "碳素竿"], days_ago=30)
    task = opened(mei, tags=["碳素竿"])

    first = listed(mei, task)[0]

    assert first["name"] == "Bo"


def test_work_fades(mei, ada, lin, bo, creators):
    worked(ada, lin, name="old", tags=["路亚"], days_ago=400)
    worked(ada, bo, name="new", tags=["路亚"], days_ago=10)

    assert names(listed(mei, opened(mei, tags=["路亚"]))) == ["Bo", "Lin"]


def test_a_merchant_is_not_offered_his_own_people(mei, lin, bo, creators):
    from market.accounts import service
    from market.accounts.actor import Role
    from market.accounts.models import Person, Verification
    from market.creators.service import save_profile
    from market.kit.db import db, transaction

    with mei.app.app_context(), transaction():
        hat = service.take_hat(db.session.get_one(Person, mei.person_id), Role.CREATOR, "Mei makes")
        hat.party.verification = Verification.VERIFIED
        save_profile(hat.party_id, {"categories": ["outdoor"]}, by=mei.actor)

    assert "Mei makes" not in names(listed(mei, opened(mei)))


def test_prices_far_above_the_budget_and_full_weeks_are_left_out_but_no_price_may_be_asked(mei, lin, bo, wen):
    profile(lin, price_video_fen=5_000_000)
    profile(bo, price_video_fen=None)

    assert names(listed(mei, opened(mei))) == ["Bo"]


def test_a_brief_nobody_suits_gets_an_empty_list_and_nothing_to_loosen(mei):
    task = opened(mei)
    answer = mei.api("GET", f"/tasks/{task['id']}/matches").json

    assert (answer["data"], answer["loosenings"]) == ([], [])
    assert "还没有认证的创作者做这个类目" in mei.browser().get(f"/m/tasks/{task['id']}/matches").text


def test_a_budget_below_every_price_says_which_budget_or_format_brings_how_many(mei, lin, bo):
    profile(lin, price_video_fen=300_000, price_article_fen=90_000)
    profile(bo, price_video_fen=260_000)
    task = opened(mei, budget_fen=100_000)
    answer = mei.api("GET", f"/tasks/{task['id']}/matches").json

    assert answer["data"] == []
    ways = {way["code"]: way for way in answer["loosenings"]}
    assert [way["code"] for way in answer["loosenings"]] == ["budget", "format"], "the most bringing first"
    assert (ways["budget"]["brings"], ways["format"]["brings"], ways["format"]["format"]) == (2, 1, "article")
    page = mei.browser()
    said = page.get(f"/m/tasks/{task['id']}/matches").text
    assert ways["budget"]["text"] in said and "改做图文，有 1 人可选。" in said
    assert "2 to choose from" in page.get(f"/m/tasks/{task['id']}/matches?lang=en").text
    raised = opened(mei, budget_fen=ways["budget"]["budget_fen"])
    assert sorted(names(listed(mei, raised))) == ["Bo", "Lin"], "what is promised is kept"
    less = opened(mei, budget_fen=ways["budget"]["budget_fen"] - 100)
    assert names(listed(mei, less)) == ["Bo"], "and no more than needed is asked"


def test_a_short_list_says_what_would_bring_more_people(mei, lin, bo):
    profile(lin, price_video_fen=100_000)
    profile(bo, price_video_fen=900_000)
    task = opened(mei, budget_fen=100_000)

    page = mei.browser().get(f"/m/tasks/{task['id']}/matches").text

    assert "只有 1 位合适" in page and "单条预算提到" in page and "1 人可选" in page


def test_the_list_goes_on_where_the_page_ends(mei, lin, bo, creators):
    task = opened(mei)
    browser = mei.browser()

    first = browser.get(f"/m/tasks/{task['id']}/matches?show=1").text
    on = re.search(r'href="([^"]+)"[^>]*>(?:(?!</a>).)*再看', first, re.S)
    assert on and first.count('class="sheet match"') == 1
    whole = browser.get(html.unescape(on[1])).text
    assert whole.count('class="sheet match"') == 2 and "再看" not in whole
    assert browser.get(f"/m/tasks/{task['id']}/matches?show=x").text.count('class="sheet match"') == 2


def test_a_price_without_a_budget_to_compare_is_still_said(mei, lin):
    profile(lin, price_video_fen=120_000)
    draft = drafted(mei, budget_fen=None)

    (row,) = listed(mei, draft)

    said = next(term["text"] for term in row["terms"] if term["code"] == "price")
    assert "1,200.00" in said and "没有写预算" in said


def test_budget_and_format_that_only_help_together_are_said_together(mei, lin, bo):
    profile(lin, price_video_fen=None, price_article_fen=900_000)
    task = opened(mei, budget_fen=100_000)

    ways = mei.api("GET", f"/tasks/{task['id']}/matches").json["loosenings"]

    assert [(way["code"], way["brings"]) for way in ways] == [("budget_and_format", 1)]


def test_who_has_all_bid_already_stands_among_the_offers(mei, lin):
    from tests.briefs import offer

    profile(lin)
    task = opened(mei)
    sent = lin.api("POST", f"/tasks/{task['id']}/bids", json=offer())
    assert sent.status_code == 201, sent.text

    ways = mei.api("GET", f"/tasks/{task['id']}/matches").json["loosenings"]

    assert [(way["code"], way["brings"]) for way in ways] == [("bids", 1)]


def test_a_creator_with_nothing_but_a_category_is_listed_and_says_so(mei, lin):
    profile(lin, price_video_fen=None, fans=0)

    rows = listed(mei, opened(mei))

    assert names(rows) == ["Lin"]
    said = " ".join(term["text"] for term in rows[0]["terms"])
    assert "没有标价" in said and "还没有交付" in said


def test_a_brief_without_a_category_or_with_too_long_a_text_is_refused_at_the_field(mei):
    given = {"format": "video", "title": "没有类目"}
    refused = mei.api("POST", "/tasks", json=given)
    assert refused.status_code == 422
    assert [each["pointer"] for each in refused.json["errors"]] == ["/category"]

    novel = mei.api("POST", "/tasks", json=given | {"category": "outdoor", "goal": "🎣長" * 50_000})
    assert novel.status_code == 422
    assert [each["pointer"] for each in novel.json["errors"]] == ["/goal"]
    assert novel.json["errors"][0]["detail"]


def test_a_draft_with_a_novel_in_it_and_emoji_is_ranked(mei, lin, bo, creators):
    worked(mei, bo, name="w", tags=["路亚"])
    task = drafted(mei, goal="🎣" * 500 + "釣魚竿" * 300, tags=["🎣", "繁體"])

    assert len(listed(mei, task)) == 2


def test_a_brief_in_traditional_characters_finds_works_in_simplified_ones(mei, ada, lin, bo, creators):
    from market.matching import text

    for n in range(25):
        said = f"路亚竿抛投距离实测，溪流，第 {n} 次" if n % 2 else f"露营帐篷防雨测试，暴雨，第 {n} 夜"
        worked(ada, lin if n % 2 else bo, name=f"w{n}", words=said, tags=["帐篷" if n % 2 == 0 else "路亚"])
    with mei.app.app_context():
        assert text.refit() is not None

    simple = listed(mei, opened(mei, title="新款帐篷暴雨防雨", goal="让露营的人相信帐篷防雨", tags=["帐篷"]))
    rows = listed(mei, opened(mei, title="新款帳篷暴雨防雨", goal="讓露營的人相信帳篷防雨", tags=["帳篷"]))

    assert names(rows) == names(simple) == ["Bo", "Lin"]
    assert [each["terms"] for each in rows] == [each["terms"] for each in simple]


def test_the_same_work_told_twice_counts_once(mei, bo, creators):
    assert worked(mei, bo, name="once") is not None
    assert worked(mei, bo, name="once") is None

    from market.matching.models import CreatorMass

    with mei.app.app_context():
        from market.kit.db import db

        assert db.session.query(CreatorMass).one().works == 1


def masses(app):
    from sqlalchemy import text

    from market.kit.db import db

    with app.app_context():
        rows = db.session.execute(
            text("SELECT tag, creator_id::text, round(mass::numeric, 9) FROM match_tag_masses ORDER BY 1, 2")
        ).all()
        pairs = db.session.execute(
            text(
                "SELECT merchant_id::text, creator_id::text, round(mass::numeric, 9) FROM match_pair_masses ORDER BY 1, 2"
            )
        ).all()
        return [tuple(row) for row in rows], [tuple(row) for row in pairs]


def test_works_noted_at_once_by_many_are_all_in_the_sums(mei, ada, lin, bo, creators):
    """Eight threads, shuffled: the sums after a rebuild are those the notes made, up to the idf of their moment."""
    from market.matching import history
    from market.matching.models import CreatorMass

    jobs = [(mei if n % 2 else ada, lin if n % 3 else bo, f"w{n}") for n in range(40)]
    random.Random(5).shuffle(jobs)
    with ThreadPoolExecutor(8) as pool:
        made = list(
            pool.map(lambda job: worked(job[0], job[1], name=job[2], tags=["路亚"], days_ago=3), jobs)
        )

    assert all(made)
    with mei.app.app_context():
        from market.kit.db import db

        assert sum(row.works for row in db.session.query(CreatorMass)) == 40
        pairs_before = masses(mei.app)[1]
        assert history.rebuild() == 40
    assert [row[:2] for row in masses(mei.app)[1]] == [row[:2] for row in pairs_before]
    assert [float(row[2]) for row in masses(mei.app)[1]] == pytest.approx(
        [float(row[2]) for row in pairs_before]
    )


def test_works_noted_during_a_rebuild_are_counted_once(mei, lin, bo, creators, monkeypatch):
    from market.matching import history
    from market.matching.models import CreatorMass, Generation

    for n in range(10):
        worked(mei, bo, name=f"w{n}")
    monkeypatch.setattr(history, "BATCH", 3)

    def meanwhile(done: int, of: int) -> None:
        worked(mei, lin, name=f"meanwhile{done}")

    with mei.app.app_context():
        from market.kit.db import db

        history.rebuild(meanwhile)
        db.session.rollback()
        assert db.session.query(Generation).count() == 1
        assert {row.creator_id: row.works for row in db.session.query(CreatorMass)} == {
            bo.party_id: 10,
            lin.party_id: 4,
        }


def test_a_rebuild_that_was_killed_leaves_the_old_sums_in_use(mei, bo, creators, monkeypatch):
    from market.matching import history

    for n in range(6):
        worked(mei, bo, name=f"w{n}")
    before = masses(mei.app)
    monkeypatch.setattr(history, "BATCH", 2)

    class Killed(BaseException):
        pass

    def kill(done: int, of: int) -> None:
        raise Killed

    with mei.app.app_context():
        from market.kit.db import db

        with pytest.raises(Killed):
            history.rebuild(kill)
        db.session.rollback()
        active = history.active()
        assert listed(mei, opened(mei))[0]["name"] == "Bo"
        history.rebuild()
        assert history.active() != active
    assert [row[:2] for row in masses(mei.app)[0]] == [row[:2] for row in before[0]]


def test_a_text_model_whose_fit_is_killed_half_way_leaves_the_old_one_in_use(
    mei, ada, lin, bo, creators, monkeypatch
):
    from market.matching import text

    for n in range(25):
        worked(ada, lin if n % 2 else bo, name=f"w{n}", words=f"路亚竿 实测 第 {n} 次")
    monkeypatch.setattr(text, "BATCH", 10)

    class Killed(BaseException):
        pass

    def kill(done: int, of: int) -> None:
        raise Killed

    with mei.app.app_context():
        from market.kit.db import db

        old = text.refit()
        assert old is not None
        with pytest.raises(Killed):
            text.refit(kill)
        db.session.rollback()
        assert text.active() == old.id
        assert len(listed(mei, opened(mei))) == 2
        new = text.refit()
        assert new is not None and text.active() == new.id


def test_near_texts_bring_their_makers_up(mei, ada, lin, bo, creators):
    from market.matching import text

    for n in range(25):
        said = f"路亚竿抛投距离实测，溪流，第 {n} 次" if n % 2 else f"露营帐篷防雨测试，暴雨，第 {n} 夜"
        worked(ada, lin if n % 2 else bo, name=f"w{n}", words=said, days_ago=20)
    with mei.app.app_context():
        model = text.refit()
        assert model is not None and model.documents == 25

    rows = listed(mei, opened(mei, title="新款帐篷暴雨防雨", goal="让露营的人相信帐篷防雨"))

    assert rows[0]["name"] == "Bo"
    assert next(term for term in rows[0]["terms"] if term["code"] == "similar")["numbers"]["works"] >= 12


def test_a_creator_sees_the_briefs_that_suit_by_the_same_points(mei, ada, lin, bo, creators):
    worked(mei, lin, name="w1", tags=["路亚"])
    task, other = opened(mei, tags=["路亚"]), opened(mei, tags=["帐篷"], title="帐篷测评短视频一条")
    with mei.app.app_context():
        drain_all()

    rows = lin.api("GET", "/matches").json["data"]

    assert [row["task_id"] for row in rows] == [task["id"], other["id"]]
    mine = next(row for row in listed(mei, task) if row["name"] == "Lin")
    assert {term["code"]: term["points"] for term in mine["terms"]} == pytest.approx(
        {term["code"]: term["points"] for term in rows[0]["terms"]}
    )


def test_a_completed_order_becomes_a_past_work(mei, lin):
    from market.kit.db import db, transaction
    from market.kit.events import record
    from market.matching.models import PastWork, PastWorker
    from market.orders.queries import find
    from tests.play import award

    order_id = award(mei, lin)
    with mei.app.app_context():
        with transaction():
            order = find(order_id, lock=True)
            record("order.completed", order.id, by=None)
        drain_all()
        work = db.session.query(PastWork).one()
        assert (work.source, work.merchant_id) == (f"order:{order_id}", mei.party_id)
        assert "手冲咖啡豆" in work.words
        assert db.session.query(PastWorker.creator_id).scalar() == lin.party_id


def test_what_came_since_is_learned_by_the_clock_and_only_then(mei, lin, bo, creators):
    from workers.schedule import learn

    for n in range(25):
        worked(mei, lin if n % 2 else bo, name=f"w{n}", words=f"路亚竿 实测 {n}")
    with mei.app.app_context():
        from market.matching import history, text

        learn()
        model, sums = text.active(), history.active()
        assert model is not None
        worked(mei, bo, name="one more", words="帐篷 防雨")
        learn()
        assert (text.active(), history.active()) == (model, sums), "one in twenty-six is not worth the work"
        for n in range(5):
            worked(mei, bo, name=f"later{n}", words=f"帐篷 防雨 {n}")
        learn()
        assert text.active() != model and history.active() != sums


def test_the_pages_show_the_evidence_to_both_sides(mei, lin, bo, creators):
    worked(mei, bo, name="w1", tags=["路亚"])
    task = opened(mei, tags=["路亚"])

    shortlist = mei.browser().get(f"/m/tasks/{task['id']}/matches").text
    briefs = bo.browser().get("/u/matches").text

    assert "契合度" in bo.browser().get("/tasks").text, "the hall's narrow rows hold what is scored"
    for page in (shortlist, briefs):
        assert "双方合作过" in page and "接单可能" in page and "合计" in page
    assert "相对弱项" in shortlist, "Lin never worked for Mei"


def test_who_has_nothing_to_do_with_the_goods_is_not_listed(mei, ada, lin, bo):
    profile(lin)
    profile(bo, categories=["beauty"])
    for n in range(5):
        worked(ada, bo, name=f"beauty{n}", category="beauty", tags=["面膜"])

    assert names(listed(mei, opened(mei))) == ["Lin"]
    assert names(listed(mei, opened(mei, tags=["面膜"]))) == ["Bo", "Lin"], "unless a tag says they do"


def test_the_list_shows_whom_one_has_invited_and_what_each_reason_adds(mei, lin, bo, creators):
    worked(mei, bo, name="w1", tags=["路亚"])
    task = opened(mei, tags=["路亚"])
    page = f"/m/tasks/{task['id']}/matches"
    browser = mei.browser()
    before = browser.get(page).text
    rows = listed(mei, task)

    ask(mei, task, bo)
    after = browser.get(page).text

    assert before.count("邀请报价") == 2 and after.count("邀请报价") == 1 and "等待回应" in after
    for reason in rows[0]["reasons"]:
        assert f'<span class="num">{reason["share"] * 100:.0f}%</span>' in before, "as in the table below"


def test_who_has_no_profile_is_led_to_it_from_the_empty_list(bo):
    page = bo.browser().get("/u/matches").text

    assert 'href="/u/profile"' in page.split("<main")[1]
    assert "填写资料" in page
