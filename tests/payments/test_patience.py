"""Who waits for a page does not wait for a Stripe that says nothing: the outbox goes on, and the page says so."""

import socketserver
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from market.kit.db import db
from market.kit.ids import encode
from market.payments import gateway, outbox
from market.payments.models import StripeCall
from tests import play
from tests.conftest import Player
from tests.sandbox import Sandbox


class Silence(socketserver.ThreadingTCPServer):
    """Takes every call and answers none, until the test is over."""

    daemon_threads = True
    calls = 0

    def __init__(self) -> None:
        self.over = threading.Event()
        silence = self

        class Listen(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                silence.calls += 1
                silence.over.wait()

        super().__init__(("127.0.0.1", 0), Listen)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@pytest.fixture
def silence(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Silence]:
    """Stripe says nothing. A worker would wait for it longer than any test may last."""
    monkeypatch.setattr(gateway, "QUICK", replace(gateway.QUICK, read_s=0.3))
    monkeypatch.setattr(gateway, "PATIENT", replace(gateway.PATIENT, read_s=3_600))
    server = Silence()
    yield server
    server.over.set()
    server.shutdown()
    server.server_close()


def gone_silent(server: Silence, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_API_BASE", server.url)


def pay(mei: Player, order_id: Any) -> Any:
    from tests.conftest import submit

    return submit(
        mei.browser(),
        f"/orders/{encode('ord', order_id)}/payment",
        f"/orders/{encode('ord', order_id)}/checkouts",
        amount_fen="1000000",
        stages="all",
        idempotency_key="click",
    )


def test_the_pay_click_comes_back_and_the_page_shows_the_state_when_it_arrives(
    app: Flask,
    mei: Player,
    lin: Player,
    sandbox: Sandbox,
    silence: Silence,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order_id = play.award(mei, lin)
    with monkeypatch.context() as meanwhile:
        gone_silent(silence, meanwhile)
        clicked = pay(mei, order_id)
        assert clicked.status_code == 303, clicked.text
        page = mei.browser().get(clicked.headers["Location"]).text
    assert "正在准备支付页面" in page and "hx-trigger" in page
    asked = silence.calls
    assert 1 <= asked <= 2, "each call once: the worker tries again, not the click"

    play.shift(0.1)
    sandbox.settle()

    checkout = mei.api("GET", "/checkouts").json["data"][0]
    assert checkout["state"] == "open" and checkout["url"]
    led_on = mei.browser().get(f"/checkouts/{checkout['id']}/state").headers
    assert led_on["HX-Redirect"] == checkout["url"], "the page that waited goes where the click meant to go"
    assert "HX-Redirect" not in mei.browser().get(f"/checkouts/{checkout['id']}/state?back=1").headers
    assert silence.calls == asked
    with app.app_context():
        calls = db.session.query(StripeCall).filter_by(purpose="checkout").all()
        assert [(call.state.value, call.attempt) for call in calls] == [("done", 1)], "under the same key"


def test_what_one_request_may_wait_is_for_all_its_calls_together(
    app: Flask, silence: Silence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "BUDGET_S", 0.2)
    gone_silent(silence, monkeypatch)

    with app.test_request_context("/"):
        app.preprocess_request()
        for _ in range(4):
            with pytest.raises(gateway.StripeAway):
                gateway.balance()

    assert silence.calls == 1, "the first used the time up, and the others did not even begin"


def test_workers_have_their_time(app: Flask, sandbox: Sandbox, mei: Player, lin: Player) -> None:
    """A request leaves nothing of its hurry behind in its thread."""
    order_id = play.award(mei, lin)
    assert mei.browser().get("/m").status_code == 200
    assert gateway._hurry.get() is None

    with app.app_context():
        assert gateway.client() is gateway._client(gateway.read(), gateway.PATIENT)
        outbox.drain()
    with app.test_request_context("/"):
        app.preprocess_request()
        assert gateway.client() is gateway._client(gateway.read(), gateway.QUICK)
    assert gateway._hurry.get() is None
    assert order_id
