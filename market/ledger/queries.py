"""Reading the ledger: what is where, and how it came there."""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, func, select, tuple_, union
from sqlalchemy.orm import aliased

from market.kit import ids
from market.kit.db import db
from market.kit.errors import Invalid
from market.kit.paging import CURSOR, Page
from market.kit.words import N_, say
from market.ledger.accounts import NOBODY, Account, AccountKind
from market.ledger.models import Balance, Block, LedgerAccount, Posting, Transfer
from market.ledger.movements import Entry, Leg


def balance(account: Account) -> int:
    """What is in the account now, in fen; 0 if it was never used."""
    return balances([account])[account]


def balances(accounts: Sequence[Account]) -> dict[Account, int]:
    """What is in each of these accounts, all at one moment."""
    found = db.session.execute(
        select(
            LedgerAccount.kind,
            LedgerAccount.owner_id,
            LedgerAccount.currency,
            func.ledger_amount(LedgerAccount.id),
        ).where(_named(accounts))
    )
    amounts = {_account(kind, owner, currency): amount for kind, owner, currency, amount in found}
    return {account: amounts.get(account, 0) for account in accounts}


def sum_of(kind: AccountKind, owners: Select[UUID], currency: str = "CNY") -> int:
    """What all of these owners' accounts of a kind with balance rows hold together, however many they are."""
    rows = (
        select(func.coalesce(func.sum(Balance.amount), 0))
        .join(LedgerAccount, LedgerAccount.id == Balance.account_id)
        .where(LedgerAccount.owner_id.in_(owners), LedgerAccount.kind == kind)
        .where(LedgerAccount.currency == currency)
    )
    return int(db.session.scalar(rows) or 0)


class Total(NamedTuple):
    """All accounts of a kind in a currency together."""

    kind: AccountKind
    currency: str
    accounts: int
    amount: int


def totals() -> list[Total]:
    """What is in the accounts of each kind, all at one moment, in the order of the chart."""
    amount = case((LedgerAccount.hot, func.ledger_amount(LedgerAccount.id)), else_=Balance.amount)
    found = db.session.execute(
        select(LedgerAccount.kind, LedgerAccount.currency, func.count(), func.coalesce(func.sum(amount), 0))
        .outerjoin(Balance, Balance.account_id == LedgerAccount.id)
        .group_by(LedgerAccount.kind, LedgerAccount.currency)
    )
    chart = list(AccountKind)
    rows = [Total(kind, currency, accounts, int(sum_)) for kind, currency, accounts, sum_ in found]
    return sorted(rows, key=lambda row: (chart.index(row.kind), row.currency))


def head() -> Block | None:
    """The newest hash block. Whoever keeps its hash elsewhere can tell later that nothing before it was changed."""
    return db.session.scalar(select(Block).order_by(Block.n.desc()).limit(1))


def is_in_chain(n: int, hash_: bytes) -> bool:
    """Whether a head kept elsewhere is still the chain's block of that number."""
    return db.session.scalar(select(Block.hash).where(Block.n == n)) == hash_


def postings_of(source_type: str, source_id: UUID) -> list[Entry]:
    """Every posting made for this source, oldest first, with all its legs: who may see which is for the caller."""
    of_source = (Posting.source_id == source_id) & (Posting.source_type == source_type)
    return _entries(of_source)[::-1]


def posting(posting_id: UUID) -> Entry | None:
    """One posting with all its legs: who may see it is for the caller."""
    return next(iter(_entries(Posting.id == posting_id)), None)


def statement(accounts: Sequence[Account], *, limit: int = 20, cursor: str | None = None) -> Page[Entry]:
    """The postings that touched these accounts, newest first, with only the legs that did.

    Raises Invalid on a cursor that is none.
    """
    mine = select(LedgerAccount.id).where(_named(accounts)).scalar_subquery()
    touching = Transfer.debit_id.in_(mine) | Transfer.credit_id.in_(mine)
    touched = union(
        select(Transfer.posting_id).where(Transfer.debit_id.in_(mine)),
        select(Transfer.posting_id).where(Transfer.credit_id.in_(mine)),
    ).subquery()
    page = select(touched.c.posting_id).order_by(touched.c.posting_id.desc()).limit(limit + 1)
    if cursor:
        try:
            page = page.where(touched.c.posting_id < ids.decode(CURSOR, cursor))
        except ValueError as wrong:
            raise Invalid({"cursor": [say(N_("这个翻页位置无效，请从第一页看起。"))]}) from wrong
    shown = list(db.session.scalars(page))
    entries = _entries(touching & Posting.id.in_(shown[:limit])) if shown else []
    return Page(entries, ids.encode(CURSOR, shown[limit - 1]) if len(shown) > limit else None)


def _entries(which: ColumnElement[bool]) -> list[Entry]:
    """Postings with the legs for which `which` holds, newest first."""
    debit, credit = aliased(LedgerAccount), aliased(LedgerAccount)
    rows = db.session.execute(
        select(Posting, Transfer.amount, debit.kind, debit.owner_id, credit.kind, credit.owner_id)
        .join(Transfer, Transfer.posting_id == Posting.id)
        .join(debit, debit.id == Transfer.debit_id)
        .join(credit, credit.id == Transfer.credit_id)
        .where(which)
        .order_by(Posting.id.desc(), Transfer.leg)
    ).all()
    entries = []
    for posting, legs in groupby(rows, key=lambda row: row[0]):
        moved = tuple(
            Leg(
                _account(debit_kind, debit_owner, posting.currency),
                _account(credit_kind, credit_owner, posting.currency),
                fen,
            )
            for _, fen, debit_kind, debit_owner, credit_kind, credit_owner in legs
        )
        entries.append(
            Entry(
                posting_id=posting.id,
                kind=posting.kind,
                source_type=posting.source_type,
                source_id=posting.source_id,
                at=posting.effective_at,
                by_person=posting.by_person,
                by_party=posting.by_party,
                external_ref=posting.external_ref,
                legs=moved,
            )
        )
    return entries


def _named(accounts: Sequence[Account]) -> ColumnElement[bool]:
    """The rows of these accounts."""
    names = [(account.owner, account.kind, account.currency) for account in accounts]
    return tuple_(LedgerAccount.owner_id, LedgerAccount.kind, LedgerAccount.currency).in_(names)


def _account(kind: AccountKind, owner: UUID, currency: str) -> Account:
    return Account(kind, None if owner == NOBODY else owner, currency)
