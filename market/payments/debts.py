"""What payees and merchants owe the platform: why, up to which cap, and how it comes back.

The sums are the ledger's (PREC of a payee, MREC of a merchant); a row here is one debt with its reason. Debts are
recovered oldest first: from the next earnings when they have cooled, from money that comes into the wallet, from the
payee's Stripe account, or, when nothing else is left, written off by two persons.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Select, UniqueConstraint, false, select, text
from sqlalchemy.orm import Mapped, mapped_column

from market.accounts.actor import SYSTEM, Actor, Right, Role
from market.accounts.queries import find_party
from market.kit.clock import now
from market.kit.db import Base, Row, belongs_to, db
from market.kit.errors import NotFound
from market.kit.events import record
from market.kit.figures import figures
from market.kit.words import N_
from market.ledger import queries as books
from market.ledger import service as ledger
from market.ledger.accounts import Account, AccountKind
from market.ledger.movements import Leg, PostingKind

K = AccountKind


class DebtCause(StrEnum):
    CHARGEBACK = "chargeback"
    REFUND = "refund"


CAUSES = {
    DebtCause.CHARGEBACK: N_("付款被银行追回"),
    DebtCause.REFUND: N_("放款后退款"),
}


class RecoveryWay(StrEnum):
    EARNINGS = "earnings"
    WALLET = "wallet"
    REVERSAL = "reversal"
    WRITE_OFF = "write_off"


WAYS = {
    RecoveryWay.EARNINGS: N_("从后续收入抵扣"),
    RecoveryWay.WALLET: N_("从钱包余额抵扣"),
    RecoveryWay.REVERSAL: N_("从 Stripe 收款账户收回"),
    RecoveryWay.WRITE_OFF: N_("平台核销"),
}


class Debt(Row, Base):
    """One debt of a party. `open_fen` is what is left of it."""

    __tablename__ = "debts"

    party_id: Mapped[UUID] = belongs_to("parties", index=False)
    account: Mapped[AccountKind]
    """PREC or MREC: a person may be a payee and a merchant, under two parties."""
    cause: Mapped[DebtCause]
    source_id: Mapped[UUID]
    """The chargeback or the refund."""
    subject_id: Mapped[UUID | None]
    """The order, seen from below."""
    number: Mapped[str]
    title: Mapped[str]
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    open_fen: Mapped[int] = mapped_column(BigInteger)
    closed_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("source_id", "party_id"),
        CheckConstraint("account IN ('PREC', 'MREC')", name="account"),
        CheckConstraint("amount_fen > 0 AND open_fen BETWEEN 0 AND amount_fen", name="amount"),
        CheckConstraint("(open_fen = 0) = (closed_at IS NOT NULL)", name="closed"),
        Index("ix_debts_party_id_id", "party_id", "id"),
        Index("ix_debts_open", "party_id", "id", postgresql_where=text("open_fen > 0")),
    )

    @property
    def about(self) -> str:
        """The title without the order's number, which a payment's carries in front."""
        return self.title.removeprefix(self.number).strip()

    @property
    def ledger_account(self) -> Account:
        return Account(self.account, self.party_id)


class Recovery(Row, Base):
    """A part of a debt that came back, or was given up; each with the posting that moved it."""

    __tablename__ = "debt_recoveries"

    debt_id: Mapped[UUID] = belongs_to("debts")
    way: Mapped[RecoveryWay]
    fen: Mapped[int] = mapped_column(BigInteger)
    posting_id: Mapped[UUID]
    at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("posting_id", "debt_id"),
        CheckConstraint("fen > 0", name="fen"),
    )


def visible_to(actor: Actor) -> Select[Debt]:
    """One's own, with the right to see one's money; operators of money see all."""
    rows = select(Debt)
    if actor.is_operator:
        return rows if actor.may(Right.RECONCILE) else rows.where(false())
    allowed = actor.may(Right.PAY) or actor.may(Right.CASH)
    return rows.where(Debt.party_id == actor.party_id) if actor.party_id and allowed else rows.where(false())


def find_visible(debt_id: UUID, actor: Actor) -> Debt:
    """Raises NotFound, also for a foreign one."""
    found = db.session.scalar(visible_to(actor).where(Debt.id == debt_id))
    if found is None:
        raise NotFound
    return found


def open_of(party_id: UUID) -> Sequence[Debt]:
    """What the party owes, oldest first."""
    return db.session.scalars(
        select(Debt).where(Debt.party_id == party_id, Debt.open_fen > 0).order_by(Debt.id)
    ).all()


def owed_fen(party_id: UUID) -> int:
    """The whole of it, by the ledger."""
    accounts = [Account(K.PAYEE_RECEIVABLE, party_id), Account(K.MERCHANT_RECEIVABLE, party_id)]
    return sum(books.balances(accounts).values())


def recoveries_of(debt_ids: Sequence[UUID]) -> dict[UUID, list[Recovery]]:
    """How each debt came back so far, oldest first."""
    found: dict[UUID, list[Recovery]] = {key: [] for key in debt_ids}
    rows = select(Recovery).where(Recovery.debt_id.in_(debt_ids)).order_by(Recovery.id)
    for row in db.session.scalars(rows) if debt_ids else ():
        found[row.debt_id].append(row)
    return found


def account_of(party_id: UUID) -> Account:
    """Where this party's debts stand."""
    is_merchant = find_party(party_id).role is Role.MERCHANT
    return Account(K.MERCHANT_RECEIVABLE if is_merchant else K.PAYEE_RECEIVABLE, party_id)


def cap_fen(account: Account) -> int:
    """The most that may come to stand here."""
    merchant = account.kind is K.MERCHANT_RECEIVABLE
    return figures.merchant_debt_cap_fen if merchant else figures.payee_debt_cap_fen


def room(party_id: UUID) -> int:
    """How much more the party may come to owe: its cap less what it owes."""
    account = account_of(party_id)
    return max(0, cap_fen(account) - books.balance(account))


def owe(
    party_id: UUID,
    fen: int,
    *,
    cause: DebtCause,
    source_id: UUID,
    subject_id: UUID | None,
    number: str,
    title: str,
    by: Actor,
) -> Debt:
    """Note the debt whose leg (`account_of(party_id)` → …) the caller posts in the same transaction, and tell why."""
    account = account_of(party_id)
    made = Debt(
        party_id=party_id,
        account=account.kind,
        cause=cause,
        source_id=source_id,
        subject_id=subject_id,
        number=number,
        title=title,
        amount_fen=fen,
        open_fen=fen,
    )
    db.session.add(made)
    db.session.flush()
    record(
        "debt.made",
        made.id,
        by=by,
        audience=[party_id],
        amount_fen=fen,
        number=number,
        cause=cause.value,
        url=page_of(party_id),
    )
    return made


def page_of(party_id: UUID) -> str:
    """Where the party reads about its debts."""
    role = find_party(party_id).role
    return {Role.MERCHANT: "/m/debts", Role.AGENCY: "/a/debts"}.get(role, "/u/debts")


def stand_in_line(parties: Iterable[UUID]) -> None:
    """Hold what these parties have until the transaction ends, before a debt of theirs is posted: money that comes
    meanwhile waits and then pays it, money that goes is gone before we look. After the order's lock."""
    accounts = []
    for party_id in parties:
        if account_of(party_id).kind is K.MERCHANT_RECEIVABLE:
            accounts.append(Account(K.MERCHANT_WALLET, party_id))
        else:
            accounts += [Account(K.PAYEE_PENDING, party_id), Account(K.PAYEE_AVAILABLE, party_id)]
    ledger.lock(accounts)


def collect(merchant_id: UUID, posting_id: UUID) -> int:
    """What the merchant's wallet holds already pays the debt that this posting made, as new money would; returns how
    much. Wants `stand_in_line` before the posting."""
    wallet = Account(K.MERCHANT_WALLET, merchant_id)
    return _pay(wallet, f"{posting_id}:{merchant_id}", books.balance(wallet))


def sweep(into: Account, posting_id: UUID, most_fen: int) -> int:
    """New money pays debts first, PA→PREC of a payee, MW→MREC of a merchant, at most what this posting brought;
    returns how much.

    The ledger calls it in the transaction of every posting that brings money into PA or MW.
    """
    return _pay(into, str(posting_id), most_fen)


def _pay(into: Account, cause: str, most_fen: int) -> int:
    party_id = into.owner
    debt, way = SWEPT_INTO[into.kind]
    open_ = [each for each in _locked(party_id) if each.account is debt]
    fen = min(most_fen, sum(each.open_fen for each in open_), books.balance(into))
    if fen <= 0:
        return 0
    made = ledger.post(
        PostingKind.RECOVERY,
        f"sweep:{cause}",
        [Leg(into, Account(debt, party_id), fen)],
        source=("party", party_id),
        by=SYSTEM,
    )
    settle(open_, fen, way, made, by=SYSTEM)
    return fen


SWEPT_INTO = {
    K.PAYEE_AVAILABLE: (K.PAYEE_RECEIVABLE, RecoveryWay.EARNINGS),
    K.MERCHANT_WALLET: (K.MERCHANT_RECEIVABLE, RecoveryWay.WALLET),
}
for kind in SWEPT_INTO:
    ledger.follow(kind, sweep)


def _locked(party_id: UUID) -> Sequence[Debt]:
    return db.session.scalars(
        select(Debt)
        .where(Debt.party_id == party_id, Debt.open_fen > 0)
        .order_by(Debt.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def lock(debt_id: UUID) -> Debt:
    """The row, locked and fresh. Raises NotFound."""
    found = db.session.get(Debt, debt_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def settle(debts: Sequence[Debt], fen: int, way: RecoveryWay, posting_id: UUID, *, by: Actor) -> None:
    """Take `fen` off these (locked) debts, oldest first: what the posting has just moved."""
    left = fen
    for debt in debts:
        part = min(left, debt.open_fen)
        if not part:
            continue
        left -= part
        debt.open_fen -= part
        if not debt.open_fen:
            debt.closed_at = now()
        db.session.add(Recovery(debt_id=debt.id, way=way, fen=part, posting_id=posting_id, at=now()))
        record(
            "debt.written_off" if way is RecoveryWay.WRITE_OFF else "debt.recovered",
            debt.id,
            by=by,
            audience=[debt.party_id],
            amount_fen=part,
            left_fen=debt.open_fen,
            number=debt.number,
            way=way.value,
            url=page_of(debt.party_id),
        )
    if left:
        raise ValueError(f"{left} fen more than these debts")
    db.session.flush()
