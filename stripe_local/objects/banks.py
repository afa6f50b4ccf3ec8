"""The bank accounts of a connected account (`external_accounts`), and Stripe's test numbers that let payouts fail."""

from copy import deepcopy
from typing import Any

from stripe_local.errors import Json, StripeError
from stripe_local.events import emit
from stripe_local.ids import new_id, random_text
from stripe_local.objects._common import require_currency
from stripe_local.objects.standing import tell
from stripe_local.router import answers
from stripe_local.world import World

CURRENCIES = {
    "CN": "cny", "HK": "hkd", "US": "usd", "GB": "gbp", "SG": "sgd", "DE": "eur", "FR": "eur", "IE": "eur",
}  # fmt: skip
GOOD_NUMBER = "000123456789"
_FAILING = {
    "000111111113": "account_closed",
    "000111111116": "no_account",
    "000222222227": "insufficient_funds",
    "000333333335": "debit_not_authorized",
    "000444444440": "invalid_currency",
}
_NOTHING_DUE: Json = {"currently_due": [], "errors": [], "past_due": [], "pending_verification": []}


def add(w: World, account: Json, given: Any) -> Json:
    """A bank account from its details; `given` may be Stripe's test token `btok_…`."""
    if isinstance(given, str):
        if not given.startswith("btok_"):
            raise StripeError(f"No such token: '{given}'", code="resource_missing", param="external_account")
        given = {"account_number": GOOD_NUMBER, "country": account["country"]}
    if given.get("object", "bank_account") != "bank_account":
        raise StripeError(
            "The local Stripe pays out to bank accounts only.", param="external_account[object]"
        )
    country = given.get("country", account["country"])
    currency = require_currency(
        w, str(given.get("currency") or CURRENCIES.get(country) or account["default_currency"])
    )
    number = given["account_number"].replace(" ", "")
    bank = {
        "id": new_id("ba_1"),
        "object": "bank_account",
        "account": account["id"],
        "account_holder_name": given.get("account_holder_name"),
        "account_holder_type": given.get("account_holder_type"),
        "account_type": None,
        "available_payout_methods": ["standard"],
        "bank_name": "STRIPE TEST BANK",
        "country": country,
        "currency": currency,
        "default_for_currency": True,
        "fingerprint": random_text(16),
        "future_requirements": dict(_NOTHING_DUE),
        "last4": number[-4:],
        "metadata": {},
        "requirements": dict(_NOTHING_DUE),
        "routing_number": given.get("routing_number"),
        "status": "new",
        "_number": number,
    }
    _keep(account, [*({**b, "default_for_currency": b["currency"] != currency} for b in _of(account)), bank])
    return bank


def _of(account: Json) -> list[Json]:
    found: list[Json] = account["external_accounts"]["data"]
    return found


def _keep(account: Json, banks: list[Json]) -> None:
    account["external_accounts"] = {**account["external_accounts"], "data": banks, "total_count": len(banks)}


def failure(w: World, account_id: str, bank_id: str | None) -> str | None:
    """Why a payout to this bank account fails, if it does."""
    account = w.find("account", account_id)
    numbers = [b["_number"] for b in _of(account) if b["id"] == bank_id] if account else []
    return _FAILING.get(numbers[0]) if numbers else None


def put_out_of_use(w: World, account_id: str, bank_id: str) -> None:
    """A bank account that refused a payout is out of use until its owner gives another."""
    account = w.get("account", account_id)
    before = deepcopy(account)
    _keep(account, [{**b, "status": "errored"} if b["id"] == bank_id else b for b in _of(account)])
    tell(w, before, account)


@answers("post", "/v1/accounts/{account}/external_accounts")
def create(w: World, p: Json, account: str) -> Json:
    home = w.acting_as(w.platform)
    body = home.get("account", account)
    before = deepcopy(body)
    bank = add(home, body, p["external_account"])
    tell(home, before, body)
    emit(w.acting_as(account), "account.external_account.created", bank)
    return bank


@answers("get", "/v1/accounts/{account}/external_accounts")
def list_banks(w: World, p: Json, account: str) -> Json:
    body: Json = w.acting_as(w.platform).get("account", account)["external_accounts"]
    return body


@answers("get", "/v1/accounts/{account}/external_accounts/{id}")
def retrieve(w: World, p: Json, account: str, id: str) -> Json:
    for bank in _of(w.acting_as(w.platform).get("account", account)):
        if bank["id"] == id:
            return bank
    raise StripeError(f"No such external account: '{id}'", status=404, code="resource_missing", param="id")


@answers("delete", "/v1/accounts/{account}/external_accounts/{id}")
def delete(w: World, p: Json, account: str, id: str) -> Json:
    home = w.acting_as(w.platform)
    bank = retrieve(w, p, account, id)
    body = home.get("account", account)
    left = [b for b in _of(body) if b["id"] != id]
    if bank["default_for_currency"] and any(b["currency"] == bank["currency"] for b in left):
        raise StripeError(
            "You cannot delete the default external account for your default currency.", param="id"
        )
    before = deepcopy(body)
    _keep(body, left)
    tell(home, before, body)
    emit(w.acting_as(account), "account.external_account.deleted", bank)
    return {"id": id, "object": "bank_account", "deleted": True}
