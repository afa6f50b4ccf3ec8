"""A merchant's money: four figures, the wallet, what to pay for next, and what the ledger says happened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from sqlalchemy import func, select

from market.accounts.actor import Actor
from market.kit.db import db
from market.kit.paging import Page, page_of
from market.kit.words import say
from market.ledger import queries as books
from market.ledger.accounts import Account, AccountKind
from market.ledger.movements import Entry
from market.orders import queries
from market.orders.amendments import Change, ChangeState, awaiting_changes
from market.orders.models import Milestone, Order
from market.orders.states import OVER, RUNNING, MilestoneState, OrderState
from market.orders.yuan import POSTINGS
from market.payments import queries as payments
from market.payments import refunds, wallet
from market.payments.models import Checkout

K = AccountKind
RECENT_ORDERS = 200
"""The statement is of so many orders, the latest: what moved in older ones stands on their money pages."""
SHOWN_DUE = 5


@dataclass(frozen=True)
class Moved:
    """One line of the statement: into escrow or out of it."""

    name: str
    order: Order
    fen: int
    entry: Entry


@dataclass(frozen=True)
class Due:
    """An order that waits for money: the stage, how much, and until when (None: no hour is set)."""

    order: Order
    stage: Milestone | None
    fen: int
    at: datetime | None


@dataclass(frozen=True)
class Funds:
    """`held_fen` is in escrow, `frozen_fen` of it cannot move now, `releasable_fen` waits for the merchant's word; `released_fen` went to the payees,
    `refunding_fen` is on its way back to the merchant."""

    held_fen: int
    frozen_fen: int
    releasable_fen: int
    released_fen: int
    refunding_fen: int
    wallet_fen: int
    due: Sequence[Due]
    due_fen: int
    checkouts: Page[Checkout]
    statement: Page[Moved]


def of_merchant(actor: Actor, *, cursor: str | None = None, paid_cursor: str | None = None) -> Funds:
    """The figures over all orders. Raises Invalid on a cursor that is none."""
    party_id = cast(UUID, actor.party_id)
    held, frozen, releasable, released = _sums(actor)
    due = awaiting(actor)
    return Funds(
        held_fen=held,
        frozen_fen=frozen,
        releasable_fen=releasable,
        released_fen=released,
        refunding_fen=_refunding(actor),
        wallet_fen=wallet.balance(party_id),
        due=due[:SHOWN_DUE],
        due_fen=sum(each.fen for each in due),
        checkouts=page_of(payments.visible_to(actor), Checkout.id, limit=10, cursor=paid_cursor),
        statement=statement(actor, cursor=cursor),
    )


def held_fen(actor: Actor) -> int:
    """What is in escrow for the actor's orders, frozen or not; only those under way are looked at."""
    running = queries.visible_to(actor).where(Order.state.in_(RUNNING)).with_only_columns(Order.id)
    found = select(func.coalesce(func.sum(Milestone.amount_fen - Milestone.released_fen), 0)).where(
        Milestone.order_id.in_(running), Milestone.funded_at.is_not(None), Milestone.state.not_in(OVER)
    )
    return int(db.session.scalar(found) or 0)


def _sums(actor: Actor) -> tuple[int, int, int, int]:
    """Held, of it frozen and waiting for the merchant's word, and released: fen over all of the merchant's funded stages."""
    mine = queries.visible_to(actor).with_only_columns(Order.id)
    over = Milestone.state.in_(OVER)
    left = func.coalesce(func.sum(Milestone.amount_fen - Milestone.released_fen).filter(~over), 0)
    stopped = (Milestone.state == MilestoneState.HELD) | Milestone.order_id.in_(
        mine.where(Order.frozen_at.is_not(None))
    )
    frozen = func.coalesce(func.sum(Milestone.amount_fen - Milestone.released_fen).filter(~over, stopped), 0)
    word = func.coalesce(
        func.sum(Milestone.amount_fen - Milestone.released_fen).filter(
            Milestone.state == MilestoneState.SUBMITTED
        ),
        0,
    )
    released = func.coalesce(func.sum(Milestone.released_fen - Milestone.reversed_fen), 0)
    row = db.session.execute(
        select(left, frozen, word, released).where(
            Milestone.order_id.in_(mine), Milestone.funded_at.is_not(None)
        )
    ).one()
    return int(row[0]), int(row[1]), int(row[2]), int(row[3])


def _refunding(actor: Actor) -> int:
    under_way = refunds.visible_to(actor).where(
        refunds.Refund.state.in_((refunds.RefundState.REQUESTED, refunds.RefundState.PENDING))
    )
    return int(
        db.session.scalar(under_way.with_only_columns(func.coalesce(func.sum(refunds.Refund.amount_fen), 0)))
        or 0
    )


def awaiting(actor: Actor) -> list[Due]:
    """What waits for money, the most urgent first: stages on which nobody may begin, then awarded orders and agreed
    changes by their hour."""
    orders = db.session.scalars(
        queries.visible_to(actor)
        .where(Order.state.in_((OrderState.AWAITING_FUNDS, *RUNNING)))
        .where(
            Order.id.in_(
                select(Milestone.order_id).where(
                    Milestone.funded_at.is_(None), Milestone.state == MilestoneState.PENDING
                )
            )
            | Order.id.in_(select(Change.order_id).where(Change.state == ChangeState.AGREED))
        )
        .order_by(Order.id)
    ).all()
    agreed = awaiting_changes([order.id for order in orders])
    found = []
    for order in orders:
        if order.state is OrderState.AWAITING_FUNDS:
            until = order.awarded_at + timedelta(hours=order.terms["funding_lapse_h"])
            found.append(Due(order, None, sum(m.amount_fen for m in order.unfunded), until))
        elif order.waiting_stage is not None:
            found.append(Due(order, order.waiting_stage, order.waiting_stage.amount_fen, None))
        change = agreed.get(order.id)
        if change is not None:
            found.append(Due(order, change.stage(order), change.added_fen, change.due_at))
    return sorted(found, key=lambda due: (due.at is not None, due.at or due.order.awarded_at))


def statement(actor: Actor, *, limit: int = 20, cursor: str | None = None) -> Page[Moved]:
    """Postings that changed what the merchant has in escrow, newest first. Raises Invalid on a cursor that is none."""
    recent = db.session.scalars(
        queries.visible_to(actor).order_by(Order.id.desc()).limit(RECENT_ORDERS)
    ).all()
    owner: dict[Account, Order] = {}
    for order in recent:
        owner[Account(K.ESCROW_UNALLOCATED, order.id)] = order
        owner |= {Account(K.ESCROW_MILESTONE, m.id): order for m in order.milestones}
    if not owner:
        return Page([], None)
    page = books.statement(list(owner), limit=limit, cursor=cursor)
    lines = []
    for entry in page.data:
        ends = [end for leg in entry.legs for end in (leg.debit, leg.credit) if end in owner]
        change = sum(entry.change(account) for account in set(ends))
        if change:
            name = say(POSTINGS[entry.kind]) if entry.kind in POSTINGS else entry.kind.value
            lines.append(Moved(name, owner[ends[0]], change, entry))
    return Page(lines, page.next_cursor)
