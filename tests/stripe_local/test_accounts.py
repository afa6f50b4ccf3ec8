"""Connected accounts: what is due, what onboarding changes, and what is told."""

import http.client
import re
from urllib.parse import urlencode, urlsplit

import pytest
import stripe

from tests.stripe_local.conftest import Hooks, Sandbox

LINK = {
    "type": "account_onboarding",
    "refresh_url": "http://shop.test/again",
    "return_url": "http://shop.test/back",
    "collection_options": {"fields": "eventually_due"},
}


def express(sandbox: Sandbox, **extra: object) -> stripe.Account:
    account: stripe.Account = sandbox.v1.accounts.create(
        {"type": "express", "country": "CN", "capabilities": {"transfers": {"requested": True}}, **extra}
    )
    return account


def visit(url: str, form: dict[str, str] | None = None, language: str = "zh-CN") -> tuple[int, str, str]:
    """Status, page and Location, as a browser without scripts gets them."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    headers = {"Accept-Language": language, "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST" if form else "GET", parts.path, urlencode(form) if form else None, headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode(), answer.getheader("Location", "")


def test_a_new_account_can_do_nothing_and_says_what_is_missing(sandbox: Sandbox) -> None:
    account = express(sandbox, email="lin@example.test", metadata={"party": "pty_1"})

    assert (account.charges_enabled, account.payouts_enabled, account.details_submitted) == (
        False,
        False,
        False,
    )
    assert account.capabilities.transfers == "inactive"
    assert {"external_account", "individual.first_name", "tos_acceptance.date"} <= set(
        account.requirements.currently_due
    )
    assert account.default_currency == "cny"


def test_onboarding_through_the_page_enables_the_account_and_is_told(sandbox: Sandbox, hooks: Hooks) -> None:
    account = express(sandbox)
    link = sandbox.v1.account_links.create({"account": account.id, **LINK})
    status, page, _ = visit(link.url)
    form = {
        "business_type": "individual",
        "last_name": "林",
        "first_name": "小满",
        "account_number": "000123456789",
    }

    done = visit(link.url, {**form, "currency": "cny", "outcome": "verified"})

    assert (status, done[0], done[2]) == (200, 303, "http://shop.test/back")
    assert "收款账户开通" in page
    found = sandbox.v1.accounts.retrieve(account.id)
    assert (found.charges_enabled, found.payouts_enabled, found.details_submitted) == (True, True, True)
    assert (found.capabilities.transfers, found.requirements.currently_due) == ("active", [])
    assert found.external_accounts.data[0].last4 == "6789"
    event = hooks.wait(account.id, "account.updated")[0]
    assert event["account"] == account.id
    assert event["data"]["previous_attributes"]["payouts_enabled"] is False
    assert "'_" not in str(event["data"])


def test_a_used_or_old_link_leads_to_a_fresh_one(sandbox: Sandbox) -> None:
    account = express(sandbox)
    used, old = (sandbox.v1.account_links.create({"account": account.id, **LINK}) for _ in range(2))
    visit(used.url, {"business_type": "company", "company": "小满文化", "account_number": "000123456789"})

    again = visit(used.url)
    sandbox.advance(301)

    assert again[2] == "http://shop.test/again"
    assert visit(old.url)[2] == "http://shop.test/again"


def test_bad_input_on_the_page_is_shown_at_the_field(sandbox: Sandbox) -> None:
    link = sandbox.v1.account_links.create({"account": express(sandbox).id, **LINK})

    _, page, _ = visit(
        link.url, {"business_type": "individual", "last_name": "林", "account_number": "12"}, "en"
    )

    assert "Enter your family name and given name." in page
    assert re.search(r'name="account_number"[^>]*aria-invalid="true"', page)
    assert 'value="林"' in page


def test_a_rejected_payee_stays_restricted(sandbox: Sandbox) -> None:
    account = sandbox.v1.accounts.retrieve(sandbox.payee(outcome="rejected"))

    assert (account.payouts_enabled, account.details_submitted) == (False, True)
    assert account.requirements.disabled_reason == "rejected.other"
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sandbox.v1.transfers.create({"amount": 100, "currency": "cny", "destination": account.id})
    assert refusal.value.code == "insufficient_capabilities_for_transfer"


def test_a_custom_account_is_completed_over_the_api(sandbox: Sandbox) -> None:
    account = sandbox.v1.accounts.create(
        {"type": "custom", "country": "HK", "capabilities": {"transfers": {"requested": True}}}
    )

    found = sandbox.v1.accounts.update(
        account.id,
        {
            "business_type": "individual",
            "individual": {"first_name": "Bo", "last_name": "Chan"},
            "tos_acceptance": {"date": 1_700_000_000, "ip": "127.0.0.1"},
            "external_account": {"object": "bank_account", "country": "HK", "account_number": "000123456789"},
            "metadata": {"party": "pty_2"},
        },
    )

    assert (found.payouts_enabled, found.metadata["party"]) == (True, "pty_2")
    assert found.external_accounts.data[0].currency == "hkd"


def test_metadata_is_merged_and_unset(sandbox: Sandbox) -> None:
    account = express(sandbox, metadata={"a": "1", "b": "2"})

    merged = sandbox.v1.accounts.update(account.id, {"metadata": {"a": "", "c": "3"}})
    cleared = sandbox.v1.accounts.update(account.id, {"metadata": ""})

    assert merged.metadata.to_dict() == {"b": "2", "c": "3"}
    assert cleared.metadata.to_dict() == {}


def test_what_the_payee_said_the_platform_may_not_change(sandbox: Sandbox) -> None:
    account = sandbox.payee()

    with pytest.raises(stripe.PermissionError):
        sandbox.v1.accounts.update(account, {"individual": {"first_name": "Someone"}})


def test_a_login_link_shows_the_payee_the_balance(sandbox: Sandbox) -> None:
    account = sandbox.payee()
    sandbox.control("adjustments", {"amount": 123_400, "account": account})

    _, page, _ = visit(sandbox.v1.accounts.login_links.create(account).url)

    assert "¥1,234.00" in page


def test_an_account_with_money_cannot_be_deleted(sandbox: Sandbox) -> None:
    empty, rich = sandbox.payee(), sandbox.payee()
    sandbox.control("adjustments", {"amount": 1, "account": rich})

    assert sandbox.v1.accounts.delete(empty).deleted
    with pytest.raises(stripe.InvalidRequestError, match="balance"):
        sandbox.v1.accounts.delete(rich)


def test_stripe_may_ask_for_more_until_a_deadline_and_then_stops_the_account(
    sandbox: Sandbox, hooks: Hooks
) -> None:
    account = sandbox.payee()

    sandbox.control(
        f"accounts/{account}", {"currently_due": ["individual.verification.document"], "deadline_s": 3600}
    )
    asked = sandbox.v1.accounts.retrieve(account)
    sandbox.advance(3601)
    stopped = sandbox.v1.accounts.retrieve(account)
    sandbox.control(f"onboard/{account}", {})
    again = sandbox.v1.accounts.retrieve(account)

    assert asked.requirements.currently_due == ["individual.verification.document"]
    assert (asked.requirements.past_due, asked.payouts_enabled) == ([], True)
    assert asked.requirements.current_deadline is not None
    assert stopped.requirements.past_due == ["individual.verification.document"]
    assert (stopped.payouts_enabled, stopped.capabilities.transfers) == (False, "inactive")
    assert stopped.requirements.disabled_reason == "requirements.past_due"
    assert (again.payouts_enabled, again.requirements.currently_due) == (True, [])
    told = [e["data"]["object"]["payouts_enabled"] for e in hooks.wait(account, "account.updated", 4)]
    assert told[-3:] == [True, False, True]


def test_a_restricted_account_takes_no_transfer_and_pays_nothing_out(sandbox: Sandbox) -> None:
    account = sandbox.payee()
    sandbox.charge(90_000)
    transfer = {"amount": 2_000, "currency": "cny", "destination": account}
    sandbox.v1.transfers.create(transfer)
    funds = sandbox.funds(), sandbox.funds(account)

    sandbox.control(f"accounts/{account}", {"disabled_reason": "rejected.fraud"})
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sandbox.v1.transfers.create(transfer)
    with pytest.raises(stripe.InvalidRequestError) as payout:
        sandbox.v1.payouts.create({"amount": 500, "currency": "cny"}, {"stripe_account": account})

    assert refusal.value.code == "insufficient_capabilities_for_transfer"
    assert payout.value.code == "payouts_not_allowed"
    assert (sandbox.funds(), sandbox.funds(account)) == funds
    sandbox.control(f"accounts/{account}", {"disabled_reason": "", "stopped": ["payouts"]})
    sandbox.v1.transfers.create(transfer)
    assert sandbox.v1.accounts.retrieve(account).payouts_enabled is False
    sandbox.control(f"accounts/{account}", {"stopped": []})
    assert sandbox.v1.accounts.retrieve(account).payouts_enabled is True
    assert sandbox.refused(f"accounts/{account}", {"stopped": ["mail"]})["param"] == "stopped"
