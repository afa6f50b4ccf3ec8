"""Drafts: templates, changes, and what saves itself."""

import pytest

from market.accounts.vocabulary import CATEGORIES, Format
from market.kit.db import db, transaction
from market.kit.ids import decode
from market.shops.models import Product
from market.tasks.templates import filled, templates
from tests.briefs import drafted, later, opened, problem
from tests.conftest import csrf_token, submit

PARTS = ("goal", "key_messages", "deliverables", "shots", "dos", "donts")


def test_every_category_has_a_template_for_every_format():
    assert set(templates()) == set(CATEGORIES)
    assert len(templates()) >= 8
    for category in CATEGORIES:
        for format in Format:
            brief = filled(category, format.value)
            assert all(brief[part] for part in PARTS), (category, format)


def test_fishing_rods_ask_for_a_load_test(mei):
    brief = drafted(mei, category="outdoor", format="video", title=None)

    assert "承重" in brief["title"]
    assert any("承重测试" in line for line in brief["deliverables"])
    assert any("救生衣" in line for line in brief["dos"])


def test_what_is_given_wins_over_the_template(mei):
    brief = drafted(mei, title="我自己的标题", dos=["只这一条"])

    assert (brief["title"], brief["dos"]) == ("我自己的标题", ["只这一条"])
    assert brief["donts"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("budget_fen", 0),
        ("budget_fen", 10**12),
        ("budget_fen", -5),
        ("budget_fen", 1.5),
        ("deadline", "2020-01-01T00:00:00+08:00"),
        ("deadline", "tomorrow"),
        ("category", "weapons"),
        ("format", "hologram"),
        ("campaign_code", "double12-1999"),
        ("revisions", 10),
        ("title", "x" * 81),
        ("merchant_id", "pty_1"),
        ("state", "open"),
        ("key_messages", ["x"] * 9),
        ("rights_channels", ["moon"]),
    ],
)
def test_nonsense_is_refused_at_its_field(mei, field, value):
    answer = mei.api("POST", "/tasks", json={"category": "food", "format": "video", field: value})

    status, _slug, pointers = problem(answer)
    assert status == 422
    assert pointers[0].startswith(f"/{field}")


def test_only_merchants_write_briefs(lin, ada):
    for who in (lin, ada):
        assert problem(who.api("POST", "/tasks", json={"category": "food", "format": "video"}))[0] == 403


def test_a_draft_is_its_merchants_alone(mei, lin, zhou):
    task = drafted(mei)

    for who in (lin, zhou):
        assert problem(who.api("GET", f"/tasks/{task['id']}"))[0] == 404
        assert problem(who.api("PATCH", f"/tasks/{task['id']}", json={}))[0] == 404


def test_a_change_names_the_version_it_saw(mei):
    task = drafted(mei)
    etag = mei.api("GET", f"/tasks/{task['id']}").headers["ETag"]

    first = mei.api("PATCH", f"/tasks/{task['id']}", json={"title": "换个标题"}, headers={"If-Match": etag})
    second = mei.api("PATCH", f"/tasks/{task['id']}", json={"title": "再换一个"}, headers={"If-Match": etag})

    assert (first.status_code, second.status_code) == (200, 412)
    assert mei.api("GET", f"/tasks/{task['id']}").json["title"] == "换个标题"


def test_an_open_brief_is_not_changed(mei):
    task = opened(mei)
    etag = mei.api("GET", f"/tasks/{task['id']}").headers["ETag"]

    answer = mei.api("PATCH", f"/tasks/{task['id']}", json={"budget_fen": 1}, headers={"If-Match": etag})
    cheaper = mei.api("PATCH", f"/tasks/{task['id']}", json={"budget_fen": 200}, headers={"If-Match": etag})

    assert problem(answer)[0] == 422
    assert problem(cheaper)[:2] == (409, "not-draft")


def product(app, player, title="金枪鱼罐头"):
    with app.app_context(), transaction():
        row = Product(merchant_id=player.party_id, title=title, category="food", price_fen=3900, stock=5)
        db.session.add(row)
        db.session.flush()
        from market.kit.ids import encode

        return encode("prd", row.id)


def test_a_brief_names_only_products_of_its_own_shop(mei, lin, app):
    own, foreign = product(app, mei), product(app, lin)

    good = mei.api("POST", "/tasks", json={"category": "food", "format": "video", "product_ids": [own, own]})
    bad = mei.api(
        "POST", "/tasks", json={"category": "food", "format": "video", "product_ids": [own, foreign]}
    )

    assert good.json["product_ids"] == [own]
    assert problem(bad) == (422, "foreign-product", ["/product_ids"])


def start(mei, browser):
    page = browser.get("/m/tasks/new")
    import re

    key = re.search(r'name="idempotency_key" value="([^"]+)"', page.text).group(1)
    data = {
        "csrf_token": csrf_token(page.text),
        "idempotency_key": key,
        "category": "outdoor",
        "format": "video",
    }
    return browser.post("/m/tasks", data=data), data


def test_a_double_click_makes_one_draft(mei):
    browser = mei.browser()

    first, data = start(mei, browser)
    second = browser.post("/m/tasks", data=data)

    assert first.status_code == second.status_code == 303
    assert first.location == second.location
    assert len(mei.api("GET", "/tasks?mine=true").json["data"]) == 1


def test_a_field_saves_itself_and_a_wrong_one_is_named(mei):
    browser = mei.browser()
    page = start(mei, browser)[0].location
    brief = page.removesuffix("/edit").rsplit("/", 1)[-1]
    token = csrf_token(browser.get(page).text)
    form = {
        "csrf_token": token,
        "category": "outdoor",
        "format": "video",
        "title": "自动保存的标题",
        "dos": "第一条\n\n 第二条 ",
    }

    answer = browser.post(f"/m/tasks/{brief}/draft", data=form | {"budget_fen": "一万", "revisions": "3"})

    assert answer.status_code == 200
    assert answer.json["saved"].startswith("已保存")
    assert list(answer.json["errors"]) == ["budget_fen"]
    kept = mei.api("GET", f"/tasks/{brief}").json
    assert (kept["title"], kept["dos"], kept["revisions"]) == ("自动保存的标题", ["第一条", "第二条"], 3)
    assert "自动保存的标题" in browser.get(page).text


def test_nobody_elses_draft_saves_itself(mei, app):
    from market.accounts import service as accounts
    from market.accounts.actor import Role

    task = drafted(mei)
    with app.app_context(), transaction():
        accounts.sign_up(
            email="eve@example.com", password="correct horse battery", name="Eve", role=Role.MERCHANT
        )
    from tests.conftest import Player

    eve = Player(
        app, "eve", "eve@example.com", decode("tsk", task["id"]), decode("tsk", task["id"]), ""
    ).browser()

    for page in (f"/m/tasks/{task['id']}/edit", f"/m/tasks/{task['id']}"):
        assert eve.get(page).status_code == 404
    assert submit(eve, "/m/tasks/new", f"/m/tasks/{task['id']}/draft", title="x").status_code == 404


def test_the_page_opens_a_complete_brief(mei, lin):
    browser = mei.browser()
    page = start(mei, browser)[0].location
    day = later(20)[:16]
    form = {
        "category": "outdoor",
        "format": "video",
        "title": "碳素鱼竿承重测试",
        "goal": "让钓友相信这支竿的强度和手感。",
        "deliverables": "一条 60 秒短视频",
        "budget_fen": "12,000",
        "deadline": day,
        "revisions": "2",
        "rights_months": "6",
        "audience_gender": ["male"],
        "do": "open",
    }

    answer = submit(browser, page, **form)

    assert answer.status_code == 303
    shown = lin.api("GET", "/tasks").json["data"][0]
    assert (shown["title"], shown["budget_fen"], shown["audience"]) == (
        "碳素鱼竿承重测试",
        1_200_000,
        {"gender": ["male"]},
    )
    assert "碳素鱼竿承重测试" in browser.get(answer.location).text


def test_what_is_missing_is_said_at_the_field_and_nothing_typed_is_lost(mei):
    browser = mei.browser()
    page = start(mei, browser)[0].location

    answer = submit(
        browser,
        page,
        category="outdoor",
        format="video",
        title="标题写好了",
        goal="目标也写得足够长了。",
        deliverables="一条短视频",
        deadline="2020-01-01T10:00",
        budget_fen="0",
        do="open",
    )

    assert answer.status_code == 422
    assert "标题写好了" in answer.text
    assert "目标也写得足够长了。" in answer.text
    assert "这个时间已经过去" in answer.text
    assert 'id="f-budget_fen-error"' in answer.text
    assert 'value="2020-01-01T10:00"' in answer.text
