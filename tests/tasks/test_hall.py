"""任务大厅: what is open, filtered and sorted."""

from datetime import timedelta

from market.kit import clock
from market.tasks import registry
from tests.briefs import later, opened, problem


def titles(player, query=""):
    return [each["title"] for each in player.api("GET", f"/tasks{query}").json["data"]]


def test_the_hall_shows_what_takes_bids_now(mei, lin):
    opened(mei, title="开着的需求", bids_close_at=later(5))
    opened(mei, title="快截止的需求", bids_close_at=later(1))
    shut = opened(mei, title="截止的需求")
    mei.api("POST", f"/tasks/{shut['id']}/closing")

    assert titles(lin) == ["快截止的需求", "开着的需求"]
    clock.shift(timedelta(days=2))
    assert titles(lin) == ["开着的需求"]


def test_filters_and_sorting(mei, lin):
    opened(mei, title="鱼竿测试视频", category="outdoor", budget_fen=500_000, bids_close_at=later(2))
    opened(
        mei,
        title="口红试色图文",
        category="beauty",
        format="article",
        budget_fen=900_000,
        bids_close_at=later(4),
    )
    opened(
        mei, title="猫粮试吃直播", category="pets", format="live", budget_fen=200_000, bids_close_at=later(3)
    )

    assert titles(lin, "?category=beauty") == ["口红试色图文"]
    assert titles(lin, "?format=live") == ["猫粮试吃直播"]
    assert titles(lin, "?budget_min_fen=400000&sort=budget") == ["口红试色图文", "鱼竿测试视频"]
    assert titles(lin, "?sort=closing") == ["鱼竿测试视频", "猫粮试吃直播", "口红试色图文"]
    assert titles(lin, "?q=试色") == ["口红试色图文"]
    assert titles(lin, "?q=图文口红") == ["口红试色图文"], "words in any order"
    assert titles(lin, "?q=口紅試色") == ["口红试色图文"], "in traditional characters"
    assert titles(lin, "?q=口红直播") == []


def counts(player, query=""):
    answer = player.api("GET", f"/tasks/facets{query}")
    assert answer.status_code == 200, answer.text
    return {
        facet["group"]: {each["value"]: each["n"] for each in facet["values"]}
        for facet in answer.json["facets"]
    }


def test_behind_each_choice_stands_how_many_it_would_leave(mei, lin):
    opened(mei, title="鱼竿测试视频", category="outdoor", budget_fen=500_000)
    opened(mei, title="帐篷搭建视频", category="outdoor", budget_fen=300_000)
    opened(mei, title="口红试色图文", category="beauty", format="article", budget_fen=900_000)
    shut = opened(mei, title="截止的需求", category="pets")
    mei.api("POST", f"/tasks/{shut['id']}/closing")

    assert counts(lin)["category"] == {"outdoor": 2, "beauty": 1}
    assert counts(lin)["format"] == {"video": 2, "article": 1}
    narrowed = counts(lin, "?category=outdoor")
    assert narrowed["format"] == {"video": 2}
    assert narrowed["category"] == {"outdoor": 2, "beauty": 1}, "its own choice does not count"
    assert counts(lin, "?budget_min_fen=400000")["category"] == {"outdoor": 1, "beauty": 1}
    assert counts(lin, "?q=口红试色") == {
        "category": {"beauty": 1},
        "format": {"article": 1},
        "length": {},
        "campaign_code": {},
        "budget": {"300000-1000000": 1},
    }
    for query in ("?category=outdoor", "?format=article", "?q=视频"):
        (facet, value) = ("format", "video") if "category" in query else ("category", "beauty")
        left = titles(lin, f"{query}&{facet}={value}")
        assert counts(lin, query)[facet].get(value, 0) == len(left)


def test_budgets_are_chosen_by_bands_together_with_the_other_facets(mei, lin):
    for title, budget_fen in (
        ("四百元的视频", 40_000),
        ("九百九十九元的视频", 99_999),
        ("一千元的视频", 100_000),
        ("五万元的视频", 5_000_000),
    ):
        opened(mei, title=title, budget_fen=budget_fen)
    opened(mei, title="一千元的图文", budget_fen=100_000, format="article")

    assert counts(lin)["budget"] == {
        "0-50000": 1,
        "50000-100000": 1,
        "100000-300000": 2,
        "3000000-": 1,
    }
    assert counts(lin, "?format=video&budget=3000000-") == {
        "category": {"outdoor": 1},
        "format": {"video": 1},
        "length": {"long": 1},
        "campaign_code": {},
        "budget": {"0-50000": 1, "50000-100000": 1, "100000-300000": 1, "3000000-": 1},
    }
    assert titles(lin, "?budget=50000-100000") == ["九百九十九元的视频"]
    assert titles(lin, "?budget=100000-300000") == ["一千元的图文", "一千元的视频"]
    assert titles(lin, "?budget=100000-300000&format=video") == ["一千元的视频"]
    assert titles(lin, "?budget=3000000-&budget_min_fen=5000001") == []
    assert titles(lin, "?budget=0-50000&sort=budget") == ["四百元的视频"]
    assert problem(lin.api("GET", "/tasks?budget=1-2"))[0] == 422

    page = lin.browser().get("/tasks?budget=100000-300000").text
    assert "¥1,000–¥3,000 · 2<" in page and "¥500 以下 · 1<" in page
    assert "一千元的图文" in page and "四百元的视频" not in page


def test_videos_are_chosen_by_the_wanted_length(mei, lin):
    opened(mei, title="十秒开箱", length="short")
    opened(mei, title="一分半评测", length="long")
    opened(mei, title="多长都行", length=None)
    opened(mei, title="图文笔记", format="article")

    assert counts(lin)["length"] == {"short": 1, "long": 1}
    assert counts(lin, "?length=short")["length"] == {"short": 1, "long": 1}
    assert counts(lin, "?length=short")["format"] == {"video": 1}
    assert titles(lin, "?length=short") == ["十秒开箱"]
    assert titles(lin, "?length=long&format=article") == []
    assert problem(lin.api("GET", "/tasks?length=endless"))[0] == 422
    page = lin.browser().get("/tasks?length=long").text
    assert "60 秒以上 · 1<" in page and "一分半评测" in page and "十秒开箱" not in page


def test_the_hall_and_the_bidders_page_show_the_counts(mei, lin):
    opened(mei, category="outdoor")

    for page in ("/tasks", "/u/tasks?tab=all"):
        text = lin.browser().get(page).text
        assert "户外渔具 · 1<" in text and "图文 · 0<" in text, page


def test_pages_follow_the_key_in_every_order(mei, lin):
    for n in range(5):
        opened(mei, title=f"第 {n} 个需求", budget_fen=100_000)

    for sort in ("new", "budget", "closing"):
        seen, cursor = [], ""
        while True:
            page = lin.api("GET", f"/tasks?limit=2&sort={sort}{cursor}").json
            seen += [each["title"] for each in page["data"]]
            if not page["next_cursor"]:
                break
            cursor = f"&cursor={page['next_cursor']}"
        assert sorted(seen) == [f"第 {n} 个需求" for n in range(5)], sort


def test_mine_are_of_any_state_and_only_mine(mei, lin):
    opened(mei)
    mei.api("POST", "/tasks", json={"category": "food", "format": "video"})

    assert [each["state"] for each in mei.api("GET", "/tasks?mine=true").json["data"]] == ["draft", "open"]
    assert len(mei.api("GET", "/tasks?mine=true&state=draft").json["data"]) == 1
    assert lin.api("GET", "/tasks?mine=true").json["data"] == []


def test_a_brief_is_read_without_signing_in(mei, app):
    task = opened(mei)
    visitor = app.test_client()

    assert "碳素鱼竿承重测试短视频" in visitor.get("/tasks").text
    page = visitor.get(f"/t/{task['id']}")
    assert "登录后投稿" in page.text
    assert "救生衣" in page.text
    assert visitor.get("/t/tsk_1111111111111111111111").status_code == 404
    assert visitor.get("/t/nonsense").status_code == 404


def test_the_api_wants_a_key(app):
    answer = app.test_client().get("/api/v1/tasks")

    assert problem(answer)[0] == 401


def test_fit_stands_on_the_tickets_when_something_measures_it(mei, lin, monkeypatch):
    opened(mei)
    monkeypatch.setattr(registry, "_fits", [])
    registry.register_fits(
        lambda creator_id, tasks: {task.id: registry.Fit(0.87, "同类目 12 单") for task in tasks}
    )

    page = lin.browser().get("/tasks").text

    assert "契合度 87" in page
    assert "同类目 12 单" in page
