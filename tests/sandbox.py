"""The local Stripe as a fixture: the real protocol, and its events delivered by hand so that a test has no races.

`STRIPE_API_BASE` from outside is used as it is; else a local Stripe is started for the run.
"""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
import stripe
from flask import Flask

SECRET = "whsec_suite"


@dataclass
class Traffic:
    """What was asked of Stripe."""

    operations: Counter[str] = field(default_factory=Counter)
    unknown: list[str] = field(default_factory=list)


SAID = Traffic()
"""By this run of the suite; told at its end (conftest.pytest_terminal_summary)."""


def traffic(url: str) -> Traffic:
    body = requests.get(f"{url}/_sandbox/traffic", timeout=10).json()
    return Traffic(Counter(body["operations"]), body["unknown_parameters"])


def keep(before: Traffic, after: Traffic) -> None:
    SAID.operations += after.operations - before.operations
    SAID.unknown += after.unknown[len(before.unknown) :]


class Sandbox:
    """Drives the local Stripe and carries its events to the app."""

    def __init__(self, url: str, app: Flask) -> None:
        self.url = url
        self.app = app
        self.after: str | None = None

    def control(self, path: str, **body: Any) -> Any:
        answer = requests.post(f"{self.url}/_sandbox/{path}", json=body, timeout=10)
        assert answer.status_code < 400, answer.text
        return answer.json()

    def fault(self, kind: str, **spec: Any) -> None:
        self.control("faults", kind=kind, **spec)

    def pay(self, session_id: str, **how: Any) -> Any:
        return self.control(f"pay/{session_id}", **how)

    def onboard(self, account_id: str) -> Any:
        return self.control(f"onboard/{account_id}")

    def check(self) -> None:
        """Every balance of the sandbox is the sum of its transactions."""
        assert requests.get(f"{self.url}/_sandbox/check", timeout=10).json()["ok"]

    @property
    def pages(self) -> str:
        """Where its hosted pages are: not under `url` when somebody stands in between and records."""
        return str(requests.get(f"{self.url}/_sandbox/health", timeout=10).json()["url"])

    def balance(self) -> int:
        """The platform's own balance at Stripe, in fen."""
        headers = {"Authorization": f"Bearer {os.environ['STRIPE_API_KEY']}"}
        body = requests.get(f"{self.url}/v1/balance", headers=headers, timeout=10).json()
        return sum(
            each["amount"]
            for part in ("available", "pending")
            for each in body[part]
            if each["currency"] == "cny"
        )

    def new_events(self) -> list[dict[str, Any]]:
        """What happened since the last look, oldest first."""
        query = {"limit": "1000"} | ({"after": self.after} if self.after else {})
        events: list[dict[str, Any]] = requests.get(
            f"{self.url}/_sandbox/events", params=query, timeout=10
        ).json()["data"]
        if events:
            self.after = events[-1]["id"]
        return events

    def post(self, event: dict[str, Any], *, secret: str = SECRET, at: int | None = None) -> Any:
        """Deliver one event, signed as Stripe signs."""
        raw = json.dumps(event)
        signature = stripe.WebhookSignature.generate_signature_header(raw, secret, at or int(time.time()))
        return self.app.test_client().post(
            "/webhooks/stripe",
            data=raw,
            headers={"Stripe-Signature": signature, "Content-Type": "application/json"},
        )

    def deliver(self) -> int:
        events = self.new_events()
        for event in events:
            assert self.post(event).status_code == 200
        return len(events)

    def settle(self) -> None:
        """Deliver, work the outbox and the inbox off, and run what is due, until nothing is left."""
        from market.payments import outbox
        from tests.conftest import drain_all

        while True:
            moved = self.deliver()
            with self.app.app_context():
                moved += outbox.drain(seconds=20) + drain_all()
            if not moved:
                return

    def reset(self) -> None:
        self.control("reset")
        self.after = None


@pytest.fixture(scope="session")
def stripe_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Stripe that may be played with."""
    if given := os.environ.get("STRIPE_API_BASE"):
        before = traffic(given.rstrip("/"))
        yield given.rstrip("/")
        keep(before, traffic(given.rstrip("/")))
        return
    home = tmp_path_factory.mktemp("stripe")
    ready = home / "ready.json"
    key = os.environ.setdefault("STRIPE_API_KEY", "sk_test_suite")
    environ = os.environ | {
        "STRIPE_LOCAL_HOME": str(home),
        "STRIPE_LOCAL_API_KEY": key,
        "STRIPE_LOCAL_LOG": "WARNING",
    }
    server = subprocess.Popen(
        [sys.executable, "-m", "stripe_local", "--ready-file", str(ready)],
        env=environ,
        cwd=Path(__file__).parent.parent,
        stdout=subprocess.DEVNULL,
    )
    end = time.monotonic() + 30
    while not ready.exists():
        assert server.poll() is None and time.monotonic() < end, "the local Stripe did not start"
        time.sleep(0.05)
    url = json.loads(ready.read_text())["url"]
    os.environ["STRIPE_API_BASE"] = url
    yield url
    keep(Traffic(), traffic(url))
    del os.environ["STRIPE_API_BASE"]
    server.terminate()
    server.wait(10)


@pytest.fixture
def sandbox(stripe_server: str, app: Flask) -> Iterator[Sandbox]:
    """A Stripe without a past; it was asked nothing that the pinned version does not know."""
    os.environ["STRIPE_WEBHOOK_SECRET"] = SECRET
    sandbox = Sandbox(stripe_server, app)
    sandbox.reset()
    before = len(traffic(stripe_server).unknown)
    yield sandbox
    assert traffic(stripe_server).unknown[before:] == []
