"""Idempotency keys as Stripe documents them (docs.stripe.com/api/idempotent_requests).

The answer of a POST is kept per account and key once the work has begun, errors and 500s included, and given again
for 24 hours; a refused validation and a request whose twin is still running are not kept.
"""

import threading
from dataclasses import dataclass, field

from stripe_local.errors import StripeError
from stripe_local.settings import DAY
from stripe_local.store import Store

_KEY_MAX = 255


@dataclass(frozen=True)
class Answer:
    """An answer as it went out, or will."""

    status: int
    body: str
    request_id: str


@dataclass
class InFlight:
    """Keys of requests that are running now; memory is enough, since a killed process has none running."""

    _keys: set[tuple[str, str]] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def enter(self, account: str, key: str) -> None:
        with self._lock:
            if (account, key) in self._keys:
                raise StripeError(
                    f"There is currently another in-progress request using this Idempotent Key ({key}). "
                    "Please try again later.",
                    status=409,
                    type="idempotency_error",
                    code="idempotency_key_in_use",
                )
            self._keys.add((account, key))

    def leave(self, account: str, key: str) -> None:
        with self._lock:
            self._keys.discard((account, key))


def require_valid(key: str) -> None:
    if len(key) > _KEY_MAX:
        raise StripeError(
            f"Idempotency keys can have up to {_KEY_MAX} characters; yours has {len(key)}.",
            type="idempotency_error",
        )


def recall(store: Store, account: str, key: str, path: str, params: str) -> Answer | None:
    """The stored answer for the same request, or a refusal when the key was used for another one."""
    found = store.row(
        "SELECT path, params, status, body, request FROM idempotency WHERE account = ? AND key = ?",
        account,
        key,
    )
    if found is None:
        return None
    if found[0] != path:
        raise StripeError(
            "Keys for idempotent requests can only be used for the same endpoint they were first used for "
            f"('{path}' vs '{found[0]}'). Try using a key other than '{key}' if you meant to execute a different "
            "request.",
            type="idempotency_error",
        )
    if found[1] != params:
        raise StripeError(
            "Keys for idempotent requests can only be used with the same parameters they were first used with. "
            f"Try using a key other than '{key}' if you meant to execute a different request.",
            type="idempotency_error",
        )
    return Answer(found[2], found[3], found[4])


def remember(store: Store, account: str, key: str, path: str, params: str, answer: Answer, now: int) -> None:
    store.db.execute(
        "INSERT OR REPLACE INTO idempotency VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (account, key, path, params, answer.request_id, answer.status, answer.body, now),
    )


def prune(store: Store, now: int) -> None:
    store.db.execute("DELETE FROM idempotency WHERE created <= ?", (now - DAY,))
