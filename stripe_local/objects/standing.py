"""The standing of a connected account: what is due, and so what it may do.

It follows from the facts: when nothing is due, the requested capabilities become active and charges and payouts are
enabled; when something is due again they stop. What Stripe asks for later, `_asked`, may have a deadline; until then
nothing stops.
"""

from copy import deepcopy

from stripe_local.errors import Json
from stripe_local.events import changed, emit
from stripe_local.world import World, timer

_COMPANIES = ("company", "non_profit", "government_entity")


def requirements(
    due: list[str], disabled_reason: str | None = None, deadline: int | None = None, past: bool = True
) -> Json:
    return {
        "alternatives": [],
        "current_deadline": deadline,
        "currently_due": due,
        "disabled_reason": disabled_reason,
        "errors": [],
        "eventually_due": due,
        "past_due": due if past else [],
        "pending_verification": [],
    }


def judge(account: Json, now: int) -> Json:
    """Derive requirements, capabilities and the enabled flags from the facts."""
    missing, asked, restricted = _due(account), account.get("_asked", []), account["_restricted"]
    deadline, stopped = account.get("_deadline") if asked else None, account.get("_stopped", [])
    past = bool(missing) or bool(asked and (deadline is None or deadline <= now))
    ok = not past and not restricted
    account["requirements"] = requirements(
        sorted({*missing, *asked}), restricted or ("requirements.past_due" if past else None), deadline, past
    )
    if restricted == "requirements.pending_verification":
        account["requirements"]["pending_verification"] = ["individual.verification.document"]
    account["capabilities"] = {
        name: "active" if ok and name not in stopped else "inactive" for name in account["_requested"]
    }
    account["details_submitted"] = account["_onboarded"] or (not account["_hosted"] and not missing)
    account["charges_enabled"] = ok and account["tos_acceptance"].get("service_agreement") != "recipient"
    account["payouts_enabled"] = ok and "payouts" not in stopped
    return account


def tell(w: World, before: Json, account: Json) -> Json:
    """Judge, save, and send `account.updated` when something changed."""
    w.save(judge(account, w.now))
    old = changed(before, account)
    if old:
        emit(w.acting_as(account["id"]), "account.updated", account, old)
    return account


@timer("requirements_due")
def _deadline(w: World, account_id: str) -> None:
    account = w.find("account", account_id)
    if account is not None:
        tell(w, deepcopy(account), account)


def _due(account: Json) -> list[str]:
    facts = {
        "business_type": account["business_type"],
        "external_account": [b for b in account["external_accounts"]["data"] if b["status"] != "errored"],
        "tos_acceptance.date": account["tos_acceptance"]["date"],
    }
    if account["business_type"] in _COMPANIES:
        facts["company.name"] = (account.get("company") or {}).get("name")
    else:
        person = account.get("individual") or {}
        facts |= {f"individual.{name}": person.get(name) for name in ("first_name", "last_name")}
    return sorted(name for name, known in facts.items() if not known)
