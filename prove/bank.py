"""The bank test: whatever moves meanwhile, every look at the whole finds the same sum and nobody below zero."""

import random
import time
from functools import partial
from typing import Any

from flask import Flask
from sqlalchemy import text

from market.kit.db import db, transaction
from market.ledger.errors import InsufficientFunds
from market.ledger.movements import Leg, PostingKind
from prove.acts import FEE, crowd, funded, put, scanned, stage
from prove.ground import hold, sound

CUSTOMERS, EACH, WRITERS = 12, 1_000, 8

LOOK = """
    SELECT sum(amount)::bigint + coalesce((SELECT ledger_amount(id) FROM ledger_accounts WHERE kind = 'FEE'), 0),
        min(amount)::bigint
    FROM ledger_balances"""


def prove(app: Flask, seconds: float, seed: int) -> dict[str, Any]:
    """8 writers, 1 reader of snapshots."""
    customers = [funded(EACH) for _ in range(CUSTOMERS)]
    end = time.monotonic() + seconds
    looks: list[tuple[int, int]] = []
    moved, refused = [0] * WRITERS, [0] * WRITERS

    def write(n: int) -> None:
        dice = random.Random(seed * WRITERS + n)
        while time.monotonic() < end:
            payer, payee, third = (stage(one) for one in dice.sample(customers, 3))
            legs = [Leg(payer, payee, dice.randint(1, 400)), Leg(payer, third, dice.randint(1, 400))]
            if dice.random() < 0.05:
                legs.append(Leg(payer, FEE, 1))
            try:
                put(PostingKind.RELEASE, f"move:{n}:{moved[n]}:{dice.random()}", *legs)
                moved[n] += 1
            except InsufficientFunds:
                refused[n] += 1

    def read() -> None:
        while time.monotonic() < end:
            with transaction():
                db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
                # Two looks in one snapshot, one and the same moment; the second through other plans and pages.
                looks.extend(tuple(db.session.execute(text(LOOK)).one()) for _ in range(2))

    ended = crowd(app, [*(partial(write, n) for n in range(WRITERS)), read])

    bad = sum(total != CUSTOMERS * EACH for total, _ in looks)
    negative = sum(lowest < 0 for _, lowest in looks)
    hold(ended == {"done": WRITERS + 1}, ended)
    hold(sum(moved) > 100 and len(looks) > 20, f"too little happened: {sum(moved)} moves, {len(looks)} looks")
    hold(bad == 0 and negative == 0, f"{bad} bad sums, {negative} negatives in {len(looks)} looks")
    whole = sum(scanned(stage(one)) for one in customers) + scanned(FEE)
    hold(whole == CUSTOMERS * EACH, f"in the end {whole} instead of {CUSTOMERS * EACH}")
    sound()
    return {
        "postings": sum(moved),
        "refused": sum(refused),
        "looks": len(looks),
        "bad_sums": bad,
        "negatives": negative,
    }
