"""Faults acted out on the running copy: parts go away while people click, and everything finds its end by itself."""

import json
import os
import re
import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
import requests

from tests.journey.conftest import Site
from tests.journey.test_through_the_api import Caller, opened
from tests.media.clips import clip_with_words

THREAD = re.compile(r'action="(/threads/[^"]+)"')


def until(truth: Callable[[], Any], seconds: float = 60, what: str = "") -> Any:
    """Ask for a condition; the time is only how long we are patient."""
    end = time.monotonic() + seconds
    while not (found := truth()):
        assert time.monotonic() < end, what or "it did not come true"
        time.sleep(0.1)
    return found


class Clicker:
    """Somebody before the pages, without a browser."""

    def __init__(self, site: Site, name: str, lang: str = "zh-CN") -> None:
        self.site = site
        self.session = requests.Session()
        self.session.headers["Accept-Language"] = lang
        them = next(each for each in site.facts["signins"] if each["email"].startswith(f"{name}@"))
        answer = self.posts("/login", "/login", email=them["email"], password=them["password"])
        assert answer.status_code == 303, answer.text

    def gets(self, path: str) -> requests.Response:
        return self.session.get(self.site.address + path, timeout=60, allow_redirects=False)

    def fields(self, page: str) -> dict[str, str]:
        """The hidden fields every form of the page needs."""
        text = self.gets(page).text
        named = (
            re.search(rf'name="{name}" value="([^"]+)"', text) for name in ("csrf_token", "idempotency_key")
        )
        return {str(found[0].split('"')[1]): found[1] for found in named if found}

    def sends(self, page: str, action: str, **fields: str) -> requests.Response:
        return self.session.post(
            self.site.address + action,
            data=fields,
            headers={"Referer": self.site.address + page},
            timeout=60,
            allow_redirects=False,
        )

    def posts(self, page: str, action: str, **fields: str) -> requests.Response:
        return self.sends(page, action, **self.fields(page) | fields)


@pytest.fixture
def database(copy: Site) -> Iterator[psycopg.Connection]:
    with psycopg.connect(copy.facts["database_url"].replace("+psycopg", ""), autocommit=True) as connection:
        yield connection


@pytest.fixture
def order(copy: Site, database: psycopg.Connection) -> dict[str, str]:
    """An order of baicao's that waits for its money; tang is the creator."""
    merchant, creator = Caller(copy, "baicao"), Caller(copy, "tang")
    task = opened(merchant, "article")
    me = creator.call("GET", "/me")["party"]["id"]
    for week in creator.call("GET", f"/creators/{me}/calendar")[
        "weeks"
    ]:  # others here have filled some of them
        creator.call("PUT", f"/creators/{me}/calendar", json={"monday": week["monday"], "slots": 50})
    offer = {"creator_id": me, "price_fen": 300_000, "plan": "先发脚本，确认后三天内交付。"}
    close = merchant.call("GET", f"/tasks/{task}")["deadline"][:10]
    bid = Caller(copy, "ada").call("POST", f"/tasks/{task}/bids", 201, json=offer | {"delivery_on": close})
    made = merchant.pays("POST", f"/tasks/{task}/award", json={"bid_id": bid["id"], "price_fen": 300_000})
    return {"id": made["id"], "room": f"/orders/{made['id']}"}


def process(copy: Site, name: str) -> dict[str, Any]:
    table = Path(copy.facts["home"]) / "run" / "processes.json"
    return dict(json.loads(table.read_text())[name])


@contextmanager
def away(copy: Site, database: psycopg.Connection) -> Iterator[None]:
    """PostgreSQL can be reached by nobody: its door is hidden, and who was inside is sent out."""
    door = Path(copy.facts["sockets"]["postgres"])
    hidden = door.with_name("hidden")
    door.rename(hidden)
    try:
        database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE usename = current_user AND pid <> pg_backend_pid()"
        )
        yield
    finally:
        hidden.rename(door)


@pytest.mark.parametrize(
    ("lang", "words"), [("zh-CN", "服务暂时不可用"), ("en-US", "is not available right now")]
)
def test_without_the_database_pages_say_so_and_come_back_by_themselves(
    copy: Site, database: psycopg.Connection, lang: str, words: str
) -> None:
    wen, stranger = Clicker(copy, "wen", lang), requests.Session()
    stranger.headers["Accept-Language"] = lang
    wen.gets(f"/feed?lang={lang[:2]}")
    form = wen.fields("/settings")
    names = "SELECT name FROM parties WHERE role = 'viewer' ORDER BY id"
    before = database.execute(names).fetchall()

    with away(copy, database):
        seen = {path: wen.gets(path) for path in ("/feed", "/settings", "/inbox")}
        seen["stranger"] = stranger.get(f"{copy.address}/tasks", timeout=60)
        seen["post"] = wen.sends("/settings", "/settings", **form, name="改到一半")
        key = {"Authorization": Caller(copy, "wen").session.headers["Authorization"]}
        asked = {"Accept-Language": lang, **key}
        problem = requests.get(f"{copy.address}/api/v1/tasks", headers=asked, timeout=60)
        for name, answer in seen.items():
            assert answer.status_code == 503, (name, answer.status_code)
            assert answer.headers["Retry-After"] and words in answer.text, name
        assert problem.status_code == 503 and problem.headers["Retry-After"]
        assert problem.json()["type"].endswith("/unavailable") and words in problem.json()["detail"]

    until(lambda: all(wen.gets(path).status_code == 200 for path in ("/feed", "/settings", "/inbox")))
    assert database.execute(names).fetchall() == before, "half of a form was saved"


def test_redis_emptied_and_killed_while_people_click_loses_nothing(
    copy: Site, database: psycopg.Connection, order: dict[str, str]
) -> None:
    mei, lin = Clicker(copy, "baicao"), Clicker(copy, "tang")
    words = [f"第 {n} 句 {secrets.token_hex(4)}" for n in range(12)]
    thread = THREAD.search(mei.gets(order["room"]).text)
    assert thread
    form, answers = mei.fields(order["room"]), []

    def click() -> None:
        for text in words:
            answers.append(mei.sends(order["room"], thread[1], **form, text=text).status_code)
            answers.append(lin.gets("/inbox").status_code)

    clicking = threading.Thread(target=click)
    clicking.start()
    until(lambda: len(answers) >= 4)
    store = redis.Redis.from_url(copy.facts["redis_url"])
    store.flushall()
    until(lambda: len(answers) >= 10)
    restarts = process(copy, "redis")["restarts"]
    os.kill(process(copy, "redis")["pid"], signal.SIGKILL)
    clicking.join(120)

    assert set(answers) == {200, 303}, answers
    until(lambda: process(copy, "redis")["restarts"] > restarts and process(copy, "redis")["answers"])
    said = lin.gets(order["room"]).text
    assert all(said.count(text) >= 1 for text in words)
    # Each message is an event; its notice comes although its bell may never have rung.
    told = "SELECT count(DISTINCT data->>'excerpt') FROM notices WHERE name = 'message.sent' AND data->>'excerpt' = ANY(%s)"
    until(lambda: database.execute(told, [words]).fetchone() == (len(words),), what="notices are missing")


def test_behind_a_full_queue_pages_answer_and_the_work_is_done(
    copy: Site, database: psycopg.Connection, order: dict[str, str]
) -> None:
    flood = """
        INSERT INTO work_items (handler, subject_id, data, key, due_at, state, attempts)
        SELECT 'orders.lapse', o.id, '{}', 'flood:' || %s || ':' || n, now() - interval '1 hour', 'waiting', 0
        FROM generate_series(1, 600) n, (SELECT id FROM orders WHERE state = 'completed' LIMIT 1) o"""
    tag = secrets.token_hex(4)
    database.execute(flood, [tag])
    left = "SELECT count(*) FROM work_items WHERE key LIKE %s AND state = 'waiting'"
    mine = [f"flood:{tag}:%"]
    mei = Clicker(copy, "baicao")
    thread = THREAD.search(mei.gets(order["room"]).text)
    assert thread
    text = f"排在后面 {tag}"

    assert mei.posts(order["room"], thread[1], text=text).status_code == 303
    assert mei.gets("/m").status_code == 200

    told = "SELECT count(*) FROM notices WHERE data->>'excerpt' = %s"
    until(lambda: database.execute(told, [text]).fetchone() != (0,), 90, "the click's own work was not done")
    until(lambda: database.execute(left, mine).fetchone() == (0,), 90, "the flood does not go down")
    bad = "SELECT count(*) FROM work_items WHERE key LIKE %s AND (state <> 'done' OR attempts > 0)"
    assert database.execute(bad, mine).fetchone() == (0,)


def test_a_film_whose_worker_is_killed_is_taken_up_again(copy: Site, tmp_path: Path) -> None:
    creator = Caller(copy, "lin")
    restarts = process(copy, "media")["restarts"]
    killed = []

    def kill_once(asset_id: str) -> None:
        until(lambda: creator.call("GET", f"/assets/{asset_id}")["state"] == "processing")
        os.kill(process(copy, "media")["pid"], signal.SIGKILL)
        killed.append(asset_id)

    asset_id = creator.uploads(clip_with_words(tmp_path / "被打断.mp4"), "video", meanwhile=kill_once)

    assert killed == [asset_id]
    assert creator.call("GET", f"/assets/{asset_id}")["state"] == "ready"
    assert process(copy, "media")["restarts"] == restarts + 1


@pytest.mark.parametrize("fault", [{"status": 500}, {"delay_s": 12}], ids=["answers 500", "answers nothing"])
def test_when_stripe_fails_the_page_says_so_and_the_click_can_be_repeated(
    copy: Site, database: psycopg.Connection, order: dict[str, str], fault: dict[str, Any]
) -> None:
    mei = Clicker(copy, "baicao")
    asked = {"kind": "api", "path_prefix": "/v1/checkout/sessions", "times": 2, **fault}
    requests.post(f"{copy.stripe}/_sandbox/faults", json=asked, timeout=10).raise_for_status()

    first = mei.posts(order["room"], f"{order['room']}/checkouts")

    assert first.status_code == 303 and first.headers["Location"].startswith("/checkouts/")
    page = mei.gets(first.headers["Location"]).text
    assert "没有发生扣款" in page and "自动重试" in page
    until(lambda: "继续支付" in mei.gets(first.headers["Location"]).text, what="the worker did not go on")
    again = mei.posts(order["room"], f"{order['room']}/checkouts")
    assert again.status_code == 303 and again.headers["Location"].startswith(copy.stripe)
    rows = "SELECT count(*) FROM checkouts WHERE session_id = %s"
    session = next(
        part for part in again.headers["Location"].split("?")[0].split("/") if part.startswith("cs_")
    )
    assert database.execute(rows, [session]).fetchone() == (1,)


def test_a_double_click_on_pay_and_the_back_button_lead_to_one_payment(
    copy: Site, database: psycopg.Connection, order: dict[str, str]
) -> None:
    mei = Clicker(copy, "baicao")
    form, answers = mei.fields(order["room"]), []
    gate = threading.Barrier(4)

    def click() -> None:
        gate.wait(60)
        answers.append(mei.sends(order["room"], f"{order['room']}/checkouts", **form))

    clicks = [threading.Thread(target=click) for _ in range(4)]
    for each in clicks:
        each.start()
    for each in clicks:
        each.join(60)

    # Who clicked while Stripe was being asked waits on our own page, which leads on to the same payment.
    places = {answer.headers["Location"] for answer in answers}
    assert {answer.status_code for answer in answers} == {303}
    hosted = {place for place in places if place.startswith(copy.stripe)}
    assert len(hosted) == 1 and len(places) <= 2, places
    session = next(part for part in hosted.pop().split("?")[0].split("/") if part.startswith("cs_"))
    requests.post(
        f"{copy.stripe}/_sandbox/pay/{session}", json={"method": "card"}, timeout=20
    ).raise_for_status()
    until(lambda: "等待创作者提交脚本" in mei.gets(order["room"]).text)

    late = mei.sends(
        order["room"], f"{order['room']}/checkouts", **form
    )  # back to the stale page, and pay again

    assert late.status_code == 303 and not late.headers["Location"].startswith(copy.stripe)
    assert "无需付款" in mei.gets(order["room"]).text or "已收到" in mei.gets(late.headers["Location"]).text
    paid = "SELECT count(*) FROM checkouts WHERE session_id = %s AND state = 'paid'"
    assert database.execute(paid, [session]).fetchone() == (1,)


@pytest.mark.parametrize("how", ["signed out elsewhere", "cookie gone"])
def test_what_was_typed_outlives_an_ended_session(
    people: Any, database: psycopg.Connection, how: str
) -> None:
    """The session ends while a form is being filled in; after the sign-in the words stand there again."""
    lin, title = people("lin"), f"写了很久的标题 {secrets.token_hex(3)}"
    send = "main form:has(#f-body) button[type=submit]"
    lin.signs_in("creator")
    lin.goes("/posts/new")
    lin.page.fill("#f-title", title)
    lin.page.fill("#f-body", "写了很久的正文，不想再写一遍。")
    them = lin.site.sign_in_of("creator")
    if how == "cookie gone":
        lin.context.clear_cookies()
    else:
        database.execute(
            "UPDATE sign_ins SET ended_at = now() WHERE ended_at IS NULL AND person_id ="
            " (SELECT id FROM people WHERE email = %s)",
            [them["email"]],
        )

    lin.presses(send)
    if how == "cookie gone":
        assert "页面已过期" in lin.page.inner_text("h1")
        assert len(lin.complaints) == 1 and "400" in lin.complaints.pop(), (
            "the refused form, and nothing else"
        )
        lin.presses("main a[data-back]")
    assert "/login" in lin.page.url
    lin.page.fill("#f-email", them["email"])
    lin.page.fill("#f-password", them["password"])
    lin.presses("main form:has(#f-email) button[type=submit]")

    assert lin.page.url.endswith("/posts/new")
    assert lin.page.input_value("#f-title") == title
    assert lin.page.input_value("#f-body") == "写了很久的正文，不想再写一遍。"
    assert "还在" in lin.page.inner_text("#live-region")
    lin.presses(send)
    posted = "SELECT count(*) FROM posts WHERE title = %s"
    assert database.execute(posted, [title]).fetchone() == (1,)
    lin.page.go_back()
    lin.page.reload()
    assert database.execute(posted, [title]).fetchone() == (1,), "back and reload sent the form again"
