"""An order learned from what merchants chose: fitted, judged on later lists, used only when a person says so."""

import math
from itertools import permutations
from uuid import UUID, uuid4

import numpy as np
import pytest

from market.kit import ids
from market.matching import challenger
from market.matching.challenger import Shown
from market.matching.forest import Forest
from market.matching.rankings import by_sum
from market.matching.scoring import TERMS, Reason, Score
from tests.bids.test_invitations import ask
from tests.briefs import opened, problem
from tests.conftest import Player, submit
from tests.matching.conftest import listed, profile

AT = {code: at for at, code in enumerate(TERMS)}
SHOPS = [uuid4() for _each in range(40)]


def lists(n: int, wish: dict[str, float], seed: int = 1, shops: list[UUID] = SHOPS) -> list[Shown]:
    """Merchants who invite the two of twelve whom they like most, with some noise, out of order of the sum."""
    draw = np.random.default_rng(seed)
    weights = np.array([wish.get(code, 0.0) for code in TERMS])
    found = []
    for _each in range(n):
        points = draw.gamma(1.0, 2.0, (12, len(TERMS))).round(4)
        liked = points @ weights + draw.normal(0, 1, 12)
        grades = [0] * 12
        for at in np.argsort(-liked)[:2]:
            grades[at] = 2
        merchant = shops[int(draw.integers(len(shops)))]
        found.append(Shown(merchant, points.tolist(), [0.7] * 12, grades))
    return found


def judged(older: list[Shown], later: list[Shown]) -> challenger.Compared:
    made = challenger.fit(older, by_sum)
    return challenger.judge(later, {each.merchant_id for each in older}, by_sum, made.fit)


def test_what_merchants_look_at_is_learned_and_clearly_better_on_later_lists():
    every = lists(400, {"record": 2.0, "price": 1.0})

    found = judged(every[:320], every[320:])

    assert found.is_clear and found.on == 80
    assert found.candidate > found.present + 0.1


def test_where_merchants_follow_the_sum_nothing_is_called_better():
    every = [lists(260, dict.fromkeys(TERMS, 1.0), seed) for seed in range(8)]

    assert sum(judged(each[:200], each[200:]).is_clear for each in every) == 0


def test_a_few_later_lists_are_never_clear():
    every = lists(320, {"record": 3.0})

    assert not judged(every[:300], every[300:]).is_clear


def test_an_order_that_is_worse_for_new_merchants_is_not_clear():
    """Regulars want one thing, newcomers another; only of the regulars something is known."""
    newcomers = [uuid4() for _each in range(20)]
    regulars = lists(500, {"together": 4.0})
    later = regulars[400:] + lists(40, {"record": 3.0, "price": 3.0, "audience": 3.0}, 2, newcomers)

    found = judged(regulars[:400], later)

    assert found.gain > 2 * found.error > 0 and found.new == 40
    assert found.new_candidate is not None and found.new_present is not None
    assert found.new_candidate < found.new_present and not found.is_clear


@pytest.fixture(scope="module")
def taught() -> list[Shown]:
    return lists(120, {"record": 2.0, "price": 1.0, "traffic": 1.0})


def test_the_trees_say_what_the_library_says(taught):
    import xgboost

    model = challenger.trained(taught)
    forest = Forest(challenger.trees_of(model), 0.0)
    rows = [row for each in taught for row in each.points]

    theirs = model.predict(xgboost.DMatrix(np.asarray(rows, dtype=np.float32)), output_margin=True)

    assert [forest.answer(row) for row in rows] == pytest.approx(theirs.tolist(), abs=1e-4)
    assert Forest.from_json(forest.as_json()) == forest


def test_the_parts_of_the_terms_add_up_to_the_answer(taught):
    forest = challenger.fit(taught, by_sum)

    for row in taught[0].points:
        parts = forest.effects(row)
        assert forest.start + math.fsum(parts) == pytest.approx(forest.answer(row))
        assert min(parts) > -1e-9, "whoever has points is not put back by them"
    assert forest.effects([0.0] * len(TERMS)) == [0.0] * len(TERMS)


def test_the_parts_are_shapley_values(taught):
    """Against the definition: over all orders in which the terms may come, the mean of what each then adds."""
    forest = challenger.fit(taught, by_sum)
    used = [AT[code] for code in ("record", "price", "traffic", "history")]
    row = [taught[0].points[0][at] if at in used else 0.0 for at in range(len(TERMS))]
    mean = dict.fromkeys(used, 0.0)
    orders = list(permutations(used))
    for order in orders:
        so_far = [0.0] * len(TERMS)
        for at in order:
            before = forest.answer(so_far)
            so_far[at] = row[at]
            mean[at] += (forest.answer(so_far) - before) / len(orders)

    assert [forest.effects(row)[at] for at in used] == pytest.approx([mean[at] for at in used], abs=1e-9)


def test_more_points_put_nobody_back(taught):
    forest = challenger.fit(taught, by_sum)

    for row in taught[0].points:
        for at in range(len(TERMS)):
            better = [*row[:at], row[at] + 1.5, *row[at + 1 :]]
            assert forest.answer(better) >= forest.answer(row) - 1e-9


def test_fits_stay_on_the_whole_as_high_as_they_were(taught):
    forest = challenger.fit(taught, by_sum)
    rows = [row for each in taught for row in each.points]

    assert np.mean([forest.fit(row) for row in rows]) == pytest.approx(
        np.mean([by_sum(row) for row in rows]), abs=1e-3
    )


# What merchants chose


def choices(app):
    from market.matching import rankings

    with app.app_context():
        return [each.shown for each in rankings.choices()]


def test_a_choice_is_what_the_merchant_did_after_the_list(app, mei, lin, bo, creators):
    task = opened(mei)
    listed(mei, task)
    assert choices(app) == [], "nobody was chosen"

    ask(mei, task, lin)

    (shown,) = choices(app)
    assert shown.merchant_id == mei.party_id and sorted(shown.grades) == [0, 2]
    assert all(len(row) == len(TERMS) for row in shown.points)
    (row,) = [each for each in listed(mei, task) if each["name"] == "Lin"]
    points = {term["code"]: term["points"] for term in row["terms"]}
    assert shown.points[shown.grades.index(2)][AT["price"]] == pytest.approx(points["price"], abs=1e-3)


def test_machines_of_the_version_before_still_keep_their_lists(app, mei, lin):
    from sqlalchemy import text

    from market.kit.db import db, transaction

    task_id = ids.decode("tsk", opened(mei)["id"])
    with app.app_context(), transaction():
        db.session.execute(
            text("""INSERT INTO match_showings (side, task_id, creator_id, day, times, position, fit, acceptance, signs,
                category, on_page) VALUES ('creators', :task, :creator, current_date, 1, 1, 0.5, 0.5, '{}', '', true)"""),
            {"task": task_id, "creator": lin.party_id},
        )
    assert choices(app) == []


def test_who_was_invited_before_the_list_was_not_chosen_from_it(app, mei, lin, bo, creators):
    task = opened(mei)
    ask(mei, task, lin)
    listed(mei, task)

    assert choices(app) == []


def test_who_was_opened_counts_less_than_who_was_invited(app, mei, lin, bo, creators):
    task = opened(mei)
    listed(mei, task)
    tsk, pty = task["id"], ids.encode("pty", bo.party_id)
    assert mei.browser().get(f"/m/tasks/{tsk}/matches/{pty}").status_code == 303
    ask(mei, task, lin)

    (shown,) = choices(app)
    assert sorted(shown.grades) == [1, 2]


# Versions


def chose_by_price(app, mei: Player, lin: Player, bo: Player, n: int) -> None:
    """Of two on each list the cheaper was invited, whatever else spoke for the other."""
    from market.bids.models import Invitation
    from market.kit.clock import now
    from market.kit.db import db, transaction
    from market.matching.learned_models import Showing, Side

    draw = np.random.default_rng(3)
    tasks = [ids.decode("tsk", opened(mei, title=f"第 {at} 条需求")["id"]) for at in range(n)]
    with app.app_context(), transaction():
        for task_id in tasks:
            cheap = (lin, bo)[int(draw.integers(2))]
            for who in (lin, bo):
                points = draw.uniform(0, 1, len(TERMS))
                points[AT["price"]] = 2.0 if who is cheap else 0.0
                db.session.add(
                    Showing(
                        side=Side.CREATORS,
                        task_id=task_id,
                        creator_id=who.party_id,
                        day=now().date(),
                        times=1,
                        position=1 + (who is bo),
                        fit=0.5,
                        acceptance=0.5,
                        signs=[],
                        points=points.tolist(),
                    )
                )
            db.session.flush()
            sent = Invitation(task_id=task_id, creator_id=cheap.party_id, expires_at=now())
            db.session.add(sent)


def refit(app, least: int = 20):
    from market.matching import rankings

    with app.app_context():
        return rankings.refit(least)


def test_with_few_choices_nothing_is_learned(app, mei):
    assert refit(app) is None


def test_a_learned_order_waits_for_a_click_orders_then_and_tells_its_reasons(app, mei, lin, bo, zhou):
    profile(lin, price_video_fen=990_000)
    profile(bo, price_video_fen=500_000, fans=10)
    with_record(app, lin)
    chose_by_price(app, mei, lin, bo, 25)
    model = refit(app)
    assert (model.cases, model.report["on"], model.report["lists"]) == (20, 5, 25)
    task = opened(mei)
    before = listed(mei, task)
    newest, by_points = zhou.api("GET", "/ranking-models").json["data"]
    assert (newest["active"], by_points["active"], by_points["fitted"]) == (False, True, False)
    assert [row["name"] for row in before] == ["Lin", "Bo"]
    assert before[0]["terms"][0]["effect"] is None

    path = f"/ranking-models/{newest['id']}/promotion"
    assert problem(mei.api("POST", path, json={"reason": "x"}))[0] == 403
    assert problem(zhou.api("POST", path, json={"reason": " "}))[0] == 422
    done = zhou.api("POST", path, json={"reason": "商家看价格"})
    assert (done.status_code, done.json["active"]) == (200, True)

    after = listed(mei, task)
    assert [row["name"] for row in after] == ["Bo", "Lin"]
    assert after[0]["reasons"][0]["code"] == "price" and after[0]["reasons"][0]["effect"] > 0
    assert after[1]["against"]["code"] == "price"
    page = mei.browser().get(f"/m/tasks/{task['id']}/matches").text
    assert "先后由商家以往的选择学来" in page and "推动" in page
    assert bo.browser().get("/u/matches").status_code == 200
    assert problem(zhou.api("POST", path, json={"reason": "again"}))[:2] == (409, "already-active")

    back = zhou.api("POST", f"/ranking-models/{by_points['id']}/promotion", json={"reason": "先换回"})
    assert back.json["active"]
    assert [row["name"] for row in listed(mei, task)] == ["Lin", "Bo"]


def with_record(app, who: Player) -> None:
    from market.kit.clock import now
    from market.kit.db import transaction
    from market.matching import history

    with app.app_context(), transaction():
        history.note(
            "import:record", merchant_id=who.party_id, creator_ids=[who.party_id], at=now(),
            category="outdoor", format="video", tags=[], words="",
        )  # fmt: skip


def test_the_console_shows_both_orders_and_takes_a_reason(app, mei, lin, bo, zhou, creators):
    desk = zhou.browser()
    assert "还没有新排序" in desk.get("/ops/learning").text
    chose_by_price(app, mei, lin, bo, 25)
    model = refit(app)
    page = desk.get("/ops/learning").text
    assert "没有明显更好" in page, "five later lists are too few"
    assert f"{model.report['present']:.4f}" in page and f"{model.report['candidate']:.4f}" in page
    assert "检验的名单里没有新商家" in page
    action = f"/ops/learning/{ids.encode('rkm', model.id)}/order"

    assert submit(desk, "/ops/learning", action, reason="").status_code == 422
    assert submit(desk, "/ops/learning", action, reason="试两周").status_code == 303
    assert "试两周" in desk.get("/ops/learning").text
    english = desk.get("/ops/learning?lang=en").text
    assert "Order learned on" in english and "Sum of the points" in english


def test_without_a_new_merchant_nothing_is_said_of_them(app, mei, lin, bo, zhou, creators):
    from market.kit.db import db, transaction

    chose_by_price(app, mei, lin, bo, 25)
    model = refit(app)
    with app.app_context(), transaction():
        kept = db.session.get_one(type(model), model.id)
        kept.report = kept.report | {"clear": True, "new": 0}

    page = zhou.browser().get("/ops/learning").text

    assert "对新商家好不好还不知道" in page
    assert "新商家的名单没有变差" not in page


def test_a_term_that_hardly_moves_anybody_is_no_reason():
    terms = tuple(
        Reason(code, 1.0, 0.5, str, {}, effect) for code, effect in (("record", 0.4), ("price", 0.01))
    )

    made = Score(2.0, 0.5, 0.5, told=lambda: terms)

    assert [each.code for each in made.reasons] == ["record"]
