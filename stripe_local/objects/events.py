"""Event: what happened, for those who missed the webhook."""

from stripe_local.errors import Json
from stripe_local.router import answers
from stripe_local.settings import DAY
from stripe_local.world import World

_KEPT_S = 30 * DAY


@answers("get", "/v1/events")
def list_events(w: World, p: Json) -> Json:
    also, values = " AND created > ?", [w.now - _KEPT_S]
    types = p.get("types", [p["type"]] if "type" in p else [])
    if types:
        also += f" AND json_extract(body, '$.type') IN ({', '.join('?' * len(types))})"
        values += types
    if "delivery_success" in p:
        inside = "NOT IN" if p["delivery_success"] else "IN"
        also += f" AND id {inside} (SELECT event FROM deliveries WHERE state <> 'delivered')"
    return w.page("event", "/v1/events", p, also=(also, values))


@answers("get", "/v1/events/{id}")
def retrieve(w: World, p: Json, id: str) -> Json:
    return w.get("event", id)
