"""Confirming a PaymentIntent: charge at once, or ask the payer for one more step and go on when he has answered."""

from stripe_local.errors import Json, StripeError
from stripe_local.events import emit
from stripe_local.objects import charges, payment_methods
from stripe_local.objects._common import changed_fields
from stripe_local.objects.next_actions import challenge_action, wallet_action
from stripe_local.world import World

CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
_FAILED_AUTHENTICATION = (
    "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new "
    "PaymentMethod to attempt to fulfill this PaymentIntent again."
)


def start(w: World, intent: Json, p: Json) -> Json:
    """Confirm: charge at once, or ask the payer for one more step. A decline is raised and kept."""
    if intent["status"] not in CONFIRMABLE:
        raise unexpected(intent, "confirmed")
    changed_fields(intent, p, ("receipt_email", "shipping", "setup_future_usage"))
    method = method_for(w, intent, p)
    intent.update(
        payment_method=method["id"],
        last_payment_error=None,
        next_action=None,
        status="requires_confirmation",
        _return_url=p.get("return_url", intent["_return_url"]),
    )
    off_session = p.get("off_session")
    if method["type"] != "card":
        if not intent["_return_url"]:
            raise StripeError(
                "A `return_url` must be specified because this payment method sends the payer to another page.",
                param="return_url",
                code="parameter_missing",
            )
        return _ask(w, intent, wallet_action(w, intent, method["type"]))
    if _challenged(intent, method) and not off_session:
        if p.get("error_on_requires_action"):
            return finish(w, intent, method, challenged=False)
        return _ask(w, intent, challenge_action(w, intent))
    return finish(w, intent, method, challenged=False)


def _challenged(intent: Json, method: Json) -> bool:
    """The bank wants to ask, or the platform wants it to."""
    wish = (intent["payment_method_options"].get("card") or {}).get("request_three_d_secure")
    return payment_methods.outcome_of(method) == "challenge" or wish in ("any", "challenge")


def resolve(w: World, intent: Json, ok: bool) -> Json:
    """The payer came back from the bank's or the wallet's page."""
    if intent["status"] != "requires_action":
        raise unexpected(intent, "confirmed")
    method = w.get("payment_method", intent["payment_method"])
    intent["next_action"] = None
    if ok:
        return finish(w, intent, method, challenged=True)
    intent.update(
        status="requires_payment_method",
        payment_method=None,
        last_payment_error={
            "code": "payment_intent_authentication_failure",
            "doc_url": "https://docs.stripe.com/error-codes/payment-intent-authentication-failure",
            "message": _FAILED_AUTHENTICATION,
            "payment_method": method,
            "type": "invalid_request_error",
        },
    )
    w.save(intent)
    emit(w, "payment_intent.payment_failed", intent)
    return intent


def finish(w: World, intent: Json, method: Json, *, challenged: bool) -> Json:
    """Take the money, or raise the decline that leaves a failed charge behind."""
    charge = charges.attempt(w, intent, method, challenged=challenged)
    intent.update(latest_charge=charge["id"], next_action=None)
    if charge["status"] == "failed":
        raise _declined(w, intent, method, charge)
    _save(w, intent, method)
    if intent["capture_method"] == "manual":
        intent.update(status="requires_capture", amount_capturable=intent["amount"])
        w.save(intent)
        emit(w, "payment_intent.amount_capturable_updated", intent)
        return intent
    return succeed(w, intent, charge)


def _save(w: World, intent: Json, method: Json) -> None:
    """Keep the card for the customer when the platform or, on the Checkout page, the payer asked for it."""
    shown = intent.get("_redisplay")
    if not intent["customer"] or method["type"] != "card" or not (shown or intent["setup_future_usage"]):
        return
    if shown and method["customer"] is None:
        method["allow_redisplay"] = shown
    payment_methods.attach_to(w, method, intent["customer"])


def succeed(w: World, intent: Json, charge: Json) -> Json:
    intent.update(status="succeeded", amount_received=charge["amount_captured"], amount_capturable=0)
    w.save(intent)
    emit(w, "payment_intent.succeeded", intent)
    card = payment_methods.card_of(w.get("payment_method", intent["payment_method"]))
    if card is not None and card.dispute:
        w.after(0, "dispute_opens", charge["id"])
    return intent


def _declined(w: World, intent: Json, method: Json, charge: Json) -> StripeError:
    error = StripeError(
        charge["failure_message"],
        status=402,
        type="card_error" if method["type"] == "card" else "invalid_request_error",
        code=charge["failure_code"],
        keep=True,
        decline_code=charge["_decline"]
        if charge["failure_code"] in ("card_declined", "authentication_required")
        else None,
        charge=charge["id"],
    )
    intent.update(
        status="requires_payment_method",
        payment_method=None,
        last_payment_error={**error.body, "payment_method": method},
    )
    w.save(intent)
    emit(w, "payment_intent.payment_failed", intent)
    error.body |= {"payment_intent": intent, "payment_method": method}
    return error


def _ask(w: World, intent: Json, action: Json) -> Json:
    intent.update(status="requires_action", next_action=action)
    w.save(intent)
    emit(w, "payment_intent.requires_action", intent)
    return intent


def method_for(w: World, intent: Json, p: Json) -> Json:
    """The payment method of the request or of the intent, checked against what the intent takes."""
    if "payment_method_data" in p:
        method = payment_methods.from_data(w, p["payment_method_data"], "payment_method_data.")
    elif p.get("payment_method") or intent["payment_method"]:
        method = payment_methods.named(w, p.get("payment_method") or intent["payment_method"])
    else:
        raise StripeError(
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the "
            "PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a "
            "payment method.",
            code="payment_intent_unexpected_state",
        )
    if method["type"] not in intent["payment_method_types"]:
        raise StripeError(
            f"The PaymentMethod provided ({method['type']}) is not allowed for this PaymentIntent. It takes: "
            f"{', '.join(intent['payment_method_types'])}.",
            code="payment_intent_incompatible_payment_method",
            param="payment_method",
        )
    if method["customer"] and method["customer"] != intent["customer"]:
        raise StripeError(
            f"The payment method {method['id']} belongs to the Customer {method['customer']}. Please include the "
            "Customer in the `customer` parameter on the PaymentIntent.",
            param="payment_method",
        )
    return method


def unexpected(intent: Json, wanted: str) -> StripeError:
    return StripeError(
        f"This PaymentIntent could not be {wanted} because it has a status of {intent['status']}.",
        code="payment_intent_unexpected_state",
        payment_intent=intent,
    )
