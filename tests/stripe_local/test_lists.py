"""Lists, cursors, filters, expansion."""

import pytest
import stripe

from tests.stripe_local.conftest import Sandbox


def test_pages_follow_each_other_without_gaps(sandbox: Sandbox) -> None:
    made = [sandbox.v1.customers.create({"email": "pages@example.test"}).id for _ in range(7)]
    params = {"email": "pages@example.test", "limit": 3}

    first = sandbox.v1.customers.list(params)
    everything = [c.id for c in first.auto_paging_iter()]
    back = sandbox.v1.customers.list({**params, "ending_before": made[0]})

    assert ([c.id for c in first.data], first.has_more) == (made[:3:-1], True)
    assert everything == made[::-1]
    assert [c.id for c in back.data] == made[3:0:-1]


@pytest.mark.parametrize("params", [{"limit": 0}, {"limit": 101}, {"starting_after": "cus_nobody"}])
def test_a_page_that_cannot_be_is_refused(sandbox: Sandbox, params: dict[str, object]) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sandbox.v1.customers.list(params)

    assert refusal.value.param == next(iter(params))


def test_filters_select(sandbox: Sandbox) -> None:
    account = sandbox.payee()
    charge = sandbox.charge(transfer_group="ord_filter")
    transfer = sandbox.v1.transfers.create(
        {"amount": 5, "currency": "cny", "destination": account, "source_transaction": charge.id}
    )
    now = sandbox.control("health")["clock"]

    def ids(found: stripe.ListObject[stripe.StripeObject]) -> list[str]:
        return [thing["id"] for thing in found.data]

    v1 = sandbox.v1
    assert ids(v1.charges.list({"transfer_group": "ord_filter"})) == [charge.id]
    assert ids(v1.charges.list({"payment_intent": charge.payment_intent})) == [charge.id]
    assert ids(v1.transfers.list({"destination": account})) == [transfer.id]
    assert ids(v1.transfers.list({"transfer_group": "ord_filter"})) == [transfer.id]
    assert ids(v1.transfers.list({"destination": account, "created": {"gt": now}})) == []
    assert ids(v1.transfers.list({"destination": account, "created": {"gte": transfer.created}})) == [
        transfer.id
    ]
    assert ids(v1.balance_transactions.list({"source": transfer.id, "type": "transfer"})) == [
        transfer.balance_transaction
    ]


def test_expansion_reaches_four_levels_and_into_lists(sandbox: Sandbox) -> None:
    charge = sandbox.charge()
    refund = sandbox.v1.refunds.create(
        {"charge": charge.id, "expand": ["charge.payment_intent.latest_charge", "balance_transaction"]}
    )
    listed = sandbox.v1.payment_intents.list(
        {"limit": 1, "expand": ["data.latest_charge.balance_transaction"]}
    )
    charged = sandbox.v1.charges.retrieve(charge.id, {"expand": ["refunds"]})

    assert refund.charge.payment_intent.latest_charge.id == charge.id
    assert refund.balance_transaction.source == refund.id
    assert listed.data[0].latest_charge.balance_transaction.id == charge.balance_transaction.id
    assert [r.id for r in charged.refunds.data] == [refund.id]
    assert not hasattr(sandbox.v1.charges.retrieve(charge.id), "refunds")


@pytest.mark.parametrize("path", ["nothing", "amount", "latest_charge.nothing", "a.b.c.d.e"])
def test_what_cannot_be_expanded_is_refused(sandbox: Sandbox, path: str) -> None:
    intent = sandbox.charge().payment_intent

    with pytest.raises(stripe.InvalidRequestError):
        sandbox.v1.payment_intents.retrieve(intent, {"expand": [path]})


def test_search_finds_by_our_own_key(sandbox: Sandbox) -> None:
    made = [
        sandbox.v1.payment_intents.create(
            {"amount": 900, "currency": "cny", "metadata": {"call": f"search-{n % 2}"}}
        )
        for n in range(4)
    ]
    query = "metadata['call']:'search-1' AND status:'requires_payment_method'"

    found = sandbox.v1.payment_intents.search({"query": query, "limit": 1})

    assert [i.id for i in found.auto_paging_iter()] == [made[3].id, made[1].id]
    for broken in ("call:1", "metadata:'x'", "status:'x' OR status:'y'", "client_secret:'x'", ""):
        with pytest.raises(stripe.InvalidRequestError):
            sandbox.v1.payment_intents.search({"query": broken})


def test_events_tell_delivered_from_waiting(sandbox: Sandbox) -> None:
    failed = sandbox.v1.events.list({"delivery_success": False, "types": ["customer.created"]}).data
    account = sandbox.payee()

    theirs = sandbox.v1.events.list({"type": "account.updated"}, options={"stripe_account": account}).data

    assert failed == []
    assert {e.account for e in theirs} == {account}
