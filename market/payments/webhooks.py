"""Where Stripe's events come in: verified on the raw bytes, stored once, answered at once."""

import json
import time
from typing import Any

import stripe
import structlog
from flask import Blueprint, Response, request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from market.kit.db import db, transaction
from market.kit.limits import limiter
from market.payments import inbox
from market.payments.config import read

bp = Blueprint("payments_webhooks", __name__)
log = structlog.get_logger()

TOLERANCE_S = 300
MOST_BYTES = 1 << 20


@bp.post("/webhooks/stripe")
@limiter.exempt
def receive() -> Response:
    """200 stored (or here before), 400 not from Stripe and nothing written, 503 try again later."""
    raw = request.get_data(cache=False) if (request.content_length or 0) <= MOST_BYTES else b""
    try:
        event = verified(raw, request.headers.get("Stripe-Signature"))
    except (stripe.SignatureVerificationError, ValueError) as forged:
        log.warning("webhook.refused", reason=type(forged).__name__, address=request.remote_addr)
        return Response("refused", 400, mimetype="text/plain")
    try:
        with transaction():
            new = inbox.receive(event)
    except (DBAPIError, PoolTimeout) as away:
        log.error("webhook.database_away", error=str(away).splitlines()[0])
        db.session.rollback()
        return Response("later", 503, {"Retry-After": "5"}, mimetype="text/plain")
    return Response("stored" if new else "known", 200, mimetype="text/plain")


def verified(raw: bytes, signature: str | None) -> dict[str, Any]:
    """The event, if one of our secrets signed these bytes within the last five minutes.

    The SDK accepts a timestamp from the future (a signature prepared for later); we do not.
    Raises SignatureVerificationError, ValueError.
    """
    _check(raw, signature)
    if _signed_at(signature or "") > time.time() + TOLERANCE_S:
        raise ValueError("signed in the future")
    event = json.loads(raw)
    if not isinstance(event, dict) or event.get("object") != "event" or not isinstance(event.get("id"), str):
        raise ValueError("not an event")
    if not isinstance(event.get("type"), str) or not isinstance(event.get("created"), int):
        raise ValueError("not an event")
    if not isinstance(event.get("data"), dict) or not isinstance(event["data"].get("object"), dict):
        raise ValueError("an event without an object")
    return event


def _check(raw: bytes, signature: str | None) -> None:
    """Against each secret: two are valid while one is being replaced."""
    refusal: Exception = ValueError("no webhook secret is set")
    for secret in read().webhook_secrets:
        try:
            stripe.WebhookSignature.verify_header(raw, signature, secret, TOLERANCE_S)
        except stripe.SignatureVerificationError as wrong:
            refusal = wrong
        else:
            return
    raise refusal


def _signed_at(signature: str) -> int:
    return int(next(part[2:] for part in signature.split(",") if part.startswith("t=")))
