"""PaymentIntents: each state has its ways out and no others."""

import pytest
import stripe

from tests.stripe_local.conftest import Hooks, Sandbox
from tests.stripe_local.test_accounts import visit

BACK = "http://shop.test/back"


def intent(sandbox: Sandbox, **extra: object) -> stripe.PaymentIntent:
    made: stripe.PaymentIntent = sandbox.v1.payment_intents.create(
        {"amount": 50_000, "currency": "cny", **extra}
    )
    return made


def test_the_road_to_succeeded(sandbox: Sandbox, hooks: Hooks) -> None:
    made = intent(sandbox, metadata={"order": "ord_1"}, transfer_group="ord_1")
    ready = sandbox.v1.payment_intents.update(made.id, {"payment_method": "pm_card_unionpay"})
    done = sandbox.v1.payment_intents.confirm(made.id)

    assert [i.status for i in (made, ready, done)] == [
        "requires_payment_method",
        "requires_confirmation",
        "succeeded",
    ]
    assert done.amount_received == 50_000
    charge = sandbox.v1.charges.retrieve(done.latest_charge)
    assert (charge.payment_method_details.card.brand, charge.transfer_group) == ("unionpay", "ord_1")
    hooks.wait(made.id, "payment_intent.created")
    hooks.wait(made.id, "payment_intent.succeeded")


@pytest.mark.parametrize("act", ["confirm", "cancel", "update"])
def test_what_succeeded_is_over(sandbox: Sandbox, act: str) -> None:
    done = intent(sandbox, payment_method="pm_card_visa", confirm=True, return_url=BACK)
    params = {"amount": 1000} if act == "update" else {}

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        getattr(sandbox.v1.payment_intents, act)(done.id, params)

    assert refusal.value.code == "payment_intent_unexpected_state"


def test_a_canceled_payment_takes_no_money(sandbox: Sandbox, hooks: Hooks) -> None:
    made = intent(sandbox)

    canceled = sandbox.v1.payment_intents.cancel(made.id, {"cancellation_reason": "abandoned"})

    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")
    hooks.wait(made.id, "payment_intent.canceled")
    with pytest.raises(stripe.InvalidRequestError):
        sandbox.v1.payment_intents.confirm(made.id, {"payment_method": "pm_card_visa"})


@pytest.mark.parametrize(
    ("method", "code", "decline_code"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", None),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", None),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", None),
        ("pm_card_radarBlock", "card_declined", "fraudulent"),
    ],
)
def test_a_decline_says_why_and_can_be_tried_again(
    sandbox: Sandbox, method: str, code: str, decline_code: str | None
) -> None:
    made = intent(sandbox)
    before = sandbox.funds()

    with pytest.raises(stripe.CardError) as decline:
        sandbox.v1.payment_intents.confirm(made.id, {"payment_method": method})

    assert (decline.value.http_status, decline.value.code) == (402, code)
    assert decline.value.error.decline_code == decline_code
    assert decline.value.error.payment_intent.status == "requires_payment_method"
    assert sandbox.funds() == before
    assert (
        sandbox.v1.payment_intents.confirm(made.id, {"payment_method": "pm_card_visa"}).status == "succeeded"
    )


def test_an_ordered_decline_hits_once(sandbox: Sandbox) -> None:
    sandbox.fault("decline", code="insufficient_funds")

    with pytest.raises(stripe.CardError):
        sandbox.charge()

    assert sandbox.charge().paid


def test_a_challenge_returns_the_payer_with_its_result(sandbox: Sandbox) -> None:
    for answer, status in (("yes", "succeeded"), ("no", "requires_payment_method")):
        made = intent(sandbox, payment_method="pm_card_authenticationRequired", confirm=True, return_url=BACK)
        url = made.next_action.redirect_to_url.url

        _, _, location = visit(url, {"answer": answer})

        assert location.startswith(f"{BACK}?payment_intent={made.id}&payment_intent_client_secret=")
        assert location.endswith("redirect_status=" + ("succeeded" if answer == "yes" else "failed"))
        assert sandbox.v1.payment_intents.retrieve(made.id).status == status


def test_a_card_that_needs_its_owner_is_declined_without_him(sandbox: Sandbox) -> None:
    with pytest.raises(stripe.CardError) as decline:
        intent(sandbox, payment_method="pm_card_authenticationRequired", confirm=True, off_session=True)

    assert decline.value.code == "authentication_required"


@pytest.mark.parametrize("type", ["alipay", "wechat_pay"])
def test_wallets_ask_for_their_page(sandbox: Sandbox, type: str) -> None:
    made = intent(sandbox, payment_method_data={"type": type}, confirm=True, return_url=BACK)
    action = made.next_action.to_dict()
    details = action[action["type"]]

    _, _, location = visit(details.get("url") or details["hosted_instructions_url"], {"answer": "yes"})

    assert made.status == "requires_action"
    assert "redirect_status=succeeded" in location


def test_wallets_cannot_be_captured_by_hand(sandbox: Sandbox) -> None:
    made = intent(sandbox, capture_method="manual")

    assert made.payment_method_types == ["card"]
    with pytest.raises(stripe.InvalidRequestError):
        sandbox.v1.payment_intents.confirm(
            made.id, {"payment_method_data": {"type": "alipay"}, "return_url": BACK}
        )


def test_a_held_card_is_captured_in_part(sandbox: Sandbox) -> None:
    held = intent(sandbox, capture_method="manual", payment_method="pm_card_visa", confirm=True)
    before = sandbox.funds()[0]

    captured = sandbox.v1.payment_intents.capture(held.id, {"amount_to_capture": 20_000})

    assert (held.status, held.amount_capturable) == ("requires_capture", 50_000)
    assert (captured.status, captured.amount_received) == ("succeeded", 20_000)
    assert sandbox.funds()[0] - before == 20_000 - (20_000 * 29 // 1000 + 200)
    with pytest.raises(stripe.InvalidRequestError):
        sandbox.v1.payment_intents.capture(held.id)


def test_a_saved_card_pays_again_without_the_page(sandbox: Sandbox) -> None:
    customer = sandbox.v1.customers.create({"name": "Mei"})
    first = intent(
        sandbox,
        customer=customer.id,
        payment_method="pm_card_visa",
        confirm=True,
        return_url=BACK,
        setup_future_usage="off_session",
    )

    saved = sandbox.v1.customers.payment_methods.list(customer.id).data[0]
    again = intent(sandbox, customer=customer.id, payment_method=saved.id, confirm=True, off_session=True)

    assert first.payment_method == saved.id
    assert (again.status, saved.card.last4) == ("succeeded", "4242")
    with pytest.raises(stripe.InvalidRequestError):
        intent(sandbox, payment_method=saved.id, confirm=True, off_session=True)


def test_retired_and_unbuilt_parameters_are_refused(sandbox: Sandbox) -> None:
    for extra in ({"payment_method_types": ["card"]}, {"on_behalf_of": "acct_1"}, {"source": "tok_visa"}):
        with pytest.raises(stripe.InvalidRequestError):
            intent(sandbox, **extra)
