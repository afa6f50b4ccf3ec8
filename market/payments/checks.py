"""What must always hold between payments and the ledger: one question each, run in tests and on the money page."""

from sqlalchemy import text

from market.kit.db import db
from market.ledger.checks import broken, register

MAKING = """ARRAY['checkout', 'intent', 'customer', 'account', 'transfer', 'payout', 'refund', 'reversal', 'recover',
    'evidence_file']"""
"""The purposes of calls that make something at Stripe; the others change what is there."""

# What we name of Stripe's, with what it was made for.
OBJECTS = """
    SELECT id AS subject_id, 'checkout' AS purpose, session_id AS object_id FROM checkouts WHERE session_id <> ''
    UNION ALL SELECT id, 'intent', intent_id FROM checkouts WHERE intent_id <> '' AND means = 'card'
    UNION ALL SELECT id, 'customer', stripe_id FROM customers WHERE stripe_id <> ''
    UNION ALL SELECT id, 'account', stripe_id FROM connect_accounts WHERE stripe_id <> ''
    UNION ALL SELECT id, 'transfer', transfer_id FROM withdrawals WHERE transfer_id <> ''
    UNION ALL SELECT id, 'payout', payout_id FROM withdrawals WHERE payout_id <> ''
    UNION ALL SELECT id, 'payout', b #>> '{}' FROM withdrawals, jsonb_array_elements(bounced_payouts) b
    UNION ALL SELECT id, 'refund', stripe_id FROM refunds WHERE stripe_id <> ''
    UNION ALL SELECT id, 'evidence_file', file_id FROM evidence_files WHERE file_id <> ''"""

CHECKS: dict[str, str] = {
    # I7, three sides of one thing. What we name of Stripe's was made by one call of ours; one that is still waiting for
    # its answer may have been heard of in other ways.
    "object": f"""
        SELECT o.subject_id, format('%s %s was made by %s calls', o.purpose, o.object_id, count(c.id))
        FROM ({OBJECTS}) o
        LEFT JOIN stripe_calls c ON c.object_id = o.object_id AND c.state = 'done'
            AND c.purpose = o.purpose AND c.subject_id = o.subject_id
        WHERE NOT EXISTS (SELECT FROM stripe_calls w WHERE w.subject_id = o.subject_id AND w.purpose = o.purpose
            AND w.state = 'waiting')
        GROUP BY o.subject_id, o.purpose, o.object_id HAVING count(c.id) <> 1
        UNION ALL
        SELECT min(c.subject_id::text)::uuid, format('%s stands in %s calls', c.object_id, count(*))
        FROM stripe_calls c WHERE c.state = 'done' AND c.object_id IS NOT NULL AND c.purpose = ANY ({MAKING})
        GROUP BY c.object_id HAVING count(*) > 1""",
    # What a call made is named by what it was made for, and what moved our money has its one posting.
    "call": f"""
        SELECT c.subject_id, format('%s made %s, which nothing names', c.purpose, c.object_id)
        FROM stripe_calls c LEFT JOIN ({OBJECTS}) o
            ON o.object_id = c.object_id AND o.purpose = c.purpose AND o.subject_id = c.subject_id
        WHERE c.state = 'done' AND c.purpose IN ('transfer', 'payout', 'refund', 'account', 'customer')
            AND o.object_id IS NULL
        UNION ALL
        SELECT c.subject_id, format('%s %s stands in %s postings', c.purpose, c.object_id, count(p.id))
        FROM stripe_calls c LEFT JOIN ledger_postings p ON p.external_ref = c.object_id
        WHERE c.state = 'done' AND c.purpose IN ('transfer', 'reversal', 'recover')
        GROUP BY c.id HAVING count(p.id) <> 1
        UNION ALL
        SELECT r.id, format('%s left our balance in %s postings', r.stripe_id, count(p.id))
        FROM refunds r LEFT JOIN ledger_postings p ON p.external_ref = r.stripe_id AND p.kind = 'refund_settled'
            AND p.idem_key = 'refund-bt:' || r.stripe_id
        WHERE r.booked_at IS NOT NULL GROUP BY r.id HAVING count(p.id) <> 1
        UNION ALL
        SELECT k.id, format('%s came in %s postings', k.charge_id, count(p.id))
        FROM checkouts k LEFT JOIN ledger_postings p ON p.idem_key = 'charge:' || k.charge_id
            AND p.source_id = k.id AND p.external_ref = k.charge_id
        WHERE k.state = 'paid' GROUP BY k.id HAVING count(p.id) <> 1""",
    # A posting that names what we had Stripe do is of a thing we know, by a call of ours.
    "posting": """
        SELECT p.id, format('%s names %s, made by %s calls', p.kind, p.external_ref, count(c.id))
        FROM ledger_postings p LEFT JOIN stripe_calls c ON c.object_id = p.external_ref AND c.state = 'done'
            AND c.purpose IN ('transfer', 'reversal', 'recover')
        WHERE p.kind IN ('transfer', 'reversal', 'payout_failed') GROUP BY p.id HAVING count(c.id) <> 1
        UNION ALL
        SELECT p.id, format('%s names %s, which is no refund of ours', p.kind, p.external_ref)
        FROM ledger_postings p LEFT JOIN refunds r ON r.stripe_id = p.external_ref AND r.id = p.source_id
        WHERE p.kind = 'refund_settled' AND r.id IS NULL
        UNION ALL
        SELECT p.id, format('%s names %s, which is no payment of ours', p.kind, p.external_ref)
        FROM ledger_postings p LEFT JOIN checkouts k ON k.charge_id = p.external_ref AND k.id = p.source_id
        WHERE p.kind IN ('charge', 'top_up') AND p.source_type = 'checkout' AND k.id IS NULL""",
    # The bank has our money exactly while it has not decided, and a loss is shared out whole.
    "chargeback": """
        SELECT c.id, format('%s%s, receivable %s of %s', c.state, CASE WHEN c.settled_at IS NULL THEN '' ELSE
            ' and shared out' END, r.fen, c.amount_fen)
        FROM chargebacks c
        CROSS JOIN LATERAL (SELECT coalesce(sum(ledger_amount(a.id)), 0) AS fen FROM ledger_accounts a
            WHERE a.kind = 'CBR' AND a.owner_id = c.id) r
        WHERE r.fen <> CASE WHEN c.state = 'open' OR (c.state = 'lost' AND c.settled_at IS NULL)
            THEN c.amount_fen ELSE 0 END""",
    # What is set aside for a chargeback is what its holds say, and nothing is held once it is over.
    "hold": """
        SELECT c.id, format('%s, held %s, by its holds %s', c.state, e.fen, h.fen)
        FROM chargebacks c
        CROSS JOIN LATERAL (SELECT coalesce(sum(ledger_amount(a.id)), 0) AS fen FROM ledger_accounts a
            WHERE a.kind = 'EH' AND a.owner_id = c.id) e
        CROSS JOIN LATERAL (SELECT coalesce(sum(fen - returned_fen - lost_fen), 0) AS fen
            FROM chargeback_holds WHERE chargeback_id = c.id) h
        WHERE e.fen <> h.fen
            OR (h.fen <> 0 AND (c.state = 'won' OR (c.state = 'lost' AND c.settled_at IS NOT NULL)))""",
    # Who owes what: the rows with the reasons come to the ledger's sum, and what came back to what was taken off.
    "debt": """
        SELECT d.party_id, format('%s %s in the ledger, %s by its debts', a.kind, ledger_amount(a.id), d.fen)
        FROM (SELECT party_id, account, sum(open_fen) AS fen FROM debts GROUP BY party_id, account) d
        FULL JOIN (SELECT * FROM ledger_accounts WHERE kind IN ('MREC', 'PREC')) a
            ON a.owner_id = d.party_id AND a.kind = d.account
        WHERE coalesce(ledger_amount(a.id), 0) <> coalesce(d.fen, 0)""",
    "recovery": """
        SELECT d.id, format('owed %s, came back %s, open %s', d.amount_fen, r.fen, d.open_fen)
        FROM debts d
        CROSS JOIN LATERAL (SELECT coalesce(sum(fen), 0) AS fen FROM debt_recoveries WHERE debt_id = d.id) r
        WHERE d.amount_fen - r.fen <> d.open_fen""",
    # A withdrawal that left us left whole, and one that is over holds nothing.
    "withdrawal": """
        SELECT w.id, format('%s, in transit %s', w.state, b.fen)
        FROM withdrawals w
        CROSS JOIN LATERAL (SELECT coalesce(sum(ledger_amount(a.id)), 0) AS fen FROM ledger_accounts a
            WHERE a.kind = 'PT' AND a.owner_id = w.id) b
        WHERE b.fen <> CASE w.state WHEN 'requested' THEN w.amount_fen - w.fee_fen ELSE 0 END""",
}


register("payments", CHECKS, {"object": "I7", "call": "I7", "posting": "I7"})


def check() -> list[str]:
    """What differs, in words; nothing when all is well."""
    return [f"{each.rule} {each.what}" for each in broken(CHECKS)]


SHORT = """
    SELECT currency, owe - have AS missing, outstanding FROM (SELECT currency,
        coalesce(sum(ledger_amount(id)) FILTER (WHERE kind = 'SC'), 0) AS have,
        coalesce(sum(ledger_amount(id)) FILTER (WHERE kind IN
            ('MW', 'EU', 'EM', 'EH', 'PP', 'PA', 'PT', 'RF', 'CB', 'CP')), 0) AS owe,
        coalesce(sum(ledger_amount(id)) FILTER (WHERE kind IN ('CBR', 'MREC', 'PREC')), 0) AS outstanding
        FROM ledger_accounts GROUP BY currency) sums
    WHERE owe > have"""


def shortfall() -> list[tuple[str, int, int]]:
    """I9: by how much our balance at Stripe falls short of what we owe people, and how much of that chargebacks and
    debts explain; the platform tops up the rest from its own cash. (currency, missing, outstanding)"""
    return [(row[0], int(row[1]), int(row[2])) for row in db.session.execute(text(SHORT))]
