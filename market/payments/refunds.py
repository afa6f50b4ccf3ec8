"""Money back to the payer, by the charges it came with: RF until Stripe has taken it, then gone, or back as a wallet.

A refund is asked for in the transaction of its cause (an exit, a case, a withdrawal from the wallet) and sent after it.
More than a charge brought is refused by a constraint. A bank may refuse what Stripe first took: then the money is in
the merchant's wallet, and he is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5

from sqlalchemy import BigInteger, CheckConstraint, Index, Select, false, select, text, true
from sqlalchemy.orm import Mapped, mapped_column

from market.accounts.actor import SYSTEM, Actor
from market.kit.clock import now
from market.kit.db import Base, Row, belongs_to, db
from market.kit.errors import NotFound
from market.kit.events import record
from market.kit.pages import format_fen
from market.kit.states import move
from market.kit.words import N_, say
from market.ledger import queries as books
from market.ledger import service as ledger
from market.ledger.accounts import Account, AccountKind
from market.ledger.movements import Leg, PostingKind
from market.payments import calls
from market.payments.alarms import alarm
from market.payments.chargebacks import Chargeback, ChargebackState
from market.payments.errors import RefundTooLarge, StripeRefused
from market.payments.models import Checkout
from market.payments.params import refund_params
from market.payments.states import CheckoutState
from market.payments.views import Json, RefundView, refund_view
from market.subsidies import service as subsidies

K = AccountKind
REFUNDS = UUID("0b6e0d7c-6a52-5c8e-8b7d-2f0f4d1a9c33")
"""Namespace for refunds that were not asked for here."""


class RefundState(StrEnum):
    REQUESTED = "requested"  # ours only; Stripe has not answered yet
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"  # the money is in the payer's wallet


R = RefundState
REFUND_MOVES = {
    R.REQUESTED: {R.PENDING, R.SUCCEEDED, R.FAILED},
    R.PENDING: {R.SUCCEEDED, R.FAILED},
    # A bank may send back what it first took.
    R.SUCCEEDED: {R.FAILED},
}


class Reason(StrEnum):
    EXIT = "exit"
    CASE = "case"
    AGREED = "agreed"
    SURPLUS = "surplus"
    WALLET = "wallet"


REASON_NAMES = {
    Reason.EXIT: N_("订单提前结束"),
    Reason.CASE: N_("仲裁结果"),
    Reason.AGREED: N_("验收后退款"),
    Reason.SURPLUS: N_("多付的款"),
    Reason.WALLET: N_("钱包余额退回"),
}


FAILURE_WORDS = {
    "lost_or_stolen_card": N_("原来的卡已挂失"),
    "expired_or_canceled_card": N_("原来的卡已过期或注销"),
    "declined": N_("发卡行拒绝了退款"),
    "insufficient_funds": N_("支付通道余额不足"),
    "charge_for_pending_refund_disputed": N_("这笔付款正被发卡行争议"),
    "charge_already_refunded": N_("这笔付款已在支付通道退过"),
}


class Refund(Row, Base):
    """A part of one charge on its way back to who paid it."""

    __tablename__ = "refunds"

    checkout_id: Mapped[UUID] = belongs_to("checkouts")
    subject_id: Mapped[UUID] = mapped_column(index=True)
    """The order it comes out of, seen from below; for wallet money the payer."""
    payer_id: Mapped[UUID] = belongs_to("parties", index=False)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[Reason]
    state: Mapped[RefundState] = mapped_column(default=RefundState.REQUESTED)
    stripe_id: Mapped[str | None] = mapped_column(unique=True)
    failure: Mapped[str] = mapped_column(default="")
    booked_at: Mapped[datetime | None]
    """When it left our balance at Stripe."""
    ended_at: Mapped[datetime | None]
    looked_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount"),
        Index("ix_refunds_payer_id_id", "payer_id", "id"),
        Index("ix_refunds_pending", "looked_at", postgresql_where=text("state = 'pending'")),
    )

    @property
    def order_id(self) -> UUID | None:
        """The order it comes out of; None for wallet money."""
        return None if self.reason is Reason.WALLET else self.subject_id

    @property
    def transit(self) -> Account:
        return Account(K.REFUND_IN_TRANSIT, self.id)

    @property
    def reason_name(self) -> str:
        return say(REASON_NAMES[self.reason])

    @property
    def failure_name(self) -> str:
        """Why the money came back, in words; empty while it did not."""
        if not self.failure:
            return ""
        return say(FAILURE_WORDS.get(self.failure, N_("银行没有收下这笔退款")))

    def go(self, state: RefundState) -> None:
        if state is not self.state:
            self.state = move(self.state, state, REFUND_MOVES)
            if state in (R.SUCCEEDED, R.FAILED):
                self.ended_at = now()


# Finding


def visible_to(actor: Actor) -> Select[Refund]:
    """One's own; operators see all."""
    rows = select(Refund)
    if actor.is_operator:
        return rows.where(true())
    return rows.where(Refund.payer_id == actor.party_id) if actor.party_id else rows.where(false())


def find(refund_id: UUID, *, lock: bool = False) -> Refund:
    """Raises NotFound. With `lock`, the row is locked and read afresh."""
    found = db.session.get(Refund, refund_id, with_for_update=lock or None, populate_existing=lock)
    if found is None:
        raise NotFound
    return found


def of_subject(subject_id: UUID) -> Sequence[Refund]:
    return db.session.scalars(select(Refund).where(Refund.subject_id == subject_id).order_by(Refund.id)).all()


# Asking


@dataclass(frozen=True)
class Back:
    """Where a sum goes: refunds of charges, and what no charge can take, which goes to the wallet.

    The platform's subsidy is in neither: its part goes back to where it came from.
    """

    refunds: Sequence[Refund]
    wallet_id: UUID
    wallet_fen: int
    promotion_fen: int = 0

    @property
    def fen(self) -> int:
        return sum(r.amount_fen for r in self.refunds) + self.wallet_fen + self.promotion_fen

    def legs(self, sources: Sequence[tuple[Account, int]]) -> list[list[Leg]]:
        """For each source its legs; together they bring every refund and the wallet exactly what they are due."""
        due = [(r.transit, r.amount_fen) for r in self.refunds]
        due.append((Account(K.MERCHANT_WALLET, self.wallet_id), self.wallet_fen))
        due.append((Account(K.PROMOTIONS), self.promotion_fen))
        if sum(fen for _, fen in sources) != self.fen:
            raise ValueError("the sources do not sum to what goes back")
        shared: list[list[Leg]] = []
        for source, fen in sources:
            legs, left = [], fen
            while left:
                target, wanted = due[0]
                part = min(left, wanted)
                if part:
                    legs.append(Leg(source, target, part))
                    left -= part
                due[0] = (target, wanted - part)
                if due[0][1] == 0:
                    due.pop(0)
            shared.append(legs)
        return shared


def refundable(subject_id: UUID) -> int:
    """What this order's charges could still take back."""
    return sum(left_of(c) for c in _charges(Checkout.subject_id == subject_id))


def left_of(checkout: Checkout) -> int:
    return (checkout.received_fen or 0) - checkout.refunded_fen


def give_back(
    fen: int,
    *,
    subject_id: UUID,
    payer_id: UUID,
    price_fen: int,
    own_fen: int = 0,
    reason: Reason,
    to_wallet: bool,
    by: Actor,
) -> Back:
    """Ask for refunds of the order's charges for `fen`, the newest first; what they cannot take goes to the wallet.

    Nothing is posted: the caller moves the money along `Back.legs` in the same transaction, with his lock on the
    order. `to_wallet`: the merchant wants all of it in his wallet. `own_fen` of it was paid above the price: no subsidy
    has a part in that.
    """
    promotion = subsidies.returned(
        subject_id, fen - own_fen, paid_in_fen=lambda: min(price_fen, paid_in(subject_id))
    )
    fen -= promotion
    if to_wallet or not fen:
        return Back((), payer_id, fen, promotion)
    made, rest = _ask(
        fen,
        _charges(Checkout.subject_id == subject_id, lock=True),
        subject_id=subject_id,
        reason=reason,
        by=by,
    )
    return Back(made, payer_id, rest, promotion)


def subsidy_part(fen: int, *, subject_id: UUID, price_fen: int) -> int:
    """What of `fen`, were it given back now, would be the platform's subsidy and not the merchant's."""
    return subsidies.part_back(subject_id, fen, paid_in_fen=lambda: min(price_fen, paid_in(subject_id)))


def paid_in(subject_id: UUID) -> int:
    """What came into the order's escrow from everywhere: charges, the wallet, promotions."""
    paid = select(Checkout.id).where(Checkout.subject_id == subject_id, Checkout.state == CheckoutState.PAID)
    sources = [("checkout", each) for each in db.session.scalars(paid)]
    escrow = Account(K.ESCROW_UNALLOCATED, subject_id)
    return sum(
        entry.change(escrow)
        for source in (*sources, ("order", subject_id))
        for entry in books.postings_of(*source)
        if entry.kind in (PostingKind.CHARGE, PostingKind.FUND, PostingKind.PROMOTION)
    )


def withdrawable(payer_id: UUID) -> int:
    """What of the wallet can go back by the payer's own charges."""
    most = sum(left_of(c) for c in _wallet_charges(payer_id))
    return min(most, books.balance(Account(K.MERCHANT_WALLET, payer_id)))


def wallet_plan(payer_id: UUID, fen: int) -> list[tuple[Checkout, int]]:
    """By which charges `fen` of the wallet would go back now, and how much by each. Raises RefundTooLarge."""
    if fen > (most := withdrawable(payer_id)):
        raise RefundTooLarge(field="amount_fen", most=format_fen(most))
    return _spread(fen, _wallet_charges(payer_id))[0]


def withdraw_wallet(payer_id: UUID, fen: int, by: Actor) -> Sequence[Refund]:
    """MW→RF: wallet money goes back by the payer's own charges, top-ups first. Raises RefundTooLarge, InsufficientFunds."""
    charges = _wallet_charges(payer_id, lock=True)
    if fen > (most := withdrawable(payer_id)):
        raise RefundTooLarge(field="amount_fen", most=format_fen(most))
    made, _rest = _ask(fen, charges, subject_id=payer_id, reason=Reason.WALLET, by=by)
    for refund in made:
        ledger.post(
            PostingKind.REFUND,
            f"refund:{refund.id}",
            [Leg(Account(K.MERCHANT_WALLET, payer_id), refund.transit, refund.amount_fen)],
            source=("refund", refund.id),
            by=by,
        )
    return made


def _wallet_charges(payer_id: UUID, *, lock: bool = False) -> list[Checkout]:
    """The payer's charges in the order in which wallet money goes back by them."""
    charges = _charges(Checkout.payer_id == payer_id, lock=lock)
    charges.sort(key=lambda c: c.subject_id != payer_id)
    return charges


def _charges(*which: object, lock: bool = False) -> list[Checkout]:
    """Paid checkouts with something left, the newest first; locked by id, so that two refunds stand in line.

    What the payer's bank disputes, or took back, cannot be refunded as well.
    """
    disputed = select(Chargeback.charge_id).where(Chargeback.state != ChargebackState.WON)
    rows = select(Checkout).where(
        *which,  # type: ignore[arg-type]
        Checkout.state == CheckoutState.PAID,
        Checkout.received_fen > Checkout.refunded_fen,
        Checkout.charge_id.not_in(disputed),
    )
    if lock:
        rows = rows.order_by(Checkout.id).with_for_update().execution_options(populate_existing=True)
    found = db.session.scalars(rows).all()
    return sorted((c for c in found if left_of(c)), key=lambda c: c.id, reverse=True)


def _spread(fen: int, charges: Sequence[Checkout]) -> tuple[list[tuple[Checkout, int]], int]:
    """How much of `fen` each charge takes, one after the other, and what none of them can."""
    parts = []
    for charge in charges:
        if part := min(fen, left_of(charge)):
            parts.append((charge, part))
            fen -= part
    return parts, fen


def _ask(
    fen: int, charges: Sequence[Checkout], *, subject_id: UUID, reason: Reason, by: Actor
) -> tuple[list[Refund], int]:
    made = []
    parts, rest = _spread(fen, charges)
    for charge, part in parts:
        charge.refunded_fen += part
        refund = Refund(
            checkout_id=charge.id,
            subject_id=subject_id,
            payer_id=charge.payer_id,
            amount_fen=part,
            reason=reason,
        )
        db.session.add(refund)
        db.session.flush()
        calls.put(
            "refund",
            refund.id,
            refund_params(refund_id=refund.id, charge=str(charge.charge_id), amount_fen=part),
            target=str(charge.charge_id),
        )
        _tell("refund.requested", refund, by=by)
        made.append(refund)
    return made, rest


# Answers of Stripe to our calls, each in the transaction of the call's row, and what it says later.


def made(refund_id: UUID, body: Json) -> None:
    _follow(find(refund_id, lock=True), refund_view(body))


def refused(refund_id: UUID, refusal: StripeRefused) -> None:
    """Nothing left us: the money goes to the wallet instead, and somebody looks why."""
    found = find(refund_id, lock=True)
    if found.state is not R.REQUESTED:
        return
    _fail(found, refusal.code, f"refund-fail:{found.id}", [])
    alarm("refund_refused", found.id, code=refusal.code, amount_fen=found.amount_fen)


def apply(view: RefundView) -> None:
    """Bring the refund to what Stripe says; in a transaction, as often as you like."""
    known = db.session.scalar(select(Refund.id).where(Refund.stripe_id == view.id))
    if known is None:
        try:
            known = db.session.scalar(select(Refund.id).where(Refund.id == UUID(view.refund)))
        except ValueError:
            known = None
    if known is None:
        alarm("unknown_refund", uuid5(REFUNDS, view.id), refund=view.id, amount=view.amount)
        return
    _follow(find(known, lock=True), view)


def _follow(found: Refund, view: RefundView) -> None:
    if found.stripe_id not in (None, view.id):
        return
    found.stripe_id, found.looked_at = view.id, now()
    if view.booked and found.booked_at is None:
        found.booked_at = now()
        _book(
            PostingKind.REFUND_SETTLED, f"refund-bt:{view.id}", found, view.booked.amount, view.booked.fee,
            view.booked.currency,
        )  # fmt: skip
    if found.state is R.REQUESTED:
        found.go(R.PENDING)
    if view.status == "succeeded" and found.state is R.PENDING:
        found.go(R.SUCCEEDED)
        _tell("refund.succeeded", found, by=SYSTEM)
    elif view.status in ("failed", "canceled") and found.state in (R.PENDING, R.SUCCEEDED):
        if found.booked_at and view.given_back is None:
            found.looked_at = found.created_at  # the money is not back yet: look again soon
            return
        if view.given_back:
            _book(
                PostingKind.REFUND_FAILED,
                f"refund-fail:{view.id}",
                found,
                -view.given_back.amount,
                view.given_back.fee,
                view.given_back.currency,
                Leg(found.transit, Account(K.MERCHANT_WALLET, found.payer_id), found.amount_fen),
            )
            _end_failed(found, view.failure)
        else:
            _fail(found, view.failure, f"refund-fail:{view.id}", [])


def _fail(found: Refund, reason: str, key: str, legs: Sequence[Leg]) -> None:
    ledger.post(
        PostingKind.REFUND_FAILED,
        key,
        [*legs, Leg(found.transit, Account(K.MERCHANT_WALLET, found.payer_id), found.amount_fen)],
        source=("refund", found.id),
        by=SYSTEM,
    )
    _end_failed(found, reason)


def _end_failed(found: Refund, reason: str) -> None:
    found.go(R.FAILED)
    found.failure = reason
    charge = db.session.get(Checkout, found.checkout_id, with_for_update=True, populate_existing=True)
    assert charge is not None
    charge.refunded_fen -= found.amount_fen
    _tell("refund.failed", found, by=SYSTEM, reason=reason)


def _book(kind: PostingKind, key: str, found: Refund, out: int, fee: int, currency: str, *more: Leg) -> None:
    """What left our balance at Stripe (`out` positive) or came back to it, by the exchange when it settled in another
    currency."""
    clearing = Account(K.STRIPE_CLEARING, currency=currency)
    fees = Account(K.STRIPE_FEES, currency=currency)
    fee_legs = [_turn(fees, clearing, fee)] if fee else []
    if currency == "CNY":
        ledger.post(
            kind,
            key,
            [_turn(found.transit, clearing, out), *fee_legs, *more],
            source=("refund", found.id),
            by=SYSTEM,
            external_ref=found.stripe_id,
        )
        return
    here = found.amount_fen if out > 0 else -found.amount_fen
    ledger.post(
        kind,
        key,
        [_turn(found.transit, Account(K.EXCHANGE), here), *more],
        source=("refund", found.id),
        by=SYSTEM,
        external_ref=found.stripe_id,
    )
    ledger.post(
        kind,
        f"{key}:{currency}",
        [_turn(Account(K.EXCHANGE, currency=currency), clearing, out), *fee_legs],
        source=("refund", found.id),
        by=SYSTEM,
        external_ref=found.stripe_id,
    )


def _turn(debit: Account, credit: Account, fen: int) -> Leg:
    """A leg, turned round when it is negative."""
    return Leg(debit, credit, fen) if fen >= 0 else Leg(credit, debit, -fen)


def _tell(name: str, refund: Refund, *, by: Actor, **data: str) -> None:
    record(
        name,
        refund.subject_id,
        by=by,
        audience=[refund.payer_id],
        refund_id=str(refund.id),
        amount_fen=refund.amount_fen,
        url="/m/wallet" if refund.reason is Reason.WALLET else "/m/funds",
        **data,
    )
