"""Red list and warnings: public praise, private warnings, consequences only by an operator's word."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from flask import Flask
from sqlalchemy import func, select

from market.kit import clock
from market.kit.db import db, transaction
from market.kit.figures import figures
from market.standings import service as standings
from market.standings.models import FilmCase, Standing
from market.video import service as video
from tests.conftest import Player, drain_all, submit
from tests.standings.conftest import Films, film, name, on_home, played, rank
from workers import schedule
from workers.subscriptions import TIMERS


def told(who: Player, video_id) -> dict:  # type: ignore[no-untyped-def]
    answer = who.api("GET", f"/videos/{name(video_id)}/standing")
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def notices(who: Player) -> str:
    return who.browser().get("/inbox").text


def test_it_is_computed_within_the_hour():
    assert next(each for each in schedule.ROUTINES if each.name == "standings").every_s <= 3600


def test_the_red_list_praises_with_reasons_and_names_nobody_else(app: Flask, films: Films):
    films.play()
    rank()

    found = app.test_client().get("/api/v1/red-list").json["data"]
    assert [each["video_id"] for each in found] == [name(films.good)]
    assert {each["name"] for each in found[0]["reasons"]} == {"看完率", "5 秒留存", "贴合需求类目"}
    assert "plays" not in found[0]
    page = app.test_client().get("/red-list").text
    assert "好片" in page
    assert "差片" not in page
    assert "学它怎么拍" in page
    assert "平常" not in app.test_client().get("/red-list?lang=en").text.replace("平常的片", "")
    assert app.test_client().get("/red-list?category=food").text.count("红榜还没有视频") == 1


def test_a_bad_film_is_told_to_its_owners_only_and_stays_where_it_is(
    app: Flask, films: Films, mei: Player, lin: Player, bo: Player
):
    films.play()
    rank()
    drain_all()

    assert on_home(app, films.bad)
    for owner in (mei, lin):
        assert told(owner, films.bad)["case"]["state"] == "warned"
        assert "差片" in notices(owner)
        page = owner.browser().get(f"/v/{name(films.bad)}/standing").text
        assert "只有您、合作方和平台知道" in page
        assert "只有同类目、同位置平常的" in page
    assert bo.api("GET", f"/videos/{name(films.bad)}/standing").status_code == 403
    assert bo.browser().get(f"/v/{name(films.bad)}/standing").status_code == 403
    assert "差片" not in notices(bo)
    stranger = app.test_client().get(f"/v/{name(films.bad)}").text
    assert "预警" not in stranger
    assert "数据评分" not in stranger
    assert told(lin, films.usual)["case"] is None


def test_few_plays_warn_nobody(films: Films):
    played(films.usual, 4000, 2400, 800)
    played(films.bad, 40, 0, 0)
    rank()

    assert db.session.scalar(select(func.count()).select_from(FilmCase)) == 0


def test_an_appeal_is_ruled_by_an_operator_and_only_then_the_home_changes(
    app: Flask, films: Films, mei: Player, lin: Player, zhou: Player
):
    films.play()
    rank()
    address = f"/v/{name(films.bad)}"
    case = told(lin, films.bad)["case"]["id"]
    early = zhou.api("POST", f"/film-cases/{case}/ruling", json={"hold": True, "reason": "太早了，还没答复"})
    assert early.status_code == 409

    browser = lin.browser()
    short = submit(browser, f"{address}/standing", f"{address}/appeal", text="冤")
    assert short.status_code == 422
    assert ">\n冤</textarea>" in short.text
    sent = submit(browser, f"{address}/standing", f"{address}/appeal", text="这条是刚开播时的误点，请看看")
    assert sent.status_code == 303
    assert (
        lin.api("POST", f"/videos/{name(films.bad)}/appeal", json={"text": "再说一遍也不行"}).status_code
        == 409
    )
    assert on_home(app, films.bad)
    desk = zhou.browser()
    assert "误点" in desk.get("/ops/films").text
    ruling = {"hold": "true", "reason": "五秒内几乎都划走了"}
    assert submit(desk, "/ops/films", f"/ops/films/{case}", **ruling).status_code == 303
    drain_all()

    assert not on_home(app, films.bad)
    assert "差片" not in app.test_client().get("/discover").text
    assert app.test_client().get(address).status_code == 200
    mine = app.test_client().get(f"/api/v1/videos?creator_id={lin.api('GET', '/me').json['party']['id']}")
    assert name(films.bad) in {each["id"] for each in mine.json["data"]}
    assert "五秒内几乎都划走了" in notices(mei)
    assert "差片" not in desk.get("/ops/films").text

    undone = zhou.api("POST", f"/film-cases/{case}/ruling", json={"hold": False, "reason": "复核后撤销"})
    assert undone.json["state"] == "cleared"
    assert on_home(app, films.bad)
    rank()
    assert told(lin, films.bad)["case"]["state"] == "cleared", "left alone after a ruling"


def test_nobody_but_an_operator_who_composes_rules(films: Films, mei: Player, lin: Player, bo: Player):
    films.play()
    rank()
    case = told(lin, films.bad)["case"]["id"]

    for who in (mei, lin, bo):
        assert who.api("GET", "/film-cases").status_code == 403
        ruling = who.api("POST", f"/film-cases/{case}/ruling", json={"hold": False, "reason": "我说它没有事"})
        assert ruling.status_code == 403
        assert who.browser().get("/ops/films").status_code == 403
    for path, data in {
        "appeal": {"text": "不是我的片子"},
        "mending": {"title": "改个名字", "caption": ""},
    }.items():
        assert bo.api("POST", f"/videos/{name(films.bad)}/{path}", json=data).status_code == 403


def test_silence_brings_it_to_an_operator_and_changes_nothing(
    app: Flask, films: Films, lin: Player, zhou: Player
):
    films.play()
    rank()
    case = db.session.scalars(select(FilmCase)).one()
    with transaction():
        TIMERS[standings.DUE](case.id, {})
    assert told(lin, films.bad)["case"]["state"] == "warned", "not before its time"

    clock.shift(timedelta(hours=figures.low_film_answer_h, minutes=1))
    for _ in "12":
        with transaction():
            TIMERS[standings.DUE](case.id, {})

    assert told(lin, films.bad)["case"]["state"] == "due"
    assert on_home(app, films.bad)
    assert "差片" in zhou.browser().get("/ops/films").text


def test_mended_words_end_the_warning_and_old_numbers_no_longer_count(
    app: Flask, films: Films, mei: Player, lin: Player
):
    films.play()
    rank()
    address = f"/v/{name(films.bad)}"
    words = {"title": "创作者改的", "caption": ""}
    assert lin.api("POST", f"/videos/{name(films.bad)}/mending", json=words).status_code == 403
    same = submit(mei.browser(), f"{address}/standing", f"{address}/mending", title="差片", caption="")
    assert same.status_code == 422
    assert "没有变化" in same.text

    words = {"title": "三步看懂釉色", "caption": "开头就看结果"}
    assert submit(mei.browser(), f"{address}/standing", f"{address}/mending", **words).status_code == 303

    assert film(films.bad).title == "三步看懂釉色"
    assert told(mei, films.bad)["case"]["state"] == "mended"
    rank()
    assert told(mei, films.bad)["case"]["state"] == "mended"
    assert told(mei, films.bad)["standing"] is None
    clock.shift(timedelta(days=1))
    played(films.bad, 400, 300, 200)
    rank()
    assert told(mei, films.bad)["standing"]["plays"] == 400


def test_better_numbers_end_a_case_and_show_the_film_again(
    app: Flask, films: Films, lin: Player, zhou: Player
):
    films.play()
    rank()
    case = told(lin, films.bad)["case"]["id"]
    lin.api("POST", f"/videos/{name(films.bad)}/appeal", json={"text": "请再给几天时间"})
    zhou.api("POST", f"/film-cases/{case}/ruling", json={"hold": True, "reason": "数据确实偏低"})
    assert not on_home(app, films.bad)

    clock.shift(timedelta(days=1))
    played(films.bad, 4000, 3000, 1500)
    rank()

    assert told(lin, films.bad)["case"]["state"] == "recovered"
    assert on_home(app, films.bad)


def test_a_withdrawn_film_leaves_the_lists(app: Flask, films: Films):
    films.play()
    rank()
    with transaction():
        video.withdraw(films.good)
        video.withdraw(films.bad)
    assert app.test_client().get("/api/v1/red-list").json["data"] == []

    rank()

    assert {each.video_id for each in db.session.scalars(select(Standing))} == {films.usual}
    assert db.session.scalars(select(FilmCase)).one().ended_at is not None


def test_computations_at_once_warn_once(app: Flask, films: Films):
    films.play()

    def compute() -> None:
        with app.app_context():
            schedule.rank_films()
            db.session.remove()

    with ThreadPoolExecutor(4) as crowd:
        for each in [crowd.submit(compute) for _ in range(8)]:
            each.result()
    rank()

    assert db.session.scalar(select(func.count()).select_from(FilmCase)) == 1


def test_what_to_learn_from_a_red_film_is_its_structure_and_a_shoot_by_it(
    app: Flask, films: Films, mei: Player, bo: Player
):
    from market.taopai.models import EditDraft, Shoot

    films.play()
    rank()
    clips = [
        {"asset_id": "ast_1", "in_ms": 0, "out_ms": 3000},
        {"asset_id": "ast_2", "in_ms": 500, "out_ms": 6400},
    ]
    address = f"/v/{name(films.good)}/lesson"
    assert "看不到镜头结构" in app.test_client().get(address).text
    with transaction():
        made = {"title": "好片", "edit_list": {"clips": clips}, "film_id": film(films.good).asset_id}
        db.session.add(EditDraft(owner_id=mei.party_id, film_digest="x", **made))

    page = app.test_client().get(address).text
    assert "2 个镜头，共 9 秒" in page
    begun = submit(bo.browser(), address)

    assert begun.status_code == 303
    assert "/uploads/capture/sht_" in begun.headers["Location"]
    shoot = db.session.scalars(select(Shoot)).one()
    assert (shoot.owner_id, [shot["seconds"] for shot in shoot.shots]) == (bo.party_id, [3, 6])
    assert app.test_client().get(f"/v/{name(films.usual)}/lesson").status_code == 404
