"""The conditions of the world: faults on order, settings, the clock, a fresh start."""

from flask import request

from stripe_local import faults
from stripe_local.control._edge import as_json, bp, given_json, the_engine
from stripe_local.errors import Json, StripeError
from stripe_local.settings import DAY, Rules


@bp.get("/faults")
@as_json
def list_faults() -> Json:
    with the_engine().world() as w:
        return {"data": faults.waiting(w.store)}


@bp.post("/faults")
@as_json
def order_fault() -> Json:
    body = request.get_json(silent=True)
    if not isinstance(body, dict) or not isinstance(body.get("kind"), str):
        raise StripeError("Send {kind: api | webhook | decline | payout | refund, times?, …}", param="kind")
    with the_engine().world() as w:
        return faults.order(w.store, body.pop("kind"), body)


@bp.delete("/faults")
@as_json
def clear_faults() -> Json:
    with the_engine().world() as w:
        faults.clear(w.store)
    return {"data": []}


@bp.get("/config")
@as_json
def read_config() -> Json:
    with the_engine().world() as w:
        return w.rules.to_json()


@bp.post("/config")
@as_json
def change_config() -> Json:
    given = given_json(
        pace=str, fees=dict, dispute_fee=int, refund_overdraft=bool, settle_in=str, usd_rates=dict
    )
    engine = the_engine()
    with engine.world() as w:
        old = w.rules.to_json()
        merged = {**old, **given}
        for name in ("fees", "usd_rates"):
            merged[name] = {**old[name], **given.get(name, {})}
        try:
            rules = Rules.from_json(merged)
            rules.require_sane()
        except (TypeError, ValueError) as error:
            raise StripeError(f"These settings do not hold: {error}") from error
        engine.set_rules(rules)
        return rules.to_json()


@bp.post("/clock")
@as_json
def clock() -> Json:
    """`{advance_s}`: everything that falls due on the way happens, in order. `{start_at}`: only while it is empty."""
    given = given_json(advance_s=int, start_at=int)
    if len(given) != 1:
        raise StripeError("Send advance_s or start_at")
    if "start_at" in given:
        return {"now": the_engine().start_at(given["start_at"])}
    if not 0 <= given["advance_s"] <= 3650 * DAY:
        raise StripeError("The clock goes forward only, ten years at most", param="advance_s")
    return {"now": the_engine().advance(given["advance_s"])}


@bp.post("/reset")
@as_json
def reset() -> Json:
    """Forget everything but the platform's id."""
    given_json()
    the_engine().reset()
    return {"ok": True}
