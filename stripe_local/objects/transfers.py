"""Transfer from the platform to a connected account; `reversals.py` brings it back.

With `source_transaction` a transfer may use money that is still pending: it becomes available with its charge, and
all transfers of one charge together may not exceed it. Without it the platform's available balance must cover it.
"""

from stripe_local import balance
from stripe_local.errors import Json, StripeError
from stripe_local.events import changed, emit
from stripe_local.ids import new_id
from stripe_local.objects._common import changed_fields, require_currency, require_positive
from stripe_local.router import answers
from stripe_local.world import World


@answers("post", "/v1/transfers")
def create(w: World, p: Json) -> Json:
    if "amount" not in p:
        raise StripeError("Missing required param: amount.", code="parameter_missing", param="amount")
    require_positive(p["amount"])
    currency = require_currency(w, p["currency"])
    destination = _destination(w, p["destination"])
    available_on, group = w.now, p.get("transfer_group")
    if "source_transaction" in p:
        available_on, group = _draw(w, p, currency)
    else:
        balance.require(w, p["amount"], currency)
    id = new_id("tr_1")
    entry = balance.post(
        w, "transfer", -p["amount"], currency, id, available_on=available_on, description=p.get("description")
    )
    payment = _pay_in(w, destination, id, p, currency, available_on, group)
    transfer = w.new(
        "transfer",
        "tr_1",
        {
            "amount": p["amount"],
            "amount_reversed": 0,
            "balance_transaction": entry["id"],
            "currency": currency,
            "description": p.get("description"),
            "destination": destination["id"],
            "destination_payment": payment["id"],
            "metadata": p.get("metadata") or {},
            "reversals": reversals_of(id, []),
            "reversed": False,
            "source_transaction": p.get("source_transaction"),
            "source_type": p.get("source_type", "card"),
            "transfer_group": group,
        },
        id=id,
    )
    emit(w, "transfer.created", transfer)
    return transfer


def _destination(w: World, id: str) -> Json:
    account = w.find("account", id)
    if account is None:
        raise StripeError(f"No such destination: '{id}'", code="resource_missing", param="destination")
    if account["capabilities"].get("transfers") != "active":
        raise StripeError(
            "Your destination account needs to have at least one of the following capabilities enabled: transfers, "
            "crypto_transfers, legacy_payments",
            code="insufficient_capabilities_for_transfer",
            param="destination",
        )
    return account


def _draw(w: World, p: Json, currency: str) -> tuple[int, str]:
    """Take the amount from what the charge has left: when it is available, and the group it belongs to."""
    charge = w.find("charge", p["source_transaction"])
    if charge is None:
        raise StripeError(
            f"No such charge: '{p['source_transaction']}'",
            code="resource_missing",
            param="source_transaction",
        )
    if not charge["balance_transaction"]:
        raise StripeError(
            f"The charge {charge['id']} was not captured; it cannot be the source of a transfer.",
            param="source_transaction",
        )
    entry = w.get("balance_transaction", charge["balance_transaction"])
    if entry["currency"] != currency:
        raise StripeError(
            f"The currency of source_transaction's balance transaction ({entry['currency']}) must be the same as the "
            f"transfer currency ({currency})",
            param="currency",
        )
    left = entry["amount"] - charge["_transferred"]
    if p["amount"] > left:
        raise StripeError(
            f"Insufficient funds: source_transaction {charge['id']} has {left} left of {entry['amount']}; "
            f"{p['amount']} was asked for.",
            code="balance_insufficient",
            param="amount",
        )
    if entry["status"] == "available":
        balance.require(w, p["amount"], currency)
    group = p.get("transfer_group")
    if charge["transfer_group"] and group and group != charge["transfer_group"]:
        raise StripeError(
            f"transfer_group cannot be set to {group} because source_transaction has transfer_group "
            f"{charge['transfer_group']}.",
            param="transfer_group",
        )
    charge["transfer_group"] = charge["transfer_group"] or group or f"group_{charge['payment_intent']}"
    charge["_transferred"] += p["amount"]
    w.save(charge)
    return int(entry["available_on"]), str(charge["transfer_group"])


def _pay_in(
    w: World, account: Json, transfer: str, p: Json, currency: str, available_on: int, group: str | None
) -> Json:
    """The payment that the connected account sees; converted when it has no bank account in the currency."""
    there = w.acting_as(account["id"])
    into = _held_currency(account, currency)
    amount, rate = balance.convert(w.rules, p["amount"], currency, into)
    id = new_id("py_1")
    entry = balance.post(there, "payment", amount, into, id, available_on=available_on, exchange_rate=rate)
    return there.new(
        "charge",
        "py_1",
        {
            "amount": amount,
            "amount_captured": amount,
            "amount_refunded": 0,
            "application": None,
            "application_fee": None,
            "application_fee_amount": None,
            "balance_transaction": entry["id"],
            "billing_details": {"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
            "calculated_statement_descriptor": None,
            "captured": True,
            "currency": into,
            "customer": None,
            "description": p.get("description"),
            "disputed": False,
            "failure_balance_transaction": None,
            "failure_code": None,
            "failure_message": None,
            "fraud_details": {},
            "metadata": {},
            "on_behalf_of": None,
            "outcome": None,
            "paid": True,
            "payment_intent": None,
            "payment_method": None,
            "payment_method_details": {"stripe_account": {}, "type": "stripe_account"},
            "receipt_email": None,
            "receipt_number": None,
            "receipt_url": None,
            "refunded": False,
            "review": None,
            "shipping": None,
            "source": None,
            "source_transfer": transfer,
            "statement_descriptor": None,
            "statement_descriptor_suffix": None,
            "status": "succeeded",
            "transfer_data": None,
            "transfer_group": group,
        },
        id=id,
    )


def _held_currency(account: Json, currency: str) -> str:
    banked = {bank["currency"] for bank in account["external_accounts"]["data"]}
    return currency if currency in banked or not banked else str(account["default_currency"])


@answers("get", "/v1/transfers/{transfer}")
def retrieve(w: World, p: Json, transfer: str) -> Json:
    return w.get("transfer", transfer)


@answers("get", "/v1/transfers")
def list_transfers(w: World, p: Json) -> Json:
    return w.page("transfer", "/v1/transfers", p, ("destination", "transfer_group"))


@answers("post", "/v1/transfers/{transfer}")
def update(w: World, p: Json, transfer: str) -> Json:
    body = w.get("transfer", transfer)
    before = {**body}
    changed_fields(body, p, ("description",))
    w.save(body)
    emit(w, "transfer.updated", body, changed(before, body))
    return body


def reversals_of(transfer: str, reversals: list[Json]) -> Json:
    return {
        "object": "list",
        "url": f"/v1/transfers/{transfer}/reversals",
        "has_more": False,
        "total_count": len(reversals),
        "data": reversals,
    }
