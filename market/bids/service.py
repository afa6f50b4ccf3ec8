"""The verbs of a bid: place, change, withdraw, win. Locks: the brief's row first, then the bid's."""

from datetime import date, datetime
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from market.accounts.actor import SYSTEM, Actor, Role
from market.accounts.errors import NotVerified
from market.accounts.queries import find_party, hats
from market.agencies.queries import active_link
from market.bids.answers import facts
from market.bids.errors import (
    AlreadyBid,
    BidDecided,
    BriefClosed,
    BudgetExceeded,
    CreatorNotVerified,
    LateDelivery,
    NotOnRoster,
    OwnBrief,
    StillSealed,
    TooManyBids,
)
from market.bids.invitations import accept_by_bid, void_rest
from market.bids.models import Bid, BidState
from market.bids.queries import find, live_count, live_of, of_task
from market.kit import ids
from market.kit.clock import now
from market.kit.db import db
from market.kit.events import Event, record
from market.kit.figures import figures
from market.media.errors import AssetNotUsable
from market.media.models import Kind
from market.media.service import attachable, share
from market.tasks import queries as tasks
from market.tasks import service as briefs
from market.tasks.models import Task

ZONE = ZoneInfo("Asia/Shanghai")
"""A date without a clock is a day here."""


def place(task_id: UUID, creator_id: UUID, data: dict[str, Any], *, by: Actor) -> Bid:
    """Bid on an open brief: a creator for themselves, an agency for a member under the accepted share.

    Raises NotVerified, CreatorNotVerified, NotOnRoster, BriefClosed, AlreadyBid, OwnBrief, BudgetExceeded,
    LateDelivery, TooManyBids.
    """
    task = tasks.find(task_id, lock=True)
    _check_provider(creator_id, by)
    _check_offer(task, data)
    if any(hat.party_id == task.merchant_id for hat in hats(cast(UUID, by.person_id))):
        raise OwnBrief
    if live_of(creator_id, task_id):
        raise AlreadyBid
    # Bids on other briefs are placed under other locks: the quota needs one of its own.
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"bids:{creator_id}", 0))))
    if live_count(creator_id) >= figures.live_bids:
        raise TooManyBids(most=figures.live_bids)
    bid = Bid(task_id=task_id, creator_id=creator_id, state=BidState.PLACED, commission_bps=0)
    if by.role is Role.AGENCY:
        link = active_link(cast(UUID, by.party_id), creator_id)
        if link is None:
            raise NotOnRoster(field="creator_id")
        bid.agency_id, bid.commission_bps = link.agency_id, link.commission_bps
    _write(bid, task, data, by)
    db.session.add(bid)
    db.session.flush()
    briefs.count_bid(task, +1)
    accept_by_bid(task, bid)
    _tell("bid.placed", task, bid, by, audience=[None if task.hides_bids else task.merchant_id])
    if bid.agency:
        _tell("bid.placed_for_you", task, bid, by, audience=[creator_id], agency=bid.agency.name)
    return bid


def change(bid_id: UUID, data: dict[str, Any], *, by: Actor) -> Bid:
    """Write what is given into a bid that is not decided. Raises BidDecided, BriefClosed, BudgetExceeded, LateDelivery."""
    task, bid = _locked(bid_id)
    if not bid.is_placed:
        raise BidDecided
    _check_offer(task, data)
    before = bid.price_fen
    _write(bid, task, data, by)
    bid.changed_at = now()
    db.session.flush()
    audience = [None if task.hides_bids else task.merchant_id, bid.creator_id]
    _tell("bid.changed", task, bid, by, audience=audience, before_fen=before)
    return bid


def withdraw(bid_id: UUID, *, by: Actor) -> Bid:
    """Take a bid back while nothing is decided."""
    task, bid = _locked(bid_id)
    if not bid.is_placed:
        raise BidDecided
    bid.withdraw()
    briefs.count_bid(task, -1)
    audience = [None if task.hides_bids else task.merchant_id, bid.creator_id, bid.agency_id]
    _tell("bid.withdrawn", task, bid, by, audience=audience)
    return bid


def win(bid: Bid, by: Actor) -> Bid:
    """The award was made (orders.award holds the locks): this bid wins, the brief's others are lost."""
    task = tasks.find(bid.task_id)
    if task.hides_bids:
        raise StillSealed
    bid.win()
    db.session.flush()
    _tell("bid.awarded", task, bid, by, audience=[])  # order.awarded tells both
    _lose_rest(task, by, to=bid)
    void_rest(task)
    return bid


def end_with_brief(event: Event) -> None:
    """Listener of task.cancelled and task.closed: nobody waits for an answer that will not come."""
    task = tasks.find(event.subject_id, lock=True)
    void_rest(task)
    if event.name == "task.cancelled":
        _lose_rest(task, SYSTEM)


def end_with_link(event: Event) -> None:
    """Listener of roster.ending: the agency's open bids for this creator are taken back."""
    rows = select(Bid.id).where(
        Bid.agency_id == UUID(event.data["agency_id"]),
        Bid.creator_id == UUID(event.data["creator_id"]),
        Bid.state == BidState.PLACED,
    )
    for bid_id in db.session.scalars(rows.order_by(Bid.task_id)).all():
        if _locked(bid_id)[1].is_placed:
            withdraw(bid_id, by=SYSTEM)


def last_day(task: Task) -> date:
    """The latest day on which the work may be delivered."""
    return cast(datetime, task.deadline).astimezone(ZONE).date()


def today() -> date:
    return now().astimezone(ZONE).date()


def _locked(bid_id: UUID) -> tuple[Task, Bid]:
    task = tasks.find(find(bid_id).task_id, lock=True)
    return task, find(bid_id, lock=True)


def _check_provider(creator_id: UUID, by: Actor) -> None:
    """Only verified providers bid, and an agency only for a verified member."""
    if not by.verified:
        raise NotVerified
    if by.role is Role.AGENCY:
        if active_link(cast(UUID, by.party_id), creator_id) is None:
            raise NotOnRoster(field="creator_id")
        if not find_party(creator_id).is_verified:
            raise CreatorNotVerified(field="creator_id")


def _check_offer(task: Task, data: dict[str, Any]) -> None:
    if not task.is_taking_bids or task.budget_fen is None:
        raise BriefClosed
    if data.get("price_fen", 0) > task.budget_fen:
        raise BudgetExceeded(field="price_fen", budget=f"{task.budget_fen / 100:,.2f}")
    if "delivery_on" in data and not today() <= data["delivery_on"] <= last_day(task):
        raise LateDelivery(field="delivery_on", last=last_day(task).isoformat())


def _write(bid: Bid, task: Task, data: dict[str, Any], by: Actor) -> None:
    for asset_id in data.get("asset_ids", []):
        if asset_id not in (bid.asset_ids or []):
            _attach(asset_id, task, by)
    for name, value in data.items():
        setattr(bid, name, value)


def _attach(asset_id: UUID, task: Task, by: Actor) -> None:
    """Show one's own finished video to the merchant."""
    try:
        attachable(asset_id, Kind.VIDEO, by=by, ready=True)
    except AssetNotUsable as wrong:
        raise AssetNotUsable(field="asset_ids") from wrong
    share(asset_id, task.merchant_id)


def _lose_rest(task: Task, by: Actor, to: Bid | None = None) -> None:
    """Nobody waits any more: the brief ended, or another bid was chosen, and then each is told where he stood."""
    rest = list(of_task(task.id, BidState.PLACED))
    for other in rest:
        other.lose(facts(other, to, [to, *rest]) if to else None)
        name = "bid.lost" if to else "bid.ended"
        _tell(name, task, other, by, audience=[other.creator_id, other.agency_id], **other.answer)


def _tell(name: str, task: Task, bid: Bid, by: Actor, *, audience: list[UUID | None], **data: Any) -> None:
    """The subject is the bid, not the brief: what one bidder asks is not for the others to read."""
    db.session.flush()
    record(
        name,
        bid.id,
        by=by,
        audience=audience,
        task=ids.encode("tsk", task.id),
        title=task.title,
        creator=bid.creator.name,
        amount_fen=bid.price_fen,
        **data,
    )
