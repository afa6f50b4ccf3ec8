"""Requests that move money carry a key: the first answer is remembered in the transaction of its effect.

After draft-ietf-httpapi-idempotency-key-header: no key 400, other body 422, still running 409, else the first
answer again, byte for byte. A refusal is not remembered: nothing happened, so the key stays free.
"""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from typing import cast as as_type
from uuid import UUID

from flask import Response, make_response, request
from sqlalchemy import String, bindparam, cast, func, select

from market.accounts.edge import ask_as_actor, current_actor, is_api
from market.accounts.errors import KeyMissing, KeyUsedForOther, StillRunning
from market.accounts.models import RememberedAnswer
from market.accounts.queries import party_or_key_holder
from market.kit import wire
from market.kit.db import transaction
from market.kit.wire import Question

REMEMBER = """INSERT INTO remembered_answers
    (party_id, key, request_sha256, status, content_type, location, body) VALUES (%s, %s, %s, %s, %s, %s, %s)"""

_KEY = bindparam("key", type_=String())
_LOCK_NAME = func.concat(cast(party_or_key_holder(), String), ":", _KEY)
_OURS = "vtask.key_is_ours"
TRY_LOCK = Question(
    select(
        func.set_config(
            _OURS,
            cast(func.pg_try_advisory_xact_lock(func.hashtextextended(_LOCK_NAME, 0)), String),
            True,
        )
    )
)
IS_OURS = func.current_setting(_OURS) == "true"
"""For questions asked in the round trip that takes the key: whether nobody else is at work under it."""
REMEMBERED = Question(
    select(
        RememberedAnswer.request_sha256,
        RememberedAnswer.status,
        RememberedAnswer.content_type,
        RememberedAnswer.location,
        RememberedAnswer.body,
    ).where(RememberedAnswer.party_id == party_or_key_holder(), RememberedAnswer.key == _KEY)
)
View = TypeVar("View", bound=Callable[..., Any])
NO_QUESTIONS: tuple[Question, ...] = ()


def request_key() -> str:
    """The Idempotency-Key header, or the form's hidden twin. Raises KeyMissing."""
    key = asked_key()
    if key is None:
        raise KeyMissing
    return key


def asked_key() -> str | None:
    """The same; None when there is none that can be one."""
    key = _given_key()
    return key if key and len(key) <= 255 and key.isprintable() else None


def _given_key() -> str | None:
    return request.headers.get("Idempotency-Key") if is_api() else request.form.get("idempotency_key")


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
    return _once(view, NO_QUESTIONS)


def idempotent_asking(*questions: Question) -> Callable[[Callable[..., Any]], Callable[..., Response]]:
    """The same, for a view that many wait for: these questions, which take the view's own arguments, are asked in the
    round trip that finds out who calls, and their rows are the view's `found`. They must begin with `IS_OURS` where
    they lock, so that a second call under the key does not wait but hears that the first still runs."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Response]:
        return _once(view, questions)

    return decorate


def _once(view: View, questions: tuple[Question, ...]) -> View:
    @wraps(view)
    def once(*args: Any, **kwargs: Any) -> Response:
        with transaction():
            given = kwargs | {"key": _given_key() or ""}
            (((is_ours,),), remembered, *found) = ask_as_actor(TRY_LOCK, REMEMBERED, *questions, **given)
            key, sha = request_key(), request_hash()
            if is_ours != "true":
                raise StillRunning
            if not remembered:
                more = {"found": found} if questions else {}
                response = make_response(view(*args, **kwargs, **more))
                if response.status_code < 400:
                    wire.write(
                        "remembered_answers", *remembering(response, current_actor().party_id, key, sha)
                    )
                return response
            ((sha_before, status, content_type, location, body),) = remembered
            if sha_before != sha:
                raise KeyUsedForOther
            replay = Response(body or b"", status=status, content_type=content_type)
            if location:
                replay.headers["Location"] = location
            replay.headers["Idempotent-Replayed"] = "true"
            return replay

    return as_type(View, once)


def lock_name(party_id: UUID, key: str) -> str:
    """What TRY_LOCK locks the hash of, for a statement that takes the key by itself."""
    return f"{party_id}:{key}"


def remembering(response: Response, party_id: UUID | None, key: str, sha: bytes) -> tuple[str, list[Any]]:
    """The statement that remembers it, and its values. Refused (23505) when there is an answer under this key."""
    return REMEMBER, [
        party_id,
        key,
        sha,
        response.status_code,
        response.content_type,
        response.headers.get("Location"),
        response.get_data(),
    ]
