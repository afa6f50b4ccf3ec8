"""Faults on order: what the product has to survive."""

import pytest
import stripe

from tests.stripe_local.conftest import KEY, Sandbox

PARAMS = {"amount": 900, "currency": "cny", "metadata": {"fault": "yes"}}


def made(sandbox: Sandbox, mark: str) -> int:
    intents = sandbox.v1.payment_intents.list({"limit": 100}).data
    return sum(i.metadata.to_dict().get("mark") == mark for i in intents)


def test_a_500_changes_nothing_and_the_next_try_succeeds(sandbox: Sandbox) -> None:
    sandbox.fault("api", path_prefix="/v1/payment_intents", method="POST", status=500)
    options = {"idempotency_key": "fault-500"}
    params = {**PARAMS, "metadata": {"mark": "500"}}

    with pytest.raises(stripe.APIError):
        sandbox.v1.payment_intents.create(params, options=options)
    sandbox.v1.payment_intents.create(params, options=options)

    assert made(sandbox, "500") == 1


@pytest.mark.parametrize("after_commit", [True, False])
def test_an_answer_that_never_comes(sandbox: Sandbox, after_commit: bool) -> None:
    sandbox.fault("api", path_prefix="/v1/payment_intents", status=0, after_commit=after_commit)
    mark = f"lost-{after_commit}"
    params = {**PARAMS, "metadata": {"mark": mark}}
    options = {"idempotency_key": mark}

    with pytest.raises(stripe.APIConnectionError):
        sandbox.v1.payment_intents.create(params, options=options)
    assert made(sandbox, mark) == int(after_commit)
    sandbox.v1.payment_intents.create(params, options=options)

    assert made(sandbox, mark) == 1


def test_the_sdks_own_retry_makes_one_payment_of_a_lost_answer(sandbox: Sandbox) -> None:
    client = stripe.StripeClient(KEY, base_addresses={"api": sandbox.url}, max_network_retries=2)
    sandbox.fault("api", path_prefix="/v1/payment_intents", after_commit=True)

    intent = client.v1.payment_intents.create({**PARAMS, "metadata": {"mark": "sdk"}})

    assert made(sandbox, "sdk") == 1
    assert intent.last_response.headers["Idempotent-Replayed"] == "true"


def test_rate_limits_and_slowness(sandbox: Sandbox) -> None:
    sandbox.fault("api", path_prefix="/v1/balance", status=429)

    with pytest.raises(stripe.RateLimitError):
        sandbox.v1.balance.retrieve()

    assert sandbox.v1.balance.retrieve().object == "balance"


def test_faults_are_counted_listed_and_cleared(sandbox: Sandbox) -> None:
    sandbox.fault("decline", times=2, code="lost_card")
    with pytest.raises(stripe.CardError):
        sandbox.charge()

    assert [f["remaining"] for f in sandbox.control("faults")["data"]] == [1]
    sandbox.control("faults", method="DELETE")
    assert sandbox.charge().paid


def test_a_fault_may_strike_one_call_in_several(sandbox: Sandbox) -> None:
    sandbox.fault("api", path_prefix="/v1/balance", status=503, times=2, one_in=3)
    answers: list[int] = []
    for _ in range(8):
        try:
            sandbox.v1.balance.retrieve()
            answers.append(200)
        except stripe.APIError as error:
            answers.append(error.http_status or 0)

    assert answers == [200, 200, 503, 200, 200, 503, 200, 200]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "weather"},
        {"kind": "api", "times": 0},
        {"kind": "api", "wind": 1},
        {"kind": "webhook", "action": "eat"},
        {"kind": "webhook", "one_in": 0},
    ],
)
def test_an_order_nobody_understands_is_refused(sandbox: Sandbox, body: dict[str, object]) -> None:
    assert sandbox.refused("faults", body)["status"] == 400
