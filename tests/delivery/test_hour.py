"""The hour of publication: agreed with the draft, kept by a timer, moved by the merchant, bounded by the deadline."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from market.kit.clock import now
from market.kit.events import history
from market.kit.figures import figures
from market.kit.ids import encode
from market.kit.pages import local_input
from market.orders import queries as orders
from market.orders.states import OrderState
from market.publication import queries as publications
from tests import play
from tests.conftest import Player, drain_all, submit
from tests.sandbox import Sandbox


@pytest.fixture
def order_id(mei: Player, lin: Player, sandbox: Sandbox) -> UUID:
    """An order whose draft is awaited."""
    made = play.funded(mei, lin, sandbox)
    play.accept(mei, play.submit(lin, made))
    return made


def later(hours: float) -> datetime:
    return now() + timedelta(hours=hours)


def deadline(app: Flask, order_id: UUID) -> datetime:
    with app.app_context():
        return orders.find(order_id).milestones[2].due_at


def take(mei: Player, draft: UUID, **body: Any) -> Any:
    headers = {"Idempotency-Key": f"take-{draft}"}
    return mei.api("POST", f"/submissions/{encode('sub', draft)}/acceptance", json=body, headers=headers)


def state(app: Flask, order_id: UUID) -> OrderState:
    with app.app_context():
        drain_all()
        drain_all()
        return orders.find(order_id).state


def move(mei: Player, order_id: UUID, at: datetime | None) -> Any:
    said = {"publish_at": at.isoformat() if at else None}
    return mei.api("POST", f"/orders/{encode('ord', order_id)}/publication-time", json=said)


def test_an_order_waits_in_publishing_until_the_hour_the_creator_proposed(
    app: Flask, mei: Player, lin: Player, order_id: UUID
) -> None:
    hour = later(48)
    draft = play.submit(lin, order_id, "video", publish_at=hour)

    assert take(mei, draft).status_code == 201

    assert state(app, order_id) is OrderState.PUBLISHING
    play.shift(47)
    assert state(app, order_id) is OrderState.PUBLISHING
    play.shift(2)
    assert state(app, order_id) is OrderState.COMPLETED
    with app.app_context():
        published = publications.of_order(order_id)
    assert published and published.published_at >= hour
    assert published.rights_until and published.rights_until > hour + timedelta(days=150)
    play.ledger_is_sound(app)


@pytest.mark.parametrize(
    ("said", "after"),
    [({"publish_at": None}, OrderState.COMPLETED), ({}, OrderState.PUBLISHING)],
    ids=["at once", "as proposed"],
)
def test_the_merchants_word_goes_before_the_proposal(
    app: Flask, mei: Player, lin: Player, order_id: UUID, said: dict[str, Any], after: OrderState
) -> None:
    draft = play.submit(lin, order_id, "video", publish_at=later(48))

    assert take(mei, draft, **said).status_code == 201

    assert state(app, order_id) is after


def test_the_timers_acceptance_keeps_the_proposed_hour(
    app: Flask, mei: Player, lin: Player, order_id: UUID
) -> None:
    silence_h = figures.auto_accept_h
    play.submit(lin, order_id, "video", publish_at=later(silence_h + 20))

    play.shift(silence_h + 1)
    assert state(app, order_id) is OrderState.PUBLISHING
    play.shift(20)
    assert state(app, order_id) is OrderState.COMPLETED


def test_the_timers_acceptance_after_the_proposed_hour_publishes_at_once(
    app: Flask, mei: Player, lin: Player, order_id: UUID
) -> None:
    play.submit(lin, order_id, "video", publish_at=later(1))

    play.shift(figures.auto_accept_h + 1)

    assert state(app, order_id) is OrderState.COMPLETED


@pytest.mark.parametrize(
    ("when", "problem"),
    [
        (lambda end: now() - timedelta(minutes=1), "publish-in-the-past"),
        (lambda end: end + timedelta(minutes=1), "publish-after-deadline"),
    ],
)
def test_an_hour_lies_between_now_and_the_deadline(
    app: Flask, mei: Player, lin: Player, order_id: UUID, when: Callable[[datetime], datetime], problem: str
) -> None:
    hour = when(deadline(app, order_id))
    asset = encode("ast", play.ready_asset(lin))
    film = {"title": "周末手冲", "asset_id": asset, "publish_at": hour.isoformat()}

    proposed = lin.api("POST", f"/orders/{encode('ord', order_id)}/submissions", json={"video": film})
    taken = take(mei, play.submit(lin, order_id, "video"), publish_at=hour.isoformat())

    for answer in (proposed, taken):
        assert (answer.status_code, answer.json["type"].rsplit("/", 1)[-1]) == (422, problem)
        assert answer.json["errors"][0]["pointer"].endswith("/publish_at")
    assert state(app, order_id) is OrderState.DRAFTING


def test_a_script_has_no_hour(mei: Player, lin: Player, sandbox: Sandbox) -> None:
    script = play.submit(lin, play.funded(mei, lin, sandbox))

    refused = take(mei, script, publish_at=later(5).isoformat())

    assert (refused.status_code, refused.json["type"].rsplit("/", 1)[-1]) == (422, "nothing-to-schedule")


def test_the_merchant_moves_the_hour_and_publishes_at_once(
    app: Flask, cast: dict[str, Player], order_id: UUID
) -> None:
    mei, lin, bo = cast["mei"], cast["lin"], cast["bo"]
    take(mei, play.submit(lin, order_id, "video", publish_at=later(24)))
    assert state(app, order_id) is OrderState.PUBLISHING

    assert move(bo, order_id, None).status_code == 404
    assert move(lin, order_id, None).status_code == 403
    moved = move(mei, order_id, later(72))
    assert moved.status_code == 201 and moved.json["publish_at"] > later(71).isoformat()

    play.shift(25)
    assert state(app, order_id) is OrderState.PUBLISHING, "the old hour's timer published"
    assert move(mei, order_id, None).status_code == 201
    assert state(app, order_id) is OrderState.COMPLETED
    assert move(mei, order_id, later(1)).json["type"].endswith("/not-waiting-for-hour")
    with app.app_context():
        names = [event.name for event in history(order_id)]
    assert names.count("publication.published") == 1 and names.count("delivery.scheduled") == 3


def test_an_hour_moved_back_and_forth_is_kept(app: Flask, mei: Player, lin: Player, order_id: UUID) -> None:
    first, second = later(24), later(48)
    take(mei, play.submit(lin, order_id, "video", publish_at=first))
    for hour in (second, first):
        assert state(app, order_id) is OrderState.PUBLISHING
        assert move(mei, order_id, hour).status_code == 201

    assert state(app, order_id) is OrderState.PUBLISHING
    play.shift(25)
    assert state(app, order_id) is OrderState.COMPLETED


def test_the_pages_agree_on_an_hour_and_say_what_is_wrong_at_its_field(
    app: Flask, mei: Player, lin: Player, order_id: UUID
) -> None:
    merchant, creator = mei.browser(), lin.browser()
    room = f"/orders/{encode('ord', order_id)}"
    draft = play.submit(lin, order_id, "video", publish_at=later(30))
    look = f"/submissions/{encode('sub', draft)}"
    with app.test_request_context():
        typed = {name: local_input(at) for name, at in (("past", later(-1)), ("good", later(40)))}
    assert "建议的发布时间" in merchant.get(look).text

    def accept(at: str) -> Any:
        return submit(merchant, look, f"{look}/acceptance", publish_at=at, idempotency_key=f"k{at}")

    refused = accept(typed["past"])
    assert refused.status_code == 422
    assert 'id="f-publish_at-error"' in refused.text and typed["past"] in refused.text
    assert accept(typed["good"]).status_code == 303
    assert state(app, order_id) is OrderState.PUBLISHING

    for browser in (merchant, creator):
        page = browser.get(room).text
        assert "作品已定时发布" in page and "约定" in page
        assert ("立即发布" in page) is (browser is merchant)
    assert submit(merchant, room, f"{room}/publication-time").status_code == 422
    assert submit(merchant, room, f"{room}/publication-time", at_once="1").status_code == 303
    assert state(app, order_id) is OrderState.COMPLETED
    assert "立即发布" not in merchant.get(room).text
