"""The chain of hash blocks names the block in which something was changed, whoever changed it."""

import pytest
from flask import Flask
from sqlalchemy import text

from market.kit.db import db, transaction
from market.ledger import checks, queries, service
from market.ledger.movements import Leg, PostingKind
from tests.ledger.acts import FEE, charge, crowd, funded, pending, put, stage, uid
from tests.ledger.test_check import triggers_resting

RULE = "the hash blocks are what was sealed"


@pytest.fixture(autouse=True)
def sound(ctx: None) -> None:
    """These tests leave the ledger broken."""


def seal() -> int | None:
    with transaction():
        return service.seal()


def sealed(upto: int) -> None:
    """So many blocks, each with several postings, one of them of two legs."""
    for n in range(upto):
        milestone = funded(10_00)
        put(
            PostingKind.RELEASE,
            f"release:{milestone}",
            Leg(stage(milestone), pending(uid()), 9_00),
            Leg(stage(milestone), FEE, 1_00),
        )
        seal_all(n)


def seal_all(before: int) -> None:
    """A transaction that is open elsewhere on the server holds the bound of a block back for a moment."""
    while blocks() == before:
        seal()


def blocks() -> int:
    with transaction():
        return db.session.scalar(text("SELECT count(*) FROM ledger_blocks")) or 0


def broken_blocks() -> list[str]:
    with transaction():
        return [each.what for each in checks.check() if each.rule == RULE]


IN_BLOCK_2 = "(SELECT p.id FROM ledger_postings p JOIN ledger_blocks b ON b.n = 2 AND p.xid >= b.from_xid AND p.xid < b.upto_xid)"
TAMPERING = {
    "an amount": f"UPDATE ledger_transfers SET amount = amount + 1 WHERE leg = 1 AND posting_id IN {IN_BLOCK_2}",
    "who did it": f"UPDATE ledger_postings SET by_person = uuidv7() WHERE id IN {IN_BLOCK_2}",
    "when": f"UPDATE ledger_postings SET effective_at = effective_at - interval '1 day' WHERE id IN {IN_BLOCK_2}",
    "which account": f"""UPDATE ledger_accounts SET owner_id = uuidv7() WHERE kind = 'PP' AND id IN
        (SELECT credit_id FROM ledger_transfers WHERE posting_id IN {IN_BLOCK_2})""",
    "a posting moved out": f"UPDATE ledger_postings SET xid = xid + 1000000 WHERE id IN {IN_BLOCK_2}",
    "a leg removed": f"DELETE FROM ledger_transfers WHERE leg = 2 AND posting_id IN {IN_BLOCK_2}",
    "a posting removed whole": f"""WITH gone AS (DELETE FROM ledger_transfers WHERE posting_id IN {IN_BLOCK_2})
        DELETE FROM ledger_postings WHERE id IN {IN_BLOCK_2}""",
    "a posting smuggled in": """INSERT INTO ledger_postings (kind, idem_key, req_hash, currency, source_type, source_id,
            effective_at, xid) SELECT 'refund', 'x', '', 'CNY', 'test', uuidv7(), now(), from_xid
        FROM ledger_blocks WHERE n = 2""",
    "the block's hash": "UPDATE ledger_blocks SET hash = sha256('x') WHERE n = 2",
    "the block's bounds": "UPDATE ledger_blocks SET upto_xid = upto_xid - 1 WHERE n = 2",
    "the block removed": "DELETE FROM ledger_blocks WHERE n = 2",
}


@pytest.mark.parametrize("what", TAMPERING)
def test_the_block_that_was_tampered_with_is_named(what: str):
    sealed(3)
    assert broken_blocks() == []

    with triggers_resting() as owner:
        owner.execute(text(TAMPERING[what]))

    named = broken_blocks()
    if what == "the block removed":
        assert len(named) == 1 and named[0].startswith("block 3") and "before it is missing" in named[0]
    else:
        assert named[0].startswith("block 2"), named


def test_a_history_rewritten_with_all_its_hashes_no_longer_has_the_exported_head():
    sealed(2)
    with transaction():
        kept = queries.head()
    assert kept

    with triggers_resting() as owner:
        owner.execute(text("UPDATE ledger_postings SET by_person = uuidv7()"))
        for n in (1, 2):
            owner.execute(
                text(
                    """UPDATE ledger_blocks b SET prev = before.hash,
                        hash = (ledger_digest(before.hash, b.from_xid, b.upto_xid)).hash
                    FROM (SELECT coalesce((SELECT hash FROM ledger_blocks WHERE n = :n - 1), sha256('')) AS hash) before
                    WHERE b.n = :n"""
                ),
                {"n": n},
            )

    assert broken_blocks() == []
    with transaction():
        assert not queries.is_in_chain(kept.n, kept.hash)


def test_nothing_posted_makes_no_block():
    sealed(1)

    assert seal() is None
    assert blocks() == 1


def test_blocks_sealed_amid_a_crowd_hold_every_posting_once(app: Flask):
    def post() -> None:
        for _ in range(15):
            charge(uid(), 1_00)

    def close() -> None:
        for _ in range(15):
            seal()

    crowd(app, [post, post, post, close, close])
    while seal():
        pass

    assert broken_blocks() == []
    with transaction():
        held, posted = db.session.execute(
            text(
                """SELECT (SELECT sum(postings) FROM ledger_blocks), (SELECT count(*) FROM ledger_postings
                    WHERE xid < (SELECT max(upto_xid) FROM ledger_blocks))"""
            )
        ).one()
    assert held == posted > 0


def test_the_commands_check_the_books_and_keep_the_head(app: Flask):
    for n in range(2):
        charge(uid(), 1_00)
        seal_all(n)
    run = app.test_cli_runner().invoke

    head = run(args=["ledger", "head"]).output.strip()
    well = run(args=["ledger", "check", "--head", head])
    with triggers_resting() as owner:
        owner.execute(text(TAMPERING["when"]))
    ill = run(args=["ledger", "check", "--quiet"])

    assert well.exit_code == 0, well.output
    assert f"ok      {RULE}" in well.output and "ok      orders: deposit" in well.output
    assert ill.exit_code == 1
    assert ill.output.splitlines()[0] == f"BROKEN  {RULE}" and "block 2" in ill.output


def test_a_breach_is_told_to_every_operator_once_a_day(app: Flask, zhou):
    from market.ledger.alarms import alarms
    from tests.conftest import drain_all
    from workers.schedule import check_books

    milestone = funded(10_00)
    with triggers_resting() as owner:
        owner.execute(text("UPDATE ledger_balances SET amount = amount + 5 WHERE amount = 1000"))

    check_books()
    check_books()

    drain_all()
    assert milestone
    assert {alarm.data["rule"] for alarm in alarms()} == {
        "the books balance",
        "a balance is the sum of its transfers",
    }
    assert len(alarms()) == 2
    notices = zhou.api("GET", "/notices").get_json()["data"]
    assert sum("账本自查" in notice["text"] for notice in notices) == 2
