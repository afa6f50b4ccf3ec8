"""What was written stays: for the owner of the tables by trigger, for the product's own role by privilege."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from market.kit.db import db, transaction
from tests.ledger.acts import charge, uid

KEPT = ["ledger_accounts", "ledger_postings", "ledger_transfers"]
CHANGES = {
    "ledger_accounts": "UPDATE ledger_accounts SET sign = -sign",
    "ledger_postings": "UPDATE ledger_postings SET kind = 'refund'",
    "ledger_transfers": "UPDATE ledger_transfers SET amount = amount + 1",
}


def refused(sql: str) -> str:
    """The SQLSTATE with which the database refuses."""
    with pytest.raises(DBAPIError) as refusal, transaction():
        db.session.execute(text(sql))
    state: str = refusal.value.orig.sqlstate  # type: ignore[union-attr]
    return state


@pytest.mark.parametrize("table", KEPT)
def test_rows_are_not_changed(table: str):
    charge(uid(), 1_00)

    assert refused(CHANGES[table]) == "VT002"


@pytest.mark.parametrize("table", [*KEPT, "ledger_balances"])
@pytest.mark.parametrize("how", ["DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_rows_are_not_removed(table: str, how: str):
    charge(uid(), 1_00)

    assert refused(how.format(table)) == "VT002"


@pytest.fixture
def clerk(ctx: None) -> Iterator[str]:
    """A role that may read and post, as production's web role; one that every server has stands in for it."""
    name = "pg_signal_backend"
    with transaction():
        db.session.execute(text(f"SELECT ledger_admit('{name}')"))
    yield name
    with transaction():
        db.session.execute(text(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {name}"))
        db.session.execute(text(f"REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM {name}"))


def test_the_web_role_reads_tables_and_writes_none(clerk: str):
    allowed = db.session.execute(
        text(
            """SELECT c.relname, p.what FROM pg_class c,
                unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS p (what)
            WHERE c.relname LIKE 'ledger\\_%' AND c.relkind = 'r' AND has_table_privilege(:role, c.oid, p.what)"""
        ),
        {"role": clerk},
    )

    assert set(map(tuple, allowed)) == {
        (table, "SELECT") for table in [*KEPT, "ledger_balances", "ledger_checkpoints"]
    }


def test_the_web_role_writes_by_posting_only(clerk: str):
    definers = db.session.execute(
        text(
            """SELECT p.proname, has_function_privilege(:role, p.oid, 'EXECUTE'),
                'search_path=pg_catalog, public, pg_temp' = ANY (p.proconfig)
            FROM pg_proc p WHERE p.proname LIKE 'ledger\\_%' AND p.prosecdef"""
        ),
        {"role": clerk},
    )

    assert set(map(tuple, definers)) == {
        ("ledger_post", True, True),
        ("ledger_checkpoint", True, True),
        ("ledger_open", False, True),
    }
