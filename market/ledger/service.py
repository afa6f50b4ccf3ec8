"""The verbs: post a movement, once; move the checkpoints of the hot accounts along; seal what was posted."""

from collections.abc import Callable, Iterable, Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from market.kit import clock
from market.kit.db import db
from market.kit.events import By
from market.ledger.accounts import Account, AccountKind
from market.ledger.errors import InsufficientFunds, KeyReused
from market.ledger.movements import Leg, PostingKind

POST = """SELECT ledger_post(
    %(kind)s, %(key)s, %(currency)s, %(source_type)s, %(source_id)s,
    %(debit_kinds)s::text[], %(debit_owners)s::uuid[], %(credit_kinds)s::text[], %(credit_owners)s::uuid[],
    %(amounts)s::bigint[], %(person)s, %(party)s, %(external_ref)s, %(at)s)"""


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
    if not moving:
        raise ValueError(f"{key}: nothing moves")
    currencies = {account.currency for leg in moving for account in (leg.debit, leg.credit)}
    if len(currencies) != 1:
        raise ValueError(f"{key}: one posting, one currency, not {sorted(currencies)}")
    values = {
        "kind": kind.value,
        "key": key,
        "currency": currencies.pop(),
        "source_type": source[0],
        "source_id": source[1],
        "debit_kinds": [leg.debit.kind.value for leg in moving],
        "debit_owners": [leg.debit.owner for leg in moving],
        "credit_kinds": [leg.credit.kind.value for leg in moving],
        "credit_owners": [leg.credit.owner for leg in moving],
        "amounts": [leg.fen for leg in moving],
        "person": by.person_id if by else None,
        "party": by.party_id if by else None,
        "external_ref": external_ref,
        "at": clock.now(),
    }
    try:
        # Straight to the driver, which keeps the statement prepared: this call is on the way of every payment.
        posting_id: UUID = db.session.connection().exec_driver_sql(POST, values).scalar_one()
    except DBAPIError as failure:
        diagnosis = getattr(failure.orig, "diag", None)
        if diagnosis and diagnosis.constraint_name == "ck_ledger_balances_no_overdraft":
            raise InsufficientFunds from failure
        if diagnosis and diagnosis.sqlstate == "VT001":
            raise KeyReused from failure
        raise
    _tell_followers(posting_id, moving)
    return posting_id


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
