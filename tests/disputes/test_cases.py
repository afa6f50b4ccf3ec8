"""A case holds one stage's money until it is decided, once; every step has its time."""

import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from market.kit.clock import now
from market.kit.db import transaction
from market.kit.ids import decode, encode
from market.subsidies import service as subsidies
from market.subsidies.models import SubsidyKind
from tests import play
from tests.conftest import Player, csrf_token, submit
from tests.sandbox import Sandbox

PRICE = 1_000_000
DRAFT = 400_000


def order_of(who: Player, order_id: UUID) -> Any:
    return who.api("GET", f"/orders/{encode('ord', order_id)}").json


def states(who: Player, order_id: UUID) -> list[str]:
    return [m["state"] for m in order_of(who, order_id)["milestones"]]


def act(who: Player, path: str, **body: Any) -> Any:
    return who.api("POST", path, json=body, headers={"Idempotency-Key": secrets.token_hex(8)})


def open_case(who: Player, order_id: UUID, at: int, claim_fen: int, **more: Any) -> Any:
    milestone = order_of(who, order_id)["milestones"][at]["id"]
    return act(
        who,
        f"/orders/{encode('ord', order_id)}/milestones/{milestone}/disputes",
        ground="quality",
        text="交付与约定的镜头不符，前五秒没有产品。",
        claim_fen=claim_fen,
        **more,
    )


@pytest.fixture
def order_id(cast: dict[str, Player], sandbox: Sandbox) -> UUID:
    """The script is paid, the draft waits for Mei's word."""
    order_id = play.funded(cast["mei"], cast["lin"], sandbox, agency=cast["ada"], price_fen=PRICE)
    play.accept(cast["mei"], play.submit(cast["lin"], order_id))
    play.submit(cast["lin"], order_id, "video")
    return order_id


@pytest.fixture
def case(mei: Player, order_id: UUID) -> Any:
    made = open_case(mei, order_id, 1, 100_000, to_wallet=True)
    assert made.status_code == 201, made.text
    return made.json


def held(app: Flask, case: Any) -> int:
    return play.balance(app, "EH", decode("dsp", case["id"]))


def test_the_order_leads_to_its_case(mei: Player, lin: Player, order_id: UUID, case: Any) -> None:
    for who in (mei, lin):
        room = who.browser().get(f"/orders/{encode('ord', order_id)}").text
        assert f'href="/disputes/{case["id"]}"' in room[: room.index("资金进度")]


def test_a_case_says_what_of_it_is_the_platforms_subsidy(
    app: Flask, mei: Player, lin: Player, zhou: Player, sandbox: Sandbox
) -> None:
    coupon = {"name": "双11", "kind": SubsidyKind.COUPON, "campaign_code": None, "fixed_fen": 100_000, "cap_fen": 100_000,
              "budget_fen": 1_000_000, "starts_at": now() - timedelta(days=1), "ends_at": now() + timedelta(days=9)}  # fmt: skip
    with app.app_context(), transaction():
        subsidies.make(coupon, zhou.actor)
    subsidised = play.funded(mei, lin, sandbox, price_fen=PRICE)
    play.submit(lin, subsidised)
    script = order_of(mei, subsidised)["milestones"][0]["id"]
    said = "其中 ¥100.00 是平台补贴"
    before = mei.browser().get(f"/orders/{encode('ord', subsidised)}/milestones/{script}/dispute").text
    assert said in before

    made = open_case(mei, subsidised, 0, 0, to_wallet=True)

    assert said in mei.browser().get(f"/disputes/{made.json['id']}").text


def test_the_stage_s_money_is_in_the_case_and_nothing_accepts_it(
    app: Flask, mei: Player, order_id: UUID, case: Any, sandbox: Sandbox
) -> None:
    assert held(app, case) == DRAFT == case["held_fen"]
    assert states(mei, order_id) == ["released", "held", "pending"]

    play.shift(47)
    sandbox.settle()

    assert states(mei, order_id) == ["released", "held", "pending"]
    play.ledger_is_sound(app)


def test_silence_loses(app: Flask, mei: Player, order_id: UUID, case: Any, sandbox: Sandbox) -> None:
    play.shift(49)
    sandbox.settle()

    decided = mei.api("GET", f"/disputes/{case['id']}").json
    assert (decided["state"], decided["how"], decided["decided_fen"]) == ("decided", "silence", 100_000)
    assert held(app, case) == 0
    # A draft that is not the creator's whole can stand on no shelf: the last stage goes back with it.
    assert states(mei, order_id) == ["released", "split", "refunded"]
    assert play.balance(app, "MW", mei.party_id) == 300_000 + 500_000
    assert order_of(mei, order_id)["state"] == "settled"
    play.ledger_is_sound(app)


def test_an_offer_that_is_agreed_to_decides_at_once(
    app: Flask, mei: Player, lin: Player, order_id: UUID, case: Any
) -> None:
    path = f"/disputes/{case['id']}"
    offered = act(lin, path + "/offers", creator_fen=250_000, text="重剪一版，收六成").json
    entry = offered["entries"][-1]["id"]
    assert offered["state"] == "talk"

    own = act(lin, f"{path}/offers/{entry}/consent")
    done = act(mei, f"{path}/offers/{entry}/consent", to_wallet=True)
    again = act(mei, f"{path}/offers/{entry}/consent")

    assert own.json["type"].endswith("own-offer")
    assert done.json["decided_fen"] == 250_000 and done.json["how"] == "agreed"
    assert again.json["type"].endswith("case-over")
    assert play.balance(app, "MW", mei.party_id) == 150_000 + 500_000
    play.ledger_is_sound(app)


def test_all_of_it_to_the_creator_is_acceptance_and_the_work_goes_on(
    app: Flask, cast: dict[str, Player], order_id: UUID, sandbox: Sandbox
) -> None:
    mei, lin = cast["mei"], cast["lin"]
    case = open_case(lin, order_id, 1, DRAFT).json
    play.shift(49)
    sandbox.settle()

    assert mei.api("GET", f"/disputes/{case['id']}").json["how"] == "silence"
    assert states(mei, order_id)[1] == "released"
    assert order_of(mei, order_id)["state"] in ("publishing", "completed")
    play.ledger_is_sound(app)


def test_taken_back_it_is_under_review_again_with_its_whole_time(
    app: Flask, mei: Player, lin: Player, order_id: UUID, case: Any, sandbox: Sandbox
) -> None:
    assert act(lin, f"/disputes/{case['id']}/withdrawal").status_code == 409
    assert act(mei, f"/disputes/{case['id']}/withdrawal").json["state"] == "dropped"
    assert states(mei, order_id) == ["released", "submitted", "pending"] and held(app, case) == 0
    play.ledger_is_sound(app)

    play.shift(71)
    sandbox.settle()
    assert states(mei, order_id)[1] == "submitted"
    play.shift(2)
    sandbox.settle()
    assert states(mei, order_id)[1] == "released"
    play.ledger_is_sound(app)


def test_the_platform_rules_and_an_appeal_is_heard_by_somebody_else(
    app: Flask, cast: dict[str, Player], order_id: UUID, case: Any, sandbox: Sandbox
) -> None:
    mei, lin, zhou = cast["mei"], cast["lin"], cast["zhou"]
    path, reason = f"/disputes/{case['id']}", "脚本第二条没有做到，但拍摄已完成。"
    assert act(zhou, path + "/ruling", creator_fen=1, reason=reason).status_code == 409
    act(lin, path + "/statements", text="每个镜头都按脚本拍的。")
    assert act(mei, path + "/escalation").json["state"] == "ruling"
    assert act(mei, path + "/ruling", creator_fen=1, reason=reason).status_code == 403
    assert act(zhou, path + "/ruling", creator_fen=DRAFT + 1, reason=reason).status_code == 422
    assert act(zhou, path + "/ruling", creator_fen=200_000, reason="").status_code == 422

    ruled = act(zhou, path + "/ruling", creator_fen=200_000, reason=reason).json
    assert ruled["state"] == "ruled" and held(app, case) == DRAFT
    appealed = act(lin, path + "/appeal", text="请再看一遍第 12 秒。").json
    own = act(zhou, path + "/ruling", creator_fen=200_000, reason=reason)
    final = act(second_operator(app), path + "/ruling", creator_fen=220_000, reason=reason)

    assert appealed["state"] == "appeal"
    assert own.status_code == 403 and own.json["type"].endswith("same-operator")
    assert (final.json["how"], final.json["decided_fen"]) == ("appeal", 220_000)
    assert play.balance(app, "MW", mei.party_id) == 180_000 + 500_000
    play.ledger_is_sound(app)


def test_a_ruling_nobody_appeals_is_carried_out(
    app: Flask, cast: dict[str, Player], order_id: UUID, case: Any, sandbox: Sandbox
) -> None:
    mei, lin, zhou = cast["mei"], cast["lin"], cast["zhou"]
    path = f"/disputes/{case['id']}"
    act(lin, path + "/statements", text="每个镜头都按脚本拍的。")
    play.shift(73)
    sandbox.settle()
    assert mei.api("GET", path).json["state"] == "ruling", "talking ends in a ruling"
    act(zhou, path + "/ruling", creator_fen=0, reason="没有交付约定的成片，全部退回。")
    play.shift(49)
    sandbox.settle()

    assert mei.api("GET", path).json["how"] == "ruling"
    assert states(mei, order_id) == ["released", "refunded", "refunded"]
    assert act(lin, path + "/appeal", text="太晚了也要申诉").status_code == 409
    play.ledger_is_sound(app)


def test_a_large_ruling_needs_two_and_never_ones_own(
    app: Flask, cast: dict[str, Player], sandbox: Sandbox
) -> None:
    mei, lin, zhou = cast["mei"], cast["lin"], cast["zhou"]
    order_id = play.funded(mei, lin, sandbox, price_fen=6_000_000, budget_fen=7_000_000)
    case = open_case(mei, order_id, 0, 0, to_wallet=True).json
    path = f"/disputes/{case['id']}"
    act(lin, path + "/statements", text="已经按约定写了脚本。")
    act(mei, path + "/escalation")

    waiting = act(zhou, path + "/ruling", creator_fen=300_000, reason="脚本写了一半，所以分一半。")
    assert waiting.json["state"] == "ruling" and waiting.json["ruling_fen"] is None
    (asked,) = zhou.api("GET", "/approvals").json["data"]
    consent = f"/approvals/{asked['id']}/consent"
    own = act(zhou, consent, content_hash=asked["content_hash"])
    agreed = act(second_operator(app), consent, content_hash=asked["content_hash"])

    assert own.status_code == 403 and agreed.status_code == 200, agreed.text
    assert mei.api("GET", path).json["ruling_fen"] == 300_000
    play.ledger_is_sound(app)


def test_money_that_cools_comes_back_into_the_case_from_everybody(
    app: Flask, cast: dict[str, Player], order_id: UUID, sandbox: Sandbox
) -> None:
    mei, lin, ada = cast["mei"], cast["lin"], cast["ada"]
    before = [play.balance(app, "PP", p.party_id) for p in (lin, ada)]
    assert all(before)

    case = open_case(mei, order_id, 0, 40_000, to_wallet=True).json
    assert held(app, case) == 100_000
    assert [play.balance(app, "PP", p.party_id) for p in (lin, ada)] == [0, 0]
    assert states(mei, order_id) == ["released", "submitted", "pending"], "the draft goes on"
    play.ledger_is_sound(app)
    play.shift(49)
    sandbox.settle()

    assert play.balance(app, "MW", mei.party_id) == 60_000
    money = mei.api("GET", f"/orders/{encode('ord', order_id)}/money").json
    assert sum(part["fen"] for part in money["totals"]) == PRICE
    play.ledger_is_sound(app)
    play.shift(30)
    sandbox.settle()
    assert open_case(mei, order_id, 0, 0).status_code == 409, "one is enough, and what matured is the payees'"
    play.ledger_is_sound(app)


def test_bad_input_gets_its_own_error_and_nothing_moves(
    app: Flask, cast: dict[str, Player], order_id: UUID
) -> None:
    mei, bo, zhou = cast["mei"], cast["bo"], cast["zhou"]

    assert open_case(mei, order_id, 1, DRAFT + 1).status_code == 422
    assert open_case(mei, order_id, 1, -1).status_code == 422
    assert open_case(mei, order_id, 2, 0).status_code == 409, "nothing was done for it"
    milestone = order_of(mei, order_id)["milestones"][1]["id"]
    path = f"/orders/{encode('ord', order_id)}/milestones/{milestone}/disputes"
    body = {"ground": "quality", "text": "十个字以上的说明文字。", "claim_fen": 0}
    assert act(bo, path, **body).status_code == 404 and act(zhou, path, **body).status_code == 403
    first = open_case(mei, order_id, 1, 0)
    assert first.status_code == 201 and open_case(mei, order_id, 1, 0).json["type"].endswith(
        "in-case-already"
    )
    assert bo.api("GET", f"/disputes/{first.json['id']}").status_code == 404
    play.ledger_is_sound(app)


def test_every_view_sums_to_the_price_while_money_is_in_a_case(
    cast: dict[str, Player], order_id: UUID, case: Any
) -> None:
    for name in ("mei", "lin", "ada", "zhou"):
        shown = cast[name].api("GET", f"/orders/{encode('ord', order_id)}/money").json
        assert sum(t["fen"] for t in shown["totals"]) == PRICE, name
        for row in shown["rows"]:
            assert sum(part["fen"] for part in row["parts"]) == row["amount_fen"], name


def test_an_overdue_ruling_is_an_alarm_again_and_again(
    app: Flask, mei: Player, lin: Player, order_id: UUID, case: Any, sandbox: Sandbox
) -> None:
    from market.kit.events import history

    act(lin, f"/disputes/{case['id']}/statements", text="每个镜头都按脚本拍的。")
    act(mei, f"/disputes/{case['id']}/escalation")
    for _ in range(3):
        play.shift(49)
        sandbox.settle()

    with app.app_context():
        alarms = [e for e in history(decode("dsp", case["id"])) if e.data.get("kind") == "ruling_overdue"]
    assert len(alarms) >= 2


def test_the_case_on_its_pages(app: Flask, cast: dict[str, Player], order_id: UUID, sandbox: Sandbox) -> None:
    mei, lin, zhou = (cast[n].browser() for n in ("mei", "lin", "zhou"))
    milestone = order_of(cast["mei"], order_id)["milestones"][1]["id"]
    page = f"/orders/{encode('ord', order_id)}/milestones/{milestone}/dispute"
    assert page in mei.get(f"/orders/{encode('ord', order_id)}").text
    assert "¥4,000.00" in mei.get(page).text

    wrong = submit(mei, page, page + "s", ground="quality", text="短", claim_fen="1", idempotency_key="a")
    assert wrong.status_code == 422 and 'value="1"' in wrong.text
    made = submit(
        mei, page, page + "s", ground="quality", text="交付与约定的镜头不符，前五秒没有产品。", claim_fen="1000",
        idempotency_key="b",
    )  # fmt: skip
    assert made.status_code == 303, made.text
    case = made.headers["Location"]
    assert "到时没有答复，按主张分配" in lin.get(case).text
    said = submit(lin, case, case + "/statements", text="每个镜头都按脚本拍的。", idempotency_key="c")
    assert said.status_code == 303
    bad = submit(lin, case, case + "/offers", creator_fen="9999", idempotency_key="d")
    assert bad.status_code == 422, bad.text
    submit(mei, case, case + "/escalation", idempotency_key="e")
    assert "等待平台裁决" in zhou.get("/ops/disputes").text
    assert 'type="range"' in zhou.get(case).text and csrf_token(zhou.get(case).text)
    ruled = submit(
        zhou, case, case + "/ruling", creator_fen="2000", reason="两边各一半，理由如下。", idempotency_key="f"
    )
    assert ruled.status_code == 303
    for who in (mei, lin, zhou):
        assert who.get(case + "?lang=en").status_code == 200
        who.get(case + "?lang=zh")
    assert "申诉" in mei.get(case).text
    play.ledger_is_sound(app)


def second_operator(app: Flask) -> Player:
    """Another of the platform's operators."""
    from market.accounts import service
    from market.accounts.actor import Role
    from market.kit.db import transaction

    with app.app_context(), transaction():
        made = service.sign_up(
            email="qian@example.com", password="correct horse battery", name="Qian", role=Role.OPERATOR
        )
        _key, secret = service.make_key(made.person_id, made.party_id, label="tests")
        return Player(app, "qian", "qian@example.com", made.person_id, made.party_id, secret)
