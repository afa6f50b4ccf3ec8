"""Stripe's own account book of our balance: every balance transaction is copied, once, by Stripe's id.

What only Stripe knows of (its other fees, our top-ups and payouts) is posted from here; all else was, or will be,
posted by the business it belongs to, and waits for that posting (reconciliation pairs the two). What nobody can know
goes into suspense, and a person is told.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid5

from sqlalchemy import BigInteger, Index, Numeric, String, Text, func, or_, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from market.accounts.actor import SYSTEM
from market.kit.clock import now
from market.kit.db import Base, db, transaction
from market.ledger import queries as books
from market.ledger import service as ledger
from market.ledger.accounts import Account, AccountKind
from market.ledger.movements import Leg, PostingKind
from market.payments import gateway
from market.payments.alarms import alarm
from market.payments.views import EntryView

K = AccountKind
ENTRIES = UUID("b6e0c1de-5f0f-5d6a-8c6e-3f9fd0a1f2c7")
"""Namespace for the balance transactions as sources of postings."""
OVERLAP = timedelta(hours=48)
"""How far behind the last complete walk the next one begins: Stripe may show an entry late."""
PAGE = 100


class StripeEntry(Base):
    """One change of our balance at Stripe, as Stripe wrote it; amounts in the currency's smallest unit."""

    __tablename__ = "stripe_entries"

    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(Text, default="")
    """A connected account's id; empty is our own, the only one that is copied now."""
    type: Mapped[str]
    amount: Mapped[int] = mapped_column(BigInteger)
    fee: Mapped[int] = mapped_column(BigInteger)
    net: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    source: Mapped[str | None] = mapped_column(Text)
    """The charge, refund, transfer, dispute … it belongs to."""
    description: Mapped[str] = mapped_column(Text, default="")
    exchange_rate: Mapped[Decimal | None] = mapped_column(Numeric(18, 8))
    booked_at: Mapped[datetime]
    available_on: Mapped[datetime]
    imported_at: Mapped[datetime]
    posting_id: Mapped[UUID | None]
    """The posting it was paired with."""
    cleared_id: Mapped[UUID | None]
    """The posting that took it out of suspense, agreed to by two persons."""

    __table_args__ = (
        Index("ix_stripe_entries_booked_at", "booked_at", "id"),
        Index("ix_stripe_entries_source", "source"),
        Index("ix_stripe_entries_posting_id", "posting_id"),
        Index("ix_stripe_entries_unmatched", "booked_at", postgresql_where=text("posting_id IS NULL")),
    )

    @property
    def ref(self) -> str:
        """What its posting names in `external_ref`."""
        return self.source or self.id

    @property
    def key(self) -> UUID:
        return uuid5(ENTRIES, self.id)


class StripeCursor(Base):
    """Up to when a list of Stripe's was walked through completely."""

    __tablename__ = "stripe_cursors"

    name: Mapped[str] = mapped_column(primary_key=True)
    upto: Mapped[datetime]


def cursor(name: str) -> datetime | None:
    return db.session.scalar(select(StripeCursor.upto).where(StripeCursor.name == name))


def advance(name: str, upto: datetime) -> None:
    """Never backwards."""
    moved = insert(StripeCursor).values(name=name, upto=upto)
    db.session.execute(
        moved.on_conflict_do_update(
            index_elements=["name"],
            set_={"upto": func.greatest(StripeCursor.upto, moved.excluded.upto)},
        )
    )


def bring_in(tell: Callable[[int], None] = lambda count: None) -> int:
    """Copy what is new, page by page, no network call inside a transaction; the number of new entries.

    The cursor moves only when the walk reached its end, so a kill in the middle leaves no hole.
    `tell` hears how many entries were read so far.
    """
    since = cursor("entries")
    newest, new, seen, after = since, 0, 0, None
    while True:
        page, more = gateway.entries(
            since=int((since - OVERLAP).timestamp()) if since else None, after=after, limit=PAGE
        )
        with transaction():
            new += sum(_keep(view) for view in page)
        for view in page:
            newest = max(newest or view.booked_at, view.booked_at)
        seen += len(page)
        tell(seen)
        if not more or not page:
            break
        after = page[-1].id
    if newest:
        with transaction():
            advance("entries", newest)
    post_own()
    return new


def _keep(view: EntryView) -> bool:
    """True when it is new. What Stripe says differently than before is taken over: pairing finds it."""
    kept = insert(StripeEntry).values(**vars(view), account="", imported_at=now())
    changing = ("type", "amount", "fee", "net", "currency", "source", "available_on")
    stored = db.session.execute(
        kept.on_conflict_do_update(
            index_elements=["id"],
            set_={name: kept.excluded[name] for name in changing},
            where=tuple_(*(getattr(StripeEntry, name) for name in changing)).is_distinct_from(
                tuple_(*(kept.excluded[name] for name in changing))
            ),
        ).returning(text("xmax = 0"))
    ).first()
    return stored is not None and bool(stored[0])


# What is posted from the entry itself.

FEES = ("stripe_fee", "stripe_fx_fee", "tax_fee", "network_cost", "connect_collection_transfer")
FUNDS = ("topup", "topup_reversal", "payout", "payout_failure", "payout_cancel", "payout_minimum_balance_hold",
         "payout_minimum_balance_release")  # fmt: skip
OF_THE_BUSINESS = ("charge", "payment", "refund", "payment_refund", "refund_failure", "payment_failure_refund",
                   "transfer", "transfer_refund", "transfer_cancel", "transfer_failure")  # fmt: skip
"""Their postings are made by the receipts, refunds and withdrawals they belong to."""
DISPUTES = ("dp_", "du_")


def _is_own(entry: StripeEntry) -> bool:
    """Whether nobody but us will ever post it."""
    if entry.type in OF_THE_BUSINESS:
        return False
    return not (entry.source or "").startswith(DISPUTES)


def post_own() -> int:
    """Post the entries that belong to no business: one transaction each, safe to run twice."""
    waiting = db.session.scalars(
        select(StripeEntry.id)
        .where(
            StripeEntry.posting_id.is_(None),
            StripeEntry.type.not_in(OF_THE_BUSINESS),
            or_(
                StripeEntry.source.is_(None),
                ~or_(*(StripeEntry.source.startswith(prefix, autoescape=True) for prefix in DISPUTES)),
            ),
        )
        .order_by(StripeEntry.booked_at, StripeEntry.id)
    ).all()
    done = 0
    for entry_id in waiting:
        with transaction():
            entry = find(entry_id, lock=True)
            if entry.posting_id is None and _is_own(entry):
                _post(entry)
                done += 1
    return done


def _post(entry: StripeEntry) -> None:
    """SFE→SC for what Stripe took for itself; SC→PF and PF→SC for our own cash; the rest SC↔SUSP with an alarm."""
    clearing = Account(K.STRIPE_CLEARING, currency=entry.currency)
    kind, legs = PostingKind.STRIPE_ENTRY, list[Leg]()
    if entry.type in FEES:
        legs.append(between(clearing, Account(K.STRIPE_FEES, currency=entry.currency), entry.net))
    elif entry.type in FUNDS and _is_ours_to_take(entry):
        legs += _funds(entry, clearing)
        legs.append(between(clearing, Account(K.STRIPE_FEES, currency=entry.currency), -entry.fee))
    if not legs:
        kind = PostingKind.SUSPENSE
        legs.append(between(clearing, Account(K.SUSPENSE, currency=entry.currency), entry.net))
        alarm(
            "unknown_entry",
            entry.key,
            entry=entry.id,
            type=entry.type,
            net=entry.net,
            currency=entry.currency,
        )
    moving = [leg for leg in legs if leg.fen]
    if moving:
        entry.posting_id = ledger.post(
            kind,
            f"bt:{entry.id}",
            moving,
            source=("entry", entry.key),
            by=SYSTEM,
            external_ref=entry.ref,
        )


def _own_money(currency: str) -> dict[AccountKind, int]:
    kinds = (K.PLATFORM_FUNDS, K.FEE_REVENUE, K.STRIPE_FEES, K.DISPUTE_FEES, K.PROMOTIONS, K.LOSSES)
    accounts = {kind: Account(kind, currency=currency) for kind in kinds}
    balances = books.balances(list(accounts.values()))
    return {kind: balances[account] for kind, account in accounts.items()}


def _is_ours_to_take(entry: StripeEntry) -> bool:
    """Whether a payout of ours is covered by our own money: earned or paid in, and not spent. The rest is others'."""
    if entry.amount >= 0:
        return True
    own = _own_money(entry.currency)
    spent = own[K.STRIPE_FEES] + own[K.DISPUTE_FEES] + own[K.PROMOTIONS] + own[K.LOSSES]
    return own[K.PLATFORM_FUNDS] + own[K.FEE_REVENUE] - spent >= -entry.amount


def _funds(entry: StripeEntry, clearing: Account) -> list[Leg]:
    """SC→PF what comes in; PF→SC what goes out, with FEE→PF before it as far as it is fees."""
    funds = Account(K.PLATFORM_FUNDS, currency=entry.currency)
    legs = [between(clearing, funds, entry.amount)]
    short = -entry.amount - _own_money(entry.currency)[K.PLATFORM_FUNDS]
    if short > 0:
        legs.insert(0, Leg(Account(K.FEE_REVENUE, currency=entry.currency), funds, short))
    return legs


def between(clearing: Account, other: Account, net: int) -> Leg:
    """What came in (`net` > 0) from `other` to our balance at Stripe, or went out to it."""
    return Leg(clearing, other, net) if net >= 0 else Leg(other, clearing, -net)


def find(entry_id: str, *, lock: bool = False) -> StripeEntry:
    """The row; with `lock`, locked and fresh. Raises NoResultFound."""
    rows = select(StripeEntry).where(StripeEntry.id == entry_id)
    return db.session.scalars(
        (rows.with_for_update() if lock else rows).execution_options(populate_existing=True)
    ).one()


def sums() -> dict[str, int]:
    """What the copied entries come to, per currency: Stripe's idea of our balance."""
    rows = db.session.execute(
        select(StripeEntry.currency, func.sum(StripeEntry.net)).group_by(StripeEntry.currency)
    )
    return {currency: int(net) for currency, net in rows}
