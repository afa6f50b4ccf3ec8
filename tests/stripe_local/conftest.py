"""The local Stripe as its users meet it: a process of its own, the real SDK, real HTTP, a real receiver of webhooks."""

import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import stripe

ROOT = Path(__file__).resolve().parents[2]
KEY, SECRET = "sk_test_local_suite", "whsec_local_suite"
Json = dict[str, Any]


@dataclass
class Hooks:
    """An endpoint that verifies each delivery with the SDK and remembers it."""

    url: str = ""
    received: list[Json] = field(default_factory=list)
    answers: dict[str, list[int]] = field(default_factory=dict)
    _news: threading.Condition = field(default_factory=threading.Condition)

    def take(self, body: bytes, signature: str) -> int:
        event = stripe.Webhook.construct_event(body, signature, SECRET).to_dict()
        with self._news:
            planned = self.answers.get(event["type"])
            status = planned.pop(0) if planned else 200
            self.received.append({**event, "_status": status})
            self._news.notify_all()
        return status

    def of(self, object_id: str, *, type: str = "", status: int = 200) -> list[Json]:
        return [
            e
            for e in list(self.received)
            if e["data"]["object"].get("id") == object_id
            and e["_status"] == status
            and type in ("", e["type"])
        ]

    def wait(self, object_id: str, type: str, times: int = 1, timeout_s: float = 30) -> list[Json]:
        end = time.monotonic() + timeout_s
        with self._news:
            while len(self.of(object_id, type=type)) < times:
                left = end - time.monotonic()
                assert left > 0, f"no {type} for {object_id}: {[e['type'] for e in self.of(object_id)]}"
                self._news.wait(left)
        return self.of(object_id, type=type)


@dataclass
class Sandbox:
    """The running local Stripe: its SDK client and its control API."""

    url: str
    pid: int
    platform: str
    client: stripe.StripeClient

    @property
    def v1(self) -> Any:
        return self.client.v1

    def control(self, path: str, body: Json | None = None, method: str | None = None) -> Json:
        request = urllib.request.Request(
            f"{self.url}/_sandbox/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            found: Json = json.load(answer)
            return found

    def refused(self, path: str, body: Json | None = None) -> Json:
        """The error of a control call that must fail."""
        with pytest.raises(urllib.error.HTTPError) as refusal:
            self.control(path, body)
        error: Json = json.load(refusal.value)["error"]
        return {**error, "status": refusal.value.code}

    def fault(self, kind: str, **spec: Any) -> None:
        self.control("faults", {"kind": kind, **spec})

    def advance(self, seconds: int) -> None:
        self.control("clock", {"advance_s": seconds})

    def pay(self, session: str, **form: str) -> Json:
        return self.control(f"pay/{session}", form)

    # What most tests need to begin with.

    def session(self, amount: int = 100_000, **extra: Any) -> Any:
        line = {"price_data": {"currency": "cny", "product_data": {"name": "短视频"}, "unit_amount": amount}}
        return self.v1.checkout.sessions.create(
            {
                "mode": "payment",
                "line_items": [{**line, "quantity": 1}],
                "success_url": "http://shop.test/done?session={CHECKOUT_SESSION_ID}",
                "cancel_url": "http://shop.test/cancel",
                **extra,
            }
        )

    def charge(self, amount: int = 100_000, method: str = "pm_card_visa", **extra: Any) -> Any:
        intent = self.v1.payment_intents.create(
            {
                "amount": amount,
                "currency": "cny",
                "payment_method": method,
                "confirm": True,
                "return_url": "http://shop.test/back",
                "expand": ["latest_charge.balance_transaction"],
                **extra,
            }
        )
        return intent.latest_charge

    def payee(self, **onboarding: str) -> str:
        account = self.v1.accounts.create(
            {
                "type": "express",
                "country": "CN",
                "capabilities": {"transfers": {"requested": True}},
                "settings": {"payouts": {"schedule": {"interval": "manual"}}},
            }
        )
        self.control(f"onboard/{account.id}", dict(onboarding))
        return str(account.id)

    def funds(self, account: str | None = None, currency: str = "cny") -> tuple[int, int]:
        """Available and pending."""
        options = {"stripe_account": account} if account else {}
        balance = self.v1.balance.retrieve(options=options)
        found = [0, 0]
        for at, column in enumerate((balance.available, balance.pending)):
            found[at] = sum(money.amount for money in column if money.currency == currency)
        return found[0], found[1]


def start(home: Path, webhook_url: str = "", **extra: str) -> tuple[subprocess.Popen[bytes], Sandbox]:
    """`python -m stripe_local` on a free port, ready to answer."""
    ready = home / "ready.json"
    home.mkdir(parents=True, exist_ok=True)
    ready.unlink(missing_ok=True)
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("STRIPE_")},
        "STRIPE_LOCAL_HOME": str(home),
        "STRIPE_LOCAL_PORT": "0",
        "STRIPE_LOCAL_API_KEY": KEY,
        "STRIPE_LOCAL_WEBHOOK_URL": webhook_url,
        "STRIPE_LOCAL_WEBHOOK_SECRET": SECRET if webhook_url else "",
        **extra,
    }
    with (home / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "stripe_local", "--ready-file", str(ready)],
            cwd=ROOT,
            env=environ,
            stdout=log,
            stderr=log,
        )
    end = time.monotonic() + 60
    while not ready.exists():
        assert process.poll() is None, (home / "log").read_text()
        assert time.monotonic() < end, "the local Stripe did not become ready"
        time.sleep(0.02)
    found = json.loads(ready.read_text())
    client = stripe.StripeClient(
        KEY, base_addresses={"api": found["url"], "files": found["url"]}, max_network_retries=0
    )
    return process, Sandbox(found["url"], found["pid"], found["platform"], client)


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise


@pytest.fixture(scope="session", autouse=True)
def _no_telemetry() -> None:
    stripe.enable_telemetry = False


def receiver() -> tuple[ThreadingHTTPServer, Hooks]:
    hooks = Hooks()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                status = hooks.take(body, self.headers["Stripe-Signature"])
            except stripe.SignatureVerificationError:
                status = 400
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    hooks.url = f"http://127.0.0.1:{server.server_port}/stripe"
    return server, hooks


@pytest.fixture(scope="session")
def hooks() -> Iterator[Hooks]:
    server, hooks = receiver()
    yield hooks
    server.shutdown()


@pytest.fixture(scope="session")
def running(hooks: Hooks, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    home = tmp_path_factory.mktemp("stripe")
    process, sandbox = start(home, hooks.url)
    yield sandbox
    sandbox.control("check")
    stop(process)
    assert "Traceback" not in (home / "log").read_text()


@pytest.fixture
def sandbox(running: Sandbox, hooks: Hooks) -> Iterator[Sandbox]:
    """Shared by all tests; each leaves it without faults, at the demo's pace, and with sums that hold."""
    yield running
    hooks.answers.clear()
    running.control("faults", method="DELETE")
    running.control("config", {"pace": "demo", "settle_in": "", "refund_overdraft": True})
    assert running.control("check") == {"ok": True, "differences": []}


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Callable[..., tuple[subprocess.Popen[bytes], Sandbox]]]:
    """Start one more local Stripe in a folder of its own; the same folder again when called again."""
    started: list[subprocess.Popen[bytes]] = []

    def launched(webhook_url: str = "", **extra: str) -> tuple[subprocess.Popen[bytes], Sandbox]:
        process, sandbox = start(tmp_path / "stripe", webhook_url, **extra)
        started.append(process)
        return process, sandbox

    yield launched
    for process in started:
        if process.poll() is None:
            stop(process)
