"""A party's lines in the ledger: what each posting changed for it, in the order of the books, with the balance after.

A merchant's money is its balance and the escrow of its orders; a payee's is what cools down, what may be withdrawn and
what is on its way to the bank. How others share a release is not on anybody else's lines.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from market.kit.db import db
from market.ledger.movements import PostingKind
from market.orders.models import BOOKKEEPING_ZONE

MINE = """
    mine AS (
        SELECT id, sign FROM ledger_accounts WHERE currency = 'CNY' AND (
            (kind IN ('MW', 'PP', 'PA') AND owner_id = :party)
            OR (kind = 'EU' AND owner_id IN (SELECT id FROM orders WHERE merchant_id = :party))
            OR (kind = 'EM' AND owner_id IN (SELECT m.id FROM milestones m JOIN orders o ON o.id = m.order_id
                WHERE o.merchant_id = :party))
            OR (kind = 'PT' AND owner_id IN (SELECT id FROM withdrawals WHERE party_id = :party)))
    ), moved AS (
        SELECT s.posting_id, sum(s.amount) AS fen FROM (
            SELECT t.posting_id, a.sign * t.amount AS amount FROM ledger_transfers t JOIN mine a ON a.id = t.credit_id
            UNION ALL
            SELECT t.posting_id, -a.sign * t.amount FROM ledger_transfers t JOIN mine a ON a.id = t.debit_id
        ) s GROUP BY s.posting_id HAVING sum(s.amount) <> 0
    )"""

LINES = f"""
    WITH {MINE}
    SELECT p.id, p.kind, p.effective_at, p.source_type, p.external_ref, m.fen, o.serial, o.awarded_at
    FROM moved m JOIN ledger_postings p ON p.id = m.posting_id
    LEFT JOIN LATERAL (
        SELECT o.serial, o.awarded_at FROM orders o WHERE o.id = p.source_id
        UNION ALL SELECT o.serial, o.awarded_at FROM milestones x JOIN orders o ON o.id = x.order_id
            WHERE x.id = p.source_id
        UNION ALL SELECT o.serial, o.awarded_at FROM checkouts x JOIN orders o ON o.id = x.subject_id
            WHERE x.id = p.source_id
        LIMIT 1
    ) o ON true
    WHERE p.effective_at >= :since AND p.effective_at < :until
    ORDER BY p.effective_at, p.id"""

BEFORE = f"""
    WITH {MINE}
    SELECT coalesce(sum(m.fen), 0) FROM moved m JOIN ledger_postings p ON p.id = m.posting_id
    WHERE p.effective_at < :until"""

MOVED_IN = f"""
    WITH {MINE}
    SELECT EXISTS (SELECT FROM moved m JOIN ledger_postings p ON p.id = m.posting_id
        WHERE p.effective_at >= :since AND p.effective_at < :until)"""


@dataclass(frozen=True)
class Line:
    """One posting, as far as it concerns the party; `balance_fen` is after it."""

    posting_id: UUID
    kind: PostingKind
    at: datetime
    order: str
    ref: str
    fen: int
    balance_fen: int


def balance_before(party_id: UUID, moment: datetime, *, on: Connection | None = None) -> int:
    given = {"party": party_id, "until": moment}
    found = on.scalar(text(BEFORE), given) if on else db.session.scalar(text(BEFORE), given)
    return int(found or 0)


def moved(party_id: UUID, since: datetime, until: datetime) -> bool:
    """Whether anything changed for the party in this time."""
    given = {"party": party_id, "since": since, "until": until}
    return bool(db.session.scalar(text(MOVED_IN), given))


def lines(
    party_id: UUID, since: datetime, until: datetime, *, on: Connection | None = None
) -> Iterator[Line]:
    """Oldest first, fetched a thousand at a time; its transaction (the session's, if none is given) stays open
    while it is read."""
    balance = balance_before(party_id, since, on=on)
    rows = (on.execute if on else db.session.execute)(
        text(LINES),
        {"party": party_id, "since": since, "until": until},
        execution_options={"yield_per": 1000},
    )
    for row in rows:
        balance += int(row.fen)
        number = (
            f"VT{row.awarded_at.astimezone(BOOKKEEPING_ZONE):%Y%m%d}-{row.serial:06}" if row.serial else ""
        )
        yield Line(
            row.id,
            PostingKind(row.kind),
            row.effective_at,
            number,
            row.external_ref or "",
            int(row.fen),
            balance,
        )
