"""The control API: what only a sandbox has. JSON in, JSON out, under `/_sandbox/`."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, Response, current_app, request

from stripe_local import balance, faults, paying, router
from stripe_local.engine import Engine
from stripe_local.errors import Json, StripeError
from stripe_local.objects import disputes
from stripe_local.objects._common import require_currency
from stripe_local.render import rendered
from stripe_local.sdk import API_VERSION
from stripe_local.settings import DAY, PACES, Rules

bp = Blueprint("sandbox", __name__, url_prefix="/_sandbox")
_ADJUSTED_MAX = 10**12
View = Callable[..., Json]


def _json(view: View) -> Callable[..., Response]:
    """JSON only: a page of another origin cannot send it without asking first."""

    @wraps(view)
    def wrapped(**ids: str) -> Response:
        try:
            if request.method == "POST" and request.mimetype != "application/json":
                raise StripeError("Send application/json", status=415)
            body, status = view(**ids), 200
        except StripeError as error:
            body, status = {"error": rendered(error.body)}, error.status
        return Response(json.dumps(body, ensure_ascii=False), status, mimetype="application/json")

    return wrapped


def _engine() -> Engine:
    engine: Engine = current_app.extensions["engine"]
    return engine


def _given(**types: Any) -> Json:
    """The body's members, each of the given type; others are refused."""
    body = request.get_json(silent=True) if request.get_data() else {}
    if not isinstance(body, dict):
        raise StripeError("The body must be a JSON object")
    for name, value in body.items():
        if name not in types:
            raise StripeError(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)
        if not isinstance(value, types[name]) or (isinstance(value, bool) and types[name] is int):
            raise StripeError(f"Invalid {name}: {value}", param=name)
    return body


@bp.get("/health")
@_json
def health() -> Json:
    engine = _engine()
    return {
        "ok": True,
        "sandbox": True,
        "api_version": API_VERSION,
        "platform": engine.platform,
        "url": engine.base_url,
        **engine.summary(),
    }


@bp.get("/operations")
@_json
def operations() -> Json:
    return {"data": router.implemented()}


@bp.get("/check")
@_json
def check() -> Json:
    with _engine().world() as w:
        differences = balance.full_check(w)
    parked = _engine().parked()
    if parked:
        raise StripeError(f"Timers failed: {parked}; the log says why", status=500, type="api_error")
    if differences:
        raise StripeError(
            f"Balances differ from their transactions: {differences}", status=500, type="api_error"
        )
    return {"ok": True, "differences": []}


@bp.get("/events")
@_json
def events() -> Json:
    """Events of all accounts, oldest first; `?after=evt_…&type=…&limit=…`."""
    after, type, limit = request.args.get("after"), request.args.get("type"), request.args.get("limit", "100")
    with _engine().world() as w:
        rows = w.store.rows(
            "SELECT body FROM objects WHERE kind = 'event'"
            " AND seq > COALESCE((SELECT seq FROM objects WHERE id = ?1), 0)"
            " AND (?2 IS NULL OR json_extract(body, '$.type') = ?2) ORDER BY seq LIMIT ?3",
            after, type, int(limit) if limit.isdecimal() else 100,
        )  # fmt: skip
    return {"data": [json.loads(row[0]) for row in rows]}


@bp.get("/deliveries")
@_json
def deliveries() -> Json:
    with _engine().world() as w:
        rows = w.store.rows(
            "SELECT event, endpoint, state, attempts, due, answer FROM deliveries ORDER BY id DESC LIMIT 200"
        )
    names = ("event", "endpoint", "state", "attempts", "due", "answer")
    return {"data": [dict(zip(names, row, strict=True)) for row in rows]}


@bp.post("/deliveries/<event>")
@_json
def deliver_again(event: str) -> Json:
    """Send one event once more, as Stripe's dashboard can."""
    engine = _engine()
    with engine.world() as w:
        done = w.store.db.execute(
            "UPDATE deliveries SET state = 'waiting', due = 0 WHERE event = ? AND state <> 'waiting'",
            (event,),
        ).rowcount
    if not done:
        raise StripeError(f"Nothing to send again for {event}", status=404, code="resource_missing")
    engine.sender.wake()
    return {"event": event, "queued": done}


@bp.get("/faults")
@_json
def list_faults() -> Json:
    with _engine().world() as w:
        return {"data": faults.waiting(w.store)}


@bp.post("/faults")
@_json
def order_fault() -> Json:
    body = request.get_json(silent=True)
    if not isinstance(body, dict) or not isinstance(body.get("kind"), str):
        raise StripeError("Send {kind: api | webhook | decline | payout | refund, times?, …}", param="kind")
    with _engine().world() as w:
        return faults.order(w.store, body.pop("kind"), body)


@bp.delete("/faults")
@_json
def clear_faults() -> Json:
    with _engine().world() as w:
        faults.clear(w.store)
    return {"data": []}


@bp.get("/config")
@_json
def read_config() -> Json:
    with _engine().world() as w:
        return w.rules.to_json()


@bp.post("/config")
@_json
def change_config() -> Json:
    given = _given(pace=str, fees=dict, dispute_fee=int, refund_overdraft=bool, settle_in=str, usd_rates=dict)
    engine = _engine()
    with engine.world() as w:
        old = w.rules.to_json()
        merged = {**old, **given}
        for name in ("fees", "usd_rates"):
            merged[name] = {**old[name], **given.get(name, {})}
        if merged["pace"] not in PACES or merged["settle_in"] not in ("", *merged["usd_rates"]):
            raise StripeError("pace or settle_in is not known")
        try:
            rules = Rules.from_json(merged)
        except TypeError as error:
            raise StripeError(f"fees are {{name: {{bps, fixed}}}}: {error}", param="fees") from error
        engine.set_rules(rules)
        return rules.to_json()


@bp.post("/clock")
@_json
def clock() -> Json:
    """`{advance_s}`: everything that falls due on the way happens, in order. `{start_at}`: only while it is empty."""
    given = _given(advance_s=int, start_at=int)
    if len(given) != 1:
        raise StripeError("Send advance_s or start_at")
    if "start_at" in given:
        return {"now": _engine().start_at(given["start_at"])}
    if not 0 <= given["advance_s"] <= 3650 * DAY:
        raise StripeError("The clock goes forward only, ten years at most", param="advance_s")
    return {"now": _engine().advance(given["advance_s"])}


@bp.post("/pay/<session>")
@_json
def pay(session: str) -> Json:
    """Pay a Checkout Session the way its page does: `{method?, number?, outcome?: succeed | fail | leave}`."""
    given = _given(method=str, number=str, outcome=str, name=str, email=str)
    outcome = given.get("outcome", "succeed")
    if outcome not in ("succeed", "fail", "leave"):
        raise StripeError("Invalid outcome: must be one of succeed, fail, leave", param="outcome")
    method = given.get("method", "card")
    form = {
        "method": method,
        "number": given.get("number", "4242424242424242"),
        "expiry": "12/34",
        "cvc": "123",
        "name": given.get("name", "Sandbox Payer"),
        "email": given.get("email", ""),
    }
    engine = _engine()
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
@_json
def onboard(account: str) -> Json:
    """Fill in the onboarding as its page does: `{first_name?, last_name?, account_number?, currency?, outcome?}`."""
    given = _given(
        business_type=str,
        first_name=str,
        last_name=str,
        company=str,
        account_number=str,
        currency=str,
        outcome=str,
    )
    return paying.onboard(_engine(), account, given)


@bp.post("/disputes")
@_json
def open_dispute() -> Json:
    """`{charge, reason?}`: the payer's bank takes the money back."""
    given = _given(charge=str, reason=str)
    with _engine().world() as w:
        charge = w.given("charge", given.get("charge", ""), "charge")
        result: Json = rendered(disputes.open_on(w, charge, given.get("reason", "fraudulent")))
        return result


@bp.post("/disputes/<dispute>")
@_json
def decide_dispute(dispute: str) -> Json:
    """`{outcome: won | lost}`."""
    outcome = _given(outcome=str).get("outcome")
    if outcome not in ("won", "lost"):
        raise StripeError("Invalid outcome: must be one of won, lost", param="outcome")
    with _engine().world() as w:
        result: Json = rendered(disputes.decide(w, w.get("dispute", dispute), won=outcome == "won"))
        return result


@bp.post("/adjustments")
@_json
def adjust() -> Json:
    """`{amount, currency?, account?}`: money comes or goes (a shortfall, a top-up by bank), as an adjustment."""
    given = _given(amount=int, currency=str, account=str)
    if not 0 < abs(given.get("amount", 0)) <= _ADJUSTED_MAX:
        raise StripeError(f"amount must be from 1 to {_ADJUSTED_MAX}, or below zero", param="amount")
    engine = _engine()
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


@bp.post("/reset")
@_json
def reset() -> Json:
    """Forget everything but the platform's id."""
    _given()
    _engine().reset()
    return {"ok": True}
