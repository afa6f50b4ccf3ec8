"""What Stripe says, as plain values: the rest of the product never touches its objects."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from market.payments.errors import StripeAway

Json = dict[str, Any]


@dataclass(frozen=True)
class ChargeView:
    """A payment that succeeded. `settled_*` is what reached our balance before `fee`, in its own currency."""

    id: str
    amount: int
    currency: str
    fee: int
    settled_amount: int
    settled_currency: str
    method: str


@dataclass(frozen=True)
class SessionView:
    id: str
    reference: str
    status: str
    url: str | None
    expires_at: datetime
    intent_status: str
    charge: ChargeView | None


@dataclass(frozen=True)
class IntentView:
    """A payment with a saved card. `url`: where the bank asks its holder; `failure`: why it did not go through."""

    id: str
    reference: str
    status: str
    url: str | None
    failure: str
    charge: ChargeView | None


@dataclass(frozen=True)
class CardFacts:
    brand: str
    last4: str
    exp_month: int
    exp_year: int


@dataclass(frozen=True)
class MethodView:
    """A way to pay that Stripe keeps; `customer` empty: for nobody any more. `card` None: it is no card."""

    id: str
    customer: str
    card: CardFacts | None


@dataclass(frozen=True)
class AccountView:
    id: str
    details_submitted: bool
    payouts_enabled: bool
    requirements: list[str]
    disabled_reason: str
    bank: str
    bank_id: str = ""
    transfers_enabled: bool = False
    requirements_due_at: datetime | None = None


@dataclass(frozen=True)
class PayoutView:
    id: str
    status: str
    withdrawal: str
    failure: str
    arrives_at: datetime | None


@dataclass(frozen=True)
class EntryView:
    """A balance transaction."""

    id: str
    type: str
    amount: int
    fee: int
    net: int
    currency: str
    source: str | None
    description: str
    exchange_rate: float | None
    booked_at: datetime
    available_on: datetime


def entry_view(body: Json) -> EntryView:
    source = body.get("source")
    return EntryView(
        id=body["id"],
        type=body["type"],
        amount=body["amount"],
        fee=body["fee"],
        net=body["net"],
        currency=body["currency"].upper(),
        source=source["id"] if isinstance(source, dict) else source,
        description=body.get("description") or "",
        exchange_rate=body.get("exchange_rate"),
        booked_at=moment(body["created"]),
        available_on=moment(body["available_on"]),
    )


@dataclass(frozen=True)
class Booked:
    """An entry of our balance at Stripe: `amount` left it, beside it `fee`; in the currency it settled in."""

    amount: int
    fee: int
    currency: str


@dataclass(frozen=True)
class RefundView:
    """`refund` is our id of it; `booked` when the money left our balance, `given_back` when it came back (None while
    the entry was not fetched)."""

    id: str
    refund: str
    amount: int
    status: str
    failure: str
    booked: Booked | None
    given_back: Booked | None


def refund_view(body: Json) -> RefundView:
    return RefundView(
        id=body["id"],
        refund=(body.get("metadata") or {}).get("refund") or "",
        amount=body["amount"],
        status=body.get("status") or "",
        failure=body.get("failure_reason") or "",
        booked=_booked(body.get("balance_transaction"), -1),
        given_back=_booked(body.get("failure_balance_transaction"), 1),
    )


def _booked(entry: Any, sign: int) -> Booked | None:
    if not isinstance(entry, dict):
        return None
    return Booked(sign * entry["amount"], entry["fee"], entry["currency"].upper())


@dataclass(frozen=True)
class DisputeView:
    id: str
    charge: str
    amount: int
    currency: str
    reason: str
    status: str
    created: datetime
    due_by: datetime | None
    submission_count: int
    taken: Booked | None
    given_back: Booked | None


def session_view(body: Json) -> SessionView:
    intent = body.get("payment_intent")
    intent = intent if isinstance(intent, dict) else {}
    charge = intent.get("latest_charge")
    paid = (
        body.get("payment_status") == "paid"
        and isinstance(charge, dict)
        and charge.get("status") == "succeeded"
    )
    return SessionView(
        id=body["id"],
        reference=body.get("client_reference_id") or "",
        status=body.get("status") or "",
        url=body.get("url"),
        expires_at=moment(body["expires_at"]),
        intent_status=intent.get("status") or "",
        charge=_charge_view(cast(Json, charge)) if paid else None,
    )


def intent_view(body: Json) -> IntentView:
    charge, failure = body.get("latest_charge"), body.get("last_payment_error") or {}
    paid = body["status"] == "succeeded" and isinstance(charge, dict) and charge.get("status") == "succeeded"
    return IntentView(
        id=body["id"],
        reference=(body.get("metadata") or {}).get("checkout") or "",
        status=body["status"],
        url=next_url(body),
        failure=failure.get("decline_code") or failure.get("code") or "",
        charge=_charge_view(cast(Json, charge)) if paid else None,
    )


def next_url(intent: Json) -> str | None:
    """Where the payer is to go next, when the bank wants to see him."""
    action = intent.get("next_action") or {}
    return (action.get("redirect_to_url") or {}).get("url")


def method_view(body: Json) -> MethodView:
    card = body.get("card")
    return MethodView(
        id=body["id"],
        customer=body.get("customer") or "",
        card=CardFacts(card["brand"], card["last4"], card["exp_month"], card["exp_year"])
        if isinstance(card, dict)
        else None,
    )


def _charge_view(body: Json) -> ChargeView:
    entry = body.get("balance_transaction")
    if not isinstance(entry, dict):
        raise StripeAway  # not booked yet (asynchronous capture): the fee is unknown, ask again later
    return ChargeView(
        id=body["id"],
        amount=body["amount_captured"],
        currency=body["currency"].upper(),
        fee=entry["fee"],
        settled_amount=entry["amount"],
        settled_currency=entry["currency"].upper(),
        method=(body.get("payment_method_details") or {}).get("type") or "",
    )


def account_view(body: Json) -> AccountView:
    requirements = body.get("requirements") or {}
    banks = (body.get("external_accounts") or {}).get("data") or []
    live = [each for each in banks if each.get("status") != "errored"] or banks
    bank = next((each for each in live if each.get("default_for_currency")), live[0] if live else {})
    deadline = requirements.get("current_deadline")
    return AccountView(
        id=body["id"],
        details_submitted=bool(body.get("details_submitted")),
        payouts_enabled=bool(body.get("payouts_enabled")),
        requirements=[str(each) for each in requirements.get("currently_due") or []],
        disabled_reason=requirements.get("disabled_reason") or "",
        bank=" ".join(
            filter(None, [bank.get("bank_name"), f"•••• {bank['last4']}" if bank.get("last4") else ""])
        ),
        bank_id=bank.get("id") or "",
        transfers_enabled=(body.get("capabilities") or {}).get("transfers") == "active",
        requirements_due_at=moment(deadline) if deadline else None,
    )


def payout_view(body: Json) -> PayoutView:
    return PayoutView(
        id=body["id"],
        status=body["status"],
        withdrawal=(body.get("metadata") or {}).get("withdrawal") or "",
        failure=body.get("failure_code") or ("canceled" if body["status"] == "canceled" else ""),
        arrives_at=moment(body["arrival_date"]) if body.get("arrival_date") else None,
    )


def dispute_view(body: Json) -> DisputeView:
    details = body.get("evidence_details") or {}
    entries = body.get("balance_transactions") or []
    charge = body["charge"]
    return DisputeView(
        id=body["id"],
        charge=charge["id"] if isinstance(charge, dict) else charge,
        amount=body["amount"],
        currency=body["currency"].upper(),
        reason=body.get("reason") or "general",
        status=body["status"],
        created=moment(body["created"]),
        due_by=moment(details["due_by"]) if details.get("due_by") else None,
        submission_count=details.get("submission_count") or 0,
        taken=_taken([entry for entry in entries if entry["amount"] < 0], -1),
        given_back=_taken([entry for entry in entries if entry["amount"] > 0], 1),
    )


def _taken(entries: list[Json], sign: int) -> Booked | None:
    """The entries of one direction as one sum; a fee that comes back with the money is negative in Stripe's book."""
    if not entries:
        return None
    return Booked(
        amount=sign * sum(entry["amount"] for entry in entries),
        fee=-sign * sum(entry["fee"] for entry in entries),
        currency=entries[0]["currency"].upper(),
    )


def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
