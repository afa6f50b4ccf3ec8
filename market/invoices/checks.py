"""What must always hold between documents and the ledger: one question each, run in tests and on the money page."""

from market.ledger.checks import register

# The platform's fee of an order: what postings about its stages brought to FEE, less what they took from it.
FEE_OF_ORDER = """
    SELECT coalesce(sum(CASE WHEN c.kind = 'FEE' THEN t.amount ELSE 0 END
            - CASE WHEN d.kind = 'FEE' THEN t.amount ELSE 0 END), 0) AS fen
        FROM milestones m
        JOIN ledger_postings p ON p.source_type = 'milestone' AND p.source_id = m.id
        JOIN ledger_transfers t ON t.posting_id = p.id
        JOIN ledger_accounts d ON d.id = t.debit_id
        JOIN ledger_accounts c ON c.id = t.credit_id
        WHERE m.order_id = o.id"""

CHECKS: dict[str, str] = {
    # Of an order that is over, invoice less credit notes is the fee that is left, unless the news is on its way.
    "fee": f"""
        SELECT o.id, format('invoiced %s less %s, fee %s', i.fen, n.fen, f.fen)
        FROM orders o
        CROSS JOIN LATERAL (SELECT coalesce(sum(total_fen), 0) AS fen FROM documents
            WHERE order_id = o.id AND kind = 'invoice') i
        CROSS JOIN LATERAL (SELECT coalesce(sum(total_fen), 0) AS fen FROM documents
            WHERE order_id = o.id AND kind = 'credit_note') n
        CROSS JOIN LATERAL ({FEE_OF_ORDER}) f
        WHERE i.fen - n.fen <> f.fen
            AND (i.fen <> 0 OR o.state IN ('completed', 'settled'))
            AND NOT EXISTS (SELECT FROM milestones m WHERE m.order_id = o.id AND m.held_by IS NOT NULL)
            AND NOT EXISTS (SELECT FROM events v WHERE v.subject_id = o.id AND v.relayed_at IS NULL
                AND v.name IN ('order.completed', 'order.settled', 'milestone.taken_back', 'dispute.decided',
                    'dispute.dropped'))
            AND NOT EXISTS (SELECT FROM work_items w WHERE w.subject_id = o.id AND w.state = 'waiting'
                AND w.handler = 'invoices.listeners:paper_order')""",
    # So all fees are: of orders, invoiced or not yet over; of withdrawals; and what went into the platform's funds.
    "revenue": """
        SELECT p.id, format('%s of a %s moves fees', p.kind, p.source_type)
        FROM ledger_accounts a
        JOIN ledger_transfers t ON a.id IN (t.debit_id, t.credit_id)
        JOIN ledger_postings p ON p.id = t.posting_id
        WHERE a.kind = 'FEE' AND p.source_type NOT IN ('milestone', 'withdrawal', 'entry')""",
    # A credit note takes from an invoice of the same order and party, and all of an invoice's notes never more than it.
    "credit_note": """
        SELECT i.id, format('%s invoiced, %s credited', i.total_fen, sum(n.total_fen))
        FROM documents n JOIN documents i ON i.id = n.corrects_id
        GROUP BY i.id, i.total_fen, i.kind, i.order_id, i.party_id
        HAVING sum(n.total_fen) > i.total_fen OR i.kind <> 'invoice'
            OR bool_or(n.order_id <> i.order_id OR n.party_id <> i.party_id)""",
}


register("invoices", CHECKS)
