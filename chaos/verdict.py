"""Afterwards: is everything that was acknowledged there, once, and do our books, Stripe's and the journal agree?"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import psycopg
import stripe
from flask import Flask

from chaos.caller import Journal
from chaos.cast import control

# What still waits to be done: nothing of it may be left once things have settled.
WAITING = {
    "events": "SELECT count(*) FROM events WHERE relayed_at IS NULL",
    "work": "SELECT count(*) FROM work_items WHERE state = 'waiting' AND due_at <= now()",
    "calls": "SELECT count(*) FROM stripe_calls WHERE state = 'waiting'",
    "inbox": "SELECT count(*) FROM stripe_events WHERE state = 'waiting'",
    "cooling": "SELECT count(*) FROM earnings WHERE matured_at IS NULL AND matures_at <= now() AND frozen_at IS NULL",
    "refunds": "SELECT count(*) FROM refunds WHERE state = 'requested'",
    "withdrawals": "SELECT count(*) FROM withdrawals WHERE state IN ('requested', 'transferred')",
}

# Per kind of operation: the id of its row, and whether it shows what was acknowledged.
FOUND = {
    "brief": "SELECT id FROM tasks",
    "opening": "SELECT id FROM tasks WHERE state <> 'draft'",
    "bid": "SELECT id FROM bids",
    "award": "SELECT id FROM orders",
    "checkout": "SELECT id FROM checkouts",
    "payment": "SELECT c.session_id FROM checkouts c JOIN ledger_postings p ON p.idem_key = 'charge:' || c.charge_id"
    " WHERE c.state = 'paid' AND c.received_fen = c.amount_fen",
    "top-up": "SELECT id FROM checkouts",
    "wallet payment": "SELECT source_id FROM ledger_postings WHERE kind = 'fund'",
    "cancellation": "SELECT id FROM orders WHERE state = 'cancelled'",
    "exit": "SELECT id FROM order_exits",
    "consent": "SELECT id FROM order_exits WHERE state = 'agreed'",
    "submission": "SELECT id FROM submissions",
    "revision": "SELECT id FROM submissions WHERE state = 'revision_asked'",
    "acceptance": "SELECT id FROM submissions WHERE state = 'accepted'",
    "withdrawal": "SELECT w.id FROM withdrawals w JOIN ledger_postings p ON p.source_id = w.id AND p.kind = 'withdraw'"
    " WHERE w.state IN ('paid', 'failed')",
}
PREFIXES = {
    "brief": "tsk", "opening": "tsk", "bid": "bid", "award": "ord", "checkout": "chk", "top-up": "chk",
    "wallet payment": "ord", "cancellation": "ord", "exit": "ext", "consent": "ext", "submission": "sub",
    "revision": "sub", "acceptance": "sub", "withdrawal": "wdr",
}  # fmt: skip

# Of what the entry names, where it is not what was made.
NAMED_BY = {"opening": "task", "revision": "submission", "acceptance": "submission", "cancellation": "order"}

# Each names what exists more often than it may.
DOUBLED = {
    "orders of a brief": "SELECT task_id FROM orders GROUP BY task_id HAVING count(*) > 1",
    "paid checkouts of an order": "SELECT subject_id FROM checkouts WHERE state = 'paid' AND subject_id IN (SELECT id FROM orders) GROUP BY subject_id HAVING count(*) > 1",
    "wallet payments of an order": "SELECT source_id FROM ledger_postings WHERE kind = 'fund'"
    " GROUP BY source_id HAVING count(*) > 1",
    "withdrawals of a key": "SELECT key FROM withdrawals GROUP BY party_id, key HAVING count(*) > 1",
    "accepted versions of a stage": "SELECT milestone_id FROM submissions WHERE state = 'accepted'"
    " GROUP BY milestone_id HAVING count(*) > 1",
    "exits of an order": "SELECT order_id FROM order_exits GROUP BY order_id HAVING count(*) > 1",
    "refunds of an order's charge": "SELECT checkout_id FROM refunds WHERE reason = 'exit' GROUP BY checkout_id, subject_id HAVING count(*) > 1",
    "articles of an order": "SELECT title FROM posts GROUP BY source_id, title HAVING count(*) > 1",
}


def waiting(conninfo: str, stripe_address: str) -> dict[str, int]:
    """What is still to be done, by queue; empty when all has settled. Raises when a part does not answer."""
    with psycopg.connect(conninfo, connect_timeout=5) as connection:
        left = {name: int(connection.execute(sql).fetchone()[0]) for name, sql in WAITING.items()}  # type: ignore[index]
    left["webhooks"] = int(str(control(stripe_address, "health")["webhooks_waiting"]))
    return {name: many for name, many in left.items() if many}


def lost(conninfo: str, journal: Journal) -> Iterator[str]:
    """Acknowledged operations of which nothing is there."""
    from market.kit.ids import decode

    with psycopg.connect(conninfo) as connection:
        for what, sql in FOUND.items():
            there = {str(row[0]) for row in connection.execute(sql)}
            for entry in journal.of(what):
                known = entry[NAMED_BY.get(what, "id")]
                key = known if what == "payment" else str(decode(PREFIXES[what], known))
                if key not in there:
                    yield f"{what} {known}, acknowledged as {entry['n']}"


def doubled(conninfo: str, journal: Journal) -> Iterator[str]:
    """What happened twice: in the database, or in what was answered."""
    with psycopg.connect(conninfo) as connection:
        for what, sql in DOUBLED.items():
            for row in connection.execute(sql):
                yield f"{what}: {row[0]}"
    yield from told_twice(journal)


def told_twice(journal: Journal) -> Iterator[str]:
    """Two acknowledgements of one thing, each of which moves money."""
    for what in ("checkout", "top-up", "wallet payment", "exit", "consent", "acceptance", "withdrawal"):
        for id, many in Counter(entry["id"] for entry in journal.of(what)).items():
            if many > 1:
                yield f"{what} {id} was acknowledged {many} times"


def two_books(conninfo: str, client: stripe.StripeClient) -> Iterator[str]:
    """Stripe's books and ours: each payment, refund, transfer and payout once on both sides, and one balance."""
    charges = [c for c in _all(client.v1.charges) if c.status == "succeeded"]
    transfers, payouts = list(_all(client.v1.transfers)), Counter[str]()
    with psycopg.connect(conninfo) as connection:

        def column(sql: str) -> list[Any]:
            return [row[0] for row in connection.execute(sql)]

        for account in column("SELECT stripe_id FROM connect_accounts WHERE stripe_id IS NOT NULL"):
            payouts.update(p.id for p in _all(client.v1.payouts, {"stripe_account": account}))
        pairs: dict[str, tuple[list[str], list[str]]] = {
            "charges": (
                [c.id for c in charges],
                column("SELECT substr(idem_key, 8) FROM ledger_postings WHERE idem_key LIKE 'charge:%'"),
            ),
            "transfers": (
                [t.id for t in transfers],
                column("SELECT transfer_id FROM withdrawals WHERE transfer_id IS NOT NULL"),
            ),
            "refunds": (
                [r.id for r in _all(client.v1.refunds)],
                column("SELECT stripe_id FROM refunds WHERE stripe_id IS NOT NULL"),
            ),
            "payouts": (
                list(payouts.elements()),
                column("SELECT payout_id FROM withdrawals WHERE payout_id IS NOT NULL"),
            ),
        }
        clearing = column(
            "SELECT coalesce(sum(ledger_amount(id)), 0) FROM ledger_accounts WHERE kind = 'SC' AND currency = 'CNY'"
        )[0]
    for what, (theirs, ours) in pairs.items():
        for id, many in (Counter(theirs) - Counter(ours)).items():
            yield f"{what}: Stripe has {id} {many} time(s) more than we"
        for id, many in (Counter(ours) - Counter(theirs)).items():
            yield f"{what}: we have {id} {many} time(s) more than Stripe"
    for session, many in Counter(c.payment_intent for c in charges).items():
        if many > 1:
            yield f"{session} was charged {many} times"
    found = client.v1.balance.retrieve()
    balance = sum(m.amount for part in (found.available, found.pending) for m in part if m.currency == "cny")
    if balance != clearing:
        yield f"our account at Stripe (SC) says {clearing} fen, Stripe's balance {balance}"


def _all(service: Any, options: Any = None) -> Iterator[Any]:
    return iter(service.list({"limit": 100}, options or {}).auto_paging_iter())


def books(app: Flask) -> list[str]:
    """The product's own invariants, and its own comparison with Stripe's entries, one by one."""
    from market.ledger import checks as ledger
    from market.orders import checks as orders
    from market.reconciliation import service as reconciliation
    from market.reconciliation.models import RunState

    with app.app_context():
        wrong = [f"{found.rule}: {found.what}" for found in ledger.check()] + orders.check()
        done = reconciliation.run_now()
        if done.state is not RunState.DONE:
            wrong.append(f"the reconciliation did not end: {done.error}")
        return wrong + [
            f"reconciliation: {each.kind.value} {each.what or each.ref}, ours {each.ours_fen}, theirs {each.theirs_fen}"
            for each in reconciliation.open_differences()
        ]
