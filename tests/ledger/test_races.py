"""Many at once, over real connections: exactly what there is money for, exactly once."""

from functools import partial

from flask import Flask

from market.ledger.movements import Leg, PostingKind
from prove import races
from prove.acts import FEE, SC, crowd, escrow, funded, holds, pending, put, stage, uid

RELEASE = PostingKind.RELEASE


def test_of_40_releases_racing_for_money_worth_10_exactly_10_are_paid(app: Flask):
    races.over_release(app)


def test_the_same_key_from_8_threads_pays_once(app: Flask):
    races.same_key(app)


def test_the_same_key_for_8_things_pays_for_one(app: Flask):
    milestone = funded(10_00)
    acts = [
        partial(put, RELEASE, "release:once", Leg(stage(milestone), pending(uid()), 1_00)) for _ in range(8)
    ]

    ended = crowd(app, acts)

    assert ended == {"done": 1, "key-reused": 7}
    assert holds(stage(milestone)) == 9_00


def test_an_account_that_many_open_at_once_is_opened_once(app: Flask):
    order = uid()

    ended = crowd(
        app,
        [partial(put, PostingKind.CHARGE, f"charge:{n}", Leg(SC, escrow(order), 1_00)) for n in range(12)],
    )

    assert ended == {"done": 12}
    assert holds(escrow(order)) == 12_00


def test_movements_to_and_fro_between_the_same_accounts_do_not_deadlock(app: Flask):
    lin, bo = funded(500_00), funded(500_00)
    to, fro = Leg(stage(lin), stage(bo), 1_00), Leg(stage(bo), stage(lin), 1_00)

    def walk(n: int) -> None:
        for step in range(10):
            one, other = (to, fro) if n % 2 else (fro, to)
            put(RELEASE, f"walk:{n}:{step}", one, Leg(one.debit, FEE, 1), Leg(other.debit, FEE, 1))

    ended = crowd(app, [partial(walk, n) for n in range(8)])

    assert ended == {"done": 8}
    assert holds(stage(lin)) == holds(stage(bo)) == 500_00 - 80
    assert holds(FEE) == 160
