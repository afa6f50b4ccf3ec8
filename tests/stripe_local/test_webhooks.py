"""Delivery: signed, at least once, again after failures, and broken on order."""

import time
from collections.abc import Callable
from typing import Any

import stripe

from stripe_local.webhooks import pause_s, signature
from tests.stripe_local.conftest import SECRET, Hooks, Sandbox, receiver


def test_the_signature_is_the_one_the_sdk_verifies() -> None:
    body = '{"id": "evt_1", "object": "event"}'

    assert (
        stripe.Webhook.construct_event(body, signature(SECRET, body, int(time.time())), SECRET).id == "evt_1"
    )


def test_an_event_carries_version_request_and_key(sandbox: Sandbox, hooks: Hooks) -> None:
    customer = sandbox.v1.customers.create({"name": "Mei"}, options={"idempotency_key": "key-of-mei"})

    event = hooks.wait(customer.id, "customer.created")[0]

    assert event["request"]["idempotency_key"] == "key-of-mei"
    assert event["request"]["id"].startswith("req_")
    assert event["api_version"] == sandbox.control("health")["api_version"]
    assert (event["livemode"], "account" in event) == (False, False)


def test_a_refused_delivery_comes_again_until_it_is_taken(sandbox: Sandbox, hooks: Hooks) -> None:
    hooks.answers["customer.created"] = [500, 400, 302]

    customer = sandbox.v1.customers.create({"name": "Mei"})
    event = hooks.wait(customer.id, "customer.created")[0]

    assert [len(hooks.of(customer.id, status=s)) for s in (500, 400, 302, 200)] == [1, 1, 1, 1]
    end = time.monotonic() + 30
    while sandbox.v1.events.retrieve(event["id"]).pending_webhooks:
        assert time.monotonic() < end
        time.sleep(0.02)


def test_pauses_grow_and_stay_bearable() -> None:
    pauses = [pause_s(n) for n in range(40)]

    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[29], pauses[30]) == (0.25, 5.0, 30.0)


def test_a_duplicate_on_order(sandbox: Sandbox, hooks: Hooks) -> None:
    sandbox.fault("webhook", types=["customer.*"], action="duplicate", copies=3, seconds=0.05)

    customer = sandbox.v1.customers.create({"name": "Mei"})

    assert len({e["id"] for e in hooks.wait(customer.id, "customer.created", times=3)}) == 1


def test_a_dropped_event_is_only_in_the_list(sandbox: Sandbox, hooks: Hooks) -> None:
    sandbox.fault("webhook", types=["customer.created"], action="drop")

    lost, kept = (sandbox.v1.customers.create({"name": name}) for name in ("Mei", "Lin"))
    hooks.wait(kept.id, "customer.created")

    assert hooks.of(lost.id) == []
    listed = sandbox.v1.events.list({"types": ["customer.created"], "limit": 2}).data
    assert [e.data.object.id for e in listed] == [kept.id, lost.id]
    sandbox.control(f"deliveries/{hooks.of(kept.id)[0]['id']}", {})
    hooks.wait(kept.id, "customer.created", times=2)


def test_a_delayed_event_comes_late(sandbox: Sandbox, hooks: Hooks) -> None:
    sandbox.fault("webhook", types=["customer.created"], action="delay", seconds=0.4)

    late, soon = (sandbox.v1.customers.create({"name": name}) for name in ("Mei", "Lin"))
    hooks.wait(soon.id, "customer.created")

    assert hooks.of(late.id) == []
    hooks.wait(late.id, "customer.created")


def test_a_reordered_batch_comes_last_first(sandbox: Sandbox, hooks: Hooks) -> None:
    sandbox.fault("webhook", types=["customer.created"], action="reorder", times=3, seconds=0.9)

    made = [sandbox.v1.customers.create({"name": str(i)}).id for i in range(3)]
    for id in made:
        hooks.wait(id, "customer.created")

    arrived = [e["data"]["object"].get("id") for e in hooks.received if e["data"]["object"].get("id") in made]
    assert arrived == made[::-1]


def test_an_endpoint_made_over_the_api_gets_only_what_it_asked_for(sandbox: Sandbox) -> None:
    server, mine = receiver()
    endpoint = sandbox.v1.webhook_endpoints.create({"url": mine.url, "enabled_events": ["customer.deleted"]})
    assert endpoint.secret.startswith("whsec_")
    assert not hasattr(sandbox.v1.webhook_endpoints.retrieve(endpoint.id), "secret")

    customer = sandbox.v1.customers.create({"name": "Mei"})
    sandbox.v1.customers.delete(customer.id)
    event = next(
        e for e in sandbox.control("events?limit=100000")["data"]
        if e["type"] == "customer.deleted" and e["data"]["object"]["id"] == customer.id
    )  # fmt: skip

    waiting = sandbox.control("deliveries")["data"]
    sandbox.v1.webhook_endpoints.delete(endpoint.id)
    server.shutdown()
    assert [d["event"] for d in waiting if d["endpoint"] == endpoint.id] == [event["id"]]


def test_what_waits_survives_a_kill(launch: Callable[..., Any], hooks: Hooks) -> None:
    server, late = receiver()
    server.server_close()
    server.shutdown()
    process, sandbox = launch(late.url)
    customer = sandbox.v1.customers.create({"name": "Mei"})
    process.kill()
    process.wait()

    _, again = launch(hooks.url)

    hooks.wait(customer.id, "customer.created")
    assert again.v1.customers.retrieve(customer.id).name == "Mei"
