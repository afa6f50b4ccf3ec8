"""Checkout Session (mode `payment`): what is sold, the page that takes the money, and how it ends.

The PaymentIntent is made when the payer first tries to pay, as at Stripe, so `payment_intent` is null before.
"""

from urllib.parse import urlsplit

from stripe_local.errors import Json, StripeError
from stripe_local.events import emit
from stripe_local.ids import new_id
from stripe_local.objects import confirmation, customers, payment_intents
from stripe_local.objects._common import (
    changed_fields,
    require_chargeable,
)
from stripe_local.objects.line_items import line_item
from stripe_local.render import includable
from stripe_local.router import answers
from stripe_local.settings import DAY
from stripe_local.world import World, timer

_INTENT_FIELDS = ("capture_method", "metadata", *payment_intents.FIELDS)
_SHORTEST_S, _LONGEST_S = 1800, DAY


@answers("post", "/v1/checkout/sessions")
def create(w: World, p: Json) -> Json:
    for name in ("mode", "line_items", "success_url"):
        if name not in p:
            raise StripeError(f"Missing required param: {name}.", code="parameter_missing", param=name)
    if p["mode"] != "payment" or p.get("ui_mode", "hosted_page") != "hosted_page":
        raise StripeError(
            "The local Stripe has Checkout in mode `payment` with the hosted page only.", param="mode"
        )
    for name in ("success_url", "cancel_url"):
        _require_url(p.get(name), name)
    if p.get("customer") and p.get("customer_email"):
        raise StripeError(
            "You may only specify one of these parameters: customer, customer_email.", param="customer"
        )
    email = (
        w.given("customer", p["customer"], "customer")["email"]
        if p.get("customer")
        else p.get("customer_email")
    )
    lines = [line_item(w, line, i) for i, line in enumerate(p["line_items"])]
    if not lines:
        raise StripeError("You must provide at least one line item.", param="line_items")
    currencies = {line["currency"] for line in lines}
    if len(currencies) > 1:
        raise StripeError("All line items must have the same currency.", param="line_items")
    currency, total = currencies.pop(), sum(line["amount_total"] for line in lines)
    require_chargeable(total, currency, "line_items")
    given = p.get("payment_intent_data", {})
    intent_data = {name: given[name] for name in _INTENT_FIELDS if name in given}
    id = new_id("cs_test_a1")
    session = w.new(
        "checkout.session",
        "cs_test_a1",
        {
            "adaptive_pricing": {"enabled": False},
            "after_expiration": None,
            "allow_promotion_codes": None,
            "allowed_payment_method_types": p.get("allowed_payment_method_types"),
            "amount_subtotal": total,
            "amount_total": total,
            "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
            "billing_address_collection": None,
            "cancel_url": p.get("cancel_url"),
            "client_reference_id": p.get("client_reference_id"),
            "client_secret": None,
            "consent": None,
            "consent_collection": None,
            "currency": currency,
            "currency_conversion": None,
            "custom_fields": [],
            "custom_text": {
                "after_submit": None,
                "shipping_address": None,
                "submit": None,
                "terms_of_service_acceptance": None,
            },
            "customer": p.get("customer"),
            "customer_creation": None if p.get("customer") else p.get("customer_creation", "if_required"),
            "customer_details": {
                "address": None,
                "email": email,
                "name": None,
                "phone": None,
                "tax_ids": None,
            }
            if email
            else None,
            "customer_email": p.get("customer_email"),
            "discounts": [],
            "expires_at": _expiry(w, p),
            "integration_identifier": p.get("integration_identifier"),
            "invoice": None,
            "invoice_creation": None,
            "locale": p.get("locale"),
            "metadata": p.get("metadata") or {},
            "mode": "payment",
            "origin_context": p.get("origin_context"),
            "payment_intent": None,
            "payment_link": None,
            "payment_method_collection": "if_required",
            "payment_method_configuration_details": None,
            "payment_method_options": p.get("payment_method_options", {}),
            "payment_method_types": payment_intents.usable_types(p, intent_data.get("capture_method")),
            "payment_status": "unpaid",
            "permissions": None,
            "phone_number_collection": {"enabled": False},
            "recovered_from": None,
            "saved_payment_method_options": _saving(p),
            "setup_intent": None,
            "shipping_address_collection": None,
            "shipping_cost": None,
            "shipping_options": [],
            "status": "open",
            "submit_type": p.get("submit_type"),
            "subscription": None,
            "success_url": p["success_url"],
            "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
            "ui_mode": "hosted_page",
            "url": f"{w.base_url}/c/pay/{id}",
            "_excluded": p.get("excluded_payment_method_types"),
            "_intent_data": intent_data,
            "_lines": lines,
        },
        id=id,
    )
    w.at(session["expires_at"], "session_expires", id)
    return session


def _saving(p: Json) -> Json | None:
    """Which saved cards the page offers, and whether the payer may save one; only for a known customer."""
    given = p.get("saved_payment_method_options")
    if not p.get("customer"):
        if given:
            raise StripeError(
                "`saved_payment_method_options` needs a `customer`.", param="saved_payment_method_options"
            )
        return None
    given = given or {}
    if given.get("payment_method_remove", "disabled") != "disabled":
        raise StripeError(
            "The local Stripe's page does not remove saved cards.",
            param="saved_payment_method_options[payment_method_remove]",
        )
    return {
        "allow_redisplay_filters": list(given.get("allow_redisplay_filters") or ["always"]),
        "payment_method_remove": "disabled",
        "payment_method_save": given.get("payment_method_save", "disabled"),
    }


def saved_cards(w: World, session: Json) -> list[Json]:
    """The customer's cards that the page offers, newest first."""
    options = session["saved_payment_method_options"]
    if options is None or "card" not in session["payment_method_types"]:
        return []
    cards = w.every("payment_method", customer=session["customer"], type="card")
    return [c for c in reversed(cards) if c["allow_redisplay"] in options["allow_redisplay_filters"]]


def _expiry(w: World, p: Json) -> int:
    expires_at = int(p.get("expires_at", w.now + _LONGEST_S))
    if not w.now + _SHORTEST_S - 60 <= expires_at <= w.now + _LONGEST_S + 60:
        raise StripeError(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.",
            param="expires_at",
        )
    return expires_at


def _require_url(url: str | None, param: str) -> None:
    if url is not None and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc):
        raise StripeError("Not a valid URL", code="url_invalid", param=param)


@answers("get", "/v1/checkout/sessions/{session}")
def retrieve(w: World, p: Json, session: str) -> Json:
    return w.get("checkout.session", session)


@answers("get", "/v1/checkout/sessions")
def list_sessions(w: World, p: Json) -> Json:
    return w.page("checkout.session", "/v1/checkout/sessions", p, ("customer", "payment_intent", "status"))


@answers("post", "/v1/checkout/sessions/{session}")
def update(w: World, p: Json, session: str) -> Json:
    body = w.get("checkout.session", session)
    changed_fields(body, p, ())
    return w.save(body)


@answers("get", "/v1/checkout/sessions/{session}/line_items")
def list_lines(w: World, p: Json, session: str) -> Json:
    return lines_of(w, w.get("checkout.session", session))


@includable("checkout.session", "line_items")
def lines_of(w: World, session: Json) -> Json:
    return {
        "object": "list",
        "url": f"/v1/checkout/sessions/{session['id']}/line_items",
        "has_more": False,
        "data": session["_lines"],
    }


@answers("post", "/v1/checkout/sessions/{session}/expire")
def expire(w: World, p: Json, session: str) -> Json:
    body = w.get("checkout.session", session)
    if body["status"] != "open":
        raise StripeError(
            f'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of '
            f"`{body['status']}`."
        )
    return _expire(w, body)


@timer("session_expires")
def _on_expiry(w: World, session: str) -> None:
    body = w.find("checkout.session", session)
    if body is not None and body["status"] == "open":
        _expire(w, body)


def _expire(w: World, session: Json) -> Json:
    session.update(status="expired", url=None)
    w.save(session)
    if session["payment_intent"]:
        intent = w.get("payment_intent", session["payment_intent"])
        if intent["status"] not in ("succeeded", "canceled"):
            payment_intents.abandon(w, intent, "expired")
    emit(w, "checkout.session.expired", session)
    return session


class NotPayable(Exception):
    """The session is complete or expired; carries it."""

    def __init__(self, session: Json) -> None:
        super().__init__(session["status"])
        self.session = session


def pay(w: World, session: Json, method: Json, return_url: str, *, save: bool = False) -> Json:
    """The payer's click: the intent afterwards. A decline is raised as StripeError and kept.

    `method` is `{payment_method}`, a saved card, or `{payment_method_data}`; `save` is the payer's tick to keep it.
    """
    if session["status"] != "open":
        raise NotPayable(session)
    details = method.get("payment_method_data", {}).get("billing_details", {})
    if session["payment_intent"]:
        intent = w.get("payment_intent", session["payment_intent"])
    else:
        keeps = session["_intent_data"].get("setup_future_usage")
        if session["customer_creation"] == "always" or (keeps and not session["customer"]):
            session["customer"] = customers.create(w, details)["id"]
        intent = payment_intents.new_intent(w, _intent_params(session), session["id"])
        session["payment_intent"] = intent["id"]
        w.save(session)
    known = session["customer_details"] or {
        "address": None,
        "email": None,
        "name": None,
        "phone": None,
        "tax_ids": None,
    }
    session["customer_details"] = {**known, **{k: v for k, v in details.items() if v}}
    w.save(session)
    options = session["saved_payment_method_options"] or {}
    ticked = save and options.get("payment_method_save") == "enabled"
    intent["_redisplay"] = "always" if ticked else "limited" if intent["setup_future_usage"] else None
    return follow(w, confirmation.start(w, intent, {**method, "return_url": return_url}))


def follow(w: World, intent: Json) -> Json:
    """Complete the session when its payment has gone through."""
    session = w.find("checkout.session", intent["_session"]) if intent["_session"] else None
    if (
        session is not None
        and session["status"] == "open"
        and intent["status"] in ("succeeded", "requires_capture")
    ):
        paid = intent["status"] == "succeeded"
        session.update(status="complete", payment_status="paid" if paid else "unpaid", url=None)
        w.save(session)
        emit(w, "checkout.session.completed", session)
    return intent


def success_url(session: Json) -> str:
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def _intent_params(session: Json) -> Json:
    params = {
        **session["_intent_data"],
        "amount": session["amount_total"],
        "currency": session["currency"],
        "allowed_payment_method_types": session["allowed_payment_method_types"],
        "excluded_payment_method_types": session["_excluded"],
        "customer": session["customer"],
        "payment_method_options": session["payment_method_options"] or None,
    }
    return {k: v for k, v in params.items() if v is not None}
