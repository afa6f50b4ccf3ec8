"""Saved cards: kept at a Checkout, offered on the next, and charged without the page."""

from typing import Any

import pytest
import stripe

from tests.stripe_local.conftest import Sandbox
from tests.stripe_local.test_accounts import visit
from tests.stripe_local.test_checkout import CARD

FUTURE = {"payment_intent_data": {"setup_future_usage": "off_session"}}
MAY_SAVE = {"saved_payment_method_options": {"payment_method_save": "enabled"}}


def customer(sandbox: Sandbox) -> str:
    return str(sandbox.v1.customers.create({"name": "Mei"}).id)


def cards(sandbox: Sandbox, who: str) -> list[Any]:
    return list(sandbox.v1.customers.payment_methods.list(who, {"type": "card"}).data)


def saved(sandbox: Sandbox, number: str = "4242424242424242") -> tuple[str, str]:
    """A customer and the card kept at a Checkout."""
    who = customer(sandbox)
    sandbox.pay(sandbox.session(customer=who, **FUTURE).id, number=number)
    return who, cards(sandbox, who)[0].id


def off_session(sandbox: Sandbox, who: str, card: str, **extra: Any) -> Any:
    return sandbox.v1.payment_intents.create(
        {
            "amount": 80_000,
            "currency": "cny",
            "customer": who,
            "payment_method": card,
            "allowed_payment_method_types": ["card"],
            "off_session": True,
            "confirm": True,
            **extra,
        }
    )


def test_a_checkout_keeps_the_card_for_the_customer_when_the_shop_asks(sandbox: Sandbox) -> None:
    who, card = saved(sandbox)

    intent = off_session(sandbox, who, card)

    found = sandbox.v1.payment_methods.retrieve(card)
    assert (found.customer, found.allow_redisplay, found.card.last4) == (who, "limited", "4242")
    assert (intent.status, intent.payment_method_types) == ("succeeded", ["card"])


def test_a_checkout_without_a_customer_makes_one_to_keep_the_card(sandbox: Sandbox) -> None:
    session = sandbox.session(**FUTURE)
    sandbox.pay(session.id, name="Mei")

    who = sandbox.v1.checkout.sessions.retrieve(session.id).customer

    assert [c.card.last4 for c in cards(sandbox, who)] == ["4242"]


def test_the_payer_ticks_to_keep_a_card_and_pays_with_it_the_next_time(sandbox: Sandbox) -> None:
    who = customer(sandbox)
    first = sandbox.session(customer=who, **MAY_SAVE)
    _, page, _ = visit(first.url)
    visit(first.url, {**CARD, "save": "yes"})
    (card,) = cards(sandbox, who)
    second = sandbox.session(customer=who)

    _, offered, _ = visit(second.url)
    status, _, location = visit(second.url, {"method": card.id})

    assert 'name="save"' in page
    assert card.allow_redisplay == "always"
    assert card.id in offered and "4242" in offered
    assert 'name="save"' not in offered
    assert (status, location) == (303, f"http://shop.test/done?session={second.id}")
    paid = sandbox.v1.checkout.sessions.retrieve(second.id, {"expand": ["payment_intent"]})
    assert paid.payment_intent.payment_method == card.id


def test_a_card_is_kept_and_offered_only_with_the_payers_and_the_shops_will(sandbox: Sandbox) -> None:
    who = customer(sandbox)
    unticked, unasked = sandbox.session(customer=who, **MAY_SAVE), sandbox.session(customer=who)
    visit(unticked.url, CARD)
    visit(unasked.url, {**CARD, "save": "yes"})
    kept, (_, card) = cards(sandbox, who), saved(sandbox)

    stranger = sandbox.session(customer=who)
    _, page, _ = visit(stranger.url, {"method": card})

    assert kept == []
    assert sandbox.v1.checkout.sessions.retrieve(stranger.id).status == "open"
    assert 'role="alert"' in page


def test_a_limited_card_is_offered_when_the_shop_asks_for_those(sandbox: Sandbox) -> None:
    who, card = saved(sandbox)
    filters = {"saved_payment_method_options": {"allow_redisplay_filters": ["always", "limited"]}}

    _, without, _ = visit(sandbox.session(customer=who).url)
    _, offered, _ = visit(sandbox.session(customer=who, **filters).url)

    assert (card in without, card in offered) == (False, True)


@pytest.mark.parametrize(
    ("number", "code", "decline"),
    [
        ("4000002760003184", "authentication_required", "authentication_required"),
        ("4000000000000341", "card_declined", "generic_decline"),
    ],
)
def test_a_saved_card_may_refuse_or_want_its_holder(
    sandbox: Sandbox, number: str, code: str, decline: str
) -> None:
    who, card = saved(sandbox, number)

    with pytest.raises(stripe.CardError) as refusal:
        off_session(sandbox, who, card)

    assert (refusal.value.code, refusal.value.error.decline_code) == (code, decline)
    intent = refusal.value.error.payment_intent
    assert (intent.status, intent.last_payment_error.payment_method.id) == ("requires_payment_method", card)


def test_a_card_authenticated_when_it_was_saved_pays_by_itself(sandbox: Sandbox) -> None:
    who, card = saved(sandbox, "4000002500003155")

    assert off_session(sandbox, who, card).status == "succeeded"


def test_the_holder_comes_back_to_confirm_what_was_refused_without_him(sandbox: Sandbox) -> None:
    who, card = saved(sandbox, "4000002760003184")
    with pytest.raises(stripe.CardError) as refusal:
        off_session(sandbox, who, card)
    intent = refusal.value.error.payment_intent.id

    asked = sandbox.v1.payment_intents.confirm(
        intent, {"payment_method": card, "return_url": "http://shop.test/back?order=1"}
    )
    bank = asked.next_action.redirect_to_url.url
    closed, left, _ = visit(bank, {"answer": "leave"})
    still = sandbox.v1.payment_intents.retrieve(intent).status
    _, _, back = visit(bank, {"answer": "yes"})

    assert (asked.status, closed, still) == ("requires_action", 200, "requires_action")
    assert "http://shop.test/back?order=1" in left
    assert back.startswith(f"http://shop.test/back?order=1&payment_intent={intent}&")
    assert back.endswith("&redirect_status=succeeded")
    assert sandbox.v1.payment_intents.retrieve(intent).status == "succeeded"


def test_a_challenge_failed_or_declined_afterwards_takes_nothing(sandbox: Sandbox) -> None:
    params = {"amount": 5_000, "currency": "cny", "confirm": True, "return_url": "http://shop.test/back"}
    funds = sandbox.funds()

    for card, answer, code in (
        ("pm_card_authenticationRequired", "no", "payment_intent_authentication_failure"),
        ("pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", "yes", "card_declined"),
    ):
        intent = sandbox.v1.payment_intents.create({**params, "payment_method": card})
        _, _, back = visit(intent.next_action.redirect_to_url.url, {"answer": answer})
        found = sandbox.v1.payment_intents.retrieve(intent.id)
        assert back.endswith("redirect_status=failed")
        assert (found.status, found.last_payment_error.code) == ("requires_payment_method", code)

    assert sandbox.funds() == funds


def test_the_shop_may_ask_for_a_challenge(sandbox: Sandbox) -> None:
    options = {"payment_method_options": {"card": {"request_three_d_secure": "challenge"}}}
    session = sandbox.session(**options)

    _, _, bank = visit(session.url, CARD)
    visit(bank, {"answer": "yes"})

    paid = sandbox.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
    details = paid.payment_intent.latest_charge.payment_method_details.card
    assert details.three_d_secure.result == "authenticated"


@pytest.mark.parametrize(
    "params",
    [
        {"off_session": True},
        {"payment_method_types": ["card"], "confirm": True},
        {"saved_payment_method_options": {"payment_method_save": "enabled"}},
    ],
)
def test_what_stripe_does_not_take_is_refused(sandbox: Sandbox, params: dict[str, Any]) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sandbox.v1.payment_intents.create({"amount": 5_000, "currency": "cny", **params})

    assert refusal.value.param == next(iter(params))
    if "payment_method_types" in params:
        assert refusal.value.code == "payment_method_types_no_longer_supported"
