"""Accepting the plain case in two round trips: who calls and what was handed in, then all that is written (schema.sql).

It may always decline, and does whenever anything is out of the ordinary, also when somebody was quicker: nothing has
happened then, and the long way (service.accept) decides, refuses, and says why. So no rule stands here alone.
"""

from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import psycopg

from market.accounts.actor import Actor
from market.delivery.models import Kind, Submission, SubmissionState
from market.delivery.policy import may_review_of
from market.delivery.queries import Rows
from market.delivery.service import AUTO_ACCEPT, REMIND
from market.kit import ids, wire
from market.kit.clock import now
from market.kit.events import CHANNEL
from market.kit.wire import attributes_of

ACCEPT = "SELECT delivery_accept(%s, %s, %s, %s, %s, %s::text[], %s)"
BY_THE_LONG_WAY = ("VT011", "VT001", "VT003", "23514", "23505")
"""Not plain; or the ledger or the decision row said no, which the long way puts into words."""


class LongWay(Exception):
    """Not the plain case: nothing was done."""


def accept(peeked: Rows, by: Actor) -> Submission:
    """Have the submission that PEEK found accepted with the commit; as it will be then. Raises LongWay, also at the
    commit."""
    if not peeked:
        raise LongWay
    *values, merchant_id, is_remarked = peeked[0]
    work: Any = SimpleNamespace(**dict(zip(attributes_of(Submission), values, strict=True)))
    has_hour = work.kind is not Kind.SCRIPT and work.content.get("publish_at")
    if (
        is_remarked
        or has_hour
        or work.state is not SubmissionState.SUBMITTED
        or not may_review_of(by, merchant_id)
    ):
        raise LongWay
    at = now()
    work.state, work.decided_at, work.auto, work.remarks = SubmissionState.ACCEPTED, at, False, []
    said: UUID = work.id
    values = [
        said,
        work.order_id,
        ids.encode("sub", said),
        by.person_id,
        by.party_id,
        [AUTO_ACCEPT, REMIND],
        at,
    ]
    wire.write(("delivery_accept", said), ACCEPT, values, alone=True, refused=_declined)
    wire.ring(CHANNEL)
    return cast(Submission, work)


def _declined(failure: psycopg.Error) -> Exception | None:
    return LongWay() if failure.sqlstate in BY_THE_LONG_WAY else None
