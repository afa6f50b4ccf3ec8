"""Each balance transaction and its posting, found by the Stripe object both name and by what it did to our balance."""

from sqlalchemy import text

from market.kit.db import db
from market.reconciliation.found import Found
from market.reconciliation.models import Kind
from market.reconciliation.whose import order_of_entry, order_of_source

# What each posting did to our account at Stripe, in the currency of the posting.
MOVED = """
    moved AS (
        SELECT p.id, p.external_ref, p.currency, p.effective_at, p.source_type, p.source_id, sum(s.amount) AS net
        FROM (
            SELECT t.posting_id, t.amount FROM ledger_transfers t
                JOIN ledger_accounts a ON a.id = t.debit_id AND a.kind = 'SC'
            UNION ALL
            SELECT t.posting_id, -t.amount FROM ledger_transfers t
                JOIN ledger_accounts a ON a.id = t.credit_id AND a.kind = 'SC'
        ) s JOIN ledger_postings p ON p.id = s.posting_id
        GROUP BY p.id HAVING sum(s.amount) <> 0
    )"""

# A pair whose posting is gone or does not say the same any more is none.
PART = f"""
    WITH {MOVED}
    UPDATE stripe_entries e SET posting_id = NULL
    WHERE e.posting_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM moved m WHERE m.id = e.posting_id AND m.net = e.net AND m.currency = e.currency)"""

PAIR = f"""
    WITH {MOVED}, free_postings AS (
        SELECT m.*, row_number() OVER (PARTITION BY external_ref, currency, net ORDER BY effective_at, id) AS turn
        FROM moved m WHERE external_ref IS NOT NULL
            AND NOT EXISTS (SELECT FROM stripe_entries e WHERE e.posting_id = m.id)
    ), free_entries AS (
        SELECT e.id, coalesce(e.source, e.id) AS ref, e.currency, e.net,
            row_number() OVER (PARTITION BY coalesce(e.source, e.id), currency, net ORDER BY booked_at, id) AS turn
        FROM stripe_entries e WHERE e.posting_id IS NULL AND e.net <> 0
    )
    UPDATE stripe_entries e SET posting_id = p.id
    FROM free_entries f JOIN free_postings p
        ON p.external_ref = f.ref AND p.currency = f.currency AND p.net = f.net AND p.turn = f.turn
    WHERE e.id = f.id"""

LEFT = f"""
    WITH {MOVED}, p AS (
        SELECT m.*, coalesce(external_ref, id::text) AS ref,
            row_number() OVER (PARTITION BY coalesce(external_ref, id::text), currency ORDER BY effective_at, id) AS turn
        FROM moved m WHERE NOT EXISTS (SELECT FROM stripe_entries e WHERE e.posting_id = m.id)
    ), e AS (
        SELECT e.*, coalesce(e.source, e.id) AS ref,
            row_number() OVER (PARTITION BY coalesce(e.source, e.id), currency ORDER BY booked_at, id) AS turn
        FROM stripe_entries e WHERE e.posting_id IS NULL AND e.net <> 0
    )
    SELECT e.id AS entry_id, e.net AS theirs, e.type, e.description, e.booked_at,
        p.id AS posting_id, p.net AS ours, p.effective_at, p.source_type, p.source_id,
        coalesce(e.ref, p.ref) AS ref, coalesce(e.currency, p.currency) AS currency
    FROM e FULL JOIN p ON p.ref = e.ref AND p.currency = e.currency AND p.turn = e.turn
    ORDER BY coalesce(e.booked_at, p.effective_at)"""

# Entries whose posting left something in suspense that nobody took out again.
SUSPENDED = """
    SELECT e.id AS entry_id, e.type, e.description, e.booked_at, e.source, e.posting_id, s.currency,
        sum(s.amount) AS amount
    FROM stripe_entries e
    JOIN (
        SELECT t.posting_id, a.currency, -t.amount AS amount FROM ledger_transfers t
            JOIN ledger_accounts a ON a.id = t.debit_id AND a.kind = 'SUSP'
        UNION ALL
        SELECT t.posting_id, a.currency, t.amount FROM ledger_transfers t
            JOIN ledger_accounts a ON a.id = t.credit_id AND a.kind = 'SUSP'
    ) s ON s.posting_id = e.posting_id
    WHERE e.cleared_id IS NULL
    GROUP BY e.id, s.currency HAVING sum(s.amount) <> 0 ORDER BY e.booked_at"""


def pair() -> int:
    """Pair what can be paired; the number of new pairs."""
    db.session.execute(text(PART))
    return int(db.session.execute(text(PAIR)).rowcount)  # type: ignore[attr-defined]


def unpaired() -> list[Found]:
    """What has no partner, or one with another amount."""
    found = []
    for row in db.session.execute(text(LEFT)):
        kind = (
            Kind.AMOUNT
            if row.entry_id and row.posting_id
            else Kind.ENTRY_ALONE
            if row.entry_id
            else Kind.POSTING_ALONE
        )
        order_id = order_of_source(row.source_type, row.source_id) if row.posting_id else None
        if row.entry_id and order_id is None:
            order_id = order_of_entry(row.ref, row.description)
        found.append(
            Found(
                kind,
                row.entry_id or str(row.posting_id),
                order_id=order_id,
                entry_id=row.entry_id,
                posting_id=row.posting_id,
                ours_fen=row.ours,
                theirs_fen=row.theirs,
                currency=row.currency,
                what=" ".join(filter(None, (row.type, row.ref, row.description))),
                since=row.booked_at or row.effective_at,
            )
        )
    return found


def suspended() -> list[Found]:
    return [
        Found(
            Kind.SUSPENSE,
            row.entry_id,
            order_id=order_of_entry(row.source or "", row.description or ""),
            entry_id=row.entry_id,
            posting_id=row.posting_id,
            ours_fen=row.amount,
            theirs_fen=row.amount,
            currency=row.currency,
            what=" ".join(filter(None, (row.type, row.source, row.description))),
            since=row.booked_at,
        )
        for row in db.session.execute(text(SUSPENDED))
    ]
