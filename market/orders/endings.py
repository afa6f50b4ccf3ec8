"""How a milestone's money ends: one decision row each, written with the state, the posting and the event.

Release, refund and split compete for that row. Everybody who wants to end a milestone (acceptance, its timer, the
landing, a fair exit, a case, a chargeback) comes here with the order's lock held; whoever comes second is refused.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from market.accounts.actor import Actor
from market.agencies import service as rosters
from market.kit import wire
from market.kit.clock import now
from market.kit.db import Base, belongs_to, db
from market.kit.pages import format_fen
from market.kit.words import N_
from market.ledger import service as ledger
from market.ledger.accounts import Account, AccountKind
from market.ledger.movements import Leg, PostingKind
from market.orders import events, surplus
from market.orders.amendments import overtake
from market.orders.errors import AlreadyEnded, PartTooLarge
from market.orders.freezes import require_thawed
from market.orders.funding import begin_stage
from market.orders.models import Milestone, Order
from market.orders.shares import Shares
from market.orders.states import DURING, MilestoneState, OrderState, Stage
from market.orders.telling import tell
from market.payments import service as paying

K = AccountKind


class Outcome(StrEnum):
    RELEASE = "release"
    REFUND = "refund"
    SPLIT = "split"


STATE_OF = {
    Outcome.RELEASE: MilestoneState.RELEASED,
    Outcome.REFUND: MilestoneState.REFUNDED,
    Outcome.SPLIT: MilestoneState.SPLIT,
}


class Cause(StrEnum):
    """What ended it."""

    ACCEPTED = "accepted"
    TIMER = "timer"
    LANDED = "landed"
    EXIT = "exit"
    CASE = "case"
    CHARGEBACK = "chargeback"


CAUSE_NAMES = {
    Cause.ACCEPTED: N_("商家验收"),
    Cause.TIMER: N_("到期自动验收"),
    Cause.LANDED: N_("作品上架"),
    Cause.EXIT: N_("协商结束"),
    Cause.CASE: N_("仲裁"),
    Cause.CHARGEBACK: N_("付款被银行追回"),
}


class Ending(Base):
    """The one decision about a milestone. Rows never change (a trigger refuses it); the key is the rule."""

    __tablename__ = "milestone_endings"

    milestone_id: Mapped[UUID] = belongs_to("milestones", primary_key=True, index=False)
    order_id: Mapped[UUID] = belongs_to("orders")
    outcome: Mapped[Outcome]
    cause: Mapped[Cause]
    released_fen: Mapped[int] = mapped_column(BigInteger)
    returned_fen: Mapped[int] = mapped_column(BigInteger)
    posting_id: Mapped[UUID | None]
    """What moved last; None when nothing was left to move."""
    by_person: Mapped[UUID | None]
    by_party: Mapped[UUID | None]
    decided_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint(
            "ending_adds_up(outcome, released_fen, returned_fen)", name="outcome"
        ),  # in schema.sql
    )


def endings(order_id: UUID) -> dict[UUID, Ending]:
    """The decisions taken so far, by milestone."""
    rows = db.session.scalars(select(Ending).where(Ending.order_id == order_id))
    return {row.milestone_id: row for row in rows}


def conclude(
    order: Order,
    milestone: Milestone,
    more_fen: int,
    *,
    cause: Cause,
    posting: tuple[PostingKind, str],
    source: Account,
    returns: Sequence[Leg] = (),
    by: Actor,
) -> Outcome:
    """End a milestone of the (locked) order: `more_fen` of what is left goes to the payees, the rest along `returns`.

    State, decision row and posting (its kind and key) are one thing; the caller tells. `source` is where the money is
    (EM, or the case's EH). Raises AlreadyEnded, PartTooLarge, OrderFrozen.
    """
    require_thawed(order)
    if milestone.is_over:
        raise AlreadyEnded
    back = milestone.left_fen - more_fen
    if more_fen < 0 or back < 0:
        raise PartTooLarge(field="fen", most=format_fen(milestone.left_fen))
    if sum(leg.fen for leg in returns) != back:
        raise ValueError(f"{milestone.id}: {back} fen go back, not what the legs say")
    with db.session.no_autoflush:  # what changes of the milestone is one UPDATE
        legs = [*pay_legs(order, milestone, milestone.pay(more_fen), source), *returns]
        moved: tuple[str, list[Any]] = ("NULL", [])
        if any(leg.fen for leg in legs):
            moved = ledger.posting(*posting, legs, source=("milestone", milestone.id), by=by)
        if milestone.released_fen == milestone.amount_fen:
            outcome = Outcome.RELEASE
        else:  # of a stage nobody had paid for, nothing is refunded
            outcome = Outcome.SPLIT if milestone.released_fen else Outcome.REFUND
        milestone.end(STATE_OF[outcome])
    wire.write(
        ("milestone_endings", milestone.id),
        f"""INSERT INTO milestone_endings (milestone_id, order_id, outcome, cause, released_fen, returned_fen,
            by_person, by_party, decided_at, posting_id)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, {moved[0]}) ON CONFLICT (milestone_id) DO NOTHING""",
        [
            milestone.id,
            order.id,
            outcome.value,
            cause.value,
            milestone.released_fen,
            milestone.returned_fen,
            by.person_id,
            by.party_id,
            now(),
            *moved[1],
        ],
        otherwise=AlreadyEnded,
        refused=ledger.refused,
    )
    overtake(order, milestone, by)
    return outcome


def pay_legs(
    order: Order, milestone: Milestone, shares: Shares, source: Account, *, part: int = 0
) -> list[Leg]:
    """The payees' money begins to cool; the legs that bring everybody his part out of `source`.

    `part` tells the payments of one milestone apart: 0 for the one that ends it.
    """
    payees = {order.creator_id: shares.creator}
    if order.agency_id:
        payees[order.agency_id] = shares.agency
    paying.earn(
        payees,
        source_id=milestone.id,
        subject_id=order.id,
        number=order.number,
        title=order.title,
        stage=milestone.kind.value,
        cooling_h=order.terms["cooling_h"],
        part=part,
    )
    legs = [
        Leg(source, Account(K.PAYEE_PENDING, order.creator_id), shares.creator),
        Leg(source, Account(K.FEE_REVENUE), shares.fee),
        Leg(source, Account(K.TAX_PAYABLE), shares.tax),
    ]
    if order.agency_id:
        legs.append(Leg(source, Account(K.PAYEE_PENDING, order.agency_id), shares.agency))
    return [leg for leg in legs if leg.fen]


def tell_ended(order: Order, milestone: Milestone, before: Shares, by: Actor) -> None:
    """The fact behind a refund or a split; the notice is the caller's, who knows why."""
    paid = milestone.paid
    parts = {str(order.creator_id): paid.creator - before.creator}
    if order.agency_id:
        parts[str(order.agency_id)] = paid.agency - before.agency
    tell(
        order,
        events.ENDED,
        by=by,
        only=[order.agency_id] if order.agency_id else [],
        stage=milestone.kind.value,
        amount_fen=paid.total - before.total,
        returned_fen=milestone.returned_fen,
        outcome=milestone.state.value,
        parts=parts,
    )


def go_on(order: Order, by: Actor, *, to_wallet: bool = True) -> None:
    """After a milestone ended or was held: the next stage begins, or the (locked) order is over.

    Money it then has no use for goes back, into the wallet unless the merchant chose otherwise.

    A case stops its own milestone only. The work can stand on no shelf before its draft was accepted, so the last
    stage waits for a held draft.
    """
    if order.is_over:
        return
    open_ = [m for m in order.milestones if not m.is_over]
    if not open_:
        whole = all(m.state is MilestoneState.RELEASED for m in order.milestones)
        order.go(OrderState.COMPLETED if whole else OrderState.SETTLED)
        rosters.let_go(order.id)
        released = sum(m.released_fen for m in order.milestones)
        returned = sum(m.returned_fen for m in order.milestones)
        if whole:
            tell(order, events.COMPLETED, by=by, amount_fen=released)
        else:
            tell(order, events.SETTLED, by=by, amount_fen=released, returned_fen=returned)
        surplus.give_back(order, by, to_wallet=to_wallet)
        return
    if order.current is not None:
        return
    following = next((m for m in open_ if m.state is MilestoneState.PENDING), None)
    if following is None:
        return
    if following.kind is Stage.PUBLISHED and order.milestone(Stage.DRAFT).state is MilestoneState.HELD:
        return
    if order.state is not DURING[following.kind]:
        order.go(DURING[following.kind])
    begin_stage(order, following, by)
