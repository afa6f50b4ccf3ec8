"""Stripe's test cards (docs.stripe.com/testing): number, brand, and what happens when one pays."""

import hashlib
from dataclasses import dataclass

from stripe_local.errors import Json, StripeError


@dataclass(frozen=True)
class Card:
    """`outcome` is `ok`, a decline code, or `challenge` (3-D Secure), after which the card pays or is declined with
    `then`. `saved` is the outcome once the card belongs to a customer.
    """

    number: str
    brand: str = "visa"
    outcome: str = "ok"
    saved: str = ""
    then: str = "ok"
    names: tuple[str, ...] = ()
    bypass_pending: bool = False
    refund: str = "succeeded"
    dispute: str = ""
    country: str = "US"
    funding: str = "credit"


_CARDS = (
    Card("4242424242424242", names=("visa",)),
    Card("4000056655665556", names=("visa_debit",), funding="debit"),
    Card("5555555555554444", "mastercard", names=("mastercard",)),
    Card("378282246310005", "amex", names=("amex",)),
    Card("6200000000000005", "unionpay", names=("unionpay",), country="CN"),
    Card("6205500000000000004", "unionpay", country="CN"),
    Card("4000001560000002", names=("cn",), country="CN"),
    Card("4000003440000004", names=("hk",), country="HK"),
    Card("4000000000000077", names=("bypassPending",), bypass_pending=True),
    Card("4000000000000002", outcome="generic_decline", names=("chargeDeclined", "visa_chargeDeclined")),
    Card(
        "4000000000009995",
        outcome="insufficient_funds",
        names=("chargeDeclinedInsufficientFunds", "visa_chargeDeclinedInsufficientFunds"),
    ),
    Card(
        "4000000000009987",
        outcome="lost_card",
        names=("chargeDeclinedLostCard", "visa_chargeDeclinedLostCard"),
    ),
    Card(
        "4000000000009979",
        outcome="stolen_card",
        names=("chargeDeclinedStolenCard", "visa_chargeDeclinedStolenCard"),
    ),
    Card(
        "4000000000000069",
        outcome="expired_card",
        names=("chargeDeclinedExpiredCard", "visa_chargeDeclinedExpiredCard"),
    ),
    Card(
        "4000000000000127",
        outcome="incorrect_cvc",
        names=("chargeDeclinedIncorrectCvc", "visa_chargeDeclinedIncorrectCvc"),
    ),
    Card(
        "4000000000000119",
        outcome="processing_error",
        names=("chargeDeclinedProcessingError", "visa_chargeDeclinedProcessingError"),
    ),
    Card("4100000000000019", outcome="fraudulent", names=("radarBlock",)),
    Card("4000002760003184", outcome="challenge", names=("authenticationRequired",)),
    Card("4000002500003155", outcome="challenge", saved="ok", names=("authenticationRequiredOnSetup",)),
    Card(
        "4000008260003178",
        outcome="challenge",
        then="insufficient_funds",
        names=("authenticationRequiredChargeDeclinedInsufficientFunds",),
    ),
    Card("4000000000000341", saved="generic_decline", names=("chargeCustomerFail",)),
    Card(
        "4000000000006975",
        outcome="card_velocity_exceeded",
        names=("visa_chargeDeclinedVelocityLimitExceeded",),
    ),
    Card("4000000000003220", outcome="challenge", names=("threeDSecure2Required",)),
    Card("4000000000007726", refund="pending", names=("pendingRefund",)),
    Card("4000000000005126", refund="failed", names=("refundFail",)),
    Card("4000000000000259", dispute="fraudulent", names=("createDispute",)),
    Card("4000000000002685", dispute="product_not_received", names=("createDisputeProductNotReceived",)),
)
_BY_NUMBER = {card.number: card for card in _CARDS}
_BY_NAME = {name: card for card in _CARDS for name in card.names}

_WORDS = {
    "generic_decline": ("card_declined", "Your card was declined."),
    "insufficient_funds": ("card_declined", "Your card has insufficient funds."),
    "card_velocity_exceeded": (
        "card_declined",
        "Your card was declined for making repeated attempts too frequently or exceeding its amount limit.",
    ),
    "lost_card": ("card_declined", "Your card was declined."),
    "stolen_card": ("card_declined", "Your card was declined."),
    "fraudulent": ("card_declined", "Your card was declined."),
    "test_mode_live_card": (
        "card_declined",
        "Your card was declined. Your request was in test mode, but used a non test card.",
    ),
    "expired_card": ("expired_card", "Your card has expired."),
    "incorrect_cvc": ("incorrect_cvc", "Your card's security code is incorrect."),
    "processing_error": (
        "processing_error",
        "An error occurred while processing your card. Try again in a little bit.",
    ),
    "authentication_required": (
        "authentication_required",
        "Your card was declined. This transaction requires authentication.",
    ),
}


def named(name: str) -> Card | None:
    """The card behind `pm_card_visa` or `tok_visa`."""
    for prefix in ("pm_card_", "tok_"):
        if name.startswith(prefix):
            return _BY_NAME.get(name[len(prefix) :])
    return None


def by_number(number: str) -> Card:
    """The card of this number; a real-looking number that is no test card is declined when it pays."""
    digits = number.replace(" ", "").replace("-", "")
    if not digits.isascii() or not digits.isdigit() or not 12 <= len(digits) <= 19 or not _luhn(digits):
        raise StripeError(
            "Your card number is incorrect.",
            status=402,
            type="card_error",
            code="incorrect_number",
            param="number",
        )
    return _BY_NUMBER.get(digits, Card(digits, "unknown", "test_mode_live_card"))


def decline(code: str) -> tuple[str, str]:
    """The error code and the sentence that go with a decline code."""
    return _WORDS.get(code, ("card_declined", "Your card was declined."))


def details(card: Card, exp_month: int, exp_year: int) -> Json:
    """The `card` hash of a PaymentMethod."""
    return {
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "unchecked"},
        "country": card.country,
        "display_brand": card.brand,
        "exp_month": exp_month,
        "exp_year": exp_year,
        "fingerprint": hashlib.sha256(card.number.encode()).hexdigest()[:16],
        "funding": card.funding,
        "generated_from": None,
        "last4": card.number[-4:],
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
