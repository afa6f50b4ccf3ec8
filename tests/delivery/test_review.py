"""Handing in, remarks, counted revisions, acceptance: one outcome whatever races."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from market.accounts.vocabulary import Length
from market.delivery import queries, service
from market.delivery.turn import turn_of
from market.kit.clock import now
from market.kit.db import db, transaction
from market.kit.errors import Refusal
from market.kit.events import history
from market.kit.ids import encode
from market.orders import queries as orders
from market.orders.states import MilestoneState, OrderState
from tests import play
from tests.conftest import Player, drain_all
from tests.sandbox import Sandbox

SCRIPT = {"script": {"text": "开场三秒：热水注入，产品入画。镜头二：闷蒸三十秒。"}}


@pytest.fixture
def order_id(mei: Player, lin: Player, sandbox: Sandbox) -> UUID:
    return play.funded(mei, lin, sandbox)


def act(app: Flask, deed: Callable[[], Any]) -> str:
    """Do it in a transaction of its own; "done" or the refusal's name."""
    with app.app_context():
        try:
            with transaction():
                deed()
        except Refusal as refusal:
            return refusal.slug()
    return "done"


def test_a_version_decided_between_two_reads_of_the_page_breaks_no_page(
    app: Flask, mei: Player, lin: Player, order_id: UUID
) -> None:
    handed = lin.api("POST", f"/orders/{encode('ord', order_id)}/submissions", json=SCRIPT).json
    with app.app_context():
        order = orders.find(order_id)
        accepted = mei.api(
            "POST", f"/submissions/{handed['id']}/acceptance", headers={"Idempotency-Key": "meanwhile"}
        )
        turn = turn_of(order, mei.actor, queries.of_order(order_id))

    assert accepted.status_code == 201, accepted.text
    assert "第 1 版" in turn.text and turn.mine


def test_script_then_draft_then_publication_pays_ten_forty_fifty(
    app: Flask, mei: Player, lin: Player, order_id: UUID
) -> None:
    draft = play.to_publishing(mei, lin, order_id)
    with app.app_context():
        assert orders.find(order_id).state is OrderState.PUBLISHING
        accepted = [e for e in history(order_id) if e.name == "delivery.accepted"]
        assert [(e.data["stage"], e.data["amount_fen"]) for e in accepted] == [
            ("script", 100_000),
            ("draft", 400_000),
        ]
        assert accepted[1].data["submission_id"] == encode("sub", draft)
    with app.app_context(), transaction():
        assert service.land(order_id, {"url": "/v/1"}) is True
    with app.app_context(), transaction():
        assert service.land(order_id, {"url": "/v/1"}) is False

    with app.app_context():
        order = orders.find(order_id)
        assert order.state is OrderState.COMPLETED
        assert [m.state for m in order.milestones] == [MilestoneState.RELEASED] * 3
        assert order.milestones[2].receipt == {"url": "/v/1"}
    assert play.balance(app, "PP", lin.party_id) == 921_500
    assert (play.balance(app, "FEE"), play.balance(app, "TAX")) == (50_000, 28_500)
    play.ledger_is_sound(app)


def test_the_wanted_length_is_agreed_at_the_award_and_stands_where_the_work_is_looked_at(
    mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    order_id = play.funded(mei, lin, sandbox, length=Length.SHORT)
    play.accept(mei, play.submit(lin, order_id))
    draft = play.submit(lin, order_id, "video")

    terms = mei.api("GET", f"/orders/{encode('ord', order_id)}").json["terms"]
    room = lin.browser().get(f"/orders/{encode('ord', order_id)}").text
    review = mei.browser().get(f"/submissions/{encode('sub', draft)}").text

    assert terms["brief"]["length"] == "short"
    assert "短视频（1–20 秒）" in room and "1–20 秒" in review


def test_an_agency_s_share_is_paid_by_the_system_to_the_fen(
    app: Flask, cast: dict[str, Player], sandbox: Sandbox
) -> None:
    mei, lin, ada = cast["mei"], cast["lin"], cast["ada"]
    order_id = play.funded(mei, lin, sandbox, agency=ada, commission_bps=2000, price_fen=333_333)

    play.to_publishing(mei, lin, order_id)
    with app.app_context(), transaction():
        service.land(order_id, {})

    with app.app_context():
        shares = [m.shares for m in orders.find(order_id).milestones]
        amounts = [m.amount_fen for m in orders.find(order_id).milestones]
    assert [s.total for s in shares] == amounts and sum(amounts) == 333_333
    # 33,334: fee 1,666; agency 20 % of 31,668 = 6,333; tax 3 % of 25,335 = 760; the rest is Lin's.
    assert tuple(shares[0]) == (1_666, 6_333, 760, 24_575)
    assert play.balance(app, "PP", ada.party_id) == sum(s.agency for s in shares)
    assert play.balance(app, "PP", lin.party_id) == sum(s.creator for s in shares)
    play.ledger_is_sound(app)


def test_the_api_takes_a_script_and_its_acceptance(mei: Player, lin: Player, order_id: UUID) -> None:
    order = encode("ord", order_id)

    made = lin.api("POST", f"/orders/{order}/submissions", json=SCRIPT)

    assert made.status_code == 201 and made.json["version"] == 1
    path = f"/submissions/{made.json['id']}/acceptance"
    assert mei.api("POST", path).status_code == 400
    first = mei.api("POST", path, headers={"Idempotency-Key": "a"})
    again = mei.api("POST", path, headers={"Idempotency-Key": "a"})
    other = mei.api("POST", path, headers={"Idempotency-Key": "b"})
    assert first.status_code == again.status_code == 201
    assert first.get_data() == again.get_data() and again.headers["Idempotent-Replayed"] == "true"
    assert other.status_code == 409
    assert mei.api("GET", f"/orders/{order}").json["state"] == "drafting"


def test_who_may_not_gets_nothing(cast: dict[str, Player], sandbox: Sandbox) -> None:
    mei, lin, ada = cast["mei"], cast["lin"], cast["ada"]
    order = encode("ord", play.funded(mei, lin, sandbox, agency=ada))
    assert mei.api("POST", f"/orders/{order}/submissions", json=SCRIPT).status_code == 403
    assert cast["bo"].api("POST", f"/orders/{order}/submissions", json=SCRIPT).status_code == 404
    sub = lin.api("POST", f"/orders/{order}/submissions", json=SCRIPT).json["id"]

    key = {"headers": {"Idempotency-Key": "k"}}
    for name, status in (("lin", 403), ("ada", 403), ("bo", 404), ("wen", 404), ("zhou", 403)):
        who = cast[name]
        assert who.api("POST", f"/submissions/{sub}/acceptance", **key).status_code == status, name
        asked = who.api("POST", f"/submissions/{sub}/revision", json={"remarks": [{"text": "x"}]})
        assert asked.status_code == status, name
    assert ada.api("GET", f"/submissions/{sub}").status_code == 200
    assert cast["bo"].api("GET", f"/submissions/{sub}").status_code == 404


def test_nothing_is_handed_in_before_the_money_is_there(mei: Player, lin: Player) -> None:
    order = encode("ord", play.award(mei, lin))

    assert lin.api("POST", f"/orders/{order}/submissions", json=SCRIPT).status_code == 409


def test_two_scripts_at_once_are_one(app: Flask, lin: Player, order_id: UUID) -> None:
    order = encode("ord", order_id)

    with ThreadPoolExecutor(6) as crowd:
        answers = list(
            crowd.map(
                lambda _: lin.api("POST", f"/orders/{order}/submissions", json=SCRIPT).status_code, range(6)
            )
        )

    assert Counter(answers) == {201: 1, 409: 5}


def test_bad_drafts_are_refused_at_their_field(app: Flask, cast: dict[str, Player], order_id: UUID) -> None:
    mei, lin, bo = cast["mei"], cast["lin"], cast["bo"]
    play.accept(mei, play.submit(lin, order_id))
    order = encode("ord", order_id)
    video, picture = play.ready_asset(lin), play.ready_asset(lin, "image")
    raw, foreign = play.ready_asset(lin, state="processing"), play.ready_asset(bo)

    def hand_in(**body: Any) -> Any:
        return lin.api("POST", f"/orders/{order}/submissions", json=body)

    def film(asset: UUID, **more: Any) -> Any:
        return hand_in(video={"title": "周末手冲", "asset_id": encode("ast", asset)} | more)

    refused = {
        "script now": hand_in(**SCRIPT),
        "article": hand_in(article={"title": "长文", "body": "字" * 30}),
        "both": hand_in(**SCRIPT, video={"title": "周末", "asset_id": encode("ast", video)}),
        "nothing": hand_in(),
        "not ready": film(raw),
        "picture": film(picture),
        "foreign": film(foreign),
        "no title": film(video, title=""),
        "other product": film(video, product_ids=[encode("prd", video)]),
        "mass": film(video, state="accepted"),
    }

    assert {name: answer.status_code for name, answer in refused.items()} == {
        "script now": 422, "article": 422, "both": 422, "nothing": 422, "not ready": 409, "picture": 422,
        "foreign": 404, "no title": 422, "other product": 422, "mass": 422,
    }  # fmt: skip
    assert refused["picture"].json["errors"][0]["pointer"] == "/asset_id"
    assert film(video).status_code == 201


def test_articles_and_shows_are_handed_in_too(app: Flask, cast: dict[str, Player], sandbox: Sandbox) -> None:
    mei, lin = cast["mei"], cast["lin"]
    picture = encode("ast", play.ready_asset(lin, "image"))
    article = play.funded(mei, lin, sandbox, format="article")
    show = play.funded(mei, lin, sandbox, format="live")
    for order_id in (article, show):
        play.accept(mei, play.submit(lin, order_id))
    starts = (now() + timedelta(days=3)).isoformat()
    plan = {"title": "咖啡专场", "rundown": "开场十分钟，逐款冲煮。", "asset_id": picture}

    written = lin.api(
        "POST",
        f"/orders/{encode('ord', article)}/submissions",
        json={"article": {"title": "一周手冲笔记", "body": "第一天……" * 10, "image_ids": [picture]}},
    )
    past = lin.api(
        "POST",
        f"/orders/{encode('ord', show)}/submissions",
        json={"live": plan | {"starts_at": (now() - timedelta(hours=1)).isoformat()}},
    )
    planned = lin.api(
        "POST", f"/orders/{encode('ord', show)}/submissions", json={"live": plan | {"starts_at": starts}}
    )

    assert written.status_code == 201 and written.json["content"]["image_ids"] == [picture]
    assert past.status_code == 422 and past.json["errors"][0]["pointer"] == "/starts_at"
    assert planned.status_code == 201 and planned.json["asset_id"] == picture


def test_a_remark_is_pinned_to_a_moment_and_a_spot(mei: Player, lin: Player, order_id: UUID) -> None:
    play.accept(mei, play.submit(lin, order_id))
    sub = encode("sub", play.submit(lin, order_id, "video"))

    def say(**words: Any) -> Any:
        return mei.api("POST", f"/submissions/{sub}/remarks", json=words)

    assert say(text="商标再大一点", at_ms=12_300, x=5000, y=2500).status_code == 201
    assert say(text="整体偏暗").status_code == 201
    # The segments have a clock of their own, which ends a little later.
    at_the_end = say(text="最后一帧太暗", at_ms=60_900)
    assert (at_the_end.status_code, at_the_end.json["at_ms"]) == (201, 60_000)
    assert say(text="太晚", at_ms=61_001).status_code == 422
    assert say(text="", at_ms=1).status_code == 422
    assert say(text="x", x=1).status_code == 422
    assert say(text="x", at_ms=5, x=10_001, y=0).status_code == 422
    assert say(text="x", at_ms=-1).status_code == 422
    assert say(text="x", at_ms=1.5).status_code == 422
    remarks = lin.api("GET", f"/submissions/{sub}").json["remarks"]
    assert [(r["at_ms"], r["x"], r["y"]) for r in remarks] == [
        (12_300, 5000, 2500),
        (None, None, None),
        (60_000, None, None),
    ]


def test_revisions_are_counted_and_end(mei: Player, lin: Player, order_id: UUID) -> None:
    order = encode("ord", order_id)

    def hand_in() -> str:
        made = lin.api("POST", f"/orders/{order}/submissions", json=SCRIPT)
        assert made.status_code == 201, made.text
        return str(made.json["id"])

    def ask(sub: str, *words: str) -> Any:
        return mei.api("POST", f"/submissions/{sub}/revision", json={"remarks": [{"text": w} for w in words]})

    first = hand_in()
    assert ask(first).status_code == 422  # nothing said
    assert ask(first, "请写明烘焙日期").status_code == 201
    assert ask(first, "还有").status_code == 409
    assert ask(hand_in(), "再短一点").status_code == 201
    third = hand_in()
    used_up = ask(third, "再来一轮")

    assert used_up.status_code == 409 and used_up.json["type"].endswith("revisions-used-up")
    assert "2 轮修改已用完" in used_up.json["detail"]
    assert mei.api("GET", f"/submissions/{third}").json["version"] == 3
    assert (
        mei.api("POST", f"/submissions/{third}/acceptance", headers={"Idempotency-Key": "k"}).status_code
        == 201
    )


def race(sub: UUID, actor: Any) -> list[Callable[[], Any]]:
    """Two clicks on accept, the timer, and two clicks on "ask for a revision"."""
    return [
        lambda: service.accept(sub, actor),
        lambda: service.accept(sub, actor),
        lambda: service.auto_accept(sub, {}),
        lambda: service.ask_revision(sub, [{"text": "改"}], actor),
        lambda: service.ask_revision(sub, [{"text": "改"}], actor),
    ]


def test_acceptance_timer_and_revision_have_one_outcome(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    outcomes: Counter[str] = Counter()
    for _ in range(6):
        order_id = play.funded(mei, lin, sandbox)
        sub = play.submit(lin, order_id)
        play.shift(72.5)  # the timer may fire from now on
        deeds = race(sub, mei.actor)
        start = Barrier(len(deeds))

        def run(deed: Callable[[], Any], start: Barrier = start) -> str:
            start.wait()
            return act(app, deed)

        with ThreadPoolExecutor(len(deeds)) as crowd:
            list(crowd.map(run, deeds))
        with app.app_context():
            order, found = orders.find(order_id), queries.find(sub)
            facts = [e.name for e in history(order_id)]
            released = facts.count("milestone.released")
            assert facts.count("delivery.accepted") == released
            assert released + facts.count("delivery.revision_asked") == 1
            held = play.balance(app, "EM", order.milestones[0].id)
            assert (found.state.value, held) in (("accepted", 0), ("revision_asked", 100_000))
            outcomes[found.state.value] += 1
        play.shift(-72.5)
    assert sum(outcomes.values()) == 6
    play.ledger_is_sound(app)


def test_acceptance_by_the_timer_with_its_reminders(
    app: Flask, mei: Player, lin: Player, order_id: UUID
) -> None:
    sub = play.submit(lin, order_id)

    def names() -> list[str]:
        with app.app_context():
            drain_all()
            return [e.name for e in history(order_id) if e.name.startswith(("auto", "delivery.accepted"))]

    assert names() == []
    play.shift(37)
    assert names() == ["auto_accept.half"]
    play.shift(28)
    assert names() == ["auto_accept.half", "auto_accept.soon"]
    play.shift(8)
    assert names() == ["auto_accept.half", "auto_accept.soon", "delivery.accepted"]
    with app.app_context():
        found = queries.find(sub)
        assert found.auto and found.state == "accepted"
        told = [e.audience for e in history(order_id) if e.name == "auto_accept.half"]
        assert told == [[mei.party_id]]


def test_after_an_outage_of_a_week_the_timer_catches_up_once(
    app: Flask, mei: Player, lin: Player, order_id: UUID
) -> None:
    play.submit(lin, order_id)
    play.shift(24 * 7)

    with app.app_context():
        drain_all()
        drain_all()
        facts = [e.name for e in history(order_id)]

    assert facts.count("delivery.accepted") == 1
    assert not any(name.startswith("auto_accept") for name in facts)
    assert play.balance(app, "PP", lin.party_id) == 92_150


def test_the_time_to_look_is_extended_once(app: Flask, mei: Player, lin: Player, order_id: UUID) -> None:
    sub = encode("sub", play.submit(lin, order_id))

    assert mei.api("POST", f"/submissions/{sub}/extension").status_code == 201
    assert mei.api("POST", f"/submissions/{sub}/extension").status_code == 409
    play.shift(73)
    with app.app_context():
        drain_all()
        assert orders.find(order_id).state is OrderState.SCRIPTING
    play.shift(48)
    with app.app_context():
        drain_all()
        db.session.expire_all()
        assert orders.find(order_id).state is OrderState.DRAFTING


def test_a_campaign_s_brief_is_accepted_after_a_day(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    order_id = play.funded(mei, lin, sandbox, campaign_code="double11-2026")
    play.submit(lin, order_id)
    play.shift(25)

    with app.app_context():
        drain_all()

        assert orders.find(order_id).state is OrderState.DRAFTING


def test_acceptance_is_all_or_nothing(app: Flask, mei: Player, lin: Player, order_id: UUID) -> None:
    """A fault after the posting takes submission, milestone, ledger and event back together."""
    sub = play.submit(lin, order_id)

    class Stop(Exception):
        pass

    with app.app_context(), pytest.raises(Stop), transaction():
        service.accept(sub, mei.actor)
        raise Stop

    with app.app_context():
        db.session.expire_all()
        assert queries.find(sub).state == "submitted"
        assert orders.find(order_id).state is OrderState.SCRIPTING
        assert "delivery.accepted" not in [e.name for e in history(order_id)]
    assert play.balance(app, "PP", lin.party_id) == 0
    play.accept(mei, sub)
    assert play.balance(app, "PP", lin.party_id) == 92_150
