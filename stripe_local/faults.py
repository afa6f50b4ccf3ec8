"""Faults on order: what `/_sandbox/faults` asked for, kept in the database and used up one by one.

api      {path_prefix, method?, status, after_commit, store, delay_s, code?, one_in}: see `api.py`
webhook  {types, action: duplicate | drop | delay | reorder, seconds, copies, one_in}
decline  {method?, code}     the next payments are declined with this decline code
payout   {code}              the next payouts fail at the bank
refund   {reason}            the next refunds fail later
"""

import json
from collections.abc import Callable
from typing import Any

from stripe_local.errors import Json, StripeError
from stripe_local.store import Store, dump

_DEFAULTS: dict[str, Json] = {
    "api": {
        "path_prefix": "/v1/", "method": "", "status": 500, "after_commit": False, "store": False, "delay_s": 0,
        "code": "", "one_in": 1,
    },
    "webhook": {"types": ["*"], "action": "duplicate", "seconds": 1.0, "copies": 2, "one_in": 1},
    "decline": {"method": "", "code": "generic_decline"},
    "payout": {"code": "account_closed", "account": ""},
    "refund": {"reason": "expired_or_canceled_card"},
}  # fmt: skip
_ACTIONS = ("duplicate", "drop", "delay", "reorder")


def order(store: Store, kind: str, spec: Json) -> Json:
    """Take the order for `spec["times"]` faults (1 when not given); returns it with its defaults filled in."""
    if kind not in _DEFAULTS:
        raise StripeError(f"Unknown fault: {kind}. Known: {', '.join(_DEFAULTS)}", param="kind")
    spec = dict(spec)
    times = spec.pop("times", 1)
    if type(times) is not int or times < 1:
        raise StripeError("times must be a whole number from 1", param="times")
    for name in spec:
        if name not in _DEFAULTS[kind]:
            raise StripeError(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)
    full = {**_DEFAULTS[kind], **spec, "times": times}
    for name, default in _DEFAULTS[kind].items():
        alike = (
            (int, float)
            if isinstance(default, float | int) and not isinstance(default, bool)
            else type(default)
        )
        if not isinstance(full[name], alike):
            raise StripeError(f"Invalid {name}: {full[name]}", param=name)
    if full.get("one_in", 1) < 1:
        raise StripeError("one_in must be a whole number from 1", param="one_in")
    if kind == "webhook" and full["action"] not in _ACTIONS:
        raise StripeError(f"Invalid action: must be one of {', '.join(_ACTIONS)}", param="action")
    store.db.execute("INSERT INTO faults (kind, spec, remaining) VALUES (?, ?, ?)", (kind, dump(full), times))
    return {"kind": kind, **full}


def waiting(store: Store) -> list[Json]:
    rows = store.rows("SELECT kind, spec, remaining FROM faults WHERE remaining > 0 ORDER BY id")
    return [{"kind": kind, **json.loads(spec), "remaining": remaining} for kind, spec, remaining in rows]


def clear(store: Store) -> None:
    store.db.execute("DELETE FROM faults")


def take(store: Store, kind: str, fits: Callable[[Json], bool] = lambda spec: True) -> Json | None:
    """The oldest waiting fault that fits, used up by one. One that strikes `one_in` n lets the others pass."""
    rows = store.rows(
        "SELECT id, spec, remaining FROM faults WHERE kind = ? AND remaining > 0 ORDER BY id", kind
    )
    for id, text, remaining in rows:
        spec: Json = json.loads(text)
        if fits(spec):
            if spec.get("one_in", 1) > 1:
                spec["met"] = spec.get("met", 0) + 1
                store.db.execute("UPDATE faults SET spec = ? WHERE id = ?", (dump(spec), id))
                if spec["met"] % spec["one_in"]:
                    continue
            store.db.execute("UPDATE faults SET remaining = remaining - 1 WHERE id = ?", (id,))
            return {**spec, "remaining": remaining}
    return None


def webhook_delays(store: Store, type: str) -> list[float]:
    """When to send an event of this type: seconds from now, once per copy; none when it is dropped."""

    def fits(spec: Json) -> bool:
        return any(
            t == "*" or t == type or (t.endswith("*") and type.startswith(t[:-1])) for t in spec["types"]
        )

    fault = take(store, "webhook", fits)
    if fault is None:
        return [0.0]
    seconds: Any = fault["seconds"]
    return {
        "duplicate": [seconds * i for i in range(int(fault["copies"]))],
        "drop": [],
        "delay": [seconds],
        "reorder": [seconds * fault["remaining"] / fault["times"]],  # the first of the batch waits longest
    }[fault["action"]]
