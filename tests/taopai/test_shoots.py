"""Filming as the API sees it: templates and who changes them, takes, and the film that makes itself."""

from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask

from market.kit import ids
from market.kit.db import db, transaction
from market.media import service
from market.media.models import Asset
from market.taopai import plans, queries, shooting
from market.taopai.models import EditDraft, Shoot
from tests.conftest import Player, drain_all, submit
from tests.media import clips
from tests.media.test_work import put
from tests.taopai.filming import plan
from workers import media as worker


@pytest.fixture
def second(shelf: Path) -> Path:
    target = shelf / "second.mp4"
    return target if target.exists() else clips.clip(target, seconds=1.5, size="320x320")


def begun(lin: Player, zhou: Player, *texts: str, **more: Any) -> Any:
    assert zhou.api("PUT", "/shot-templates/test", json=plan(*texts, **more)).status_code == 200
    made = lin.api("POST", "/shoots", json={"template": "test"})
    assert made.status_code == 201, made.text
    return made.json


def sent(app: Flask, who: Player, film: Path) -> str:
    with app.app_context():
        return ids.encode("ast", put(who, film))


def test_the_house_has_a_sound_template_for_every_category():
    from market.accounts.vocabulary import CATEGORIES

    assert {each["category"] for each in plans.house().values()} == {"", *CATEGORIES}
    for key, each in plans.house().items():
        assert all(shot["hint"] and shot["hint_en"] and shot["label_en"] for shot in each["shots"]), key


def test_operators_change_templates_and_what_has_begun_stays_as_it_was(lin: Player, zhou: Player):
    shoot = lin.api("POST", "/shoots", json={"template": "food"}).json
    changed = plan("新的开场", "", name="改过的")

    assert lin.api("PUT", "/shot-templates/food", json=changed).status_code == 403
    assert lin.api("DELETE", "/shot-templates/food").status_code == 403
    assert zhou.api("PUT", "/shot-templates/Bad Key", json=changed).status_code == 422
    assert zhou.api("PUT", "/shot-templates/food", json=changed).status_code == 200
    offered = {each["key"]: each for each in lin.api("GET", "/shot-templates").json["data"]}
    assert offered["food"]["name"] == "改过的"
    assert lin.api("GET", f"/shoots/{shoot['id']}").json["plan"]["name"] == "开袋到上桌"

    assert zhou.api("PUT", "/shot-templates/food", json={**changed, "is_offered": False}).status_code == 200
    assert "food" not in {each["key"] for each in lin.api("GET", "/shot-templates").json["data"]}
    assert lin.api("POST", "/shoots", json={"template": "food"}).status_code == 404
    assert zhou.api("DELETE", "/shot-templates/food").status_code == 204
    assert zhou.api("DELETE", "/shot-templates/nobody").status_code == 404
    offered = {each["key"]: each for each in lin.api("GET", "/shot-templates").json["data"]}
    assert offered["food"]["name"] == "开袋到上桌"


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"shots": []}, "/shots"),
        ({"shots": [{"label": "长", "seconds": 31}]}, "/shots/0/seconds"),
        ({"shots": [{"label": "短", "seconds": 2}]}, "/shots"),
        ({"shots": [{"label": "好", "seconds": 5, "text": "好😀"}]}, "/shots/0/text"),
        ({"shots": [{"label": "可选", "seconds": 5, "optional": True}]}, "/shots"),
        ({"music": "beatles"}, "/music"),
        ({"category": "cars"}, "/category"),
    ],
)
def test_what_is_wrong_in_a_template_is_told_at_its_place(zhou: Player, wrong: dict[str, Any], pointer: str):
    said = zhou.api("PUT", "/shot-templates/test", json={**plan("", ""), **wrong})

    assert said.status_code == 422
    assert [each["pointer"] for each in said.json["errors"]] == [pointer]


def test_the_film_is_asked_for_before_its_shots_are_ready_and_then_makes_itself(
    app: Flask, lin: Player, bo: Player, zhou: Player, film: Path, second: Path
):
    shoot = begun(lin, zhou, "一", "二", music="market")
    path = f"/shoots/{shoot['id']}"
    assert bo.api("GET", path).status_code == 404
    assert lin.api("POST", f"{path}/film").status_code == 409, "nothing has been filmed"
    foreign = {"asset_id": sent(app, bo, film)}
    assert lin.api("PUT", f"{path}/takes/0", json=foreign).status_code == 409
    last, first = {"asset_id": sent(app, lin, second)}, {"asset_id": sent(app, lin, film)}
    assert lin.api("PUT", f"{path}/takes/1", json=last).status_code == 200
    assert lin.api("PUT", f"{path}/takes/7", json=last).status_code == 422
    assert lin.api("PUT", f"{path}/takes/0", json=first).status_code == 200

    asked = lin.api("POST", f"{path}/film")
    assert (asked.status_code, asked.json) == (201, {"film": None})
    with app.app_context():
        worker.drain()
        drain_all()
        worker.drain()
        drain_all()
        assert db.session.query(EditDraft).count() == 1, "hearing of each shot makes one film"
    made = lin.api("POST", f"{path}/film").json["film"]

    assert made["state"] == "ready", made["refusal"]
    assert made["duration_ms"] == pytest.approx(2000 + 1500, abs=150)
    draft = lin.api("GET", f"/edits/{lin.api('GET', path).json['draft_id']}").json["edit_list"]
    assert [(clip["asset_id"], clip["out_ms"]) for clip in draft["clips"]] == [
        (first["asset_id"], 2000),
        (last["asset_id"], pytest.approx(1500, abs=100)),
    ]
    assert [(text["text"], text["start_ms"]) for text in draft["texts"]] == [("一", 0), ("二", 2000)]
    assert draft["music"] == {"track": "market", "level": 60, "duck": True}

    again = {"asset_id": sent(app, lin, film)}
    assert lin.api("PUT", f"{path}/takes/1", json=again).json["draft_id"] is None, (
        "another film will come of it"
    )
    assert lin.api("DELETE", path).status_code == 204
    assert lin.api("GET", path).status_code == 404


def test_a_shot_that_was_refused_is_named_and_taken_again(
    app: Flask, lin: Player, zhou: Player, film: Path, tmp_path: Path
):
    shoot = begun(lin, zhou, "", "", seconds=3)
    path = f"/shoots/{shoot['id']}"
    fake = tmp_path / "fake.mp4"
    fake.write_text("#EXTM3U\nhttp://127.0.0.1/a.ts\n")
    for number, each in enumerate((film, fake)):
        assert (
            lin.api("PUT", f"{path}/takes/{number}", json={"asset_id": sent(app, lin, each)}).status_code
            == 200
        )
    with app.app_context():
        worker.drain()

    refused = lin.api("POST", f"{path}/film")
    assert refused.status_code == 409
    assert "镜头2" in refused.json["detail"]
    lin.api("PUT", f"{path}/takes/1", json={"asset_id": sent(app, lin, film)})
    with app.app_context():
        worker.drain()
    assert lin.api("POST", f"{path}/film").json["film"]["state"] == "uploaded"


def test_a_draft_thrown_away_lets_its_shots_become_another(app: Flask, lin: Player, zhou: Player, film: Path):
    path = f"/shoots/{begun(lin, zhou, '', seconds=3)['id']}"
    lin.api("PUT", f"{path}/takes/0", json={"asset_id": sent(app, lin, film)})
    assert lin.api("POST", f"{path}/draft").status_code == 409
    with app.app_context():
        worker.drain()
    one = lin.api("POST", f"{path}/draft").json["id"]
    assert lin.api("POST", f"{path}/draft").json["id"] == one

    assert lin.api("DELETE", f"/edits/{one}").status_code == 204

    assert lin.api("POST", f"{path}/draft").json["id"] != one


def test_asking_just_when_the_last_shot_becomes_ready_is_never_lost(
    app: Flask, lin: Player, zhou: Player, film: Path
):
    shoot_id = ids.decode("sht", begun(lin, zhou, "", seconds=3)["id"])
    asset = sent(app, lin, film)
    lin.api("PUT", f"/shoots/{ids.encode('sht', shoot_id)}/takes/0", json={"asset_id": asset})
    ready = Barrier(2)

    def ask() -> None:
        with app.app_context():
            with transaction():
                shoot = queries.find_shoot(shoot_id, lin.actor, lock=True)
                looked = service.find(ids.decode("ast", asset))
                assert not looked.is_ready
                ready.wait()  # the worker finishes and the listener begins while this is undecided
                shooting.ask_film(shoot, by=lin.actor)
            db.session.remove()

    asking = Thread(target=ask)
    asking.start()
    with app.app_context():
        ready.wait()
        worker.drain()
        drain_all()
        asking.join()
        drain_all()
        db.session.expire_all()
        shoot = db.session.get(Shoot, shoot_id)
        assert shoot and shoot.draft_id
        assert db.session.query(Asset).filter(Asset.options["edit"].is_not(None)).count() == 1


def test_the_operators_form_reorders_drops_and_keeps_what_was_typed(zhou: Player):
    screen = zhou.browser()
    at = "/ops/shot-templates/food"
    typed = {
        "name": "新版", "category": "food", "music": "", "is_offered": "1",
        "shots.0.order": "2", "shots.0.label": "后拍", "shots.0.seconds": "4", "shots.0.guide": "none",
        "shots.1.order": "1", "shots.1.label": "先拍", "shots.1.seconds": "3", "shots.1.guide": "face",
        "shots.2.order": "3", "shots.2.label": "", "shots.2.seconds": "9", "shots.2.guide": "face",
    }  # fmt: skip
    wrong = submit(screen, at, **{**typed, "shots.1.seconds": "99"})
    assert wrong.status_code == 422
    assert "后拍" in wrong.text

    assert submit(screen, at, **typed).status_code == 303

    kept = {each["key"]: each for each in zhou.api("GET", "/shot-templates").json["data"]}["food"]
    assert [(shot["label"], shot["seconds"]) for shot in kept["shots"]] == [("先拍", 3), ("后拍", 4)]
    assert submit(screen, at, f"{at}/deletion").status_code == 303
    assert zhou.api("GET", "/shot-templates").json["data"][3]["name"] == "开袋到上桌"
