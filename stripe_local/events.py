"""Events: a snapshot of an object, written with the change, and one delivery row per endpoint that wants it."""

import copy
from typing import Any

from stripe_local import faults
from stripe_local.errors import Json
from stripe_local.render import rendered
from stripe_local.sdk import API_VERSION
from stripe_local.world import World, absent, wall_clock


def emit(w: World, type: str, body: Json, previous: Json | None = None) -> Json:
    """Record the fact on the acting account and queue it for the endpoints.

    `previous` holds the old values of the fields that changed, for `*.updated`.
    """
    data: Json = {"object": copy.deepcopy(rendered(body))}
    if previous is not None:
        data["previous_attributes"] = copy.deepcopy(rendered(previous))
    connected = w.account != w.platform
    endpoints = [e for e in _endpoints(w) if wants(e, type, connected)]
    event = w.new(
        "event",
        "evt_1",
        {
            "account": w.account if connected else absent(),
            "api_version": API_VERSION,
            "data": data,
            "pending_webhooks": len(endpoints),
            "request": {"id": w.request_id, "idempotency_key": w.idempotency_key},
            "type": type,
        },
    )
    for endpoint in endpoints:
        for delay in faults.webhook_delays(w.store, type):
            w.store.db.execute(
                "INSERT INTO deliveries (event, endpoint, queued, due, attempts, state) VALUES (?, ?, ?, ?, 0, 'waiting')",
                (event["id"], endpoint["id"], wall_clock(), wall_clock() + delay),
            )
            w.queued.append(event["id"])
    return event


def changed(before: Json, after: Json) -> Json:
    """The old values of the fields that differ, as `previous_attributes` shows them."""
    return {k: before.get(k) for k, v in after.items() if not k.startswith("_") and before.get(k) != v}


def wants(endpoint: Json, type: str, connected: bool) -> bool:
    enabled = endpoint["enabled_events"]
    return (
        endpoint["status"] == "enabled"
        and bool(endpoint["_connect"]) == connected
        and ("*" in enabled or type in enabled)
    )


def _endpoints(w: World) -> list[Json]:
    """Those from the environment first, then those made through the API."""
    return [*environment_endpoints(w.settings), *w.acting_as(w.platform).every("webhook_endpoint")]


def environment_endpoints(settings: Any) -> list[Json]:
    """The one or two endpoints of the environment; they are not listed by the API."""
    given = (
        ("we_env_platform", settings.webhook_url, settings.webhook_secret, False),
        ("we_env_connect", settings.connect_webhook_url, settings.connect_webhook_secret, True),
    )
    return [
        {
            "id": id,
            "url": url,
            "secret": secret,
            "_connect": connect,
            "status": "enabled",
            "enabled_events": ["*"],
        }
        for id, url, secret, connect in given
        if url
    ]
