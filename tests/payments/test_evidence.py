"""Answering the bank: both sides' material, files taken by Stripe, one submission in time."""

import base64
import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from market.kit.db import db
from market.kit.ids import encode
from market.payments.chargebacks import ChargebackState
from market.payments.evidence_files import EvidenceFile, FileState
from market.payments.models import StripeCall
from tests import play
from tests.conftest import Player, csrf_token, submit
from tests.payments.bank import chargeback, dispute
from tests.sandbox import Sandbox

PDF = b"%PDF-1.7\n" + b"accepted work " * 40


@pytest.fixture
def dispute_id(app: Flask, mei: Player, lin: Player, sandbox: Sandbox) -> str:
    return dispute(app, sandbox, play.funded(mei, lin, sandbox))


@pytest.fixture
def path(app: Flask, dispute_id: str) -> str:
    return f"/chargebacks/{encode('cbk', chargeback(app, dispute_id).id)}"


def upload(who: Player, path: str, content: bytes = PDF, slot: str = "service_documentation") -> Any:
    return who.api(
        "POST",
        f"{path}/files",
        json={"slot": slot, "filename": "验收.pdf", "content": base64.b64encode(content).decode()},
    )


def test_words_and_files_of_both_sides_win_the_dispute(
    app: Flask, mei: Player, lin: Player, zhou: Player, sandbox: Sandbox, path: str, dispute_id: str
) -> None:
    assert upload(mei, path, slot="receipt").json["files"][0]["state"] == "ready"
    assert upload(zhou, path).status_code == 201
    assert zhou.api("PUT", f"{path}/statement", json={"statement": "winning_evidence"}).status_code == 200

    sent = zhou.api("POST", f"{path}/submission")
    sandbox.settle()
    sandbox.control("clock", advance_s=61)
    sandbox.settle()

    assert sent.status_code == 201 and sent.json["submitted_at"]
    found = chargeback(app, dispute_id)
    assert found.state is ChargebackState.WON
    with app.app_context():
        assert {f.content for f in db.session.query(EvidenceFile)} == {None}, "Stripe has them"
    play.ledger_is_sound(app)


def test_there_is_one_answer(app: Flask, zhou: Player, sandbox: Sandbox, path: str) -> None:
    zhou.api("PUT", f"{path}/statement", json={"statement": "已交付并验收。"})

    with ThreadPoolExecutor(4) as crowd:
        answers = list(crowd.map(lambda _: zhou.api("POST", f"{path}/submission").status_code, range(4)))
    late = zhou.api("PUT", f"{path}/statement", json={"statement": "补充"})

    assert sorted(answers) == [201, 409, 409, 409]
    assert late.status_code == 409 and late.json["type"].endswith("evidence-closed")
    with app.app_context():
        assert db.session.query(StripeCall).filter_by(purpose="evidence").count() == 1


def test_an_answer_to_a_lost_deadline_is_refused(
    app: Flask, zhou: Player, sandbox: Sandbox, path: str
) -> None:
    play.shift(24 * 8)

    assert upload(zhou, path).json["type"].endswith("evidence-closed")
    assert zhou.api("POST", f"{path}/submission").status_code == 409


def test_nothing_is_no_answer_and_a_file_on_its_way_is_waited_for(
    app: Flask, zhou: Player, sandbox: Sandbox, path: str
) -> None:
    empty = zhou.api("POST", f"{path}/submission")
    sandbox.fault("api", path_prefix="/v1/files", method="POST", status=503, times=2)
    upload(zhou, path)
    early = zhou.api("POST", f"{path}/submission")
    play.shift(1)
    sandbox.settle()

    assert empty.status_code == 422 and empty.json["type"].endswith("no-evidence")
    assert early.status_code == 409 and early.json["type"].endswith("evidence-incomplete")
    assert zhou.api("GET", path).json["files"][0]["state"] == "ready"
    assert zhou.api("POST", f"{path}/submission").status_code == 201


@pytest.mark.parametrize("content", [b"", b"<svg onload=alert(1)>", b"MZ" + b"0" * 100, PDF[:5] * 1_100_000])
def test_files_that_banks_do_not_read_are_refused(zhou: Player, path: str, content: bytes) -> None:
    answer = upload(zhou, path, content)

    assert answer.status_code == 422 and answer.json["type"].endswith("bad-evidence-file")


def test_a_second_file_replaces_the_first_of_its_kind(app: Flask, zhou: Player, path: str) -> None:
    first = upload(zhou, path).json["files"][0]["id"]

    second = upload(zhou, path, PDF + b"2").json["files"]
    gone = zhou.api("DELETE", f"{path}/files/{first}")
    removed = zhou.api("DELETE", f"{path}/files/{second[0]['id']}")

    assert len(second) == 1 and second[0]["id"] != first
    assert gone.status_code == 404 and removed.json["files"] == []


def test_each_side_sees_its_own_words_and_others_see_nothing(
    mei: Player, lin: Player, bo: Player, zhou: Player, path: str
) -> None:
    zhou.api("PUT", f"{path}/statement", json={"statement": "平台的话"})
    mei.api("PUT", f"{path}/statement", json={"statement": "是我付的款"})
    upload(zhou, path)

    assert mei.api("GET", path).json["statement"] == "是我付的款" and mei.api("GET", path).json["files"] == []
    assert zhou.api("GET", path).json["statement"] == "平台的话"
    assert [who.api("GET", path).status_code for who in (lin, bo)] == [404, 404]
    assert mei.api("POST", f"{path}/submission").status_code == 403
    assert len(mei.api("GET", "/chargebacks").json["data"]) == 1
    assert lin.api("GET", "/chargebacks").json["data"] == []


def test_the_page_takes_words_and_files_and_submits_once(
    app: Flask, mei: Player, zhou: Player, sandbox: Sandbox, path: str
) -> None:
    payer, operator = mei.browser(), zhou.browser()
    assert "拒付" in operator.get("/ops/chargebacks").text
    assert "您的银行要求撤回" in payer.get(path).text and "提交证据" not in payer.get(path).text

    wrote = submit(payer, path, path + "/statement", statement="是我本人付款。")
    token = csrf_token(operator.get(path).text)
    added = operator.post(
        f"{path}/files",
        data={"csrf_token": token, "slot": "receipt", "file": (io.BytesIO(PDF), "合同.pdf")},
    )
    bad = operator.post(
        f"{path}/files",
        data={"csrf_token": token, "slot": "uncategorized_file", "file": (io.BytesIO(b"x"), "a.exe")},
    )
    sent = submit(operator, path, path + "/submission")

    assert (wrote.status_code, added.status_code, sent.status_code) == (303, 303, 303)
    assert bad.status_code == 422 and "只能上传 PDF" in bad.text
    shown = operator.get(path).text
    assert "证据已提交" in shown and "合同.pdf" in shown and "是我本人付款" in shown


def test_a_foreign_order_shows_no_chargeback(app: Flask, bo: Player, path: str) -> None:
    assert bo.browser().get(path).status_code == 404


def test_two_files_for_one_question_at_once_leave_one(
    app: Flask, mei: Player, zhou: Player, sandbox: Sandbox, path: str
) -> None:
    with ThreadPoolExecutor(4) as crowd:
        answers = list(crowd.map(lambda who: upload(who, path).status_code, [mei, zhou, mei, zhou]))
    sandbox.settle()

    assert set(answers) == {201}
    with app.app_context():
        standing = db.session.query(EvidenceFile).filter(EvidenceFile.state != FileState.REMOVED).all()
        assert len(standing) == 1
        db.session.remove()
