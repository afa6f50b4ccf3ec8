"""PaymentIntent: the states of one payment.

requires_payment_method → requires_confirmation → requires_action → succeeded, with requires_capture for cards that
are captured by hand, and canceled from every state before succeeded. A decline goes back to
requires_payment_method with `last_payment_error`.
"""

from stripe_local import cards, qr
from stripe_local.errors import Json, StripeError
from stripe_local.events import emit
from stripe_local.ids import new_id, random_text
from stripe_local.objects import charges, payment_methods
from stripe_local.objects._common import (
    changed_fields,
    refuse_unbuilt,
    require_chargeable,
    require_currency,
    require_positive,
)
from stripe_local.router import answers
from stripe_local.world import World

_UNBUILT = (
    "application_fee_amount",
    "on_behalf_of",
    "transfer_data",
    "confirmation_token",
    "mandate",
    "hooks",
)
_FIELDS = (
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
_CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
_FAILED_AUTHENTICATION = (
    "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new "
    "PaymentMethod to attempt to fulfill this PaymentIntent again."
)


@answers("post", "/v1/payment_intents")
def create(w: World, p: Json) -> Json:
    refuse_unbuilt(p, _UNBUILT)
    intent = new_intent(w, p)
    if "payment_method" in p or "payment_method_data" in p:
        intent["payment_method"] = _method(w, intent, p)["id"]
        intent["status"] = "requires_confirmation"
        w.save(intent)
    if p.get("confirm"):
        return start(w, intent, p)
    if "return_url" in p:
        raise StripeError("return_url can only be passed with confirm=true.", param="return_url")
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
            "payment_method_types": usable_types(p),
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
    changed_fields(intent, p, _FIELDS)
    w.save(intent)
    emit(w, "payment_intent.created", intent)
    return intent


def usable_types(p: Json) -> list[str]:
    """What the filter of the request leaves of the methods that the platform has switched on."""
    allowed = p.get("allowed_payment_method_types", list(payment_methods.TYPES))
    excluded = p.get("excluded_payment_method_types") or []
    types = [t for t in payment_methods.TYPES if t in allowed and t not in excluded]
    if p.get("capture_method") == "manual":
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
    refuse_unbuilt(p, _UNBUILT)
    body = w.get("payment_intent", intent)
    if body["status"] not in _CONFIRMABLE and set(p) - {"metadata", "description", "expand", "receipt_email"}:
        raise _unexpected(body, "updated")
    if "amount" in p:
        require_chargeable(p["amount"], body["currency"])
        body["amount"] = p["amount"]
    if "customer" in p:
        body["customer"] = w.given("customer", p["customer"], "customer")["id"]
    changed_fields(body, p, _FIELDS)
    if "payment_method" in p or "payment_method_data" in p:
        body["payment_method"] = _method(w, body, p)["id"]
        body["status"] = "requires_confirmation"
    return w.save(body)


@answers("post", "/v1/payment_intents/{intent}/confirm")
def confirm(w: World, p: Json, intent: str) -> Json:
    refuse_unbuilt(p, _UNBUILT)
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
        raise _unexpected(body, "canceled")
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
    refuse_unbuilt(p, (*_UNBUILT, "final_capture"))
    body = w.get("payment_intent", intent)
    if body["status"] != "requires_capture":
        raise _unexpected(body, "captured")
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
    return _succeed(w, body, charge)


def start(w: World, intent: Json, p: Json) -> Json:
    """Confirm: charge at once, or ask the payer for one more step. A decline is raised and kept."""
    if intent["status"] not in _CONFIRMABLE:
        raise _unexpected(intent, "confirmed")
    changed_fields(intent, p, ("receipt_email", "shipping", "setup_future_usage"))
    method = _method(w, intent, p)
    intent.update(
        payment_method=method["id"],
        last_payment_error=None,
        next_action=None,
        status="requires_confirmation",
        _return_url=p.get("return_url", intent["_return_url"]),
    )
    card = payment_methods.card_of(method)
    if card is None:
        if not intent["_return_url"]:
            raise StripeError(
                "A `return_url` must be specified because this payment method sends the payer to another page.",
                param="return_url",
                code="parameter_missing",
            )
        return _ask(w, intent, _wallet_action(w, intent, method["type"]))
    if card.outcome == "challenge" and not p.get("off_session"):
        if p.get("error_on_requires_action"):
            return finish(w, intent, method, challenged=False)
        return _ask(w, intent, _challenge_action(w, intent))
    return finish(w, intent, method, challenged=False)


def resolve(w: World, intent: Json, ok: bool) -> Json:
    """The payer came back from the bank's or the wallet's page."""
    if intent["status"] != "requires_action":
        raise _unexpected(intent, "confirmed")
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
    if intent["capture_method"] == "manual":
        intent.update(status="requires_capture", amount_capturable=intent["amount"])
        w.save(intent)
        emit(w, "payment_intent.amount_capturable_updated", intent)
        return intent
    if intent["customer"] and intent["setup_future_usage"] and method["type"] == "card":
        payment_methods.attach_to(w, method, intent["customer"])
    return _succeed(w, intent, charge)


def _succeed(w: World, intent: Json, charge: Json) -> Json:
    intent.update(status="succeeded", amount_received=charge["amount_captured"], amount_capturable=0)
    w.save(intent)
    emit(w, "payment_intent.succeeded", intent)
    dispute = (payment_methods.card_of(w.get("payment_method", intent["payment_method"])) or _NO_CARD).dispute
    if dispute:
        w.after(0, "dispute_opens", charge["id"])
    return intent


def _declined(w: World, intent: Json, method: Json, charge: Json) -> StripeError:
    error = StripeError(
        charge["failure_message"],
        status=402,
        type="card_error" if method["type"] == "card" else "invalid_request_error",
        code=charge["failure_code"],
        keep=True,
        decline_code=charge["_decline"] if charge["failure_code"] == "card_declined" else None,
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


def _wallet_action(w: World, intent: Json, type: str) -> Json:
    url = f"{w.base_url}/pay/{type}/{intent['id']}"
    if type == "alipay":
        return {
            "type": "alipay_handle_redirect",
            "alipay_handle_redirect": {
                "native_data": None,
                "native_url": None,
                "return_url": intent["_return_url"],
                "url": url,
            },
        }
    picture = qr.data_url(intent["id"])
    return {
        "type": "wechat_pay_display_qr_code",
        "wechat_pay_display_qr_code": {
            "data": f"weixin://wxpay/bizpayurl?sandbox={intent['id']}",
            "hosted_instructions_url": url,
            "image_data_url": picture,
            "image_url_png": picture,
            "image_url_svg": picture,
        },
    }


def _challenge_action(w: World, intent: Json) -> Json:
    url = f"{w.base_url}/pay/card/{intent['id']}"
    if intent["_return_url"]:
        return {
            "type": "redirect_to_url",
            "redirect_to_url": {"return_url": intent["_return_url"], "url": url},
        }
    return {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": url}}


def _method(w: World, intent: Json, p: Json) -> Json:
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


def _unexpected(intent: Json, wanted: str) -> StripeError:
    return StripeError(
        f"This PaymentIntent could not be {wanted} because it has a status of {intent['status']}.",
        code="payment_intent_unexpected_state",
        payment_intent=intent,
    )


_NO_CARD = cards.Card("")
