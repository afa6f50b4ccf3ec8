"""Checkouts, payees' accounts, earnings and withdrawals; calls to Stripe and events from it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from market.kit.clock import now
from market.kit.db import Base, Row, belongs_to
from market.kit.states import move
from market.payments.states import (
    CHECKOUT_MOVES,
    LIVE,
    WITHDRAWAL_MOVES,
    CallState,
    CheckoutState,
    InboxState,
    Means,
    PayoutRhythm,
    Purpose,
    WithdrawalState,
)


class Checkout(Row, Base):
    """A wish to pay by way of Stripe for `subject_id`: an order, seen from below, or the payer's own wallet.

    `amount_fen` is what Stripe is asked to take. `wallet_fen` and `subsidy_fen` are to be laid beside it when it has
    come, from the payer's wallet and from the platform; until then nothing of them moves.
    """

    __tablename__ = "checkouts"

    subject_id: Mapped[UUID] = mapped_column(index=True)
    payer_id: Mapped[UUID] = belongs_to("parties")
    purpose: Mapped[Purpose] = mapped_column(default=Purpose.ORDER, server_default=Purpose.ORDER.value)
    means: Mapped[Means] = mapped_column(default=Means.PAGE, server_default=Means.PAGE.value)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    wallet_fen: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    subsidy_fen: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    card_id: Mapped[UUID | None] = belongs_to("saved_cards", index=False)
    title: Mapped[str]
    key: Mapped[str] = mapped_column(Text)
    state: Mapped[CheckoutState] = mapped_column(default=CheckoutState.CREATED)
    session_id: Mapped[str | None] = mapped_column(unique=True)
    intent_id: Mapped[str | None] = mapped_column(unique=True)
    url: Mapped[str | None] = mapped_column(Text)
    expires_at: Mapped[datetime | None]
    charge_id: Mapped[str | None] = mapped_column(unique=True)
    received_fen: Mapped[int | None] = mapped_column(BigInteger)
    refunded_fen: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
    """Of it, what was asked back and has not failed."""
    method: Mapped[str] = mapped_column(default="")
    failure: Mapped[str] = mapped_column(default="")
    paid_at: Mapped[datetime | None]
    looked_at: Mapped[datetime | None]
    unwanted_at: Mapped[datetime | None]
    """Since when it is to be closed."""

    __table_args__ = (
        UniqueConstraint("payer_id", "key"),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("wallet_fen >= 0 AND subsidy_fen >= 0", name="beside"),
        CheckConstraint("(means = 'card') = (card_id IS NOT NULL)", name="card"),
        CheckConstraint("refunded_fen BETWEEN 0 AND coalesce(received_fen, 0)", name="refunded"),
        # However often one clicks: one way to pay at a time.
        Index(
            "uq_checkouts_live",
            "subject_id",
            unique=True,
            postgresql_where=text("state IN ('created', 'open')"),
        ),
        Index("ix_checkouts_open", "looked_at", postgresql_where=text("state = 'open'")),
    )

    @property
    def order_id(self) -> UUID | None:
        """The order it pays for; None for a top-up."""
        return self.subject_id if self.purpose is Purpose.ORDER else None

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    def open(self, session_id: str, url: str | None, expires_at: datetime) -> None:
        self.state = move(self.state, CheckoutState.OPEN, CHECKOUT_MOVES)
        self.session_id, self.url, self.expires_at = session_id, url, expires_at

    def begin(self, intent_id: str, url: str | None, expires_at: datetime) -> None:
        self.state = move(self.state, CheckoutState.OPEN, CHECKOUT_MOVES)
        self.intent_id, self.url, self.expires_at = intent_id, url, expires_at

    def pay(self, charge_id: str, received_fen: int, method: str) -> None:
        self.state = move(self.state, CheckoutState.PAID, CHECKOUT_MOVES)
        self.charge_id, self.received_fen, self.method, self.failure = charge_id, received_fen, method, ""
        self.paid_at = now()

    def expire(self) -> None:
        self.state = move(self.state, CheckoutState.EXPIRED, CHECKOUT_MOVES)

    def fail(self, reason: str) -> None:
        self.state = move(self.state, CheckoutState.FAILED, CHECKOUT_MOVES)
        self.failure = reason


class Customer(Row, Base):
    """A merchant as Stripe knows him; `stripe_id` is None until Stripe has answered."""

    __tablename__ = "customers"

    party_id: Mapped[UUID] = belongs_to("parties", unique=True)
    stripe_id: Mapped[str | None] = mapped_column(unique=True)
    looked_at: Mapped[datetime | None]


class SavedCard(Row, Base):
    """A card that Stripe keeps for a merchant, by what may be shown of it."""

    __tablename__ = "saved_cards"

    party_id: Mapped[UUID] = belongs_to("parties")
    method_id: Mapped[str] = mapped_column(unique=True)
    brand: Mapped[str]
    last4: Mapped[str]
    exp_month: Mapped[int]
    exp_year: Mapped[int]
    is_default: Mapped[bool] = mapped_column(default=False)
    removed_at: Mapped[datetime | None]

    __table_args__ = (
        Index("uq_saved_cards_default", "party_id", unique=True, postgresql_where=text("is_default")),
        CheckConstraint("NOT (is_default AND removed_at IS NOT NULL)", name="default_in_use"),
    )

    @property
    def is_expired(self) -> bool:
        today = now()
        return (self.exp_year, self.exp_month) < (today.year, today.month)


class ConnectAccount(Row, Base):
    """A payee's account at Stripe, as Stripe last described it."""

    __tablename__ = "connect_accounts"

    party_id: Mapped[UUID] = belongs_to("parties", unique=True)
    stripe_id: Mapped[str | None] = mapped_column(unique=True)
    details_submitted: Mapped[bool] = mapped_column(default=False)
    payouts_enabled: Mapped[bool] = mapped_column(default=False)
    requirements: Mapped[list[Any]] = mapped_column(default=list)
    disabled_reason: Mapped[str] = mapped_column(default="")
    bank: Mapped[str] = mapped_column(default="")
    bank_id: Mapped[str] = mapped_column(default="", server_default=text("''"))
    """Stripe's id of the bank account: another one is a change to be careful with."""
    transfers_enabled: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    requirements_due_at: Mapped[datetime | None]
    held_until: Mapped[datetime | None]
    """After a change of bank account nothing goes out before this."""
    rhythm: Mapped[PayoutRhythm] = mapped_column(default=PayoutRhythm.MANUAL, server_default=text("'manual'"))
    next_payout_at: Mapped[datetime | None]
    looked_at: Mapped[datetime | None]
    walked_at: Mapped[datetime | None]
    """When its list of events was last walked for what never came."""


class Earning(Row, Base):
    """One payee's part of a release: cooling until `matures_at`, then available."""

    __tablename__ = "earnings"

    party_id: Mapped[UUID] = belongs_to("parties", index=False)
    source_id: Mapped[UUID]
    """The milestone, seen from below."""
    subject_id: Mapped[UUID]
    """The order, seen from below."""
    part: Mapped[int] = mapped_column(default=0)
    """A milestone may be paid in parts."""
    number: Mapped[str]
    title: Mapped[str]
    stage: Mapped[str]
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    taken_fen: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
    """What was taken back: while it cooled by a case, a chargeback or a refund, later by a refund only."""
    released_at: Mapped[datetime]
    matures_at: Mapped[datetime]
    matured_at: Mapped[datetime | None]
    frozen_at: Mapped[datetime | None]
    """Set while its order is frozen: it does not mature, and what has matured of it may not be withdrawn."""

    __table_args__ = (
        UniqueConstraint("source_id", "party_id", "part"),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("taken_fen BETWEEN 0 AND amount_fen", name="taken"),
        Index("ix_earnings_party_id_id", "party_id", "id"),
        Index("ix_earnings_cooling", "party_id", "matures_at", postgresql_where=text("matured_at IS NULL")),
        Index("ix_earnings_frozen", "party_id", postgresql_where=text("frozen_at IS NOT NULL")),
    )

    @property
    def net_fen(self) -> int:
        """What is left of it."""
        return self.amount_fen - self.taken_fen


class Withdrawal(Row, Base):
    """Available money on its way to the payee's bank."""

    __tablename__ = "withdrawals"

    party_id: Mapped[UUID] = belongs_to("parties", index=False)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    key: Mapped[str] = mapped_column(Text)
    state: Mapped[WithdrawalState] = mapped_column(default=WithdrawalState.REQUESTED)
    account: Mapped[str]
    requested_by: Mapped[UUID | None]
    fee_fen: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
    """The platform's fee, within `amount_fen`, as it was shown before the click."""
    bounced_payouts: Mapped[list[Any]] = mapped_column(default=list, server_default=text("'[]'"))
    """Payouts that came back: what is still heard of them is old news."""
    transfer_id: Mapped[str | None] = mapped_column(unique=True)
    payout_id: Mapped[str | None] = mapped_column(unique=True)
    arrives_at: Mapped[datetime | None]
    failure: Mapped[str] = mapped_column(default="")
    ended_at: Mapped[datetime | None]
    looked_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("party_id", "key"),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("fee_fen >= 0 AND fee_fen < amount_fen", name="fee"),
        Index("ix_withdrawals_party_id_id", "party_id", "id"),
        Index("ix_withdrawals_under_way", "looked_at", postgresql_where=text("state = 'transferred'")),
    )

    @property
    def net_fen(self) -> int:
        """What goes to the bank."""
        return self.amount_fen - self.fee_fen

    def transferred(self, transfer_id: str) -> None:
        self.state = move(self.state, WithdrawalState.TRANSFERRED, WITHDRAWAL_MOVES)
        self.transfer_id = transfer_id

    def paid(self) -> None:
        self.state = move(self.state, WithdrawalState.PAID, WITHDRAWAL_MOVES)
        self.ended_at = now()

    def bounce(self, reason: str) -> None:
        """The bank did not take it."""
        self.state = move(self.state, WithdrawalState.BOUNCED, WITHDRAWAL_MOVES)
        self.failure, self.ended_at = reason, None
        if self.payout_id:
            self.bounced_payouts = [*self.bounced_payouts, self.payout_id]
        self.payout_id = self.arrives_at = None

    def try_again(self) -> None:
        self.state = move(
            self.state, WithdrawalState.TRANSFERRED, {WithdrawalState.BOUNCED: {WithdrawalState.TRANSFERRED}}
        )
        self.failure = ""

    def fail(self, reason: str) -> None:
        self.state = move(self.state, WithdrawalState.FAILED, WITHDRAWAL_MOVES)
        self.failure = self.failure or reason
        self.ended_at = now()


class StripeCall(Row, Base):
    """A change we ask of Stripe: written with its cause, sent after the commit, repeated under one key, its id."""

    __tablename__ = "stripe_calls"

    purpose: Mapped[str]
    subject_id: Mapped[UUID]
    attempt: Mapped[int] = mapped_column(default=1)
    target: Mapped[str] = mapped_column(default="")
    """The Stripe object the call is made on, where its path has one."""
    account: Mapped[str | None]
    params: Mapped[dict[str, Any]]
    state: Mapped[CallState] = mapped_column(default=CallState.WAITING)
    tries: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    first_sent_at: Mapped[datetime | None]
    object_id: Mapped[str | None]
    error: Mapped[str] = mapped_column(Text, default="")
    done_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("subject_id", "purpose", "attempt"),
        Index("ix_stripe_calls_waiting", "due_at", postgresql_where=text("state = 'waiting'")),
    )


class StripeEvent(Base):
    """The inbox: each verified event once, by Stripe's own id."""

    __tablename__ = "stripe_events"

    id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    account: Mapped[str | None]
    object_id: Mapped[str]
    body: Mapped[dict[str, Any]]
    happened_at: Mapped[datetime]
    received_at: Mapped[datetime]
    state: Mapped[InboxState] = mapped_column(default=InboxState.WAITING)
    tries: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(Text, default="")
    done_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_stripe_events_waiting", "due_at", postgresql_where=text("state = 'waiting'")),
    )
