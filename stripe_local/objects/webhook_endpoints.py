"""WebhookEndpoint: an address, the event types it wants, and a secret that is shown once."""

from stripe_local.errors import Json, StripeError
from stripe_local.ids import new_id
from stripe_local.objects._common import changed_fields
from stripe_local.router import answers
from stripe_local.sdk import API_VERSION
from stripe_local.world import World


@answers("post", "/v1/webhook_endpoints")
def create(w: World, p: Json) -> Json:
    _require_url(p["url"])
    return w.new(
        "webhook_endpoint",
        "we_1",
        {
            "api_version": p.get("api_version", API_VERSION),
            "application": None,
            "description": p.get("description") or None,
            "enabled_events": p["enabled_events"],
            "metadata": p.get("metadata") or {},
            "secret": new_id("whsec_"),
            "status": "enabled",
            "url": p["url"],
            "_connect": p.get("connect", False),
        },
    )


@answers("get", "/v1/webhook_endpoints/{webhook_endpoint}")
def retrieve(w: World, p: Json, webhook_endpoint: str) -> Json:
    return _without_secret(w.get("webhook_endpoint", webhook_endpoint))


@answers("post", "/v1/webhook_endpoints/{webhook_endpoint}")
def update(w: World, p: Json, webhook_endpoint: str) -> Json:
    endpoint = w.get("webhook_endpoint", webhook_endpoint)
    if "url" in p:
        _require_url(p["url"])
    changed_fields(endpoint, p, ("description", "enabled_events", "url"))
    if "disabled" in p:
        endpoint["status"] = "disabled" if p["disabled"] else "enabled"
    return _without_secret(w.save(endpoint))


@answers("get", "/v1/webhook_endpoints")
def list_endpoints(w: World, p: Json) -> Json:
    page = w.page("webhook_endpoint", "/v1/webhook_endpoints", p)
    return {**page, "data": [_without_secret(e) for e in page["data"]]}


@answers("delete", "/v1/webhook_endpoints/{webhook_endpoint}")
def delete(w: World, p: Json, webhook_endpoint: str) -> Json:
    w.delete(w.get("webhook_endpoint", webhook_endpoint))
    return {"id": webhook_endpoint, "object": "webhook_endpoint", "deleted": True}


def _require_url(url: str) -> None:
    if not url.startswith(("http://", "https://")):
        raise StripeError(f"Invalid URL: {url}", code="url_invalid", param="url")


def _without_secret(endpoint: Json) -> Json:
    return {k: v for k, v in endpoint.items() if k != "secret"}
