"""Topup: the platform's own money comes from its bank. pending → succeeded, or canceled while pending."""

from stripe_local import balance
from stripe_local.errors import Json, StripeError
from stripe_local.events import emit
from stripe_local.objects._common import changed_fields, require_currency, require_positive
from stripe_local.router import answers
from stripe_local.world import World, timer


@answers("post", "/v1/topups")
def create(w: World, p: Json) -> Json:
    require_positive(p["amount"])
    topup = w.new(
        "topup",
        "tu_1",
        {
            "amount": p["amount"],
            "balance_transaction": None,
            "currency": require_currency(w, p["currency"]),
            "description": p.get("description"),
            "expected_availability_date": w.now + w.rules.timing.payout_paid,
            "failure_code": None,
            "failure_message": None,
            "metadata": p.get("metadata") or {},
            "source": None,
            "statement_descriptor": p.get("statement_descriptor"),
            "status": "pending",
            "transfer_group": p.get("transfer_group"),
        },
    )
    w.after(w.rules.timing.payout_paid, "topup_arrives", topup["id"])
    emit(w, "topup.created", topup)
    return topup


@timer("topup_arrives")
def _arrive(w: World, id: str) -> None:
    topup = w.get("topup", id)
    if topup["status"] != "pending":
        return
    entry = balance.post(w, "topup", topup["amount"], topup["currency"], id, description=topup["description"])
    topup.update(status="succeeded", balance_transaction=entry["id"])
    w.save(topup)
    emit(w, "topup.succeeded", topup)


@answers("post", "/v1/topups/{topup}/cancel")
def cancel(w: World, p: Json, topup: str) -> Json:
    body = w.get("topup", topup)
    if body["status"] != "pending":
        raise StripeError(
            f"Top-ups can only be canceled while they are pending; this one is {body['status']}."
        )
    body["status"] = "canceled"
    w.save(body)
    emit(w, "topup.canceled", body)
    return body


@answers("get", "/v1/topups/{topup}")
def retrieve(w: World, p: Json, topup: str) -> Json:
    return w.get("topup", topup)


@answers("post", "/v1/topups/{topup}")
def update(w: World, p: Json, topup: str) -> Json:
    body = w.get("topup", topup)
    changed_fields(body, p, ("description",))
    return w.save(body)


@answers("get", "/v1/topups")
def list_topups(w: World, p: Json) -> Json:
    return w.page("topup", "/v1/topups", p, ("status",))
