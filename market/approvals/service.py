"""Ask, consent, refuse, withdraw, expire. Consent carries the act out, in the same transaction or not at all."""

from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from market.accounts.actor import SYSTEM, Actor, Role
from market.accounts.models import Party
from market.approvals import policy, registry
from market.approvals.errors import (
    AlreadyDecided,
    ApprovalExpired,
    ContentChanged,
    MayNotDecide,
    OwnRequest,
)
from market.approvals.models import Approval, ApprovalState, hash_of
from market.kit.clock import now
from market.kit.db import db
from market.kit.events import record
from market.kit.figures import figures
from market.kit.ids import encode
from market.kit.work import cancel_timers, set_timer

EXPIRE = "approvals.expire"


def ask(kind: str, subject_id: UUID, content: dict[str, Any], *, reason: str, by: Actor) -> Approval:
    """Ask for a second operator's word; the same question, while it is open, is the same request.

    `content` is plain JSON and says everything the act needs; it never changes. Nothing happens yet.
    """
    if by.person_id is None or by.party_id is None:
        raise ValueError("a person asks: two machines are not four eyes")
    registry.act(kind)
    sha = hash_of(content)
    same = (
        Approval.kind == kind,
        Approval.subject_id == subject_id,
        Approval.content_hash == sha,
        Approval.state == ApprovalState.OPEN,
    )
    stale = db.session.scalar(select(Approval).where(*same, Approval.expires_at <= now()).with_for_update())
    if stale is not None:
        _expire(stale)
    expires_at = now() + timedelta(hours=figures.approval_h)
    made = db.session.scalar(
        insert(Approval)
        .values(
            kind=kind,
            subject_id=subject_id,
            content=content,
            content_hash=sha,
            reason=reason,
            asked_by=by.person_id,
            asked_party=by.party_id,
            expires_at=expires_at,
            state=ApprovalState.OPEN,
            note="",
        )
        .on_conflict_do_nothing()
        .returning(Approval.id)
    )
    if made is not None:
        set_timer(EXPIRE, made, expires_at)
        operators = db.session.scalars(select(Party.id).where(Party.role == Role.OPERATOR))
        _tell("approval.asked", cast(Approval, db.session.get(Approval, made)), by, [*operators])
    return db.session.scalars(select(Approval).where(*same)).one()


def consent(approval: Approval, by: Actor, *, seen: str, note: str = "") -> Approval:
    """Agree to the (locked) request and carry it out. `seen` is the hash of the content that was shown, in hex.

    Raises MayNotDecide, OwnRequest, AlreadyDecided, ApprovalExpired, ContentChanged, and what the act refuses.
    """
    _may_end(approval, by)
    if approval.asked_by == by.person_id:
        raise OwnRequest
    if seen != approval.hash_hex or hash_of(approval.content) != approval.content_hash:
        raise ContentChanged
    registry.act(approval.kind).perform(approval, by)
    approval.end(ApprovalState.DONE, by.person_id, note)
    cancel_timers(approval.id, EXPIRE)
    _tell("approval.done", approval, by, [approval.asked_party])
    return approval


def refuse(approval: Approval, by: Actor, *, note: str) -> Approval:
    """The second operator says no, and why. Raises as `consent`."""
    _may_end(approval, by)
    if approval.asked_by == by.person_id:
        raise OwnRequest
    approval.end(ApprovalState.REFUSED, by.person_id, note)
    cancel_timers(approval.id, EXPIRE)
    _tell("approval.refused", approval, by, [approval.asked_party], note=note)
    return approval


def withdraw(approval: Approval, by: Actor) -> Approval:
    """Who asked takes it back. Raises MayNotDecide for anybody else, AlreadyDecided."""
    if approval.asked_by != by.person_id:
        raise MayNotDecide
    if approval.state is not ApprovalState.OPEN:
        raise AlreadyDecided
    approval.end(ApprovalState.WITHDRAWN, by.person_id)
    cancel_timers(approval.id, EXPIRE)
    _tell("approval.withdrawn", approval, by, [])
    return approval


def expire(approval_id: UUID, data: dict[str, Any] | None = None) -> None:
    """The timer: nobody said anything. Safe to run twice."""
    found = db.session.get(Approval, approval_id, with_for_update=True, populate_existing=True)
    if found is not None and found.state is ApprovalState.OPEN and found.expires_at <= now():
        _expire(found)


def _expire(approval: Approval) -> None:
    approval.end(ApprovalState.EXPIRED, None)
    db.session.flush()
    _tell("approval.expired", approval, SYSTEM, [approval.asked_party])


def _may_end(approval: Approval, by: Actor) -> None:
    if not policy.may_decide(by, approval):
        raise MayNotDecide
    if approval.state is ApprovalState.EXPIRED or (
        approval.state is ApprovalState.OPEN and approval.expires_at <= now()
    ):
        raise ApprovalExpired
    if approval.state is not ApprovalState.OPEN:
        raise AlreadyDecided


def _tell(name: str, approval: Approval, by: Actor, audience: list[UUID], **data: Any) -> None:
    record(
        name,
        approval.id,
        by=by,
        audience=audience,
        kind=approval.kind,
        subject=str(approval.subject_id),
        content_hash=approval.hash_hex,
        reason=approval.reason,
        url=f"/ops/approvals/{encode('apr', approval.id)}",
        **data,
    )
