"""The webhook: verified on raw bytes, stored once, and of no effect when forged."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import stripe
from flask import Flask

from market.kit.db import db
from market.payments import outbox
from market.payments.models import StripeEvent
from tests import play
from tests.conftest import Player
from tests.sandbox import SECRET, Sandbox

EVENT = {
    "id": "evt_1",
    "object": "event",
    "type": "customer.created",
    "created": 1_700_000_000,
    "api_version": "2026-10-28.endive",
    "data": {"object": {"id": "cus_1", "object": "customer"}},
}


def rows(app: Flask) -> int:
    with app.app_context():
        return db.session.query(StripeEvent).count()


def post(app: Flask, raw: str, signature: str | None) -> Any:
    headers = {"Stripe-Signature": signature} if signature else {}
    return app.test_client().post("/webhooks/stripe", data=raw, headers=headers)


def sign(raw: str, *, secret: str = SECRET, at: int | None = None) -> str:
    return stripe.WebhookSignature.generate_signature_header(raw, secret, at or int(time.time()))


def test_forged_events_leave_nothing(app: Flask, sandbox: Sandbox) -> None:
    raw, present = json.dumps(EVENT), int(time.time())
    reordered = json.dumps(EVENT, sort_keys=True, indent=1)
    forged = {
        "none": None,
        "empty": "",
        "nonsense": "t=abc,v1=zz",
        "other secret": sign(raw, secret="whsec_other"),
        "old": sign(raw, at=present - 301),
        "future": sign(raw, at=present + 600),
        "other scheme": sign(raw).replace("v1=", "v0="),
    }

    answers = {name: post(app, raw, signature).status_code for name, signature in forged.items()}
    answers["other bytes"] = post(app, reordered, sign(raw)).status_code

    assert answers == dict.fromkeys([*forged, "other bytes"], 400)
    assert rows(app) == 0


def test_signed_nonsense_is_refused(app: Flask, sandbox: Sandbox) -> None:
    for raw in ("", "[]", '"x"', "{}", '{"object":"event"}', "\x00"):
        assert post(app, raw, sign(raw)).status_code == 400, raw
    assert rows(app) == 0


def test_the_same_event_thirty_times_is_one_row(app: Flask, sandbox: Sandbox) -> None:
    raw = json.dumps(EVENT)

    with ThreadPoolExecutor(6) as crowd:
        answers = list(crowd.map(lambda _: post(app, raw, sign(raw)), range(30)))

    assert {answer.status_code for answer in answers} == {200}
    assert [answer.text for answer in answers].count("stored") == 1
    assert rows(app) == 1


def test_two_secrets_are_taken_while_one_is_rolled(app: Flask, sandbox: Sandbox, monkeypatch: Any) -> None:
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", f"whsec_new,{SECRET}")

    raw = json.dumps(EVENT)

    assert post(app, raw, sign(raw, secret="whsec_new")).status_code == 200
    assert post(app, raw, sign(raw)).status_code == 200
    assert post(app, raw, sign(raw, secret="whsec_gone")).status_code == 400


def test_without_postgresql_stripe_is_asked_to_come_again(app: Flask, sandbox: Sandbox) -> None:
    from dataclasses import replace

    from market.app import create_app

    away = create_app(replace(app.config["SETTINGS"], database_url="postgresql://nobody@127.0.0.1:1/none"))
    raw = json.dumps(EVENT)

    answer = post(away, raw, sign(raw))

    assert answer.status_code == 503 and answer.headers["Retry-After"]


def test_an_event_of_no_interest_is_put_aside(app: Flask, sandbox: Sandbox) -> None:
    sandbox.post(EVENT)

    with app.app_context():
        assert outbox.drain() == 1
        assert db.session.query(StripeEvent).one().state == "ignored"


def test_an_event_about_a_session_that_is_not_ours_is_put_aside(app: Flask, sandbox: Sandbox) -> None:
    alien = EVENT | {
        "type": "checkout.session.completed",
        "data": {"object": {"id": "cs_test_gone", "object": "checkout.session"}},
    }
    sandbox.post(alien)

    with app.app_context():
        outbox.drain()
        assert db.session.query(StripeEvent).one().state == "ignored"
    play.ledger_is_sound(app)


def test_events_shuffled_and_repeated_end_like_in_order(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    orders = [play.award(mei, lin) for _ in range(4)]
    for order_id in orders:
        sandbox.pay(play.session_of(app, play.open_checkout(mei, order_id)))
    events = sandbox.new_events()

    for event in [*reversed(events), *events, *events[::2]]:
        assert sandbox.post(event).status_code == 200
    sandbox.settle()

    assert play.balance(app, "SC") == 4 * (1_000_000 - 29_200) == sandbox.balance()
    with app.app_context():
        from market.orders import queries

        assert {queries.find(order_id).state.value for order_id in orders} == {"scripting"}
    play.ledger_is_sound(app)


def test_a_failing_fetch_is_tried_again(app: Flask, mei: Player, lin: Player, sandbox: Sandbox) -> None:
    order_id = play.award(mei, lin)
    sandbox.pay(play.session_of(app, play.open_checkout(mei, order_id)))
    sandbox.fault("api", path_prefix="/v1/checkout/sessions", method="GET", status=500, times=2)
    sandbox.deliver()
    with app.app_context():
        outbox.drain()
        assert play.balance(app, "EU", order_id) == 0
    play.shift(1)

    sandbox.settle()

    with app.app_context():
        from market.orders import queries

        assert queries.find(order_id).state == "scripting"
