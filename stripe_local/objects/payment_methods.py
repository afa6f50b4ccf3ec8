"""PaymentMethod: test cards, Alipay and WeChat Pay."""

from stripe_local import cards
from stripe_local.errors import Json, StripeError
from stripe_local.events import changed, emit
from stripe_local.objects._common import changed_fields
from stripe_local.router import answers
from stripe_local.world import World

TYPES = ("card", "alipay", "wechat_pay")
_NOBODY: Json = {"address": None, "email": None, "name": None, "phone": None, "tax_id": None}


@answers("post", "/v1/payment_methods")
def create(w: World, p: Json) -> Json:
    if "type" not in p:
        raise StripeError("Missing required param: type.", code="parameter_missing", param="type")
    return from_data(w, p)


def from_data(w: World, p: Json, param: str = "") -> Json:
    """A PaymentMethod from `payment_method_data` or the parameters of its own create."""
    if p["type"] not in TYPES:
        raise StripeError(
            f"The local Stripe takes {', '.join(TYPES)}; {p['type']} is not among them.", param=f"{param}type"
        )
    if p["type"] == "card":
        given = p.get("card", {})
        card = cards.named(given["token"]) if "token" in given else cards.by_number(given.get("number", ""))
        if card is None:
            raise StripeError(
                f"No such token: '{given['token']}'", code="resource_missing", param="card[token]"
            )
        return of_card(w, card, given.get("exp_month", 12), given.get("exp_year", 2034), p)
    return _new(w, p["type"], {}, p)


def of_card(w: World, card: cards.Card, exp_month: int, exp_year: int, p: Json) -> Json:
    return _new(w, "card", cards.details(card, exp_month, exp_year), p, card.number)


def _new(w: World, type: str, details: Json, p: Json, number: str = "") -> Json:
    return w.new(
        "payment_method",
        "pm_1",
        {
            "allow_redisplay": p.get("allow_redisplay", "unspecified"),
            "billing_details": {**_NOBODY, **p.get("billing_details", {})},
            type: details,
            "customer": None,
            "metadata": p.get("metadata") or {},
            "type": type,
            "_number": number,
        },
    )


def named(w: World, id: str, param: str = "payment_method") -> Json:
    """A PaymentMethod by id; a test name like `pm_card_visa` makes a new one, as at Stripe."""
    card = cards.named(id)
    return w.given("payment_method", id, param) if card is None else of_card(w, card, 12, 2034, {})


def card_of(payment_method: Json) -> cards.Card | None:
    return cards.by_number(payment_method["_number"]) if payment_method["_number"] else None


def outcome_of(payment_method: Json) -> str:
    """What paying with it comes to: `ok`, `challenge`, or a decline code; some cards change once they are saved."""
    card = card_of(payment_method)
    if card is None:
        return "ok"
    return (card.saved if payment_method["customer"] else "") or card.outcome


@answers("get", "/v1/payment_methods/{payment_method}")
def retrieve(w: World, p: Json, payment_method: str) -> Json:
    return w.get("payment_method", payment_method)


@answers("post", "/v1/payment_methods/{payment_method}")
def update(w: World, p: Json, payment_method: str) -> Json:
    body = w.get("payment_method", payment_method)
    before = {**body}
    changed_fields(body, p, ("allow_redisplay",))
    body["billing_details"] = {**body["billing_details"], **p.get("billing_details", {})}
    w.save(body)
    emit(w, "payment_method.updated", body, changed(before, body))
    return body


@answers("get", "/v1/payment_methods")
def list_methods(w: World, p: Json) -> Json:
    return w.page("payment_method", "/v1/payment_methods", p, ("customer", "type"))


@answers("post", "/v1/payment_methods/{payment_method}/attach")
def attach(w: World, p: Json, payment_method: str) -> Json:
    if "customer" not in p:
        raise StripeError("Missing required param: customer.", code="parameter_missing", param="customer")
    w.given("customer", p["customer"], "customer")
    return attach_to(w, named(w, payment_method, "id"), p["customer"])


def attach_to(w: World, body: Json, customer: str) -> Json:
    if body["customer"] not in (None, customer):
        raise StripeError(
            "The payment method you provided has already been attached to a customer.",
            code="payment_method_unexpected_state",
        )
    if body["customer"] is None:
        body["customer"] = customer
        w.save(body)
        emit(w, "payment_method.attached", body)
    return body


@answers("post", "/v1/payment_methods/{payment_method}/detach")
def detach(w: World, p: Json, payment_method: str) -> Json:
    body = w.get("payment_method", payment_method)
    if body["customer"] is None:
        raise StripeError(
            "The payment method you provided is not attached to a customer so detachment is impossible.",
            code="payment_method_unexpected_state",
        )
    before = {**body}
    body["customer"] = None
    w.save(body)
    emit(w, "payment_method.detached", body, changed(before, body))
    return body
