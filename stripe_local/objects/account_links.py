"""AccountLink to the hosted onboarding, and LoginLink to the payee's own page."""

from stripe_local.errors import Json, StripeError
from stripe_local.ids import random_text
from stripe_local.router import answers
from stripe_local.world import World

_LINK_LIVES_S = 300


@answers("post", "/v1/account_links")
def create(w: World, p: Json) -> Json:
    account = w.given("account", p["account"], "account")
    if p["type"] != "account_onboarding":
        raise StripeError(
            "You cannot create `account_update` type Account Links for this account.", param="type"
        )
    for name in ("refresh_url", "return_url"):
        url = p.get(name, "")
        if not url:
            raise StripeError(f"Missing required param: {name}.", code="parameter_missing", param=name)
        if not url.startswith(("http://", "https://")):
            raise StripeError("Not a valid URL", code="url_invalid", param=name)
    token = random_text(24)
    url = f"{w.base_url}/connect/setup/{account['id']}/{token}"
    # The page asks for all that is due now or later, so every wish about what to collect is met.
    collect = {"collect": p.get("collect"), **p.get("collection_options", {})}
    link = {
        "_account": account["id"],
        "_refresh": p["refresh_url"],
        "_return": p["return_url"],
        "_used": False,
    }
    w.new("_link", "alink_", {**link, "_collect": collect}, id=f"alink_{token}")
    return {
        "object": "account_link",
        "created": w.now,
        "expires_at": w.now + _LINK_LIVES_S,
        "url": url,
    }


def open_link(w: World, account: str, token: str, *, submitting: bool = False) -> tuple[Json, bool]:
    """The link, and whether it may still be used; a form that is open may be sent for an hour."""
    link = w.get("_link", f"alink_{token}")
    if link["_account"] != account:
        raise StripeError("No such link", status=404, code="resource_missing")
    lives = 3600 if submitting else _LINK_LIVES_S
    return link, not link["_used"] and w.now <= link["created"] + lives


def use(w: World, token: str) -> None:
    link = w.get("_link", f"alink_{token}")
    link["_used"] = True
    w.save(link)


@answers("post", "/v1/accounts/{account}/login_links")
def create_login_link(w: World, p: Json, account: str) -> Json:
    body = w.get("account", account)
    if body["type"] != "express":
        raise StripeError("Cannot create a login link for an account that is not an Express account.")
    if not body["details_submitted"]:
        raise StripeError(
            "Cannot create a login link for an account that has not completed onboarding.",
            code="account_invalid",
        )
    token = random_text(24)
    w.new("_login", "lael_", {"_account": account}, id=f"lael_{token}")
    return {
        "object": "login_link",
        "created": w.now,
        "url": f"{w.base_url}/connect/express/{account}/{token}",
    }
