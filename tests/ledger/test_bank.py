"""The bank test: whatever moves meanwhile, every look at the whole finds the same sum and nobody below zero."""

import random
import time
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import text

from market.kit.db import db, transaction
from market.ledger.errors import InsufficientFunds
from market.ledger.movements import Leg, PostingKind
from tests.ledger.acts import FEE, crowd, funded, put, scanned, stage

CUSTOMERS, EACH, WRITERS = 12, 1_000, 8

LOOK = """
    SELECT sum(amount)::bigint + coalesce((SELECT ledger_amount(id) FROM ledger_accounts WHERE kind = 'FEE'), 0),
        min(amount)::bigint
    FROM ledger_balances"""


@pytest.mark.parametrize("seconds", [3, pytest.param(60, marks=pytest.mark.slow)])
def test_the_sum_is_the_same_at_every_moment(app: Flask, seconds: int):
    customers = [funded(EACH) for _ in range(CUSTOMERS)]
    end = time.monotonic() + seconds
    looks: list[tuple[int, int]] = []
    moved = [0] * WRITERS

    def write(n: int) -> None:
        dice = random.Random(n)
        while time.monotonic() < end:
            payer, payee, third = (stage(one) for one in dice.sample(customers, 3))
            legs = [Leg(payer, payee, dice.randint(1, 400)), Leg(payer, third, dice.randint(1, 400))]
            if dice.random() < 0.05:
                legs.append(Leg(payer, FEE, 1))
            try:
                put(PostingKind.RELEASE, f"move:{n}:{moved[n]}:{dice.random()}", *legs)
            except InsufficientFunds:
                continue
            moved[n] += 1

    def read() -> None:
        while time.monotonic() < end:
            with transaction():
                db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
                # Two looks in one snapshot, one and the same moment; the second through other plans and pages.
                looks.extend(tuple(db.session.execute(text(LOOK)).one()) for _ in range(2))

    ended = crowd(app, [*(partial(write, n) for n in range(WRITERS)), read])

    assert ended == {"done": WRITERS + 1}
    assert sum(moved) > 100 and len(looks) > 20
    assert {total for total, _ in looks} == {CUSTOMERS * EACH}
    assert min(lowest for _, lowest in looks) >= 0
    assert sum(scanned(stage(one)) for one in customers) + scanned(FEE) == CUSTOMERS * EACH
