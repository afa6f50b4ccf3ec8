"""Hot accounts: a balance without a row to queue for, exact at every moment."""

from functools import partial
from threading import Timer

from flask import Flask
from sqlalchemy import text

from market.kit.db import db, transaction
from market.kit.roles import as_owner
from market.ledger import service
from market.ledger.movements import Leg, PostingKind
from prove.acts import FEE, SC, charge, crowd, escrow, funded, holds, put, scanned, settle, stage, uid


def move_checkpoints() -> int:
    with transaction():
        return service.checkpoint()


def test_a_checkpoint_changes_no_balance():
    charge(uid(), 100_00)
    charge(uid(), 50_00)

    moved = settle()
    charge(uid(), 1_00)

    assert moved == 1
    assert holds(SC) == 151_00


def test_settling_waits_for_who_began_before_the_last_posting_and_moves_once(app: Flask):
    charge(uid(), 100_00)
    with db.engine.connect() as slow:
        slow.execute(text("SELECT pg_current_xact_id()"))
        charge(uid(), 50_00)
        Timer(0.3, slow.commit).start()

        moved = settle()

    assert moved == 1
    assert move_checkpoints() == 0


def test_a_checkpoint_moves_only_when_there_is_something_new():
    charge(uid(), 100_00)
    settle()

    assert move_checkpoints() == 0


def test_losing_the_checkpoints_loses_nothing():
    charge(uid(), 100_00)
    settle()
    charge(uid(), 11_00)

    with as_owner() as owner:
        owner.execute(text("DELETE FROM ledger_checkpoints"))

    assert holds(SC) == 111_00


def test_a_posting_still_open_at_the_checkpoint_is_counted_when_it_ends(app: Flask):
    charge(uid(), 100_00)
    order = uid()
    with db.engine.connect() as slow:
        slow.execute(
            text(
                "SELECT ledger_post('charge', 'charge:slow', 'CNY', 'order', :order, ARRAY['SC'],"
                " ARRAY['00000000-0000-0000-0000-000000000000']::uuid[], ARRAY['EU'], ARRAY[:order]::uuid[], ARRAY[700])"
            ),
            {"order": order},
        )
        charge(uid(), 1_00)  # begins later, ends earlier
        move_checkpoints()
        before = holds(SC)
        slow.commit()

    assert before == 101_00
    assert holds(SC) == 108_00
    settle()
    assert holds(SC) == 108_00


def test_checkpoints_amid_a_crowd_of_postings_agree_with_the_full_scan(app: Flask):
    milestone = funded(1_000_00)

    def pay(n: int) -> None:
        for step in range(25):
            put(PostingKind.RELEASE, f"release:{n}:{step}", Leg(stage(milestone), FEE, n + 1))

    def look(seen: list[tuple[int, int]]) -> None:
        for _ in range(20):
            move_checkpoints()
            with transaction():
                # One statement, one moment: read through the checkpoint and added up anew.
                both = db.session.execute(
                    text(
                        """SELECT ledger_amount(a.id)::bigint, (SELECT coalesce(sum(t.amount), 0)
                            FROM ledger_transfers t WHERE t.credit_id = a.id)::bigint
                        FROM ledger_accounts a WHERE a.kind = 'FEE'"""
                    )
                ).first()
            if both:
                seen.append((both[0], both[1]))

    seen: list[tuple[int, int]] = []
    ended = crowd(app, [*(partial(pay, n) for n in range(6)), partial(look, seen), partial(look, seen)])

    assert ended == {"done": 8}
    assert seen and all(read == added for read, added in seen)
    assert holds(FEE) == scanned(FEE) == 25 * (1 + 2 + 3 + 4 + 5 + 6)


def test_a_refused_posting_leaves_nothing_on_a_hot_account(app: Flask):
    milestone, order = funded(1_00), uid()
    legs = [Leg(stage(milestone), FEE, 1_00), Leg(stage(milestone), escrow(order), 1_00)]

    ended = crowd(app, [partial(put, PostingKind.RELEASE, f"release:{n}", *legs) for n in range(4)])

    assert ended == {"insufficient-funds": 4}
    assert holds(FEE) == scanned(FEE) == 0
