"""What must always be true of the ledger: one SQL statement each, so each looks at one moment.

Run in tests after every step, and on live data at any time. What ties the ledger to orders, payments and others is
known to them: a package with a `checks.py` registers its rules there, and whoever runs all rules runs them, too.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import text

from market.kit.db import db
from market.ledger.accounts import KINDS

SHOWN = 20
"""How many offenders of one rule are listed."""

# The transfers of each account, added up anew and seen from its growing side.
SUMS = """
    WITH moved AS (
        SELECT account_id, sum(amount) AS amount FROM (
            SELECT credit_id AS account_id, amount FROM ledger_transfers
            UNION ALL SELECT debit_id, -amount FROM ledger_transfers
        ) legs GROUP BY account_id
    ), sums AS (
        SELECT a.*, a.sign * coalesce(m.amount, 0) AS amount
        FROM ledger_accounts a LEFT JOIN moved m ON m.account_id = a.id
    )"""

NAME = "concat_ws(':', a.kind, nullif(a.owner_id, '00000000-0000-0000-0000-000000000000'))"

# Each selects one text per offender.
INVARIANTS: dict[str, str] = {
    # I1: what we have = what we owe, per currency, by the amounts that readers see.
    "the books balance": """
        SELECT currency || ' is off by ' || sum(sign * ledger_amount(id)) FROM ledger_accounts
        GROUP BY currency HAVING sum(sign * ledger_amount(id)) <> 0""",
    # I2: what is kept beside the transfers agrees with them.
    "a balance is the sum of its transfers": f"""{SUMS}
        SELECT {NAME} || ' says ' || b.amount || ', its transfers ' || a.amount
        FROM sums a JOIN ledger_balances b ON b.account_id = a.id
        WHERE b.amount <> a.amount OR b.sign <> a.sign""",
    "a hot account reads as the sum of its transfers": f"""{SUMS}
        SELECT {NAME} || ' says ' || ledger_amount(a.id) || ', its transfers ' || a.amount
        FROM sums a WHERE a.hot AND ledger_amount(a.id) <> a.amount""",
    # I3
    "no account that is not hot is below zero": f"""{SUMS}
        SELECT {NAME} || ' holds ' || a.amount FROM sums a WHERE NOT a.hot AND a.amount < 0""",
    "hot accounts have no balance row, all others have one": f"""
        SELECT {NAME} FROM ledger_accounts a LEFT JOIN ledger_balances b ON b.account_id = a.id
        WHERE a.hot <> (b.account_id IS NULL)""",
    "accounts are what their kind says": f"""
        SELECT {NAME} FROM ledger_accounts a LEFT JOIN ledger_kinds() k ON k.code = a.kind
        WHERE (a.sign, a.hot, a.owner_id <> '00000000-0000-0000-0000-000000000000')
            IS DISTINCT FROM (k.sign, k.hot, k.owned)""",
    "checkpoints are behind the transaction counter": f"""
        SELECT {NAME} || ' at ' || c.upto FROM ledger_checkpoints c JOIN ledger_accounts a ON a.id = c.account_id
        WHERE c.upto > pg_snapshot_xmax(pg_current_snapshot())::text::bigint""",
    "every leg has its posting and its accounts": """
        SELECT t.posting_id || ' leg ' || t.leg
        FROM ledger_transfers t
        LEFT JOIN ledger_postings p ON p.id = t.posting_id
        LEFT JOIN ledger_accounts d ON d.id = t.debit_id AND d.currency = p.currency
        LEFT JOIN ledger_accounts c ON c.id = t.credit_id AND c.currency = p.currency
        WHERE d.id IS NULL OR c.id IS NULL""",
    # The stored hash is of the rows as they were written.
    "a posting's content is what was posted": """
        SELECT p.id || ' ' || p.idem_key
        FROM ledger_postings p
        LEFT JOIN LATERAL (
            SELECT array_agg(d.kind::text ORDER BY t.leg) AS debit_kinds,
                array_agg(d.owner_id ORDER BY t.leg) AS debit_owners,
                array_agg(c.kind::text ORDER BY t.leg) AS credit_kinds,
                array_agg(c.owner_id ORDER BY t.leg) AS credit_owners,
                array_agg(t.amount ORDER BY t.leg) AS amounts
            FROM ledger_transfers t
            JOIN ledger_accounts d ON d.id = t.debit_id
            JOIN ledger_accounts c ON c.id = t.credit_id
            WHERE t.posting_id = p.id
        ) l ON true
        WHERE p.req_hash IS DISTINCT FROM ledger_content(p.kind, p.currency, p.source_type, p.source_id,
            l.debit_kinds, l.debit_owners, l.credit_kinds, l.credit_owners, l.amounts)""",
    # I10: money on its way does not stay there, and nothing stays unexplained.
    "nothing is in suspense": f"""
        SELECT {NAME} || ' holds ' || ledger_amount(a.id)
        FROM ledger_accounts a WHERE a.kind = 'SUSP' AND ledger_amount(a.id) <> 0""",
    "nothing is on its way for more than a week": f"""
        SELECT {NAME} || ' holds ' || b.amount
        FROM ledger_accounts a JOIN ledger_balances b ON b.account_id = a.id
        WHERE a.kind IN ('PT', 'RF') AND b.amount > 0 AND NOT EXISTS (
            SELECT FROM ledger_transfers t JOIN ledger_postings p ON p.id = t.posting_id
            WHERE t.credit_id = a.id AND p.effective_at > now() - interval '7 days')""",
    # I11
    "the hash blocks are what was sealed": "SELECT what FROM ledger_broken_blocks() AS what",
}


NUMBERS: dict[str, str] = {
    "the books balance": "I1",
    "a balance is the sum of its transfers": "I2",
    "a hot account reads as the sum of its transfers": "I2",
    "no account that is not hot is below zero": "I3",
    "nothing is in suspense": "I10",
    "nothing is on its way for more than a week": "I10",
    "the hash blocks are what was sealed": "I11",
}
"""Which of the twelve invariants of docs/money.md a rule is; `register` adds those of the packages."""
TWELVE = [f"I{n}" for n in range(1, 13)]


@dataclass(frozen=True)
class Violation:
    """A rule that does not hold, and one thing that breaks it."""

    rule: str
    what: str


def check() -> list[Violation]:
    """Everything that is wrong with the ledger; at most SHOWN offenders per rule. Empty when all is well."""
    return broken(INVARIANTS) + _chart()


_REGISTERED: dict[str, Mapping[str, str]] = {}


def register(package: str, rules: Mapping[str, str], numbers: Mapping[str, str] | None = None) -> None:
    """Add a package's rules to what is checked everywhere: name → a statement that selects one row per offender;
    `numbers`: name → which of the twelve invariants it is.

    Called in the package's `checks.py`, which the app imports at its start.
    """
    _REGISTERED[package] = rules
    NUMBERS.update({f"{package}: {rule}": number for rule, number in (numbers or {}).items()})


def check_all() -> list[Violation]:
    """Everything that is wrong with the ledger, or between it and the packages that move money."""
    found = check()
    for package, rules in sorted(_REGISTERED.items()):
        found += [Violation(f"{package}: {each.rule}", each.what) for each in broken(rules)]
    return found


def registered() -> dict[str, str]:
    """What packages above ask of the books: name → the statement that selects one row per offender."""
    return {
        f"{package}: {rule}": statement
        for package, rules in sorted(_REGISTERED.items())
        for rule, statement in rules.items()
    }


def rules() -> list[str]:
    """The names of all that `check_all` checks."""
    others = [f"{package}: {rule}" for package, rules in sorted(_REGISTERED.items()) for rule in rules]
    return [*INVARIANTS, CHART, *others]


def broken(rules: Mapping[str, str]) -> list[Violation]:
    return [
        Violation(rule, ": ".join(str(part) for part in row))
        for rule, statement in rules.items()
        for row in db.session.execute(text(statement)).fetchmany(SHOWN)
    ]


CHART = "the chart of accounts is one"


def _chart() -> list[Violation]:
    """The chart of accounts here and in the database are the same."""
    rows = db.session.execute(text("SELECT code, sign, hot, owned FROM ledger_kinds()"))
    stored = {code: tuple(facts) for code, *facts in rows}
    ours = {kind.value: (facts.sign, facts.hot, bool(facts.owner)) for kind, facts in KINDS.items()}
    differing = sorted(code for code in stored.keys() | ours.keys() if stored.get(code) != ours.get(code))
    return [Violation(CHART, code) for code in differing]
