"""The self-check finds what got past everything else. Triggers rest while a test tampers."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Connection, text

from market.kit import clock
from market.kit.db import transaction
from market.kit.roles import as_owner
from market.ledger import checks
from market.ledger.accounts import Account
from market.ledger.movements import Leg, PostingKind
from prove.acts import FEE, SC, K, available, charge, funded, pending, put, settle, stage, transit, uid

TABLES = ["ledger_accounts", "ledger_balances", "ledger_blocks", "ledger_postings", "ledger_transfers"]


@contextmanager
def triggers_resting() -> Iterator[Connection]:
    """The owner at work who has put the triggers to rest."""
    with as_owner() as connection:
        for table in TABLES:
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        yield connection
        for table in TABLES:
            connection.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))


def broken() -> set[str]:
    with transaction():
        return {violation.rule for violation in checks.check()}


@pytest.fixture(autouse=True)
def sound(ctx: None) -> None:
    """These tests leave the ledger broken."""


BOOKS, SUM = "the books balance", "a balance is the sum of its transfers"
HOT = "a hot account reads as the sum of its transfers"
BELOW = "no account that is not hot is below zero"
CONTENT = "a posting's content is what was posted"

TAMPERING = {
    "a balance raised by hand": (
        "UPDATE ledger_balances SET amount = amount + 1 WHERE amount > 0",
        {BOOKS, SUM},
    ),
    "a leg made larger": (
        "UPDATE ledger_transfers SET amount = amount + 1 WHERE credit_id IN"
        " (SELECT id FROM ledger_accounts WHERE kind = 'PP')",
        {SUM, CONTENT, BELOW},
    ),
    "a leg removed": (
        "DELETE FROM ledger_transfers WHERE credit_id IN (SELECT id FROM ledger_accounts WHERE kind = 'FEE')",
        {SUM, CONTENT, HOT},
    ),
    "a posting removed": (
        "DELETE FROM ledger_postings WHERE kind = 'release'",
        {"every leg has its posting and its accounts"},
    ),
    "a posting told otherwise": (
        "UPDATE ledger_postings SET source_id = uuidv7() WHERE kind = 'charge'",
        {CONTENT},
    ),
    "a balance row lost": (
        "DELETE FROM ledger_balances WHERE amount = 0",
        {"hot accounts have no balance row, all others have one"},
    ),
    "an account turned round": (
        "UPDATE ledger_accounts SET sign = -1 WHERE kind = 'PP'",
        {BOOKS, SUM, "accounts are what their kind says", BELOW},
    ),
    "a checkpoint falsified": (
        "UPDATE ledger_checkpoints SET amount = amount + 1 WHERE account_id IN"
        " (SELECT id FROM ledger_accounts WHERE kind = 'FEE')",
        {BOOKS, HOT},
    ),
    "checkpoints from another cluster": (
        "UPDATE ledger_checkpoints SET upto = upto + 1000000",
        {"checkpoints are behind the transaction counter"},
    ),
}


@pytest.mark.parametrize("how", TAMPERING)
def test_tampering_is_found(how: str):
    milestone, lin = funded(10_00), uid()
    put(
        PostingKind.RELEASE,
        "release:1",
        Leg(stage(milestone), pending(lin), 9_00),
        Leg(stage(milestone), FEE, 1_00),
    )
    settle()
    assert broken() == set()
    sql, expected = TAMPERING[how]

    with triggers_resting() as owner:
        owner.execute(text(sql))

    assert broken() == expected


def test_money_in_suspense_is_shown():
    put(PostingKind.STRIPE_ENTRY, "bt:1", Leg(SC, Account(K.SUSPENSE), 5))

    assert broken() == {"nothing is in suspense"}


def test_money_that_stays_on_its_way_is_shown():
    withdrawal, milestone, lin = uid(), funded(10_00), uid()
    put(PostingKind.RELEASE, "r", Leg(stage(milestone), pending(lin), 10_00))
    put(PostingKind.MATURE, "m", Leg(pending(lin), available(lin), 10_00))
    clock.shift(timedelta(days=-8))
    put(PostingKind.WITHDRAW, "w", Leg(available(lin), transit(withdrawal), 4_00))
    clock.shift(timedelta())

    assert broken() == {"nothing is on its way for more than a week"}


def test_an_ordinary_day_breaks_no_rule():
    charge(uid(), 1_00)

    assert broken() == set()
