"""Finding submissions, always from the orders the actor may see."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Uuid, bindparam, exists, func, inspect, outerjoin, select
from sqlalchemy.orm import selectinload
from sqlalchemy.orm.attributes import set_committed_value

from market.accounts.actor import SYSTEM, Actor
from market.accounts.idempotency import IS_OURS
from market.accounts.queries import key_holder, party_or_key_holder
from market.delivery.models import Remark, Submission, SubmissionState
from market.kit.db import db
from market.kit.errors import NotFound
from market.kit.wire import Question, adopt, ask, rows_of, side_by_side
from market.orders import queries as orders
from market.orders import timers
from market.orders.amendments import IS_LIVE, Change
from market.orders.models import Milestone, Order

Rows = Sequence[tuple[Any, ...]]
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


def locked(submission_id: UUID, actor: Actor = SYSTEM) -> tuple[Order, Submission]:
    """Its order, locked, and the submission as it is then, of those the actor may see; all in one round trip. It
    changes only under its order's lock. Raises NotFound."""
    it = {"submission_id": submission_id}
    lock = (LOCK_ANY, it) if actor.is_operator else (LOCK_OURS, it | {"me": actor.party_id})
    return put_together(*ask(lock, (STAGES, it), (FRESH, it)))


def put_together(of_order: Rows, stages: Rows, found: Rows) -> tuple[Order, Submission]:
    """The same of the rows of a lock, STAGES and FRESH. Raises NotFound."""
    fresh, change = side_by_side(found, Submission, Change)
    order = orders.together(of_order, stages, change)
    (submission,), is_remarked = adopt(Submission, fresh), found[0][-1]
    remarks = ask((REMARKS, {"submission_id": submission.id}))[0] if is_remarked else []
    set_committed_value(submission, "remarks", adopt(Remark, remarks))
    return order, submission


_ID = bindparam("submission_id", type_=Uuid())
_THE_ORDER = select(Submission.order_id).where(Submission.id == _ID).scalar_subquery()
_LOCK = rows_of(Order).where(Order.id == _THE_ORDER).with_for_update()
LOCK_ANY = Question(_LOCK)
LOCK_OURS = Question(_LOCK.where(orders.is_party(bindparam("me"))))
LOCK_CALLERS = Question(_LOCK.where(IS_OURS, orders.is_one_party(party_or_key_holder())))
"""For who calls under an Idempotency-Key, before it is known who that is (accounts.idempotency)."""
STAGES = Question(rows_of(Milestone).where(Milestone.order_id == _THE_ORDER).order_by(Milestone.position))
FRESH = Question(
    rows_of(Submission, Change)
    .add_columns(exists().where(Remark.submission_id == Submission.id))
    .select_from(outerjoin(Submission, Change, (Change.order_id == Submission.order_id) & IS_LIVE))
    .where(Submission.id == _ID)
)
"""The submission, the change on its order's table, and whether anything was remarked."""
REMARKS = Question(rows_of(Remark).where(Remark.submission_id == _ID).order_by(Remark.id))


PEEK = Question(
    key_holder()
    .add_columns(*inspect(Submission).columns, Order.merchant_id)
    .add_columns(exists().where(Remark.submission_id == Submission.id))
    .join(Submission, Submission.id == _ID)
    .join(Order, Order.id == Submission.order_id)
)
"""Whom an API key acts for, beside the submission as it is now, without a lock; the merchant, and whether anything was
remarked."""


def find_visible(submission_id: UUID, actor: Actor) -> Submission:
    """Raises NotFound, also for a foreign order's."""
    found = db.session.scalar(
        visible_to(actor).where(Submission.id == submission_id).execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound
    return found


def order_visible(submission_id: UUID, actor: Actor) -> Order:
    """The order of a submission the actor may see. Raises NotFound."""
    mine = visible_to(actor).where(Submission.id == submission_id).with_only_columns(Submission.order_id)
    order_id = db.session.scalar(mine)
    if order_id is None:
        raise NotFound
    return orders.find(order_id)


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
