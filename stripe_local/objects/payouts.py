"""Payout from an account's balance to its bank: pending → in_transit → paid | failed, or canceled while pending.

The balance is debited when the payout is made; a failed or canceled one gives it back.
"""

from stripe_local import balance, faults
from stripe_local.errors import Json, StripeError
from stripe_local.events import changed, emit
from stripe_local.ids import new_id
from stripe_local.objects import banks
from stripe_local.objects._common import changed_fields, require_currency, require_positive
from stripe_local.router import answers
from stripe_local.settings import DAY
from stripe_local.world import World, timer

FAILURES = {
    "account_closed": "The bank account has been closed",
    "no_account": "The bank account details on file are probably incorrect. No bank account could be located with "
    "those details",
    "could_not_process": "The bank could not process this payout",
    "debit_not_authorized": "Debit transactions are not approved on your bank account",
    "insufficient_funds": "Your Stripe account has insufficient funds to cover the payout",
    "invalid_currency": "The bank was unable to process this payout because of its currency",
}
_DISABLING = ("account_closed", "no_account")


@answers("post", "/v1/payouts")
def create(w: World, p: Json) -> Json:
    if p.get("method", "standard") != "standard":
        raise StripeError("The local Stripe makes standard payouts only.", param="method")
    require_positive(p["amount"])
    currency = require_currency(w, p["currency"])
    bank = _bank(w, p, currency)
    balance.require(w, p["amount"], currency)
    return _pay(w, p["amount"], currency, bank, p, automatic=False)


def _pay(w: World, amount: int, currency: str, bank: str | None, p: Json, *, automatic: bool) -> Json:
    id = new_id("po_1")
    entry = balance.post(w, "payout", -amount, currency, id, description="STRIPE PAYOUT")
    payout = w.new(
        "payout",
        "po_1",
        {
            "amount": amount,
            "application_fee": None,
            "application_fee_amount": None,
            "arrival_date": w.now + w.rules.timing.payout_paid,
            "automatic": automatic,
            "balance_transaction": entry["id"],
            "currency": currency,
            "description": p.get("description"),
            "destination": bank,
            "failure_balance_transaction": None,
            "failure_code": None,
            "failure_message": None,
            "metadata": p.get("metadata") or {},
            "method": "standard",
            "original_payout": None,
            "payout_method": None,
            "reconciliation_status": "in_progress" if automatic else "not_applicable",
            "reversed_by": None,
            "source_type": p.get("source_type", "card"),
            "statement_descriptor": p.get("statement_descriptor"),
            "status": "pending",
            "trace_id": None,
            "type": "bank_account",
        },
        id=id,
    )
    w.after(w.rules.timing.payout_in_transit, "payout_leaves", id)
    emit(w, "payout.created", payout)
    return payout


def _bank(w: World, p: Json, currency: str) -> str | None:
    """The bank account that gets the money; the platform's own is taken for granted."""
    if w.account == w.platform:
        return None
    account = w.acting_as(w.platform).get("account", w.account)
    if not account["payouts_enabled"]:
        raise StripeError(
            "Payouts are not enabled on this account: "
            + (account["requirements"]["disabled_reason"] or "restricted"),
            code="payouts_not_allowed",
        )
    banks = [b for b in account["external_accounts"]["data"] if b["currency"] == currency]
    if "destination" in p:
        banks = [b for b in banks if b["id"] == p["destination"]]
        if not banks:
            raise StripeError(
                f"No such external account: '{p['destination']}'",
                code="resource_missing",
                param="destination",
            )
    if not banks:
        raise StripeError(
            f"Sorry, you don't have any external accounts in that currency ({currency}).", param="currency"
        )
    first = sorted(banks, key=lambda b: not b["default_for_currency"])[0]
    return str(first["id"])


@timer("payout_leaves")
def _leave(w: World, id: str) -> None:
    payout = w.get("payout", id)
    if payout["status"] == "pending":
        before = {**payout}
        payout["status"] = "in_transit"
        w.save(payout)
        emit(w, "payout.updated", payout, changed(before, payout))
        w.after(max(0, payout["arrival_date"] - w.now), "payout_arrives", id)


@timer("payout_arrives")
def _arrive(w: World, id: str) -> None:
    payout = w.get("payout", id)
    if payout["status"] != "in_transit":
        return
    before = {**payout}
    code = _failure(w, payout)
    if code:
        _give_back(w, payout, "payout_failure")
        payout.update(status="failed", failure_code=code, failure_message=FAILURES.get(code, code))
    else:
        payout["status"] = "paid"
        if payout["automatic"]:
            payout["reconciliation_status"] = "completed"
    w.save(payout)
    emit(w, "payout.failed" if code else "payout.paid", payout, None if code else changed(before, payout))
    if code in _DISABLING and payout["destination"]:
        banks.put_out_of_use(w.acting_as(w.platform), w.account, payout["destination"])


def _failure(w: World, payout: Json) -> str | None:
    ordered = faults.take(w.store, "payout", lambda spec: spec["account"] in ("", w.account))
    if ordered is not None:
        return str(ordered["code"])
    return banks.failure(w.acting_as(w.platform), w.account, payout["destination"])


def _give_back(w: World, payout: Json, type: str) -> None:
    entry = balance.post(
        w,
        type,
        payout["amount"],
        payout["currency"],
        payout["id"],
        description=type.upper().replace("_", " "),
    )
    payout["failure_balance_transaction"] = entry["id"]


@answers("post", "/v1/payouts/{payout}/cancel")
def cancel(w: World, p: Json, payout: str) -> Json:
    body = w.get("payout", payout)
    if body["status"] != "pending":
        raise StripeError(
            f"Payouts can only be canceled while they are pending; this one is {body['status']}.",
            code="payout_unexpected_state",
        )
    _give_back(w, body, "payout_cancel")
    body["status"] = "canceled"
    w.save(body)
    emit(w, "payout.canceled", body)
    return body


@answers("get", "/v1/payouts/{payout}")
def retrieve(w: World, p: Json, payout: str) -> Json:
    return w.get("payout", payout)


@answers("get", "/v1/payouts")
def list_payouts(w: World, p: Json) -> Json:
    return w.page("payout", "/v1/payouts", p, ("destination", "status"))


@answers("post", "/v1/payouts/{payout}")
def update(w: World, p: Json, payout: str) -> Json:
    body = w.get("payout", payout)
    before = {**body}
    changed_fields(body, p, ())
    w.save(body)
    emit(w, "payout.updated", body, changed(before, body))
    return body


@timer("automatic_payouts")
def _automatic(w: World, account_id: str) -> None:
    """Once a day, for accounts that did not choose the manual schedule: all that is available goes out."""
    account = w.acting_as(w.platform).find("account", account_id)
    if account is None or account["settings"]["payouts"]["schedule"]["interval"] == "manual":
        return
    w.after(DAY, "automatic_payouts", account_id)
    if not account["payouts_enabled"]:
        return
    for currency in {b["currency"] for b in account["external_accounts"]["data"]}:
        amount = balance.available(w, currency)
        if amount > 0:
            _pay(w, amount, currency, _bank(w, {}, currency), {}, automatic=True)
