"""Chargebacks: the payer's bank takes a payment back, and the platform answers. One row per dispute at Stripe.

Every piece of news ends in `apply`, which looks at the dispute as it is now, so the order of the news does not matter:
opened, and won or lost, each happen once. What of the order's money is frozen meanwhile, and who bears a loss, is
decided where orders are known (orders.chargebacks); the holds it makes are kept here, so that they can be given back
exactly where they came from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Select, Text, false, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from market.accounts.actor import SYSTEM, Actor, Right
from market.kit.clock import now
from market.kit.db import Base, Row, belongs_to, db
from market.kit.errors import NotFound
from market.kit.events import record
from market.kit.figures import figures
from market.kit.ids import encode
from market.kit.money import share_bps
from market.kit.states import move
from market.kit.words import N_
from market.ledger import queries as books
from market.ledger import service as ledger
from market.ledger.accounts import Account, AccountKind
from market.ledger.movements import Leg, PostingKind
from market.payments import debts, earnings
from market.payments.alarms import alarm
from market.payments.debts import DebtCause
from market.payments.errors import ChargeUnknown
from market.payments.models import Checkout
from market.payments.views import DisputeView

K = AccountKind
OPENED, WON, LOST = "chargeback.opened", "chargeback.won", "chargeback.lost"


class ChargebackState(StrEnum):
    INQUIRY = "inquiry"  # the bank asks; no money has moved
    OPEN = "open"  # the money is gone until the bank decides
    WON = "won"
    LOST = "lost"


C = ChargebackState
MOVES = {C.INQUIRY: {C.OPEN, C.WON}, C.OPEN: {C.WON, C.LOST}}
DECIDED = {"won": C.WON, "warning_closed": C.WON, "prevented": C.WON, "lost": C.LOST}
"""Stripe's word for how it ended, and ours."""

REASONS = {
    "fraudulent": N_("持卡人称不是本人付款"),
    "product_not_received": N_("称没有收到交付"),
    "product_unacceptable": N_("称交付不符合约定"),
    "duplicate": N_("称重复扣款"),
    "credit_not_processed": N_("称应退未退"),
    "subscription_canceled": N_("称已取消"),
    "unrecognized": N_("持卡人不认得这笔付款"),
    "general": N_("银行没有说明原因"),
}


class Chargeback(Row, Base):
    """A dispute at Stripe about a payment of ours."""

    __tablename__ = "chargebacks"

    dispute_id: Mapped[str] = mapped_column(unique=True)
    charge_id: Mapped[str] = mapped_column(index=True)
    subject_id: Mapped[UUID] = mapped_column(index=True)
    """The order that was paid, seen from below; of money for a wallet, the payer."""
    payer_id: Mapped[UUID] = belongs_to("parties")
    title: Mapped[str]
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    fee_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    """What Stripe charged for the dispute, in the currency of our balance there."""
    reason: Mapped[str]
    status: Mapped[str]
    """Stripe's own word."""
    state: Mapped[ChargebackState] = mapped_column(default=ChargebackState.INQUIRY)
    disputed_at: Mapped[datetime]
    due_by: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    """After a loss: when it was shared out."""
    looked_at: Mapped[datetime | None]
    statement: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))
    """Our answer to the bank, in words."""
    payer_statement: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))
    submitting_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]
    submit_error: Mapped[str] = mapped_column(default="", server_default=text("''"))

    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("(state IN ('won', 'lost')) = (closed_at IS NOT NULL)", name="closed"),
        Index("ix_chargebacks_open", "looked_at", postgresql_where=text("state IN ('inquiry', 'open')")),
    )

    @property
    def is_open(self) -> bool:
        return self.state in (C.INQUIRY, C.OPEN)

    @property
    def is_of_wallet(self) -> bool:
        return self.subject_id == self.payer_id

    @property
    def takes_evidence(self) -> bool:
        """One answer, in time."""
        in_time = self.due_by is None or self.due_by > now()
        return self.is_open and in_time and self.submitting_at is None and self.submitted_at is None

    @property
    def receivable(self) -> Account:
        return Account(K.CHARGEBACK_RECEIVABLE, self.id)

    @property
    def held(self) -> Account:
        return Account(K.ESCROW_HELD, self.id)

    @property
    def source(self) -> tuple[str, UUID]:
        return "chargeback", self.id


class ChargebackHold(Row, Base):
    """Money set aside while the bank decides: from which account, and of which earning when it was a payee's."""

    __tablename__ = "chargeback_holds"

    chargeback_id: Mapped[UUID] = belongs_to("chargebacks")
    account: Mapped[AccountKind]
    owner_id: Mapped[UUID]
    earning_id: Mapped[UUID | None] = belongs_to("earnings")
    fen: Mapped[int] = mapped_column(BigInteger)
    returned_fen: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
    lost_fen: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))

    __table_args__ = (
        CheckConstraint("fen > 0 AND returned_fen >= 0 AND lost_fen >= 0", name="fen"),
        CheckConstraint("returned_fen + lost_fen <= fen", name="once"),
    )

    @property
    def origin(self) -> Account:
        return Account(self.account, self.owner_id)

    @property
    def left_fen(self) -> int:
        return self.fen - self.returned_fen - self.lost_fen


# Finding


def visible_to(actor: Actor) -> Select[Chargeback]:
    """The payer's own; operators of money see all."""
    rows = select(Chargeback)
    if actor.is_operator:
        return rows if actor.may(Right.RECONCILE) else rows.where(false())
    if actor.party_id is None or not actor.may(Right.PAY):
        return rows.where(false())
    return rows.where(Chargeback.payer_id == actor.party_id)


def find_visible(chargeback_id: UUID, actor: Actor, *, lock: bool = False) -> Chargeback:
    """Raises NotFound, also for a foreign one."""
    if db.session.scalar(visible_to(actor).where(Chargeback.id == chargeback_id)) is None:
        raise NotFound
    return find(chargeback_id, lock=lock)


def find(chargeback_id: UUID, *, lock: bool = False) -> Chargeback:
    """Raises NotFound. With `lock`, the row is locked and read afresh; the order, if it is needed, comes first."""
    found = db.session.get(Chargeback, chargeback_id, with_for_update=lock or None, populate_existing=lock)
    if found is None:
        raise NotFound
    return found


def known(chargeback_id: UUID) -> Chargeback | None:
    """Without asking who wants it."""
    return db.session.get(Chargeback, chargeback_id)


def of_subject(subject_id: UUID) -> Sequence[Chargeback]:
    """Every chargeback of an order's payments, oldest first."""
    return db.session.scalars(
        select(Chargeback).where(Chargeback.subject_id == subject_id).order_by(Chargeback.id)
    ).all()


def holds_of(chargeback_id: UUID) -> Sequence[ChargebackHold]:
    return db.session.scalars(
        select(ChargebackHold)
        .where(ChargebackHold.chargeback_id == chargeback_id)
        .order_by(ChargebackHold.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def set_aside(subject_id: UUID) -> dict[UUID, tuple[int, int]]:
    """By earning of this order: what waits for a bank's decision, and what was lost by one."""
    rows = (
        select(ChargebackHold)
        .join(Chargeback, Chargeback.id == ChargebackHold.chargeback_id)
        .where(Chargeback.subject_id == subject_id, ChargebackHold.earning_id.is_not(None))
    )
    found: dict[UUID, tuple[int, int]] = {}
    for each in db.session.scalars(rows):
        if each.earning_id:
            waits, lost = found.get(each.earning_id, (0, 0))
            found[each.earning_id] = (waits + each.left_fen, lost + each.lost_fen)
    return found


# What Stripe says


def apply(view: DisputeView) -> None:
    """Bring the chargeback to what the dispute says; in a transaction, as often as you like.

    Raises ChargeUnknown while the payment it is about has not arrived here.
    """
    found = _find_or_begin(view)
    found.status, found.due_by, found.looked_at = view.status, view.due_by, now()
    if view.submission_count and found.submitted_at is None:
        found.submitted_at = now()
    decided = DECIDED.get(view.status)
    if not found.is_open:
        if decided is not None and decided is not found.state:
            # Banks may come back to it. What was shared out cannot be taken apart by a machine.
            alarm("chargeback_turned", found.id, dispute=view.id, was=found.state.value, status=view.status)
        return
    if view.taken is not None and found.state is C.INQUIRY:
        _open(found, view)
    if decided is C.WON and (found.state is C.INQUIRY or view.given_back is not None):
        _win(found, view)
    elif decided is C.LOST and found.state is C.OPEN:
        _lose(found)


def _find_or_begin(view: DisputeView) -> Chargeback:
    known = db.session.scalar(select(Chargeback.id).where(Chargeback.dispute_id == view.id))
    if known is None:
        paid = db.session.scalar(select(Checkout).where(Checkout.charge_id == view.charge))
        if paid is None:
            raise ChargeUnknown
        db.session.execute(
            insert(Chargeback)
            .values(
                dispute_id=view.id,
                charge_id=view.charge,
                subject_id=paid.subject_id,
                payer_id=paid.payer_id,
                title=paid.title,
                amount_fen=view.amount,
                fee_fen=0,
                reason=view.reason,
                status=view.status,
                state=C.INQUIRY,
                disputed_at=view.created,
            )
            .on_conflict_do_nothing(index_elements=["dispute_id"])
        )
        known = db.session.scalars(select(Chargeback.id).where(Chargeback.dispute_id == view.id)).one()
    return find(known, lock=True)


def _open(found: Chargeback, view: DisputeView) -> None:
    """CBR→SC and the fee DFE→SC: Stripe has taken both."""
    taken = view.taken
    assert taken is not None
    found.state = move(found.state, C.OPEN, MOVES)
    found.fee_fen = taken.fee
    _post_cash(
        PostingKind.CHARGEBACK_OPENED, f"cb-open:{view.id}", found, taken.amount, taken.fee, taken.currency
    )
    if found.is_of_wallet:
        there = books.balance(Account(K.MERCHANT_WALLET, found.payer_id))
        hold(found, [Part(Account(K.MERCHANT_WALLET, found.payer_id), min(there, found.amount_fen))])
    alarm("chargeback_opened", found.id, dispute=view.id, amount_fen=found.amount_fen, reason=found.reason)
    _tell(OPENED, found, due_by=view.due_by.isoformat() if view.due_by else None)


def _post_cash(
    kind: PostingKind, key: str, found: Chargeback, amount: int, fee: int, currency: str, *extra: Leg
) -> None:
    """Money between the dispute and our balance at Stripe: out when `amount` is positive, back when negative."""
    clearing = Account(K.STRIPE_CLEARING, currency=currency)
    fees = Account(K.DISPUTE_FEES, currency=currency)
    fee_leg = _turn(fees, clearing, fee)
    if currency == "CNY":
        ledger.post(
            kind,
            key,
            [_turn(found.receivable, clearing, amount), fee_leg, *extra],
            source=found.source,
            by=SYSTEM,
            external_ref=found.dispute_id,
        )
        return
    # Settled in another currency: what the payer got is the receivable, what left us is by the bank's rate.
    here = found.amount_fen if amount > 0 else -found.amount_fen
    exchange = _turn(found.receivable, Account(K.EXCHANGE), here)
    ledger.post(kind, key, [exchange, *extra], source=found.source, by=SYSTEM)
    ledger.post(
        kind,
        f"{key}:{currency}",
        [_turn(Account(K.EXCHANGE, currency=currency), clearing, amount), fee_leg],
        source=found.source,
        by=SYSTEM,
        external_ref=found.dispute_id,
    )


def _turn(debit: Account, credit: Account, fen: int) -> Leg:
    """A leg, turned round when it is negative."""
    return Leg(debit, credit, fen) if fen >= 0 else Leg(credit, debit, -fen)


def _win(found: Chargeback, view: DisputeView) -> None:
    """SC→CBR, and what was held goes back to exactly where it came from, in one posting."""
    opened = found.state is C.OPEN
    found.state, found.closed_at = move(found.state, C.WON, MOVES), now()
    if opened:
        back = view.given_back
        assert back is not None
        returning = _return([(each, each.left_fen) for each in holds_of(found.id)], found)
        _post_cash(
            PostingKind.CHARGEBACK_WON,
            f"cb-won:{view.id}",
            found,
            -back.amount,
            -back.fee,
            back.currency,
            *returning,
        )
    _tell(WON, found)


def _lose(found: Chargeback) -> None:
    found.state, found.closed_at = move(found.state, C.LOST, MOVES), now()
    if found.is_of_wallet:
        share_loss(found, payees={})
    _tell(LOST, found)


# Holds and the loss, for those who know the order


@dataclass(frozen=True)
class Part:
    """So much of an account, for a hold; `earning_id` when it was a payee's."""

    account: Account
    fen: int
    earning_id: UUID | None = None


def hold(found: Chargeback, parts: Sequence[Part]) -> int:
    """Set money aside for the (locked) chargeback, …→EH; returns how much. Raises InsufficientFunds."""
    real = [part for part in parts if part.fen]
    if not real:
        return 0
    ledger.post(
        PostingKind.CHARGEBACK_FROZEN,
        f"cb-freeze:{found.dispute_id}",
        [Leg(part.account, found.held, part.fen) for part in real],
        source=found.source,
        by=SYSTEM,
    )
    db.session.add_all(
        ChargebackHold(
            chargeback_id=found.id,
            account=part.account.kind,
            owner_id=part.account.owner,
            earning_id=part.earning_id,
            fen=part.fen,
        )
        for part in real
    )
    db.session.flush()
    return sum(part.fen for part in real)


def _return(parts: Sequence[tuple[ChargebackHold, int]], found: Chargeback) -> list[Leg]:
    """The legs that give these parts of holds back, noted on the holds and the earnings they came from."""
    legs = []
    for each, fen in parts:
        if not fen:
            continue
        each.returned_fen += fen
        legs.append(Leg(found.held, each.origin, fen))
        if each.earning_id:
            earnings.give_back(each.earning_id, fen)
    return legs


def share_loss(
    found: Chargeback, *, payees: Mapping[UUID, int], spent_fen: int = 0, number: str = ""
) -> None:
    """Who bears a lost chargeback: what was frozen first; then the merchant by contract, up to his cap; then the
    payees, up to the share and the cap of the figures; the platform the rest.

    `payees` are the order's payees with what each was paid; `spent_fen` went EH→CBR before, with the order's stages.
    What was frozen and is not needed goes back. Once per chargeback: CBR is empty after it.
    """
    if found.settled_at is not None:
        return
    found.settled_at = now()
    rest = found.amount_fen - spent_fen
    legs: list[Leg] = []
    returning = []
    for each in holds_of(found.id):
        part = min(rest, each.left_fen)
        if part:
            each.lost_fen += part
            legs.append(Leg(found.held, found.receivable, part))
            rest -= part
        returning.append((each, each.left_fen))
    legs += _return(returning, found)
    debts.stand_in_line([found.payer_id])
    owed: list[tuple[UUID, int]] = []
    merchant = min(rest, debts.room(found.payer_id))
    owed.append((found.payer_id, merchant))
    rest -= merchant
    owed += _from_payees(payees, rest)
    rest -= sum(fen for _payee, fen in owed[1:])
    legs += [Leg(debts.account_of(party), found.receivable, fen) for party, fen in owed if fen]
    legs.append(Leg(Account(K.LOSSES), found.receivable, rest))
    if not any(leg.fen for leg in legs):
        return
    posted = ledger.post(
        PostingKind.CHARGEBACK_LOST,
        f"cb-lost:{found.dispute_id}",
        legs,
        source=found.source,
        by=SYSTEM,
    )
    for party, fen in owed:
        if fen:
            debts.owe(
                party,
                fen,
                cause=DebtCause.CHARGEBACK,
                source_id=found.id,
                subject_id=None if found.is_of_wallet else found.subject_id,
                number=number,
                title=found.title,
                by=SYSTEM,
            )
    debts.collect(found.payer_id, posted)  # what payees have of accepted work stays: their next earnings pay
    if rest:
        alarm("chargeback_loss", found.id, dispute=found.dispute_id, amount_fen=rest)


def _from_payees(payees: Mapping[UUID, int], rest: int) -> list[tuple[UUID, int]]:
    """Accepted work is not clawed below zero: with the figure at 0, nothing of it ever is."""
    owed = []
    for party, paid in payees.items():
        fen = min(rest, share_bps(paid, figures.chargeback_payee_bps), debts.room(party))
        owed.append((party, fen))
        rest -= fen
    return owed


def page_of(found: Chargeback) -> str:
    return f"/chargebacks/{encode('cbk', found.id)}"


def _tell(name: str, found: Chargeback, **data: str | None) -> None:
    record(
        name,
        found.subject_id,
        by=SYSTEM,
        audience=[found.payer_id],
        chargeback_id=str(found.id),
        amount_fen=found.amount_fen,
        title=found.title,
        reason=found.reason,
        url=page_of(found),
        **data,
    )
