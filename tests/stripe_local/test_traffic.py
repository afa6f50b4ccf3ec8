"""What was asked is counted, and what the pinned version does not know is named."""

import json
import urllib.request

import pytest
import stripe

from tests.stripe_local.conftest import KEY, Json, Sandbox


def traffic(sandbox: Sandbox) -> Json:
    with urllib.request.urlopen(f"{sandbox.url}/_sandbox/traffic", timeout=10) as answer:
        found: Json = json.load(answer)
    return found


def test_requests_operations_and_unknown_parameters_are_counted(sandbox: Sandbox) -> None:
    before = traffic(sandbox)
    client = stripe.StripeClient(KEY, base_addresses={"api": sandbox.url})

    client.v1.balance.retrieve()
    client.v1.customers.list({"limit": 1})
    client.v1.customers.list({"limit": 2})
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.customers.create({"nickname": "x"})  # type: ignore[typeddict-unknown-key]

    after = traffic(sandbox)
    assert after["requests"] - before["requests"] == 4
    asked = after["operations"].get("GET /v1/customers", 0) - before["operations"].get("GET /v1/customers", 0)
    assert asked == 2
    assert after["unknown_parameters"][len(before["unknown_parameters"]) :] == ["POST /v1/customers nickname"]
