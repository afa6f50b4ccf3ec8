"""Account: a connected account, what it may do, and what is still missing before it may.

The state follows from the facts: when nothing is due, the requested capabilities become active and charges and
payouts are enabled; when something is due again they stop.
"""

from copy import deepcopy
from typing import Any

from stripe_local import balance
from stripe_local.errors import Json, StripeError
from stripe_local.events import changed, emit
from stripe_local.ids import new_id, random_text
from stripe_local.objects._common import changed_fields, merged_metadata, refuse_unbuilt, require_currency
from stripe_local.router import answers
from stripe_local.settings import DAY
from stripe_local.world import World, absent

CURRENCIES = {
    "CN": "cny",
    "HK": "hkd",
    "US": "usd",
    "GB": "gbp",
    "SG": "sgd",
    "DE": "eur",
    "FR": "eur",
    "IE": "eur",
}
_FAILING_BANKS = {
    "000111111113": "account_closed",
    "000111111116": "no_account",
    "000222222227": "insufficient_funds",
    "000333333335": "debit_not_authorized",
    "000444444440": "invalid_currency",
}
_NOTHING_DUE: Json = {"currently_due": [], "errors": [], "past_due": [], "pending_verification": []}
_UNBUILT = ("account_token", "documents", "groups")
_DASHBOARDS = {"express": "express", "full": "standard", "none": "custom"}


@answers("post", "/v1/accounts")
def create(w: World, p: Json) -> Json:
    refuse_unbuilt(p, _UNBUILT)
    if "type" in p and "controller" in p:
        raise StripeError("You may only specify one of these parameters: type, controller.", param="type")
    country = p.get("country", "HK")
    if country not in CURRENCIES:
        raise StripeError(
            f"The local Stripe has accounts in {', '.join(CURRENCIES)}; not in {country}.",
            code="country_unsupported",
            param="country",
        )
    dashboard = p.get("controller", {}).get("stripe_dashboard", {}).get("type", "full")
    type = p.get("type") or _DASHBOARDS[dashboard]
    requested = p.get("capabilities") or {
        "card_payments": {"requested": True},
        "transfers": {"requested": True},
    }
    account = w.new(
        "account",
        "acct_1",
        {
            "business_profile": {
                "annual_revenue": None,
                "estimated_worker_count": None,
                "mcc": None,
                "name": None,
                "product_description": None,
                "support_address": None,
                "support_email": None,
                "support_phone": None,
                "support_url": None,
                "url": None,
            },
            "business_type": None,
            "capabilities": {},
            "charges_enabled": False,
            "controller": _controller(type, p.get("controller", {})),
            "country": country,
            "default_currency": require_currency(w, p.get("default_currency", CURRENCIES[country])),
            "details_submitted": False,
            "email": p.get("email"),
            "external_accounts": {
                "object": "list",
                "url": "",
                "has_more": False,
                "total_count": 0,
                "data": [],
            },
            "future_requirements": _requirements([]),
            "livemode": absent(),
            "metadata": {},
            "payouts_enabled": False,
            "requirements": _requirements([]),
            "settings": _settings(w, p.get("settings", {})),
            "tos_acceptance": {"date": None, "ip": None, "user_agent": None},
            "type": type,
            "_requested": sorted(name for name, c in requested.items() if c.get("requested")),
            "_hosted": type != "custom",
            "_onboarded": False,
            "_restricted": None,
        },
    )
    account["external_accounts"]["url"] = f"/v1/accounts/{account['id']}/external_accounts"
    _apply(w, account, p)
    w.save(_judge(w, account))
    _schedule_payouts(w, account)
    return account


def _controller(type: str, given: Json) -> Json:
    dashboard = {"express": "express", "standard": "full", "custom": "none"}[type]
    ours = type != "standard"
    body = {
        "fees": {
            "payer": "application_express"
            if type == "express"
            else "application_custom"
            if ours
            else "account"
        },
        "is_controller": True,
        "losses": {"payments": "application" if ours else "stripe"},
        "requirement_collection": "application" if type == "custom" else "stripe",
        "stripe_dashboard": {"type": dashboard},
        "type": "application",
    }
    return {**body, **given}


def _settings(w: World, given: Json) -> Json:
    payouts = given.get("payouts", {})
    return {
        "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
        "card_payments": {
            "decline_on": {"avs_failure": False, "cvc_failure": False},
            "statement_descriptor_prefix": None,
            "statement_descriptor_prefix_kana": None,
            "statement_descriptor_prefix_kanji": None,
        },
        "dashboard": {"display_name": None, "timezone": "Asia/Shanghai"},
        "payments": {
            "statement_descriptor": None,
            "statement_descriptor_kana": None,
            "statement_descriptor_kanji": None,
        },
        "payouts": {
            "debit_negative_balances": payouts.get("debit_negative_balances", False),
            "schedule": {"delay_days": 2, "interval": "daily", **_schedule(payouts)},
            "statement_descriptor": payouts.get("statement_descriptor"),
        },
    }


def _schedule(payouts: Json) -> Json:
    schedule = dict(payouts.get("schedule", {}))
    if schedule.get("delay_days") == "minimum":
        schedule["delay_days"] = 2
    return schedule


def _requirements(due: list[str], disabled_reason: str | None = None) -> Json:
    return {
        "alternatives": [],
        "current_deadline": None,
        "currently_due": due,
        "disabled_reason": disabled_reason,
        "errors": [],
        "eventually_due": due,
        "past_due": due,
        "pending_verification": [],
    }


def _apply(w: World, account: Json, p: Json) -> None:
    """The parameters that create and update share."""
    changed_fields(account, p, ("business_type", "email", "default_currency"))
    for name in ("business_profile", "tos_acceptance"):
        account[name] = {**account[name], **p.get(name, {})}
    for name, person in (("individual", True), ("company", False)):
        if name in p:
            known = account.get(name) or ({"object": "person", "id": new_id("person_1")} if person else {})
            account[name] = {**known, **p[name]}
    for name, wanted in p.get("capabilities", {}).items():
        requested = set(account["_requested"]) - {name}
        account["_requested"] = sorted(requested | ({name} if wanted.get("requested") else set()))
    if p.get("external_account"):
        add_bank(w, account, p["external_account"])


def _judge(w: World, account: Json) -> Json:
    """Derive requirements, capabilities and the enabled flags from the facts."""
    due = _due(account)
    restricted = account["_restricted"]
    ok = not due and not restricted
    reason = restricted or ("requirements.past_due" if due else None)
    account["requirements"] = _requirements(due, reason)
    if restricted == "requirements.pending_verification":
        account["requirements"]["pending_verification"] = ["individual.verification.document"]
    account["capabilities"] = dict.fromkeys(account["_requested"], "active" if ok else "inactive")
    account["details_submitted"] = account["_onboarded"] or (not account["_hosted"] and not due)
    account["charges_enabled"] = ok and account["tos_acceptance"].get("service_agreement") != "recipient"
    account["payouts_enabled"] = ok
    return account


def _due(account: Json) -> list[str]:
    banks = [b for b in account["external_accounts"]["data"] if b["status"] != "errored"]
    individual, company = account.get("individual") or {}, account.get("company") or {}
    is_company = account["business_type"] in ("company", "non_profit", "government_entity")
    facts = {
        "business_type": account["business_type"],
        "external_account": banks,
        "tos_acceptance.date": account["tos_acceptance"]["date"],
    }
    if is_company:
        facts["company.name"] = company.get("name")
    else:
        facts |= {f"individual.{name}": individual.get(name) for name in ("first_name", "last_name")}
    return sorted(name for name, known in facts.items() if not known)


def add_bank(w: World, account: Json, given: Any) -> Json:
    """A bank account from its details; `given` may be Stripe's test token `btok_…`."""
    if isinstance(given, str):
        if not given.startswith("btok_"):
            raise StripeError(f"No such token: '{given}'", code="resource_missing", param="external_account")
        given = {"account_number": "000123456789", "country": account["country"]}
    if given.get("object", "bank_account") != "bank_account":
        raise StripeError(
            "The local Stripe pays out to bank accounts only.", param="external_account[object]"
        )
    country = given.get("country", account["country"])
    currency = require_currency(
        w, str(given.get("currency") or CURRENCIES.get(country) or account["default_currency"])
    )
    banks = account["external_accounts"]["data"]
    number = given["account_number"].replace(" ", "")
    bank = {
        "id": new_id("ba_1"),
        "object": "bank_account",
        "account": account["id"],
        "account_holder_name": given.get("account_holder_name"),
        "account_holder_type": given.get("account_holder_type"),
        "account_type": None,
        "available_payout_methods": ["standard"],
        "bank_name": given.get("bank_name") or "STRIPE TEST BANK",
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
    for other in banks:
        if other["currency"] == currency:
            other["default_for_currency"] = False
    banks.append(bank)
    account["external_accounts"]["total_count"] = len(banks)
    return bank


def fill_in(w: World, account: Json, form: Json, restricted: str | None) -> None:
    """What the payee gave on the onboarding page; `restricted` is what Stripe's check made of it."""
    type = form.get("business_type") or account["business_type"] or "individual"
    account["business_type"] = type
    if type == "company":
        account["company"] = {
            **(account.get("company") or {}),
            "name": form.get("company") or "Sandbox Company",
        }
    else:
        known = account.get("individual") or {
            "id": new_id("person_1"),
            "object": "person",
            "account": account["id"],
        }
        given = {
            "first_name": form.get("first_name") or "Test",
            "last_name": form.get("last_name") or "Payee",
        }
        account["individual"] = {**known, **given}
    working = [b for b in account["external_accounts"]["data"] if b["status"] != "errored"]
    if form.get("account_number") or not working:
        details = {
            "account_number": form.get("account_number") or "000123456789",
            "country": account["country"],
        }
        add_bank(w, account, {**details, "currency": form.get("currency") or account["default_currency"]})
    account["tos_acceptance"] = {**account["tos_acceptance"], "date": w.now}
    account["_onboarded"], account["_restricted"] = True, restricted


def bank_failure(w: World, account_id: str, bank_id: str | None) -> str | None:
    """Stripe's test account numbers that let a payout fail."""
    account = w.find("account", account_id)
    for bank in account["external_accounts"]["data"] if account else []:
        if bank["id"] == bank_id:
            return _FAILING_BANKS.get(bank["_number"])
    return None


def bank_refused(w: World, account_id: str, bank_id: str) -> None:
    """A bank account that refused a payout is out of use until its owner gives another."""
    account = w.get("account", account_id)
    before = dict(account)
    banks = [
        {**b, "status": "errored"} if b["id"] == bank_id else b for b in account["external_accounts"]["data"]
    ]
    account["external_accounts"] = {**account["external_accounts"], "data": banks}
    tell(w, before, account)


def tell(w: World, before: Json, account: Json) -> Json:
    """Judge, save, and send `account.updated` when something changed."""
    _judge(w, account)
    w.save(account)
    old = changed(before, account)
    if old:
        emit(w.acting_as(account["id"]), "account.updated", account, old)
    return account


@answers("get", "/v1/accounts/{account}")
def retrieve(w: World, p: Json, account: str) -> Json:
    return w.acting_as(w.platform).get("account", account)


@answers("get", "/v1/account")
def retrieve_current(w: World, p: Json) -> Json:
    if w.account != w.platform:
        return retrieve(w, p, w.account)
    return {
        "id": w.platform,
        "object": "account",
        "business_profile": {"name": w.settings.business_name},
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "country": "HK",
        "default_currency": "cny",
        "details_submitted": True,
        "email": None,
        "payouts_enabled": True,
        "type": "standard",
    }


@answers("get", "/v1/accounts")
def list_accounts(w: World, p: Json) -> Json:
    return w.page("account", "/v1/accounts", p)


@answers("post", "/v1/accounts/{account}")
def update(w: World, p: Json, account: str) -> Json:
    refuse_unbuilt(p, _UNBUILT)
    home = w.acting_as(w.platform)
    body = home.get("account", account)
    before = deepcopy(body)
    if body["_hosted"] and body["_onboarded"]:
        refuse = [
            name for name in ("individual", "company", "tos_acceptance", "external_account") if name in p
        ]
        if refuse:
            raise StripeError(
                f"This application does not have permission to change {refuse[0]} of an account that Stripe onboarded. "
                "Send the person to an Account Link.",
                status=403,
                code="account_invalid",
                param=refuse[0],
            )
    _apply(home, body, p)
    if "metadata" in p:
        body["metadata"] = merged_metadata(before["metadata"], p["metadata"])
    payouts = p.get("settings", {}).get("payouts")
    if payouts:
        change_payouts(home, body, payouts)
    return tell(home, before, body)


def change_payouts(w: World, account: Json, given: Json) -> None:
    """The payout settings, and the daily payout that a schedule starts."""
    old = account["settings"]["payouts"]
    schedule = {**old["schedule"], **_schedule(given)}
    account["settings"] = {**account["settings"], "payouts": {**old, **given, "schedule": schedule}}
    _schedule_payouts(w, account)


def _schedule_payouts(w: World, account: Json) -> None:
    """The sandbox knows two schedules: by hand, and once a day."""
    waiting = w.store.row(
        "SELECT 1 FROM timers WHERE kind = 'automatic_payouts' AND object = ?", account["id"]
    )
    if account["settings"]["payouts"]["schedule"]["interval"] != "manual" and not waiting:
        w.acting_as(account["id"]).after(DAY, "automatic_payouts", account["id"])


@answers("delete", "/v1/accounts/{account}")
def delete(w: World, p: Json, account: str) -> Json:
    home = w.acting_as(w.platform)
    body = home.get("account", account)
    held = [b for b in balance.view(w.acting_as(account))["available"] if b["amount"]]
    if held:
        raise StripeError(
            "This account still has a balance; it can only be deleted when all balances are zero."
        )
    home.delete(body)
    return {"id": account, "object": "account", "deleted": True}


@answers("post", "/v1/accounts/{account}/external_accounts")
def create_external_account(w: World, p: Json, account: str) -> Json:
    home = w.acting_as(w.platform)
    body = home.get("account", account)
    before = deepcopy(body)
    bank = add_bank(home, body, p["external_account"])
    tell(home, before, body)
    emit(w.acting_as(account), "account.external_account.created", bank)
    return bank


@answers("get", "/v1/accounts/{account}/external_accounts")
def list_external_accounts(w: World, p: Json, account: str) -> Json:
    body: Json = w.acting_as(w.platform).get("account", account)["external_accounts"]
    return body


@answers("get", "/v1/accounts/{account}/external_accounts/{id}")
def retrieve_external_account(w: World, p: Json, account: str, id: str) -> Json:
    for bank in w.acting_as(w.platform).get("account", account)["external_accounts"]["data"]:
        if bank["id"] == id:
            found: Json = bank
            return found
    raise StripeError(f"No such external account: '{id}'", status=404, code="resource_missing", param="id")


@answers("delete", "/v1/accounts/{account}/external_accounts/{id}")
def delete_external_account(w: World, p: Json, account: str, id: str) -> Json:
    home = w.acting_as(w.platform)
    bank = retrieve_external_account(w, {}, account, id)
    body = home.get("account", account)
    left = [b for b in body["external_accounts"]["data"] if b["id"] != id]
    if bank["default_for_currency"] and any(b["currency"] == bank["currency"] for b in left):
        raise StripeError(
            "You cannot delete the default external account for your default currency.", param="id"
        )
    before = deepcopy(body)
    body["external_accounts"] = {**body["external_accounts"], "data": left, "total_count": len(left)}
    tell(home, before, body)
    return {"id": id, "object": "bank_account", "deleted": True}
