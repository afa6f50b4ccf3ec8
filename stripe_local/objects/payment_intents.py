"""PaymentIntent: the states of one payment.

requires_payment_method → requires_confirmation → requires_action → succeeded, with requires_capture for cards that
are captured by hand, and canceled from every state before succeeded. A decline goes back to
requires_payment_method with `last_payment_error`.
"""

from stripe_local.errors import Json, StripeError
from stripe_local.events import emit
from stripe_local.ids import new_id, random_text
from stripe_local.objects import charges, payment_methods
from stripe_local.objects._common import (
    changed_fields,
    require_chargeable,
    require_currency,
    require_positive,
)
from stripe_local.objects.confirmation import CONFIRMABLE, method_for, start, succeed, unexpected
from stripe_local.router import answers
from stripe_local.world import World

FIELDS = (
    "description", "receipt_email", "setup_future_usage", "shipping", "statement_descriptor",
    "statement_descriptor_suffix", "transfer_group",
)  # fmt: skip
_CANCELABLE = (
    "requires_payment_method",
    "requires_confirmation",
    "requires_action",
    "requires_capture",
    "processing",
)


@answers("post", "/v1/payment_intents")
def create(w: World, p: Json) -> Json:
    intent = new_intent(w, p)
    if p.get("confirm"):
        return start(w, intent, p)
    if "return_url" in p:
        raise StripeError("return_url can only be passed with confirm=true.", param="return_url")
    if "payment_method" in p or "payment_method_data" in p:
        intent["payment_method"] = method_for(w, intent, p)["id"]
        intent["status"] = "requires_confirmation"
        w.save(intent)
    return intent


def new_intent(w: World, p: Json, session: str | None = None) -> Json:
    """A fresh intent; `session` says which Checkout Session owns it."""
    currency = require_currency(w, p["currency"])
    require_chargeable(p["amount"], currency)
    if p.get("customer"):
        w.given("customer", p["customer"], "customer")
    id = new_id("pi_3")
    intent = w.new(
        "payment_intent",
        "pi_3",
        {
            "allowed_payment_method_types": p.get("allowed_payment_method_types"),
            "amount": p["amount"],
            "amount_capturable": 0,
            "amount_details": {"tip": {}},
            "amount_received": 0,
            "application": None,
            "application_fee_amount": None,
            "automatic_payment_methods": None
            if "allowed_payment_method_types" in p
            else {"allow_redirects": "always", "enabled": True},
            "canceled_at": None,
            "cancellation_reason": None,
            "capture_method": p.get("capture_method", "automatic_async"),
            "client_secret": f"{id}_secret_{random_text(25)}",
            "confirmation_method": p.get("confirmation_method", "automatic"),
            "currency": currency,
            "customer": p.get("customer"),
            "description": None,
            "excluded_payment_method_types": p.get("excluded_payment_method_types"),
            "last_payment_error": None,
            "latest_charge": None,
            "metadata": {},
            "next_action": None,
            "on_behalf_of": None,
            "payment_method": None,
            "payment_method_configuration_details": None,
            "payment_method_options": p.get("payment_method_options", {}),
            "payment_method_types": usable_types(p, p.get("capture_method")),
            "processing": None,
            "receipt_email": None,
            "review": None,
            "setup_future_usage": None,
            "shipping": None,
            "source": None,
            "statement_descriptor": None,
            "statement_descriptor_suffix": None,
            "status": "requires_payment_method",
            "transfer_data": None,
            "transfer_group": None,
            "_session": session,
            "_return_url": None,
        },
        id=id,
    )
    changed_fields(intent, p, FIELDS)
    w.save(intent)
    emit(w, "payment_intent.created", intent)
    return intent


def usable_types(p: Json, capture_method: str | None) -> list[str]:
    """What the filter of the request leaves of the methods that the platform has switched on."""
    allowed = p.get("allowed_payment_method_types", list(payment_methods.TYPES))
    excluded = p.get("excluded_payment_method_types") or []
    types = [t for t in payment_methods.TYPES if t in allowed and t not in excluded]
    if capture_method == "manual":
        types = [t for t in types if t == "card"]
    if not types:
        raise StripeError(
            "No valid payment method types for this Payment. The local Stripe has "
            f"{', '.join(payment_methods.TYPES)} switched on.",
            param="allowed_payment_method_types",
        )
    return types


@answers("get", "/v1/payment_intents/{intent}")
def retrieve(w: World, p: Json, intent: str) -> Json:
    return w.get("payment_intent", intent)


@answers("get", "/v1/payment_intents")
def list_intents(w: World, p: Json) -> Json:
    return w.page("payment_intent", "/v1/payment_intents", p, ("customer",))


@answers("post", "/v1/payment_intents/{intent}")
def update(w: World, p: Json, intent: str) -> Json:
    body = w.get("payment_intent", intent)
    if body["status"] not in CONFIRMABLE and set(p) - {"metadata", "description", "expand", "receipt_email"}:
        raise unexpected(body, "updated")
    if "amount" in p:
        require_chargeable(p["amount"], body["currency"])
        body["amount"] = p["amount"]
    if "customer" in p:
        body["customer"] = w.given("customer", p["customer"], "customer")["id"]
    changed_fields(body, p, FIELDS)
    if "payment_method" in p or "payment_method_data" in p:
        body["payment_method"] = method_for(w, body, p)["id"]
        body["status"] = "requires_confirmation"
    return w.save(body)


@answers("post", "/v1/payment_intents/{intent}/confirm")
def confirm(w: World, p: Json, intent: str) -> Json:
    body = w.get("payment_intent", intent)
    if body["_session"]:
        raise StripeError(
            "This PaymentIntent belongs to a Checkout Session; you can't confirm it. The payer does, on the "
            "Session's page.",
            code="payment_intent_unexpected_state",
        )
    return start(w, body, p)


@answers("post", "/v1/payment_intents/{intent}/cancel")
def cancel(w: World, p: Json, intent: str) -> Json:
    body = w.get("payment_intent", intent)
    if body["_session"]:
        raise StripeError(
            "You cannot cancel this PaymentIntent because it belongs to a Checkout Session. Expire the Session "
            "instead.",
            code="payment_intent_unexpected_state",
        )
    return abandon(w, body, p.get("cancellation_reason"))


def abandon(w: World, body: Json, reason: str | None) -> Json:
    if body["status"] not in _CANCELABLE:
        raise unexpected(body, "canceled")
    body.update(
        status="canceled",
        canceled_at=w.now,
        cancellation_reason=reason,
        next_action=None,
        amount_capturable=0,
    )
    w.save(body)
    emit(w, "payment_intent.canceled", body)
    return body


@answers("post", "/v1/payment_intents/{intent}/capture")
def capture(w: World, p: Json, intent: str) -> Json:
    body = w.get("payment_intent", intent)
    if body["status"] != "requires_capture":
        raise unexpected(body, "captured")
    amount: int = p["amount_to_capture"] if "amount_to_capture" in p else body["amount_capturable"]
    require_positive(amount, "amount_to_capture")
    if amount > body["amount_capturable"]:
        raise StripeError(
            f"The amount ({amount}) is greater than the amount that can be captured ({body['amount_capturable']}).",
            code="amount_too_large",
            param="amount_to_capture",
        )
    charge = w.get("charge", body["latest_charge"])
    charge["amount_refunded"] = charge["amount"] - amount
    charges.settle(w, charge, amount)
    emit(w, "charge.captured", charge)
    return succeed(w, body, charge)
