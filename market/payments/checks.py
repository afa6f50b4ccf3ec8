"""What must always hold between payments and the ledger: one question each, run in tests and on the money page."""

from sqlalchemy import text

from market.kit.db import db
from market.ledger.checks import broken, register

CHECKS: dict[str, str] = {
    # I7: what Stripe did for us is one call, and one posting by its name.
    "call": """
        SELECT c.id, format('%s %s stands in %s postings', c.purpose, c.object_id, p.n)
        FROM stripe_calls c
        CROSS JOIN LATERAL (SELECT count(*) AS n FROM ledger_postings WHERE external_ref = c.object_id) p
        WHERE c.state = 'done' AND c.purpose IN ('transfer', 'reversal', 'recover') AND p.n <> 1""",
    "object": """
        SELECT min(c.id::text)::uuid, format('%s by %s calls', c.object_id, count(*))
        FROM stripe_calls c WHERE c.state = 'done' AND c.object_id IS NOT NULL
            AND c.purpose IN ('checkout', 'transfer', 'payout', 'reversal', 'recover', 'evidence_file')
        GROUP BY c.object_id HAVING count(*) > 1""",
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


register("payments", CHECKS)


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
