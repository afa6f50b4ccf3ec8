"""Refunds after release: what was paid out for a stage goes back to the merchant, each giving up his part of it.

A payee's part comes from what of the stage still cools, then from what he has available, and what is missing becomes
his debt, up to the cap of the figures: beyond it nothing is taken, whoever asks. An operator does this when the parties
agreed on it after the stage was over; above a figure a second operator must consent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Text, func, select
from sqlalchemy.orm import Mapped, mapped_column

from market.accounts.actor import Actor
from market.accounts.models import Party
from market.approvals import service as approvals
from market.approvals.models import Approval
from market.kit.db import Base, Row, belongs_to, db
from market.kit.figures import figures
from market.kit.ids import encode
from market.kit.pages import format_fen
from market.ledger import service as ledger
from market.ledger.accounts import Account, AccountKind
from market.ledger.movements import Leg, PostingKind
from market.orders import events
from market.orders.errors import BeyondDebtCap, InCaseAlready, NotReleased, QuoteChanged, WithTheBank
from market.orders.freezes import require_thawed
from market.orders.models import Milestone, Order
from market.orders.shares import Shares
from market.orders.telling import tell
from market.payments import chargebacks, connect, debts, earnings, refunds
from market.payments.alarms import alarm
from market.payments.chargebacks import ChargebackState
from market.payments.debts import DebtCause
from market.payments.errors import RefundTooLarge
from market.payments.refunds import Reason

K = AccountKind
ACT = "orders.take_back"


class StageRefund(Row, Base):
    """One refund of a released stage, with what each gave up for it. Rows never change."""

    __tablename__ = "stage_refunds"

    order_id: Mapped[UUID] = belongs_to("orders")
    milestone_id: Mapped[UUID] = belongs_to("milestones")
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    creator_fen: Mapped[int] = mapped_column(BigInteger)
    agency_fen: Mapped[int] = mapped_column(BigInteger)
    fee_fen: Mapped[int] = mapped_column(BigInteger)
    tax_fen: Mapped[int] = mapped_column(BigInteger)
    owed_fen: Mapped[int] = mapped_column(BigInteger)
    """Of the payees' parts, what they did not have and owe now."""
    lost_fen: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    """Of them, what nobody could be made to bear: the platform's loss."""
    to_wallet: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text)
    by_person: Mapped[UUID | None]
    approval_id: Mapped[UUID | None]

    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("creator_fen + agency_fen + fee_fen + tax_fen = amount_fen", name="shares_sum"),
        CheckConstraint(
            "owed_fen >= 0 AND lost_fen >= 0 AND owed_fen + lost_fen <= creator_fen + agency_fen", name="owed"
        ),
    )


@dataclass(frozen=True)
class Giving:
    """Where one payee's part comes from, in fen."""

    party_id: UUID
    cooling_fen: int
    available_fen: int
    owed_fen: int
    room_fen: int
    """How much more he may come to owe."""
    lost_fen: int = 0
    """What is beyond that, where the platform bears it."""

    @property
    def fen(self) -> int:
        return self.cooling_fen + self.available_fen + self.owed_fen + self.lost_fen

    @property
    def given_fen(self) -> int:
        """What he gives up himself, now or as a debt."""
        return self.fen - self.lost_fen


@dataclass(frozen=True)
class Plan:
    """What a refund of `fen` would take from whom, as of now."""

    alone_fen: int
    """What one operator alone refunded of this order before: many small ones are one large one."""

    fen: int
    shares: Shares
    payees: Sequence[Giving]

    @property
    def needs_two(self) -> bool:
        """A loss of the platform's always does."""
        return self.lost_fen > 0 or self.alone_fen + self.fen >= figures.refund_two_from_fen

    @property
    def owed_fen(self) -> int:
        return sum(each.owed_fen for each in self.payees)

    @property
    def lost_fen(self) -> int:
        return sum(each.lost_fen for each in self.payees)


def refundable(milestone: Milestone) -> int:
    """What of a stage that is over was paid out and has not come back."""
    return milestone.paid.total if milestone.is_over and milestone.held_by is None else 0


def plan(
    order: Order, milestone: Milestone, fen: int, *, platform_bears: bool = False, lock: bool = False
) -> Plan:
    """Who gives up what; with `platform_bears` the platform what payees neither have nor may come to owe. With `lock`
    (and the order locked) it holds until the transaction ends.

    Raises NotReleased, InCaseAlready, RefundTooLarge, WithTheBank, BeyondDebtCap, OrderFrozen.
    """
    _require(order, milestone, fen)
    shares = Shares.between(milestone.paid.total - fen, milestone.paid.total, **order.rates)
    parts = {order.creator_id: shares.creator}
    if order.agency_id:
        parts[order.agency_id] = shares.agency
    if lock:
        _stand_in_line(parts)
    cooling = earnings.cooling_of(milestone.id, lock=lock)
    if lock:
        debts.stand_in_line(parts)
    payees = []
    for party_id, part in parts.items():
        cools = min(part, sum(e.net_fen for e in cooling if e.party_id == party_id))
        there = min(part - cools, earnings.withdrawable(party_id))
        missing, room = part - cools - there, debts.room(party_id)
        if missing > room and not platform_bears:
            raise BeyondDebtCap(field="amount_fen", missing=format_fen(missing), room=format_fen(room))
        payees.append(Giving(party_id, cools, there, min(missing, room), room, max(0, missing - room)))
    return Plan(_alone(order.id), fen, shares, payees)


def _require(order: Order, milestone: Milestone, fen: int) -> None:
    require_thawed(order)
    if milestone.held_by is not None:
        raise InCaseAlready
    if not milestone.is_over or not milestone.paid.total:
        raise NotReleased
    if any(found.state is not ChargebackState.WON for found in chargebacks.of_subject(order.id)):
        raise WithTheBank
    if not 0 < fen <= refundable(milestone):
        raise RefundTooLarge(field="amount_fen", most=format_fen(refundable(milestone)))


def _alone(order_id: UUID) -> int:
    rows = select(func.coalesce(func.sum(StageRefund.amount_fen), 0)).where(
        StageRefund.order_id == order_id, StageRefund.approval_id.is_(None)
    )
    return int(db.session.scalar(rows) or 0)


def _stand_in_line(payees: Sequence[UUID] | dict[UUID, int]) -> None:
    """Withdrawals of these payees, and what else would make them owe, wait until we are done."""
    rows = select(Party.id).where(Party.id.in_(list(payees))).order_by(Party.id)
    db.session.scalars(rows.with_for_update(key_share=True)).all()
    for party_id in sorted(payees):
        connect.of(party_id, lock=True)


def take_back(
    order: Order,
    milestone: Milestone,
    fen: int,
    *,
    reason: str,
    to_wallet: bool,
    by: Actor,
    most_lost_fen: int = 0,
    approval_id: UUID | None = None,
) -> StageRefund:
    """PP, PA and PREC of the payees, FEE, TAX and at most so much of LOSS→RF or MW, out of the (locked) order.

    Raises as `plan`, and QuoteChanged when the platform would lose more.
    """
    _require(order, milestone, fen)
    back = refunds.give_back(
        fen,
        subject_id=order.id,
        payer_id=order.merchant_id,
        price_fen=order.price_fen,
        reason=Reason.AGREED,
        to_wallet=to_wallet,
        by=by,
    )
    wanted = plan(order, milestone, fen, platform_bears=most_lost_fen > 0, lock=True)
    if wanted.lost_fen > most_lost_fen:
        raise QuoteChanged
    made = StageRefund(
        order_id=order.id,
        milestone_id=milestone.id,
        amount_fen=fen,
        creator_fen=wanted.shares.creator,
        agency_fen=wanted.shares.agency,
        fee_fen=wanted.shares.fee,
        tax_fen=wanted.shares.tax,
        owed_fen=wanted.owed_fen,
        lost_fen=wanted.lost_fen,
        to_wallet=to_wallet,
        reason=reason,
        by_person=by.person_id,
        approval_id=approval_id,
    )
    db.session.add(made)
    db.session.flush()
    sources = [(Account(K.FEE_REVENUE), wanted.shares.fee), (Account(K.TAX_PAYABLE), wanted.shares.tax)]
    for payee in wanted.payees:
        sources += [
            (Account(K.PAYEE_PENDING, payee.party_id), payee.cooling_fen),
            (Account(K.PAYEE_AVAILABLE, payee.party_id), payee.available_fen),
            (Account(K.PAYEE_RECEIVABLE, payee.party_id), payee.owed_fen),
            (Account(K.LOSSES), payee.lost_fen),
        ]
        earnings.take_back(milestone.id, payee.party_id, payee.cooling_fen)
        earnings.take_matured(milestone.id, payee.party_id, payee.given_fen - payee.cooling_fen)
        if payee.owed_fen:
            debts.owe(
                payee.party_id,
                payee.owed_fen,
                cause=DebtCause.REFUND,
                source_id=made.id,
                subject_id=order.id,
                number=order.number,
                title=order.title,
                by=by,
            )
    legs: list[Leg] = [leg for part in back.legs(sources) for leg in part]
    ledger.post(PostingKind.REFUND, f"refund:{made.id}", legs, source=("milestone", milestone.id), by=by)
    milestone.reversed_fen += fen
    tell(
        order,
        events.TAKEN_BACK,
        by=by,
        stage=milestone.kind.value,
        amount_fen=fen,
        parts={str(payee.party_id): payee.given_fen for payee in wanted.payees},
    )
    if wanted.lost_fen:
        alarm("refund_loss", made.id, order=order.number, amount_fen=wanted.lost_fen)
    return made


def refund(
    order: Order,
    milestone: Milestone,
    fen: int,
    *,
    reason: str,
    to_wallet: bool,
    platform_bears: bool = False,
    by: Actor,
) -> StageRefund | Approval:
    """Do it; above the figure, or when the platform loses by it, ask for a second operator's word. Raises as `plan`."""
    wanted = plan(order, milestone, fen, platform_bears=platform_bears)
    if not wanted.needs_two:
        return take_back(order, milestone, fen, reason=reason, to_wallet=to_wallet, by=by)
    content = {
        "number": order.number,
        "title": order.title,
        "milestone": encode("mil", milestone.id),
        "stage": milestone.kind.value,
        "fen": fen,
        "to_wallet": to_wallet,
        # A second request for the same sum, after the first was carried out, is another one.
        "before_fen": milestone.reversed_fen,
        "lost_fen": wanted.lost_fen,
    }
    return approvals.ask(ACT, order.id, content, reason=reason, by=by)


def of_order(order_id: UUID) -> Sequence[StageRefund]:
    """Oldest first."""
    return db.session.scalars(
        select(StageRefund).where(StageRefund.order_id == order_id).order_by(StageRefund.id)
    ).all()
