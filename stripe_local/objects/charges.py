"""Charge: one attempt to take money, and its balance transaction when it worked."""

from typing import Any

from stripe_local import balance, cards, faults
from stripe_local.errors import Json
from stripe_local.events import changed, emit
from stripe_local.ids import random_text
from stripe_local.objects import payment_methods
from stripe_local.objects._common import changed_fields
from stripe_local.render import includable
from stripe_local.router import answers
from stripe_local.world import World


def attempt(w: World, intent: Json, method: Json, *, challenged: bool, decline: str | None = None) -> Json:
    """Charge the method for the intent; a failed charge carries `failure_code`."""
    outcome = decline or _outcome(w, method, challenged)
    ok = outcome == "ok"
    captured = ok and intent["capture_method"] != "manual"
    code, message = (None, None) if ok else cards.decline(outcome)
    charge = w.new(
        "charge",
        "ch_3" if method["type"] == "card" else "py_3",
        {
            "amount": intent["amount"],
            "amount_captured": 0,
            "amount_refunded": 0,
            "application": None,
            "application_fee": None,
            "application_fee_amount": None,
            "balance_transaction": None,
            "billing_details": method["billing_details"],
            "calculated_statement_descriptor": _descriptor(w, method),
            "captured": captured,
            "currency": intent["currency"],
            "customer": intent["customer"],
            "description": intent["description"],
            "disputed": False,
            "failure_balance_transaction": None,
            "failure_code": code,
            "failure_message": message,
            "fraud_details": {},
            "metadata": dict(intent["metadata"]),
            "on_behalf_of": None,
            "outcome": _outcome_words(outcome),
            "paid": ok,
            "payment_intent": intent["id"],
            "payment_method": method["id"],
            "payment_method_details": {
                "type": method["type"],
                method["type"]: _details(method, intent, challenged),
            },
            "radar_options": {},
            "receipt_email": intent["receipt_email"],
            "receipt_number": None,
            "receipt_url": None,
            "refunded": False,
            "review": None,
            "shipping": intent["shipping"],
            "source": None,
            "source_transfer": None,
            "statement_descriptor": intent["statement_descriptor"],
            "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
            "status": "succeeded" if ok else "failed",
            "transfer_data": None,
            "transfer_group": intent["transfer_group"],
            "_decline": None if ok else outcome,
            "_method": method["type"],
            "_transferred": 0,
        },
    )
    if captured:
        settle(w, charge, charge["amount"], _bypasses_pending(method))
    emit(w, "charge.succeeded" if ok else "charge.failed", charge)
    return charge


def settle(w: World, charge: Json, amount: int, bypass_pending: bool = False) -> None:
    """Book the captured amount less Stripe's fee, in the platform's settlement currency."""
    currency = w.rules.settle_in or charge["currency"]
    gross, rate = balance.convert(w.rules, amount, charge["currency"], currency)
    fee = w.rules.fees[charge["_method"]].of(gross)
    entry = balance.post(
        w,
        "charge" if charge["_method"] == "card" else "payment",
        gross,
        currency,
        charge["id"],
        fees=[
            {
                "amount": fee,
                "application": None,
                "currency": currency,
                "description": "Stripe processing fees",
                "type": "stripe_fee",
            }
        ],
        available_on=w.now + (0 if bypass_pending else w.rules.timing.charge_available),
        description=charge["description"],
        exchange_rate=rate,
    )
    charge.update(amount_captured=amount, captured=True, balance_transaction=entry["id"])
    w.save(charge)


def _outcome(w: World, method: Json, challenged: bool) -> str:
    ordered = faults.take(w.store, "decline", lambda spec: spec["method"] in ("", method["type"]))
    if ordered is not None:
        return str(ordered["code"])
    outcome = payment_methods.outcome_of(method)
    if outcome != "challenge":
        return outcome
    card = payment_methods.card_of(method)
    return card.then if challenged and card is not None else "authentication_required"


def _outcome_words(outcome: str) -> Json:
    if outcome == "ok":
        words = {
            "network_status": "approved_by_network",
            "seller_message": "Payment complete.",
            "type": "authorized",
        }
        return {**words, "advice_code": None, "network_advice_code": None, "network_decline_code": None,
                "reason": None, "risk_level": "normal", "risk_score": 12}  # fmt: skip
    blocked = outcome == "fraudulent"
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "not_sent_to_network" if blocked else "declined_by_network",
        "reason": "highest_risk_level" if blocked else outcome,
        "risk_level": "highest" if blocked else "normal",
        "risk_score": 92 if blocked else 12,
        "seller_message": "Stripe blocked this payment as too risky."
        if blocked
        else f"The bank returned the decline code `{outcome}`.",
        "type": "blocked" if blocked else "issuer_declined",
    }


def _details(method: Json, intent: Json, challenged: bool) -> Json:
    if method["type"] == "alipay":
        return {"buyer_id": f"2088{random_text(12)}", "fingerprint": None, "transaction_id": random_text(28)}
    if method["type"] == "wechat_pay":
        return {"fingerprint": None, "location": None, "reader": None, "transaction_id": random_text(28)}
    card = method["card"]
    shared = (
        "brand",
        "country",
        "exp_month",
        "exp_year",
        "fingerprint",
        "funding",
        "last4",
        "regulated_status",
    )
    passed: Json | None = None
    if challenged:
        passed = {
            "authentication_flow": "challenge",
            "electronic_commerce_indicator": "05",
            "exemption_indicator": None,
            "result": "authenticated",
            "result_reason": None,
            "transaction_id": random_text(36),
            "version": "2.2.0",
        }
    return {
        **{name: card[name] for name in shared},
        "amount_authorized": intent["amount"],
        "authorization_code": None,
        "checks": {**card["checks"], "cvc_check": "pass"},
        "installments": None,
        "mandate": None,
        "network": card["brand"],
        "network_token": {"used": False},
        "network_transaction_id": random_text(15),
        "three_d_secure": passed,
        "wallet": None,
    }


def _descriptor(w: World, method: Json) -> str | None:
    return w.settings.business_name.upper()[:22] if method["type"] == "card" else None


def _bypasses_pending(method: Json) -> bool:
    card = payment_methods.card_of(method)
    return card is not None and card.bypass_pending


@answers("get", "/v1/charges/{charge}")
def retrieve(w: World, p: Json, charge: str) -> Json:
    return w.get("charge", charge)


@answers("get", "/v1/charges")
def list_charges(w: World, p: Json) -> Json:
    return w.page("charge", "/v1/charges", p, ("customer", "payment_intent", "transfer_group"))


@answers("post", "/v1/charges/{charge}")
def update(w: World, p: Json, charge: str) -> Json:
    body = w.get("charge", charge)
    before = {**body}
    changed_fields(body, p, ("customer", "description", "receipt_email", "transfer_group"))
    w.save(body)
    emit(w, "charge.updated", body, changed(before, body))
    return body


@includable("charge", "refunds")
def refunds_of(w: World, charge: Json) -> Json:
    found: list[Any] = w.every("refund", charge=charge["id"])
    return {
        "object": "list",
        "url": f"/v1/charges/{charge['id']}/refunds",
        "has_more": False,
        "data": found[::-1],
    }
