"""A dangerous act needs two people, happens once, and only as it was shown."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from market.accounts.actor import Actor, Right
from market.approvals import registry, service
from market.approvals.models import Approval, ApprovalState
from market.kit.db import db, transaction
from market.kit.errors import Conflict
from market.kit.events import history, record
from market.kit.ids import encode
from tests import play
from tests.conftest import Player, drain_all, submit

KIND = "tests.give"


class NothingLeft(Conflict):
    """The world moved on."""


def give(approval: Approval, by: Actor) -> None:
    if approval.content["fen"] > 100:
        raise NothingLeft
    record("tests.given", approval.subject_id, by=by, fen=approval.content["fen"])


@pytest.fixture(autouse=True)
def act() -> Iterator[None]:
    registry.register(
        registry.Act(KIND, "测试", Right.RECONCILE, give, lambda content: [("金额", str(content["fen"]))])
    )
    yield
    registry._acts.pop(KIND)


def ask(who: Player, subject: UUID, fen: int = 7) -> Approval:
    with who.app.app_context(), transaction():
        return service.ask(KIND, subject, {"fen": fen}, reason="对账时发现", by=who.actor)


def consent(who: Player, approval: Approval, *, seen: str | None = None, key: str = "k") -> Any:
    return who.api(
        "POST",
        f"/approvals/{encode('apr', approval.id)}/consent",
        json={"content_hash": seen or approval.hash_hex},
        headers={"Idempotency-Key": key},
    )


def given(app: Flask, subject: UUID) -> int:
    with app.app_context():
        return len(history(subject))


def test_nobody_agrees_to_his_own_request(app: Flask, zhou: Player, qian: Player) -> None:
    subject = uuid4()
    approval = ask(zhou, subject)

    own = consent(zhou, approval)
    refused = zhou.api("POST", f"/approvals/{encode('apr', approval.id)}/refusal", json={"note": "算了"})
    other = consent(qian, approval)

    assert own.status_code == 403 and own.json["type"].endswith("own-request")
    assert refused.status_code == 403
    assert other.status_code == 200 and other.json["state"] == "done"
    assert given(app, subject) == 1


def test_the_database_refuses_ones_own_word_too(app: Flask, zhou: Player) -> None:
    approval = ask(zhou, uuid4())

    with app.app_context(), pytest.raises(IntegrityError, match="never_ones_own"):
        db.session.execute(text("UPDATE approvals SET state = 'done', decided_by = asked_by"))
    assert approval.state is ApprovalState.OPEN


def test_an_act_happens_once_however_many_agree(app: Flask, zhou: Player, qian: Player) -> None:
    subject = uuid4()
    approval = ask(zhou, subject)

    with ThreadPoolExecutor(6) as crowd:
        answers = list(crowd.map(lambda n: consent(qian, approval, key=f"k{n}"), range(6)))

    assert sorted(a.status_code for a in answers) == [200, 409, 409, 409, 409, 409]
    assert given(app, subject) == 1


def test_when_the_act_is_refused_nothing_happened_and_the_request_stays_open(
    app: Flask, zhou: Player, qian: Player
) -> None:
    subject = uuid4()
    approval = ask(zhou, subject, fen=101)

    answer = consent(qian, approval)

    assert answer.status_code == 409 and answer.json["type"].endswith("nothing-left")
    with app.app_context():
        assert db.session.get(Approval, approval.id).state is ApprovalState.OPEN  # type: ignore[union-attr]
    assert given(app, subject) == 0


def test_one_agrees_to_what_one_saw_and_to_what_was_asked(app: Flask, zhou: Player, qian: Player) -> None:
    subject = uuid4()
    approval = ask(zhou, subject)
    other = consent(qian, approval, seen="0" * 64)
    with app.app_context(), transaction():
        db.session.execute(text("UPDATE approvals SET content = '{\"fen\": 9}'"))

    tampered = consent(qian, approval)

    assert [a.json["type"].rsplit("/")[-1] for a in (other, tampered)] == ["content-changed"] * 2
    assert given(app, subject) == 0


def test_a_request_nobody_answers_is_void(app: Flask, zhou: Player, qian: Player) -> None:
    subject = uuid4()
    approval = ask(zhou, subject)
    play.shift(49)

    late = consent(qian, approval)
    with app.app_context():
        drain_all()
        again = ask(zhou, subject)

    assert late.status_code == 409 and late.json["type"].endswith("approval-expired")
    with app.app_context():
        assert db.session.get(Approval, approval.id).state is ApprovalState.EXPIRED  # type: ignore[union-attr]
    assert again.id != approval.id
    assert given(app, subject) == 0


def test_the_same_question_is_one_request(app: Flask, zhou: Player, qian: Player) -> None:
    subject = uuid4()

    with ThreadPoolExecutor(4) as crowd:
        asked = list(crowd.map(lambda n: ask(zhou, subject).id, range(4)))
    other = ask(qian, subject, fen=8)

    assert len(set(asked)) == 1 and other.id not in asked


def test_who_asked_may_take_it_back_and_nobody_else(zhou: Player, qian: Player) -> None:
    approval = ask(zhou, uuid4())
    path = f"/approvals/{encode('apr', approval.id)}/withdrawal"

    foreign, own, again = qian.api("POST", path), zhou.api("POST", path), zhou.api("POST", path)

    assert (foreign.status_code, own.status_code, again.status_code) == (403, 200, 409)
    assert consent(qian, approval).json["type"].endswith("already-decided")


def test_only_operators_see_requests(zhou: Player, mei: Player, lin: Player) -> None:
    approval = ask(zhou, uuid4())
    path = f"/approvals/{encode('apr', approval.id)}"

    assert zhou.api("GET", path).json["content"] == {"fen": 7}
    assert [who.api("GET", path).status_code for who in (mei, lin)] == [404, 404]
    assert mei.api("GET", "/approvals").status_code == 403


def test_the_pages_show_it_to_both_and_the_button_to_the_other(
    app: Flask, zhou: Player, qian: Player
) -> None:
    subject = uuid4()
    approval = ask(zhou, subject)
    page = f"/ops/approvals/{encode('apr', approval.id)}"
    mine, theirs = zhou.browser().get(page).text, qian.browser()

    shown = theirs.get(page).text
    key = re.search(r'name="idempotency_key" value="([^"]+)"', shown)
    assert key and "同意并执行" in shown and "同意并执行" not in mine and "不能自己审批" in mine
    empty = submit(theirs, page, page + "/refusal", note="")
    done = submit(
        theirs, page, page + "/consent", content_hash=approval.hash_hex, idempotency_key=key.group(1)
    )

    assert empty.status_code == 422 and "请填写这一项" in empty.text
    assert done.status_code == 303 and given(app, subject) == 1
    assert "已执行" in theirs.get("/ops/approvals?tab=past").text
