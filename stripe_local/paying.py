"""What a payer and a payee do on the hosted pages; the pages and the control API share it, so they cannot differ."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import date

from stripe_local.engine import Engine
from stripe_local.errors import Json, StripeError
from stripe_local.objects import accounts, checkout, confirmation
from stripe_local.objects.next_actions import action_url
from stripe_local.objects.standing import tell
from stripe_local.render import rendered
from stripe_local.world import World

METHODS = ("card", "alipay", "wechat_pay")


@dataclass(frozen=True)
class Result:
    """Where the payer goes next.

    `step` is done (to `url`), redirect (to the bank's or wallet's page at `url`), refused (see `refusal`), closed
    (the session or intent can no longer be paid).
    """

    step: str
    url: str | None = None
    intent: str = ""
    session: Json | None = None
    refusal: StripeError | None = None


def submit(engine: Engine, session_id: str, form: Json) -> Result:
    """The payer's click on the Checkout page. Clicking twice pays once."""
    with engine.world() as w:
        session = w.get("checkout.session", session_id)
        if session["status"] != "open":
            return _closed(session)
        try:
            with engine.store.savepoint():
                method, save = _method(w, form, session), bool(form.get("save"))
                page = f"{w.base_url}/c/pay/{session_id}"
                return _after(w, _keeping(lambda: checkout.pay(w, session, method, page, save=save)))
        except StripeError as refusal:
            return Result("refused", session=session, refusal=refusal)


def answer_challenge(engine: Engine, intent_id: str, ok: bool) -> Result:
    """The payer's answer on the bank's or wallet's page."""
    with engine.world() as w:
        intent = w.get("payment_intent", intent_id)
        if intent["status"] != "requires_action":
            paid = intent["status"] in ("succeeded", "requires_capture")
            url = _return_url(w, intent, "succeeded") if paid else None
            return Result("closed", url, intent_id, _session(w, intent))
        return _after(w, _keeping(lambda: checkout.follow(w, confirmation.resolve(w, intent, ok))))


def _keeping(work: Callable[[], Json]) -> Json | StripeError:
    """The intent, or a decline whose traces stay."""
    try:
        return work()
    except StripeError as error:
        if not error.keep:
            raise
        return error


def _after(w: World, outcome: Json | StripeError) -> Result:
    if isinstance(outcome, StripeError):
        intent = outcome.body["payment_intent"]
        return Result(
            "refused", _return_url(w, intent, "failed"), intent["id"], _session(w, intent), refusal=outcome
        )
    session = _session(w, outcome)
    if outcome["status"] == "requires_action":
        return Result("redirect", action_url(outcome), outcome["id"], session)
    if outcome["status"] == "requires_payment_method":
        refusal = StripeError(
            outcome["last_payment_error"]["message"], status=402, code=outcome["last_payment_error"]["code"]
        )
        return Result("refused", _return_url(w, outcome, "failed"), outcome["id"], session, refusal)
    return Result("done", _return_url(w, outcome, "succeeded"), outcome["id"], session)


def _closed(session: Json) -> Result:
    url = checkout.success_url(session) if session["status"] == "complete" else None
    refusal = StripeError(
        f"This Checkout Session is {session['status']}; it cannot be paid.", code="checkout_session_closed"
    )
    return Result("closed", url, session["payment_intent"] or "", session, refusal)


def _session(w: World, intent: Json) -> Json | None:
    return w.find("checkout.session", intent["_session"]) if intent["_session"] else None


def _return_url(w: World, intent: Json, status: str) -> str | None:
    """Back to Checkout's own flow, or to the `return_url` of the API caller with Stripe's three parameters."""
    session = _session(w, intent)
    if session is not None:
        return (
            checkout.success_url(session) if status == "succeeded" else f"{w.base_url}/c/pay/{session['id']}"
        )
    url = intent["_return_url"]
    if url is None:
        return None
    joint = "&" if "?" in url else "?"
    return (
        f"{url}{joint}payment_intent={intent['id']}&payment_intent_client_secret={intent['client_secret']}"
        f"&redirect_status={status}"
    )


def _method(w: World, form: Json, session: Json) -> Json:
    """One of the customer's saved cards, by its id, or a method filled in on the page."""
    chosen = form.get("method", "")
    if chosen in [card["id"] for card in checkout.saved_cards(w, session)]:
        return {"payment_method": chosen}
    return {"payment_method_data": _method_data(form, session)}


def _method_data(form: Json, session: Json) -> Json:
    method = form.get("method", "")
    if method not in session["payment_method_types"]:
        raise StripeError("Choose a payment method.", code="payment_method_missing", param="method")
    who = {name: form[name].strip() for name in ("name", "email") if form.get(name, "").strip()}
    data: Json = {"type": method, "billing_details": who}
    if method == "card":
        month, year = _expiry(form.get("expiry", ""))
        if not form.get("number", "").strip():
            raise StripeError("Your card number is incomplete.", code="incomplete_number", param="number")
        cvc = form.get("cvc", "")
        if not (cvc.isascii() and cvc.isdigit() and len(cvc) in (3, 4)):
            raise StripeError("Your card's security code is incomplete.", code="invalid_cvc", param="cvc")
        data["card"] = {"number": form["number"], "exp_month": month, "exp_year": year, "cvc": cvc}
    return data


def _expiry(text: str) -> tuple[int, int]:
    month, _, year = text.replace(" ", "").partition("/")
    if not (month.isdecimal() and year.isdecimal() and 1 <= int(month) <= 12 and len(year) in (2, 4)):
        raise StripeError("Your card's expiration date is incomplete.", code="invalid_expiry", param="expiry")
    full = int(year) if len(year) == 4 else 2000 + int(year)
    today = date.today()
    if (full, int(month)) < (today.year, today.month):
        raise StripeError(
            "Your card's expiration date is in the past.", code="invalid_expiry_year", param="expiry"
        )
    return int(month), full


OUTCOMES = ("verified", "pending", "rejected")
_RESTRICTIONS = {
    "verified": None,
    "pending": "requirements.pending_verification",
    "rejected": "rejected.other",
}


def onboard(engine: Engine, account_id: str, form: Json) -> Json:
    """Fill in what Stripe asks a payee: who, which bank. Fires `account.updated`."""
    outcome = form.get("outcome", "verified")
    if outcome not in OUTCOMES:
        raise StripeError(f"Invalid outcome: must be one of {', '.join(OUTCOMES)}", param="outcome")
    with engine.world() as w:
        account = w.get("account", account_id)
        before = deepcopy(account)
        accounts.fill_in(w, account, form, _RESTRICTIONS[outcome])
        body: Json = rendered(tell(w, before, account))
        return body
