"""The verbs of an invitation: send, decline, accept by bidding, expire; and how answers are measured (K8)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from market.accounts.actor import SYSTEM, Actor, Role
from market.accounts.models import Party
from market.agencies.queries import agency_of
from market.bids.errors import (
    AlreadyBid,
    AlreadyInvited,
    BriefClosed,
    InvitationOver,
    NotCreator,
    TooManyInvitations,
    TooManyStrangers,
)
from market.bids.models import Bid, BidState, Invitation, InvitationState
from market.bids.queries import find_invitation, invitation_for, live_of, median_reply_s
from market.creators.service import note_reply
from market.kit import ids
from market.kit.clock import now
from market.kit.db import db
from market.kit.events import record
from market.kit.figures import figures
from market.kit.pages import format_when
from market.kit.work import cancel_timers, set_timer
from market.tasks import queries as tasks
from market.tasks.models import Task

EXPIRE_TIMER = "bids.expire_invitation"


def invite(task_id: UUID, creator_id: UUID, *, message: str = "", by: Actor) -> Invitation:
    """Ask a verified creator to bid.

    Raises BriefClosed, NotCreator, AlreadyBid, AlreadyInvited, TooManyInvitations, TooManyStrangers.
    """
    task = tasks.find(task_id, lock=True)
    if not task.is_taking_bids or task.bids_close_at is None:
        raise BriefClosed
    creator = db.session.get(Party, creator_id)
    if creator is None or creator.role is not Role.CREATOR or not creator.is_verified:
        raise NotCreator(field="creator")
    if live_of(creator_id, task_id):
        raise AlreadyBid(field="creator")
    if invitation_for(task_id, creator_id):
        raise AlreadyInvited(field="creator")
    _check_quota(task, creator_id)
    expires_at = min(now() + timedelta(hours=figures.invitation_h), task.bids_close_at)
    sent = Invitation(task_id=task_id, creator_id=creator_id, message=message, expires_at=expires_at)
    sent.state = InvitationState.SENT
    db.session.add(sent)
    db.session.flush()
    set_timer(EXPIRE_TIMER, sent.id, expires_at)
    agency = agency_of(creator_id)
    _tell("invitation.sent", task, sent, by, audience=[creator_id, agency.agency_id if agency else None])
    return sent


def decline(invitation: Invitation, reason: str, *, by: Actor) -> Invitation:
    """The creator will not bid. `invitation` is locked. Raises InvitationOver."""
    if not invitation.is_open:
        raise InvitationOver
    invitation.decline(reason)
    cancel_timers(invitation.id, EXPIRE_TIMER)
    _measure(invitation)
    task = tasks.find(invitation.task_id)
    _tell("invitation.declined", task, invitation, by, audience=[task.merchant_id], reason=reason)
    return invitation


def accept_by_bid(task: Task, bid: Bid) -> None:
    """A bid answers the invitation to its brief, if there is one that waits. The caller holds the brief's lock."""
    asked = invitation_for(task.id, bid.creator_id)
    if asked is None or not asked.is_open:
        return
    asked = find_invitation(asked.id, lock=True)
    if asked.is_open:
        asked.accept(bid.id)
        cancel_timers(asked.id, EXPIRE_TIMER)
        _measure(asked)


def expire_invitation(invitation_id: UUID, data: dict[str, Any]) -> None:
    """The timer: nobody answered. Safe to run twice, and late."""
    # In the order of every other verb here: the brief first.
    task = tasks.find(find_invitation(invitation_id).task_id, lock=True)
    invitation = find_invitation(invitation_id, lock=True)
    if invitation.state is InvitationState.SENT and invitation.expires_at <= now():
        invitation.expire()
        note_reply(invitation.creator_id, in_time=False, median_s=None)
        _tell("invitation.expired", task, invitation, SYSTEM, audience=[task.merchant_id])


def void_rest(task: Task) -> None:
    """The brief is over: what was not answered ends, and is not held against the creator."""
    waiting = select(Invitation).where(
        Invitation.task_id == task.id, Invitation.state == InvitationState.SENT
    )
    for invitation in db.session.scalars(waiting.with_for_update()):
        invitation.expire()
        cancel_timers(invitation.id, EXPIRE_TIMER)
    db.session.flush()


def _measure(invitation: Invitation) -> None:
    db.session.flush()
    note_reply(invitation.creator_id, in_time=True, median_s=median_reply_s(invitation.creator_id))


def _check_quota(task: Task, creator_id: UUID) -> None:
    pending = select(func.count()).where(
        Invitation.task_id == task.id, Invitation.state == InvitationState.SENT
    )
    if (db.session.scalar(pending) or 0) >= figures.pending_invitations:
        raise TooManyInvitations(most=figures.pending_invitations)
    if db.session.scalar(_worked_for(task.merchant_id).where(Bid.creator_id == creator_id).limit(1)):
        return
    quota = stranger_quota(task.merchant_id)
    if not quota.left:
        raise TooManyStrangers(most=figures.stranger_invitations_a_day, at=format_when(quota.again_at))


@dataclass(frozen=True)
class StrangerQuota:
    """K8: how many more may be sent to creators who never worked for this merchant; with none left, from when on again."""

    left: int
    again_at: datetime


def stranger_quota(merchant_id: UUID) -> StrangerQuota:
    day = timedelta(days=1)
    most = figures.stranger_invitations_a_day
    newest = (
        select(Invitation.created_at)
        .join(Task, Task.id == Invitation.task_id)
        .where(
            Task.merchant_id == merchant_id,
            Invitation.created_at > now() - day,
            Invitation.creator_id.not_in(_worked_for(merchant_id)),
        )
        .order_by(Invitation.created_at.desc())
        .limit(most)
    )
    sent = db.session.scalars(newest).all()
    return StrangerQuota(most - len(sent), (sent[-1] if sent else now()) + day)


def _worked_for(merchant_id: UUID) -> Select[UUID]:
    return (
        select(Bid.creator_id)
        .join(Task, Task.id == Bid.task_id)
        .where(Task.merchant_id == merchant_id, Bid.state == BidState.AWARDED)
    )


def _tell(
    name: str, task: Task, invitation: Invitation, by: Actor, *, audience: list[UUID | None], **data: Any
) -> None:
    db.session.flush()
    record(
        name,
        invitation.id,
        by=by,
        audience=audience,
        task=ids.encode("tsk", task.id),
        title=task.title,
        creator=invitation.creator.name,
        **data,
    )
