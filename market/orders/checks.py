"""What must always hold between orders and the ledger: one question each, run in tests and on the money page.

The ledger checks itself (ledger.checks); these ask whether the business says the same.
"""

from sqlalchemy import text

from market.kit.db import db

CHECKS: dict[str, str] = {
    # Funded money is in the order's escrow, in its milestones', or was released: nothing else, nowhere else.
    "deposit": """
        SELECT o.id, format('received %s, escrow %s, released %s', r.fen, e.fen, d.fen)
        FROM orders o
        CROSS JOIN LATERAL (SELECT coalesce(sum(received_fen), 0) AS fen FROM checkouts
            WHERE subject_id = o.id AND state = 'paid') r
        CROSS JOIN LATERAL (SELECT coalesce(sum(ledger_amount(a.id)), 0) AS fen FROM ledger_accounts a
            WHERE (a.kind = 'EU' AND a.owner_id = o.id)
               OR (a.kind = 'EM' AND a.owner_id IN (SELECT id FROM milestones WHERE order_id = o.id))) e
        CROSS JOIN LATERAL (SELECT coalesce(sum(amount_fen), 0) AS fen FROM milestones
            WHERE order_id = o.id AND state = 'released') d
        WHERE r.fen <> e.fen + d.fen""",
    # A milestone is released exactly when its release stands in the ledger, whole.
    "release": """
        SELECT m.id, format('%s, posted %s of %s', m.state, p.fen, m.amount_fen)
        FROM milestones m
        CROSS JOIN LATERAL (SELECT coalesce(sum(t.amount), 0) AS fen
            FROM ledger_postings l JOIN ledger_transfers t ON t.posting_id = l.id
            WHERE l.kind = 'release' AND l.source_id = m.id) p
        WHERE p.fen <> CASE m.state WHEN 'released' THEN m.amount_fen ELSE 0 END""",
    # What payees were told they earned is what the ledger gave them.
    "earning": """
        SELECT e.id, format('earned %s, posted %s', e.amount_fen, p.fen)
        FROM earnings e
        CROSS JOIN LATERAL (SELECT coalesce(sum(t.amount), 0) AS fen
            FROM ledger_postings l
            JOIN ledger_transfers t ON t.posting_id = l.id
            JOIN ledger_accounts a ON a.id = t.credit_id AND a.kind = 'PP' AND a.owner_id = e.party_id
            WHERE l.kind = 'release' AND l.source_id = e.source_id) p
        WHERE p.fen <> e.amount_fen""",
    # Money on its way to a bank has left us exactly when Stripe took it.
    "withdrawal": """
        SELECT w.id, format('%s, in transit %s of %s', w.state, b.fen, w.amount_fen)
        FROM withdrawals w
        CROSS JOIN LATERAL (SELECT coalesce(sum(ledger_amount(a.id)), 0) AS fen FROM ledger_accounts a
            WHERE a.kind = 'PT' AND a.owner_id = w.id) b
        WHERE b.fen <> CASE w.state WHEN 'requested' THEN w.amount_fen ELSE 0 END""",
    # The order stands where its milestones stand.
    "stage": """
        SELECT o.id, format('%s with %s released', o.state, n.released)
        FROM orders o
        CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE state = 'released') AS released
            FROM milestones WHERE order_id = o.id) n
        WHERE n.released <> CASE o.state WHEN 'drafting' THEN 1 WHEN 'publishing' THEN 2
            WHEN 'completed' THEN 3 ELSE 0 END""",
}


def check() -> list[str]:
    """What differs, in words; nothing when all is well."""
    return [
        f"{name} {row[0]}: {row[1]}"
        for name, question in CHECKS.items()
        for row in db.session.execute(text(question))
    ]
