"""What must hold between our book and Stripe's, as far as the last run of the comparison brought Stripe's here."""

from market.ledger.checks import register

PACKAGE = "reconciliation"

OPEN = """
    SELECT d.id::text, format('%s %s: ours %s, theirs %s %s', d.kind, d.ref, d.ours_fen, d.theirs_fen, d.currency)
    FROM reconciliation_differences d WHERE d.resolved_at IS NULL AND d.waived_at IS NULL AND d.kind IN"""

CHECKS: dict[str, str] = {
    # I8: our account at Stripe is the sum of Stripe's entries, but for what has no partner yet; a pair says the same;
    # and the last run found Stripe's entries to come to Stripe's balance.
    "stripe": f"""
        WITH moved AS (
            SELECT p.id, p.currency, sum(CASE WHEN a.id = t.debit_id THEN t.amount ELSE -t.amount END) AS net
            FROM ledger_accounts a JOIN ledger_transfers t ON a.id IN (t.debit_id, t.credit_id)
            JOIN ledger_postings p ON p.id = t.posting_id
            WHERE a.kind = 'SC' GROUP BY p.id
        )
        SELECT e.id, format('%s %s by Stripe, posted %s %s', e.net, e.currency, m.net, m.currency)
        FROM stripe_entries e LEFT JOIN moved m ON m.id = e.posting_id
        WHERE e.posting_id IS NOT NULL AND (m.net, m.currency) IS DISTINCT FROM (e.net, e.currency::text)
        UNION ALL
        SELECT a.currency::text, format('ours %s, theirs %s, without a partner %s and %s', ledger_amount(a.id), e.fen,
            ours.fen, theirs.fen)
        FROM ledger_accounts a
        CROSS JOIN LATERAL (SELECT coalesce(sum(net), 0) AS fen FROM stripe_entries WHERE currency = a.currency) e
        CROSS JOIN LATERAL (SELECT coalesce(sum(net), 0) AS fen FROM stripe_entries
            WHERE currency = a.currency AND posting_id IS NULL) theirs
        CROSS JOIN LATERAL (SELECT coalesce(sum(m.net), 0) AS fen FROM moved m WHERE m.currency = a.currency
            AND NOT EXISTS (SELECT FROM stripe_entries s WHERE s.posting_id = m.id)) ours
        WHERE a.kind = 'SC' AND ledger_amount(a.id) - e.fen <> ours.fen - theirs.fen
        UNION ALL
        SELECT o.* FROM ({OPEN} ('sum', 'balance', 'amount')) o (id, what)""",
    # I9: what we owe to others is at Stripe, but for what others owe to us; the last run found it so.
    "cover": f"{OPEN} ('cover')",
}


register(PACKAGE, CHECKS, {"stripe": "I8", "cover": "I9"})
