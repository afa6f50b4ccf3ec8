"""Finding submissions, always from the orders the actor may see."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import selectinload

from market.accounts.actor import Actor
from market.delivery.models import Submission, SubmissionState
from market.kit.db import db
from market.kit.errors import NotFound
from market.orders import queries as orders
from market.orders import timers
from market.orders.models import Order

WITH_REMARKS = selectinload(Submission.remarks)


def visible_to(actor: Actor) -> Select[Submission]:
    """Those of the orders one is a party of."""
    mine = orders.visible_to(actor).with_only_columns(Order.id)
    return select(Submission).where(Submission.order_id.in_(mine)).options(WITH_REMARKS)


timers.register(lambda order_id: select(Submission.id).where(Submission.order_id == order_id))


def find(submission_id: UUID) -> Submission:
    """Without asking who wants it, freshly read; it changes only under its order's lock. Raises NotFound."""
    found = db.session.get(Submission, submission_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def order_of(submission_id: UUID) -> UUID:
    """The order to lock before a submission is touched. Raises NotFound."""
    found = db.session.scalar(select(Submission.order_id).where(Submission.id == submission_id))
    if found is None:
        raise NotFound
    return found


def find_visible(submission_id: UUID, actor: Actor) -> Submission:
    """Raises NotFound, also for a foreign order's."""
    found = db.session.scalar(
        visible_to(actor).where(Submission.id == submission_id).execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound
    return found


def order_visible(submission_id: UUID, actor: Actor, *, lock: bool = False) -> Order:
    """The order of a submission the actor may see. Raises NotFound."""
    mine = visible_to(actor).where(Submission.id == submission_id).with_only_columns(Submission.order_id)
    order_id = db.session.scalar(mine)
    if order_id is None:
        raise NotFound
    return orders.find(order_id, lock=lock)


def of_order(order_id: UUID) -> Sequence[Submission]:
    """Every version, oldest first."""
    return db.session.scalars(
        select(Submission)
        .where(Submission.order_id == order_id)
        .order_by(Submission.id)
        .options(WITH_REMARKS)
    ).all()


def versions(milestone_id: UUID) -> Sequence[Submission]:
    return db.session.scalars(
        select(Submission)
        .where(Submission.milestone_id == milestone_id)
        .order_by(Submission.version)
        .options(WITH_REMARKS)
    ).all()


def rounds_used(milestone_id: UUID) -> int:
    """How many revisions were asked for at this stage."""
    rows = select(func.count()).where(
        Submission.milestone_id == milestone_id, Submission.state == SubmissionState.REVISION_ASKED
    )
    return db.session.scalar(rows) or 0
