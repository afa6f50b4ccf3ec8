"""A merchant's money in escrow: four figures, the payments, and what the ledger says happened."""

from collections.abc import Sequence
from dataclasses import dataclass
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
from market.orders.models import Milestone, Order
from market.orders.states import MilestoneState, OrderState
from market.orders.yuan import POSTINGS
from market.payments import queries as payments
from market.payments.models import Checkout

K = AccountKind
RECENT_ORDERS = 50


@dataclass(frozen=True)
class Moved:
    """One line of the statement: into escrow or out of it."""

    name: str
    order: Order
    fen: int
    entry: Entry


@dataclass(frozen=True)
class Funds:
    awaiting_fen: int
    held_fen: int
    waiting_for_word_fen: int
    released_fen: int
    checkouts: Page[Checkout]
    orders: dict[UUID, Order]
    statement: list[Moved]


def of_merchant(actor: Actor, *, cursor: str | None = None) -> Funds:
    """The four figures over all orders; the statement over the latest RECENT_ORDERS."""
    mine = queries.visible_to(actor)
    awaiting = mine.where(Order.state == OrderState.AWAITING_FUNDS).with_only_columns(
        func.sum(Order.price_fen)
    )
    sums = _by_state(actor)
    held = sum(fen for state, fen in sums.items() if state is not MilestoneState.RELEASED)
    checkouts = page_of(payments.visible_to(actor), Checkout.id, limit=20, cursor=cursor)
    recent = db.session.scalars(mine.order_by(Order.id.desc()).limit(RECENT_ORDERS)).all()
    by_id = {order.id: order for order in recent}
    missing = {c.subject_id for c in checkouts} - set(by_id)
    if missing:
        by_id |= {order.id: order for order in db.session.scalars(mine.where(Order.id.in_(missing)))}
    return Funds(
        awaiting_fen=int(db.session.scalar(awaiting) or 0),
        held_fen=held,
        waiting_for_word_fen=sums.get(MilestoneState.SUBMITTED, 0),
        released_fen=sums.get(MilestoneState.RELEASED, 0),
        checkouts=checkouts,
        orders=by_id,
        statement=_statement(recent),
    )


def _by_state(actor: Actor) -> dict[MilestoneState, int]:
    """The milestones' amounts of paid orders, by state."""
    paid = queries.visible_to(actor).where(Order.funded_at.is_not(None)).with_only_columns(Order.id)
    rows = db.session.execute(
        select(Milestone.state, func.sum(Milestone.amount_fen))
        .where(Milestone.order_id.in_(paid))
        .group_by(Milestone.state)
    )
    return {row[0]: int(row[1]) for row in rows}


def _statement(orders: Sequence[Order]) -> list[Moved]:
    """Postings that changed what the merchant has in escrow, newest first."""
    owner: dict[Account, Order] = {}
    for order in orders:
        owner[Account(K.ESCROW_UNALLOCATED, order.id)] = order
        owner |= {Account(K.ESCROW_MILESTONE, m.id): order for m in order.milestones}
    if not owner:
        return []
    lines = []
    for entry in books.statement(list(owner), limit=40).data:
        change = sum(
            entry.change(account)
            for account in {end for leg in entry.legs for end in (leg.debit, leg.credit)} & owner.keys()
        )
        touched = next(end for leg in entry.legs for end in (leg.debit, leg.credit) if end in owner)
        if change:
            lines.append(
                Moved(
                    say(POSTINGS[entry.kind]) if entry.kind in POSTINGS else entry.kind.value,
                    owner[touched],
                    change,
                    entry,
                )
            )
    return lines
