"""Acting for those who are not the platform: payers, payees, their banks."""

from stripe_local import balance, paying
from stripe_local.control._edge import as_json, bp, given_json, the_engine
from stripe_local.errors import Json, StripeError
from stripe_local.objects import accounts, disputes
from stripe_local.objects._common import require_currency
from stripe_local.render import rendered

_ADJUSTED_MAX = 10**12


@bp.post("/pay/<session>")
@as_json
def pay(session: str) -> Json:
    """Pay a Checkout Session the way its page does: `{method?, number?, saved?, save?, outcome?: succeed | fail | leave}`."""
    given = given_json(method=str, number=str, saved=str, save=bool, outcome=str, name=str, email=str)
    outcome = given.get("outcome", "succeed")
    if outcome not in ("succeed", "fail", "leave"):
        raise StripeError("Invalid outcome: must be one of succeed, fail, leave", param="outcome")
    method = given.get("saved") or given.get("method", "card")
    form = {
        "method": method,
        "number": given.get("number", "4242424242424242"),
        "expiry": "12/34",
        "cvc": "123",
        "name": given.get("name", "Sandbox Payer"),
        "email": given.get("email", ""),
        "save": "yes" if given.get("save") else "",
    }
    engine = the_engine()
    result = paying.submit(engine, session, form)
    if result.refusal is None and result.step == "redirect" and outcome != "leave":
        result = paying.answer_challenge(engine, result.intent, ok=outcome == "succeed")
    if result.refusal is not None:
        raise result.refusal
    return {
        "session": session,
        "status": result.session["status"] if result.session else None,
        "payment_status": result.session["payment_status"] if result.session else None,
        "payment_intent": result.intent,
        "next_url": result.url,
    }


@bp.post("/onboard/<account>")
@as_json
def onboard(account: str) -> Json:
    """Fill in the onboarding as its page does: `{first_name?, last_name?, account_number?, currency?, outcome?}`."""
    given = given_json(
        business_type=str,
        first_name=str,
        last_name=str,
        company=str,
        account_number=str,
        currency=str,
        outcome=str,
    )
    return paying.onboard(the_engine(), account, given)


_STOPS = ("transfers", "card_payments", "payouts")


@bp.post("/accounts/<account>")
@as_json
def restrict(account: str) -> Json:
    """Look at an account again: `{currently_due?, deadline_s?, disabled_reason?, stopped?}`; empty values lift."""
    given = given_json(currently_due=list, deadline_s=int, disabled_reason=str, stopped=list)
    if not all(isinstance(name, str) and name for name in given.get("currently_due", [])):
        raise StripeError("currently_due lists names of fields", param="currently_due")
    if any(name not in _STOPS for name in given.get("stopped", [])):
        raise StripeError(f"stopped lists some of {', '.join(_STOPS)}", param="stopped")
    with the_engine().world() as w:
        result: Json = rendered(accounts.restrict(w, w.get("account", account), given))
        return result


@bp.post("/disputes")
@as_json
def open_dispute() -> Json:
    """`{charge, reason?}`: the payer's bank takes the money back."""
    given = given_json(charge=str, reason=str)
    with the_engine().world() as w:
        charge = w.given("charge", given.get("charge", ""), "charge")
        result: Json = rendered(disputes.open_on(w, charge, given.get("reason", "fraudulent")))
        return result


@bp.post("/disputes/<dispute>")
@as_json
def decide_dispute(dispute: str) -> Json:
    """`{outcome: won | lost}`."""
    outcome = given_json(outcome=str).get("outcome")
    if outcome not in ("won", "lost"):
        raise StripeError("Invalid outcome: must be one of won, lost", param="outcome")
    with the_engine().world() as w:
        result: Json = rendered(disputes.decide(w, w.get("dispute", dispute), won=outcome == "won"))
        return result


@bp.post("/adjustments")
@as_json
def adjust() -> Json:
    """`{amount, currency?, account?}`: money comes or goes (a shortfall, a top-up by bank), as an adjustment."""
    given = given_json(amount=int, currency=str, account=str)
    if not 0 < abs(given.get("amount", 0)) <= _ADJUSTED_MAX:
        raise StripeError(f"amount must be from 1 to {_ADJUSTED_MAX}, or below zero", param="amount")
    engine = the_engine()
    with engine.world(given.get("account")) as w:
        if w.account != w.platform:
            w.acting_as(w.platform).given("account", w.account, "account")
        result: Json = rendered(
            balance.post(
                w,
                "adjustment",
                given["amount"],
                require_currency(w, given.get("currency", "cny")),
                None,
                description="Sandbox adjustment",
            )
        )
        return result
