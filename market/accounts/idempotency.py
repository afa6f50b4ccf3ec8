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
from sqlalchemy import String, bindparam, func, select

from market.accounts.edge import current_actor, is_api
from market.accounts.errors import KeyMissing, KeyUsedForOther, StillRunning
from market.accounts.models import RememberedAnswer
from market.kit import wire
from market.kit.db import transaction
from market.kit.wire import Question

REMEMBER = """INSERT INTO remembered_answers
    (party_id, key, request_sha256, status, content_type, location, body) VALUES (%s, %s, %s, %s, %s, %s, %s)"""

TRY_LOCK = Question(
    select(func.pg_try_advisory_xact_lock(func.hashtextextended(bindparam("name", type_=String()), 0)))
)
REMEMBERED = Question(
    select(
        RememberedAnswer.request_sha256,
        RememberedAnswer.status,
        RememberedAnswer.content_type,
        RememberedAnswer.location,
        RememberedAnswer.body,
    ).where(RememberedAnswer.party_id == bindparam("party_id"), RememberedAnswer.key == bindparam("key"))
)
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
            name = {"party_id": party_id, "key": key}
            (((is_ours,),), remembered) = wire.ask(
                (TRY_LOCK, {"name": f"{party_id}:{key}"}), (REMEMBERED, name)
            )
            if not is_ours:
                raise StillRunning
            if not remembered:
                response = make_response(view(*args, **kwargs))
                if response.status_code < 400:
                    location = response.headers.get("Location")
                    body = response.get_data()
                    answer = [party_id, key, sha, response.status_code, response.content_type, location, body]
                    wire.write("remembered_answers", REMEMBER, answer)
                return response
            ((sha_before, status, content_type, location, body),) = remembered
            if sha_before != sha:
                raise KeyUsedForOther
            replay = Response(body or b"", status=status, content_type=content_type)
            if location:
                replay.headers["Location"] = location
            replay.headers["Idempotent-Replayed"] = "true"
            return replay

    return cast(View, once)
