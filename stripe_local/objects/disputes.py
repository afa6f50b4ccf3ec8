"""Dispute: the payer's bank takes the money back, and the platform may answer.

needs_response → under_review → won | lost. Opening debits the platform by the amount and the fee; winning gives
the amount back, the fee stays spent.
"""

from copy import deepcopy

from stripe_local import balance
from stripe_local.errors import Json, StripeError
from stripe_local.events import changed, emit
from stripe_local.ids import new_id
from stripe_local.objects import files, payment_methods
from stripe_local.objects._common import changed_fields
from stripe_local.router import answers
from stripe_local.settings import DAY
from stripe_local.world import World, timer

_EVIDENCE = (
    "access_activity_log", "billing_address", "cancellation_policy", "cancellation_policy_disclosure",
    "cancellation_rebuttal", "customer_communication", "customer_email_address", "customer_name",
    "customer_purchase_ip", "customer_signature", "duplicate_charge_documentation", "duplicate_charge_explanation",
    "duplicate_charge_id", "product_description", "receipt", "refund_policy", "refund_policy_disclosure",
    "refund_refusal_explanation", "service_date", "service_documentation", "shipping_address", "shipping_carrier",
    "shipping_date", "shipping_documentation", "shipping_tracking_number", "uncategorized_file",
    "uncategorized_text",
)  # fmt: skip
_FILES = (
    "cancellation_policy", "customer_communication", "customer_signature", "duplicate_charge_documentation", "receipt",
    "refund_policy", "service_documentation", "shipping_documentation", "uncategorized_file",
)  # fmt: skip
_TEXT_TOTAL = 150_000
_ANSWER_WITHIN_S = 7 * DAY
_REVIEW_S = 60


def open_on(w: World, charge: Json, reason: str) -> Json:
    if charge["disputed"] or charge["status"] != "succeeded" or not charge["captured"]:
        raise StripeError(f"Charge {charge['id']} cannot be disputed.", param="charge")
    id = new_id("du_1")
    settled = w.get("balance_transaction", charge["balance_transaction"])
    fee = w.rules.dispute_fee
    amount = charge["amount_captured"] - charge["amount_refunded"]
    booked = round(settled["amount"] * amount / charge["amount_captured"])
    taken = balance.post(
        w, "adjustment", -booked, settled["currency"], id,
        fees=[{"amount": fee, "application": None, "currency": settled["currency"],
               "description": "Dispute fee", "type": "stripe_fee"}],
        description=f"Chargeback withdrawal for {charge['id']}", reporting_category="dispute",
    )  # fmt: skip
    dispute = w.new(
        "dispute",
        "du_1",
        {
            "amount": amount,
            "balance_transactions": [taken],
            "charge": charge["id"],
            "currency": charge["currency"],
            "enhanced_eligibility_types": [],
            "evidence": dict.fromkeys(_EVIDENCE),
            "evidence_details": {
                "due_by": w.now + _ANSWER_WITHIN_S,
                "enhanced_eligibility": {},
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
            },
            "is_charge_refundable": False,
            "metadata": {},
            "network_reason_code": None,
            "payment_intent": charge["payment_intent"],
            "payment_method_details": {"type": charge["_method"]},
            "reason": reason,
            "status": "needs_response",
        },
        id=id,
    )
    charge["disputed"] = True
    w.save(charge)
    w.after(_ANSWER_WITHIN_S, "dispute_lapses", id)
    emit(w, "charge.dispute.created", dispute)
    emit(w, "charge.dispute.funds_withdrawn", dispute)
    return dispute


@timer("dispute_opens")
def _on_test_card(w: World, charge_id: str) -> None:
    charge = w.get("charge", charge_id)
    card = payment_methods.card_of(w.get("payment_method", charge["payment_method"]))
    if card is not None and not charge["disputed"]:
        open_on(w, charge, card.dispute)


@timer("dispute_lapses")
def _lapse(w: World, id: str) -> None:
    dispute = w.get("dispute", id)
    if dispute["status"] == "needs_response":
        dispute["evidence_details"]["past_due"] = True
        decide(w, dispute, won=False)


@timer("dispute_review")
def _review(w: World, id: str) -> None:
    """Stripe's test evidence decides: `winning_evidence` wins, anything else loses."""
    dispute = w.get("dispute", id)
    if dispute["status"] == "under_review":
        decide(w, dispute, won=dispute["evidence"]["uncategorized_text"] == "winning_evidence")


def decide(w: World, dispute: Json, *, won: bool) -> Json:
    if dispute["status"] not in ("needs_response", "under_review"):
        raise StripeError(f"This dispute is already {dispute['status']}.", code="dispute_unexpected_state")
    dispute["status"] = "won" if won else "lost"
    if won:
        taken = dispute["balance_transactions"][0]
        back = balance.post(
            w, "adjustment", -taken["amount"], taken["currency"], dispute["id"],
            description=f"Chargeback reversal for {dispute['charge']}", reporting_category="dispute_reversal",
        )  # fmt: skip
        dispute["balance_transactions"].append(back)
    w.save(dispute)
    if won:
        emit(w, "charge.dispute.funds_reinstated", dispute)
    emit(w, "charge.dispute.closed", dispute)
    return dispute


@answers("get", "/v1/disputes/{dispute}")
def retrieve(w: World, p: Json, dispute: str) -> Json:
    return w.get("dispute", dispute)


@answers("get", "/v1/disputes")
def list_disputes(w: World, p: Json) -> Json:
    return w.page("dispute", "/v1/disputes", p, ("charge", "payment_intent"))


@answers("post", "/v1/disputes/{dispute}")
def update(w: World, p: Json, dispute: str) -> Json:
    body = w.get("dispute", dispute)
    submit = p.get("submit", True)
    answering = "evidence" in p or "submit" in p
    if body["status"] != "needs_response" and answering:
        raise StripeError("This dispute no longer takes evidence.", code="dispute_unexpected_state")
    before = deepcopy(body)
    changed_fields(body, p, ())
    if answering:
        _add_evidence(w, body, p.get("evidence") or {})
        if submit:
            body["status"] = "under_review"
            body["evidence_details"]["submission_count"] += 1
            w.after(_REVIEW_S, "dispute_review", dispute)
    w.save(body)
    emit(w, "charge.dispute.updated", body, changed(before, body))
    return body


def _add_evidence(w: World, dispute: Json, given: Json) -> None:
    """Add to what is there. Files must have been uploaded as evidence."""
    for name in _FILES:
        if given.get(name):
            files.require(w, given[name], "dispute_evidence", f"evidence[{name}]")
    for name in _EVIDENCE:
        if name in given:
            dispute["evidence"][name] = given[name]
    length = sum(len(text) for name, text in dispute["evidence"].items() if text and name not in _FILES)
    if length > _TEXT_TOTAL:
        raise StripeError(
            f"The texts of the evidence may have {_TEXT_TOTAL} characters together; these have {length}.",
            param="evidence",
        )
    dispute["evidence_details"]["has_evidence"] = any(dispute["evidence"].values())


@answers("post", "/v1/disputes/{dispute}/close")
def close(w: World, p: Json, dispute: str) -> Json:
    """Accept the loss."""
    return decide(w, w.get("dispute", dispute), won=False)
