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
    """200 stored, here before, or none of ours; 400 not from Stripe and nothing written; 503 try again later.

    The body says which, in one or two words.
    """
    raw = request.get_data(cache=False) if (request.content_length or 0) <= MOST_BYTES else b""
    try:
        event = verified(raw, request.headers.get("Stripe-Signature"))
    except Forged as forged:
        log.warning("webhook.refused", reason=str(forged), address=request.remote_addr)
        return Response(str(forged), 400, mimetype="text/plain")
    try:
        with transaction():
            answer = inbox.receive(event)
    except (DBAPIError, PoolTimeout) as away:
        log.error("webhook.database_away", error=str(away).splitlines()[0])
        db.session.rollback()
        return Response("later", 503, {"Retry-After": "5"}, mimetype="text/plain")
    return Response(answer, 200, mimetype="text/plain")


class Forged(Exception):
    """Not an event that Stripe signed for us within the last five minutes; says why."""


def verified(raw: bytes, signature: str | None) -> dict[str, Any]:
    """The event, if one of our secrets signed these bytes within the last five minutes.

    The SDK accepts a timestamp from the future (a signature prepared for later); we do not. Raises Forged.
    """
    signed_at = _signed_at(signature)
    _check(raw, signature)
    if signed_at < time.time() - TOLERANCE_S:
        raise Forged("signed too long ago")
    if signed_at > time.time() + TOLERANCE_S:
        raise Forged("signed in the future")
    try:
        event = json.loads(raw)
    except ValueError as wrong:
        raise Forged("not JSON") from wrong
    if not isinstance(event, dict) or event.get("object") != "event" or not isinstance(event.get("id"), str):
        raise Forged("not an event")
    if not isinstance(event.get("type"), str) or not isinstance(event.get("created"), int):
        raise Forged("not an event")
    if not isinstance(event.get("data"), dict) or not isinstance(event["data"].get("object"), dict):
        raise Forged("an event without an object")
    if not isinstance(event.get("account"), str | None):
        raise Forged("not an event")
    return event


def _check(raw: bytes, signature: str | None) -> None:
    """Against each secret: two are valid while one is being replaced. Its age is looked at afterwards."""
    for secret in read().webhook_secrets:
        try:
            stripe.WebhookSignature.verify_header(raw, signature or "", secret, None)
        except stripe.SignatureVerificationError:
            continue
        except ValueError:  # bytes that are no text
            break
        return
    raise Forged("wrong signature")


def _signed_at(signature: str | None) -> int:
    if not signature:
        raise Forged("no signature")
    stamp = next((part[2:] for part in signature.split(",") if part.startswith("t=")), "")
    if not stamp.isdecimal() or len(stamp) > 12:
        raise Forged("no time in the signature")
    return int(stamp)
