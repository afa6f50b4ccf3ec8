"""The objects look like the SDK's: no field it does not know, none missing that it takes for granted."""

from typing import Any, get_args

import pytest
import stripe

from tests.stripe_local.conftest import Sandbox
from tests.stripe_local.test_files import upload


def make(sandbox: Sandbox) -> dict[type[Any], Any]:
    v1, account = sandbox.v1, sandbox.payee()
    theirs = {"stripe_account": account}
    sandbox.charge(90_000)
    session = sandbox.session()
    sandbox.pay(session.id)
    session = v1.checkout.sessions.retrieve(session.id, {"expand": ["line_items"]})
    charge = v1.charges.list({"payment_intent": session.payment_intent}).data[0]
    transfer = v1.transfers.create({"amount": 2_000, "currency": "cny", "destination": account})
    return {
        stripe.Account: v1.accounts.retrieve(account),
        stripe.AccountLink: v1.account_links.create(
            {
                "account": account,
                "type": "account_onboarding",
                "refresh_url": "http://a.test",
                "return_url": "http://a.test",
            }
        ),
        stripe.LoginLink: v1.accounts.login_links.create(account),
        stripe.Balance: v1.balance.retrieve(),
        stripe.BalanceTransaction: v1.balance_transactions.retrieve(charge.balance_transaction),
        stripe.BalanceSettings: v1.balance_settings.retrieve(options=theirs),
        stripe.BankAccount: v1.accounts.external_accounts.list(account).data[0],
        stripe.Charge: charge,
        stripe.Customer: v1.customers.create({"name": "Mei"}),
        stripe.Dispute: v1.disputes.retrieve(sandbox.control("disputes", {"charge": charge.id})["id"]),
        stripe.File: upload(sandbox),
        stripe.Event: v1.events.list({"limit": 1}).data[0],
        stripe.LineItem: session.line_items.data[0],
        stripe.PaymentIntent: v1.payment_intents.retrieve(session.payment_intent),
        stripe.PaymentMethod: v1.payment_methods.retrieve(charge.payment_method),
        stripe.Payout: v1.payouts.create({"amount": 500, "currency": "cny"}, options=theirs),
        stripe.Price: session.line_items.data[0].price,
        stripe.Refund: v1.refunds.create({"charge": sandbox.charge().id}),
        stripe.Topup: v1.topups.create({"amount": 500, "currency": "cny"}),
        stripe.TransferReversal: v1.transfers.reversals.create(transfer.id, {"amount": 100}),
        stripe.Transfer: v1.transfers.retrieve(transfer.id),
        stripe.WebhookEndpoint: v1.webhook_endpoints.create(
            {"url": "http://127.0.0.1:9/", "enabled_events": ["customer.deleted"]}
        ),
        stripe.checkout.Session: session,
    }


def fields(cls: type[Any]) -> dict[str, Any]:
    return {k: v for k, v in cls.__annotations__.items() if k != "OBJECT_NAME"}


def compare(cls: type[Any], body: dict[str, Any], path: str, problems: list[str]) -> None:
    known = fields(cls)
    inner: dict[str, Any] = getattr(cls, "_inner_class_types", {})
    problems += [f"{path}.{name} is unknown to the SDK" for name in body if name not in known]
    for name, hint in known.items():
        nullable = type(None) in get_args(hint)
        if "." not in path and name not in body and not nullable:
            problems.append(f"{path}.{name} is missing")
        if body.get(name, ...) is None and not nullable:
            problems.append(f"{path}.{name} may not be null")
    for name, child in inner.items():
        if isinstance(body.get(name), dict):
            compare(child, body[name], f"{path}.{name}", problems)


def test_every_object_fits_its_class(sandbox: Sandbox) -> None:
    problems: list[str] = []
    for cls, thing in make(sandbox).items():
        assert isinstance(thing, cls), cls
        compare(cls, thing.to_dict(), cls.__name__, problems)

    endpoint = sandbox.v1.webhook_endpoints.list().data[0]
    sandbox.v1.webhook_endpoints.delete(endpoint.id)
    assert not problems, "\n".join(problems)


def test_every_event_type_is_one_of_stripes(sandbox: Sandbox) -> None:
    known = set(get_args(stripe.Event.__annotations__["type"]))

    seen = {e["type"] for e in sandbox.control("events?limit=100000")["data"]}

    assert seen - known == set()


@pytest.mark.parametrize(
    "operation", ["POST /v1/transfers", "GET /v1/events", "POST /v1/checkout/sessions/{session}/expire"]
)
def test_the_sandbox_lists_what_it_can_do(sandbox: Sandbox, operation: str) -> None:
    listed = [f"{o['method']} {o['path']}" for o in sandbox.control("operations")["data"]]

    assert operation in listed
    assert len(listed) == len(set(listed))
