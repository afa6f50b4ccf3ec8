"""The verbs: post a movement, once; move the checkpoints of the hot accounts along; seal what was posted."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from market.kit import clock, wire
from market.kit.db import db
from market.kit.events import By
from market.ledger.accounts import Account, AccountKind
from market.ledger.errors import InsufficientFunds, KeyReused
from market.ledger.movements import Leg, PostingKind

POST = """ledger_post(%s, %s, %s, %s, %s, %s::text[], %s::uuid[], %s::text[], %s::uuid[], %s::bigint[],
    %s, %s, %s, %s)"""


Follower = Callable[[Account, UUID, int], object]
_FOLLOWERS: dict[AccountKind, Follower] = {}

IS_NEW = text(
    "SELECT EXISTS (SELECT FROM ledger_transfers WHERE posting_id = :id AND xid = pg_current_xact_id()::text::bigint)"
)


def follow(kind: AccountKind, follower: Follower) -> None:
    """Have `follower(account, posting_id, fen)` called in the transaction of every posting that brings `fen` into an
    account of this kind, whoever posts it; not again for the same key. One follower per kind, named at import.
    """
    _FOLLOWERS[kind] = follower


def post(
    kind: PostingKind,
    key: str,
    legs: Iterable[Leg],
    *,
    source: tuple[str, UUID],
    by: By | None = None,
    external_ref: str | None = None,
) -> UUID:
    """Move money once; returns the posting's id, the old one when this very movement was posted under `key` before.

    All legs or none; they are checked as one sum per account, so their order does not matter. Legs of 0 fen are left
    out. `source` is what the money moved for (`("milestone", id)`), `external_ref` Stripe's name for it. The same
    key counts as the same movement if kind, source and legs agree; who posted it may differ.
    Raises InsufficientFunds, KeyReused.
    """
    moving = [leg for leg in legs if leg.fen]
    values = _values(kind, key, moving, source, by, external_ref)
    try:
        posting_id: UUID = wire.call(f"SELECT {POST}", values)[0][0]
    except DBAPIError as failure:
        if refusal := refused(failure.orig):
            raise refusal from failure
        raise
    _tell_followers(posting_id, moving)
    return posting_id


def posting(
    kind: PostingKind, key: str, legs: Iterable[Leg], *, source: tuple[str, UUID], by: By | None = None
) -> tuple[str, list[Any]]:
    """The same as a part of a waiting write (kit/wire.py): an expression that posts and is the posting's id, and its
    values. The write says `refused=refused`."""
    moving = [leg for leg in legs if leg.fen]
    if any(leg.credit.kind in _FOLLOWERS for leg in moving):
        return "%s", [post(kind, key, moving, source=source, by=by)]  # its followers want it posted
    return POST, _values(kind, key, moving, source, by, None)


def _values(
    kind: PostingKind,
    key: str,
    moving: Sequence[Leg],
    source: tuple[str, UUID],
    by: By | None,
    external_ref: str | None,
) -> list[Any]:
    if not moving:
        raise ValueError(f"{key}: nothing moves")
    currencies = {account.currency for leg in moving for account in (leg.debit, leg.credit)}
    if len(currencies) != 1:
        raise ValueError(f"{key}: one posting, one currency, not {sorted(currencies)}")
    return [
        kind.value,
        key,
        currencies.pop(),
        *source,
        [leg.debit.kind.value for leg in moving],
        [leg.debit.owner for leg in moving],
        [leg.credit.kind.value for leg in moving],
        [leg.credit.owner for leg in moving],
        [leg.fen for leg in moving],
        by.person_id if by else None,
        by.party_id if by else None,
        external_ref,
        clock.now(),
    ]


def refused(failure: BaseException | None) -> Exception | None:
    """Why the database refused a posting, in our words."""
    diagnosis = getattr(failure, "diag", None)
    if diagnosis and diagnosis.constraint_name == "ck_ledger_balances_no_overdraft":
        return InsufficientFunds()
    if diagnosis and diagnosis.sqlstate == "VT001":
        return KeyReused()
    return None


def _tell_followers(posting_id: UUID, legs: Sequence[Leg]) -> None:
    followed = {leg.credit for leg in legs if leg.credit.kind in _FOLLOWERS}
    if not followed or not db.session.scalar(IS_NEW, {"id": posting_id}):
        return
    for account in sorted(followed, key=str):
        came = sum(leg.fen for leg in legs if leg.credit == account)
        came -= sum(leg.fen for leg in legs if leg.debit == account)
        if came > 0:
            _FOLLOWERS[account.kind](account, posting_id, came)


def lock(accounts: Iterable[Account]) -> None:
    """Hold the balances of these accounts until the transaction ends, in the ledger's own order; what does not exist
    yet is opened. For who reads a balance and acts on it: money that comes or goes waits, and then sees what we wrote.

    Before the first posting of the transaction, after the order's lock.
    """
    wanted = sorted(set(accounts), key=str)
    for currency in sorted({account.currency for account in wanted}):
        mine = [account for account in wanted if account.currency == currency]
        db.session.connection().exec_driver_sql(
            "SELECT ledger_lock(%(currency)s, %(kinds)s::text[], %(owners)s::uuid[])",
            {
                "currency": currency,
                "kinds": [account.kind.value for account in mine],
                "owners": [account.owner for account in mine],
            },
        )


def seal() -> int | None:
    """Close what was posted since the last hash block into a new one; its number, None when nothing was posted."""
    n: int | None = db.session.execute(text("SELECT ledger_seal()")).scalar_one()
    return n


def checkpoint() -> int:
    """Add up what the hot accounts gained since the last time, so that reading them stays quick.

    Once a minute is right. Returns how many accounts moved.
    """
    moved: int = db.session.execute(text("SELECT ledger_checkpoint()")).scalar_one()
    return moved
