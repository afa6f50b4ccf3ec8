"""Starting: what it refuses, what it keeps, and how it survives."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import stripe

from tests.stripe_local.conftest import ROOT, Hooks, receiver


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("API_KEY", "sk_live_51abc", "sk_test_"),
        ("API_KEY", "pk_test_51abc", "sk_test_"),
        ("HOST", "0.0.0.0", "loopback"),
        ("PORT", "99999", "0 to 65535"),
        ("PACE", "warp", "demo"),
        ("WEBHOOK_URL", "http://127.0.0.1:1/x", "whsec_"),
    ],
)
def test_dangerous_settings_are_refused(tmp_path: Path, name: str, value: str, word: str) -> None:
    environ = {
        "PATH": os.environ["PATH"],
        "STRIPE_LOCAL_HOME": str(tmp_path),
        "STRIPE_LOCAL_API_KEY": "sk_test_x",
        f"STRIPE_LOCAL_{name}": value,
    }

    done = subprocess.run(
        [sys.executable, "-m", "stripe_local"],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 2
    assert word in done.stderr
    assert value not in done.stderr or name != "API_KEY"


@pytest.mark.parametrize(
    ("name", "value"), [("VTASK_ENV", "production"), ("STRIPE_API_KEY", "sk_live_51abc")]
)
def test_nothing_stands_in_for_stripe_where_real_money_moves(tmp_path: Path, name: str, value: str) -> None:
    environ = {"PATH": os.environ["PATH"], "STRIPE_LOCAL_HOME": str(tmp_path), name: value}

    done = subprocess.run(
        [sys.executable, "-m", "stripe_local"],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 2
    assert name in done.stderr
    assert "sk_live_51abc" not in done.stderr


def test_a_killed_sandbox_comes_back_with_all_it_answered(launch: Callable[..., Any]) -> None:
    process, sandbox = launch()
    answered: list[tuple[str, str]] = []
    started = threading.Event()

    def work(me: int) -> None:
        for n in range(2_000):
            key = f"{me}-{n}"
            try:
                params = {
                    "amount": 5_000,
                    "currency": "cny",
                    "payment_method": "pm_card_visa",
                    "confirm": True,
                }
                intent = sandbox.v1.payment_intents.create(
                    {**params, "return_url": "http://shop.test/", "metadata": {"key": key}},
                    options={"idempotency_key": key},
                )
            except stripe.APIConnectionError:
                return
            answered.append((key, intent.id))
            if len(answered) >= 40:
                started.set()

    threads = [threading.Thread(target=work, args=(me,)) for me in range(3)]
    for thread in threads:
        thread.start()
    assert started.wait(60)
    process.kill()
    for thread in threads:
        thread.join()

    _, again = launch()

    assert again.control("check")["ok"]
    assert again.platform == sandbox.platform
    kept = {i.metadata["key"]: i.id for i in again.v1.payment_intents.list({"limit": 100}).auto_paging_iter()}
    assert {key: kept.get(key) for key, _ in answered} == dict(answered)
    charges = list(again.v1.charges.list({"limit": 100}).auto_paging_iter())
    assert len(charges) == len({c.payment_intent for c in charges}) == len(kept)


def test_an_empty_sandbox_can_live_through_the_past(launch: Callable[..., Any], hooks: Hooks) -> None:
    _, sandbox = launch(hooks.url)
    now = sandbox.control("health")["clock"]
    then = now - 90 * 86_400

    sandbox.control("clock", {"start_at": then})
    charge = sandbox.charge()
    sandbox.advance(90 * 86_400)

    assert charge.created - then < 10
    assert abs(sandbox.control("health")["clock"] - now) < 30
    assert hooks.wait(charge.id, "charge.succeeded")[0]["created"] == charge.created
    assert "empty" in sandbox.refused("clock", {"start_at": then})["message"]


def test_a_reset_forgets_everything_but_the_platform(launch: Callable[..., Any]) -> None:
    _, sandbox = launch()
    sandbox.charge()

    sandbox.control("reset", {})

    health = sandbox.control("health")
    assert (health["objects"], health["platform"]) == ({}, sandbox.platform)
    assert sandbox.funds() == (0, 0)


def test_platform_and_connect_may_have_addresses_of_their_own(
    launch: Callable[..., Any], hooks: Hooks
) -> None:
    server, connect = receiver()
    _, sandbox = launch(
        hooks.url,
        STRIPE_LOCAL_CONNECT_WEBHOOK_URL=connect.url,
        STRIPE_LOCAL_CONNECT_WEBHOOK_SECRET="whsec_local_suite",
    )
    account, customer = sandbox.payee(), sandbox.v1.customers.create({"name": "Mei"})

    connect.wait(account, "account.updated")
    hooks.wait(customer.id, "customer.created")

    assert (hooks.of(account), connect.of(customer.id)) == ([], [])
    server.shutdown()
