"""A view counts once per viewer, surface and half hour, whatever is sent again; what is not ours is refused."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import func, select

from market.audience import counting, queries
from market.audience.buffer import MOST, Buffer
from market.audience.models import CountedView, CountingGap, DailyViews, HourlyPlays
from market.audience.tokens import Kind, Surface, placement_token, visit_token
from market.kit import clock
from market.kit.db import db, transaction
from market.kit.ids import decode, encode
from tests.audience.conftest import count, open_page
from tests.conftest import Player
from tests.publication import acts

ALL = ("exposure", "play", "play5", "finish")


@pytest.fixture
def film(ctx, mei: Player, lin: Player) -> str:
    """The address of a film of Lin's on the shelf."""
    url: str = acts.put_on_shelf(acts.accepted(mei, lin)).data["url"]
    return url


def total(app: Flask, url: str) -> tuple[int, int, int, int]:
    with app.app_context():
        sums = queries.reach(decode("vid", url.removeprefix("/v/"))).total
    return sums.exposures, sums.plays, sums.plays5, sums.finishes


def test_each_event_is_in_the_sum_of_its_surface(app: Flask, line: Buffer, film: str, lin: Player):
    grid, player = (open_page(app.test_client(), url) for url in ("/discover", film))

    assert grid.send("exposure").status_code == 204
    assert player.send(*ALL).status_code == 204
    assert count(app) == 5

    told = lin.api("GET", f"/videos/{film.removeprefix('/v/')}/reach").json
    assert told["total"] == {"exposures": 2, "plays": 1, "plays5": 1, "finishes": 1}
    assert {row["surface"]: row["exposures"] for row in told["surfaces"]} == {"discover": 1, "player": 1}
    assert len(told["days"]) == 1
    assert told["gaps"] == []


def test_a_batch_sent_again_and_a_page_reloaded_count_once(app: Flask, line: Buffer, film: str):
    client = app.test_client()
    first = open_page(client, film)
    for _ in range(3):
        first.send("exposure", "play")
    count(app)
    again = open_page(client, film)
    again.send("exposure", "play", "play5")
    first.send("exposure")
    count(app)

    assert total(app, film) == (1, 1, 1, 0)


def test_another_viewer_and_another_half_hour_count_again(app: Flask, line: Buffer, film: str):
    client = app.test_client()
    open_page(client, film).send("play")
    open_page(app.test_client(), film).send("play")
    clock.shift(timedelta(minutes=31))
    open_page(client, film).send("play")
    count(app)

    assert total(app, film) == (0, 3, 0, 0)


def test_one_person_on_two_devices_counts_once(app: Flask, line: Buffer, film: str, wen: Player):
    for _ in range(2):
        open_page(wen.browser(), film).send("play")
    count(app)

    assert total(app, film)[1] == 1


def test_counters_at_the_same_time_lose_and_double_nothing(app: Flask, line: Buffer, film: str):
    pages = [open_page(app.test_client(), film) for _ in range(40)]
    with ThreadPoolExecutor(8) as crowd:
        sent = [crowd.submit(page.send, "play") for page in pages for _ in range(3)]
        counted = [crowd.submit(count, app) for _ in range(6)]
        assert {each.result().status_code for each in sent} == {204}
        for each in counted:
            each.result()
    count(app)

    assert total(app, film)[1] == 40


def test_a_counter_that_died_half_way_is_followed_by_one_that_counts_the_rest_once(
    app: Flask, line: Buffer, film: str
):
    open_page(app.test_client(), film).send("play")
    with app.app_context(), transaction():
        counting.count(next(line.parts()))  # and dies before it could say so
    open_page(app.test_client(), film).send("play")

    count(app)
    count(app)

    assert total(app, film)[1] == 2
    assert not line.is_waiting()


@pytest.mark.parametrize(
    "wrong",
    [
        {"visit": "x"},
        {"visit": "A" * 54},
        {"events": []},
        {"events": ["x.play"]},
        {"events": "play"},
        {"events": [7]},
        {"visit": None},
        {"more": 1},
        {"events": ["a.play"] * 65},
    ],
)
def test_what_is_not_ours_is_refused_whole(app: Flask, line: Buffer, film: str, wrong: dict):
    answer = open_page(app.test_client(), film).send("play", **wrong)

    assert answer.status_code == 422, answer.text
    assert answer.mimetype == "application/problem+json"
    assert not line.is_waiting()


def test_changed_foreign_and_old_tokens_are_refused(app: Flask, line: Buffer, film: str):
    page = open_page(app.test_client(), film)
    visit, place = page.visit, page.placements[0]
    other = placement_token(Kind.VIDEO, Surface.PLAYER, uuid4(), "another secret, not ours, 32 characters")
    for token, event in (
        (other, "play"),
        (place[:-1] + ("A" if place[-1] != "A" else "B"), "play"),
        (place, "like"),
    ):
        answer = page.client.post("/api/v1/views", json={"visit": visit, "events": [f"{token}.{event}"]})
        assert answer.status_code == 422, token
    swapped = {"visit": place, "events": [f"{visit}.play"]}
    assert page.client.post("/api/v1/views", json=swapped).status_code == 422
    with app.app_context():
        old = visit_token("me", None, clock.now().timestamp() - 25 * 3600, app.config["SECRET_KEY"])
    assert page.send("play", visit=old).status_code == 422
    assert not line.is_waiting()


def test_a_good_batch_never_reaches_the_framework_and_a_bad_one_does(app: Flask, line: Buffer, film: str):
    """The short way in is for what is right; everything else is answered by the API, in full."""
    page = open_page(app.test_client(), film)

    taken = page.send("play")
    assert (taken.status_code, taken.data) == (204, b"")
    assert "X-Request-Id" not in taken.headers

    good = {"visit": page.visit, "events": [f"{page.placements[0]}.play5"]}
    as_text = page.client.post("/api/v1/views", data=json.dumps(good), content_type="text/plain")
    more = page.client.post("/api/v1/views", json=good | {"more": 1})
    spaced = page.client.post("/api/v1/views", json=good | {"visit": f" {page.visit} "})
    for answer, status in ((as_text, 422), (more, 422), (spaced, 204)):
        assert answer.status_code == status, answer.text
        assert answer.headers["X-Request-Id"]
    count(app)
    assert total(app, film) == (0, 1, 1, 0)


def test_bodies_are_bounded(app: Flask, line: Buffer, film: str):
    page = open_page(app.test_client(), film)

    assert page.send("play", visit="x" * 20_000).status_code == 413
    assert (
        page.client.post("/api/v1/views", data=b"\xff" * 100, content_type="application/json").status_code
        == 400
    )
    assert page.client.get("/api/v1/views").status_code == 405


def test_a_redis_that_was_lost_is_told(app: Flask, line: Buffer, film: str, lin: Player):
    page = open_page(app.test_client(), film)
    page.send("exposure")
    count(app)
    page.send("play")
    line.redis.delete(line.name, f"{line.name}:mark")
    count(app)

    assert total(app, film) == (1, 0, 0, 0)
    told = lin.api("GET", f"/videos/{film.removeprefix('/v/')}/reach").json
    assert len(told["gaps"]) == 1
    assert "计数中断过" in lin.browser().get(film).text


def test_a_full_buffer_refuses_and_is_told(app: Flask, line: Buffer, film: str):
    page = open_page(app.test_client(), film)
    count(app)
    with line.redis.pipeline() as pipe:
        for _ in range(MOST):
            pipe.rpush(line.name, '{"at":0,"issued":0,"visit":1,"person":null,"seen":[]}')
        pipe.execute()

    assert page.send("play").status_code == 503
    count(app)
    assert page.send("play").status_code == 204
    count(app)

    assert total(app, film)[1] == 1
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(CountingGap)) == 1


def test_a_redis_that_is_away_refuses_and_pages_go_on(app: Flask, line: Buffer, film: str, monkeypatch):
    page = open_page(app.test_client(), film)
    gone = Buffer(Redis.from_url("unix:///nowhere/redis.sock"), line.name)
    monkeypatch.setitem(app.extensions, "views", gone)

    answer = page.send("play")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert page.client.get(film).status_code == 200


def test_marks_are_forgotten_when_their_tokens_no_longer_hold(app: Flask, line: Buffer, film: str):
    open_page(app.test_client(), film).send("play")
    count(app)
    with app.app_context():
        for hours, left in ((24, 1), (75, 0)):
            clock.shift(timedelta(hours=hours))
            with transaction():
                counting.forget()
            assert db.session.scalar(select(func.count()).select_from(CountedView)) == left
        assert db.session.scalar(select(func.sum(DailyViews.plays))) == 1


def test_only_those_whose_work_it_is_see_the_numbers(app: Flask, film: str, cast: dict[str, Player]):
    address = f"/videos/{film.removeprefix('/v/')}/reach"

    seen = {name: player.api("GET", address).status_code for name, player in cast.items()}

    assert seen == {"lin": 200, "mei": 200, "bo": 403, "ada": 403, "wen": 403, "zhou": 403}
    assert app.test_client().get(f"/api/v1{address}").status_code == 401
    assert "还没有人看到它" in cast["lin"].browser().get(film).text
    assert "还没有人看到它" not in cast["wen"].browser().get(film).text
    assert cast["lin"].api("GET", f"/videos/{encode('vid', uuid4())}/reach").status_code == 404


def test_posts_count_on_the_feed_and_on_their_page(app: Flask, line: Buffer, lin: Player, wen: Player):
    made = lin.api("POST", "/posts", json={"title": "先看釉色", "body": "一壶四杯。"}).json
    client = app.test_client()
    for url in ("/feed", f"/posts/{made['id']}"):
        open_page(client, url).send("exposure")
    count(app)

    told = lin.api("GET", f"/posts/{made['id']}/reach").json

    assert {row["surface"]: row["exposures"] for row in told["surfaces"]} == {"feed": 1, "post": 1}
    assert wen.api("GET", f"/posts/{made['id']}/reach").status_code == 403
    assert "曝光" in lin.browser().get(f"/posts/{made['id']}").text


def test_at_which_hours_a_film_was_played_is_counted_with_it(app: Flask, line: Buffer, film: str):
    def told() -> list[int]:
        with app.app_context():
            rows = db.session.scalars(
                select(HourlyPlays).where(HourlyPlays.entry_id == decode("vid", film[3:]))
            )
            return [sum(hour) for hour in zip(*(row.hours for row in rows), strict=True)]

    hour = clock.now().astimezone(counting.DAYS_OF).hour
    open_page(app.test_client(), film).send(*ALL)
    again = open_page(app.test_client(), film)
    again.send("play")
    count(app)
    again.send("play", "play5")
    open_page(app.test_client(), film).send("play")
    count(app)

    assert sum(told()) == 3
    later = clock.now().astimezone(counting.DAYS_OF).hour
    assert sum(told()[each] for each in {hour, later}) == 3
