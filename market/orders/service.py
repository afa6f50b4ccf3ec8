"""The verbs of an order: award, pay, fund, release, lapse, cancel, complete.

Locks are taken in one order: the brief (only at the award), the order, then ledger accounts.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from market.accounts.actor import SYSTEM, Actor
from market.agencies import service as rosters
from market.kit.clock import now
from market.kit.work import cancel_timers, set_timer
from market.ledger import queries as books
from market.ledger import service as ledger
from market.ledger.accounts import Account, AccountKind
from market.ledger.movements import Leg, PostingKind
from market.orders import events
from market.orders.awarding import LAPSE, award
from market.orders.errors import CannotCancel, NotAwaitingFunds
from market.orders.freezes import require_thawed
from market.orders.models import Milestone, Order
from market.orders.queries import find
from market.orders.states import AFTER, MilestoneState, OrderState, Stage
from market.orders.telling import tell
from market.payments import queries as payments
from market.payments import service as paying
from market.payments.alarms import alarm
from market.payments.models import Checkout

__all__ = ["LAPSE", "award", "cancel", "checkout", "fund", "land", "lapse", "release", "thaw"]

K = AccountKind
CLOSING_MINUTES = 5
"""How long we wait for Stripe to close a payment page before an unfunded order is ended."""


def checkout(order: Order, by: Actor, *, key: str, return_url: str, locale: str = "zh") -> Checkout:
    """The payment page of this (locked) order. Raises NotAwaitingFunds, payments' AlreadyPaid."""
    if order.state is not OrderState.AWAITING_FUNDS:
        raise NotAwaitingFunds
    return paying.checkout(
        subject_id=order.id,
        payer_id=order.merchant_id,
        amount_fen=order.price_fen,
        title=f"{order.number} {order.title}"[:200],
        by=by,
        key=key,
        return_url=return_url,
        locale=locale,
    )


def fund(order_id: UUID, by: Actor = SYSTEM) -> Order:
    """The money arrived: EU→EM for each milestone, and the creator may begin. Safe to run twice.

    Money an order has no use for stays in its EU account, and an alarm says so.
    """
    order = find(order_id, lock=True)
    unallocated = Account(K.ESCROW_UNALLOCATED, order.id)
    held = books.balance(unallocated)
    if order.state is OrderState.AWAITING_FUNDS and held >= order.price_fen:
        ledger.post(
            PostingKind.AWARD,
            f"award:{order.id}",
            [
                Leg(unallocated, Account(K.ESCROW_MILESTONE, m.id), m.amount_fen)
                for m in order.milestones
                if m.amount_fen
            ],
            source=("order", order.id),
            by=by,
        )
        order.fund()
        cancel_timers(order.id, LAPSE)
        tell(
            order,
            events.FUNDED,
            by=by,
            amount_fen=order.price_fen,
            due_at=order.milestones[0].due_at.isoformat(),
        )
        held -= order.price_fen
    if held:
        alarm("money_without_use", order.id, number=order.number, state=order.state.value, held_fen=held)
    return order


def release(
    order: Order, milestone: Milestone, by: Actor, *, auto: bool = False, quietly: bool = False
) -> None:
    """Pay the milestone out of the (locked) order: EM→PP creator and agency, fee, tax; then the next stage begins.

    Approval, timer and landing share the key `release:{milestone}`: whoever comes first pays, nobody pays twice.
    `quietly`: the caller tells the parties himself, so no second notice says the same. Raises OrderFrozen.
    """
    require_thawed(order)
    shares = milestone.shares
    milestone.release(shares)
    escrow = Account(K.ESCROW_MILESTONE, milestone.id)
    legs = [
        Leg(escrow, Account(K.PAYEE_PENDING, order.creator_id), shares.creator),
        Leg(escrow, Account(K.FEE_REVENUE), shares.fee),
        Leg(escrow, Account(K.TAX_PAYABLE), shares.tax),
    ]
    if order.agency_id:
        legs.append(Leg(escrow, Account(K.PAYEE_PENDING, order.agency_id), shares.agency))
    legs = [leg for leg in legs if leg.fen]
    if legs:
        ledger.post(
            PostingKind.RELEASE, f"release:{milestone.id}", legs, source=("milestone", milestone.id), by=by
        )
    payees = [
        (order.creator_id, shares.creator),
        *([(order.agency_id, shares.agency)] if order.agency_id else []),
    ]
    for payee, fen in payees:
        paying.earn(
            party_id=payee,
            source_id=milestone.id,
            subject_id=order.id,
            number=order.number,
            title=order.title,
            stage=milestone.kind.value,
            amount_fen=fen,
            cooling_h=order.terms["cooling_h"],
        )
    tell(
        order,
        events.RELEASED,
        by=by,
        only=[] if quietly else None,
        stage=milestone.kind.value,
        amount_fen=milestone.amount_fen,
        auto=auto,
        parts={str(payee): fen for payee, fen in payees},
    )
    _go_on(order, milestone, by)


def _go_on(order: Order, milestone: Milestone, by: Actor) -> None:
    order.go(AFTER[milestone.kind])
    following = next((m for m in order.milestones if m.position == milestone.position + 1), None)
    if following is not None:
        following.begin()
        return
    rosters.let_go(order.id)
    tell(order, events.COMPLETED, by=by, amount_fen=order.price_fen)


def land(order: Order, receipt: dict[str, Any], by: Actor = SYSTEM) -> bool:
    """The work is on its shelf: the receipt releases the last milestone of the (locked) order. False: it was before.

    Of a frozen order the receipt is kept, and `thaw` releases.
    """
    last = order.milestone(Stage.PUBLISHED)
    if last.state is MilestoneState.RELEASED:
        return False
    last.receipt = receipt
    if order.frozen_at is not None:
        return True
    release(order, last, by)
    return True


def thaw(order_id: UUID) -> None:
    """The last freeze was lifted: what the landing would have released is released now. Safe to run twice."""
    order = find(order_id, lock=True)
    last = order.milestone(Stage.PUBLISHED)
    if order.frozen_at is None and last.receipt is not None and last.state is MilestoneState.ACTIVE:
        release(order, last, SYSTEM)


def lapse(order_id: UUID, data: dict[str, Any] | None = None) -> None:
    """The timer: nobody paid in time. A payment page that is still open is closed first, so that no money comes late."""
    order = find(order_id, lock=True)
    if order.state is not OrderState.AWAITING_FUNDS:
        return
    given = data or {}
    cancelled = bool(given.get("cancelled"))
    if not _is_closed(order):
        turn = int(given.get("turn", 1)) + 1
        set_timer(
            LAPSE,
            order.id,
            now() + timedelta(minutes=CLOSING_MINUTES),
            key=f"{LAPSE}:{order.id}:{turn}:{int(cancelled)}",
            turn=turn,
            cancelled=cancelled,
        )
        return
    order.go(OrderState.CANCELLED if cancelled else OrderState.LAPSED)
    cancel_timers(order.id, LAPSE)
    rosters.let_go(order.id)
    tell(order, events.CANCELLED if cancelled else events.LAPSED, by=SYSTEM, amount_fen=order.price_fen)


def _is_closed(order: Order) -> bool:
    """Whether nobody can pay any more and nothing paid is on its way."""
    if books.balance(Account(K.ESCROW_UNALLOCATED, order.id)):
        return False
    live = payments.live_checkout(order.id)
    return live is None or paying.close(live)


def cancel(order: Order, by: Actor) -> bool:
    """The merchant changes his mind before he paid. False: a payment page must close first, then it is done."""
    if order.state is not OrderState.AWAITING_FUNDS:
        raise CannotCancel
    if not _is_closed(order):
        set_timer(LAPSE, order.id, now(), key=f"{LAPSE}:{order.id}:cancel", turn=1, cancelled=True)
        return False
    order.go(OrderState.CANCELLED)
    cancel_timers(order.id, LAPSE)
    rosters.let_go(order.id)
    tell(order, events.CANCELLED, by=by, amount_fen=order.price_fen)
    return True
