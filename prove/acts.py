"""What the proofs and tests of the ledger do: movements as the business packages write them, and crowds of threads."""

import secrets
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import text

from market.kit.db import db, transaction
from market.kit.errors import Refusal
from market.ledger import queries, service
from market.ledger.accounts import Account, AccountKind
from market.ledger.movements import Leg, PostingKind

K = AccountKind
SC, FEE, TAX, SFE = (Account(k) for k in (K.STRIPE_CLEARING, K.FEE_REVENUE, K.TAX_PAYABLE, K.STRIPE_FEES))


def uid() -> UUID:
    return UUID(bytes=secrets.token_bytes(16))


def escrow(order: UUID) -> Account:
    return Account(K.ESCROW_UNALLOCATED, order)


def stage(milestone: UUID) -> Account:
    return Account(K.ESCROW_MILESTONE, milestone)


def pending(payee: UUID) -> Account:
    return Account(K.PAYEE_PENDING, payee)


def available(payee: UUID) -> Account:
    return Account(K.PAYEE_AVAILABLE, payee)


def transit(withdrawal: UUID) -> Account:
    return Account(K.PAYOUT_IN_TRANSIT, withdrawal)


def put(kind: PostingKind, key: str, *legs: Leg, source: tuple[str, UUID] | None = None, **more: Any) -> UUID:
    """Post in a transaction of its own."""
    with transaction():
        return service.post(kind, key, legs, source=source or ("test", UUID(int=7)), **more)


def charge(order: UUID, fen: int, key: str = "") -> UUID:
    return put(PostingKind.CHARGE, key or f"charge:{uid()}", Leg(SC, escrow(order), fen))


def award(order: UUID, milestone: UUID, fen: int) -> UUID:
    return put(PostingKind.AWARD, f"award:{milestone}", Leg(escrow(order), stage(milestone), fen))


def funded(fen: int) -> UUID:
    """A milestone with this much money in escrow."""
    order, milestone = uid(), uid()
    charge(order, fen)
    award(order, milestone, fen)
    return milestone


def holds(account: Account) -> int:
    """What is in the account, read in a transaction of its own."""
    with transaction():
        return queries.balance(account)


def scanned(account: Account) -> int:
    """The same, without checkpoints and balance rows: every transfer added up."""
    sql = """SELECT a.sign * (coalesce((SELECT sum(amount) FROM ledger_transfers WHERE credit_id = a.id), 0)
            - coalesce((SELECT sum(amount) FROM ledger_transfers WHERE debit_id = a.id), 0))
        FROM ledger_accounts a WHERE a.kind = :kind AND a.owner_id = :owner AND a.currency = :currency"""
    named = {"kind": account.kind.value, "owner": account.owner, "currency": account.currency}
    with transaction():
        return int(db.session.scalar(text(sql), named) or 0)


def await_older() -> None:
    """Wait until no transaction is open anywhere on the server, in whichever database, that began before the newest posting
    ended: behind such a one no checkpoint goes, and no block."""
    passed = text(
        """SELECT coalesce(max(xid), 0) < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
        FROM ledger_postings"""
    )
    patience = time.monotonic() + 30
    while True:
        with transaction():
            if db.session.scalar(passed):
                return
        assert time.monotonic() < patience, "a transaction on this server stays open"
        time.sleep(0.01)


def settle() -> int:
    """Move the checkpoints behind every transfer; returns how many accounts moved. For when nobody posts."""
    await_older()
    with transaction():
        return service.checkpoint()


def crowd(app: Flask, acts: list[Callable[[], Any]]) -> Counter[str]:
    """Do all of these at once, each in a thread with a connection of its own; counts how they ended."""
    gate = Barrier(len(acts))

    def one(act: Callable[[], Any]) -> str:
        with app.app_context():
            gate.wait()
            try:
                act()
            except Refusal as refused:
                return refused.slug()
            finally:
                db.session.remove()
        return "done"

    with ThreadPoolExecutor(len(acts)) as threads:
        return Counter(threads.map(one, acts))
