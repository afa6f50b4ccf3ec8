"""What must always hold between orders and the ledger: one question each, run in tests and on the money page.

The ledger checks itself (ledger.checks); these ask whether the business says the same.
"""

from market.ledger.checks import broken, register

CHECKS: dict[str, str] = {
    # What promotions paid into an order's escrow is what its grant says was used.
    "subsidy": """
        SELECT g.subject_id, format('used %s, posted %s', g.used_fen, p.fen)
        FROM subsidy_grants g
        CROSS JOIN LATERAL (SELECT coalesce(sum(t.amount), 0) AS fen
            FROM ledger_postings l
            JOIN ledger_transfers t ON t.posting_id = l.id
            JOIN ledger_accounts a ON a.id = t.debit_id AND a.kind = 'PRO'
            WHERE l.kind = 'promotion' AND l.source_id = g.subject_id) p
        WHERE p.fen <> g.used_fen""",
    # A budget is taken by its grants, and by nothing else.
    "budget": """
        SELECT s.id, format('taken %s, granted %s', s.taken_fen, g.fen)
        FROM subsidies s
        CROSS JOIN LATERAL (SELECT coalesce(sum(amount_fen - returned_fen), 0) AS fen
            FROM subsidy_grants WHERE subsidy_id = s.id) g
        WHERE g.fen <> s.taken_fen""",
    # A stage is funded exactly when its award stands in the ledger, whole; nobody works on one that is not.
    "funding": """
        SELECT m.id, format('funded %s, awarded %s of %s', m.funded_at, p.fen, m.amount_fen)
        FROM milestones m
        CROSS JOIN LATERAL (SELECT coalesce(sum(t.amount), 0) AS fen
            FROM ledger_postings l
            JOIN ledger_transfers t ON t.posting_id = l.id
            JOIN ledger_accounts a ON a.id = t.credit_id AND a.kind = 'EM' AND a.owner_id = m.id
            WHERE l.kind = 'award') p
        WHERE p.fen <> CASE WHEN m.funded_at IS NULL THEN 0 ELSE m.amount_fen END""",
    # What came into a wallet from outside was paid by a top-up.
    "wallet": """
        SELECT c.id, format('topped up %s, posted %s', c.received_fen, p.fen)
        FROM checkouts c
        CROSS JOIN LATERAL (SELECT coalesce(sum(t.amount), 0) AS fen
            FROM ledger_postings l
            JOIN ledger_transfers t ON t.posting_id = l.id
            JOIN ledger_accounts a ON a.id = t.credit_id AND a.kind = 'MW' AND a.owner_id = c.payer_id
            WHERE l.kind = 'top_up' AND l.source_id = c.id) p
        WHERE c.purpose = 'top_up' AND p.fen <> coalesce(c.received_fen, 0)""",
    # Funded money is in the order's escrow, in its milestones', in a case, was released, or was given back: nothing
    # else, nowhere else.
    "deposit": """
        SELECT o.id, format('received %s, escrow %s, released %s, returned %s', r.fen, e.fen, d.released, d.returned)
        FROM orders o
        CROSS JOIN LATERAL (SELECT
            (SELECT coalesce(sum(received_fen), 0) FROM checkouts
                WHERE subject_id = o.id AND purpose = 'order' AND state = 'paid')
            + (SELECT coalesce(sum(t.amount), 0) FROM ledger_postings l
                JOIN ledger_transfers t ON t.posting_id = l.id
                WHERE l.source_id = o.id AND l.kind IN ('fund', 'promotion')) AS fen) r
        CROSS JOIN LATERAL (SELECT coalesce(sum(ledger_amount(a.id)), 0) AS fen FROM ledger_accounts a
            WHERE (a.kind = 'EU' AND a.owner_id = o.id)
               OR (a.kind = 'EM' AND a.owner_id IN (SELECT id FROM milestones WHERE order_id = o.id))
               OR (a.kind = 'EH' AND a.owner_id IN (SELECT held_by FROM milestones
                   WHERE order_id = o.id AND state = 'held'))) e
        CROSS JOIN LATERAL (SELECT coalesce(sum(h.fen - h.returned_fen - h.lost_fen), 0)
                + coalesce(sum(h.lost_fen) FILTER (WHERE h.account = 'EU'), 0) AS fen
            FROM chargeback_holds h JOIN chargebacks c ON c.id = h.chargeback_id
            WHERE c.subject_id = o.id AND h.account IN ('EU', 'EM')) h
        CROSS JOIN LATERAL (SELECT coalesce(sum(released_fen), 0) AS released,
                coalesce(sum(returned_fen), 0) AS returned FROM milestones WHERE order_id = o.id) d
        CROSS JOIN LATERAL (SELECT coalesce(sum(t.amount), 0) AS fen FROM ledger_postings l
            JOIN ledger_transfers t ON t.posting_id = l.id
            WHERE l.source_id = o.id AND l.kind = 'surplus') s
        WHERE r.fen <> e.fen + h.fen + d.released + d.returned + s.fen""",
    # An order that is over keeps nothing it has no use for, unless it is frozen.
    "surplus": """
        SELECT o.id, format('%s, and %s lie in its escrow', o.state, ledger_amount(a.id))
        FROM orders o JOIN ledger_accounts a ON a.kind = 'EU' AND a.owner_id = o.id
        WHERE o.state IN ('completed', 'settled', 'lapsed', 'cancelled') AND o.frozen_at IS NULL
            AND ledger_amount(a.id) <> 0
            -- What came late goes back when its news is heard.
            AND NOT EXISTS (SELECT FROM events v WHERE v.name = 'payments.received' AND v.subject_id = o.id
                AND v.relayed_at IS NULL)
            AND NOT EXISTS (SELECT FROM work_items w WHERE w.subject_id = o.id AND w.state = 'waiting'
                AND w.handler IN ('orders.listeners:fund_paid', 'orders.listeners:release_thawed'))""",
    # I5: what a milestone says was released, and not taken back, is what payees, platform and tax office got by it, less
    # what the platform put in of its own when it was taken back.
    "release": """
        SELECT m.id, format('%s, released %s less %s, posted %s', m.state, m.released_fen, m.reversed_fen, p.fen)
        FROM milestones m
        CROSS JOIN LATERAL (SELECT coalesce(sum(CASE
                WHEN c.kind IN ('PP', 'PA', 'PREC', 'FEE', 'TAX', 'LOSS') THEN t.amount ELSE 0 END - CASE
                WHEN d.kind IN ('PP', 'PA', 'PREC', 'FEE', 'TAX', 'LOSS') THEN t.amount ELSE 0 END), 0) AS fen
            FROM ledger_postings l
            JOIN ledger_transfers t ON t.posting_id = l.id
            JOIN ledger_accounts d ON d.id = t.debit_id
            JOIN ledger_accounts c ON c.id = t.credit_id
            WHERE l.source_type = 'milestone' AND l.source_id = m.id) p
        WHERE p.fen <> m.released_fen - m.reversed_fen""",
    # I12: what was released is shared out by the rates frozen in the order, each rounded down, the rest the creator's.
    "shares": """
        SELECT m.id, format('%s shared %s, %s, %s, %s; by %s, %s, %s bps %s, %s, %s, %s', m.released_fen, m.fee_fen,
            m.agency_fen, m.tax_fen, m.creator_fen, o.fee_bps, o.commission_bps, o.tax_bps, f.fen, a.fen, t.fen, c.fen)
        FROM milestones m JOIN orders o ON o.id = m.order_id
        CROSS JOIN LATERAL (SELECT m.released_fen * o.fee_bps / 10000 AS fen) f
        CROSS JOIN LATERAL (SELECT (m.released_fen - f.fen) * o.commission_bps / 10000 AS fen) a
        CROSS JOIN LATERAL (SELECT (m.released_fen - f.fen - a.fen) * o.tax_bps / 10000 AS fen) t
        CROSS JOIN LATERAL (SELECT m.released_fen - f.fen - a.fen - t.fen AS fen) c
        WHERE m.creator_fen IS NOT NULL
            AND (m.fee_fen, m.agency_fen, m.tax_fen, m.creator_fen) <> (f.fen, a.fen, t.fen, c.fen)""",
    # What was refunded after release was posted whole, and is within what the stage says was taken back.
    "stage_refund": """
        SELECT r.id, format('refunded %s, posted %s, the stage says %s', r.amount_fen, p.fen, m.reversed_fen)
        FROM stage_refunds r
        JOIN milestones m ON m.id = r.milestone_id
        CROSS JOIN LATERAL (SELECT coalesce(sum(t.amount), 0) AS fen
            FROM ledger_postings l
            JOIN ledger_transfers t ON t.posting_id = l.id
            JOIN ledger_accounts c ON c.id = t.credit_id AND c.kind IN ('RF', 'MW', 'PRO')
            WHERE l.idem_key = 'refund:' || r.id AND l.source_id = m.id) p
        WHERE p.fen <> r.amount_fen
            OR (SELECT sum(amount_fen) FROM stage_refunds WHERE milestone_id = m.id) > m.reversed_fen""",
    # I6: a milestone is over exactly when its decision row says how, and the posting it names stands in the ledger.
    "ending": """
        SELECT m.id, format('%s, decided %s', m.state, coalesce(e.outcome, 'nothing'))
        FROM milestones m
        LEFT JOIN milestone_endings e ON e.milestone_id = m.id
        LEFT JOIN ledger_postings l ON l.id = e.posting_id AND l.source_id = m.id
        WHERE (CASE m.state WHEN 'released' THEN 'release' WHEN 'refunded' THEN 'refund' WHEN 'split' THEN 'split' END)
                IS DISTINCT FROM e.outcome
           OR (e.outcome IS NOT NULL
               AND (e.released_fen, e.returned_fen) <> (m.released_fen, m.returned_fen))
           OR (e.posting_id IS NOT NULL AND l.id IS NULL)""",
    # What payees were told they earned is what the ledger gave them.
    "earning": """
        SELECT e.source_id, format('earned %s, posted %s', e.fen, p.fen)
        FROM (SELECT source_id, party_id, sum(amount_fen) AS fen FROM earnings GROUP BY source_id, party_id) e
        CROSS JOIN LATERAL (SELECT coalesce(sum(t.amount), 0) AS fen
            FROM ledger_postings l
            JOIN ledger_transfers t ON t.posting_id = l.id
            JOIN ledger_accounts a ON a.id = t.credit_id AND a.kind = 'PP' AND a.owner_id = e.party_id
            WHERE l.kind IN ('release', 'split', 'decide') AND l.source_id = e.source_id) p
        WHERE p.fen <> e.fen""",
    # What cools in the ledger is what the timers will mature.
    "cooling": """
        SELECT a.owner_id, format('%s in the ledger, %s to mature', ledger_amount(a.id), e.fen)
        FROM ledger_accounts a
        CROSS JOIN LATERAL (SELECT coalesce(sum(amount_fen - taken_fen), 0) AS fen FROM earnings
            WHERE party_id = a.owner_id AND matured_at IS NULL) e
        WHERE a.kind = 'PP' AND ledger_amount(a.id) <> e.fen""",
    # Money on its way to a bank has left us exactly when Stripe took it.
    "withdrawal": """
        SELECT w.id, format('%s, in transit %s of %s', w.state, b.fen, w.amount_fen)
        FROM withdrawals w
        CROSS JOIN LATERAL (SELECT coalesce(sum(ledger_amount(a.id)), 0) AS fen FROM ledger_accounts a
            WHERE a.kind = 'PT' AND a.owner_id = w.id) b
        WHERE b.fen <> CASE w.state WHEN 'requested' THEN w.amount_fen - w.fee_fen ELSE 0 END""",
    # The price is what its stages sum to: what was signed, and what the changes in force add, each with its addendum.
    "change": """
        SELECT o.id, format('price %s, stages %s, signed %s, added %s by %s changes with %s addenda',
            o.price_fen, m.fen, o.terms->>'price_fen', c.fen, c.n, a.n)
        FROM orders o
        CROSS JOIN LATERAL (SELECT sum(amount_fen) AS fen FROM milestones WHERE order_id = o.id) m
        CROSS JOIN LATERAL (SELECT coalesce(sum(added_fen), 0) AS fen, count(*) AS n
            FROM order_changes WHERE order_id = o.id AND state = 'in_force') c
        CROSS JOIN LATERAL (SELECT count(*) AS n FROM order_addenda WHERE order_id = o.id) a
        WHERE o.price_fen <> m.fen OR o.price_fen <> (o.terms->>'price_fen')::bigint + c.fen OR a.n <> c.n""",
    # The order is over exactly when its milestones are, and completed exactly when all of it was released.
    "stage": """
        SELECT o.id, format('%s with %s of %s over, %s released', o.state, n.over, n.whole, n.released)
        FROM orders o
        CROSS JOIN LATERAL (SELECT count(*) AS whole,
                count(*) FILTER (WHERE state IN ('released', 'refunded', 'split')) AS over,
                count(*) FILTER (WHERE state = 'released') AS released,
                count(*) FILTER (WHERE state <> 'pending') AS begun
            FROM milestones WHERE order_id = o.id) n
        WHERE CASE o.state
            WHEN 'completed' THEN n.released <> n.whole
            WHEN 'settled' THEN n.over <> n.whole OR n.released = n.whole
            WHEN 'awaiting_funds' THEN n.begun > 0 WHEN 'lapsed' THEN n.begun > 0 WHEN 'cancelled' THEN n.begun > 0
            ELSE n.over = n.whole OR n.begun = 0 END""",
}


register(
    "orders",
    CHECKS,
    {"deposit": "I4", "release": "I5", "ending": "I6", "shares": "I12", "stage_refund": "I5"},
)


def check() -> list[str]:
    """What differs, in words; nothing when all is well."""
    return [f"{each.rule} {each.what}" for each in broken(CHECKS)]
