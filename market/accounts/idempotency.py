"""Requests that move money carry a key: the first answer is remembered in the transaction of its effect.

After draft-ietf-httpapi-idempotency-key-header: no key 400, other body 422, still running 409, else the first
answer again, byte for byte. A refusal is not remembered: nothing happened, so the key stays free.
"""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast
from uuid import UUID

from flask import Response, make_response, request
from sqlalchemy import func, select

from market.accounts.edge import current_actor, is_api
from market.accounts.errors import KeyMissing, KeyUsedForOther, StillRunning
from market.accounts.models import RememberedAnswer
from market.kit.db import db, transaction

View = TypeVar("View", bound=Callable[..., Any])


def request_key() -> str:
    """The Idempotency-Key header, or the form's hidden twin. Raises KeyMissing."""
    key = request.headers.get("Idempotency-Key") if is_api() else request.form.get("idempotency_key")
    if not key or len(key) > 255 or not key.isprintable():
        raise KeyMissing
    return key


def request_hash() -> bytes:
    """What makes two requests the same: method, path and body without the CSRF token."""
    body = (
        request.get_data()
        if is_api()
        else repr(
            sorted((name, values) for name, values in request.form.lists() if name != "csrf_token")
        ).encode()
    )
    return hashlib.sha256(b"\0".join([request.method.encode(), request.path.encode(), body])).digest()


def idempotent(view: View) -> View:
    """Open the transaction, remember the answer in it, and replay it. The view must not open its own."""

    @wraps(view)
    def once(*args: Any, **kwargs: Any) -> Response:
        party_id = cast(UUID, current_actor().party_id)
        key, sha = request_key(), request_hash()
        with transaction():
            lock = func.pg_try_advisory_xact_lock(func.hashtextextended(f"{party_id}:{key}", 0))
            if not db.session.scalar(select(lock)):
                raise StillRunning
            answer = db.session.scalar(
                select(RememberedAnswer).where(
                    RememberedAnswer.party_id == party_id, RememberedAnswer.key == key
                )
            )
            if answer is None:
                response = make_response(view(*args, **kwargs))
                if response.status_code < 400:
                    db.session.add(
                        RememberedAnswer(
                            party_id=party_id,
                            key=key,
                            request_sha256=sha,
                            status=response.status_code,
                            content_type=response.content_type,
                            location=response.headers.get("Location"),
                            body=response.get_data(),
                        )
                    )
                return response
            if answer.request_sha256 != sha:
                raise KeyUsedForOther
            replay = Response(answer.body or b"", status=answer.status, content_type=answer.content_type)
            if answer.location:
                replay.headers["Location"] = answer.location
            replay.headers["Idempotent-Replayed"] = "true"
            return replay

    return cast(View, once)
