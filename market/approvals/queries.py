"""Finding requests, always from who may see them: operators."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, false, func, select

from market.accounts.actor import Actor
from market.approvals.models import Approval, ApprovalState
from market.approvals.policy import may_look
from market.kit.clock import now
from market.kit.db import db
from market.kit.errors import NotFound


def visible_to(actor: Actor) -> Select[Approval]:
    rows = select(Approval)
    return rows if may_look(actor) else rows.where(false())


def find_visible(approval_id: UUID, actor: Actor, *, lock: bool = False) -> Approval:
    """Raises NotFound. With `lock`, the row is locked and read afresh."""
    rows = visible_to(actor).where(Approval.id == approval_id)
    found = db.session.scalar(
        (rows.with_for_update() if lock else rows).execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound
    return found


def waiting(actor: Actor) -> Select[Approval]:
    """Open and not over, whoever asked."""
    return visible_to(actor).where(Approval.state == ApprovalState.OPEN, Approval.expires_at > now())


def waiting_for(actor: Actor) -> int:
    """How many wait for this operator's word: not his own."""
    rows = waiting(actor).where(Approval.asked_by != actor.person_id).with_only_columns(func.count())
    return db.session.scalar(rows) or 0


def of_subject(subject_id: UUID) -> Sequence[Approval]:
    """Everything ever asked about this subject, newest first."""
    rows = select(Approval).where(Approval.subject_id == subject_id)
    return db.session.scalars(rows.order_by(Approval.id.desc())).all()


def open_of(kind: str, subject_id: UUID) -> Approval | None:
    """The request of this kind that waits for a second operator, if one does."""
    return db.session.scalar(
        select(Approval)
        .where(
            Approval.kind == kind,
            Approval.subject_id == subject_id,
            Approval.state == ApprovalState.OPEN,
            Approval.expires_at > now(),
        )
        .order_by(Approval.id.desc())
        .limit(1)
    )
