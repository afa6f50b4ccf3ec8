"""Checkout Sessions: from the shop's request over the hosted page to money."""

import threading

import pytest
import stripe

from tests.stripe_local.conftest import Hooks, Sandbox
from tests.stripe_local.test_accounts import visit

CARD = {"method": "card", "number": "4242 4242 4242 4242", "expiry": "12 / 34", "cvc": "123"}


def test_a_session_is_open_without_a_payment_until_someone_pays(sandbox: Sandbox) -> None:
    session = sandbox.session(client_reference_id="ord_1", metadata={"order": "ord_1"}, locale="zh")

    assert (session.status, session.payment_status, session.payment_intent) == ("open", "unpaid", None)
    assert (session.amount_total, session.currency) == (100_000, "cny")
    assert session.payment_method_types == ["card", "alipay", "wechat_pay"]
    assert session.url == f"{sandbox.url}/c/pay/{session.id}"
    assert session.expires_at == session.created + 86_400


def test_paying_by_card_on_the_page_moves_the_money_and_tells_everyone(
    sandbox: Sandbox, hooks: Hooks
) -> None:
    before = sandbox.funds()[0]
    session = sandbox.session(
        metadata={"order": "ord_2"},
        payment_intent_data={
            "metadata": {"milestone": "m1"},
            "transfer_group": "ord_2",
            "description": "托管",
        },
    )

    status, _, location = visit(session.url, {**CARD, "email": "mei@example.test", "name": "Mei"})

    assert (status, location) == (303, f"http://shop.test/done?session={session.id}")
    expand = ["payment_intent.latest_charge.balance_transaction"]
    paid = sandbox.v1.checkout.sessions.retrieve(session.id, {"expand": expand})
    charge = paid.payment_intent.latest_charge
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert paid.customer_details.email == "mei@example.test"
    assert (charge.paid, charge.captured, charge.transfer_group) == (True, True, "ord_2")
    assert (charge.metadata["milestone"], charge.description) == ("m1", "托管")
    assert charge.balance_transaction.fee == 100_000 * 29 // 1000 + 200
    assert sandbox.funds()[0] - before == charge.balance_transaction.net == 96_900
    completed = hooks.wait(session.id, "checkout.session.completed")[0]["data"]["object"]
    assert (completed["payment_status"], completed["metadata"]) == ("paid", {"order": "ord_2"})
    hooks.wait(paid.payment_intent.id, "payment_intent.succeeded")
    hooks.wait(charge.id, "charge.succeeded")


@pytest.mark.parametrize(
    ("method", "title"), [("alipay", "支付宝沙箱收银台"), ("wechat_pay", "微信支付沙箱")]
)
def test_paying_by_wallet_goes_over_its_page(sandbox: Sandbox, method: str, title: str) -> None:
    session = sandbox.session(locale="zh")

    _, _, wallet = visit(session.url, {"method": method})
    waiting = sandbox.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]}).payment_intent
    _, page, _ = visit(wallet)
    _, _, done = visit(wallet, {"answer": "yes"})

    assert waiting.status == "requires_action"
    assert waiting.next_action.type.startswith(method)
    assert title in page
    assert done == f"http://shop.test/done?session={session.id}"
    charge = sandbox.v1.charges.list({"payment_intent": waiting.id}).data[0]
    assert charge.id.startswith("py_")
    assert charge.payment_method_details.type == method
    assert sandbox.v1.balance_transactions.retrieve(charge.balance_transaction).fee == 600


def test_a_failed_wallet_payment_can_be_tried_again_another_way(sandbox: Sandbox, hooks: Hooks) -> None:
    session = sandbox.session(locale="zh")
    _, _, wallet = visit(session.url, {"method": "alipay"})

    _, _, back = visit(wallet, {"answer": "no"})
    page = visit(back)[1]
    done = visit(session.url, CARD)

    assert back == session.url
    assert "付款没有通过验证" in page
    assert done[0] == 303
    intent = sandbox.v1.checkout.sessions.retrieve(session.id).payment_intent
    hooks.wait(intent, "payment_intent.payment_failed")
    hooks.wait(intent, "payment_intent.succeeded")


def test_closing_the_wallet_leaves_everything_open(sandbox: Sandbox) -> None:
    session = sandbox.session()
    _, _, wallet = visit(session.url, {"method": "wechat_pay"})

    assert visit(wallet, {"answer": "leave"})[2] == session.url
    assert sandbox.v1.checkout.sessions.retrieve(session.id).status == "open"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("4000000000009995", "Your card has insufficient funds."),
        ("4000000000000002", "Your card was declined."),
        ("4000000000000069", "Your card has expired."),
        ("4000000000000127", "security code is incorrect"),
        ("4111111111111111", "takes test cards only"),
        ("4242424242424241", "card number is incorrect"),
        ("", "Enter the full card number."),
    ],
)
def test_a_refused_card_is_explained_on_the_page(sandbox: Sandbox, number: str, words: str) -> None:
    session = sandbox.session(locale="en")

    status, page, _ = visit(session.url, {**CARD, "number": number})

    assert status == 200
    assert words in page.replace("&#39;", "'")
    assert sandbox.v1.checkout.sessions.retrieve(session.id).status == "open"


def test_a_decline_leaves_a_failed_charge_behind(sandbox: Sandbox) -> None:
    session = sandbox.session()
    visit(session.url, {**CARD, "number": "4000000000009995"})

    intent = sandbox.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]}).payment_intent
    charge = sandbox.v1.charges.retrieve(intent.latest_charge)

    assert intent.status == "requires_payment_method"
    assert intent.last_payment_error.decline_code == "insufficient_funds"
    assert (charge.status, charge.failure_code, charge.balance_transaction) == (
        "failed",
        "card_declined",
        None,
    )


def test_a_challenge_asks_the_payer_first(sandbox: Sandbox) -> None:
    session = sandbox.session()

    _, _, bank = visit(session.url, {**CARD, "number": "4000002760003184"})
    assert sandbox.v1.checkout.sessions.retrieve(session.id).payment_status == "unpaid"
    _, _, done = visit(bank, {"answer": "yes"})

    assert "/pay/card/" in bank
    assert done.startswith("http://shop.test/done")
    charge = sandbox.v1.charges.list({"limit": 1}).data[0]
    assert charge.payment_method_details.card.three_d_secure.result == "authenticated"


def test_many_clicks_pay_once(sandbox: Sandbox) -> None:
    session = sandbox.session()
    answers: list[tuple[int, str, str]] = []
    threads = [threading.Thread(target=lambda: answers.append(visit(session.url, CARD))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {location for _, _, location in answers} == {f"http://shop.test/done?session={session.id}"}
    intent = sandbox.v1.checkout.sessions.retrieve(session.id).payment_intent
    assert len(sandbox.v1.charges.list({"payment_intent": intent}).data) == 1


def test_a_paid_session_says_so_and_an_expired_one_takes_nothing(sandbox: Sandbox, hooks: Hooks) -> None:
    paid, expired = sandbox.session(locale="en"), sandbox.session(locale="en")
    sandbox.pay(paid.id)
    sandbox.v1.checkout.sessions.expire(expired.id)

    assert "This order has been paid" in visit(paid.url)[1]
    assert "This payment page has expired" in visit(expired.url)[1]
    assert "This payment page has expired" in visit(expired.url, CARD)[1]
    assert sandbox.v1.checkout.sessions.retrieve(expired.id).payment_intent is None
    hooks.wait(expired.id, "checkout.session.expired")
    with pytest.raises(stripe.InvalidRequestError):
        sandbox.v1.checkout.sessions.expire(paid.id)


def test_a_session_expires_by_the_clock_and_closes_its_payment(sandbox: Sandbox) -> None:
    now = sandbox.control("health")["clock"]
    session = sandbox.session(expires_at=now + 1800)
    _, _, wallet = visit(session.url, {"method": "alipay"})

    sandbox.advance(1801)
    late = visit(wallet, {"answer": "yes"})

    found = sandbox.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (found.status, found.payment_intent.status) == ("expired", "canceled")
    assert found.payment_intent.cancellation_reason == "expired"
    assert late[0] == 200


@pytest.mark.parametrize(
    ("extra", "param"),
    [
        ({"expires_at": 1}, "expires_at"),
        ({"success_url": "javascript:alert(1)"}, "success_url"),
        ({"customer": "cus_nobody"}, "customer"),
        ({"mode": "subscription"}, "mode"),
        ({"line_items": []}, "line_items"),
        ({"allowed_payment_method_types": ["sepa_debit"]}, "allowed_payment_method_types"),
        ({"payment_method_types": ["card"]}, "payment_method_types"),
    ],
)
def test_a_session_that_could_not_be_paid_is_not_made(
    sandbox: Sandbox, extra: dict[str, object], param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sandbox.session(**extra)

    assert refusal.value.param == param


def test_the_methods_can_be_narrowed(sandbox: Sandbox) -> None:
    session = sandbox.session(
        allowed_payment_method_types=["alipay", "wechat_pay"], excluded_payment_method_types=["alipay"]
    )

    assert session.payment_method_types == ["wechat_pay"]
    assert sandbox.refused(f"pay/{session.id}", {"method": "card"})["param"] == "method"


def test_the_shop_cannot_confirm_or_cancel_behind_the_page(sandbox: Sandbox) -> None:
    session = sandbox.session()
    visit(session.url, {"method": "alipay"})
    intent = sandbox.v1.checkout.sessions.retrieve(session.id).payment_intent

    for act in (sandbox.v1.payment_intents.confirm, sandbox.v1.payment_intents.cancel):
        with pytest.raises(stripe.InvalidRequestError):
            act(intent)


def test_a_customer_is_made_when_the_shop_wants_one(sandbox: Sandbox) -> None:
    session = sandbox.session(
        customer_creation="always", payment_intent_data={"setup_future_usage": "off_session"}
    )

    visit(session.url, {**CARD, "name": "Mei", "email": "mei@example.test"})

    customer = sandbox.v1.checkout.sessions.retrieve(session.id, {"expand": ["customer"]}).customer
    assert (customer.name, customer.email) == ("Mei", "mei@example.test")
    assert sandbox.v1.customers.payment_methods.list(customer.id).data[0].card.last4 == "4242"


def test_the_control_api_pays_the_way_the_page_does(sandbox: Sandbox) -> None:
    for method in ("card", "alipay", "wechat_pay"):
        session = sandbox.session()
        answer = sandbox.pay(session.id, method=method)
        assert (answer["status"], answer["payment_status"]) == ("complete", "paid")
        assert answer["next_url"] == f"http://shop.test/done?session={session.id}"

    assert sandbox.refused(f"pay/{session.id}", {})["code"] == "checkout_session_closed"
    assert sandbox.refused("pay/cs_test_nobody", {})["status"] == 404
    declined = sandbox.refused(f"pay/{sandbox.session().id}", {"number": "4000000000009995"})
    assert (declined["status"], declined["decline_code"]) == (402, "insufficient_funds")
    assert sandbox.pay(sandbox.session().id, method="alipay", outcome="leave")["status"] == "open"


def test_a_script_in_a_product_name_stays_text(sandbox: Sandbox) -> None:
    line = {"currency": "cny", "product_data": {"name": "<script>alert(1)</script>"}, "unit_amount": 900}
    session = sandbox.session(line_items=[{"price_data": line, "quantity": 1}])

    page = visit(session.url)[1]

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
