"""What a payee's orders will still bring him, and an agency's income by member: what orders tell the pages of money."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Select, func, or_, select

from market.accounts.queries import parties
from market.kit.db import db
from market.orders.models import Milestone, Order
from market.orders.queries import orders_of_stages
from market.orders.shares import Shares
from market.orders.states import RUNNING, OrderState
from market.payments.models import Earning
from market.payments.registry import Expected, MemberIncome, register_income, register_stages

MOST_ORDERS = 100


def _running(party_id: UUID) -> Select[Order]:
    mine = or_(Order.creator_id == party_id, Order.agency_id == party_id)
    return (
        select(Order)
        .where(mine, Order.state.in_((OrderState.AWAITING_FUNDS, *RUNNING)))
        .order_by(Order.id.desc())
        .limit(MOST_ORDERS)
    )


def share_of(order: Order, milestone: Milestone, party_id: UUID) -> int:
    """What of the rest of this stage will be the payee's, by the rates frozen in the order."""
    shares = Shares.between(milestone.released_fen, milestone.amount_fen, **order.rates)
    return shares.agency if party_id == order.agency_id else shares.creator


def forecast(party_id: UUID) -> Sequence[Expected]:
    """Stages that are not over, soonest first: due, then at the latest accepted by the timer, then cooled down."""
    found = []
    for order in db.session.scalars(_running(party_id)):
        waits = timedelta(hours=order.terms["auto_accept_h"] + order.terms["cooling_h"])
        for milestone in order.milestones:
            if milestone.is_over:
                continue
            state = milestone.state.value
            if order.state is OrderState.AWAITING_FUNDS:
                state = order.state.value
            elif order.frozen_at is not None:
                state = "frozen"
            found.append(
                Expected(
                    order_id=order.id,
                    number=order.number,
                    title=order.title,
                    stage=milestone.kind.value,
                    fen=share_of(order, milestone, party_id),
                    at=milestone.due_at + waits,
                    state=state,
                )
            )
    return sorted(found, key=lambda each: (each.at, each.number))


def by_member(agency_id: UUID) -> Sequence[MemberIncome]:
    """Largest first."""
    earned = {
        creator: (orders, int(fen))
        for creator, orders, fen in db.session.execute(
            select(
                Order.creator_id,
                func.count(Order.id.distinct()),
                func.coalesce(func.sum(Earning.amount_fen - Earning.taken_fen), 0),
            )
            .outerjoin(Earning, (Earning.subject_id == Order.id) & (Earning.party_id == agency_id))
            .where(Order.agency_id == agency_id)
            .group_by(Order.creator_id)
        )
    }
    names = parties(earned)
    expected: dict[UUID, int] = {}
    for order in db.session.scalars(_running(agency_id)):
        left = sum(share_of(order, m, agency_id) for m in order.milestones if not m.is_over)
        expected[order.creator_id] = expected.get(order.creator_id, 0) + left
    rows = [
        MemberIncome(creator, names[creator].name, orders, fen, expected.get(creator, 0))
        for creator, (orders, fen) in earned.items()
    ]
    return sorted(rows, key=lambda row: (-row.earned_fen, row.name))


register_income(forecast, by_member)
register_stages(orders_of_stages)
