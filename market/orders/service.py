"""The verbs of an order: award, pay, fund, release, lapse, cancel, complete.

Locks are taken in one order: the brief (only at the award), the order, then ledger accounts.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from market.accounts.actor import SYSTEM, Actor
from market.agencies import service as rosters
from market.kit.clock import now
from market.kit.pages import format_fen
from market.kit.work import TooEarly, cancel_timers, set_timer
from market.ledger import service as ledger
from market.ledger.accounts import Account, AccountKind
from market.ledger.movements import PostingKind
from market.orders import events, surplus
from market.orders.amendments import awaiting
from market.orders.awarding import LAPSE, award
from market.orders.endings import Cause, conclude, go_on, pay_legs
from market.orders.errors import CannotCancel, NotRunning, PartTooLarge
from market.orders.freezes import require_thawed
from market.orders.funding import (
    REMIND_FUNDING,
    checkout,
    free_subsidy,
    fund,
    may_be_paid,
    pay_from_wallet,
    plan,
    remind_funding,
    take_what_came,
)
from market.orders.models import Milestone, Order
from market.orders.queries import find
from market.orders.shares import Shares
from market.orders.states import MilestoneState, OrderState, Stage
from market.orders.telling import tell
from market.payments import checkouts
from market.payments import service as paying

__all__ = [
    "LAPSE", "REMIND_FUNDING", "award", "cancel", "checkout", "fund", "land", "lapse", "pay_from_wallet", "plan",
    "release", "release_part", "remind_funding", "thaw",
]  # fmt: skip

K = AccountKind
CLOSING_MINUTES = 5
"""How long we wait for Stripe to close a payment page before an unfunded order is looked at again, if Stripe's word
does not come."""


def release(
    order: Order, milestone: Milestone, by: Actor, *, auto: bool = False, quietly: bool = False
) -> None:
    """Pay what is left of the milestone out of the (locked) order, EM→PP creator and agency, fee, tax; then the next
    stage begins.

    Approval, timer and landing share the key `release:{milestone}`: whoever comes first pays, nobody pays twice.
    `quietly`: the caller tells the parties himself, so no second notice says the same. Raises AlreadyEnded,
    NotRunning (in a case), OrderFrozen.
    """
    if milestone.state is MilestoneState.HELD:
        raise NotRunning
    before = milestone.paid
    conclude(
        order,
        milestone,
        milestone.left_fen,
        cause=Cause.LANDED if milestone.receipt else Cause.TIMER if auto else Cause.ACCEPTED,
        posting=(PostingKind.RELEASE, f"release:{milestone.id}"),
        source=Account(K.ESCROW_MILESTONE, milestone.id),
        by=by,
    )
    _tell_released(
        order, milestone, before, by, name=events.RELEASED, only=[] if quietly else None, auto=auto
    )
    go_on(order, by)


def release_part(order: Order, milestone: Milestone, fen: int, by: Actor) -> int:
    """Pay a part of the milestone ahead of its end, out of the (locked) order; returns the part's number.

    The rest ends by the one decision. Raises NotRunning, PartTooLarge, OrderFrozen.
    """
    require_thawed(order)
    if milestone.state not in (MilestoneState.ACTIVE, MilestoneState.SUBMITTED):
        raise NotRunning
    if not 0 < fen < milestone.left_fen:
        raise PartTooLarge(field="amount_fen", most=format_fen(milestone.left_fen - 1))
    before = milestone.paid
    milestone.parts += 1
    escrow = Account(K.ESCROW_MILESTONE, milestone.id)
    ledger.post(
        PostingKind.RELEASE,
        f"release:{milestone.id}:{milestone.parts}",
        pay_legs(order, milestone, milestone.pay(fen), escrow, part=milestone.parts),
        source=("milestone", milestone.id),
        by=by,
    )
    _tell_released(order, milestone, before, by, name=events.PART_RELEASED, left_fen=milestone.left_fen)
    return milestone.parts


def _tell_released(
    order: Order,
    milestone: Milestone,
    before: Shares,
    by: Actor,
    *,
    name: str,
    only: Sequence[UUID] | None = None,
    **data: Any,
) -> None:
    paid = milestone.paid
    parts = {str(order.creator_id): paid.creator - before.creator}
    if order.agency_id:
        parts[str(order.agency_id)] = paid.agency - before.agency
    tell(
        order,
        name,
        by=by,
        only=only,
        stage=milestone.kind.value,
        amount_fen=paid.total - before.total,
        parts=parts,
        **data,
    )


def land(order: Order, receipt: dict[str, Any], by: Actor = SYSTEM) -> bool:
    """The work is on its shelf: the receipt releases the last milestone of the (locked) order. False: it was before.

    Of a frozen order the receipt is kept, and `thaw` releases; with the money in a case it is kept as evidence.
    """
    last = order.milestone(Stage.PUBLISHED)
    if last.is_over:
        return False
    last.receipt = receipt
    if order.frozen_at is not None or last.state is MilestoneState.HELD:
        return True
    release(order, last, by)
    return True


def thaw(order_id: UUID) -> None:
    """The last freeze was lifted: a change that was paid for meanwhile comes into force, what the landing would have
    released is released, and what the order has no use for goes back. Safe to run twice."""
    order = find(order_id, lock=True)
    if awaiting(order.id):
        fund(order.id)
    elif not may_be_paid(order):
        surplus.give_back(order, SYSTEM)
    last = order.milestone(Stage.PUBLISHED)
    if order.frozen_at is None and last.receipt is not None and last.state is MilestoneState.ACTIVE:
        release(order, last, SYSTEM)


def lapse(order_id: UUID, data: dict[str, Any] | None = None) -> None:
    """The timer: nobody paid in time. A payment page that is still open is closed first, so that no money comes late."""
    order = find(order_id, lock=True)
    if order.state is OrderState.AWAITING_FUNDS:
        take_what_came(order)
    if order.state is not OrderState.AWAITING_FUNDS:
        return
    given = data or {}
    cancelled, to_wallet = bool(given.get("cancelled")), bool(given.get("to_wallet", True))
    if not cancelled and now() < (
        until := order.awarded_at + timedelta(hours=order.terms["funding_lapse_h"])
    ):
        raise TooEarly(until)
    if not _is_closed(order):
        turn = int(given.get("turn", 1)) + 1
        set_timer(
            LAPSE,
            order.id,
            now() + timedelta(minutes=CLOSING_MINUTES),
            key=f"{LAPSE}:{order.id}:{turn}:{int(cancelled)}",
            closing=True,
            turn=turn,
            cancelled=cancelled,
            to_wallet=to_wallet,
        )
        return
    _end_unpaid(order, OrderState.CANCELLED if cancelled else OrderState.LAPSED, SYSTEM, to_wallet=to_wallet)


def _end_unpaid(order: Order, state: OrderState, by: Actor, *, to_wallet: bool) -> None:
    """No work without money. Half a price goes back; the subsidy first, so that no late payment draws on it."""
    order.go(state)
    cancel_timers(order.id, LAPSE)
    rosters.let_go(order.id)
    tell(
        order,
        events.CANCELLED if state is OrderState.CANCELLED else events.LAPSED,
        by=by,
        amount_fen=order.price_fen,
    )
    free_subsidy(order.id)
    surplus.give_back(order, by, to_wallet=to_wallet)


def _is_closed(order: Order) -> bool:
    """Whether nobody can pay any more."""
    live = checkouts.live(order.id)
    return live is None or paying.close(live)


def cancel(order: Order, by: Actor, *, to_wallet: bool = True) -> bool:
    """The merchant changes his mind before he paid all. False: a payment page must close first, then it is done.

    What he has paid of it goes back, to his wallet or the way it came. Raises CannotCancel.
    """
    if order.state is OrderState.AWAITING_FUNDS:
        take_what_came(order)
    if order.state is not OrderState.AWAITING_FUNDS:
        raise CannotCancel
    if not _is_closed(order):
        set_timer(
            LAPSE,
            order.id,
            now(),
            key=f"{LAPSE}:{order.id}:cancel",
            closing=True,
            turn=1,
            cancelled=True,
            to_wallet=to_wallet,
        )
        return False
    _end_unpaid(order, OrderState.CANCELLED, by, to_wallet=to_wallet)
    return True
