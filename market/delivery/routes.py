"""JSON: submissions, remarks, revisions, acceptance."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue

from market.accounts.edge import api_secret, current_actor, require
from market.accounts.idempotency import asked_key, idempotent_asking, request_hash
from market.accounts.service import sha256
from market.delivery import policy, queries, service, shortcut
from market.delivery.hour import proposed_hour
from market.delivery.models import Kind, Remark, Submission
from market.delivery.schemas import (
    AcceptanceSchema,
    ContentSchema,
    PublicationTimeSchema,
    RemarkInSchema,
    RemarkSchema,
    RevisionSchema,
    SubmissionSchema,
)
from market.delivery.shortcut import LongWay
from market.kit.api import IDEMPOTENCY_KEY, ApiBlueprint
from market.kit.db import transaction
from market.orders import queries as orders
from market.orders.models import Order
from market.orders.schemas import OrderSchema

bp = ApiBlueprint("delivery", __name__, description="Handing in, reviewing and accepting work")


@bp.get("/orders/<pid('ord'):order_id>/submissions")
@bp.response(200, SubmissionSchema(many=True))
def list_submissions(order_id: UUID) -> Sequence[Submission]:
    """Every version of every stage, oldest first."""
    return queries.of_order(orders.find_visible(order_id, current_actor()).id)


@bp.post("/orders/<pid('ord'):order_id>/submissions")
@bp.arguments(ContentSchema)
@bp.response(201, SubmissionSchema)
def create_submission(given: tuple[Kind, dict[str, Any]], order_id: UUID) -> Submission:
    """Hand in the next version for the stage that waits for the creator."""
    actor, (kind, content) = current_actor(), given
    with transaction():
        require(policy.may_deliver(actor, orders.find_visible(order_id, actor)))
        return service.submit(order_id, kind, content, actor)


@bp.get("/submissions/<pid('sub'):submission_id>")
@bp.response(200, SubmissionSchema)
def get_submission(submission_id: UUID) -> Submission:
    return queries.find_visible(submission_id, current_actor())


@bp.post("/submissions/<pid('sub'):submission_id>/acceptance")
@bp.doc(parameters=IDEMPOTENCY_KEY)
@bp.arguments(AcceptanceSchema, required=False)
@bp.response(201, SubmissionSchema)
def create_acceptance(given: dict[str, Any], submission_id: UUID) -> ResponseReturnValue:
    """Accept the work and pay its stage out. Needs Idempotency-Key."""
    secret, key = api_secret(), asked_key()
    if not given and secret and key:
        with suppress(LongWay):
            return shortcut.accept(
                submission_id,
                key_sha256=sha256(secret),
                idempotency_key=key,
                request_sha256=request_hash(),
            )
    return _accept(given, submission_id=submission_id)


@idempotent_asking(queries.LOCK_CALLERS, queries.STAGES, queries.FRESH)
def _accept(given: dict[str, Any], submission_id: UUID, found: list[queries.Rows]) -> ResponseReturnValue:
    actor = current_actor()
    is_party = bool(found[0])
    order, submission = queries.put_together(*found) if is_party else queries.locked(submission_id, actor)
    require(policy.may_review(actor, order))
    at = given["publish_at"] if "publish_at" in given else proposed_hour(submission)
    accepted = service.accept(submission_id, actor, locked=(order, submission), publish_at=at)
    return shortcut.ACCEPTED.dump(accepted), 201


@bp.post("/orders/<pid('ord'):order_id>/publication-time")
@bp.arguments(PublicationTimeSchema)
@bp.response(201, OrderSchema)
def create_publication_time(given: dict[str, Any], order_id: UUID) -> Order:
    """Another hour for accepted work that waits for its own; for the merchant, up to the order's deadline."""
    actor = current_actor()
    with transaction():
        require(policy.may_review(actor, orders.find_visible(order_id, actor)))
        return service.reschedule(order_id, given["publish_at"], actor)


@bp.post("/submissions/<pid('sub'):submission_id>/revision")
@bp.arguments(RevisionSchema)
@bp.response(201, SubmissionSchema)
def create_revision(asked: dict[str, Any], submission_id: UUID) -> Submission:
    """Send the version back; counted against the agreed rounds."""
    actor = current_actor()
    with transaction():
        require(policy.may_review(actor, queries.order_visible(submission_id, actor)))
        service.ask_revision(submission_id, asked["remarks"], actor)
    return queries.find_visible(submission_id, actor)


@bp.post("/submissions/<pid('sub'):submission_id>/remarks")
@bp.arguments(RemarkInSchema)
@bp.response(201, RemarkSchema)
def create_remark(said: dict[str, Any], submission_id: UUID) -> Remark:
    """Say something, pinned to a moment of the film and a spot of its picture if you like."""
    actor = current_actor()
    with transaction():
        require(policy.may_remark(actor, queries.order_visible(submission_id, actor)))
        return service.remark(submission_id, said, actor)


@bp.post("/submissions/<pid('sub'):submission_id>/extension")
@bp.response(201, SubmissionSchema)
def create_extension(submission_id: UUID) -> Submission:
    """More time to look before the work is accepted by itself, once."""
    actor = current_actor()
    with transaction():
        require(policy.may_review(actor, queries.order_visible(submission_id, actor)))
        return service.extend(submission_id, actor)
