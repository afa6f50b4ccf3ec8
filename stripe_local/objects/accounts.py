"""Account: a connected account. What it may do is derived in `standing.py`."""

from copy import deepcopy

from stripe_local import balance
from stripe_local.errors import Json, StripeError
from stripe_local.ids import new_id
from stripe_local.objects import banks
from stripe_local.objects._common import changed_fields, require_currency
from stripe_local.objects.standing import judge, requirements, tell
from stripe_local.router import answers
from stripe_local.settings import DAY
from stripe_local.world import World, absent

_TYPES = {"express": "express", "full": "standard", "none": "custom"}
_FEE_PAYERS = {"express": "application_express", "custom": "application_custom", "standard": "account"}
_ALL: Json = {"card_payments": {"requested": True}, "transfers": {"requested": True}}
_HELD_BY_STRIPE = ("individual", "company", "tos_acceptance", "external_account")
_SECRET = ("id_number", "ssn_last_4")


@answers("post", "/v1/accounts")
def create(w: World, p: Json) -> Json:
    if "type" in p and "controller" in p:
        raise StripeError("You may only specify one of these parameters: type, controller.", param="type")
    country = p.get("country", "HK")
    if country not in banks.CURRENCIES:
        raise StripeError(
            f"The local Stripe has accounts in {', '.join(banks.CURRENCIES)}; not in {country}.",
            code="country_unsupported",
            param="country",
        )
    controller = p.get("controller", {})
    type = p.get("type") or _TYPES[controller.get("stripe_dashboard", {}).get("type", "full")]
    account = w.new("account", "acct_1", _blank(type, controller, p.get("capabilities") or _ALL, country))
    account["external_accounts"]["url"] = f"/v1/accounts/{account['id']}/external_accounts"
    account["settings"] = _settings(p.get("settings", {}).get("payouts", {}))
    _apply(w, account, p)
    w.save(judge(account, w.now))
    _schedule_payouts(w, account)
    return account


def _blank(type: str, controller: Json, capabilities: Json, country: str) -> Json:
    profile = ("annual_revenue", "estimated_worker_count", "mcc", "name", "product_description", "support_address",
               "support_email", "support_phone", "support_url", "url")  # fmt: skip
    return {
        "business_profile": dict.fromkeys(profile),
        "business_type": None,
        "capabilities": {},
        "charges_enabled": False,
        "controller": _controller(type, controller),
        "country": country,
        "default_currency": banks.CURRENCIES[country],
        "details_submitted": False,
        "email": None,
        "external_accounts": {"object": "list", "url": "", "has_more": False, "total_count": 0, "data": []},
        "future_requirements": requirements([]),
        "livemode": absent(),
        "metadata": {},
        "payouts_enabled": False,
        "requirements": requirements([]),
        "tos_acceptance": {"date": None, "ip": None, "user_agent": None},
        "type": type,
        "_requested": sorted(name for name, wish in capabilities.items() if wish.get("requested")),
        "_hosted": type != "custom",
        "_onboarded": False,
        "_restricted": None,
        "_asked": [],
        "_deadline": None,
        "_stopped": [],
    }


def _controller(type: str, given: Json) -> Json:
    dashboards = {name: dashboard for dashboard, name in _TYPES.items()}
    return {
        "fees": {"payer": _FEE_PAYERS[type]},
        "is_controller": True,
        "losses": {"payments": "stripe" if type == "standard" else "application"},
        "requirement_collection": "application" if type == "custom" else "stripe",
        "stripe_dashboard": {"type": dashboards[type]},
        "type": "application",
        **given,
    }


def _settings(payouts: Json) -> Json:
    scripts = ("", "_kana", "_kanji")
    return {
        "branding": dict.fromkeys(("icon", "logo", "primary_color", "secondary_color")),
        "card_payments": {
            "decline_on": {"avs_failure": False, "cvc_failure": False},
            **{f"statement_descriptor_prefix{script}": None for script in scripts},
        },
        "dashboard": {"display_name": None, "timezone": "Asia/Shanghai"},
        "payments": {f"statement_descriptor{script}": None for script in scripts},
        "payouts": {
            "debit_negative_balances": False,
            "statement_descriptor": None,
            **payouts,
            "schedule": {"delay_days": 2, "interval": "daily", **_schedule(payouts)},
        },
    }


def _schedule(payouts: Json) -> Json:
    schedule = dict(payouts.get("schedule", {}))
    if schedule.get("delay_days") == "minimum":
        schedule["delay_days"] = 2
    return schedule


def _apply(w: World, account: Json, p: Json) -> None:
    """The parameters that create and update share."""
    changed_fields(account, p, ("business_type", "email"))
    if "default_currency" in p:
        account["default_currency"] = require_currency(w, p["default_currency"], "default_currency")
    for name in ("business_profile", "tos_acceptance"):
        account[name] = {**account[name], **p.get(name, {})}
    if "company" in p:
        account["company"] = {**(account.get("company") or {}), **p["company"]}
    if "individual" in p:
        account["individual"] = _person(account, p["individual"])
    for name, wish in p.get("capabilities", {}).items():
        others = set(account["_requested"]) - {name}
        account["_requested"] = sorted(others | ({name} if wish.get("requested") else set()))
    if p.get("external_account"):
        banks.add(w, account, p["external_account"])


def _person(account: Json, given: Json) -> Json:
    """What Stripe never shows again is only noted as provided."""
    known = account.get("individual") or {
        "id": new_id("person_1"),
        "object": "person",
        "account": account["id"],
    }
    shown = {name: value for name, value in given.items() if name not in _SECRET}
    return {**known, **shown, **{f"{name}_provided": True for name in _SECRET if name in given}}


def fill_in(w: World, account: Json, form: Json, restricted: str | None) -> None:
    """What the payee gave on the onboarding page; `restricted` is what Stripe's check made of it."""
    account["business_type"] = form.get("business_type") or account["business_type"] or "individual"
    if account["business_type"] == "company":
        account["company"] = {
            **(account.get("company") or {}),
            "name": form.get("company") or "Sandbox Company",
        }
    else:
        name = {"first_name": form.get("first_name") or "Test", "last_name": form.get("last_name") or "Payee"}
        account["individual"] = _person(account, name)
    working = [b for b in account["external_accounts"]["data"] if b["status"] != "errored"]
    if form.get("account_number") or not working:
        number = form.get("account_number") or banks.GOOD_NUMBER
        currency = form.get("currency") or account["default_currency"]
        banks.add(w, account, {"account_number": number, "country": account["country"], "currency": currency})
    account["tos_acceptance"] = {**account["tos_acceptance"], "date": w.now}
    account.update(_onboarded=True, _restricted=restricted, _asked=[], _deadline=None)


def restrict(w: World, account: Json, given: Json) -> Json:
    """Stripe looks at the account again: it asks for more, at once or until a deadline, stops it, or lets it go on."""
    before = deepcopy(account)
    if "currently_due" in given:
        account["_asked"] = sorted(given["currently_due"])
        wait = given.get("deadline_s")
        account["_deadline"] = None if wait is None else w.now + wait
        if wait is not None:
            w.after(wait, "requirements_due", account["id"])
    if "disabled_reason" in given:
        account["_restricted"] = given["disabled_reason"] or None
    if "stopped" in given:
        account["_stopped"] = sorted(given["stopped"])
    return tell(w, before, account)


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
        "default_currency": w.rules.settle_in or "cny",
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
    home = w.acting_as(w.platform)
    body = home.get("account", account)
    before = deepcopy(body)
    refused = [name for name in _HELD_BY_STRIPE if name in p]
    if body["_onboarded"] and refused:
        raise StripeError(
            f"This application does not have permission to change {refused[0]} of an account that Stripe onboarded. "
            "Send the person to an Account Link.",
            status=403,
            code="account_invalid",
            param=refused[0],
        )
    _apply(home, body, p)
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
    there = w.acting_as(account)
    if any(balance.total(there, money["currency"]) for money in balance.view(there)["available"]):
        raise StripeError(
            "This account still has a balance; it can only be deleted when all balances are zero."
        )
    home.delete(body)
    return {"id": account, "object": "account", "deleted": True}
