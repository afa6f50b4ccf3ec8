"""Accepting the plain case in two round trips: who calls and what was handed in, then all that is written (schema.sql).

It may always decline, and does whenever anything is out of the ordinary, also when somebody was quicker: nothing has
happened then, and the long way (service.accept) decides, refuses, and says why. So no rule stands here alone.
"""

from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import psycopg
from flask import Response, current_app

from market.accounts.idempotency import lock_name, remembering
from market.accounts.models import actor_of
from market.delivery.models import Kind, Submission, SubmissionState
from market.delivery.policy import may_review_of
from market.delivery.queries import PEEK
from market.delivery.schemas import SubmissionSchema
from market.delivery.service import AUTO_ACCEPT, REMIND
from market.kit import ids, wire
from market.kit.clock import now
from market.kit.events import CHANNEL
from market.kit.wire import attributes_of

ACCEPTED = SubmissionSchema()
ACCEPT = "SELECT delivery_accept(%s, %s, %s, %s, %s, %s::text[], %s, %s)"
BY_THE_LONG_WAY = ("VT011", "VT001", "VT003", "23514", "23505")
"""Not plain; or the ledger, the decision row or the row of the remembered answer said no, which the long way puts into
words."""


class LongWay(Exception):
    """Not the plain case: nothing was done."""


def accept(
    submission_id: UUID, *, key_sha256: bytes, idempotency_key: str, request_sha256: bytes
) -> Response:
    """Have it accepted, in a transaction of its own, for who holds the API key of this hash; the answer, which is
    remembered under the idempotency key with the hash of the request. Raises LongWay."""
    with wire.aside() as connection:
        found = connection.ask(PEEK, submission_id=submission_id, key_sha256=key_sha256)
        if not found:
            raise LongWay
        (*values, merchant_id, is_remarked) = found[0]
        by = actor_of(*values[:5])
        work: Any = SimpleNamespace(**dict(zip(attributes_of(Submission), values[5:], strict=True)))
        has_hour = work.kind is not Kind.SCRIPT and work.content.get("publish_at")
        if (
            is_remarked
            or has_hour
            or work.state is not SubmissionState.SUBMITTED
            or by.party_id is None
            or not may_review_of(by, merchant_id)
        ):
            raise LongWay
        at = now()
        work.state, work.decided_at, work.auto, work.remarks = SubmissionState.ACCEPTED, at, False, []
        answer = cast("Response", current_app.json.response(ACCEPTED.dump(work)))
        answer.status_code = 201
        accepting = [
            submission_id,
            work.order_id,
            ids.encode("sub", submission_id),
            by.person_id,
            by.party_id,
            [AUTO_ACCEPT, REMIND],
            at,
            lock_name(by.party_id, idempotency_key),
        ]
        remembered = remembering(answer, by.party_id, idempotency_key, request_sha256)
        connection.commit((ACCEPT, accepting), remembered, ring=CHANNEL, refused=_declined)
        return answer


def _declined(failure: psycopg.Error) -> Exception | None:
    return LongWay() if failure.sqlstate in BY_THE_LONG_WAY else None
