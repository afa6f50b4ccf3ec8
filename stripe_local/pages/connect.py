"""Connect: the onboarding of a payee, and the page an Express account signs in to."""

from flask import Blueprint, Response, request

from stripe_local import balance, paying
from stripe_local.errors import Json, StripeError
from stripe_local.objects import account_links
from stripe_local.pages.showing import notice, onward, show, the_engine
from stripe_local.pages.words import Words, reader

bp = Blueprint("connect", __name__, url_prefix="/connect")
_FIELDS = ("business_type", "first_name", "last_name", "company", "account_number", "currency", "outcome")


@bp.get("/setup/<account_id>/<token>")
def read(account_id: str, token: str) -> Response:
    words = reader(request)
    try:
        account, link, usable = _open(account_id, token)
    except StripeError:
        return notice(words, "lost", None, 404)
    if not usable:
        return onward(link["_refresh"])
    person, banks = account.get("individual") or {}, account["external_accounts"]["data"]
    form = {
        "business_type": account["business_type"] or "individual",
        "first_name": person.get("first_name", ""),
        "last_name": person.get("last_name", ""),
        "company": (account.get("company") or {}).get("name", ""),
        "account_number": "" if banks else "000123456789",
        "currency": account["default_currency"],
        "outcome": "verified",
    }
    return _form(words, account, link, form, {})


@bp.post("/setup/<account_id>/<token>")
def submit(account_id: str, token: str) -> Response:
    words = reader(request)
    form = {name: request.form.get(name, "").strip()[:200] for name in _FIELDS}
    try:
        account, link, usable = _open(account_id, token, submitting=True)
    except StripeError:
        return notice(words, "lost", None, 404)
    if not usable:
        return onward(link["_refresh"])
    errors = _errors(words, account, form)
    if errors:
        return _form(words, account, link, form, errors)
    paying.onboard(the_engine(), account_id, {name: value for name, value in form.items() if value})
    with the_engine().world() as w:
        account_links.use(w, token)
    return onward(link["_return"])


def _open(account_id: str, token: str, *, submitting: bool = False) -> tuple[Json, Json, bool]:
    with the_engine().world() as w:
        link, usable = account_links.open_link(w, account_id, token, submitting=submitting)
        return w.get("account", account_id), link, usable


def _errors(words: Words, account: Json, form: Json) -> dict[str, str]:
    errors: dict[str, str] = {}
    if form["business_type"] == "company":
        if not form["company"]:
            errors["company"] = words("on_company_missing")
    elif not form["first_name"] or not form["last_name"]:
        errors["last_name" if not form["last_name"] else "first_name"] = words("on_name_missing")
    number = form["account_number"].replace(" ", "")
    known = account["external_accounts"]["data"]
    if not (number.isascii() and number.isdigit() and 8 <= len(number) <= 20) and (number or not known):
        errors["account_number"] = words("on_number_missing")
    return errors


def _form(words: Words, account: Json, link: Json, form: Json, errors: dict[str, str]) -> Response:
    with the_engine().world() as w:
        currencies = sorted(w.rules.usd_rates)
    return show(
        "onboarding.html",
        words,
        leads_to=(link["_return"], link["_refresh"]),
        account=account,
        form=form,
        errors=errors,
        currencies=currencies,
        outcomes=paying.OUTCOMES,
        later=link["_return"],
    )


@bp.get("/express/<account_id>/<token>")
def express(account_id: str, token: str) -> Response:
    words = reader(request)
    with the_engine().world() as w:
        login, account = w.find("_login", f"lael_{token}"), w.find("account", account_id)
        if login is None or account is None or login["_account"] != account_id:
            return notice(words, "lost", None, 404)
        there = w.acting_as(account_id)
        view = balance.view(there)
        payouts = there.every("payout")[::-1][:20]
    rows = [(a, p) for a, p in zip(view["available"], view["pending"], strict=True)]
    return show("express.html", words, account=account, rows=rows, payouts=payouts)
