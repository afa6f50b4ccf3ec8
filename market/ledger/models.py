"""The tables. Everything is written by the functions in schema.sql and by nothing else; see that file."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from market.kit.db import Base, Row
from market.ledger.accounts import AccountKind
from market.ledger.movements import PostingKind

XID = text("pg_current_xact_id()::text::bigint")
"""The transaction a row was written in: what bounds a checkpoint without a gap (see ledger_checkpoint)."""


class LedgerAccount(Base):
    """An account that was used at least once. Rows never change."""

    __tablename__ = "ledger_accounts"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[AccountKind]
    owner_id: Mapped[UUID]
    currency: Mapped[str] = mapped_column(String(3))
    sign: Mapped[int] = mapped_column(SmallInteger)
    hot: Mapped[bool]
    opened_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())

    __table_args__ = (
        UniqueConstraint("owner_id", "kind", "currency"),
        Index("ix_ledger_accounts_hot", "id", postgresql_where=text("hot")),
    )


class Balance(Base):
    """What is in an account that is not hot, seen from its normal side; never below zero."""

    __tablename__ = "ledger_balances"

    account_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("ledger_accounts.id"), primary_key=True, autoincrement=False
    )
    amount: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    sign: Mapped[int] = mapped_column(SmallInteger)

    __table_args__ = (
        # Short on purpose: PostgreSQL reads a CHECK anew for each statement that has to obey it.
        CheckConstraint("amount >= 0", name="no_overdraft"),
        # No index but the key and room on the page: almost every update stays in place.
        {"postgresql_with": {"fillfactor": 60}},
    )


class Posting(Row, Base):
    """One movement of money with one reason; `idem_key` makes it happen once."""

    __tablename__ = "ledger_postings"

    kind: Mapped[PostingKind]
    idem_key: Mapped[str] = mapped_column(Text, unique=True)
    req_hash: Mapped[bytes] = mapped_column(LargeBinary)
    currency: Mapped[str] = mapped_column(String(3))
    source_type: Mapped[str] = mapped_column(Text)
    source_id: Mapped[UUID]
    by_person: Mapped[UUID | None]
    by_party: Mapped[UUID | None]
    external_ref: Mapped[str | None] = mapped_column(Text)
    effective_at: Mapped[datetime]
    xid: Mapped[int] = mapped_column(BigInteger, server_default=XID)

    __table_args__ = (
        Index("ix_ledger_postings_source", "source_id"),
        Index(
            "ix_ledger_postings_external_ref",
            "external_ref",
            postgresql_where=text("external_ref IS NOT NULL"),
        ),
        # For the range of a block: postings lie on disk almost in its order, so a few bytes per page do.
        Index(
            "ix_ledger_postings_xid",
            "xid",
            postgresql_using="brin",
            postgresql_with={"pages_per_range": 16, "autosummarize": "on"},
        ),
    )


class Transfer(Base):
    """One leg. No foreign keys: only ledger_post inserts here, and joining the accounts costs less than
    locking their rows; `checks` looks for orphans."""

    __tablename__ = "ledger_transfers"

    posting_id: Mapped[UUID] = mapped_column(primary_key=True)
    leg: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    debit_id: Mapped[int] = mapped_column(BigInteger)
    credit_id: Mapped[int] = mapped_column(BigInteger)
    amount: Mapped[int] = mapped_column(BigInteger)
    xid: Mapped[int] = mapped_column(BigInteger, server_default=XID)

    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("debit_id <> credit_id", name="two_accounts"),
        Index("ix_ledger_transfers_debit", "debit_id", "xid", postgresql_include=["amount"]),
        Index("ix_ledger_transfers_credit", "credit_id", "xid", postgresql_include=["amount"]),
    )


class Checkpoint(Base):
    """What was in a hot account after all transactions below `upto`. Derived: losing it costs only time."""

    __tablename__ = "ledger_checkpoints"

    account_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("ledger_accounts.id"), primary_key=True, autoincrement=False
    )
    upto: Mapped[int] = mapped_column(BigInteger)
    amount: Mapped[int] = mapped_column(BigInteger)
    taken_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class Block(Base):
    """A link of the hash chain: what the transactions from `from_xid` up to, not including, `upto_xid` posted.

    See blocks.sql. Rows never change.
    """

    __tablename__ = "ledger_blocks"

    n: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    from_xid: Mapped[int] = mapped_column(BigInteger)
    upto_xid: Mapped[int] = mapped_column(BigInteger)
    postings: Mapped[int] = mapped_column(BigInteger)
    prev: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
