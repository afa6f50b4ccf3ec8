"""The award: choosing a bid makes the order, its frozen terms and its milestones, all at once."""

from datetime import UTC, datetime, time, timedelta
from typing import cast
from uuid import UUID

from sqlalchemy import select, text

from market.accounts.actor import Actor
from market.accounts.queries import find_party
from market.agencies import queries as agencies
from market.agencies import service as rosters
from market.bids import queries as bids
from market.bids import service as bidding
from market.bids.models import Bid, BidState
from market.kit.clock import now
from market.kit.db import db
from market.kit.figures import figures
from market.kit.pages import format_fen
from market.kit.work import set_timer
from market.messages.service import thread_for
from market.orders import capacity, events, split_rules
from market.orders.errors import AlreadyAwarded, BidChanged, BidMissing, BidNotOpen, ShareEnded, TooLate
from market.orders.models import BOOKKEEPING_ZONE, Milestone, Order
from market.orders.queries import has_funded
from market.orders.telling import tell
from market.orders.terms import hash_of, parts_of, terms_of
from market.subsidies import service as subsidies
from market.tasks import queries as tasks
from market.tasks import service as briefs
from market.tasks.models import Task

LAPSE = "orders.lapse"


def award(task_id: UUID, bid_id: UUID, by: Actor, *, seen_fen: int | None = None) -> Order:
    """Choose a bid: the order, its frozen terms and its milestones, all at once.

    `seen_fen` is the price the merchant saw before the click. Raises AlreadyAwarded, BidMissing, BidNotOpen,
    BidChanged, ShareEnded, CreatorFull, and what the brief's own states refuse.
    """
    task = tasks.find(task_id, lock=True)
    if db.session.scalar(select(Order.id).where(Order.task_id == task_id)):
        raise AlreadyAwarded
    bid = bids.find(bid_id, lock=True)
    if bid.task_id != task_id:
        raise BidMissing(field="bid_id")
    if bid.state is not BidState.PLACED:
        raise BidNotOpen(field="bid_id")
    if seen_fen is not None and seen_fen != bid.price_fen:
        raise BidChanged(seen=format_fen(seen_fen), price=format_fen(bid.price_fen))
    if task.deadline is None or task.deadline <= now():
        raise TooLate
    if bid.agency_id and agencies.active_split(bid.agency_id, bid.creator_id) is None:
        raise ShareEnded
    capacity.hold_slot(bid.creator, _promised(task, bid, now()))
    order = _agree(task, bid, by)
    bidding.win(bid, by)
    briefs.mark_awarded(task, by=by)
    if bid.agency_id:
        rosters.hold(bid.agency_id, bid.creator_id, order.id)
    thread_for("order", order.id, f"{order.number} {order.title}", order.parties)
    lapses_at = order.awarded_at + timedelta(hours=figures.funding_lapse_h)
    set_timer(LAPSE, order.id, lapses_at, key=f"{LAPSE}:{order.id}:1", turn=1)
    tell(order, events.AWARDED, by=by, amount_fen=order.price_fen, due_at=lapses_at.isoformat())
    return order


def _agree(task: Task, bid: Bid, by: Actor) -> Order:
    awarded_at = now()
    parts = parts_of(bid.price_fen, awarded_at, _promised(task, bid, awarded_at), figures)
    order_id: UUID = db.session.execute(text("SELECT uuidv7()")).scalar_one()
    lowered = subsidies.lower_fee(
        figures.fee_bps,
        order_id=order_id,
        party_id=task.merchant_id,
        price_fen=bid.price_fen,
        campaign_code=task.campaign_code,
        is_new=not has_funded(task.merchant_id),
        by=by,
    )
    rule = split_rules.current(figures)
    terms = terms_of(
        task,
        bid,
        parts,
        figures,
        rule_version=rule.version,
        tax_bps=rule.tax_for(find_party(bid.creator_id)),
        fee_discount_bps=lowered,
    )
    order = Order(
        id=order_id,
        task_id=task.id,
        bid_id=bid.id,
        merchant_id=task.merchant_id,
        creator_id=bid.creator_id,
        agency_id=bid.agency_id,
        title=task.title,
        format=task.format,
        category=task.category,
        campaign_code=task.campaign_code,
        price_fen=bid.price_fen,
        fee_bps=terms["fee_bps"],
        commission_bps=terms["commission_bps"],
        tax_bps=terms["tax_bps"],
        rule_version=rule.version,
        terms=terms,
        terms_hash=hash_of(terms),
        awarded_at=awarded_at,
        milestones=[
            Milestone(position=at, kind=part.kind, amount_fen=part.amount_fen, due_at=part.due_at)
            for at, part in enumerate(parts, start=1)
        ],
    )
    db.session.add(order)
    db.session.flush()
    return order


def _promised(task: Task, bid: Bid, awarded_at: datetime) -> datetime:
    """The end of the day the bid promises, at the latest the brief's deadline."""
    deadline = cast(datetime, task.deadline)
    promised = datetime.combine(bid.delivery_on, time.max, BOOKKEEPING_ZONE).astimezone(UTC)
    return min(promised, deadline) if promised > awarded_at else deadline
