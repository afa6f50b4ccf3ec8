"""What was posted is changed behind the ledger's back: refused where it can be, and named where it cannot.

An owner may put the triggers to rest; then only the chain of hash blocks is left, and it names the block.
"""

import random
import time
from typing import Any

from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from market.kit.db import db, transaction
from market.kit.roles import as_owner, owner_engine
from market.ledger import service
from market.ledger.movements import Leg, PostingKind
from prove.acts import FEE, await_older, funded, pending, put, stage, uid
from prove.ground import hold, sound

KEPT = ["ledger_accounts", "ledger_blocks", "ledger_postings", "ledger_transfers"]
TABLES = [*KEPT, "ledger_balances", "ledger_checkpoints"]
CHANGES = {
    "ledger_accounts": "UPDATE ledger_accounts SET sign = -sign",
    "ledger_balances": "UPDATE ledger_balances SET amount = amount + 1",
    "ledger_blocks": "UPDATE ledger_blocks SET n = n",
    "ledger_checkpoints": "UPDATE ledger_checkpoints SET amount = amount + 1",
    "ledger_postings": "UPDATE ledger_postings SET kind = 'refund'",
    "ledger_transfers": "UPDATE ledger_transfers SET amount = amount + 1",
}
REMOVALS = ["DELETE FROM {}", "TRUNCATE {} CASCADE"]
NO_PRIVILEGE, KEEPS = "42501", "VT002"

IN_BLOCK = """(SELECT p.id FROM ledger_postings p
    JOIN ledger_blocks b ON b.n = :n AND p.xid >= b.from_xid AND p.xid < b.upto_xid)"""
TAMPERING = {
    "an amount": f"UPDATE ledger_transfers SET amount = amount + 1 WHERE leg = 1 AND posting_id IN {IN_BLOCK}",
    "who did it": f"UPDATE ledger_postings SET by_person = uuidv7() WHERE id IN {IN_BLOCK}",
    "when": f"UPDATE ledger_postings SET effective_at = effective_at - interval '1 day' WHERE id IN {IN_BLOCK}",
    "which account": f"""UPDATE ledger_accounts SET owner_id = uuidv7() WHERE kind = 'PP' AND id IN
        (SELECT credit_id FROM ledger_transfers WHERE posting_id IN {IN_BLOCK})""",
    "a posting moved out": f"UPDATE ledger_postings SET xid = xid + 1000000 WHERE id IN {IN_BLOCK}",
    "a leg removed": f"DELETE FROM ledger_transfers WHERE leg = 2 AND posting_id IN {IN_BLOCK}",
    "a posting removed whole": f"""WITH gone AS (DELETE FROM ledger_transfers WHERE posting_id IN {IN_BLOCK})
        DELETE FROM ledger_postings WHERE id IN {IN_BLOCK}""",
    "a posting smuggled in": """INSERT INTO ledger_postings (kind, idem_key, req_hash, currency, source_type, source_id,
            effective_at, xid) SELECT 'refund', 'x', '', 'CNY', 'test', uuidv7(), now(), from_xid
        FROM ledger_blocks WHERE n = :n""",
    "the block's hash": "UPDATE ledger_blocks SET hash = sha256('x') WHERE n = :n",
    "the block's bounds": "UPDATE ledger_blocks SET upto_xid = upto_xid - 1 WHERE n = :n",
    "the block removed": "DELETE FROM ledger_blocks WHERE n = :n",
}
"""What an owner does to block :n while the triggers rest."""


def prove(app: Flask, seconds: float, seed: int) -> dict[str, Any]:
    dice = random.Random(seed)
    refusals = refused_to_all()
    sealed(8)
    end, found = time.monotonic() + seconds, 0
    while found < len(TAMPERING) or time.monotonic() < end:
        what = list(TAMPERING)[found % len(TAMPERING)]
        n = dice.randint(1, 7)
        named = named_after(what, n)
        at = n + 1 if what == "the block removed" else n
        hold(bool(named) and named[0].startswith(f"block {at},"), f"{what} in block {n}: {named}")
        found += 1
    sound()
    return {"refused": refusals, "tampered": found, "named_the_block": found}


def refused_to_all() -> int:
    """Every change of every table, by the role that runs and by the owner; how many were refused, which is all."""
    funded(1_00)
    count = 0
    for table in TABLES:
        for statement in (CHANGES[table], f"INSERT INTO {table} DEFAULT VALUES", *REMOVALS):
            state = refused_to_the_web(statement.format(table))
            hold(state == NO_PRIVILEGE, f"the web role: {statement.format(table)} ended with {state}")
            count += 1
    for table in KEPT:
        for statement in (CHANGES[table], *REMOVALS):
            state = refused_to_the_owner(statement.format(table))
            hold(state == KEEPS, f"the owner: {statement.format(table)} ended with {state}")
            count += 1
    return count


def refused_to_the_web(statement: str) -> str | None:
    """The SQLSTATE with which the database refuses; None when it does not."""
    try:
        with transaction():
            db.session.execute(text(statement))
    except DBAPIError as refusal:
        return _state(refusal)
    return None


def refused_to_the_owner(statement: str) -> str | None:
    try:
        with as_owner() as owner:
            owner.execute(text(statement))
    except DBAPIError as refusal:
        return _state(refusal)
    return None


def _state(refusal: DBAPIError) -> str | None:
    state: str | None = getattr(refusal.orig, "sqlstate", None)
    return state


def sealed(upto: int) -> None:
    """So many blocks, each with several postings, one of them of two legs."""
    for _ in range(blocks(), upto):
        milestone = funded(10_00)
        put(
            PostingKind.RELEASE,
            f"release:{milestone}",
            Leg(stage(milestone), pending(uid()), 9_00),
            Leg(stage(milestone), FEE, 1_00),
        )
        seal_all()


def seal_all() -> None:
    """All that was posted and stands in no block yet, in one."""
    await_older()
    with transaction():
        service.seal()


def blocks() -> int:
    with transaction():
        return db.session.scalar(text("SELECT count(*) FROM ledger_blocks")) or 0


def named_after(what: str, n: int) -> list[str]:
    """Tamper with block `n` as the owner, ask which blocks are broken, and take it all back."""
    with owner_engine().connect() as owner:
        for table in KEPT:
            owner.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        owner.execute(text(TAMPERING[what]), {"n": n})
        named = list(owner.scalars(text("SELECT ledger_broken_blocks()")))
        owner.rollback()
    return named
