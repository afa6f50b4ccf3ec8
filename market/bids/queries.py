"""Finding bids and invitations."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import Select, false, func, or_, select

from market.accounts.actor import Actor
from market.agencies.models import LinkState, RosterLink
from market.bids.models import Bid, BidState, Invitation, InvitationState
from market.kit.clock import now
from market.kit.db import db
from market.kit.errors import NotFound
from market.tasks.models import Task, TaskState


def visible_to(actor: Actor) -> Select[Bid]:
    """The bidder's side always; the merchant once the bids are not sealed (any more)."""
    rows = select(Bid).join(Task, Task.id == Bid.task_id)
    if actor.is_operator:
        return rows
    if actor.party_id is None:
        return rows.where(false())
    shut = Task.sealed & (Task.state == TaskState.OPEN) & (Task.bids_close_at > now())
    return rows.where(
        or_(
            Bid.creator_id == actor.party_id,
            Bid.agency_id == actor.party_id,
            (Task.merchant_id == actor.party_id) & ~shut,
        )
    )


def find(bid_id: UUID, *, lock: bool = False) -> Bid:
    """Without asking who looks. Lock the brief's row first (rule 7)."""
    bid = db.session.get(Bid, bid_id, with_for_update=lock or None, populate_existing=lock)
    if bid is None:
        raise NotFound
    return bid


def find_visible(bid_id: UUID, actor: Actor) -> Bid:
    """Raises NotFound, also for a foreign bid."""
    bid = db.session.scalar(visible_to(actor).where(Bid.id == bid_id))
    if bid is None:
        raise NotFound
    return bid


def of_task(task_id: UUID, *states: BidState) -> Sequence[Bid]:
    """The bids on a brief, oldest first; of these states only, if any are named."""
    rows = select(Bid).where(Bid.task_id == task_id).order_by(Bid.id)
    return db.session.scalars(rows.where(Bid.state.in_(states)) if states else rows).all()


def mine(actor: Actor) -> Select[Bid]:
    """What the actor's party bid: as creator, or as agency."""
    return select(Bid).where(or_(Bid.creator_id == actor.party_id, Bid.agency_id == actor.party_id))


def mine_on(task_ids: Iterable[UUID], actor: Actor) -> dict[UUID, Bid]:
    """The actor's newest bid on each of these briefs, by brief."""
    wanted = set(task_ids)
    if not wanted:
        return {}
    rows = mine(actor).where(Bid.task_id.in_(wanted)).order_by(Bid.id)
    return {bid.task_id: bid for bid in db.session.scalars(rows)}


def live_of(creator_id: UUID, task_id: UUID) -> Bid | None:
    """The creator's bid on this brief that stands."""
    return db.session.scalar(
        select(Bid).where(
            Bid.task_id == task_id,
            Bid.creator_id == creator_id,
            Bid.state.in_((BidState.PLACED, BidState.AWARDED)),
        )
    )


def live_count(creator_id: UUID) -> int:
    placed = select(func.count()).where(Bid.creator_id == creator_id, Bid.state == BidState.PLACED)
    return db.session.scalar(placed) or 0


def invitations_visible_to(actor: Actor) -> Select[Invitation]:
    """The merchant who asked, the creator who was asked, and the agency that represents the creator."""
    rows = select(Invitation).join(Task, Task.id == Invitation.task_id)
    if actor.is_operator:
        return rows
    members = select(RosterLink.creator_id).where(
        RosterLink.agency_id == actor.party_id, RosterLink.state == LinkState.ACTIVE
    )
    return rows.where(
        or_(
            Invitation.creator_id == actor.party_id,
            Task.merchant_id == actor.party_id,
            Invitation.creator_id.in_(members),
        )
    )


def waiting(actor: Actor) -> Select[Invitation]:
    """Invitations the actor (creator, or agency for its members) can still answer."""
    return invitations_visible_to(actor).where(
        Invitation.state == InvitationState.SENT,
        Invitation.expires_at > now(),
        Task.merchant_id != actor.party_id,
    )


def find_invitation(invitation_id: UUID, *, lock: bool = False) -> Invitation:
    found = db.session.get(Invitation, invitation_id, with_for_update=lock or None, populate_existing=lock)
    if found is None:
        raise NotFound
    return found


def find_visible_invitation(invitation_id: UUID, actor: Actor) -> Invitation:
    """Raises NotFound, also for a foreign invitation."""
    found = db.session.scalar(invitations_visible_to(actor).where(Invitation.id == invitation_id))
    if found is None:
        raise NotFound
    return found


def invitation_for(task_id: UUID, creator_id: UUID) -> Invitation | None:
    return db.session.scalar(
        select(Invitation).where(Invitation.task_id == task_id, Invitation.creator_id == creator_id)
    )


def invitations_of_task(task_id: UUID) -> Sequence[Invitation]:
    return db.session.scalars(
        select(Invitation).where(Invitation.task_id == task_id).order_by(Invitation.id.desc())
    ).all()


def median_reply_s(creator_id: UUID) -> int | None:
    """K8: the median time this creator took to answer, accepted or declined."""
    took = func.extract("epoch", Invitation.replied_at - Invitation.created_at)
    median = select(func.percentile_cont(0.5).within_group(took)).where(
        Invitation.creator_id == creator_id, Invitation.replied_at.is_not(None)
    )
    found = db.session.scalar(median)
    return None if found is None else max(int(found), 0)
