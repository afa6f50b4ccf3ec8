"""The chain of hash blocks names the block in which something was changed, whoever changed it."""

import pytest
from flask import Flask
from sqlalchemy import text

from market.kit.db import db, transaction
from market.ledger import checks, queries, service
from prove.acts import charge, crowd, funded, uid
from prove.tamper import TAMPERING, blocks, named_after, seal_all, sealed
from tests.ledger.test_check import triggers_resting

RULE = "the hash blocks are what was sealed"


@pytest.fixture(autouse=True)
def sound(ctx: None) -> None:
    """These tests leave the ledger broken."""


def seal() -> int | None:
    with transaction():
        return service.seal()


def broken_blocks() -> list[str]:
    with transaction():
        return [each.what for each in checks.check() if each.rule == RULE]


@pytest.mark.parametrize("what", TAMPERING)
def test_the_block_that_was_tampered_with_is_named(what: str):
    sealed(3)
    assert broken_blocks() == []

    named = named_after(what, 2)

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
    seal_all()

    assert broken_blocks() == []
    with transaction():
        held, posted = db.session.execute(
            text("SELECT (SELECT sum(postings) FROM ledger_blocks), (SELECT count(*) FROM ledger_postings)")
        ).one()
    assert held == posted > 0


def test_the_commands_check_the_books_and_keep_the_head(app: Flask):
    for _ in range(2):
        charge(uid(), 1_00)
        seal_all()
    run = app.test_cli_runner().invoke

    head = run(args=["ledger", "head"]).output.strip()
    well = run(args=["ledger", "check", "--head", head])
    with triggers_resting() as owner:
        owner.execute(text(TAMPERING["when"]), {"n": 2})
    ill = run(args=["ledger", "check", "--quiet"])

    assert well.exit_code == 0, well.output
    assert f"ok      I11  {RULE}" in well.output and "ok      I4   orders: deposit" in well.output
    assert ill.exit_code == 1
    assert ill.output.splitlines()[0] == f"BROKEN  I11  {RULE}" and "block 2" in ill.output


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
