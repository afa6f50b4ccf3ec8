"""Idempotency keys, as Stripe documents them."""

import threading
import uuid
from typing import Any

import pytest
import stripe

from tests.stripe_local.conftest import Sandbox
from tests.stripe_local.test_requests import send

PARAMS = {"amount": 900, "currency": "cny"}


def new_key() -> dict[str, Any]:
    return {"idempotency_key": str(uuid.uuid4())}


def test_the_same_key_gives_the_same_answer(sandbox: Sandbox) -> None:
    key = new_key()
    first = sandbox.v1.payment_intents.create(PARAMS, options=key)
    sandbox.v1.payment_intents.cancel(first.id)

    again = sandbox.v1.payment_intents.create(PARAMS, options=key)

    assert again.to_dict() == first.to_dict()
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert again.last_response.headers["Request-Id"] != first.last_response.headers["Request-Id"]
    assert again.last_response.headers["Original-Request"] == first.last_response.headers["Request-Id"]


def test_other_parameters_under_a_used_key_are_refused(sandbox: Sandbox) -> None:
    key = new_key()
    sandbox.v1.payment_intents.create(PARAMS, options=key)

    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        sandbox.v1.payment_intents.create({**PARAMS, "amount": 901}, options=key)
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        sandbox.v1.customers.create({}, options=key)


def test_keys_belong_to_an_account(sandbox: Sandbox) -> None:
    key, account = new_key(), sandbox.payee()

    ours = sandbox.v1.customers.create({"name": "Mei"}, options=key)
    theirs = sandbox.v1.customers.create({"name": "Mei"}, options={**key, "stripe_account": account})

    assert ours.id != theirs.id


def test_a_refused_validation_leaves_the_key_unused(sandbox: Sandbox) -> None:
    key = new_key()
    with pytest.raises(stripe.InvalidRequestError):
        sandbox.v1.payment_intents.create({"amount": 900}, options=key)

    assert sandbox.v1.payment_intents.create(PARAMS, options=key).status == "requires_payment_method"


def test_a_decline_is_kept_like_any_answer(sandbox: Sandbox) -> None:
    key = new_key()
    params = {**PARAMS, "payment_method": "pm_card_chargeDeclined", "confirm": True}
    found = []
    for _ in range(2):
        with pytest.raises(stripe.CardError) as decline:
            sandbox.v1.payment_intents.create(params, options=key)
        found.append(decline.value)

    assert found[0].json_body == found[1].json_body
    assert found[1].headers["Idempotent-Replayed"] == "true"


def test_a_kept_500_is_replayed(sandbox: Sandbox) -> None:
    key = new_key()
    sandbox.fault("api", path_prefix="/v1/customers", status=500, store=True)
    for _ in range(2):
        with pytest.raises(stripe.APIError) as failure:
            sandbox.v1.customers.create({}, options=key)
        assert failure.value.http_status == 500


def test_a_twin_of_a_running_request_is_told_to_wait(sandbox: Sandbox) -> None:
    key = new_key()
    outcomes: list[str] = []

    def create() -> None:
        try:
            outcomes.append(sandbox.v1.payment_intents.create(PARAMS, options=key).id)
        except stripe.StripeError as error:
            outcomes.append(f"{error.http_status} {error.json_body['error']['code']}")

    threads = [threading.Thread(target=create) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({o for o in outcomes if o.startswith("pi_")}) == 1
    assert {o for o in outcomes if not o.startswith("pi_")} <= {"409 idempotency_key_in_use"}


def test_a_key_is_forgotten_after_a_day(sandbox: Sandbox) -> None:
    key = new_key()
    first = sandbox.v1.payment_intents.create(PARAMS, options=key)

    sandbox.advance(86_400 - 60)
    kept = sandbox.v1.payment_intents.create(PARAMS, options=key)
    sandbox.advance(120)
    forgotten = sandbox.v1.payment_intents.create(PARAMS, options=key)

    assert kept.id == first.id
    assert forgotten.id != first.id


def test_an_endless_key_is_refused(sandbox: Sandbox) -> None:
    status, body, _ = send(sandbox, "POST", "/v1/customers", {"name": "Mei"}, Idempotency_Key="k" * 256)

    assert (status, body["error"]["type"]) == (400, "idempotency_error")
