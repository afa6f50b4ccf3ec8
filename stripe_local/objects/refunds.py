"""Refund: pending → succeeded | failed.

A card refund succeeds at once; a wallet's takes a while. Without `refund_overdraft` one that the balance does not
cover waits with `insufficient_funds`, holding no money, until it does. A failed refund gives the money back.
"""

from stripe_local import balance, faults
from stripe_local.errors import Json, StripeError
from stripe_local.events import changed, emit
from stripe_local.objects import payment_methods
from stripe_local.objects._common import changed_fields, require_positive
from stripe_local.router import answers
from stripe_local.world import World, absent, timer


@answers("post", "/v1/refunds")
def create(w: World, p: Json) -> Json:
    charge = _charge(w, p)
    amount = _amount(charge, p)
    method = w.get("payment_method", charge["payment_method"])
    plan = _plan(w, method)
    refund = w.new(
        "refund",
        "re_3" if method["type"] == "card" else "pyr_1",
        {
            "amount": amount,
            "balance_transaction": None,
            "charge": charge["id"],
            "currency": charge["currency"],
            "customer": charge["customer"],
            "destination_details": _destination(method),
            "livemode": absent(),
            "metadata": p.get("metadata") or {},
            "payment_intent": charge["payment_intent"],
            "payment_method": method["id"],
            "reason": p.get("reason"),
            "receipt_number": None,
            "source_transfer_reversal": None,
            "status": "pending",
            "transfer_reversal": None,
            "_plan": plan,
        },
    )
    _give(w, charge, amount)
    if _covered(w, refund, charge):
        _debit(w, refund, charge)
    else:
        refund["pending_reason"] = "insufficient_funds"
        w.when_funded("refund_waits", refund["id"])
    w.save(refund)
    emit(w, "refund.created", refund)
    emit(w, "charge.refunded", charge)
    return refund


def _charge(w: World, p: Json) -> Json:
    if ("charge" in p) == ("payment_intent" in p):
        raise StripeError(
            "One of the following params should be provided for this request: payment_intent or charge."
        )
    if "charge" in p:
        charge = w.given("charge", p["charge"], "charge")
    else:
        intent = w.given("payment_intent", p["payment_intent"], "payment_intent")
        if intent["status"] != "succeeded" or not intent["latest_charge"]:
            raise StripeError(
                f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
                code="payment_intent_unexpected_state",
                param="payment_intent",
            )
        charge = w.get("charge", intent["latest_charge"])
    if charge["status"] != "succeeded" or not charge["captured"]:
        raise StripeError(
            f"Charge {charge['id']} was not captured; it cannot be refunded.",
            code="charge_not_refundable",
            param="charge",
        )
    if charge["disputed"]:
        raise StripeError(
            f"Charge {charge['id']} has been charged back; it cannot be refunded.",
            code="charge_disputed",
            param="charge",
        )
    return charge


def _amount(charge: Json, p: Json) -> int:
    left = charge["amount_captured"] - charge["amount_refunded"]
    if left <= 0:
        raise StripeError(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    amount = int(p.get("amount", left))
    require_positive(amount)
    if amount > left:
        raise StripeError(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left}).", param="amount"
        )
    return amount


def _plan(w: World, method: Json) -> str:
    """How this refund will end: `succeeded` now, `pending` (then succeeded), or a failure reason."""
    ordered = faults.take(w.store, "refund")
    if ordered is not None:
        return str(ordered["reason"])
    card = payment_methods.card_of(method)
    if card is None or card.refund == "pending":
        return "pending"
    return "expired_or_canceled_card" if card.refund == "failed" else "succeeded"


def _destination(method: Json) -> Json:
    if method["type"] == "card":
        return {
            "type": "card",
            "card": {
                "reference_status": "pending",
                "reference_type": "acquirer_reference_number",
                "type": "refund",
            },
        }
    return {"type": method["type"], method["type"]: {}}


def _booked(w: World, refund: Json, charge: Json) -> tuple[int, str, float | None]:
    """The refund in the currency the charge settled in, at the charge's own rate."""
    entry = w.get("balance_transaction", charge["balance_transaction"])
    rate = entry["exchange_rate"]
    amount = refund["amount"] if rate is None else int(refund["amount"] * rate + 0.5)
    return amount, entry["currency"], rate


def _covered(w: World, refund: Json, charge: Json) -> bool:
    amount, currency, _rate = _booked(w, refund, charge)
    return w.rules.refund_overdraft or balance.total(w, currency) >= amount


def _debit(w: World, refund: Json, charge: Json) -> None:
    amount, currency, rate = _booked(w, refund, charge)
    wallet = charge["_method"] != "card"
    entry = balance.post(
        w, "payment_refund" if wallet else "refund", -amount, currency, refund["id"], exchange_rate=rate,
        description=f"REFUND FOR {'PAYMENT' if wallet else 'CHARGE'}",
    )  # fmt: skip
    refund["balance_transaction"] = entry["id"]
    refund.pop("pending_reason", None)
    if refund["_plan"] == "succeeded":
        refund["status"] = "succeeded"
    else:
        if refund["_plan"] == "pending" or wallet:
            refund["pending_reason"] = "processing"
        else:
            refund["status"] = "succeeded"  # a card's refund looks done until the bank sends it back
        w.after(w.rules.timing.refund_settled, "refund_ends", refund["id"])


@timer("refund_waits")
def _retry(w: World, id: str) -> None:
    refund = w.get("refund", id)
    if refund["status"] != "pending":
        return
    charge = w.get("charge", refund["charge"])
    if not _covered(w, refund, charge):
        w.when_funded("refund_waits", id)
        return
    before = {**refund}
    _debit(w, refund, charge)
    _tell(w, before, refund)


@timer("refund_ends")
def _end(w: World, id: str) -> None:
    refund = w.get("refund", id)
    before = {**refund}
    refund.pop("pending_reason", None)
    if refund["_plan"] == "pending":
        refund["status"] = "succeeded"
        _tell(w, before, refund)
    else:
        _fail(w, before, refund)


def _fail(w: World, before: Json, refund: Json) -> None:
    charge = w.get("charge", refund["charge"])
    amount, currency, rate = _booked(w, refund, charge)
    entry = balance.post(
        w, "refund_failure", amount, currency, refund["id"], exchange_rate=rate, description="REFUND FAILURE"
    )
    refund.update(status="failed", failure_reason=refund["_plan"], failure_balance_transaction=entry["id"])
    _give(w, charge, -refund["amount"])
    _tell(w, before, refund)
    emit(w, "refund.failed", refund)


def _tell(w: World, before: Json, refund: Json) -> None:
    w.save(refund)
    old = changed(before, refund)
    emit(w, "refund.updated", refund, old)
    emit(w, "charge.refund.updated", refund, old)


def _give(w: World, charge: Json, amount: int) -> None:
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] >= charge["amount_captured"]
    w.save(charge)


@answers("get", "/v1/refunds/{refund}")
def retrieve(w: World, p: Json, refund: str) -> Json:
    return w.get("refund", refund)


@answers("get", "/v1/refunds")
def list_refunds(w: World, p: Json) -> Json:
    return w.page("refund", "/v1/refunds", p, ("charge", "payment_intent"))


@answers("post", "/v1/refunds/{refund}")
def update(w: World, p: Json, refund: str) -> Json:
    body = w.get("refund", refund)
    before = {**body}
    changed_fields(body, p, ())
    if changed(before, body):
        _tell(w, before, body)
    return body


@answers("post", "/v1/refunds/{refund}/cancel")
def cancel(w: World, p: Json, refund: str) -> Json:
    """Only a refund that still waits for funds can be taken back."""
    body = w.get("refund", refund)
    if body["status"] != "pending" or body.get("pending_reason") != "insufficient_funds":
        raise StripeError(
            "Only pending refunds that wait for funds can be canceled.", code="refund_unexpected_state"
        )
    before = {**body}
    body["status"] = "canceled"
    body.pop("pending_reason")
    _give(w, w.get("charge", body["charge"]), -body["amount"])
    _tell(w, before, body)
    return body
