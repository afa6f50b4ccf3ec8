"""Change orders: either side proposes, the other agrees, and money that is added lies in escrow before it counts.

Each proposal is a version of its own; one is on the table at a time. Agreed to, a change of a funded stage waits for
its money (paid like a stage, by `funding`); a stage whose money is not here yet grows at once, since nobody works on
it before all of it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from market.accounts.actor import SYSTEM, Actor
from market.kit.clock import now
from market.kit.db import db
from market.kit.errors import NotFound
from market.kit.figures import figures
from market.kit.pages import format_fen
from market.kit.schemas import MAX_FEN
from market.kit.work import cancel_timers, set_timer
from market.orders import events, exits, funding, policy
from market.orders.amendments import DUE, Change, ChangeState, amend, live_of, tell_change, versions
from market.orders.errors import (
    AlreadyEnded,
    ChangeAgreed,
    ChangeMoved,
    ChangeOpen,
    ChangeOver,
    ChangeTooLarge,
    ExitWaits,
    MayNotPay,
    NotRunning,
    NotYourAnswer,
)
from market.orders.freezes import require_thawed
from market.orders.models import Milestone, Order
from market.orders.queries import find
from market.orders.shares import Shares
from market.orders.states import RUNNING, MilestoneState, Stage
from market.payments import checkouts
from market.payments import service as paying

CLOSING_MINUTES = 5
"""How long we wait for Stripe to close a payment page before a change nobody paid for expires."""


@dataclass(frozen=True)
class Effect:
    """What a change would make of the order. `more` is how the added money is shared out, by the frozen rates."""

    stage: Milestone
    added_fen: int
    price_before_fen: int
    price_fen: int
    amount_before_fen: int
    amount_fen: int
    more: Shares
    dates: Sequence[tuple[Milestone, datetime, datetime]]
    """Stages whose date moves: from when to when."""

    @property
    def is_funded(self) -> bool:
        return self.stage.funded_at is not None


def effect_of(order: Order, stage: Milestone, added_fen: int, added_days: int) -> Effect:
    more = timedelta(days=added_days)
    later = [m for m in order.milestones[order.milestones.index(stage) :] if not m.is_over]
    return Effect(
        stage=stage,
        added_fen=added_fen,
        price_before_fen=order.price_fen,
        price_fen=order.price_fen + added_fen,
        amount_before_fen=stage.amount_fen,
        amount_fen=stage.amount_fen + added_fen,
        more=Shares.between(stage.amount_fen, stage.amount_fen + added_fen, **order.rates),
        dates=[(m, m.due_at, m.due_at + more) for m in later] if added_days else [],
    )


def changeable(order: Order) -> list[Milestone]:
    """The stages a change may be about; none while the order is frozen or an early end waits for its answer."""
    if order.state not in RUNNING or order.frozen_at is not None or exits.open_of(order.id):
        return []
    return [m for m in order.milestones if not m.is_over and m.state is not MilestoneState.HELD]


def is_of_side(order: Order, change: Change, actor: Actor) -> bool:
    """Whether the actor is on the side that proposed it: the merchant's, or that of the creator and his agency."""
    of_merchant = change.proposed_by == order.merchant_id
    if actor.is_party(order.merchant_id):
        return of_merchant
    return actor.is_party(order.creator_id, order.agency_id) and not of_merchant


def find_change(change_id: UUID, order: Order) -> Change:
    """Of the (locked) order, read afresh. Raises NotFound."""
    found = db.session.get(Change, change_id, populate_existing=True)
    if found is None or found.order_id != order.id:
        raise NotFound
    return found


# Acting, with the order locked


def propose(
    order: Order,
    by: Actor,
    *,
    stage: Stage,
    text: str,
    added_fen: int = 0,
    added_days: int = 0,
    from_wallet: bool = False,
    instead_of: UUID | None = None,
) -> Change:
    """Put a change on the table, or in place of the one that was seen there (`instead_of`): the other side's is
    countered, one's own corrected. Raises what `_require_ground` raises, ChangeTooLarge, ChangeOpen, ChangeAgreed,
    ChangeOver, MayNotPay."""
    milestone = order.milestone(stage)
    _require_ground(order, milestone)
    if from_wallet and not policy.may_pay(by, order):
        raise MayNotPay
    if order.price_fen + added_fen > MAX_FEN:
        raise ChangeTooLarge(field="added_fen", most=format_fen(MAX_FEN - order.price_fen))
    before = live_of(order.id)
    if before is not None and before.state is ChangeState.AGREED:
        raise ChangeAgreed
    if before is not None and before.id != instead_of:
        raise ChangeOpen
    if before is None and instead_of is not None:
        raise ChangeOver
    if before is not None:
        before.go(ChangeState.REPLACED)
        cancel_timers(before.id, DUE)
        db.session.flush()
    assert by.party_id is not None
    made = Change(
        order_id=order.id,
        version=versions(order.id) + 1,
        milestone_id=milestone.id,
        proposed_by=by.party_id,
        text=text,
        added_fen=added_fen,
        added_days=added_days,
        from_wallet=from_wallet,
        due_at=now() + timedelta(hours=figures.change_answer_h),
    )
    db.session.add(made)
    db.session.flush()
    set_timer(DUE, made.id, made.due_at, key=f"{DUE}:{made.id}:open")
    countered = before is not None and not is_of_side(order, before, by)
    tell_change(
        order,
        made,
        events.CHANGE_COUNTERED if countered else events.CHANGE_PROPOSED,
        by=by,
        due_at=made.due_at.isoformat(),
    )
    return made


def accept(
    order: Order, found: Change, by: Actor, *, version: int, wallet: bool = False, seen_fen: int | None = None
) -> Change:
    """Agree to the version that was seen. With `wallet`, the merchant's wallet pays at once or nothing happens; else
    what is added is awaited in escrow. Raises as `_answer`, `_require_ground`, MayNotPay, and what
    `funding.pay_from_wallet` raises."""
    _answer(order, found, by, version)
    milestone = found.stage(order)
    _require_ground(order, milestone)
    if wallet and not policy.may_pay(by, order):
        raise MayNotPay
    cancel_timers(found.id, DUE)
    found.agree(by, now() + timedelta(hours=figures.change_pay_h))
    db.session.flush()
    if not found.added_fen or milestone.funded_at is None:
        amend(order, found, by)
        return found
    set_timer(DUE, found.id, found.due_at, key=f"{DUE}:{found.id}:agreed")
    funding.fund(order.id, by)  # what lies in the order's escrow already may cover it
    if wallet and found.state is ChangeState.AGREED:
        funding.pay_from_wallet(order, by, seen_fen=seen_fen, whole=False)
    elif found.from_wallet and found.state is ChangeState.AGREED:
        _let_wallet_pay(order)
    if found.state is ChangeState.AGREED:
        tell_change(order, found, events.CHANGE_AGREED, by=by, due_at=found.due_at.isoformat())
    return found


def _let_wallet_pay(order: Order) -> None:
    """As the merchant said when he proposed it; when the wallet is too low by now, he is asked to pay."""
    if checkouts.live(order.id) is None and not funding.plan(order, whole=False, use_wallet=True).rest_fen:
        funding.pay_from_wallet(order, SYSTEM, whole=False)


def decline(order: Order, found: Change, by: Actor, *, version: int, reason: str = "") -> Change:
    """Raises as `_answer`."""
    _answer(order, found, by, version)
    found.reason = reason
    found.go(ChangeState.DECLINED)
    cancel_timers(found.id, DUE)
    tell_change(order, found, events.CHANGE_DECLINED, by=by, reason=reason)
    return found


def withdraw(order: Order, found: Change, by: Actor) -> Change:
    """Who proposed it takes it back, or the creator for whom an agency did: nobody works against his will.

    Raises ChangeOver, NotYourAnswer.
    """
    if not found.is_open:
        raise ChangeOver
    if not by.is_party(found.proposed_by, order.creator_id) or not is_of_side(order, found, by):
        raise NotYourAnswer
    found.go(ChangeState.WITHDRAWN)
    cancel_timers(found.id, DUE)
    tell_change(order, found, events.CHANGE_WITHDRAWN, by=by)
    return found


def due(change_id: UUID, data: dict[str, Any]) -> None:
    """The timer: nobody answered, or nobody paid. A payment page that is open is closed first. Safe to run twice."""
    row = db.session.get(Change, change_id)
    if row is None:
        return
    order = find(row.order_id, lock=True)
    found = find_change(change_id, order)
    if not found.is_live or found.due_at > now():
        return
    open_payment = checkouts.live(order.id) if found.state is ChangeState.AGREED else None
    if open_payment is not None and not paying.close(open_payment):
        turn = int(data.get("turn", 0)) + 1
        again = now() + timedelta(minutes=CLOSING_MINUTES)
        set_timer(DUE, found.id, again, key=f"{DUE}:{found.id}:closing:{turn}", closing=True, turn=turn)
        return
    found.go(ChangeState.EXPIRED)
    tell_change(order, found, events.CHANGE_EXPIRED, by=SYSTEM)
    db.session.flush()
    funding.fund(order.id)  # a part of its money that came goes to stages that wait for theirs, or back


def _require_ground(order: Order, milestone: Milestone) -> None:
    """Raises OrderFrozen, NotRunning (not running, or the stage is in a case), AlreadyEnded, ExitWaits."""
    require_thawed(order)
    if milestone.is_over:
        raise AlreadyEnded
    if order.state not in RUNNING or milestone.state is MilestoneState.HELD:
        raise NotRunning
    if exits.open_of(order.id):
        raise ExitWaits


def _answer(order: Order, found: Change, by: Actor, version: int) -> None:
    """Raises ChangeOver, NotYourAnswer, ChangeMoved."""
    if not found.is_open or found.due_at <= now():
        raise ChangeOver
    if is_of_side(order, found, by):
        raise NotYourAnswer
    if version != found.version:
        raise ChangeMoved
