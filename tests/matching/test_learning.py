"""What lists showed is kept and counted; a model learned from it is used only when an operator says so."""

from datetime import timedelta
from threading import Barrier, Thread
from uuid import UUID

import numpy as np
import pytest

from market.kit import ids
from market.matching import acceptance
from market.matching.scoring import HAND
from tests.briefs import opened, problem
from tests.conftest import Player, submit
from tests.house.test_statements import newcomer
from tests.matching.conftest import listed
from tests.play import shift as later

TRUTH = np.array([-0.5, 4.0, 0.5, -1.0, 3.0])


def drawn(n: int, truth=TRUTH, seed: int = 1):
    """Signs of `n` invitations, and the answers a world with these weights gives."""
    draw = np.random.default_rng(seed)
    signs = np.column_stack(
        [
            draw.uniform(-0.2, 0.7, n),
            draw.uniform(0, 1, n),
            draw.exponential(0.2, n),
            draw.uniform(-0.4, 0.4, n),
        ]
    )
    x = acceptance.table(signs.tolist())
    return x, (draw.random(n) < acceptance.chances(x, truth)).astype(float)


def test_from_many_answers_the_weights_come_near_the_truth():
    x, yes = drawn(20_000)

    assert acceptance.fit(x, yes) == pytest.approx(TRUTH, abs=0.4)


def test_few_answers_move_the_weights_little():
    x, yes = drawn(5)

    assert np.abs(acceptance.fit(x, yes) - np.array(HAND)).max() < 1.0


def test_a_better_model_is_clearly_better_on_later_answers_and_the_same_is_not():
    x, yes = drawn(4000)
    made = acceptance.fit(x[:3200], yes[:3200])
    briefs = [at // 4 for at in range(800)]

    better = acceptance.judge(x[3200:], yes[3200:], briefs, np.array(HAND), made)
    same = acceptance.judge(x[3200:], yes[3200:], briefs, made, made)

    assert better.is_clear
    assert better.gain == pytest.approx(better.present - better.candidate)
    assert (same.gain, same.is_clear) == (0.0, False)


def test_where_the_truth_is_already_known_a_fit_is_not_called_better():
    clear = 0
    for seed in range(20):
        x, yes = drawn(1000, np.array(HAND), seed)
        made = acceptance.fit(x[:800], yes[:800])
        clear += acceptance.judge(x[800:], yes[800:], range(200), np.array(HAND), made).is_clear

    assert clear <= 2


def test_answers_to_one_brief_are_one_witness():
    x, yes = drawn(400)
    made = acceptance.fit(x, yes)
    twice, said = np.repeat(x, 4, axis=0), np.repeat(yes, 4)

    apart = acceptance.judge(x, yes, range(400), np.array(HAND), made)
    together = acceptance.judge(twice, said, [at // 4 for at in range(1600)], np.array(HAND), made)

    assert together.error == pytest.approx(apart.error), "copies of an answer make nothing surer"


def rows(app) -> list:
    from market.kit.db import db
    from market.matching.learned_models import Showing

    with app.app_context():
        return list(db.session.query(Showing).order_by(Showing.side, Showing.position))


def test_a_list_opened_twice_a_day_is_kept_once_and_an_operators_look_not_at_all(app, mei, zhou, creators):
    task = opened(mei)
    listed(zhou, task)
    assert rows(app) == []

    first = listed(mei, task)
    listed(mei, task)

    kept = rows(app)
    assert [(row.side, row.times, row.position) for row in kept] == [("creators", 2, 1), ("creators", 2, 2)]
    assert [ids.encode("pty", row.creator_id) for row in kept] == [row["creator_id"] for row in first]
    for row, shown in zip(kept, first, strict=True):
        logit = HAND[0] + sum(w * s for w, s in zip(HAND[1:], row.signs, strict=True))
        assert shown["acceptance"] == pytest.approx(1 / (1 + np.exp(-logit)), abs=1e-3)


def test_from_showing_to_delivery_each_pair_is_counted_once(app, mei, lin, bo, zhou, creators):
    task = opened(mei)
    page = mei.browser()
    assert page.get(f"/m/tasks/{task['id']}/matches").status_code == 200
    listed(mei, task)
    to = page.get(f"/m/tasks/{task['id']}/matches/{ids.encode('pty', lin.party_id)}")
    assert (to.status_code, to.location.startswith("/c/")) == (303, True)
    asked = mei.api(
        "POST", f"/tasks/{task['id']}/invitations", json={"creator_id": ids.encode("pty", lin.party_id)}
    )
    assert asked.status_code == 201, asked.text
    assert lin.api("GET", "/matches").status_code == 200
    lin.browser().get(f"/u/matches/{task['id']}")

    told = zhou.api("GET", "/match-funnel").json["data"]

    shown = {each.pop("side"): each for each in told}
    nothing = {"answered": 0, "accepted": 0, "delivered": 0}
    assert shown["creators"] == {"shown": 2, "opened": 1, "invited": 1} | nothing
    assert shown["briefs"]["opened"] == shown["briefs"]["shown"] == 1


def test_nothing_is_opened_from_anothers_list(app, mei, bo, creators):
    task = opened(mei)
    listed(mei, task)

    bo.browser().get(f"/m/tasks/{task['id']}/matches/{ids.encode('pty', bo.party_id)}")

    assert [row.opened_at for row in rows(app)] == [None, None]


def test_what_was_shown_long_ago_is_forgotten(app, mei, creators):
    from market.kit.db import transaction
    from market.matching import learning

    listed(mei, opened(mei))
    later(24 * (learning.KEPT_DAYS - 1))
    with app.app_context(), transaction():
        assert learning.forget() == 0
    later(48)
    with app.app_context(), transaction():
        assert learning.forget() == 2
    assert rows(app) == []


def answered(app, mei: Player, n: int, seed: int = 1) -> None:
    """`n` creators were shown to each of four briefs of Mei's, invited, and answered as TRUTH has it."""
    from market.bids.models import Invitation, InvitationState
    from market.kit.clock import now
    from market.kit.db import db, transaction
    from market.matching.learned_models import Showing, Side

    x, yes = drawn(4 * n, seed=seed)
    briefs = [ids.decode("tsk", opened(mei, title=f"路亚竿测评 {at}")["id"]) for at in range(4)]
    creators = [newcomer(app, "creator", at).party_id for at in range(n)]
    pairs = [(task_id, creator_id) for task_id in briefs for creator_id in creators]
    with app.app_context(), transaction():
        for at, (task_id, creator_id) in enumerate(pairs):
            db.session.add(
                Showing(
                    side=Side.CREATORS,
                    task_id=task_id,
                    creator_id=creator_id,
                    day=now().date(),
                    times=1,
                    position=1,
                    fit=0.5,
                    acceptance=0.5,
                    signs=[float(each) for each in x[at, 1:]],
                )
            )
        db.session.flush()
        for at, (task_id, creator_id) in enumerate(pairs):
            state = InvitationState.ACCEPTED if yes[at] else InvitationState.DECLINED
            sent = Invitation(task_id=task_id, creator_id=creator_id, expires_at=now() + timedelta(days=3))
            sent.state = state
            db.session.add(sent)
            db.session.flush()  # one by one: they are answered in the order of their keys


def refit(app, least: int = 100):
    from market.matching import learning

    with app.app_context():
        return learning.refit(least)


def test_too_few_answers_make_no_model(app, mei):
    assert refit(app) is None


def test_a_new_version_is_judged_and_waits_and_only_a_click_puts_it_into_use(app, mei, lin, zhou, creators):
    answered(app, mei, 60)
    model = refit(app)
    assert (model.cases, model.report["on"], model.report["answers"]) == (192, 48, 240)
    task = opened(mei)
    before = {row["name"]: row["acceptance"] for row in listed(mei, task)}
    newest, hand = zhou.api("GET", "/acceptance-models").json["data"]
    assert (newest["active"], hand["active"], hand["weights"]) == (False, True, list(HAND))

    path = f"/acceptance-models/{newest['id']}/promotion"
    assert problem(mei.api("POST", path, json={"reason": "x"}))[0] == 403
    assert problem(zhou.api("POST", path, json={"reason": " "}))[0] == 422
    done = zhou.api("POST", path, json={"reason": "误差少了两倍标准误以上"})

    assert (done.json["active"], done.json["reason"]) == (True, "误差少了两倍标准误以上")
    after = {row["name"]: row["acceptance"] for row in listed(mei, task)}
    assert before != after
    assert problem(zhou.api("POST", path, json={"reason": "again"}))[:2] == (409, "already-active")
    back = zhou.api("POST", f"/acceptance-models/{hand['id']}/promotion", json={"reason": "先换回"})
    assert back.json["active"]
    assert {row["name"]: row["acceptance"] for row in listed(mei, task)} == before


def test_an_invitation_that_ended_with_its_brief_is_no_answer(app, mei):
    from market.bids.models import Invitation, InvitationState
    from market.kit.db import db, transaction
    from market.matching import learning

    answered(app, mei, 2)
    with app.app_context(), transaction():
        db.session.query(Invitation).update({Invitation.state: InvitationState.EXPIRED})
    with app.app_context():
        assert learning.answers() == []


def test_of_two_promotions_at_once_one_version_is_in_use(app, mei, zhou):
    from market.kit.db import db
    from market.matching.learned_models import AcceptanceModel

    answered(app, mei, 30)
    made: list[UUID] = [refit(app).id, refit(app).id]
    ready = Barrier(2)

    def promote(model_id: UUID) -> None:
        ready.wait()
        zhou.api(
            "POST",
            f"/acceptance-models/{ids.encode('acm', model_id)}/promotion",
            json={"reason": "试用"},
        )

    hands = [Thread(target=promote, args=(each,)) for each in made]
    for each in hands:
        each.start()
    for each in hands:
        each.join()

    with app.app_context():
        assert db.session.query(AcceptanceModel).filter_by(active=True).count() == 1


def test_the_console_shows_the_difference_and_takes_a_reason(app, mei, zhou):
    desk = zhou.browser()
    assert "还没有展示记录" in desk.get("/ops/learning").text
    answered(app, mei, 30)
    model = refit(app)
    page = desk.get("/ops/learning").text
    assert not model.report["clear"], "the later answers are to one brief"
    assert "没有明显更好" in page
    assert f"{abs(model.report['gain']):.4f}" in page
    assert f"{model.report['error']:.4f}" in page
    action = f"/ops/learning/{ids.encode('acm', model.id)}/promotion"

    assert submit(desk, "/ops/learning", action, reason="").status_code == 422
    assert submit(desk, "/ops/learning", action, reason="看过了，换用").status_code == 303
    assert "看过了，换用" in desk.get("/ops/learning").text
    assert "Learning from matches" in desk.get("/ops/learning?lang=en").text


def test_answers_to_one_brief_alone_are_never_clear():
    x, yes = drawn(400)
    made = acceptance.fit(x, yes)

    judged = acceptance.judge(x, yes, [1] * 400, np.array(HAND), made)

    assert judged.gain > 2 * judged.error > 0
    assert not judged.is_clear
