"""The hosted Checkout page of a session: what is bought, how to pay, and how it went."""

from flask import Blueprint, Response, request

from stripe_local import paying
from stripe_local.errors import Json, StripeError
from stripe_local.objects import checkout
from stripe_local.pages.showing import notice, onward, show, the_engine
from stripe_local.pages.words import Words, reader

bp = Blueprint("checkout", __name__)
TEST_CARDS = (
    ("4242 4242 4242 4242", "tc_ok"),
    ("4000 0027 6000 3184", "tc_challenge"),
    ("4000 0000 0000 9995", "tc_funds"),
    ("4000 0000 0000 0002", "tc_decline"),
)
_FIELDS = ("method", "number", "expiry", "cvc", "name", "email", "save")


@bp.get("/c/pay/<session_id>")
def read(session_id: str) -> Response:
    with the_engine().world() as w:
        session = w.find("checkout.session", session_id)
        intent = (
            w.find("payment_intent", session["payment_intent"])
            if session and session["payment_intent"]
            else None
        )
    if session is None:
        return notice(reader(request), "lost", None, 404)
    words = reader(request, session["locale"])
    if session["status"] != "open":
        return _over(words, session)
    return _form(words, session, {}, _last_refusal(intent))


@bp.post("/c/pay/<session_id>")
def pay(session_id: str) -> Response:
    form = {name: request.form.get(name, "")[:200] for name in _FIELDS}
    try:
        result = paying.submit(the_engine(), session_id, form)
    except StripeError:
        return notice(reader(request), "lost", None, 404)
    session = result.session
    assert session is not None
    words = reader(request, session["locale"])
    if result.step in ("done", "redirect") and result.url:
        return onward(result.url)
    if result.step == "closed":
        return onward(result.url) if result.url else _over(words, session)
    return _form(words, session, form, result.refusal)


def _over(words: Words, session: Json) -> Response:
    if session["status"] == "complete":
        return notice(words, "done", checkout.success_url(session))
    return notice(words, "expired", session["cancel_url"])


def _form(words: Words, session: Json, form: Json, refusal: StripeError | None) -> Response:
    """A refusal is a page, not a failed request: it goes out with 200, so that browsers log no error."""
    types = session["payment_method_types"]
    if words.lang == "zh-CN":
        types = sorted(types, key=lambda type: type == "card")  # wallets first, as a payer in China expects
    field = refusal.body.get("param") if refusal else None
    with the_engine().world() as w:
        saved = checkout.saved_cards(w, session)
    choices = [card["id"] for card in saved] + list(types)
    return show(
        "checkout.html",
        words,
        leads_to=(session["success_url"], session["cancel_url"]),
        session=session,
        types=types,
        form={**dict.fromkeys(_FIELDS, ""), **form},
        saved=saved,
        may_save=(session["saved_payment_method_options"] or {}).get("payment_method_save") == "enabled",
        chosen=form.get("method") if form.get("method") in choices else choices[0],
        refusal=words.refusal(refusal) if refusal else None,
        field=field if field in ("number", "expiry", "cvc") else None,
        test_cards=TEST_CARDS,
    )


def _last_refusal(intent: Json | None) -> StripeError | None:
    """What the bank or the wallet said, for a payer who comes back from its page."""
    error = intent["last_payment_error"] if intent else None
    if not error:
        return None
    return StripeError(error["message"], code=error.get("code"), decline_code=error.get("decline_code"))
