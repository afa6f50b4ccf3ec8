"""Seeded faults between Stripe, the ledger and the orders: the comparison finds every one, names its order where Stripe's
entry tells it, and stops that order and no other."""

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import requests
from flask import Flask
from sqlalchemy import text

from market.kit.db import db, transaction
from market.kit.roles import as_owner
from market.ledger import service as ledger
from market.ledger.accounts import Account, AccountKind
from market.ledger.movements import Leg, PostingKind
from market.orders import queries as orders
from market.payments.models import Checkout
from market.reconciliation import service
from market.reconciliation.models import Difference, RunState, Scope
from prove.ground import hold
from prove.scene import fresh, stripe_of
from tests import play
from tests.conftest import Player
from tests.sandbox import Sandbox

K = AccountKind
PRICE = 1_000_000
ORDERS = 8
OWN_CASH = 1_000_000

Seen = Callable[[list[Difference]], bool]
"""Whether a fault is among what was found."""


def prove(app: Flask, seconds: float, seed: int) -> dict[str, Any]:
    """World after world, each with faults of its own, until the time is over."""
    sandbox, end = stripe_of(app), time.monotonic() + seconds
    seeded: Counter[str] = Counter()
    worlds = 0
    while not worlds or time.monotonic() < end:
        seeded.update(trial(app, sandbox, seed + worlds))
        worlds += 1
    return {
        "worlds": worlds,
        "orders_each": ORDERS,
        "faults": sum(seeded.values()),
        "of_each_kind": dict(sorted(seeded.items())),
        "missed": 0,
        "frozen_without_cause": 0,
    }


def trial(app: Flask, sandbox: Sandbox, seed: int) -> list[str]:
    """Orders that agree with Stripe to the fen; then faults, all to be found. Returns their names."""
    dice = random.Random(seed)
    made = world(app, *fresh(app, sandbox), sandbox)
    wrong = dice.sample(made, dice.randint(1, ORDERS // 2))
    names = [dice.choice(sorted(FAULTS)) for _ in wrong]
    expected = [
        (name, order, FAULTS[name](app, sandbox, order, dice))
        for name, order in zip(names, wrong, strict=True)
    ]
    strange = dice.randint(1, 9_999)
    sandbox.control("adjustments", amount=strange)
    sandbox.deliver()
    play.shift(24 * 5 + 2)

    found = run(app)

    for name, order, seen in expected:
        hold(seen(found), f"seed {seed}: {name} of {order} is not among {_words(found)}")
        if name not in ORDER_UNKNOWN:
            hold(frozen(app, order), f"seed {seed}: {name} did not stop {order}")
    in_suspense = [each.ours_fen for each in found if each.kind.value == "suspense"]
    hold(in_suspense == [strange], f"seed {seed}: {strange} nobody knows, in suspense {in_suspense}")
    idle = [order for order in made if order not in wrong and frozen(app, order)]
    hold(not idle, f"seed {seed}: stopped without cause: {idle}")
    return [*names, "an entry nobody knows"]


def world(app: Flask, mei: Player, lin: Player, sandbox: Sandbox, count: int = ORDERS) -> list[UUID]:
    """Paid orders, and the platform's own cash for Stripe's fees: all agrees."""
    stripe(sandbox, "POST", "topups", amount=OWN_CASH, currency="cny")
    made = [play.funded(mei, lin, sandbox, price_fen=PRICE) for _ in range(count)]
    sandbox.control("clock", advance_s=5 * 24 * 3600)
    play.shift(24 * 5)
    sandbox.settle()
    found = run(app)
    hold(not found, f"before any fault: {_words(found)}")
    return made


def run(app: Flask, scope: Scope = Scope.WHOLE) -> list[Difference]:
    """One comparison; the differences that are open after it."""
    with app.app_context():
        done = service.run_now(scope=scope)
        hold(done.state is RunState.DONE, done.error)
        found = list(service.open_differences())
        db.session.remove()
    return found


def _words(found: list[Difference]) -> list[str]:
    return [f"{each.kind.value} {each.order_id} {each.ours_fen}/{each.theirs_fen}" for each in found]


def frozen(app: Flask, order_id: UUID) -> bool:
    with app.app_context():
        found = orders.find(order_id).frozen_at is not None
        db.session.remove()
    return found


def stripe(sandbox: Sandbox, method: str, path: str, **params: Any) -> Any:
    """What somebody does at Stripe behind our back."""
    answer = requests.request(
        method,
        f"{sandbox.url}/v1/{path}",
        data=params,
        headers={"Authorization": f"Bearer {os.environ['STRIPE_API_KEY']}"},
        timeout=10,
    )
    assert answer.status_code < 400, answer.text
    return answer.json()


def charge_of(app: Flask, order_id: UUID) -> str:
    with app.app_context():
        charge = db.session.query(Checkout).filter_by(subject_id=order_id).one().charge_id
    assert charge
    return charge


@contextmanager
def tampering(app: Flask) -> Iterator[Any]:
    """As the owner of the tables, with the triggers off: what no code of ours can do."""
    tables = ("ledger_postings", "ledger_transfers", "ledger_balances")
    with app.app_context(), as_owner() as connection:
        for table in tables:
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        yield connection
        for table in tables:
            connection.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))


def _seen(kind: str, order: UUID | None, **figures: int) -> Seen:
    return lambda found: any(
        each.kind.value == kind
        and each.order_id == order
        and all(getattr(each, name) == fen for name, fen in figures.items())
        for each in found
    )


# The faults. Each spoils one order and says how that must be seen.


def charged_again(app: Flask, sandbox: Sandbox, order: UUID, dice: random.Random) -> Seen:
    with app.app_context():
        number = orders.find(order).number
    fen = dice.randint(100, PRICE)
    stripe(
        sandbox, "POST", "payment_intents", amount=fen, currency="cny", confirm="true",
        payment_method="pm_card_visa", description=f"{number} again",
    )  # fmt: skip
    return _seen("entry_alone", order)


def posting_removed(app: Flask, sandbox: Sandbox, order: UUID, dice: random.Random) -> Seen:
    gone = "SELECT id FROM ledger_postings WHERE external_ref = :charge"
    with tampering(app) as connection:
        given = {"charge": charge_of(app, order)}
        connection.execute(text(f"DELETE FROM ledger_transfers WHERE posting_id IN ({gone})"), given)
        connection.execute(text(f"DELETE FROM ledger_postings WHERE id IN ({gone})"), given)
    return _seen("entry_alone", order)  # net of a fee that is Stripe's affair


def amount_changed(app: Flask, sandbox: Sandbox, order: UUID, dice: random.Random) -> Seen:
    off = dice.randint(1, 999)
    with tampering(app) as connection:
        connection.execute(
            text(
                "UPDATE ledger_transfers SET amount = amount - :off WHERE leg = 1 AND posting_id IN"
                " (SELECT id FROM ledger_postings WHERE external_ref = :charge)"
            ),
            {"charge": charge_of(app, order), "off": off},
        )
    return _seen("amount", order, off_fen=-off)


def refunded_there(app: Flask, sandbox: Sandbox, order: UUID, dice: random.Random) -> Seen:
    fen = dice.randint(1, PRICE)
    stripe(sandbox, "POST", "refunds", charge=charge_of(app, order), amount=fen)
    return _seen("entry_alone", None, theirs_fen=-fen)


def posted_for_nothing(app: Flask, sandbox: Sandbox, order: UUID, dice: random.Random) -> Seen:
    fen, charge = dice.randint(1, PRICE), f"ch_never_{dice.getrandbits(48):x}"
    with app.app_context(), transaction():
        ledger.post(
            PostingKind.CHARGE,
            f"charge:{charge}",
            [Leg(Account(K.STRIPE_CLEARING), Account(K.ESCROW_UNALLOCATED, order), fen)],
            source=("order", order),
            external_ref=charge,
        )
    return _seen("posting_alone", order, ours_fen=fen)


def order_says_otherwise(app: Flask, sandbox: Sandbox, order: UUID, dice: random.Random) -> Seen:
    with app.app_context(), transaction():
        db.session.execute(text("UPDATE orders SET state = 'completed' WHERE id = :id"), {"id": order})
    return _seen("order", order)


FAULTS: dict[str, Callable[[Flask, Sandbox, UUID, random.Random], Seen]] = {
    "a second charge": charged_again,
    "a posting removed": posting_removed,
    "an amount changed": amount_changed,
    "a refund made there": refunded_there,
    "a posting for nothing": posted_for_nothing,
    "an order that says otherwise": order_says_otherwise,
}
ORDER_UNKNOWN = {"a refund made there"}
"""Found by its amount; Stripe's entry names no charge, so a person has to tell which order it is of."""
