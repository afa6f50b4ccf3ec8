"""TransferReversal: money comes back from a connected account, as far as its balance covers it."""

from stripe_local import balance
from stripe_local.errors import Json, StripeError
from stripe_local.events import emit
from stripe_local.ids import new_id
from stripe_local.objects._common import require_positive
from stripe_local.objects.transfers import reversals_of
from stripe_local.router import answers
from stripe_local.world import World, absent


@answers("post", "/v1/transfers/{id}/reversals")
def reverse(w: World, p: Json, id: str) -> Json:
    transfer = w.get("transfer", id)
    left = transfer["amount"] - transfer["amount_reversed"]
    amount = int(p.get("amount", left))
    if left == 0:
        raise StripeError(f"Transfer {id} is already fully reversed.", code="transfer_already_reversed")
    require_positive(amount)
    if amount > left:
        raise StripeError(
            f"Transfer reversal amount ({amount}) is greater than unreversed amount on transfer ({left}).",
            param="amount",
        )
    reversal_id = new_id("trr_1")
    refund, available_on = _take_back(w, transfer, reversal_id, amount)
    entry = balance.post(
        w, "transfer_refund", amount, transfer["currency"], reversal_id, available_on=available_on,
        description=f"REFUND FOR TRANSFER ({p['description']})" if p.get("description") else "REFUND FOR TRANSFER",
    )  # fmt: skip
    reversal = w.new(
        "transfer_reversal",
        "trr_1",
        {
            "amount": amount,
            "balance_transaction": entry["id"],
            "currency": transfer["currency"],
            "destination_payment_refund": refund["id"],
            "livemode": absent(),
            "metadata": p.get("metadata") or {},
            "source_refund": None,
            "transfer": id,
        },
        id=reversal_id,
    )
    transfer["amount_reversed"] += amount
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    transfer["reversals"] = reversals_of(id, [reversal, *transfer["reversals"]["data"]])
    w.save(transfer)
    if transfer["source_transaction"]:
        charge = w.get("charge", transfer["source_transaction"])
        charge["_transferred"] -= amount
        w.save(charge)
    emit(w, "transfer.reversed", transfer)
    return reversal


def _take_back(w: World, transfer: Json, reversal_id: str, amount: int) -> tuple[Json, int]:
    """Debit the connected account, or refuse when its balance does not cover it."""
    there = w.acting_as(transfer["destination"])
    payment = there.get("charge", transfer["destination_payment"])
    entry = there.get("balance_transaction", payment["balance_transaction"])
    rate = entry["exchange_rate"]
    theirs = amount if rate is None else int(amount * rate + 0.5)
    pending = entry["status"] == "pending"
    covered = (
        balance.total(there, entry["currency"]) if pending else balance.available(there, entry["currency"])
    )
    if covered < theirs:
        raise StripeError(
            f"Insufficient funds in Stripe account. The transfer {transfer['id']} cannot be reversed: its destination "
            f"has {covered} {entry['currency']} left.",
            code="balance_insufficient",
        )
    refund_id = new_id("pyr_1")
    back = balance.post(
        there, "payment_refund", -theirs, entry["currency"], refund_id, available_on=entry["available_on"],
        exchange_rate=rate, description="REFUND FOR PAYMENT",
    )  # fmt: skip
    refund = there.new(
        "refund",
        "pyr_1",
        {
            "amount": theirs,
            "balance_transaction": back["id"],
            "charge": payment["id"],
            "currency": entry["currency"],
            "livemode": absent(),
            "metadata": {},
            "payment_intent": None,
            "reason": None,
            "receipt_number": None,
            "source_transfer_reversal": reversal_id,
            "status": "succeeded",
            "transfer_reversal": None,
        },
        id=refund_id,
    )
    payment["amount_refunded"] += theirs
    payment["refunded"] = payment["amount_refunded"] >= payment["amount"]
    there.save(payment)
    emit(there, "charge.refunded", payment)
    return refund, int(entry["available_on"])


@answers("get", "/v1/transfers/{id}/reversals")
def list_all(w: World, p: Json, id: str) -> Json:
    w.get("transfer", id)
    of_this = (" AND json_extract(body, '$.transfer') = ?", [id])
    return w.page("transfer_reversal", f"/v1/transfers/{id}/reversals", p, also=of_this)


@answers("get", "/v1/transfers/{transfer}/reversals/{id}")
def retrieve(w: World, p: Json, transfer: str, id: str) -> Json:
    reversal = w.get("transfer_reversal", id)
    if reversal["transfer"] != transfer:
        raise StripeError(
            f"No such transfer reversal: '{id}'", status=404, code="resource_missing", param="id"
        )
    return reversal
