"""The standing of a connected account: what is due, and so what it may do.

It follows from the facts: when nothing is due, the requested capabilities become active and charges and payouts are
enabled; when something is due again they stop.
"""

from stripe_local.errors import Json
from stripe_local.events import changed, emit
from stripe_local.world import World

_COMPANIES = ("company", "non_profit", "government_entity")


def requirements(due: list[str], disabled_reason: str | None = None) -> Json:
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


def judge(account: Json) -> Json:
    """Derive requirements, capabilities and the enabled flags from the facts."""
    due, restricted = _due(account), account["_restricted"]
    ok = not due and not restricted
    account["requirements"] = requirements(due, restricted or ("requirements.past_due" if due else None))
    if restricted == "requirements.pending_verification":
        account["requirements"]["pending_verification"] = ["individual.verification.document"]
    account["capabilities"] = dict.fromkeys(account["_requested"], "active" if ok else "inactive")
    account["details_submitted"] = account["_onboarded"] or (not account["_hosted"] and not due)
    account["charges_enabled"] = ok and account["tos_acceptance"].get("service_agreement") != "recipient"
    account["payouts_enabled"] = ok
    return account


def tell(w: World, before: Json, account: Json) -> Json:
    """Judge, save, and send `account.updated` when something changed."""
    w.save(judge(account))
    old = changed(before, account)
    if old:
        emit(w.acting_as(account["id"]), "account.updated", account, old)
    return account


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
