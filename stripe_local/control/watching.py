"""Looking: health, sums, events, deliveries."""

import json

from flask import request

from stripe_local import balance, router
from stripe_local.control._edge import as_json, bp, the_engine
from stripe_local.errors import Json, StripeError
from stripe_local.sdk import API_VERSION

_EVENTS_MAX = 100_000


@bp.get("/health")
@as_json
def health() -> Json:
    engine = the_engine()
    return {
        "ok": True,
        "sandbox": True,
        "api_version": API_VERSION,
        "platform": engine.platform,
        "url": engine.base_url,
        **engine.summary(),
    }


@bp.get("/operations")
@as_json
def operations() -> Json:
    return {"data": router.implemented()}


@bp.get("/traffic")
@as_json
def traffic() -> Json:
    return the_engine().traffic.summary()


@bp.get("/check")
@as_json
def check() -> Json:
    with the_engine().world() as w:
        differences = balance.full_check(w)
    parked = the_engine().parked()
    if parked:
        raise StripeError(f"Timers failed: {parked}; the log says why", status=500, type="api_error")
    if differences:
        raise StripeError(
            f"Balances differ from their transactions: {differences}", status=500, type="api_error"
        )
    return {"ok": True, "differences": []}


@bp.get("/events")
@as_json
def events() -> Json:
    """Events of all accounts, oldest first; `?after=evt_…&type=…&limit=…`."""
    after, type, limit = request.args.get("after"), request.args.get("type"), request.args.get("limit", "100")
    with the_engine().world() as w:
        rows = w.store.rows(
            "SELECT body FROM objects WHERE kind = 'event'"
            " AND seq > COALESCE((SELECT seq FROM objects WHERE id = ?1), 0)"
            " AND (?2 IS NULL OR json_extract(body, '$.type') = ?2) ORDER BY seq LIMIT ?3",
            after, type, min(int(limit), _EVENTS_MAX) if limit.isdecimal() and len(limit) < 10 else 100,
        )  # fmt: skip
    return {"data": [json.loads(row[0]) for row in rows]}


@bp.get("/deliveries")
@as_json
def deliveries() -> Json:
    with the_engine().world() as w:
        rows = w.store.rows(
            "SELECT event, endpoint, state, attempts, due, answer FROM deliveries ORDER BY id DESC LIMIT 200"
        )
    names = ("event", "endpoint", "state", "attempts", "due", "answer")
    return {"data": [dict(zip(names, row, strict=True)) for row in rows]}


@bp.post("/deliveries/<event>")
@as_json
def deliver_again(event: str) -> Json:
    """Send one event once more, as Stripe's dashboard can."""
    engine = the_engine()
    with engine.world() as w:
        done = w.store.db.execute(
            "UPDATE deliveries SET state = 'waiting', due = 0 WHERE event = ? AND state <> 'waiting'",
            (event,),
        ).rowcount
    if not done:
        raise StripeError(f"Nothing to send again for {event}", status=404, code="resource_missing")
    engine.sender.wake()
    return {"event": event, "queued": done}
