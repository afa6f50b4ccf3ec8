"""Evidence: files of one's own beside the words, for the order's parties and the operators, and for nobody else."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from market.disputes.evidence import MOST_AT_ONCE, MOST_OF_PARTY
from market.kit.db import transaction
from market.kit.ids import encode
from market.media import service as media
from tests import play
from tests.briefs import problem
from tests.conftest import Player, submit
from tests.disputes.test_cases import act, case, open_case, order_id
from tests.sandbox import Sandbox

__all__ = ["case", "order_id"]
WORDS = "每个镜头都按脚本拍的，见附件。"


def file_of(owner: Player, kind: str = "image", **more: Any) -> str:
    return encode("ast", play.ready_asset(owner, kind, **more))


def files_at(who: Player, case: Any) -> Any:
    return who.api("GET", f"/disputes/{case['id']}").json["files"]


def test_both_sides_and_the_operator_see_them_and_nobody_else(
    cast: dict[str, Player], order_id: UUID
) -> None:
    mei, lin, bo, ada, zhou = (cast[name] for name in ("mei", "lin", "bo", "ada", "zhou"))
    claim = file_of(mei)
    made = open_case(mei, order_id, 1, 100_000, asset_ids=[claim]).json
    film, paper = file_of(lin, "video"), file_of(lin, "file")
    kept = file_of(lin)

    said = act(lin, f"/disputes/{made['id']}/statements", text=WORDS, asset_ids=[film, paper])

    assert said.status_code == 201, said.text
    entry = said.json["entries"][-1]["id"]
    for who in (mei, lin, ada, zhou):
        assert [(f["asset_id"], f["entry_id"], f["kind"]) for f in files_at(who, made)] == [
            (claim, None, "image"),
            (film, entry, "video"),
            (paper, entry, "file"),
        ]
        for asset in (claim, film, paper):
            assert who.api("GET", f"/assets/{asset}").status_code == 200, who.name
    for asset in (claim, film, paper):
        assert bo.api("GET", f"/assets/{asset}").status_code == 404
    assert bo.api("GET", f"/disputes/{made['id']}").status_code == 404
    assert mei.api("GET", f"/assets/{kept}").status_code == 404, "what is no evidence stays one's own"

    page = zhou.browser().get(f"/disputes/{made['id']}").text
    assert page.count('<div class="evidence"') == 2 and "file.bin" in page


@pytest.mark.parametrize("where", ["statements", "appeal"])
def test_what_cannot_be_used_is_said_at_the_field_and_nothing_is_entered(
    app: Flask, cast: dict[str, Player], order_id: UUID, where: str
) -> None:
    mei, lin, zhou = cast["mei"], cast["lin"], cast["zhou"]
    case = open_case(mei, order_id, 1, 100_000).json
    path = f"/disputes/{case['id']}"
    if where == "appeal":
        act(lin, path + "/statements", text=WORDS)
        act(mei, path + "/escalation")
        act(zhou, path + "/ruling", creator_fen=1, reason="脚本第二条没有做到，但拍摄已完成。")
    before = mei.api("GET", path).json
    refused = play.ready_asset(lin, "video", state="uploaded")
    with app.app_context(), transaction():
        asset = media.find(refused, lock=True)
        asset.start()
        asset.refuse("too_long", {"limit": 180})
    cases = {
        "evidence-missing": file_of(mei),
        "evidence-arriving": file_of(lin, "video", state="uploading"),
        "evidence-refused": encode("ast", refused),
    }

    for name, asset_id in cases.items():
        answer = act(lin, f"{path}/{where}", text=WORDS, asset_ids=[file_of(lin), asset_id])
        status, kind, errors = problem(answer)
        assert (status, kind, errors) == (422, name, ["/asset_ids"]), answer.text
        said = answer.json["errors"][0]["detail"]
    assert "180" in said and "video.bin" in said
    many = act(lin, f"{path}/{where}", text=WORDS, asset_ids=[file_of(lin) for _ in range(MOST_AT_ONCE + 1)])
    assert problem(many)[2] == ["/asset_ids"]
    assert mei.api("GET", path).json == before

    page = submit(
        lin.browser(), path, f"{path}/{where}", text=WORDS, asset_ids=cases["evidence-refused"],
        idempotency_key="x",
    )  # fmt: skip
    assert page.status_code == 422 and WORDS in page.text and cases["evidence-refused"] in page.text
    assert "180" in page.text


def test_a_side_has_room_for_so_many_and_no_more(lin: Player, case: Any) -> None:
    path = f"/disputes/{case['id']}/statements"
    for _ in range(MOST_OF_PARTY // MOST_AT_ONCE):
        made = act(lin, path, text=WORDS, asset_ids=[file_of(lin) for _ in range(MOST_AT_ONCE)])
        assert made.status_code == 201

    assert problem(act(lin, path, text=WORDS, asset_ids=[file_of(lin)]))[:2] == (422, "evidence-full")


def test_sent_twice_at_once_it_is_said_once_and_stands_once(
    app: Flask, mei: Player, lin: Player, case: Any
) -> None:
    path, given = f"/disputes/{case['id']}/statements", {"text": WORDS, "asset_ids": [file_of(lin)]}

    def send(key: str) -> int:
        return lin.api("POST", path, json=given, headers={"Idempotency-Key": key}).status_code

    with ThreadPoolExecutor(6) as crowd:
        same = list(crowd.map(send, ["twice"] * 6))
    assert 201 in same and set(same) <= {201, 409}
    assert len(mei.api("GET", f"/disputes/{case['id']}").json["entries"]) == 1

    with ThreadPoolExecutor(4) as crowd:
        others = list(crowd.map(send, [secrets.token_hex(4) for _ in range(4)]))
    assert others == [201] * 4
    assert len(files_at(mei, case)) == 1, "the same file, however often it is given"
    play.ledger_is_sound(app)


def test_after_the_end_nothing_is_added(lin: Player, mei: Player, case: Any, sandbox: Sandbox) -> None:
    play.shift(49)
    sandbox.settle()

    late = act(lin, f"/disputes/{case['id']}/statements", text=WORDS, asset_ids=[file_of(lin)])

    assert problem(late)[:2] == (409, "case-over") and files_at(mei, case) == []
