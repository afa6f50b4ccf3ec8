"""The one door to Stripe. Never called inside a transaction; every change is a StripeCall row (outbox.py).

Our own idempotency key is the row's id: the SDK would make a random one, and a retry after a crash a second payment.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from time import monotonic
from typing import Any, Protocol, cast
from uuid import UUID

import stripe

from market.kit.db import db
from market.payments.config import StripeConfig, read
from market.payments.errors import AccountGone, StripeAway, StripeRefused
from market.payments.evidence_files import stream_of
from market.payments.params import REFUND_EXPAND
from market.payments.views import (
    AccountView,
    DisputeView,
    EntryView,
    IntentView,
    Json,
    MethodView,
    PayoutView,
    RefundView,
    SessionView,
    account_view,
    dispute_view,
    entry_view,
    intent_view,
    method_view,
    payout_view,
    refund_view,
    session_view,
)

stripe.enable_telemetry = False


@dataclass(frozen=True)
class Patience:
    """How long one call waits for Stripe, in seconds, and how often the SDK tries it again."""

    connect_s: float
    read_s: float
    retries: int


PATIENT = Patience(5, 30, 1)
"""In workers and commands."""
QUICK = Patience(2, 4, 0)
"""While somebody waits for a page: what did not come in this time the outbox goes on with."""
BUDGET_S = 6.0
"""For all calls of one request together; when it is used up, the next ones are left to the worker at once."""


@dataclass
class _Hurry:
    left_s: float


_hurry: ContextVar[_Hurry | None] = ContextVar("stripe_hurry", default=None)


def hurry() -> None:
    """From now on, in this thread, somebody waits: the edge says so at the beginning of a request."""
    _hurry.set(_Hurry(BUDGET_S))


def take_your_time() -> None:
    """Nobody waits any more."""
    _hurry.set(None)


class Call(Protocol):
    """What is needed of a StripeCall to send it."""

    @property
    def id(self) -> UUID: ...
    @property
    def purpose(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def account(self) -> str | None: ...
    @property
    def params(self) -> Json: ...
    @property
    def first_sent_at(self) -> datetime | None: ...


@lru_cache(maxsize=8)
def _client(config: StripeConfig, patience: Patience) -> stripe.StripeClient:
    return stripe.StripeClient(
        config.api_key or "sk_test_unset",
        base_addresses=cast(Any, config.base_addresses),
        max_network_retries=patience.retries,
        http_client=stripe.RequestsClient(timeout=(patience.connect_s, patience.read_s)),
    )


def client() -> stripe.StripeClient:
    if db.session.info.get("open"):
        raise RuntimeError(
            "Stripe is not called inside a transaction: write a StripeCall and send it afterwards"
        )
    db.session.rollback()  # end the transaction that mere reading began: no connection waits for Stripe
    return _client(read(), QUICK if _hurry.get() else PATIENT)


class Indeterminate(StripeAway):
    """Stripe repeats a stored 500 for this key: look whether it happened, then go on with a new key."""


@contextmanager
def _translated() -> Iterator[None]:
    """Stripe's errors as ours. StripeAway: try again later, same key. StripeRefused: it will stay no.

    In a request also the time: StripeAway at once when earlier calls have used it up.
    """
    hurry_, begun = _hurry.get(), monotonic()
    if hurry_ and hurry_.left_s <= 0:
        raise StripeAway
    try:
        yield
    except stripe.APIConnectionError as away:
        raise StripeAway from away
    except stripe.StripeError as error:
        status = error.http_status or 0
        if status >= 500 and (error.headers or {}).get("Idempotent-Replayed") == "true":
            raise Indeterminate from error
        # 401 and 403 are our key's fault and 409 is a twin under way: none says anything about the request.
        if status >= 500 or status in (0, 401, 403, 409, 429):
            raise StripeAway from error
        raise _refusal(error) from error
    finally:
        if hurry_:
            hurry_.left_s -= monotonic() - begun


def _refusal(error: stripe.StripeError) -> StripeRefused:
    said = (error.json_body or {}).get("error") or {} if isinstance(error.json_body, dict) else {}
    intent = said.get("payment_intent")
    return StripeRefused(
        error.code or type(error).__name__,
        error.user_message or "",
        decline=str(said.get("decline_code") or ""),
        intent_id=str(intent.get("id") or "") if isinstance(intent, dict) else "",
    )


# How each purpose is sent, and how it is found again when nobody knows whether it was done.

Sender = Callable[[stripe.StripeClient, Call, Any, Any], Any]


def _send_file(c: stripe.StripeClient, call: Call, params: Any, options: Any) -> Any:
    """The bytes are not in the row of the call: they are read when it is sent."""
    stream = stream_of(UUID(params["evidence_file"]))
    return c.v1.files.create({"purpose": "dispute_evidence", "file": stream}, options)


SENDERS: dict[str, Sender] = {
    "checkout": lambda c, call, params, options: c.v1.checkout.sessions.create(params, options),
    "expire": lambda c, call, params, options: c.v1.checkout.sessions.expire(call.target, params, options),
    "intent": lambda c, call, params, options: c.v1.payment_intents.create(params, options),
    "cancel_intent": lambda c, call, params, options: c.v1.payment_intents.cancel(
        call.target, params, options
    ),
    "customer": lambda c, call, params, options: c.v1.customers.create(params, options),
    "detach": lambda c, call, params, options: c.v1.payment_methods.detach(call.target, params, options),
    "account": lambda c, call, params, options: c.v1.accounts.create(params, options),
    "transfer": lambda c, call, params, options: c.v1.transfers.create(params, options),
    "payout": lambda c, call, params, options: c.v1.payouts.create(params, options),
    "refund": lambda c, call, params, options: c.v1.refunds.create(params, options),
    "reversal": lambda c, call, params, options: c.v1.transfers.reversals.create(
        call.target, params, options
    ),
    "recover": lambda c, call, params, options: c.v1.transfers.reversals.create(call.target, params, options),
    "evidence_file": _send_file,
    "evidence": lambda c, call, params, options: c.v1.disputes.update(call.target, params, options),
}


def send(call: Call) -> Json:
    """Ask Stripe, under the row's id as key. Raises StripeAway, Indeterminate, StripeRefused."""
    options: Json = {"idempotency_key": str(call.id)}
    if call.account:
        options["stripe_account"] = call.account
    params = call.params | (
        {"metadata": call.params.get("metadata", {}) | {"call": str(call.id)}} if _marked(call) else {}
    )
    with _translated():
        return cast(Json, SENDERS[call.purpose](client(), call, params, options).to_dict())


def _marked(call: Call) -> bool:
    return call.purpose not in ("expire", "cancel_intent", "detach", "evidence_file")


def look_up(call: Call) -> Json | None:
    """What an earlier, unanswered try of this call made, or None: never repeat a call older than a day blindly.

    A payment page nobody was given the address of cannot be paid, so those are not looked for.
    """
    mark = str(call.id)
    with _translated():
        for found in _candidates(call):
            if (found.get("metadata") or {}).get("call") == mark:
                return found
    return None


def _candidates(call: Call) -> Iterator[Json]:
    c = client()
    options: Any = {"stripe_account": call.account} if call.account else {}
    page: Any
    if call.purpose == "transfer":
        page = c.v1.transfers.list({"transfer_group": call.params["transfer_group"], "limit": 100})
    elif call.purpose == "payout":
        page = c.v1.payouts.list({"limit": 100}, options)
    elif call.purpose == "refund":
        expand = [f"data.{name}" for name in REFUND_EXPAND]
        page = c.v1.refunds.list({"charge": call.target, "limit": 100, "expand": expand})
    elif call.purpose in ("reversal", "recover"):
        page = c.v1.transfers.reversals.list(call.target, {"limit": 100})
    elif call.purpose == "intent":
        page = c.v1.payment_intents.list(
            {"customer": call.params["customer"], "limit": 100, "created": {"gte": _since(call)}}
        )
    elif call.purpose == "customer":
        page = c.v1.customers.list({"limit": 100, "created": {"gte": _since(call)}})
    elif call.purpose == "evidence":
        yield c.v1.disputes.retrieve(call.target).to_dict()
        return
    elif call.purpose == "account":
        since = _since(call)
        page = c.v1.accounts.list({"limit": 100, "created": {"gte": since}})
    else:
        return
    for thing in page.auto_paging_iter():
        yield thing.to_dict()


def _since(call: Call) -> int:
    """A little before the first try, in seconds."""
    return int(call.first_sent_at.timestamp()) - 300 if call.first_sent_at else 0


# What we read back.


def session(session_id: str) -> SessionView:
    """The session as it is now, with the payment behind it."""
    expand = ["payment_intent.latest_charge.balance_transaction"]
    with _translated():
        return session_view(client().v1.checkout.sessions.retrieve(session_id, {"expand": expand}).to_dict())


def intent(intent_id: str) -> IntentView:
    """The payment with a saved card as it is now."""
    expand = ["latest_charge.balance_transaction"]
    with _translated():
        return intent_view(client().v1.payment_intents.retrieve(intent_id, {"expand": expand}).to_dict())


def method(method_id: str) -> MethodView:
    with _translated():
        return method_view(client().v1.payment_methods.retrieve(method_id).to_dict())


def cards(customer_id: str) -> list[MethodView]:
    """The cards that Stripe keeps for this customer."""
    with _translated():
        page = client().v1.customers.payment_methods.list(customer_id, {"type": "card", "limit": 100})
        return [method_view(each.to_dict()) for each in page.auto_paging_iter()]


def refund(refund_id: str) -> RefundView:
    """The refund as it is now, with the entries of our balance behind it."""
    with _translated():
        body = client().v1.refunds.retrieve(refund_id, {"expand": [*REFUND_EXPAND]}).to_dict()
        returned = body.get("failure_balance_transaction")
        if isinstance(returned, str):
            entry = client().v1.balance_transactions.retrieve(returned)
            body["failure_balance_transaction"] = entry.to_dict()
    return refund_view(body)


def account(account_id: str) -> AccountView:
    with _translated():
        return account_view(client().v1.accounts.retrieve(account_id).to_dict())


def onboarding_link(account_id: str, *, return_url: str, refresh_url: str) -> str:
    """A fresh address of Stripe's onboarding pages; it works once and for minutes, so it is not kept."""
    with _translated():
        link = client().v1.account_links.create(
            {
                "account": account_id,
                "type": "account_onboarding",
                "return_url": return_url,
                "refresh_url": refresh_url,
                "collection_options": {"fields": "eventually_due"},
            }
        )
    return link.url


def payout(account_id: str, payout_id: str) -> PayoutView:
    with _translated():
        return payout_view(
            client().v1.payouts.retrieve(payout_id, None, {"stripe_account": account_id}).to_dict()
        )


# Stripe's own book, and what it told us.


def entries(*, since: int | None, after: str | None, limit: int) -> tuple[list[EntryView], bool]:
    """One page of our balance transactions, newest first, and whether there are more. `since`: seconds."""
    params: Any = {"limit": limit}
    if since is not None:
        params["created"] = {"gte": since}
    if after:
        params["starting_after"] = after
    with _translated():
        page = client().v1.balance_transactions.list(params)
    return [entry_view(each.to_dict()) for each in page.data], bool(page.has_more)


def balance() -> dict[str, int]:
    """What Stripe holds for us, pending and available together, per currency."""
    with _translated():
        body: Json = client().v1.balance.retrieve().to_dict()
    held: dict[str, int] = {}
    for part in [*body["available"], *body["pending"]]:
        currency = part["currency"].upper()
        held[currency] = held.get(currency, 0) + part["amount"]
    return held


def events(
    *,
    since: int | None,
    after: str | None,
    limit: int,
    undelivered: bool = False,
    account: str | None = None,
) -> tuple[list[Json], bool]:
    """One page of Stripe's events, newest first, and whether there are more; ours, or those of a payee's account.

    Raises AccountGone when the account is not ours to look into any more.
    """
    params: Any = {"limit": limit}
    if since is not None:
        params["created"] = {"gte": since}
    if after:
        params["starting_after"] = after
    if undelivered:
        params["delivery_success"] = False
    options: Any = {"stripe_account": account} if account else {}
    try:
        with _translated():
            page = client().v1.events.list(params, options)
    except StripeAway as away:
        if account and isinstance(away.__cause__, stripe.PermissionError):
            raise AccountGone from away
        raise
    return [each.to_dict() for each in page.data], bool(page.has_more)


def dispute(dispute_id: str) -> DisputeView:
    """The dispute as it is now, with what it took out of our balance and gave back."""
    with _translated():
        return dispute_view(client().v1.disputes.retrieve(dispute_id).to_dict())
